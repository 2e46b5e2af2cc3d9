//! A WebSocket connection as its thread keeps it: the stream, and the rest of an unfinished frame.

use std::io::IoSlice;

use super::stream::{Incoming, Stream};
use crate::{
    engine::{Gone, Outlet},
    websocket::Decoder,
};

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) stream: Stream,
    pub(super) decoder: Decoder,
    /// Whether its messages may be compressed.
    pub(super) may_deflate: bool,
    /// Whether the connection waits in the worker's list of those with unread input.
    pub(super) is_waiting: bool,
}

impl Peer {
    pub(super) fn new(stream: Stream, may_deflate: bool) -> Self {
        Self {
            stream,
            decoder: Decoder::default(),
            may_deflate,
            is_waiting: false,
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Incoming {
        self.stream.read(buffer)
    }
}

impl Outlet for Peer {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        self.stream.send(frames)
    }

    fn finish(&mut self) {
        self.stream.finish();
    }
}
