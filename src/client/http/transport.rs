//! A TCP connection that costs few system calls.
//!
//! A request's head and body leave in one `send`, time limits are told to the system only when they change, and
//! whether the server has ended a kept connection is asked with one call.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{RecvFlags, recv},
};
use ureq::{
    Error, Timeout,
    unversioned::transport::{
        Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
    },
};

/// How much later than its time limit a call may end, so that the limit need not be set anew for each.
const LATENESS: Duration = Duration::from_millis(10);

/// How many bytes are put together before they leave.
const MAX_PENDING: usize = 64 * 1024;

/// Opens connections.
#[derive(Debug)]
pub(super) struct TcpConnector;

/// A connection.
#[derive(Debug)]
pub(super) struct Tcp {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// Written by the layer above, and not sent yet.
    pending: Vec<u8>,
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
}

impl Connector<()> for TcpConnector {
    type Out = Tcp;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _chained: Option<()>,
    ) -> Result<Option<Tcp>, Error> {
        let config = details.config;
        let stream = connect(details)?;
        stream.set_nodelay(true)?;
        Ok(Some(Tcp {
            stream,
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            pending: Vec::new(),
            read_limit: None,
            write_limit: None,
        }))
    }
}

/// Tries the addresses in their order; each may take an equal part of the time.
fn connect(details: &ConnectionDetails<'_>) -> Result<TcpStream, Error> {
    let count = u32::try_from(details.addrs.len()).unwrap_or(1).max(1);
    let mut last = Error::ConnectionFailed;
    for address in &details.addrs {
        let connected = match details.timeout.not_zero() {
            Some(limit) => TcpStream::connect_timeout(address, *limit / count),
            None => TcpStream::connect(address),
        };
        last = match connected {
            Ok(stream) => return Ok(stream),
            Err(error) if is_late(&error) => Error::Timeout(Timeout::Connect),
            Err(error) => Error::Io(error),
        };
    }
    Err(last)
}

impl Transport for Tcp {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.pending.extend_from_slice(output);
        if self.pending.len() > MAX_PENDING {
            self.flush(timeout)?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.flush(timeout)?;
        let limit = timeout.not_zero().map(|limit| *limit);
        let begin = Instant::now();
        let received = loop {
            let left = limit.map(|limit| limit.saturating_sub(begin.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(timeout.reason));
            }
            if is_outdated(self.read_limit, left) {
                self.stream.set_read_timeout(left)?;
                self.read_limit = left;
            }
            match self.stream.read(self.buffers.input_append_buf()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received,
            }
        };
        let received = received.map_err(|error| in_time(error, timeout))?;
        self.buffers.input_appended(received);
        Ok(received > 0)
    }

    fn is_open(&mut self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        // Nothing was asked: whatever came is no answer to what will be.
        matches!(
            recv(&self.stream, &mut [0; 1][..], flags),
            Err(Errno::AGAIN)
        )
    }
}

impl Tcp {
    fn flush(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let limit = timeout.not_zero().map(|limit| *limit);
        if is_outdated(self.write_limit, limit) {
            self.stream.set_write_timeout(limit)?;
            self.write_limit = limit;
        }
        let written = self.stream.write_all(&self.pending);
        self.pending.clear();
        written.map_err(|error| in_time(error, timeout))
    }
}

/// Whether a limit that was set would end a call too late, or much too early.
fn is_outdated(set: Option<Duration>, wanted: Option<Duration>) -> bool {
    match (set, wanted) {
        (Some(set), Some(wanted)) => set > wanted + LATENESS || set + LATENESS < wanted,
        (set, wanted) => set != wanted,
    }
}

fn in_time(error: io::Error, timeout: NextTimeout) -> Error {
    if is_late(&error) {
        Error::Timeout(timeout.reason)
    } else {
        Error::Io(error)
    }
}

/// A socket whose time is over says that it would block.
fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
