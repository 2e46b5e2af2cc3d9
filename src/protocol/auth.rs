//! Signatures: who may subscribe, who may sign in, who may call the HTTP API.
//!
//! Each is a lower-case hexadecimal HMAC-SHA256 with the application's secret.
//! Pusher: <https://pusher.com/docs/channels/library_auth_reference/auth-signatures/>.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Signs a text, given in parts.
#[must_use]
pub fn sign(secret: &str, parts: &[&str]) -> String {
    hexadecimal(&digest(secret, parts))
}

/// Signs a subscription; the answer of `/broadcasting/auth` is `{key}:{signature}`.
#[must_use]
pub fn sign_channel(
    secret: &str,
    socket_id: &str,
    channel: &str,
    channel_data: Option<&str>,
) -> String {
    hexadecimal(&channel_digest(secret, socket_id, channel, channel_data))
}

/// Signs a user's sign-in; the answer of `/broadcasting/user-auth` is `{key}:{signature}`.
#[must_use]
pub fn sign_user(secret: &str, socket_id: &str, user_data: &str) -> String {
    sign(secret, &[socket_id, "::user::", user_data])
}

/// Whether `auth` (`{key}:{signature}`) lets this socket subscribe to this channel.
#[must_use]
pub fn verify_channel(
    (key, secret): (&str, &str),
    auth: &str,
    socket_id: &str,
    channel: &str,
    channel_data: Option<&str>,
) -> bool {
    matches(
        auth,
        key,
        &sign_channel(secret, socket_id, channel, channel_data),
    )
}

/// Whether `auth` (`{key}:{signature}`) lets this socket sign in as the user of `user_data`.
#[must_use]
pub fn verify_user(
    (key, secret): (&str, &str),
    auth: &str,
    socket_id: &str,
    user_data: &str,
) -> bool {
    matches(auth, key, &sign_user(secret, socket_id, user_data))
}

fn matches(auth: &str, key: &str, expected: &str) -> bool {
    auth.split_once(':').is_some_and(|(given_key, signature)| {
        given_key == key && bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
    })
}

fn channel_digest(
    secret: &str,
    socket_id: &str,
    channel: &str,
    channel_data: Option<&str>,
) -> [u8; 32] {
    match channel_data.filter(|data| !data.is_empty()) {
        Some(data) => digest(secret, &[socket_id, ":", channel, ":", data]),
        None => digest(secret, &[socket_id, ":", channel]),
    }
}

fn digest(secret: &str, parts: &[&str]) -> [u8; 32] {
    keyed_hash(secret, parts.iter().map(|part| part.as_bytes()))
}

/// HMAC-SHA256 with a key, of nothing so far.
#[allow(
    clippy::expect_used,
    reason = "RFC 2104, section 2: the key may have any length"
)]
pub(crate) fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("any length will do")
}

/// HMAC-SHA256 of the parts, one after the other.
pub(super) fn keyed_hash<'a>(secret: &str, parts: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut mac = mac(secret.as_bytes());
    parts.for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Two digits per byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let text = digits.map(|digit| DIGITS[usize::from(digit)]).collect();
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{sign_channel, sign_user, verify_channel};

    const KEY: &str = "278d425bdf160c739803";
    const SECRET: &str = "7ad3773142a6692b25b8";

    // The worked examples of Pusher's documentation of authentication signatures.
    #[test]
    fn signatures_equal_pushers_examples() {
        assert_eq!(
            sign_channel(SECRET, "1234.1234", "private-foobar", None),
            "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
        );
        assert_eq!(
            sign_channel(
                SECRET,
                "1234.1234",
                "presence-foobar",
                Some(r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#)
            ),
            "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
        );
        assert_eq!(
            sign_user(SECRET, "1234.1234", r#"{"id":"12345"}"#),
            "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"
        );
    }

    #[test]
    fn a_signature_needs_the_right_key_socket_and_channel() {
        let signature = "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";
        let verify = |auth: &str, socket: &str, channel: &str| {
            verify_channel((KEY, SECRET), auth, socket, channel, None)
        };
        assert!(verify(
            &format!("{KEY}:{signature}"),
            "1234.1234",
            "private-foobar"
        ));
        assert!(!verify(
            &format!("other:{signature}"),
            "1234.1234",
            "private-foobar"
        ));
        assert!(!verify(signature, "1234.1234", "private-foobar"));
        assert!(!verify(
            &format!("{KEY}:{signature}"),
            "1234.1235",
            "private-foobar"
        ));
        assert!(!verify(
            &format!("{KEY}:{signature}"),
            "1234.1234",
            "private-fooba"
        ));
        assert!(!verify(&format!("{KEY}:"), "1234.1234", "private-foobar"));
    }
}
