//! The opening handshake: is this request an upgrade, and what is the answer?
//!
//! The request is parsed by the caller; here are the rules of RFC 6455, section 4.2.1.
//! No subprotocol is ever agreed, and no extension but `permessage-deflate` (RFC 7692).

use std::fmt::Write;

use tungstenite::handshake::derive_accept_key;

use super::extension::{self, Agreement, Compression, Malformed};

/// Sent with every answer to a handshake, as Reverb does.
const POWERED_BY: &str = "Laravel Reverb";

/// Checks what an upgrade request must fulfil; the first rule it breaks decides.
///
/// `minor_version` is the `x` of `HTTP/1.x`; the headers are all of the request's, in any order.
/// An offer of `permessage-deflate` is taken if `compression` allows it.
///
/// # Errors
///
/// The [`Refusal`] to answer with before the connection is closed.
pub fn accept<'h>(
    method: &str,
    minor_version: u8,
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    compression: Compression,
) -> Result<Acceptance, Refusal> {
    let headers = UpgradeHeaders::gather(headers);
    if method != "GET" {
        return Err(Refusal::METHOD);
    }
    if minor_version == 0 {
        return Err(Refusal::HTTP_VERSION);
    }
    if headers.hosts != 1 || headers.has_body {
        return Err(Refusal::BAD_REQUEST);
    }
    if !headers.upgrades_to_websocket {
        return Err(Refusal::NO_UPGRADE);
    }
    if !headers.connection_upgrades {
        return Err(Refusal::NO_CONNECTION_UPGRADE);
    }
    if !headers.version.is(b"13") {
        return Err(Refusal::WEBSOCKET_VERSION);
    }
    let key = headers.key.valid_key().ok_or(Refusal::KEY)?;
    let offered = headers.extensions.map_err(|_| Refusal::EXTENSIONS)?;
    Ok(Acceptance {
        key: derive_accept_key(key),
        deflate: offered.filter(|_| compression == Compression::Deflate),
    })
}

/// A fulfilled handshake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acceptance {
    /// The value of `Sec-WebSocket-Accept`.
    pub key: String,
    /// The offer of `permessage-deflate` that was taken.
    pub deflate: Option<Agreement>,
}

impl Acceptance {
    /// The response head, after which frames follow. Same headers, same order as Reverb.
    pub fn response(&self) -> Vec<u8> {
        let mut response = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
        put(&mut response, "Upgrade", "websocket");
        put(&mut response, "Connection", "Upgrade");
        put(&mut response, "Sec-WebSocket-Accept", &self.key);
        if let Some(agreement) = &self.deflate {
            put(
                &mut response,
                "Sec-WebSocket-Extensions",
                agreement.header(),
            );
        }
        put(&mut response, "X-Powered-By", POWERED_BY);
        response.push_str("\r\n");
        response.into_bytes()
    }
}

/// A refused handshake; the connection is closed after the response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The reason phrase of the status line.
    pub reason: &'static str,
    /// Headers besides `Connection`, `Content-Type` and `Content-Length`.
    pub headers: &'static [(&'static str, &'static str)],
    /// The text in the body.
    pub body: &'static str,
}

/// Section 4.2.2 wants the version named; RFC 9110, section 15.5.22, the protocol.
const UPGRADE_TO: &[(&str, &str)] = &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")];

impl Refusal {
    /// The method is not GET.
    pub const METHOD: Self = Self {
        status: 405,
        reason: "Method Not Allowed",
        headers: &[("Allow", "GET")],
        body: "Method not allowed.",
    };
    /// HTTP/1.0 knows no upgrade.
    pub const HTTP_VERSION: Self = Self::plain(505, "HTTP Version not supported");
    /// No `Host` or several, or a body.
    pub const BAD_REQUEST: Self = Self::plain(400, "Bad Request");
    /// A plain request on a socket's address, or an upgrade to something else.
    pub const NO_UPGRADE: Self = Self::upgrade("Upgrade header MUST be provided");
    /// `Connection` does not list `Upgrade`.
    pub const NO_CONNECTION_UPGRADE: Self =
        Self::plain(400, "Connection Upgrade MUST be requested");
    /// The version of the WebSocket protocol is not 13.
    pub const WEBSOCKET_VERSION: Self = Self::upgrade("Upgrade Required");
    /// `Sec-WebSocket-Key` is not the base64 of 16 bytes.
    pub const KEY: Self = Self::plain(400, "Invalid Sec-WebSocket-Key");
    /// `Sec-WebSocket-Extensions` is no list of extensions.
    pub const EXTENSIONS: Self = Self::plain(400, "Invalid Sec-WebSocket-Extensions");

