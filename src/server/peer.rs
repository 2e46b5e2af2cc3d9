//! The socket of a WebSocket connection, and the rest of a frame that is not complete yet.

use std::io::{self, IoSlice, Read, Write};

use mio::net::TcpStream;

use crate::{
    engine::{Gone, Outlet},
    websocket::Decoder,
};

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) stream: TcpStream,
    pub(super) decoder: Decoder,
    /// Whether its messages may be compressed.
    pub(super) may_deflate: bool,
    /// Whether the connection waits in the worker's list of those with unread input.
    pub(super) is_waiting: bool,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// So many bytes, and there may be more at once.
    Full(usize),
    /// So many bytes; the socket is empty.
    Some(usize),
    /// The other side ended, or broke.
    End,
}

impl Peer {
    pub(super) fn new(stream: TcpStream, may_deflate: bool) -> Self {
        Self {
            stream,
            decoder: Decoder::default(),
            may_deflate,
            is_waiting: false,
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Incoming {
        read(&mut self.stream, buffer)
    }
}

/// Reads once. A short read means that the socket is empty (epoll(7), question 9).
pub(super) fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> Incoming {
    loop {
        return match stream.read(buffer) {
            Ok(0) => Incoming::End,
            Ok(count) if count == buffer.len() => Incoming::Full(count),
            Ok(count) => Incoming::Some(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Incoming::Some(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => Incoming::End,
        };
    }
}

impl Outlet for Peer {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        loop {
            let sent = match frames {
                [frame] => self.stream.write(frame),
                frames => self.stream.write_vectored(frames),
            };
            return match sent {
                Ok(count) => Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Err(Gone),
            };
        }
    }

    fn finish(&mut self) {
        // A socket that is broken already has nothing left to end; its next read says so.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }
}
