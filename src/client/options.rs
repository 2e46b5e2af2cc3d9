//! What a publisher has to know, read and checked once.

use std::{path::PathBuf, time::Duration};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::protocol::encryption::{InvalidMasterKey, MasterKey};

/// The application, the ways to its server, and the time limits.
///
/// No `Debug`: it holds the application's secret.
#[derive(Clone)]
pub struct Options {
    pub(super) app_id: String,
    pub(super) key: String,
    pub(super) secret: String,
    /// The server's unix socket; `None` turns the second way off.
    pub(super) socket: Option<PathBuf>,
    /// Where HTTP requests go; `None` turns the third way off.
    pub(super) http: Option<HttpOptions>,
    /// `connect_timeout <= timeout`.
    pub(super) connect_timeout: Duration,
    /// Limits one publish in all, over every way that is tried.
    pub(super) timeout: Duration,
    /// Whether a publish over the unix socket waits for the server's answer.
    pub(super) acknowledge: bool,
    /// Encrypts what is published on encrypted channels; they cannot be used without it.
    pub(super) master_key: Option<MasterKey>,
}

#[derive(Clone)]
pub(super) struct HttpOptions {
    pub(super) scheme: Scheme,
    /// IPv6 addresses in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Empty, or a path that starts with a slash and does not end in one.
    pub(super) path: String,
    pub(super) verify: Verify,
}

/// By whom the server's certificate must be signed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Verify {
    /// By one of the authorities that browsers trust.
    Public,
    /// By one of those in a PEM file.
    Authorities(PathBuf),
    /// By anybody.
    Nothing,
}

/// The scheme of the HTTP API's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// An option that cannot be used; the texts say which, its value and its range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// The options are a list, or no array at all.
    #[error("the publisher's options must be an array with string keys")]
    NotAMap,
    /// A key that is no option: mostly a slip of the pen.
    #[error("the publisher has no option `{0}`")]
    Unknown(String),
    /// A required text is absent or empty.
    #[error("the publisher's option `{0}` must be a non-empty string")]
    Missing(&'static str),
    /// A value of the wrong type.
    #[error("the publisher's option `{0}` must be {1}")]
    WrongType(&'static str, &'static str),
    /// A number outside its range.
    #[error("the publisher's option `{key}` must be between {least} and {most}, not {value}")]
    OutOfRange {
        /// The option's name.
        key: &'static str,
        /// What was given.
        value: i64,
        /// The smallest allowed number.
        least: i64,
        /// The largest allowed number.
        most: i64,
    },
    /// A scheme that is not one of ours.
    #[error("the publisher's option `scheme` must be `http` or `https`, not `{0}`")]
    UnknownScheme(String),
    /// A key of the wrong form.
    #[error("the publisher's option `{0}` must be {1}")]
    BadMasterKey(&'static str, InvalidMasterKey),
    /// The key in both of its forms.
    #[error(
        "the publisher's options `{MASTER_KEY_BASE64}` and `{MASTER_KEY}` are two forms of one key: set only one"
    )]
    TwoMasterKeys,
    /// A host that no address can be made of.
    #[error("the publisher's option `host` must be a host name or an address, not `{0}`")]
    BadHost(String),
}

/// All options there are.
const KEYS: [&str; 14] = [
    "app_id",
    "key",
    "secret",
    "socket",
    "host",
    "port",
    "scheme",
    "path",
    "verify",
    "connect_timeout",
    "timeout",
    "acknowledge",
    MASTER_KEY_BASE64,
    MASTER_KEY,
];

const MASTER_KEY_BASE64: &str = "encryption_master_key_base64";
const MASTER_KEY: &str = "encryption_master_key";

const DEFAULT_CONNECT_TIMEOUT: i64 = 1000;
const DEFAULT_TIMEOUT: i64 = 5000;
/// Ten minutes, in milliseconds: more is a mistake in units.
const LONGEST_TIMEOUT: i64 = 600_000;

impl Options {
    /// Reads the options. A missing `host` turns HTTP off, a missing `socket` the unix socket.
    ///
    /// # Errors
    /// The first option that cannot be used.
    pub fn parse(value: &Value) -> Result<Self, OptionsError> {
        let map = value.as_object().ok_or(OptionsError::NotAMap)?;
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(OptionsError::Unknown(key.clone()));
        }
        let timeout = milliseconds(map, "timeout", DEFAULT_TIMEOUT)?;
        Ok(Self {
            app_id: required(map, "app_id")?,
            key: required(map, "key")?,
            secret: required(map, "secret")?,
            socket: text(map, "socket")?.map(PathBuf::from),
            http: HttpOptions::parse(map)?,
            connect_timeout: milliseconds(map, "connect_timeout", DEFAULT_CONNECT_TIMEOUT)?
                .min(timeout),
            timeout,
            acknowledge: boolean(map, "acknowledge")?.unwrap_or(true),
            master_key: master_key(map)?,
        })
    }
}

