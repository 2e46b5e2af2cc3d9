//! Bytes of HTTP and WebSocket, as far as the generator and the plain loop speak them.

use memchr::memmem;

pub(crate) const CLOSE: u8 = 8;

const FINAL_TEXT: u8 = 0x81;

const TO_ONE: &[u8] = b"to one:";

/// The length of the first HTTP message, once it is complete.
pub(crate) fn http_length(bytes: &[u8]) -> Option<usize> {
    let head = memmem::find(bytes, b"\r\n\r\n")? + 4;
    let length = head + content_length(&bytes[..head]);
    (length <= bytes.len()).then_some(length)
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    let value = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))
        .and_then(|line| std::str::from_utf8(&line[NAME.len()..]).ok());
    value
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

/// A frame of a server: opcode and payload, and the length of all of it.
pub(crate) struct ServerFrame<'b> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'b [u8],
    pub(crate) length: usize,
}

impl<'b> ServerFrame<'b> {
    /// The first frame, once it is complete.
    pub(crate) fn parse(bytes: &'b [u8]) -> Option<Self> {
        let (opcode, head, size) = head(bytes)?;
        Some(Self {
            opcode,
            payload: bytes.get(head..head + size)?,
            length: head + size,
        })
    }
}

/// A frame of a client.
pub(crate) struct ClientFrame<'b> {
    pub(crate) opcode: u8,
    pub(crate) length: usize,
    mask: [u8; 4],
    masked: &'b [u8],
}

impl<'b> ClientFrame<'b> {
    pub(crate) fn parse(bytes: &'b [u8]) -> Option<Self> {
        let (opcode, head, size) = head(bytes)?;
        let mask = *bytes.get(head..)?.first_chunk()?;
        let start = head + mask.len();
        Some(Self {
            opcode,
            length: start + size,
            mask,
            masked: bytes.get(start..start + size)?,
        })
    }

    pub(crate) fn begins_with(&mut self, text: &[u8]) -> bool {
        let bytes = self.masked.iter().zip(self.mask.iter().cycle());
        self.masked.len() >= text.len()
            && bytes
                .zip(text)
                .all(|((byte, mask), expected)| byte ^ mask == *expected)
    }

    pub(crate) fn unmask(&self) -> Vec<u8> {
        let bytes = self.masked.iter().zip(self.mask.iter().cycle());
        bytes.map(|(byte, mask)| byte ^ mask).collect()
    }
}

/// Opcode, length of the head without a mask, length of the payload.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let opcode = bytes.first()? & 0x0F;
    Some(match bytes.get(1)? & 0x7F {
        126 => {
            let size = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (opcode, 4, size.into())
        }
        127 => {
            let size = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (opcode, 10, usize::try_from(size).ok()?)
        }
        size => (opcode, 2, size.into()),
    })
}

/// A text frame of a server.
pub(crate) fn server_frame(payload: &[u8]) -> Vec<u8> {
    frame(payload, 0)
}

/// A text frame of a client. Its mask is 0, which is as good as any other and needs no work here;
/// the server cannot know.
pub(crate) fn client_frame(payload: &[u8]) -> Vec<u8> {
    frame(payload, 0x80)
}

/// A message that the plain loop brings to one of its subscribers alone, named by its place.
pub(crate) fn to_one(place: usize, text: &str) -> Vec<u8> {
    [TO_ONE, &(place as u32).to_be_bytes(), text.as_bytes()].concat()
}

/// Whom such a message is for, and its text.
pub(crate) fn for_one(message: &[u8]) -> Option<(usize, &[u8])> {
    let (place, text) = message.strip_prefix(TO_ONE)?.split_first_chunk()?;
    Some((u32::from_be_bytes(*place) as usize, text))
}

fn frame(payload: &[u8], mask: u8) -> Vec<u8> {
    let mut frame = vec![FINAL_TEXT];
    match payload.len() {
        size @ 0..126 => frame.push(mask | size as u8),
        size @ 126..0x1_0000 => {
            frame.push(mask | 126);
            frame.extend((size as u16).to_be_bytes());
        }
        size => {
            frame.push(mask | 127);
            frame.extend((size as u64).to_be_bytes());
        }
    }
    if mask != 0 {
        frame.extend([0; 4]);
    }
    frame.extend(payload);
    frame
}
