//! Which path means what.

use std::borrow::Cow;

use memchr::memchr;

use super::{ApiError, percent};

/// What a request is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// `GET /up`: is the server alive? Not signed.
    Up,
    /// `GET /app/{key}`: a connection; the WebSocket handshake decides further.
    Socket {
        /// The application's key.
        key: String,
    },
    /// `/apps/{id}/…`: the signed API of an application.
    Application {
        /// The application's id.
        id: String,
        /// What is asked of it.
        endpoint: Endpoint,
    },
}

/// The signed part of the API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// `POST /apps/{id}/events`.
    Events,
    /// `POST /apps/{id}/batch_events`.
    BatchEvents,
    /// `GET /apps/{id}/connections`.
    Connections,
    /// `GET /apps/{id}/channels`.
    Channels,
    /// `GET /apps/{id}/channels/{channel}`.
    Channel(String),
    /// `GET /apps/{id}/channels/{channel}/users`.
    Users(String),
    /// `POST /apps/{id}/users/{user}/terminate_connections`.
    TerminateConnections(String),
}

const GET: &str = "GET";
const POST: &str = "POST";

impl Route {
    /// Finds the route of a request, below the configured prefix (`servers.reverb.path`).
    ///
    /// The path is split before its segments are decoded: `%2F` belongs to a channel's name.
    ///
    /// # Errors
    /// `NotFound`, `BadRequest` for `*`, or `MethodNotAllowed` if the path exists for another method.
    pub fn parse(method: &str, path: &str, prefix: &str) -> Result<Self, ApiError> {
        if path == "*" {
            return Err(ApiError::BadRequest); // It is for OPTIONS only.
        }
        let path = below(path, prefix).ok_or(ApiError::NotFound)?;
        let segments = decode(path).ok_or(ApiError::NotFound)?;
        let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
        let (route, allowed) = find(&segments).ok_or(ApiError::NotFound)?;
        // HEAD is GET without a body (RFC 9110, section 9.3.2); nobody opens a connection with it.
        let is_head = method == "HEAD" && allowed == GET && !matches!(route, Self::Socket { .. });
        if method == allowed || is_head {
            Ok(route)
        } else {
            Err(ApiError::MethodNotAllowed(allowed))
        }
    }
}

/// The methods of a path, as `Allow` lists them; `*` is the server as a whole (RFC 9110, section 9.3.7).
///
/// # Errors
/// `NotFound`.
pub fn methods(path: &str, prefix: &str) -> Result<&'static str, ApiError> {
    if path == "*" {
        return Ok("GET, HEAD, POST, OPTIONS");
    }
    match Route::parse(GET, path, prefix) {
        Ok(Route::Socket { .. }) => Ok("GET, OPTIONS"),
        Ok(_) => Ok("GET, HEAD, OPTIONS"),
        Err(ApiError::MethodNotAllowed(_)) => Ok("POST, OPTIONS"),
        Err(error) => Err(error),
    }
}

/// The path behind the prefix, which may be written with or without slashes around it, and encoded or not.
pub(super) fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let mut rest = path;
    for wanted in prefix.split('/').filter(|segment| !segment.is_empty()) {
        let (segment, _) = rest.strip_prefix('/')?.split_once('/')?;
        if segment != wanted && percent::decode(segment) != wanted.as_bytes() {
            return None;
        }
        rest = &rest[1 + segment.len()..];
    }
    Some(rest)
}

/// The segments, none of them empty, all of them text.
fn decode(path: &str) -> Option<Vec<Cow<'_, str>>> {
    let segments = path.strip_prefix('/')?.split('/');
    segments
        .map(|segment| {
            let text = match memchr(b'%', segment.as_bytes()) {
                None => segment.into(),
                Some(_) => String::from_utf8(percent::decode(segment)).ok()?.into(),
            };
            Some(text).filter(|text: &Cow<'_, str>| !text.is_empty())
        })
        .collect()
}

fn find(segments: &[&str]) -> Option<(Route, &'static str)> {
    match *segments {
        ["up"] => Some((Route::Up, GET)),
        ["app", key] => Some((
            Route::Socket {
                key: key.to_owned(),
            },
            GET,
        )),
        ["apps", id, ref rest @ ..] => {
            let (endpoint, method) = find_endpoint(rest)?;
            Some((
                Route::Application {
                    id: id.to_owned(),
                    endpoint,
                },
                method,
            ))
        }
        _ => None,
    }
}

fn find_endpoint(segments: &[&str]) -> Option<(Endpoint, &'static str)> {
    Some(match *segments {
        ["events"] => (Endpoint::Events, POST),
        ["batch_events"] => (Endpoint::BatchEvents, POST),
        ["connections"] => (Endpoint::Connections, GET),
        ["channels"] => (Endpoint::Channels, GET),
        ["channels", channel] => (Endpoint::Channel(channel.to_owned()), GET),
        ["channels", channel, "users"] => (Endpoint::Users(channel.to_owned()), GET),
        ["users", user, "terminate_connections"] => {
            (Endpoint::TerminateConnections(user.to_owned()), POST)
        }
        _ => return None,
    })
}
