//! What a client offers in `Sec-WebSocket-Extensions`, and which offer is taken (RFC 7692, section 7.1).

use super::Window;

const NAME: &str = "permessage-deflate";

/// The header is not a list of extensions (RFC 6455, section 9.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Malformed;

/// Whether the server agrees to compress.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Compression {
    /// No offer is taken.
    #[default]
    Off,
    /// The first offer that can be kept is taken.
    Deflate,
}

/// An offer of the client that was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Agreement {
    /// How far back the server's messages may refer.
    pub window: Window,
    /// The client named a window, so that the answer must.
    is_window_asked: bool,
}

impl Agreement {
    /// The value of the answer's header. Without context takeover on either side: one compressed
    /// copy fits all, and no connection has a compressor of its own.
    #[must_use]
    pub fn header(&self) -> String {
        let mut header = [
            NAME,
            "; server_no_context_takeover; client_no_context_takeover",
        ]
        .concat();
        if self.is_window_asked {
            header.push_str("; server_max_window_bits=");
            header.push_str(&self.window.bits().to_string());
        }
        header
    }
}

/// The first of the client's offers in this value that can be kept.
///
/// One that names an unknown parameter, or one twice, or a value out of its range is declined, as
/// section 7.1 demands; so is a window that our compressor cannot keep to.
pub(super) fn choose(value: &[u8]) -> Result<Option<Agreement>, Malformed> {
    let value = str::from_utf8(value).map_err(|_| Malformed)?;
    let mut chosen = None;
    for extension in split(value, ',')? {
        if extension.is_empty() {
            continue;
        }
        let mut parts = split(extension, ';')?.into_iter();
        let name = parts
            .next()
            .filter(|name| is_token(name))
            .ok_or(Malformed)?;
        let parameters = parts.map(parameter).collect::<Result<Vec<_>, _>>()?;
        if chosen.is_none() && name.eq_ignore_ascii_case(NAME) {
            chosen = agree(&parameters);
        }
    }
    Ok(chosen)
}

fn agree(parameters: &[(&str, Option<String>)]) -> Option<Agreement> {
    let mut agreement = Agreement {
        window: Window::Bits15,
        is_window_asked: false,
    };
    for (index, (name, value)) in parameters.iter().enumerate() {
        if parameters
            .iter()
            .skip(index + 1)
            .any(|(other, _)| other == name)
        {
            return None;
        }
        match (*name, value.as_deref()) {
            ("server_no_context_takeover" | "client_no_context_takeover", None)
            | ("client_max_window_bits", None) => {}
            ("client_max_window_bits", Some(value)) => {
                bits(value)?;
            }
            ("server_max_window_bits", Some(value)) => {
                agreement.window = Window::from_bits(bits(value)?)?;
                agreement.is_window_asked = true;
            }
            _ => return None,
        }
    }
    Some(agreement)
}

/// 8 to 15, without leading zeros (section 7.1.2).
fn bits(value: &str) -> Option<u8> {
    let bits: u8 = value.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    (bits.to_string() == value).then_some(bits)
}

/// `name`, `name=token` or `name="quoted token"`.
fn parameter(text: &str) -> Result<(&str, Option<String>), Malformed> {
    let Some((name, value)) = text.split_once('=') else {
        return is_token(text).then_some((text, None)).ok_or(Malformed);
    };
    let (name, value) = (name.trim_end(), value.trim_start());
    let unquoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .map_or_else(|| value.to_owned(), |quoted| quoted.replace('\\', ""));
    (is_token(name) && is_token(&unquoted))
        .then_some((name, Some(unquoted)))
        .ok_or(Malformed)
}

/// The trimmed parts between separators that are not within quotes.
fn split(text: &str, separator: char) -> Result<Vec<&str>, Malformed> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text
        .split(|character| {
            let is_separator = character == separator && !is_quoted;
            is_quoted ^= character == '"' && !is_escaped;
            is_escaped = is_quoted && character == '\\' && !is_escaped;
            is_separator
        })
        .map(|part| part.trim_matches([' ', '\t']))
        .collect();
    if is_quoted { Err(Malformed) } else { Ok(parts) }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Malformed, choose};

    fn answer(value: &str) -> Result<Option<String>, Malformed> {
        choose(value.as_bytes()).map(|chosen| chosen.map(|agreement| agreement.header()))
    }

    const PLAIN: &str =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    #[test]
    fn the_first_offer_that_can_be_kept_is_taken() {
        for (offer, bits) in [
            ("permessage-deflate", None),
            ("permessage-deflate; client_max_window_bits", None),
            ("Permessage-Deflate;client_max_window_bits=8", None),
            ("x-webkit-deflate-frame, permessage-deflate", None),
            (
                "permessage-deflate; server_no_context_takeover ;client_no_context_takeover",
                None,
            ),
            ("permessage-deflate; server_max_window_bits=9", Some(9)),
            (
                "permessage-deflate; server_max_window_bits=\"1\\5\"",
                Some(15),
            ),
            (
                "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10",
                Some(10),
            ),
            (
                "permessage-deflate; server_max_window_bits=16, permessage-deflate",
                None,
            ),
            (
                "permessage-deflate; unheard_of=\"a\", permessage-deflate",
                None,
            ),
            (
                ", permessage-deflate; server_max_window_bits = 12,",
                Some(12),
            ),
        ] {
            let expected = match bits {
                Some(bits) => format!("{PLAIN}; server_max_window_bits={bits}"),
                None => PLAIN.to_owned(),
            };
            assert_eq!(answer(offer), Ok(Some(expected)), "{offer}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_declined() {
        for offer in [
            "",
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=x",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=11",
            "permessage-deflate; level=9",
        ] {
            assert_eq!(answer(offer), Ok(None), "{offer}");
        }
    }

    #[test]
    fn what_is_no_list_of_extensions_is_malformed() {
        for offer in [
            ";",
            "permessage-deflate;",
            "permessage-deflate; =10",
            "permessage-deflate; server_max_window_bits=",
            "permessage-deflate; server_max_window_bits=\"10",
            "permessage-deflate; server_max_window_bits=1 0",
            "permessage deflate",
            "permessage-deflate; a=\"b,c\"",
            "permessage/deflate",
        ] {
            assert_eq!(answer(offer), Err(Malformed), "{offer}");
        }
        assert_eq!(choose(b"permessage-deflate\xff"), Err(Malformed));
    }
}
