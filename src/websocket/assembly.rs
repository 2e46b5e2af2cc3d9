//! A message that arrives in pieces, be it in several frames or in several reads of one frame.

use std::{borrow::Cow, str};

use tungstenite::protocol::frame::coding::Data;

use super::{Message, Terms, Violation};

/// The bytes of an unfinished message, checked as far as they can be.
///
/// Invariant: `checked <= bytes.len()`, and `bytes[..checked]` is UTF-8 if the message is plain text.
#[derive(Debug)]
pub(super) struct Assembly {
    form: Form,
    bytes: Vec<u8>,
    checked: usize,
}

/// What the bytes of a message are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    encoding: Encoding,
    is_deflated: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Encoding {
    Text,
    Binary,
}

impl Form {
    /// As the first frame of the message says.
    pub(super) fn new(data: Data, is_deflated: bool) -> Self {
        let encoding = match data {
            Data::Text => Encoding::Text,
            Data::Binary | Data::Continue | Data::Reserved(_) => Encoding::Binary,
        };
        Self {
            encoding,
            is_deflated,
        }
    }
}

impl Assembly {
    /// An empty message.
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            bytes: Vec::new(),
            checked: 0,
        }
    }

    /// Adds unmasked payload; text that can no longer become UTF-8 is refused at once.
    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), Violation> {
        self.bytes.extend_from_slice(payload);
        if self.form.is_deflated || self.form.encoding == Encoding::Binary {
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
    pub(super) fn finish<'a>(self, terms: &mut Terms<'_>) -> Result<Message<'a>, Violation> {
        read(self.form, Cow::Owned(self.bytes), terms)
    }

    /// The bytes are compressed.
    pub(super) fn is_deflated(&self) -> bool {
        self.form.is_deflated
    }

    /// The number of bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A whole payload as a message.
pub(super) fn read<'a>(
    form: Form,
    payload: Cow<'a, [u8]>,
    terms: &mut Terms<'_>,
) -> Result<Message<'a>, Violation> {
    let payload = terms.inflate(payload, form.is_deflated)?;
    if form.encoding == Encoding::Binary {
        return Ok(Message::Binary(payload));
    }
    let text = match payload {
        Cow::Borrowed(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
    };
    text.map(Message::Text).ok_or(Violation::TEXT_NOT_UTF8)
}
