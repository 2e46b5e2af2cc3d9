//! The third way: a signed HTTP request, as every Pusher library sends it.
//!
//! Pusher: <https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication>.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use md5::{Digest as _, Md5};
use serde::Serialize;
use ureq::{
    Agent, Body,
    http::{self, Response, StatusCode, response::Parts},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
    unversioned::transport::{Connector as _, RustlsConnector},
};

use super::{
    deadline::Deadline,
    inquiry::{Reply, Request},
    options::{HttpOptions, Options, Verify},
    percent::encoded,
    publisher::Event,
};
use crate::{inquiry::INCOMPLETE, protocol::auth};
use resolver::LiteralResolver;
use transport::TcpConnector;

mod resolver;
mod transport;

/// How much of an answer is read, in bytes; a channel's entry in a list has some hundred.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;

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

/// Makes the keeper of HTTP connections. It opens none, and asks no proxy: the server is spoken to directly.
pub(super) fn agent(verify: &Verify) -> Result<Agent, HttpError> {
    let tls = TlsConfig::builder();
    let tls = match verify {
        Verify::Public => tls,
        Verify::Nothing => tls.disable_verification(true),
        Verify::Authorities(path) => tls.root_certs(authorities(path)?),
    };
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("reverb/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(Agent::with_parts(
        config,
        TcpConnector.chain(RustlsConnector::default()),
        LiteralResolver::default(),
    ))
}

/// The certificates of a PEM file.
fn authorities(path: &Path) -> Result<RootCerts, HttpError> {
    let failed = |cause: String| HttpError::BadAuthorities(path.to_owned(), cause);
    let file = fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates: Vec<_> = parse_pem(&file)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
            Ok(_) => None,
            Err(error) => Some(Err(failed(error.to_string()))),
        })
        .collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err(failed("it has no certificate".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Publishes with one request, or with several if the server says that it takes no more at once.
pub(super) fn publish(
    agent: &Agent,
    options: &Options,
    http: &HttpOptions,
    events: &[Event<'_>],
    deadline: Deadline,
) -> Result<(), HttpError> {
    let (mut rest, mut most) = (events, events.len());
    while !rest.is_empty() {
        let (now, later) = rest.split_at(most.min(rest.len()));
        match publish_at_once(agent, options, http, now, deadline) {
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
    agent: &Agent,
    options: &Options,
    http: &HttpOptions,
    events: &[Event<'_>],
    deadline: Deadline,
) -> Result<(), HttpError> {
    let (endpoint, body) = match events {
        [event] => ("events", serde_json::to_vec(&EventBody::new(event))),
        events => ("batch_events", serde_json::to_vec(&BatchBody::new(events))),
    };
    let body = body.map_err(|error| HttpError::Unexpected(error.to_string()))?;
    let request = Request {
        method: "POST",
        path: format!("/apps/{}/{endpoint}", encoded(&options.app_id)),
        parameters: Vec::new(),
    };
    let (head, text) = send(agent, (options, http), &request, &body, deadline)?;
    judge(head.status, &text)
}

/// Asks; returns an answer that is good, or JSON about what is not there.
pub(super) fn ask(
    agent: &Agent,
    options: &Options,
    http: &HttpOptions,
    request: &Request,
    deadline: Deadline,
) -> Result<Reply, HttpError> {
    let (head, text) = send(agent, (options, http), request, b"", deadline)?;
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

/// Sends a signed request and takes the answer to its end, so that the connection can be used again.
fn send(
    agent: &Agent,
    (options, http): (&Options, &HttpOptions),
    request: &Request,
    body: &[u8],
    deadline: Deadline,
) -> Result<(Parts, String), HttpError> {
    let remaining = deadline.remaining().ok_or(HttpError::TimedOut)?;
    let address = http.base() + &signed_target(options, request, body, unix_time());
    let request = http::Request::builder()
        .method(request.method)
        .uri(address)
        .header("Content-Type", "application/json")
        .body(body)
        .map_err(|error| HttpError::Unexpected(error.to_string()))?;
    let request = agent
        .configure_request(request)
        .timeout_global(Some(remaining))
        .timeout_connect(Some(options.connect_timeout.min(remaining)))
        .build();
    let mut response = agent.run(request).map_err(|error| match error {
        ureq::Error::Timeout(ureq::Timeout::Connect) => {
            let limit = options.connect_timeout.as_millis();
            HttpError::Unreachable(format!("no connection within {limit} ms"))
        }
        error => HttpError::from(error),
    })?;
    let text = read(&mut response)?;
    Ok((response.into_parts().0, text))
}

fn read(response: &mut Response<Body>) -> Result<String, HttpError> {
    let mut bytes = Vec::new();
    let read = response
        .body_mut()
        .as_reader()
        .take(MAX_ANSWER)
        .read_to_end(&mut bytes);
    read.map_err(|error| match ureq::Error::from(error) {
        ureq::Error::Timeout(_) => HttpError::TimedOut,
        error => HttpError::Broken(error.to_string()),
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
fn signed_target(options: &Options, request: &Request, body: &[u8], timestamp: u64) -> String {
    let query = |encoded: fn(&str) -> String| {
        let mut query = format!(
            "auth_key={}&auth_timestamp={timestamp}&auth_version=1.0",
            encoded(&options.key)
        );
        if !body.is_empty() {
            let _ = write!(query, "&body_md5={}", body_hash(body));
        }
        for (name, value) in &request.parameters {
            let _ = write!(query, "&{name}={}", encoded(value));
        }
        query
    };
    let Request { method, path, .. } = request;
    let signed = format!("{method}\n{path}\n{}", query(str::to_owned));
    let signature = auth::sign(&options.secret, &signed);
    format!("{path}?{}&auth_signature={signature}", query(encoded))
}

fn body_hash(body: &[u8]) -> String {
    Md5::digest(body)
        .iter()
        .fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        })
}

/// What an answer means.
fn judge(status: StatusCode, text: &str) -> Result<(), HttpError> {
    if status.is_success() {
        return Ok(());
    }
    Err(match status {
        StatusCode::UNAUTHORIZED => HttpError::WrongSecret,
        StatusCode::PAYLOAD_TOO_LARGE => HttpError::TooLarge,
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

impl From<ureq::Error> for HttpError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut,
            ureq::Error::HostNotFound => Self::Unreachable("the host has no address".to_owned()),
            ureq::Error::ConnectionFailed => Self::Unreachable("the connection failed".to_owned()),
            ureq::Error::Io(error) if is_absence(error.kind()) => {
                Self::Unreachable(error.to_string())
            }
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::TimedOut,
            // Mostly TLS: a certificate that is not trusted, or no TLS at all on the other side.
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                let error = error.to_string();
                let is_untrusted = error.starts_with("invalid peer certificate");
                let remedy = "; the option `verify` may name a file with its authority";
                Self::Unexpected(error + if is_untrusted { remedy } else { "" })
            }
            ureq::Error::Io(error) => Self::Broken(error.to_string()),
            error => Self::Unexpected(error.to_string()),
        }
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

fn unix_time() -> u64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or(Duration::ZERO)
        .as_secs()
}
