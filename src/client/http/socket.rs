//! A TCP socket for futures that nobody but its own thread polls.
//!
//! hyper and rustls want to be polled, PHP wants to wait. So the waiting is done in the system call that reads:
//! after a request has left, that takes one call where a look, a `poll` and another look would be three.

use std::{
    cell::Cell,
    future::Future,
    io,
    net::{Shutdown, TcpStream},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{HttpError, resolver::addresses};
use crate::client::{deadline::Deadline, options::HttpOptions};

/// By how much a read's limit may differ from what it should be, so that it need not be set anew for each.
const INACCURACY: Duration = Duration::from_millis(10);

/// The shortest limit of a read.
const SHORTEST_LIMIT: Duration = Duration::from_millis(1);

/// How much is read at first; answers to events are shorter. hyper's buffer has no zeroes yet, and they cost time.
const READ_BYTES: usize = 1024;

/// One socket; the clone that drives it and the one that hyper holds are the same.
#[derive(Clone)]
pub(super) struct Socket(Rc<State>);

struct State {
    stream: TcpStream,
    deadline: Cell<Deadline>,
    /// How long a read that waits may take, as the socket was told.
    read_limit: Cell<Option<Duration>>,
    /// How much the next read may take: more, if the last one had no room for all there was.
    read_room: Cell<usize>,
    /// The next read waits.
    waits: Cell<bool>,
    /// The last read took all there was.
    is_drained: Cell<bool>,
    /// The last write found no room.
    is_full: Cell<bool>,
}

impl Socket {
    /// Tries the host's addresses in their order; each may take an equal part of the time.
    pub(super) fn connect(http: &HttpOptions, deadline: Deadline) -> Result<Self, HttpError> {
        let addresses = addresses(&http.host, http.port, deadline)?;
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let mut last = HttpError::Unreachable("the host has no address".to_owned());
        for address in addresses {
            let remaining = deadline.remaining().ok_or(HttpError::TimedOut)?;
            match TcpStream::connect_timeout(&address, remaining / count) {
                Ok(stream) => return Self::new(stream, deadline),
                Err(error) => last = HttpError::from(error),
            }
        }
        Err(last)
    }

    fn new(stream: TcpStream, deadline: Deadline) -> Result<Self, HttpError> {
        stream.set_nodelay(true)?;
        Ok(Self(Rc::new(State {
            stream,
            deadline: Cell::new(deadline),
            read_limit: Cell::new(None),
            read_room: Cell::new(READ_BYTES),
            waits: Cell::new(false),
            is_drained: Cell::new(false),
            is_full: Cell::new(false),
        })))
    }

    /// Whether the server has neither said anything nor ended the connection since it was last read from.
    pub(super) fn is_silent(&self) -> bool {
        let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
        matches!(
            recv(&self.0.stream, &mut [0; 1][..], flags),
            Err(Errno::AGAIN | Errno::INTR)
        )
    }

    /// Polls a future until it is ready. All that it waits for must be this socket.
    pub(super) fn complete<F: Future>(
        &self,
        deadline: Deadline,
        future: F,
    ) -> Result<F::Output, HttpError> {
        self.0.deadline.set(deadline);
        self.0.is_drained.set(false);
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Ok(output);
            }
            self.0.wait()?;
        }
    }
}

impl State {
    /// Leaves the waiting to the next read, or waits here if a write waits too, or there was no read.
    fn wait(&self) -> Result<(), HttpError> {
        let remaining = self.deadline.get().remaining();
        let remaining = remaining.ok_or(HttpError::TimedOut)?;
        self.is_drained.set(false);
        let is_full = self.is_full.get();
        if !is_full && !self.waits.replace(true) {
            return Ok(());
        }
        self.waits.set(false);
        let output = if is_full {
            PollFlags::OUT
        } else {
            PollFlags::empty()
        };
        let timeout = Timespec::try_from(remaining).map_err(|_| HttpError::TimedOut)?;
        match poll(
            &mut [PollFd::new(&self.stream, PollFlags::IN | output)],
            Some(&timeout),
        ) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    /// Lets a read that waits end before the deadline: the system counts long times in coarse steps, and ends it up to
    /// an eighth late. The next one then waits for what is left, in the same way.
    fn limit_read(&self) -> io::Result<()> {
        let remaining = self.deadline.get().remaining().unwrap_or_default();
        let wanted = (remaining * 3 / 4).max(SHORTEST_LIMIT);
        let is_fit = |set: Duration| set <= wanted + INACCURACY && wanted <= set + INACCURACY;
        if !self.read_limit.get().is_some_and(is_fit) {
            self.stream.set_read_timeout(Some(wanted))?;
            self.read_limit.set(Some(wanted));
        }
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let state = &self.0;
        let flags = if state.waits.take() {
            state.limit_read()?;
            RecvFlags::empty()
        } else if state.is_drained.get() {
            return Poll::Pending;
        } else {
            RecvFlags::DONTWAIT
        };
        let size = buffer.remaining().min(state.read_room.get());
        match recv(&state.stream, buffer.initialize_unfilled_to(size), flags) {
            Ok((received, _)) => {
                let is_all = received < size;
                let next = if is_all { READ_BYTES } else { 2 * size };
                state.read_room.set(next);
                state.is_drained.set(is_all && received > 0);
                buffer.advance(received);
                Poll::Ready(Ok(()))
            }
            Err(Errno::AGAIN | Errno::INTR) => {
                state.is_drained.set(true);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Without NOSIGNAL a closed connection would kill the process.
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let sent = send(&self.0.stream, bytes, flags);
        let is_full = matches!(sent, Err(Errno::AGAIN | Errno::INTR));
        self.0.is_full.set(is_full);
        if is_full {
            return Poll::Pending;
        }
        Poll::Ready(sent.map_err(io::Error::from))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.stream.shutdown(Shutdown::Write))
    }
}
