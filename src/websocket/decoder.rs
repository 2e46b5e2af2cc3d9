//! From the bytes of a connection to its messages.

use std::borrow::Cow;

use tungstenite::protocol::frame::coding::{Control, Data};

use super::{
    Closing, Input, Message, Violation,
    assembly::{self, Assembly, Encoding},
    header::{self, Frame, Kind, LONGEST_HEADER},
    mask,
};

/// The longest message of an application without `max_message_size`: 32 MiB, as Reverb with PHP's defaults.
pub const MESSAGE_CEILING: usize = 32 * 1024 * 1024;

/// The reading side of one connection.
///
/// It owns nothing between messages: `partial.is_some()` ⇔ something is unfinished or was kept unread.
#[derive(Debug, Default)]
pub struct Decoder {
    partial: Option<Box<Partial>>,
}

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
struct Partial {
    /// The first bytes of a header.
    header: Vec<u8>,
    /// The frame whose payload is arriving.
    frame: Option<Frame>,
    /// The payload so far of that frame, if it is a control frame.
    control: Vec<u8>,
    /// The message so far.
    message: Option<Assembly>,
    /// What the caller did not want to read yet.
    unread: Option<Unread>,
}

/// Raw bytes, read up to `position`; never without a byte left.
#[derive(Debug)]
struct Unread {
    bytes: Vec<u8>,
    position: usize,
}

impl Decoder {
    /// The next message, or `None` when more bytes are needed (all of `input` is taken then).
    ///
    /// A frame that is whole within `input` is unmasked in place and borrowed.
    /// `max_message_size` is in bytes over all fragments, 0 means [`MESSAGE_CEILING`].
    ///
    /// # Errors
    ///
    /// The [`Violation`] to close the connection with; the decoder forgets all it had.
    pub fn next<'a>(
        &mut self,
        input: &mut Input<'a>,
        max_message_size: usize,
    ) -> Result<Option<Message<'a>>, Violation> {
        let message = match self.next_unread(max_message_size) {
            Ok(None) => self.decode(input, max_message_size),
            unread => unread,
        };
        if message.is_err() || self.is_idle() {
            self.partial = None;
        }
        message
    }

    /// Stops before the end of `input`: what is left is read by the next calls of [`Decoder::next`].
    pub fn keep(&mut self, input: Input<'_>) {
        if input.is_empty() {
            return;
        }
        let unread = &mut self.partial.get_or_insert_default().unread;
        let unread = unread.get_or_insert_with(|| Unread {
            bytes: Vec::new(),
            position: 0,
        });
        unread.bytes.extend_from_slice(input.peek());
    }

    /// The number of bytes held: of an unfinished message, and of what was kept unread.
    pub fn buffered(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| {
            let message = partial.message.as_ref().map_or(0, Assembly::len);
            partial.header.len() + partial.control.len() + message + partial.unread()
        })
    }

    /// Bytes were kept by [`Decoder::keep`]: there may be a message without reading from the socket.
    pub fn has_unread(&self) -> bool {
        self.partial
            .as_ref()
            .is_some_and(|partial| partial.unread.is_some())
    }

    /// Decodes from what was kept; such messages cannot borrow from the caller's buffer.
    fn next_unread(
        &mut self,
        max_message_size: usize,
    ) -> Result<Option<Message<'static>>, Violation> {
        let Some(mut unread) = self
            .partial
            .as_mut()
            .and_then(|partial| partial.unread.take())
        else {
            return Ok(None);
        };
        let mut input = Input::new(unread.bytes.get_mut(unread.position..).unwrap_or_default());
        let message = self
            .decode(&mut input, max_message_size)?
            .map(Message::into_owned);
        let left = input.len();
        if left > 0 {
            unread.position = unread.bytes.len() - left;
            self.partial.get_or_insert_default().unread = Some(unread);
        }
        Ok(message)
    }

    /// Takes frames until one completes a message.
    fn decode<'a>(
        &mut self,
        input: &mut Input<'a>,
        max_message_size: usize,
    ) -> Result<Option<Message<'a>>, Violation> {
        while let Some(frame) = self.frame(input, max_message_size)? {
            let payload = input.take(frame.remaining);
            mask::unmask(payload, frame.mask);
            if let Some(message) = self.payload(frame, payload)? {
                return Ok(Some(message));
            }
            if self.awaits_payload() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// The frame whose payload comes next: the unfinished one, or one with a new header.
    fn frame(
        &mut self,
        input: &mut Input<'_>,
        max_message_size: usize,
    ) -> Result<Option<Frame>, Violation> {
        if let Some(frame) = self
            .partial
            .as_mut()
            .and_then(|partial| partial.frame.take())
        {
            return Ok(Some(frame));
        }
        let frame = self.header(input)?;
        if let Some(frame) = &frame {
            self.check_size(frame, max_message_size)?;
        }
        Ok(frame)
    }

    /// Reads a header, which may have begun in an earlier read.
    fn header(&mut self, input: &mut Input<'_>) -> Result<Option<Frame>, Violation> {
        let continues = self
            .partial
            .as_ref()
            .is_some_and(|partial| partial.message.is_some());
        let started = self
            .partial
            .as_mut()
            .map(|partial| &mut partial.header)
            .filter(|header| !header.is_empty());
        let Some(started) = started else {
            let parsed = header::parse(input.peek(), continues)?;
            if let Some((frame, size)) = parsed {
                input.take(size);
                return Ok(Some(frame));
            }
            self.keep_header(input);
            return Ok(None);
        };
        let before = started.len();
        started.extend(input.peek().iter().take(LONGEST_HEADER - before));
        let Some((frame, size)) = header::parse(started, continues)? else {
            input.take(LONGEST_HEADER - before);
            return Ok(None);
        };
        input.take(size - before);
        started.clear();
        Ok(Some(frame))
    }

    fn keep_header(&mut self, input: &mut Input<'_>) {
        let bytes = input.take(LONGEST_HEADER);
        if !bytes.is_empty() {
            self.partial
                .get_or_insert_default()
                .header
                .extend_from_slice(bytes);
        }
    }

    /// Decides on the header's word, before a byte of the payload is kept.
    fn check_size(&self, frame: &Frame, max_message_size: usize) -> Result<(), Violation> {
        if matches!(frame.kind, Kind::Control(_)) {
            return Ok(());
        }
        let message = self
            .partial
            .as_ref()
            .and_then(|partial| partial.message.as_ref());
        let size = message
            .map_or(0, Assembly::len)
            .saturating_add(frame.remaining);
        match max_message_size {
            0 if size > MESSAGE_CEILING => Err(Violation::FRAME_TOO_BIG),
            0 => Ok(()),
            limit if size > limit => Err(Violation::MESSAGE_TOO_BIG),
            _ => Ok(()),
        }
    }

    /// Uses the next unmasked bytes of a frame; a message if they complete one.
    fn payload<'a>(
        &mut self,
        frame: Frame,
        payload: &'a [u8],
    ) -> Result<Option<Message<'a>>, Violation> {
        let is_whole = payload.len() == frame.remaining;
        match frame.kind {
            Kind::Control(control) if is_whole && self.control_is_empty() => {
                read_control(control, Cow::Borrowed(payload)).map(Some)
            }
            Kind::Data {
                data,
                is_final: true,
            } if is_whole && data != Data::Continue && self.message_is_empty() => {
                assembly::read(encoding(data), Cow::Borrowed(payload)).map(Some)
            }
            _ => self.partial.get_or_insert_default().push(frame, payload),
        }
    }

    fn control_is_empty(&self) -> bool {
        self.partial
            .as_ref()
            .is_none_or(|partial| partial.control.is_empty())
    }

    fn message_is_empty(&self) -> bool {
        self.partial
            .as_ref()
            .is_none_or(|partial| partial.message.is_none())
    }

    fn awaits_payload(&self) -> bool {
        self.partial
            .as_ref()
            .is_some_and(|partial| partial.frame.is_some())
    }

    fn is_idle(&self) -> bool {
        self.partial
            .as_ref()
            .is_some_and(|partial| partial.is_idle())
    }
}

