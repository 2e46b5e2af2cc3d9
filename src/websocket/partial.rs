//! What a decoder holds while something is unfinished.

use std::{borrow::Cow, mem};

use tungstenite::protocol::frame::coding::Control;

use super::{
    Closing, Message, Terms, Violation,
    assembly::{Assembly, Form},
    header::{Frame, Kind},
    mask,
};

/// What is unfinished.
///
/// ```text
///            bytes missing in header        header whole, payload missing
///  nothing ──────────────────────► header ──────────────────────────────► frame (+ control | message)
///     ▲                                                                     │
///     └── message or control whole ◄────────────────────────────────────────┤
///                                   header of the next fragment ◄───────────┘ (message stays)
/// ```
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// The first bytes of a header.
    pub(super) header: Vec<u8>,
    /// The frame whose payload is arriving.
    pub(super) frame: Option<Frame>,
    /// The payload so far of that frame, if it is a control frame.
    pub(super) control: Vec<u8>,
    /// The message so far.
    pub(super) message: Option<Assembly>,
    /// What the caller did not want to read yet.
    pub(super) unread: Option<Unread>,
}

/// Raw bytes, read up to `position`; never without a byte left.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) bytes: Vec<u8>,
    pub(super) position: usize,
}

impl Partial {
    /// Adds to the control frame or the message that `frame` belongs to.
    pub(super) fn push<'a>(
        &mut self,
        frame: Frame,
        payload: &[u8],
        terms: &mut Terms<'_>,
    ) -> Result<Option<Message<'a>>, Violation> {
        match frame.kind {
            Kind::Control(_) => self.control.extend_from_slice(payload),
            Kind::Data {
                data, is_deflated, ..
            } => {
                self.message
                    .get_or_insert_with(|| Assembly::new(Form::new(data, is_deflated)))
                    .push(payload)?;
            }
        }
        if payload.len() < frame.remaining {
            self.frame = Some(Frame {
                mask: mask::advance(frame.mask, payload.len()),
                remaining: frame.remaining - payload.len(),
                ..frame
            });
            return Ok(None);
        }
        match frame.kind {
            Kind::Control(control) => {
                read_control(control, Cow::Owned(mem::take(&mut self.control))).map(Some)
            }
            Kind::Data { is_final: true, .. } => self
                .message
                .take()
                .map(|message| message.finish(terms))
                .transpose(),
            Kind::Data {
                is_final: false, ..
            } => Ok(None),
        }
    }

    pub(super) fn unread(&self) -> usize {
        self.unread
            .as_ref()
            .map_or(0, |unread| unread.bytes.len() - unread.position)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.header.is_empty()
            && self.frame.is_none()
            && self.message.is_none()
            && self.unread.is_none()
    }
}

pub(super) fn read_control(
    control: Control,
    payload: Cow<'_, [u8]>,
) -> Result<Message<'_>, Violation> {
    match control {
        Control::Ping => Ok(Message::Ping(payload)),
        Control::Pong => Ok(Message::Pong(payload)),
        Control::Close => Closing::parse(payload).map(Message::Close),
        Control::Reserved(_) => Err(Violation::UNKNOWN_OPCODE),
    }
}
