//! Rules of HTTP that hyper leaves to whoever uses it.

use hyper::{
    Version,
    header::{HOST, TRANSFER_ENCODING},
    http::request::Parts,
};

use crate::api::ApiError;

/// Checks the head of a request.
///
/// # Errors
/// `BadRequest` for a missing or repeated `Host` (RFC 9112, section 3.2), `TransferCodingUnknown`
/// for a body that is not just in chunks (section 6.1).
pub(super) fn check(head: &Parts) -> Result<(), ApiError> {
    let hosts = head.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Err(ApiError::BadRequest);
    }
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err(ApiError::TransferCodingUnknown);
    }
    Ok(())
}
