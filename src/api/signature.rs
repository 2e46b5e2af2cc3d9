//! Who may call the HTTP API: the signature over method, path, parameters and body.
//!
//! Pusher: <https://pusher.com/docs/channels/library_auth_reference/rest-api/#generating-authentication-signatures>.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::{ApiError, Query, route};
use crate::protocol::auth;

/// How far a request's time may be from the server's, in seconds; Pusher's own limit.
///
/// A captured request can be sent again for that long, and a publisher's clock may be that wrong.
pub const TIMESTAMP_TOLERANCE: u64 = 600;

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
    pub query: &'a Query,
    /// The body.
    pub body: &'a [u8],
}

/// Checks the signature; `now` is in seconds since 1970.
///
/// The path may be signed with or without `prefix`, as Reverb asks for the one or the other
/// depending on where its prefix comes from.
///
/// # Errors
/// `SignatureInvalid`, or `TimestampExpired` if only the time is wrong.
pub fn verify(
    request: &Signed<'_>,
    (key, secret): (&str, &str),
    prefix: &str,
    now: u64,
) -> Result<(), ApiError> {
    let given = request.query.value(SIGNATURE).unwrap_or_default();
    let parameters = parameters(request);
    let paths = [Some(request.path), route::below(request.path, prefix)];
    let is_signed = paths.into_iter().flatten().any(|path| {
        let expected = auth::sign(
            secret,
            &[request.method, "\n", path, "\n", &parameters].concat(),
        );
        bool::from(expected.as_bytes().ct_eq(given.as_bytes()))
    });
    let is_ours = request.query.value("auth_key") == Some(key);
    let is_version_1 = request.query.value("auth_version") == Some("1.0");
    if !(is_signed && is_ours && is_version_1) {
        return Err(ApiError::SignatureInvalid);
    }
    let timestamp: Option<u64> = request
        .query
        .value("auth_timestamp")
        .and_then(|text| text.parse().ok());
    match timestamp {
        Some(timestamp) if timestamp.abs_diff(now) <= TIMESTAMP_TOLERANCE => Ok(()),
        _ => Err(ApiError::TimestampExpired),
    }
}

/// All parameters but the signature, sorted by name as bytes, with the body's true hash.
///
/// The hash is there when there is a body, and when the client sent one for an empty body.
fn parameters(request: &Signed<'_>) -> String {
    let hash;
    let mut parameters: Vec<(&str, &str)> = request
        .query
        .iter()
        .filter(|(name, _)| ![SIGNATURE, BODY_HASH].contains(name))
        .collect();
    if !request.body.is_empty() || request.query.value(BODY_HASH).is_some() {
        hash = Md5::digest(request.body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        parameters.push((BODY_HASH, &hash));
    }
    parameters.sort_by_key(|(name, _)| *name);
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| [*name, "=", *value].concat())
        .collect();
    pairs.join("&")
}
