//! What a decoder returns.

use std::{borrow::Cow, str};

use bytes::Bytes;

use super::{Violation, encoder};

/// A whole message or a control frame of a peer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// To be answered with [`super::pong`] and the same payload.
    Ping(Cow<'a, [u8]>),
    /// An answer to [`super::ping`], or unasked.
    Pong(Cow<'a, [u8]>),
    /// To be answered with [`Message::closing_answer`]; whatever follows it is not to be read.
    Close(Option<Closing<'a>>),
}

/// Why the peer closes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Closing<'a> {
    /// A code that a peer may send: 1000–1003, 1007–1011 or 3000–4999.
    pub code: u16,
    /// The peer's words, possibly none.
    pub reason: Cow<'a, str>,
}

impl Message<'_> {
    /// The close frame to answer a close with: the peer's own content, or 1000 if it gave none.
    ///
    /// `None` for all other messages. RFC 6455, section 5.5.1.
    pub fn closing_answer(&self) -> Option<Bytes> {
        match self {
            Self::Close(Some(closing)) => Some(encoder::close_frame(closing.code, &closing.reason)),
            Self::Close(None) => Some(encoder::close_frame(NORMAL, "")),
            Self::Text(_) | Self::Binary(_) | Self::Ping(_) | Self::Pong(_) => None,
        }
    }

    /// The same message, independent of the buffer it was read into.
    pub(super) fn into_owned(self) -> Message<'static> {
        match self {
            Self::Text(text) => Message::Text(Cow::Owned(text.into_owned())),
            Self::Binary(bytes) => Message::Binary(Cow::Owned(bytes.into_owned())),
            Self::Ping(bytes) => Message::Ping(Cow::Owned(bytes.into_owned())),
            Self::Pong(bytes) => Message::Pong(Cow::Owned(bytes.into_owned())),
            Self::Close(closing) => {
                Message::Close(closing.map(|Closing { code, reason }| Closing {
                    code,
                    reason: Cow::Owned(reason.into_owned()),
                }))
            }
        }
    }
}

const NORMAL: u16 = 1000;

impl<'a> Closing<'a> {
    /// Reads the payload of a close frame.
    pub(super) fn parse(payload: Cow<'a, [u8]>) -> Result<Option<Self>, Violation> {
        let code = match *payload {
            [] => return Ok(None),
            [high, low, ..] => u16::from_be_bytes([high, low]),
            [_] => return Err(Violation::CLOSE_CODE),
        };
        if !matches!(code, 1000..=1003 | 1007..=1011 | 3000..=4999) {
            return Err(Violation::CLOSE_CODE);
        }
        let reason = match payload {
            Cow::Borrowed(bytes) => str::from_utf8(bytes.get(2..).unwrap_or_default())
                .map(Cow::Borrowed)
                .ok(),
            Cow::Owned(mut bytes) => String::from_utf8(bytes.split_off(2)).map(Cow::Owned).ok(),
        };
        let reason = reason.ok_or(Violation::REASON_NOT_UTF8)?;
        Ok(Some(Self { code, reason }))
    }
}
