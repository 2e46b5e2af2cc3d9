//! A TLS connection as tokio's, for hyper.

use std::{
    cell::RefCell,
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::Session;
use crate::server::stream::Incoming;

/// Decrypted at a time.
const TEXT: usize = 64 * 1024;

thread_local! {
    static ROOM: RefCell<Box<[u8]>> = RefCell::new(vec![0; TEXT].into_boxed_slice());
}

/// A socket of tokio's under a session.
pub(in crate::server) struct TlsStream {
    socket: TcpStream,
    session: Box<Session>,
    /// What was decrypted and not read yet.
    text: Bytes,
}

/// The socket as a session takes it: what would wait says so.
struct Unwaiting<'s>(&'s TcpStream);

impl TlsStream {
    pub(in crate::server) fn new(socket: TcpStream, session: Box<Session>) -> Self {
        Self {
            socket,
            session,
            text: Bytes::new(),
        }
    }

    /// Reads once; whether the other side has not ended.
    fn fill(&mut self) -> bool {
        ROOM.with_borrow_mut(
            |room| match self.session.read(&mut Unwaiting(&self.socket), room) {
                Incoming::Full(length) | Incoming::Some(length) => {
                    self.text = Bytes::copy_from_slice(&room[..length]);
                    true
                }
                Incoming::End | Incoming::Untold => false,
            },
        )
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.text.is_empty() {
            ready!(self.socket.poll_read_ready(context))?;
            if !self.fill() {
                return Poll::Ready(Ok(()));
            }
        }
        let count = self.text.len().min(buffer.remaining());
        buffer.put_slice(&self.text[..count]);
        self.text.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_write_ready(context))?;
            let Self {
                socket, session, ..
            } = &mut *self;
            let count = session.send(&mut Unwaiting(socket), &[IoSlice::new(bytes)])?;
            if count > 0 || bytes.is_empty() {
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let Self {
                socket, session, ..
            } = &mut *self;
            if session.flush(&mut Unwaiting(socket))? {
                return Poll::Ready(Ok(()));
            }
            ready!(self.socket.poll_write_ready(context))?;
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            socket, session, ..
        } = &mut *self;
        session.finish(&mut Unwaiting(socket));
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

impl Read for Unwaiting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Unwaiting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
