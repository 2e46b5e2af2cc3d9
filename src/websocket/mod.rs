//! RFC 6455, the server's side: frames to bytes and back, and the opening handshake.
//!
//! Pure: knows no socket, no clock, no Pusher; it is handed bytes and returns what they mean.
//! `tungstenite` supplies the header codec, the opcodes and the accept key, never a buffer.
//! `src/README.md` shows who calls it; `tests/websocket.rs` holds the RFC's own examples.

mod assembly;
mod decoder;
mod encoder;
pub mod handshake;
mod header;
mod input;
mod mask;
mod message;
mod partial;
mod violation;

pub use decoder::{Decoder, MESSAGE_CEILING};
pub use encoder::{FrameBuilder, close_frame, payload, ping, pong, text_frame};
pub use input::Input;
pub use message::{Closing, Message};
pub use violation::Violation;
