//! Who may call the HTTP API: the signature over method, path, parameters and body.
//!
//! Pusher: <https://pusher.com/docs/channels/library_auth_reference/rest-api/#generating-authentication-signatures>.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::{ApiError, Query, route};
use crate::protocol::auth;

/// When a request's time is good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Clock {
    /// Now, in seconds since 1970.
    pub now: u64,
    /// How far a request's time may be from the server's, in seconds; any time will do if none.
    ///
    /// A captured request can be sent again for that long, and a publisher's clock may be that
    /// wrong. Pusher's own is 600.
    pub tolerance: Option<u64>,
}

const SIGNATURE: &str = "auth_signature";
const BODY_HASH: &str = "body_md5";

/// The parts of a request that a signature covers, as they were sent.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, neither decoded nor freed from the prefix.
    pub path: &'a str,
    /// The parameters.
    pub query: &'a Query<'a>,
    /// The body.
    pub body: &'a [u8],
}

/// Checks the signature, and the time that it covers.
///
/// The path may be signed with or without `prefix`, as Reverb asks for the one or the other
/// depending on where its prefix comes from; and lists as they are sent or joined.
///
/// # Errors
/// `SignatureInvalid`, or `TimestampExpired` if only the time is wrong.
pub fn verify(
    request: &Signed<'_>,
    (key, secret): (&str, &str),
    prefix: &str,
    clock: Clock,
) -> Result<(), ApiError> {
    let given = request.query.value(SIGNATURE).unwrap_or_default();
    let as_sent = parameters(request.query, request.body);
    let joined = request.query.with_joined_lists();
    let joined = joined.map(|query| parameters(&query, request.body));
    let paths = [Some(request.path), route::below(request.path, prefix)];
    let is_signed = paths.into_iter().flatten().any(|path| {
        [Some(&as_sent), joined.as_ref()]
            .into_iter()
            .flatten()
            .any(|parameters| {
                let parts = [request.method, "\n", path, "\n", parameters];
                let expected = auth::sign(secret, &parts);
                bool::from(expected.as_bytes().ct_eq(given.as_bytes()))
            })
    });
    let is_ours = request.query.value("auth_key") == Some(key);
    let is_version_1 = request.query.value("auth_version") == Some("1.0");
    if !(is_signed && is_ours && is_version_1) {
        return Err(ApiError::SignatureInvalid);
    }
    clock.check(request.query.value("auth_timestamp"))
}

impl Clock {
    fn check(self, timestamp: Option<&str>) -> Result<(), ApiError> {
        let Some(tolerance) = self.tolerance else {
            return Ok(());
        };
        let timestamp: Option<u64> = timestamp.and_then(|text| text.parse().ok());
        match timestamp {
            Some(timestamp) if timestamp.abs_diff(self.now) <= tolerance => Ok(()),
            _ => Err(ApiError::TimestampExpired { tolerance }),
        }
    }
}

/// All parameters but the signature, sorted by name as bytes, with the body's true hash.
///
/// The hash is there when there is a body, and when the client sent one for an empty body.
fn parameters(query: &Query<'_>, body: &[u8]) -> String {
    let hash;
    let mut parameters: Vec<(&str, &str)> = query
        .iter()
        .filter(|(name, _)| ![SIGNATURE, BODY_HASH].contains(name))
        .collect();
    if !body.is_empty() || query.value(BODY_HASH).is_some() {
        hash = auth::hexadecimal(&Md5::digest(body));
        parameters.push((BODY_HASH, &hash));
    }
    parameters.sort_by_key(|(name, _)| *name);
    let lengths = parameters
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2);
    let mut text = String::with_capacity(lengths.sum());
    for (name, value) in parameters {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend([name, "=", value]);
    }
    text
}