impl HttpOptions {
    fn parse(map: &Map<String, Value>) -> Result<Option<Self>, OptionsError> {
        let scheme = match text(map, "scheme")?.as_deref() {
            None | Some("https") => Scheme::Https,
            Some("http") => Scheme::Http,
            Some(other) => return Err(OptionsError::UnknownScheme(other.to_owned())),
        };
        let port = integer(map, "port", 1, i64::from(u16::MAX))?;
        let path = text(map, "path")?.unwrap_or_default();
        let Some(host) = text(map, "host")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            scheme,
            host: host_of_url(host)?,
            port: port
                .and_then(|port| u16::try_from(port).ok())
                .unwrap_or(scheme.default_port()),
            path: match path.trim_matches('/') {
                "" => String::new(),
                path => format!("/{path}"),
            },
            verify: Verify::parse(map)?,
        }))
    }

    /// What the server is called in a request: host and port, without a port that goes without saying.
    pub(super) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if *port == self.scheme.default_port() {
            host.clone()
        } else {
            format!("{host}:{port}")
        }
    }

    /// Whether another address leads to the same server by the same rules.
    pub(super) fn has_peer_of(&self, other: &Self) -> bool {
        (self.port, self.scheme) == (other.port, other.scheme)
            && self.host == other.host
            && self.verify == other.verify
    }

    /// The address up to the API's own paths.
    pub(super) fn base(&self) -> String {
        let Self {
            scheme,
            host,
            port,
            path,
            ..
        } = self;
        format!("{}://{host}:{port}{path}", scheme.as_str())
    }
}

impl Verify {
    fn parse(map: &Map<String, Value>) -> Result<Self, OptionsError> {
        match map.get("verify") {
            None | Some(Value::Null | Value::Bool(true)) => Ok(Self::Public),
            Some(Value::Bool(false)) => Ok(Self::Nothing),
            Some(Value::String(path)) if !path.is_empty() => Ok(Self::Authorities(path.into())),
            Some(_) => Err(OptionsError::WrongType(
                "verify",
                "true, false or the path of a PEM file with authorities",
            )),
        }
    }
}

impl Scheme {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

fn required(map: &Map<String, Value>, key: &'static str) -> Result<String, OptionsError> {
    match map.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        // An application's id often comes as a number.
        Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        _ => Err(OptionsError::Missing(key)),
    }
}

/// Reads an optional text; an empty one (a variable set to nothing) counts as missing.
fn text(map: &Map<String, Value>, key: &'static str) -> Result<Option<String>, OptionsError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(OptionsError::WrongType(key, "a string or null")),
    }
}

/// Reads an optional integer, which may come as a string of digits.
fn integer(
    map: &Map<String, Value>,
    key: &'static str,
    least: i64,
    most: i64,
) -> Result<Option<i64>, OptionsError> {
    let value = match map.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    let value = value.ok_or(OptionsError::WrongType(key, "an integer"))?;
    if (least..=most).contains(&value) {
        return Ok(Some(value));
    }
    Err(OptionsError::OutOfRange {
        key,
        value,
        least,
        most,
    })
}

/// Reads an optional boolean.
fn boolean(map: &Map<String, Value>, key: &'static str) -> Result<Option<bool>, OptionsError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(OptionsError::WrongType(key, "a boolean")),
    }
}

/// Reads the master key, in whichever form it comes.
fn master_key(map: &Map<String, Value>) -> Result<Option<MasterKey>, OptionsError> {
    let bad = |key| move |error| OptionsError::BadMasterKey(key, error);
    let parsed = match (text(map, MASTER_KEY_BASE64)?, text(map, MASTER_KEY)?) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(OptionsError::TwoMasterKeys),
        (Some(text), None) => MasterKey::from_base64(&text).map_err(bad(MASTER_KEY_BASE64)),
        (None, Some(text)) => MasterKey::from_bytes(text.as_bytes()).map_err(bad(MASTER_KEY)),
    };
    parsed.map(Some)
}

fn milliseconds(
    map: &Map<String, Value>,
    key: &'static str,
    default: i64,
) -> Result<Duration, OptionsError> {
    let value = integer(map, key, 1, LONGEST_TIMEOUT)?.unwrap_or(default);
    Ok(Duration::from_millis(value.unsigned_abs()))
}

/// Puts an IPv6 address into brackets, and refuses what would change the rest of the address.
fn host_of_url(host: String) -> Result<String, OptionsError> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(&host);
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(format!("[{bare}]"));
    }
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
    if host.chars().all(allowed) {
        Ok(host)
    } else {
        Err(OptionsError::BadHost(host))
    }
}
