//! The catalogue of what a peer can do wrong on the frame layer, with the close code for each.

use thiserror::Error;

/// The peer broke RFC 6455, or sent more than it may: answer with a close frame and end the connection.
///
/// The codes are Reverb's; so is [`Violation::MESSAGE_TOO_BIG`]'s text, which clients look at.
/// The other texts are informative.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{reason} ({code})")]
pub struct Violation {
    /// The code of the close frame.
    pub code: u16,
    /// The reason of the close frame.
    pub reason: &'static str,
}

impl Violation {
    /// A reserved bit is set although no extension was agreed (section 5.2).
    pub const RESERVED_BIT: Self = protocol("A reserved bit is set");
    /// The opcode is one of 3 to 7 or 11 to 15 (section 5.2).
    pub const UNKNOWN_OPCODE: Self = protocol("The opcode is unknown");
    /// A client's frame carries no mask (section 5.1).
    pub const UNMASKED: Self = protocol("The frame is not masked");
    /// A control frame is fragmented or longer than 125 bytes (section 5.5).
    pub const CONTROL_FRAME: Self =
        protocol("A control frame must be whole and at most 125 bytes long");
    /// The length is written in more bytes than it needs, or has its highest bit set (section 5.2).
    pub const LENGTH: Self = protocol("The payload length is not well-formed");
    /// A continuation frame, and no message to continue (section 5.4).
    pub const CONTINUATION_FIRST: Self = protocol("There is no message to continue");
    /// A new message inside a fragmented one (section 5.4).
    pub const UNFINISHED_MESSAGE: Self = protocol("The message before is not finished");
    /// The close code is no code a peer may send, or half of one (section 7.4).
    pub const CLOSE_CODE: Self = protocol("The close code is invalid");
    /// A text message is not UTF-8 (section 8.1).
    pub const TEXT_NOT_UTF8: Self = data("The text is not valid UTF-8");
    /// A compressed message is no output of a compressor (RFC 7692, section 7.2.2).
    pub const NOT_DEFLATED: Self = data("The message is not well compressed");
    /// The reason in a close frame is not UTF-8 (section 5.5.1).
    pub const REASON_NOT_UTF8: Self = data("The close reason is not valid UTF-8");
    /// The message is announced to be longer than the application's `max_message_size`.
    pub const MESSAGE_TOO_BIG: Self = size("Maximum message size exceeded");
    /// The message is unlimited by the application and longer than [`super::MESSAGE_CEILING`].
    pub const FRAME_TOO_BIG: Self = size("Maximum frame size exceeded");

    /// All of them, for the test that provokes each.
    pub const ALL: [Self; 13] = [
        Self::RESERVED_BIT,
        Self::UNKNOWN_OPCODE,
        Self::UNMASKED,
        Self::CONTROL_FRAME,
        Self::LENGTH,
        Self::CONTINUATION_FIRST,
        Self::UNFINISHED_MESSAGE,
        Self::CLOSE_CODE,
        Self::TEXT_NOT_UTF8,
        Self::NOT_DEFLATED,
        Self::REASON_NOT_UTF8,
        Self::MESSAGE_TOO_BIG,
        Self::FRAME_TOO_BIG,
    ];
}

const fn protocol(reason: &'static str) -> Violation {
    Violation { code: 1002, reason }
}

const fn data(reason: &'static str) -> Violation {
    Violation { code: 1007, reason }
}

const fn size(reason: &'static str) -> Violation {
    Violation { code: 1009, reason }
}