    /// The whole response.
    pub fn response(&self) -> Vec<u8> {
        let connection = if self.status == UPGRADE_REQUIRED {
            "Upgrade, close"
        } else {
            "close"
        };
        let mut response = [
            "HTTP/1.1 ",
            &self.status.to_string(),
            " ",
            self.reason,
            "\r\n",
        ]
        .concat();
        put(&mut response, "Connection", connection);
        for (name, value) in self.headers {
            put(&mut response, name, value);
        }
        put(&mut response, "X-Powered-By", POWERED_BY);
        put(&mut response, "Content-Type", "text/plain; charset=utf-8");
        put(&mut response, "Content-Length", self.body.len());
        response.push_str("\r\n");
        response.push_str(self.body);
        response.into_bytes()
    }

    const fn plain(status: u16, reason: &'static str) -> Self {
        Self {
            status,
            reason,
            headers: &[],
            body: reason,
        }
    }

    const fn upgrade(reason: &'static str) -> Self {
        Self {
            status: UPGRADE_REQUIRED,
            reason,
            headers: UPGRADE_TO,
            body: reason,
        }
    }
}

const UPGRADE_REQUIRED: u16 = 426;

fn put(response: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(response, "{name}: {value}\r\n");
}

/// What the rules look at.
struct UpgradeHeaders<'h> {
    hosts: usize,
    has_body: bool,
    upgrades_to_websocket: bool,
    connection_upgrades: bool,
    version: Single<'h>,
    key: Single<'h>,
    /// The first offer that can be kept, over all the headers of that name.
    extensions: Result<Option<Agreement>, Malformed>,
}

impl<'h> UpgradeHeaders<'h> {
    fn gather(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Self {
        let mut found = Self {
            hosts: 0,
            has_body: false,
            upgrades_to_websocket: false,
            connection_upgrades: false,
            version: Single::Absent,
            key: Single::Absent,
            extensions: Ok(None),
        };
        for (name, value) in headers {
            let value = value.trim_ascii();
            match name.to_ascii_lowercase().as_str() {
                "host" => found.hosts += 1,
                "upgrade" => found.upgrades_to_websocket |= lists(value, b"websocket"),
                "connection" => found.connection_upgrades |= lists(value, b"upgrade"),
                "sec-websocket-version" => found.version.put(value),
                "sec-websocket-key" => found.key.put(value),
                "sec-websocket-extensions" => {
                    found.extensions = found
                        .extensions
                        .and_then(|taken| Ok(taken.or(extension::choose(value)?)));
                }
                "content-length" => found.has_body |= value != b"0",
                "transfer-encoding" => found.has_body = true,
                _ => {}
            }
        }
        found
    }
}

/// A header that may come once.
enum Single<'h> {
    Absent,
    Present(&'h [u8]),
    Repeated,
}

impl<'h> Single<'h> {
    fn put(&mut self, value: &'h [u8]) {
        *self = match self {
            Self::Absent => Self::Present(value),
            Self::Present(_) | Self::Repeated => Self::Repeated,
        };
    }

    fn is(&self, expected: &[u8]) -> bool {
        matches!(self, Self::Present(value) if *value == expected)
    }

    /// The base64 of 16 bytes is 22 characters and two signs of padding.
    fn valid_key(&self) -> Option<&'h [u8]> {
        let Self::Present(key) = *self else {
            return None;
        };
        let digits = key
            .strip_suffix(b"==")
            .filter(|digits| digits.len() == 22)?;
        digits
            .iter()
            .all(|digit| digit.is_ascii_alphanumeric() || b"+/".contains(digit))
            .then_some(key)
    }
}

/// A comma-separated list contains the token, in any case.
fn lists(value: &[u8], token: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}
