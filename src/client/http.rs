//! The third way: a signed HTTP request, as every Pusher library sends it.
//!
//! hyper speaks HTTP and rustls TLS, on a socket whose reads wait for them (`socket`): no runtime and no thread.
//! `peer` keeps the connection, and remembers that a server did not answer.
//!
//! Pusher: <https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication>.

use std::{
    borrow::Cow,
    error::Error as _,
    fmt::Display,
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, StatusCode, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT},
};
use md5::{Digest as _, Md5};
use serde::Serialize;

use super::{
    deadline::Deadline,
    inquiry::{Reply, Request},
    options::{HttpOptions, Options},
    percent::encoded,
    publisher::Event,
};
use crate::{inquiry::INCOMPLETE, protocol::auth};
use connection::{Answer, Message};
pub(super) use peer::{Peer, SILENCE};

mod connection;
mod peer;
mod resolver;
mod socket;
mod tls;

/// How much of an answer is read, in bytes; a channel's entry in a list has some hundred.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// How long a query is, mostly.
const QUERY_BYTES: usize = 256;

const PRODUCT: &str = concat!("reverb/", env!("CARGO_PKG_VERSION"));

/// Why the HTTP API did not do.
#[derive(Debug)]
pub(super) enum HttpError {
    /// The file of authorities will not do.
    BadAuthorities(PathBuf, String),
    /// Nobody listens there.
    Unreachable(String),
    /// The connection ended before the answer.
    Broken(String),
    /// The deadline has passed.
    TimedOut,
    /// A deadline has passed a moment ago, and the server has not said anything since; nothing was sent.
    Silent,
    /// 401: the signature was made with another secret.
    WrongSecret,
    /// 404, and the server says that it is about the application.
    UnknownApplication,
    /// 413.
    TooLarge,
    /// 422, and the server says that it is about the number of events.
    TooMany(String),
    /// Another status that means no, and the server's text.
    Refused(String),
    /// What answers is no such API.
    Unexpected(String),
}

/// `POST /events`: one event for some channels.
#[derive(Serialize)]
struct EventBody<'a> {
    name: &'a str,
    channels: &'a [&'a str],
    data: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    socket_id: Option<&'a str>,
}

/// `POST /batch_events`: each event is for one channel.
#[derive(Serialize)]
struct BatchBody<'a> {
    batch: Vec<BatchEvent<'a>>,
}

#[derive(Serialize)]
struct BatchEvent<'a> {
    name: &'a str,
    channel: &'a str,
    data: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    socket_id: Option<&'a str>,
}

