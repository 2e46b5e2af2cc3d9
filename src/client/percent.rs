//! Percent-encoding.

use std::fmt::Write as _;

/// RFC 3986, section 2.3: everything but the unreserved characters.
pub(super) fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut encoded, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    encoded.push(char::from(byte))
                }
                byte => {
                    let _ = write!(encoded, "%{byte:02X}");
                }
            }
            encoded
        })
}
