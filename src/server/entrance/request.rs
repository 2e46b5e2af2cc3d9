//! The first request of a connection, as far as it decides who serves it.

use std::net::IpAddr;

use crate::{
    api::{ApiError, Response, Route},
    server::{entrance::framing, http, running::Shared},
    websocket::{Window, handshake},
};

/// More headers than any browser or proxy sends.
const MOST_HEADERS: usize = 100;

/// A head is parsed anew with every piece of it, so it has a limit of its own, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

#[derive(Debug)]
pub(super) enum Request {
    /// The head is not complete.
    Partial,
    /// The HTTP API's business, wrong paths and methods included.
    Api,
    /// A WebSocket handshake that is in order.
    Socket(SocketRequest),
    /// Neither; the answer.
    Refused(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct SocketRequest {
    /// The length of the request's head; what follows are frames.
    pub(super) length: usize,
    /// The answer to the handshake.
    pub(super) head: Vec<u8>,
    /// Messages may be compressed, those to the client with this window.
    pub(super) window: Option<Window>,
    pub(super) application_key: String,
    pub(super) origin: Option<String>,
    /// Who the client is, as far as proxies are trusted to say.
    pub(super) address: IpAddr,
}

impl Request {
    /// Looks at what came so far.
    pub(super) fn parse(received: &[u8], caller: IpAddr, shared: &Shared) -> Self {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let most = shared.max_request_size.min(LONGEST_HEAD);
        match request.parse(received) {
            Ok(httparse::Status::Complete(length)) if length <= most => {
                Self::decide(&request, (length, caller), shared)
            }
            Ok(httparse::Status::Partial) if received.len() <= most => Self::Partial,
            Ok(_) => Self::refused(ApiError::PayloadTooLarge),
            Err(_) => Self::refused(ApiError::BadRequest),
        }
    }

    fn decide(
        request: &httparse::Request<'_, '_>,
        (length, caller): (usize, IpAddr),
        shared: &Shared,
    ) -> Self {
        let (Some(method), Some(target)) = (request.method, request.path) else {
            return Self::refused(ApiError::BadRequest);
        };
        let headers = request
            .headers
            .iter()
            .map(|header| (header.name, header.value));
        let version = request.version.unwrap_or(0);
        let Ok(Route::Socket { key }) = Route::parse(method, path(target), &shared.path) else {
            return match framing::check(version, headers) {
                Ok(()) => Self::Api,
                Err(error) => Self::refused(error),
            };
        };
        match handshake::accept(method, version, headers, shared.compression) {
            Ok(acceptance) => Self::Socket(SocketRequest {
                length,
                head: acceptance.response(),
                window: acceptance.deflate.map(|agreement| agreement.window),
                application_key: key,
                origin: origin(request),
                address: shared.proxies.client(caller, forwarded(request)),
            }),
            Err(refusal) => Self::Refused(refusal.response()),
        }
    }

    fn refused(error: ApiError) -> Self {
        Self::Refused(http::last_response(&Response::from(error)))
    }
}

/// The path of a target, which may also be a whole address (RFC 9112, section 3.2.2).
fn path(target: &str) -> &str {
    let path = target.split('?').next().unwrap_or_default();
    let address = path.split_once("://").filter(|_| !path.starts_with('/'));
    match address.map(|(_, address)| address.find('/').map_or("", |start| &address[start..])) {
        Some(path) => path,
        None => path,
    }
}

/// The lines of `X-Forwarded-For`.
fn forwarded<'h>(request: &httparse::Request<'h, '_>) -> impl DoubleEndedIterator<Item = &'h [u8]> {
    let headers = request.headers.iter();
    headers
        .filter(|header| header.name.eq_ignore_ascii_case("x-forwarded-for"))
        .map(|header| header.value)
}

fn origin(request: &httparse::Request<'_, '_>) -> Option<String> {
    let header = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("origin"))?;
    String::from_utf8(header.value.to_vec()).ok()
}
