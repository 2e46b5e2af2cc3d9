//! What makes a message or a value in Redis one of an application's own servers.
//!
//! The key is derived from the application's secret, which itself never leaves the process.

use std::fmt::{self, Write};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{engine::Application, protocol::auth};

/// The length of a seal: HMAC-SHA256, cut to 128 bits.
pub(super) const SEAL: usize = 16;

/// Names an application within Redis: not by its id, which two installations may have in common,
/// but by what only those who know its secret can derive.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tag(pub(super) [u8; 8]);

impl Tag {
    /// The tag of what concerns no application.
    pub(super) const NOBODY: Self = Self([0; 8]);
}

/// What seals for one application.
#[derive(Clone)]
pub(super) struct Seal {
    key: Hmac<Sha256>,
    tag: Tag,
}

impl Seal {
    pub(super) fn new(application: &Application) -> Self {
        let secret = auth::mac(application.secret.as_bytes());
        let key = auth::mac(&digest(&secret, &[b"reverb cluster 1"]));
        let name: [&[u8]; 2] = [application.id.as_bytes(), application.key.as_bytes()];
        let tag = Tag(cut(&digest(&key, &name)));
        Self { key, tag }
    }

    pub(super) fn tag(&self) -> Tag {
        self.tag
    }

    /// Seals some parts. Parts that are divided otherwise have another seal.
    pub(super) fn seal(&self, parts: &[&[u8]]) -> [u8; SEAL] {
        cut(&digest(&self.key, parts))
    }

    /// Whether this is the seal of these parts; takes the same time whichever it is.
    pub(super) fn fits(&self, parts: &[&[u8]], seal: &[u8]) -> bool {
        seal.len() == SEAL && fed(&self.key, parts).verify_truncated_left(seal).is_ok()
    }
}

fn fed(key: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

fn digest(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    fed(key, parts).finalize().into_bytes().into()
}

fn cut<const LENGTH: usize>(digest: &[u8; 32]) -> [u8; LENGTH] {
    std::array::from_fn(|index| digest[index])
}

/// 16 hexadecimal digits.
impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('#')?;
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tag.fmt(formatter)
    }
}
