//! A message that arrives in pieces, be it in several frames or in several reads of one frame.

use std::{borrow::Cow, str};

use super::{Message, Violation};

/// The bytes of an unfinished message, checked as far as they can be.
///
/// Invariant: `checked <= bytes.len()`, and `bytes[..checked]` is UTF-8 if the message is text.
#[derive(Debug)]
pub(super) struct Assembly {
    encoding: Encoding,
    bytes: Vec<u8>,
    checked: usize,
}

/// The type of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    Text,
    Binary,
}

impl Assembly {
    /// An empty message.
    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            bytes: Vec::new(),
            checked: 0,
        }
    }

    /// Adds unmasked payload; text that can no longer become UTF-8 is refused at once.
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), Violation> {
        self.bytes.extend_from_slice(payload);
        if self.encoding == Encoding::Binary {
            return Ok(());
        }
        match str::from_utf8(self.bytes.get(self.checked..).unwrap_or_default()) {
            Ok(text) => self.checked += text.len(),
            // The last character is not whole yet.
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::TEXT_NOT_UTF8),
        }
        Ok(())
    }

    /// The finished message.
    pub(super) fn finish<'a>(self) -> Result<Message<'a>, Violation> {
        read(self.encoding, Cow::Owned(self.bytes))
    }

    /// The number of bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A whole payload as a message.
pub(super) fn read(encoding: Encoding, payload: Cow<'_, [u8]>) -> Result<Message<'_>, Violation> {
    if encoding == Encoding::Binary {
        return Ok(Message::Binary(payload));
    }
    let text = match payload {
        Cow::Borrowed(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
    };
    text.map(Message::Text).ok_or(Violation::TEXT_NOT_UTF8)
}
