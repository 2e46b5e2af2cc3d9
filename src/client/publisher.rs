//! The front of this layer: chooses the way, signs what browsers show.

use std::path::Path;

use super::{
    deadline::Deadline,
    error::{Absence, PublishError, Target},
    http::{self, HttpError},
    kept::Kept,
    options::{HttpOptions, Options},
    process,
    unix::UnixError,
};
use crate::protocol::{auth, local::Reason};

/// Publishes for one application, and signs for it.
pub struct Publisher {
    options: Options,
    route: Option<Route>,
}

/// One event for some channels.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The channels' names; at least one.
    pub channels: Vec<&'a str>,
    /// The event's name.
    pub name: &'a str,
    /// The event's data, as the text that subscribers receive.
    pub data: &'a str,
    /// The connection that must not receive the event.
    pub socket_id: Option<&'a str>,
}

/// The way an event took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The engine of this process.
    Process,
    /// The server's unix socket.
    Unix,
    /// The server's HTTP API.
    Http,
}

impl Route {
    /// The way's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Unix => "unix",
            Self::Http => "http",
        }
    }
}

impl Publisher {
    /// Makes a publisher. Nothing is connected yet: that is left to the first publish, after any fork.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            route: None,
        }
    }

    /// Publishes an event and returns when a server has taken it.
    ///
    /// # Errors
    /// Why no server took it. After `TimedOut` and `Lost` it may have been published all the same.
    pub fn publish(&mut self, event: &Event<'_>) -> Result<Route, PublishError> {
        if event.channels.is_empty() || event.channels.iter().any(|channel| channel.is_empty()) {
            return Err(PublishError::NoChannel);
        }
        if let Some(socket_id) = event.socket_id {
            check_socket_id(socket_id)?;
        }
        let route = self.choose(event)?;
        self.route = Some(route);
        Ok(route)
    }

    /// The way of the last publish that succeeded.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.route
    }

    /// Signs a subscription: `{key}:{signature}`.
    ///
    /// # Errors
    /// If the socket id or the channel's name is none.
    pub fn authorize_channel(
        &self,
        socket_id: &str,
        channel: &str,
        channel_data: Option<&str>,
    ) -> Result<String, PublishError> {
        check_socket_id(socket_id)?;
        if channel.is_empty() {
            return Err(PublishError::NoChannel);
        }
        let signature = auth::sign_channel(&self.options.secret, socket_id, channel, channel_data);
        Ok(format!("{}:{signature}", self.options.key))
    }

    /// Signs a user's sign-in: `{key}:{signature}`.
    ///
    /// # Errors
    /// If the socket id is none.
    pub fn authenticate_user(
        &self,
        socket_id: &str,
        user_data: &str,
    ) -> Result<String, PublishError> {
        check_socket_id(socket_id)?;
        let signature = auth::sign_user(&self.options.secret, socket_id, user_data);
        Ok(format!("{}:{signature}", self.options.key))
    }

    fn choose(&self, event: &Event<'_>) -> Result<Route, PublishError> {
        let options = &self.options;
        if let Some(result) = process::publish(options, event) {
            return result.map(|()| Route::Process);
        }
        let deadline = Deadline::after(options.timeout);
        let mut absences = Vec::new();
        if let Some(socket) = &options.socket {
            match Kept::with(|kept| {
                kept.link(socket, options)
                    .publish(socket, options, event, deadline)
            }) {
                Ok(()) => return Ok(Route::Unix),
                Err(UnixError::Unreachable(cause)) => absences.push(absence(socket, cause)),
                Err(error) => return Err(self.explain_unix(socket, error, event)),
            }
        }
        if let Some(http) = &options.http {
            match Kept::with(|kept| http::publish(kept.agent(), options, http, event, deadline)) {
                Ok(()) => return Ok(Route::Http),
                Err(HttpError::Unreachable(cause)) => absences.push(Absence {
                    place: http.base(),
                    cause,
                }),
                Err(error) => return Err(self.explain_http(http, error, event)),
            }
        }
        Err(if absences.is_empty() {
            PublishError::NoWay
        } else {
            PublishError::NotRunning(absences)
        })
    }

    fn explain_unix(&self, socket: &Path, error: UnixError, event: &Event<'_>) -> PublishError {
        let target = Target::Socket(socket.to_owned());
        match error {
            UnixError::Refused(reason, message) => {
                self.explain_refusal(target, reason, message, event)
            }
            UnixError::TooLarge => self.too_large(target, event),
            UnixError::TimedOut => self.timed_out(target),
            UnixError::Unexpected(cause) => PublishError::Incompatible { target, cause },
            UnixError::Broken(cause) | UnixError::Unreachable(cause) => {
                PublishError::Lost { target, cause }
            }
        }
    }

    fn explain_refusal(
        &self,
        target: Target,
        reason: Reason,
        message: String,
        event: &Event<'_>,
    ) -> PublishError {
        match reason {
            Reason::WRONG_SECRET => self.wrong_secret(target),
            Reason::UNKNOWN_APPLICATION => self.unknown_application(target),
            Reason::TOO_LARGE => self.too_large(target, event),
            Reason::VERSION => PublishError::Incompatible {
                target,
                cause: message,
            },
            _ => PublishError::Refused { target, message },
        }
    }

    fn explain_http(
        &self,
        http: &HttpOptions,
        error: HttpError,
        event: &Event<'_>,
    ) -> PublishError {
        let target = Target::Url(http.base());
        match error {
            HttpError::WrongSecret => self.wrong_secret(target),
            HttpError::UnknownApplication => self.unknown_application(target),
            HttpError::TooLarge => self.too_large(target, event),
            HttpError::TimedOut => self.timed_out(target),
            HttpError::Refused(message) => PublishError::Refused { target, message },
            HttpError::Unexpected(cause) => PublishError::Incompatible { target, cause },
            HttpError::Broken(cause) | HttpError::Unreachable(cause) => {
                PublishError::Lost { target, cause }
            }
        }
    }

    fn wrong_secret(&self, target: Target) -> PublishError {
        PublishError::WrongSecret {
            target,
            app_id: self.options.app_id.clone(),
        }
    }

    fn unknown_application(&self, target: Target) -> PublishError {
        PublishError::UnknownApplication {
            target,
            app_id: self.options.app_id.clone(),
        }
    }

    fn too_large(&self, target: Target, event: &Event<'_>) -> PublishError {
        PublishError::TooLarge {
            target,
            event: event.name.to_owned(),
            bytes: event.data.len(),
        }
    }

    fn timed_out(&self, target: Target) -> PublishError {
        PublishError::TimedOut {
            target,
            limit: self.options.timeout,
        }
    }
}

fn absence(socket: &Path, cause: String) -> Absence {
    Absence {
        place: socket.display().to_string(),
        cause,
    }
}

/// Pusher's rule for what an application may pass on: two integers joined by a dot.
fn check_socket_id(socket_id: &str) -> Result<(), PublishError> {
    let is_integer =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match socket_id.split_once('.') {
        Some((high, low)) if is_integer(high) && is_integer(low) => Ok(()),
        _ => Err(PublishError::BadSocketId(socket_id.to_owned())),
    }
}
