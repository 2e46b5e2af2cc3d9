//! The strict reading of a frame header: each rule is applied as soon as its byte is there.

use std::io::Cursor;

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::Violation;

/// The longest header a client can send: two bytes, eight of length, four of mask.
pub(super) const LONGEST_HEADER: usize = 14;

/// The bits of the first byte beside the opcode.
const FINAL: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

/// What decides which headers may come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// A fragmented message is open.
    pub(super) continues: bool,
    /// `permessage-deflate` was agreed.
    pub(super) may_deflate: bool,
}

/// A frame as its header announces it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) mask: [u8; 4],
    /// The bytes of payload that have not been taken yet.
    pub(super) remaining: usize,
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The beginning of a message, or a part of one.
    Data {
        data: Data,
        is_final: bool,
        /// The message that begins here is compressed (RFC 7692, section 6).
        is_deflated: bool,
    },
    /// A close, a ping or a pong.
    Control(Control),
}

/// Reads a header from the start of `bytes`; `Ok(None)` when it is not whole yet.
///
/// Returns the frame and the length of its header.
pub(super) fn parse(bytes: &[u8], expected: Expected) -> Result<Option<(Frame, usize)>, Violation> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let kind = check_first_byte(first, expected)?;
    let Some(&second) = bytes.get(1) else {
        return Ok(None);
    };
    check_second_byte(second, kind)?;

    let mut cursor = Cursor::new(bytes);
    // It reports unknown opcodes, which are refused above, and what a slice as a reader never says.
    let header = FrameHeader::parse(&mut cursor).map_err(|_| Violation::UNKNOWN_OPCODE)?;
    let Some((header, length)) = header else {
        return Ok(None);
    };
    let mask = header.mask.ok_or(Violation::UNMASKED)?;
    let size = header.len(length);
    // A length in a longer form than needed has a longer header than the codec itself would write.
    if cursor.position() != size as u64 || i64::try_from(length).is_err() {
        return Err(Violation::LENGTH);
    }
    let remaining = usize::try_from(length).map_err(|_| Violation::FRAME_TOO_BIG)?;
    Ok(Some((
        Frame {
            kind,
            mask,
            remaining,
        },
        size,
    )))
}

/// Reserved bits, opcode, and whether the opcode may come now.
fn check_first_byte(first: u8, expected: Expected) -> Result<Kind, Violation> {
    let is_final = first & FINAL != 0;
    let is_deflated = first & RSV1 != 0;
    let opcode = OpCode::from(first & 0x0f);
    let may_be_deflated =
        expected.may_deflate && matches!(opcode, OpCode::Data(Data::Text | Data::Binary));
    if first & (RSV2 | RSV3) != 0 || is_deflated && !may_be_deflated {
        return Err(Violation::RESERVED_BIT);
    }
    match opcode {
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
            Err(Violation::UNKNOWN_OPCODE)
        }
        OpCode::Control(_) if !is_final => Err(Violation::CONTROL_FRAME),
        OpCode::Control(control) => Ok(Kind::Control(control)),
        OpCode::Data(Data::Continue) if !expected.continues => Err(Violation::CONTINUATION_FIRST),
        OpCode::Data(Data::Text | Data::Binary) if expected.continues => {
            Err(Violation::UNFINISHED_MESSAGE)
        }
        OpCode::Data(data) => Ok(Kind::Data {
            data,
            is_final,
            is_deflated,
        }),
    }
}

/// The mask bit, and the length of a control frame.
fn check_second_byte(second: u8, kind: Kind) -> Result<(), Violation> {
    if second & 0x80 == 0 {
        return Err(Violation::UNMASKED);
    }
    if matches!(kind, Kind::Control(_)) && second & 0x7f > 125 {
        return Err(Violation::CONTROL_FRAME);
    }
    Ok(())
}