/// Publishes with one request, or with several if the server says that it takes no more at once.
pub(super) fn publish(
    peer: &mut Peer,
    options: &Options,
    http: &HttpOptions,
    events: &[Event<'_>],
    deadline: Deadline,
) -> Result<(), HttpError> {
    let (mut rest, mut most) = (events, events.len());
    while !rest.is_empty() {
        let (now, later) = rest.split_at(most.min(rest.len()));
        match publish_at_once(peer, options, http, now, deadline) {
            // A request that is too large is refused as a whole.
            Err(HttpError::TooLarge | HttpError::TooMany(_)) if now.len() > 1 => {
                most = now.len() / 2;
            }
            result => {
                result?;
                rest = later;
            }
        }
    }
    Ok(())
}

/// Publishes with one request. It is not repeated: this API does not recognise repeats.
fn publish_at_once(
    peer: &mut Peer,
    options: &Options,
    http: &HttpOptions,
    events: &[Event<'_>],
    deadline: Deadline,
) -> Result<(), HttpError> {
    let (endpoint, body) = match events {
        [event] => ("events", serde_json::to_vec(&EventBody::new(event))),
        events => ("batch_events", serde_json::to_vec(&BatchBody::new(events))),
    };
    let body = body.map_err(unexpected)?;
    let request = Request {
        method: "POST",
        path: ["/apps/", &encoded(&options.app_id), "/", endpoint].concat(),
        parameters: Vec::new(),
    };
    let (head, text) = send(peer, (options, http), &request, body, deadline)?;
    judge(head.status, &text)
}

/// Asks; returns an answer that is good, or JSON about what is not there.
pub(super) fn ask(
    peer: &mut Peer,
    options: &Options,
    http: &HttpOptions,
    request: &Request,
    deadline: Deadline,
) -> Result<Reply, HttpError> {
    let (head, text) = send(peer, (options, http), request, Vec::new(), deadline)?;
    let status = head.status;
    let is_absent = status == StatusCode::NOT_FOUND && text.starts_with('{');
    if !is_absent {
        judge(status, &text)?;
    }
    Ok(Reply {
        status: status.as_u16(),
        text,
        is_complete: !head.headers.contains_key(INCOMPLETE),
    })
}

/// Sends a signed request.
fn send(
    peer: &mut Peer,
    (options, http): (&Options, &HttpOptions),
    request: &Request,
    body: Vec<u8>,
    deadline: Deadline,
) -> Result<Answer, HttpError> {
    deadline.remaining().ok_or(HttpError::TimedOut)?;
    let message = message(peer.name(http)?, (options, http), request, body)?;
    peer.ask(http, message, deadline, options.connect_timeout)
}

/// The request as it travels. hyper says how long its body is, if there is one.
fn message(
    host: HeaderValue,
    (options, http): (&Options, &HttpOptions),
    request: &Request,
    body: Vec<u8>,
) -> Result<Message, HttpError> {
    let target = signed_target((options, http), request, &body, unix_time());
    let is_empty = body.is_empty();
    let mut message = Message::new(Full::new(Bytes::from(body)));
    *message.method_mut() = Method::try_from(request.method).map_err(unexpected)?;
    *message.uri_mut() = Uri::try_from(target).map_err(unexpected)?;
    let headers = message.headers_mut();
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if is_empty {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(message)
}

impl<'a> EventBody<'a> {
    fn new(event: &'a Event<'a>) -> Self {
        Self {
            name: event.name,
            channels: &event.channels,
            data: event.data,
            socket_id: event.socket_id,
        }
    }
}

impl<'a> BatchBody<'a> {
    fn new(events: &'a [Event<'a>]) -> Self {
        let of_one = |event: &'a Event<'a>| {
            event.channels.iter().map(|channel| BatchEvent {
                name: event.name,
                channel,
                data: event.data,
                socket_id: event.socket_id,
            })
        };
        Self {
            batch: events.iter().flat_map(of_one).collect(),
        }
    }
}

/// The request's path and query, with Pusher's signature over method, path, parameters and body.
///
/// The prefix of a server that is not at the root is not signed: Reverb cuts it off before it verifies.
fn signed_target(
    (options, http): (&Options, &HttpOptions),
    request: &Request,
    body: &[u8],
    timestamp: u64,
) -> String {
    let timestamp = timestamp.to_string();
    let hash = (!body.is_empty()).then(|| auth::hexadecimal(&Md5::digest(body)));
    let own = [
        ("auth_key", &*options.key),
        ("auth_timestamp", &timestamp),
        ("auth_version", "1.0"),
    ];
    let hash = hash.as_deref().map(|hash| ("body_md5", hash));
    let further = request.parameters.iter();
    let further = further.map(|(name, value)| (*name, &**value));
    let parameters = own.into_iter().chain(hash).chain(further);

    let Request { method, path, .. } = request;
    let signed = query(parameters.clone(), Cow::Borrowed);
    let signature = auth::sign(&options.secret, &[method, "\n", path, "\n", &signed]);
    let sent = query(parameters, encoded);
    [&http.path, path, "?", &sent, "&auth_signature=", &signature].concat()
}

fn query<'a>(
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
    write: fn(&'a str) -> Cow<'a, str>,
) -> String {
    let mut query = String::with_capacity(QUERY_BYTES);
    for (name, value) in parameters {
        let separator = if query.is_empty() { "" } else { "&" };
        query.extend([separator, name, "=", &write(value)]);
    }
    query
}

/// What an answer means.
fn judge(status: StatusCode, text: &str) -> Result<(), HttpError> {
    if status.is_success() {
        return Ok(());
    }
    Err(match status {
        StatusCode::UNAUTHORIZED => HttpError::WrongSecret,
        // One that names an application's limit is not about the size of the request.
        StatusCode::PAYLOAD_TOO_LARGE if !text.contains("(event_data_size)") => HttpError::TooLarge,
        StatusCode::NOT_FOUND if text.starts_with("No matching application") => {
            HttpError::UnknownApplication
        }
        StatusCode::NOT_FOUND => HttpError::Unexpected(format!("HTTP status {status}")),
        status if status.is_redirection() => HttpError::Unexpected(format!("HTTP status {status}")),
        status => {
            let message = format!("HTTP status {status}: {}", text.trim());
            let is_about_the_batch = text.contains("\"batch\":");
            if status == StatusCode::UNPROCESSABLE_ENTITY && is_about_the_batch {
                HttpError::TooMany(message)
            } else {
                HttpError::Refused(message)
            }
        }
    })
}

impl HttpError {
    /// Why an answer's body has no end.
    fn of_body(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        match error.downcast::<hyper::Error>() {
            Ok(error) => (*error).into(),
            Err(error) => Self::Unexpected(error.to_string()),
        }
    }
}

impl From<hyper::Error> for HttpError {
    fn from(error: hyper::Error) -> Self {
        let cause = error.source();
        match cause.and_then(|cause| cause.downcast_ref::<io::Error>()) {
            Some(error) => error.into(),
            None if error.is_parse() => Self::Unexpected(error.to_string()),
            None => Self::Broken(error.to_string()),
        }
    }
}

impl From<&io::Error> for HttpError {
    fn from(error: &io::Error) -> Self {
        let text = error.to_string();
        match error.kind() {
            kind if is_absence(kind) => Self::Unreachable(text),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            // Mostly TLS: a certificate that is not trusted, or no TLS at all on the other side.
            io::ErrorKind::InvalidData => {
                let is_untrusted = text.starts_with("invalid peer certificate");
                let remedy = "; the option `verify` may name a file with its authority";
                Self::Unexpected(text + if is_untrusted { remedy } else { "" })
            }
            _ => Self::Broken(text),
        }
    }
}

impl From<io::Error> for HttpError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

/// What the system says when there is nobody to connect to.
fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable
    )
}

fn unexpected(error: impl Display) -> HttpError {
    HttpError::Unexpected(error.to_string())
}

fn unix_time() -> u64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or(Duration::ZERO)
        .as_secs()
}
