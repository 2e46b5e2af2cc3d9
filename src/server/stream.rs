//! The socket of a connection, with TLS or without.

use std::io::{self, IoSlice, Read, Write};

use mio::{Interest, net::TcpStream};

use super::tls::Session;
use crate::engine::Gone;

/// A socket whose other side is heard and told something, whatever is between.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) socket: TcpStream,
    session: Option<Box<Session>>,
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
    /// The other side speaks HTTP where TLS is spoken. Comes only with the first read.
    Untold,
}

impl Stream {
    pub(super) fn new(socket: TcpStream, session: Option<Box<Session>>) -> Self {
        Self { socket, session }
    }

    /// The socket, and the session if there is TLS.
    pub(super) fn into_parts(self) -> (TcpStream, Option<Box<Session>>) {
        (self.socket, self.session)
    }

    /// Gives TLS up, for one who does not speak it.
    pub(super) fn give_up_tls(&mut self) {
        self.session = None;
    }

    /// Why the other side could not be understood, if it could not.
    pub(super) fn fault(&self) -> Option<&rustls::Error> {
        self.session.as_ref().and_then(|session| session.fault())
    }

    /// What is to be told of the socket before it is known what the other side wants.
    pub(super) fn interest(&self) -> Interest {
        match self.session {
            // A handshake answers, and the socket may be full.
            Some(_) => Interest::READABLE | Interest::WRITABLE,
            None => Interest::READABLE,
        }
    }

    /// Reads once.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Incoming {
        match &mut self.session {
            None => read(&mut self.socket, buffer),
            Some(session) => session.read(&mut self.socket, buffer),
        }
    }

    /// Takes as many bytes as fit without waiting, and returns their number; 0 if it is full.
    pub(super) fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        match &mut self.session {
            None => write(&mut self.socket, frames),
            Some(session) => session.send(&mut self.socket, frames).map_err(|_| Gone),
        }
    }

    /// Goes on with what was taken, but did not fit into the socket.
    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        if let Some(session) = &mut self.session {
            session.flush(&mut self.socket).map_err(|_| Gone)?;
            if session.is_finished() {
                self.shut();
            }
        }
        Ok(())
    }

    /// Ends the sending direction: all has been said.
    pub(super) fn finish(&mut self) {
        if let Some(session) = &mut self.session {
            session.finish(&mut self.socket);
            if !session.is_finished() {
                return; // The rest follows when the socket has room: see `flush`.
            }
        }
        self.shut();
    }

    fn shut(&mut self) {
        // A socket that is broken already has nothing left to end; its next read says so.
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }
}

/// Reads once. A short read means that the socket is empty (epoll(7), question 9).
pub(super) fn read(socket: &mut impl Read, buffer: &mut [u8]) -> Incoming {
    loop {
        return match socket.read(buffer) {
            Ok(0) => Incoming::End,
            Ok(count) if count == buffer.len() => Incoming::Full(count),
            Ok(count) => Incoming::Some(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Incoming::Some(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => Incoming::End,
        };
    }
}

fn write(socket: &mut TcpStream, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
    loop {
        let sent = match frames {
            [frame] => socket.write(frame),
            frames => socket.write_vectored(frames),
        };
        return match sent {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => Err(Gone),
        };
    }
}
