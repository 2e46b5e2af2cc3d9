//! Where the body of a request ends.

use crate::api::ApiError;

/// More digits than the length of any body that could ever be sent.
const MOST_DIGITS: usize = 18;

/// Checks a head about whose body nobody could tell where it ends (RFC 9112, section 6.3), or whose
/// lines contradict each other about it.
///
/// hyper refuses the same, but without a word; so this speaks for the first request of a connection.
///
/// # Errors
/// `BadRequest`, or `PayloadTooLarge` for a length that no machine can count to.
pub(super) fn check<'h>(
    minor_version: u8,
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> Result<(), ApiError> {
    let (mut length, mut coding) = (None, None);
    for (name, value) in headers {
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case("content-length") {
            let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            if !is_number || length.is_some_and(|other| other != value) {
                return Err(ApiError::BadRequest);
            }
            length = Some(value);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            coding = Some(value);
        }
    }
    if coding.is_some_and(|coding| minor_version == 0 || !ends_in_chunks(coding)) {
        return Err(ApiError::BadRequest);
    }
    if length.is_some_and(|length| length.len() > MOST_DIGITS) {
        return Err(ApiError::PayloadTooLarge);
    }
    Ok(())
}

/// Whether the last coding is `chunked`; only then the body says itself where it ends.
fn ends_in_chunks(codings: &[u8]) -> bool {
    let last = codings.rsplit(|byte| *byte == b',').next();
    last.is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}
