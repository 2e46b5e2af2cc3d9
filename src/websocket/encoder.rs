//! Frames of the server: one frame per message, never masked (RFC 6455, section 5.1).

use std::io;

use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest header of a server: two bytes and eight of length.
const HEADER_SPACE: usize = 10;

/// The longest payload of a control frame (section 5.5).
const CONTROL_PAYLOAD: usize = 125;

const FINAL: u8 = 0x80;

/// Says that the message is compressed (RFC 7692, section 6).
const DEFLATED: u8 = 0x40;

/// Builds a text frame around a payload that is written once and not copied.
///
/// Space for the header is left free in front; JSON can be serialised straight into the builder.
#[derive(Debug)]
pub struct FrameBuilder {
    buffer: Vec<u8>,
}

impl FrameBuilder {
    /// Starts a text frame; `payload_size` is a guess that saves growing.
    pub fn text(payload_size: usize) -> Self {
        let mut buffer = Vec::with_capacity(HEADER_SPACE + payload_size);
        buffer.extend_from_slice(&[0; HEADER_SPACE]);
        Self { buffer }
    }

    /// Adds to the payload. Together the pieces must be UTF-8.
    pub fn push(&mut self, payload: &[u8]) {
        self.buffer.extend_from_slice(payload);
    }

    /// The frame, to be sent to any number of connections.
    pub fn finish(mut self) -> Bytes {
        let length = self.buffer.len().saturating_sub(HEADER_SPACE);
        let mut header = Vec::with_capacity(HEADER_SPACE);
        put_header(&mut header, OpCode::Data(Data::Text), length);
        let start = HEADER_SPACE.saturating_sub(header.len());
        for (space, byte) in self.buffer.iter_mut().skip(start).zip(header) {
            *space = byte;
        }
        Bytes::from(self.buffer).slice(start..)
    }
}

impl io::Write for FrameBuilder {
    fn write(&mut self, payload: &[u8]) -> io::Result<usize> {
        self.push(payload);
        Ok(payload.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text frame around a text that is there already.
pub fn text_frame(text: &str) -> Bytes {
    frame(OpCode::Data(Data::Text), &[text.as_bytes()])
}

/// A binary frame.
pub fn binary_frame(payload: &[u8]) -> Bytes {
    frame(OpCode::Data(Data::Binary), &[payload])
}

/// The payload of a frame that was made here, without a copy.
pub fn payload(frame: &Bytes) -> Bytes {
    let header = match frame.get(1) {
        Some(126) => 4,
        Some(127) => HEADER_SPACE,
        _ => 2,
    };
    frame.slice(header.min(frame.len())..)
}

/// The text of a frame that was made here, without a copy; `None` if it is no text frame.
pub fn text(frame: &Bytes) -> Option<Bytes> {
    let text = FINAL | u8::from(OpCode::Data(Data::Text));
    (frame.first() == Some(&text)).then(|| payload(frame))
}

/// A frame that was made here is a data frame, and not compressed yet.
pub(super) fn is_plain_data(frame: &[u8]) -> bool {
    let data = [Data::Text, Data::Binary].map(|data| FINAL | u8::from(OpCode::Data(data)));
    frame.first().is_some_and(|first| data.contains(first))
}

/// A data frame that was made here, with a compressed payload in place of its own.
pub(super) fn deflated_frame(frame: &[u8], payload: &[u8]) -> Bytes {
    let mut deflated = Vec::with_capacity(HEADER_SPACE + payload.len());
    put_header(&mut deflated, OpCode::Data(Data::Text), payload.len());
    if let (Some(first), Some(plain)) = (deflated.first_mut(), frame.first()) {
        *first = plain | DEFLATED;
    }
    deflated.extend_from_slice(payload);
    deflated.into()
}

/// A close frame. A reason of more than 123 bytes is cut at the end of a character.
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let room = CONTROL_PAYLOAD - size_of_val(&code);
    let cut = (0..=reason.len().min(room))
        .rev()
        .find(|cut| reason.is_char_boundary(*cut));
    let reason = cut.and_then(|cut| reason.get(..cut)).unwrap_or_default();
    frame(
        OpCode::Control(Control::Close),
        &[&code.to_be_bytes(), reason.as_bytes()],
    )
}

/// A ping without payload.
pub fn ping() -> Bytes {
    frame(OpCode::Control(Control::Ping), &[])
}

/// The answer to a ping, whose payload it carries back.
pub fn pong(payload: &[u8]) -> Bytes {
    let payload = payload.get(..CONTROL_PAYLOAD).unwrap_or(payload);
    frame(OpCode::Control(Control::Pong), &[payload])
}

fn frame(opcode: OpCode, parts: &[&[u8]]) -> Bytes {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(HEADER_SPACE + length);
    put_header(&mut frame, opcode, length);
    parts.iter().for_each(|part| frame.extend_from_slice(part));
    frame.into()
}

/// Appends a header, with the length in its shortest form (section 5.2).
///
/// By hand, as the codec of tungstenite writes to an `io::Write` and so returns errors that cannot be.
fn put_header(frame: &mut Vec<u8>, opcode: OpCode, length: usize) {
    frame.push(FINAL | u8::from(opcode));
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => frame.push(short),
        (_, Ok(medium)) => {
            frame.push(126);
            frame.extend_from_slice(&medium.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameBuilder, close_frame, ping, pong, text_frame};

    #[test]
    fn header_grows_with_the_payload() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (255, vec![0x81, 126, 0, 255]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "x".repeat(length);
            let expected = [header, text.clone().into_bytes()].concat();
            assert_eq!(text_frame(&text), expected, "{length} bytes at once");

            let mut builder = FrameBuilder::text(16);
            text.as_bytes()
                .chunks(1000)
                .for_each(|chunk| builder.push(chunk));
            assert_eq!(builder.finish(), expected, "{length} bytes in pieces");
        }
    }

    #[test]
    fn json_is_written_straight_into_the_frame() {
        let mut builder = FrameBuilder::text(0);
        serde_json::to_writer(&mut builder, &["a", "b"]).unwrap();
        assert_eq!(builder.finish(), &b"\x81\x09[\"a\",\"b\"]"[..]);
    }

    #[test]
    fn control_frames_are_literal() {
        assert_eq!(ping(), &b"\x89\x00"[..]);
        assert_eq!(pong(b"abc"), &b"\x8a\x03abc"[..]);
        assert_eq!(close_frame(1000, ""), &b"\x88\x02\x03\xe8"[..]);
        assert_eq!(close_frame(4009, "Origin"), &b"\x88\x08\x0f\xa9Origin"[..]);
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        // 61 characters of two bytes are 122 bytes; the 62nd would end at 124.
        let frame = close_frame(1000, &"é".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert_eq!(frame[1], 124);
    }
}
