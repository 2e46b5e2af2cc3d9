//! From what a way said to what the caller is told.

use std::path::Path;

use super::{
    error::{PublishError, Target},
    http::{HttpError, SILENCE},
    options::{HttpOptions, Options},
    publisher::Event,
    unix::{Cause, Failure, UnixError},
};
use crate::{engine::UnfitEvent, protocol::local::Reason};

/// What the unix socket said.
pub(super) fn unix(options: &Options, socket: &Path, error: UnixError) -> PublishError {
    let target = Target::Socket(socket.to_owned());
    match error {
        UnixError::Refused(reason, message) => refusal(options, target, reason, message),
        UnixError::Failed(failure) => failed(options, target, failure),
        UnixError::FailedEarlier(failure) => {
            PublishError::Earlier(Box::new(failed(options, target, failure)))
        }
        UnixError::TimedOut => timed_out(options, target),
        UnixError::Silent => PublishError::Silent {
            target,
            limit: None,
        },
        UnixError::Impostor => PublishError::Impostor {
            socket: socket.to_owned(),
            app_id: options.app_id.clone(),
        },
        UnixError::Unexpected(cause) => PublishError::Incompatible { target, cause },
        UnixError::Broken(cause) | UnixError::Stopped(cause) | UnixError::Unreachable(cause) => {
            PublishError::Lost { target, cause }
        }
    }
}

/// What the HTTP API said about a request with these events, or about one without any.
pub(super) fn http(
    options: &Options,
    http: &HttpOptions,
    error: HttpError,
    events: &[Event<'_>],
) -> PublishError {
    let target = Target::Url(http.base());
    match error {
        HttpError::WrongSecret => PublishError::WrongSecret {
            target,
            app_id: options.app_id.clone(),
        },
        HttpError::UnknownApplication => PublishError::UnknownApplication {
            target,
            app_id: options.app_id.clone(),
        },
        HttpError::TooLarge => PublishError::TooLarge {
            target,
            event: events.first().map_or("", |event| event.name).to_owned(),
            bytes: events.iter().map(|event| event.data.len()).sum(),
        },
        HttpError::BadAuthorities(path, cause) => PublishError::BadAuthorities { path, cause },
        HttpError::TimedOut => timed_out(options, target),
        HttpError::Silent => PublishError::Silent {
            target,
            limit: Some(SILENCE),
        },
        HttpError::Refused(message) if events.is_empty() => {
            PublishError::RefusedRequest { target, message }
        }
        HttpError::Refused(message) | HttpError::TooMany(message) => {
            PublishError::Refused { target, message }
        }
        HttpError::Unexpected(cause) => PublishError::Incompatible { target, cause },
        HttpError::Broken(cause) | HttpError::Unreachable(cause) => {
            PublishError::Lost { target, cause }
        }
    }
}

/// What is said about an event that is not within a server's limits.
pub(super) fn unfit(target: Target, event: &Event<'_>, unfit: &UnfitEvent) -> PublishError {
    match unfit {
        UnfitEvent::TooLarge { .. } => PublishError::TooLarge {
            target,
            event: event.name.to_owned(),
            bytes: event.data.len(),
        },
        _ => PublishError::Refused {
            target,
            message: unfit.to_string(),
        },
    }
}

/// What the answer to a question means that is not a good one.
pub(super) fn answer(target: Target, status: u16, text: &str) -> PublishError {
    let message = format!("HTTP status {status}: {}", text.trim());
    PublishError::RefusedRequest { target, message }
}

fn failed(options: &Options, target: Target, failure: Failure) -> PublishError {
    let Failure { name, size, cause } = failure;
    match cause {
        Cause::Refused(Reason::TOO_LARGE, _) => PublishError::TooLarge {
            target,
            event: name,
            bytes: size,
        },
        Cause::Refused(reason, message) => refusal(options, target, reason, message),
        Cause::Lost(cause) => PublishError::Lost { target, cause },
    }
}

fn refusal(options: &Options, target: Target, reason: Reason, message: String) -> PublishError {
    match reason {
        Reason::WRONG_SECRET => PublishError::WrongCredentials {
            target,
            app_id: options.app_id.clone(),
        },
        Reason::VERSION => PublishError::Incompatible {
            target,
            cause: message,
        },
        _ => PublishError::Refused { target, message },
    }
}

fn timed_out(options: &Options, target: Target) -> PublishError {
    PublishError::TimedOut {
        target,
        limit: options.timeout,
    }
}