impl Partial {
    /// Adds to the control frame or the message that `frame` belongs to.
    fn push<'a>(&mut self, frame: Frame, payload: &[u8]) -> Result<Option<Message<'a>>, Violation> {
        match frame.kind {
            Kind::Control(_) => self.control.extend_from_slice(payload),
            Kind::Data { data, .. } => {
                self.message
                    .get_or_insert_with(|| Assembly::new(encoding(data)))
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
                read_control(control, Cow::Owned(std::mem::take(&mut self.control))).map(Some)
            }
            Kind::Data { is_final: true, .. } => {
                self.message.take().map(Assembly::finish).transpose()
            }
            Kind::Data {
                is_final: false, ..
            } => Ok(None),
        }
    }

    fn unread(&self) -> usize {
        self.unread
            .as_ref()
            .map_or(0, |unread| unread.bytes.len() - unread.position)
    }

    fn is_idle(&self) -> bool {
        self.header.is_empty()
            && self.frame.is_none()
            && self.message.is_none()
            && self.unread.is_none()
    }
}

fn encoding(data: Data) -> Encoding {
    match data {
        Data::Text => Encoding::Text,
        Data::Binary | Data::Continue | Data::Reserved(_) => Encoding::Binary,
    }
}

fn read_control(control: Control, payload: Cow<'_, [u8]>) -> Result<Message<'_>, Violation> {
    match control {
        Control::Ping => Ok(Message::Ping(payload)),
        Control::Pong => Ok(Message::Pong(payload)),
        Control::Close => Closing::parse(payload).map(Message::Close),
        Control::Reserved(_) => Err(Violation::UNKNOWN_OPCODE),
    }
}

#[cfg(test)]
mod tests {
    use super::Decoder;

    #[test]
    fn an_idle_decoder_is_as_small_as_a_pointer() {
        assert_eq!(size_of::<Decoder>(), size_of::<usize>());
    }
}
