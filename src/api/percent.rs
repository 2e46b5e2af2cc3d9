//! Percent-encoding (RFC 3986, section 2.1).

/// Decodes; what is no encoding stays as it is, as PHP's `rawurldecode` does it.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        match encoded(rest) {
            Some((value, after)) => {
                decoded.push(value);
                rest = after;
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

/// The byte that a leading `%41` stands for, and what follows.
fn encoded(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = bytes else {
        return None;
    };
    Some((digit(*high)? << 4 | digit(*low)?, rest))
}

fn digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn only_what_is_encoded_is_decoded() {
        for (text, expected) in [
            ("", &b""[..]),
            ("plain", b"plain"),
            ("%41%6a%6A", b"Ajj"),
            ("%2F%25", b"/%"),
            ("%C3%A9%ff", b"\xc3\xa9\xff"),
            ("100%", b"100%"),
            ("%4", b"%4"),
            ("%zz%+1%%41", b"%zz%+1%A"),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
