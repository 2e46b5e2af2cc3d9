//! End-to-end encrypted channels: whoever carries their events, this server included, cannot read them.
//!
//! The application keeps a master key. Each channel has a secret of its own made from it, which subscribers are given
//! with their signature; events travel as a nonce and a NaCl secretbox (XSalsa20 and Poly1305) under that secret.
//! Pusher: <https://pusher.com/docs/channels/using_channels/encrypted-channels/>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305, aead::Aead as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The bytes of a master key, and of a channel's secret.
const KEY_BYTES: usize = 32;

/// Random bytes, new for each event.
pub type EventNonce = [u8; 24];

/// What the channels' secrets are made from.
///
/// No `Debug`: it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; KEY_BYTES]);

/// Why something is no master key; none of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMasterKey {
    /// Characters that are not of that alphabet, or missing padding.
    #[error("a key in base64")]
    NotBase64,
    /// So many bytes.
    #[error("a key of 32 bytes, not of {0}")]
    WrongLength(usize),
}

/// The data of an event as it travels.
#[derive(Serialize)]
struct Sealed {
    nonce: String,
    ciphertext: String,
}

/// Whether events of the channel with this name are encrypted.
#[must_use]
pub fn is_encrypted(channel: &str) -> bool {
    channel.starts_with("private-encrypted-")
}

impl MasterKey {
    /// Takes a key as it is.
    ///
    /// # Errors
    /// If it has not 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidMasterKey> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| InvalidMasterKey::WrongLength(bytes.len()))
    }

    /// Takes a key in base64.
    ///
    /// # Errors
    /// If it is no base64, or not that of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = STANDARD
            .decode(text)
            .map_err(|_| InvalidMasterKey::NotBase64)?;
        Self::from_bytes(&bytes)
    }

    /// What a channel's subscribers are given to read its events, in base64.
    #[must_use]
    pub fn shared_secret(&self, channel: &str) -> String {
        STANDARD.encode(self.channel_key(channel))
    }

    /// The data of an event for a channel as JSON that only its subscribers can read; `None` if it is too large.
    #[must_use]
    pub fn seal(&self, channel: &str, data: &str, nonce: &EventNonce) -> Option<String> {
        let cipher = XSalsa20Poly1305::new(&self.channel_key(channel).into());
        let ciphertext = cipher.encrypt(nonce.into(), data.as_bytes()).ok()?;
        let sealed = Sealed {
            nonce: STANDARD.encode(nonce),
            ciphertext: STANDARD.encode(ciphertext),
        };
        serde_json::to_string(&sealed).ok()
    }

    fn channel_key(&self, channel: &str) -> [u8; KEY_BYTES] {
        Sha256::new()
            .chain_update(channel)
            .chain_update(self.0)
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidMasterKey, MasterKey, is_encrypted};

    const CHANNEL: &str = "private-encrypted-news";

    fn key() -> MasterKey {
        MasterKey::from_bytes(b"0123456789abcdef0123456789abcdef").unwrap_or_else(|_| panic!())
    }

    // Made with libsodium's crypto_secretbox.
    #[test]
    fn a_channels_secret_and_its_events_equal_libsodiums() {
        let secret = "Gr/a8s0XYnJRsUwYz0DkLmB7woBKGhFUPKa9atpj3ds=";
        assert_eq!(key().shared_secret(CHANNEL), secret);
        assert_eq!(
            key().seal(CHANNEL, r#"{"text":"Grüße"}"#, &[0x18; 24]),
            Some(
                r#"{"nonce":"GBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY","ciphertext":"oQqa3kyGZb35h/MjelJyOqCCd59NIipmFwruif2WTg6cmg=="}"#
                    .to_owned()
            )
        );
        assert_ne!(key().shared_secret("private-encrypted-other"), secret);
    }

    #[test]
    fn a_key_has_32_bytes() {
        let base64 = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        assert!(MasterKey::from_base64(base64).is_ok_and(|parsed| parsed == key()));
        for (text, error) in [
            ("", InvalidMasterKey::WrongLength(0)),
            ("c2hvcnQ=", InvalidMasterKey::WrongLength(5)),
            ("not base64", InvalidMasterKey::NotBase64),
        ] {
            assert_eq!(MasterKey::from_base64(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn the_prefix_tells_whether_events_are_encrypted() {
        assert!(is_encrypted(CHANNEL));
        assert!(is_encrypted("private-encrypted-cache-news"));
        assert!(!is_encrypted("private-encrypted"));
        assert!(!is_encrypted("private-news"));
    }
}
