//! Messages as they travel: encoded once, shared by all who receive them.

use bytes::Bytes;

use crate::{
    protocol::{PusherError, ServerMessage, SocketId, error},
    websocket::{FrameBuilder, close_frame},
};

/// A guess that lets most messages be encoded without growing the buffer.
const USUAL_SIZE: usize = 256;

/// A frame for the subscribers of a channel.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// The WebSocket frame, header included.
    pub(super) bytes: Bytes,
    /// The connection that does not get it: the one which caused it.
    pub(super) except: Option<SocketId>,
}

/// Encodes a message as a WebSocket frame.
pub(super) fn encode(message: &ServerMessage<'_>) -> Bytes {
    encode_sized(message, USUAL_SIZE)
}

/// Encodes a message whose size is about known.
#[allow(
    clippy::expect_used,
    reason = "memory takes all bytes and our maps have string keys"
)]
pub(super) fn encode_sized(message: &ServerMessage<'_>, size: usize) -> Bytes {
    let mut frame = FrameBuilder::text(size);
    serde_json::to_writer(&mut frame, message).expect("a message of ours is JSON");
    frame.finish()
}

/// The last words to a client: the error as a message and as the reason of the close frame.
pub(super) fn farewell(reason: PusherError) -> [Bytes; 2] {
    [
        encode(&error(reason)),
        close_frame(reason.code(), &reason.to_string()),
    ]
}
