//! From the bytes of a connection to its messages.

use std::borrow::Cow;

use tungstenite::protocol::frame::coding::Data;

use super::{
    Input, Message, Terms, Violation,
    assembly::{self, Assembly, Form},
    header::{self, Expected, Frame, Kind, LONGEST_HEADER},
    mask,
    partial::{Partial, Unread, read_control},
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

impl Decoder {
    /// The next message, or `None` when more bytes are needed (all of `input` is taken then).
    ///
    /// A frame that is whole within `input` is unmasked in place and, unless compressed, borrowed.
    ///
    /// # Errors
    ///
    /// The [`Violation`] to close the connection with; the decoder forgets all it had.
    pub fn next<'a>(
        &mut self,
        input: &mut Input<'a>,
        terms: &mut Terms<'_>,
    ) -> Result<Option<Message<'a>>, Violation> {
        let message = match self.next_unread(terms) {
            Ok(None) => self.decode(input, terms),
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
        terms: &mut Terms<'_>,
    ) -> Result<Option<Message<'static>>, Violation> {
        let Some(mut unread) = self
            .partial
            .as_mut()
            .and_then(|partial| partial.unread.take())
        else {
            return Ok(None);
        };
        let mut input = Input::new(unread.bytes.get_mut(unread.position..).unwrap_or_default());
        let message = self.decode(&mut input, terms)?.map(Message::into_owned);
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
        terms: &mut Terms<'_>,
    ) -> Result<Option<Message<'a>>, Violation> {
        while let Some(frame) = self.frame(input, terms)? {
            let payload = input.take(frame.remaining);
            mask::unmask(payload, frame.mask);
            if let Some(message) = self.payload(frame, payload, terms)? {
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
        terms: &Terms<'_>,
    ) -> Result<Option<Frame>, Violation> {
        if let Some(frame) = self
            .partial
            .as_mut()
            .and_then(|partial| partial.frame.take())
        {
            return Ok(Some(frame));
        }
        let frame = self.header(input, terms.may_deflate())?;
        if let Some(frame) = &frame {
            self.check_size(frame, terms)?;
        }
        Ok(frame)
    }

    /// Reads a header, which may have begun in an earlier read.
    fn header(
        &mut self,
        input: &mut Input<'_>,
        may_deflate: bool,
    ) -> Result<Option<Frame>, Violation> {
        let expected = Expected {
            continues: !self.message_is_empty(),
            may_deflate,
        };
        let started = self
            .partial
            .as_mut()
            .map(|partial| &mut partial.header)
            .filter(|header| !header.is_empty());
        let Some(started) = started else {
            let parsed = header::parse(input.peek(), expected)?;
            if let Some((frame, size)) = parsed {
                input.take(size);
                return Ok(Some(frame));
            }
            self.keep_header(input);
            return Ok(None);
        };
        let before = started.len();
        started.extend(input.peek().iter().take(LONGEST_HEADER - before));
        let Some((frame, size)) = header::parse(started, expected)? else {
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
    fn check_size(&self, frame: &Frame, terms: &Terms<'_>) -> Result<(), Violation> {
        let Kind::Data { is_deflated, .. } = frame.kind else {
            return Ok(());
        };
        let message = self
            .partial
            .as_ref()
            .and_then(|partial| partial.message.as_ref());
        let size = message
            .map_or(0, Assembly::len)
            .saturating_add(frame.remaining);
        terms.check_size(size, message.map_or(is_deflated, Assembly::is_deflated))
    }

    /// Uses the next unmasked bytes of a frame; a message if they complete one.
    fn payload<'a>(
        &mut self,
        frame: Frame,
        payload: &'a [u8],
        terms: &mut Terms<'_>,
    ) -> Result<Option<Message<'a>>, Violation> {
        let is_whole = payload.len() == frame.remaining;
        match frame.kind {
            Kind::Control(control) if is_whole && self.control_is_empty() => {
                read_control(control, Cow::Borrowed(payload)).map(Some)
            }
            Kind::Data {
                data,
                is_final: true,
                is_deflated,
            } if is_whole && data != Data::Continue && self.message_is_empty() => {
                let form = Form::new(data, is_deflated);
                assembly::read(form, Cow::Borrowed(payload), terms).map(Some)
            }
            _ => self
                .partial
                .get_or_insert_default()
                .push(frame, payload, terms),
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

#[cfg(test)]
mod tests {
    use super::Decoder;

    #[test]
    fn an_idle_decoder_is_as_small_as_a_pointer() {
        assert_eq!(size_of::<Decoder>(), size_of::<usize>());
    }
}
