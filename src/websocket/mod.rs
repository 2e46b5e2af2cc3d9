//! RFC 6455 and 7692, the server's side: frames to bytes and back, compression, and the opening
//! handshake.
//!
//! Pure: knows no socket, no clock, no Pusher; it is handed bytes and returns what they mean.
//! `tungstenite` supplies the header codec, the opcodes and the accept key, never a buffer.
//! `src/README.md` shows who calls it; `tests/websocket.rs` holds the RFC's own examples.

mod assembly;
mod decoder;
mod deflate;
mod encoder;
mod extension;
pub mod handshake;
mod header;
mod input;
mod mask;
mod message;
mod partial;
mod terms;
mod violation;

pub use decoder::{Decoder, MESSAGE_CEILING};
pub use deflate::{Deflater, Inflater, SHORTEST_DEFLATED, Window};
pub use encoder::{FrameBuilder, binary_frame, close_frame, payload, ping, pong, text, text_frame};
pub use extension::{Agreement, Compression};
pub use input::Input;
pub use message::{Closing, Message};
pub use terms::Terms;
pub use violation::Violation;
