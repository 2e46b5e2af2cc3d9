//! Private keys, encrypted ones included.

use aes::{Aes128, Aes192, Aes256};
use cbc::{
    Decryptor,
    cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::Pkcs7},
};
use des::TdesEde3;
use md5::{Digest, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

use super::{TlsFault, pem::Section};

/// The private key of a section, if it is one.
pub(super) fn parse(
    section: &Section,
    passphrase: Option<&str>,
) -> Option<Result<PrivateKeyDer<'static>, TlsFault>> {
    let to_key: fn(Vec<u8>) -> PrivateKeyDer<'static> = match section.label.as_str() {
        "PRIVATE KEY" => |content| PrivatePkcs8KeyDer::from(content).into(),
        "RSA PRIVATE KEY" => |content| PrivatePkcs1KeyDer::from(content).into(),
        "EC PRIVATE KEY" => |content| PrivateSec1KeyDer::from(content).into(),
        "ENCRYPTED PRIVATE KEY" => {
            let content = passphrase
                .ok_or(TlsFault::Locked)
                .and_then(|passphrase| decrypt(&section.content, passphrase));
            return Some(content.map(|content| PrivatePkcs8KeyDer::from(content).into()));
        }
        _ => return None,
    };
    let encryption = section.headers.iter().find(|(name, _)| name == "DEK-Info");
    let content = match (encryption, passphrase) {
        (None, _) => Ok(section.content.clone()),
        (Some(_), None) => Err(TlsFault::Locked),
        (Some((_, info)), Some(passphrase)) => {
            decrypt_traditional(&section.content, info, passphrase)
        }
    };
    Some(content.map(to_key))
}

/// Decrypts PKCS#8 (RFC 5958, section 3).
fn decrypt(content: &[u8], passphrase: &str) -> Result<Vec<u8>, TlsFault> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(content)
        .map_err(|_| TlsFault::UnknownEncryption("an unknown algorithm".to_owned()))?;
    let document = encrypted
        .decrypt(passphrase)
        .map_err(|_| TlsFault::WrongPassphrase)?;
    Ok(document.as_bytes().to_vec())
}

/// Decrypts what OpenSSL wrote before PKCS#8, and still writes with `-traditional`.
///
/// The header names the cipher and its initial vector, of which the first eight bytes are the
/// salt of the key, too: OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn decrypt_traditional(content: &[u8], info: &str, passphrase: &str) -> Result<Vec<u8>, TlsFault> {
    let (cipher, vector) = info.split_once(',').unwrap_or((info, ""));
    let vector = hexadecimal(vector).ok_or(TlsFault::NotPem("a section is damaged"))?;
    let open = match cipher {
        "AES-128-CBC" => open::<Aes128>,
        "AES-192-CBC" => open::<Aes192>,
        "AES-256-CBC" => open::<Aes256>,
        "DES-EDE3-CBC" => open::<TdesEde3>,
        other => return Err(TlsFault::UnknownEncryption(other.to_owned())),
    };
    let key = stretch(passphrase.as_bytes(), vector.get(..8).unwrap_or_default());
    // A key is one sequence (0x30): what a wrong passphrase makes of it is mostly none.
    open(&key, &vector, content)
        .filter(|key| key.first() == Some(&0x30))
        .ok_or(TlsFault::WrongPassphrase)
}

fn open<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8; 32],
    vector: &[u8],
    content: &[u8],
) -> Option<Vec<u8>> {
    let key = &key[..C::key_size()];
    let decryptor = Decryptor::<C>::new_from_slices(key, vector).ok()?;
    let mut content = content.to_vec();
    let opened = decryptor.decrypt_padded::<Pkcs7>(&mut content).ok()?;
    Some(opened.to_vec())
}

/// The longest key that a cipher asks for; shorter ones are its beginning.
fn stretch(passphrase: &[u8], salt: &[u8]) -> [u8; 32] {
    let first = Md5::new()
        .chain_update(passphrase)
        .chain_update(salt)
        .finalize();
    let second = Md5::new()
        .chain_update(first)
        .chain_update(passphrase)
        .chain_update(salt)
        .finalize();
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    key
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| Some(digit.to_digit(16)? as u8))
        .collect();
    let bytes = digits?
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    Some(bytes)
}
