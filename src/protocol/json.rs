//! JSON text: of our own values, and what of others' is taken for JSON.

use memchr::memchr2;
use serde::Serialize;

/// The deepest nesting of arrays and objects, as PHP's `json_decode` has it.
const MOST_LEVELS: usize = 512;

/// What no text of ours may have though it is JSON, as it would break those who read it.
///
/// PHP's `json_decode` refuses both.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// More than 512 arrays and objects within each other.
    #[error("it is nested more than {MOST_LEVELS} levels deep")]
    TooDeep,
    /// `\ud800` to `\udfff` without its other half; no text in UTF-8 can say this.
    #[error("it has half of a surrogate pair")]
    HalfSurrogate,
}

/// The JSON text of a value.
///
/// # Panics
/// If the value is a map with keys that are no strings; no type of ours is.
#[must_use]
#[allow(
    clippy::expect_used,
    reason = "memory takes all bytes and our maps have string keys"
)]
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a value of ours is JSON")
}

/// Checks what the parser does not look at in values that are passed on as they are.
///
/// Whether the text is JSON at all is for the parser to say.
///
/// # Errors
/// The first thing that is unfit.
pub fn check(text: &str) -> Result<(), Unfit> {
    let (mut rest, mut levels) = (text.as_bytes(), 0_usize);
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'"' => rest = behind_string(after)?,
            b'[' | b'{' => {
                levels += 1;
                if levels > MOST_LEVELS {
                    return Err(Unfit::TooDeep);
                }
            }
            b']' | b'}' => levels = levels.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// What follows a string, whose first quotation mark is read already.
fn behind_string(mut rest: &[u8]) -> Result<&[u8], Unfit> {
    while let Some(found) = memchr2(b'"', b'\\', rest) {
        let after = &rest[found + 1..];
        if rest[found] == b'"' {
            return Ok(after);
        }
        rest = behind_escape(after)?;
    }
    Ok(&[])
}

/// What follows an escape, whose backslash is read already.
fn behind_escape(escape: &[u8]) -> Result<&[u8], Unfit> {
    match utf16_unit(escape) {
        None => Ok(escape.get(1..).unwrap_or_default()),
        Some((0xD800..=0xDBFF, rest)) => match rest.strip_prefix(b"\\").and_then(utf16_unit) {
            Some((0xDC00..=0xDFFF, rest)) => Ok(rest),
            _ => Err(Unfit::HalfSurrogate),
        },
        Some((0xDC00..=0xDFFF, _)) => Err(Unfit::HalfSurrogate),
        Some((_, rest)) => Ok(rest),
    }
}

/// The unit that `u0041` stands for, and what follows.
fn utf16_unit(escape: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = escape.strip_prefix(b"u")?.split_at_checked(4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::{Unfit, check};

    #[test]
    fn brackets_within_strings_are_no_levels() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(check(&nested(512)), Ok(()));
        assert_eq!(check(&nested(513)), Err(Unfit::TooDeep));
        assert_eq!(check(&"[]".repeat(1000)), Ok(()));
        assert_eq!(check(&format!("[\"\\\"{}\"]", nested(600))), Ok(()));
        assert_eq!(check(&format!("[\"]\", {}]", nested(511))), Ok(()));
        assert_eq!(
            check(&format!("[\"\\\\\", {}]", nested(512))),
            Err(Unfit::TooDeep)
        );
    }

    #[test]
    fn surrogates_come_in_pairs() {
        for (text, expected) in [
            (r#""\ud83d\ude00""#, Ok(())),
            (r#""\uD83D\uDE00 \u00e4 \n""#, Ok(())),
            (r#""\\ud83d""#, Ok(())),
            (r#""\ud83d""#, Err(Unfit::HalfSurrogate)),
            (r#""\ud83dx\ude00""#, Err(Unfit::HalfSurrogate)),
            (r#""\ud83d\ud83d""#, Err(Unfit::HalfSurrogate)),
            (r#""\ude00""#, Err(Unfit::HalfSurrogate)),
            (r#"{"\udfff":1}"#, Err(Unfit::HalfSurrogate)),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
    }
}
