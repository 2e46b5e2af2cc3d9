//! Where the body of a request ends.

/// Whether nobody can tell where the body ends (RFC 9112, section 6.3), or the lines of the head
/// contradict each other about it.
///
/// hyper refuses the same, but without a word; so this speaks for the first request of a connection.
pub(super) fn is_faulty<'h>(
    minor_version: u8,
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> bool {
    let (mut length, mut coding) = (None, None);
    for (name, value) in headers {
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case("content-length") {
            let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            if !is_number || length.is_some_and(|other| other != value) {
                return true;
            }
            length = Some(value);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            coding = Some(value);
        }
    }
    coding.is_some_and(|coding| minor_version == 0 || !ends_in_chunks(coding))
}

/// Whether the last coding is `chunked`; only then the body says itself where it ends.
fn ends_in_chunks(codings: &[u8]) -> bool {
    let last = codings.rsplit(|byte| *byte == b',').next();
    last.is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}
