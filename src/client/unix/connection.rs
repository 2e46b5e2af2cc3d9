//! One connection to the server's socket.

use std::{io, path::Path, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use socket2::{Domain, SockAddr, Socket, Type};

use super::UnixError;
use crate::{
    client::{deadline::Deadline, options::Options},
    protocol::local::{ClientFrame, Hello, PublisherId, ServerFrame, challenge_answer},
};

/// How much is read at a time; answers are shorter.
const READ_BYTES: usize = 4096;

/// A socket on which the server has welcomed us, and what it sent beyond the last frame.
pub(super) struct Connection {
    socket: Socket,
    input: Vec<u8>,
    /// Kept for its memory only; empty between publishes.
    output: Vec<u8>,
}

impl Connection {
    /// Connects, answers the challenge and waits for the welcome.
    pub(super) fn open(
        path: &Path,
        options: &Options,
        publisher: PublisherId,
        deadline: Deadline,
    ) -> Result<Self, UnixError> {
        let socket = connect(path, deadline.within(options.connect_timeout))
            .map_err(|error| UnixError::Unreachable(error.to_string()))?;
        let mut connection = Self {
            socket,
            input: Vec::new(),
            output: Vec::new(),
        };

        let answer = connection.receive(deadline, |frame| match frame {
            ServerFrame::Challenge { nonce } => {
                Ok(challenge_answer(&options.secret, &nonce, &publisher))
            }
            frame => Err(refusal(&frame)),
        })??;
        let hello = ClientFrame::Hello(Hello {
            app_id: &options.app_id,
            publisher,
            answer,
        });
        connection.send(&hello, deadline)?;
        connection.receive(deadline, |frame| match frame {
            ServerFrame::Welcome => Ok(()),
            frame => Err(refusal(&frame)),
        })??;
        Ok(connection)
    }

    /// Sends the event with this sequence and waits until the server has taken it.
    pub(super) fn publish(
        &mut self,
        event: &ClientFrame<'_>,
        sequence: u64,
        deadline: Deadline,
    ) -> Result<(), UnixError> {
        self.send(event, deadline)?;
        self.receive(deadline, |frame| match frame {
            ServerFrame::Ack { sequence: taken } if taken == sequence => Ok(()),
            ServerFrame::Failed {
                sequence: failed,
                reason,
                message,
            } if failed == sequence => Err(UnixError::Refused(reason, message.to_owned())),
            frame => Err(refusal(&frame)),
        })?
    }

    fn send(&mut self, frame: &ClientFrame<'_>, deadline: Deadline) -> Result<(), UnixError> {
        self.output.clear();
        frame
            .encode(&mut self.output)
            .map_err(|_| UnixError::TooLarge)?;
        let mut rest = self.output.as_slice();
        while !rest.is_empty() {
            // Without NOSIGNAL a closed connection would kill the process.
            match send(
                &self.socket,
                rest,
                SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
            ) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) => wait(&self.socket, error, PollFlags::OUT, deadline)?,
            }
        }
        Ok(())
    }

    /// Waits for the next frame and shows it.
    fn receive<R>(
        &mut self,
        deadline: Deadline,
        mut show: impl FnMut(ServerFrame<'_>) -> R,
    ) -> Result<R, UnixError> {
        loop {
            if let Some((frame, consumed)) = ServerFrame::decode(&self.input)? {
                let shown = show(frame);
                self.input.drain(..consumed);
                return Ok(shown);
            }
            self.read(deadline)?;
        }
    }

    fn read(&mut self, deadline: Deadline) -> Result<(), UnixError> {
        let mut buffer = [0; READ_BYTES];
        loop {
            match recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(UnixError::Broken("closed by the server".to_owned())),
                Ok((received, _)) => {
                    self.input
                        .extend_from_slice(buffer.get(..received).unwrap_or_default());
                    return Ok(());
                }
                Err(error) => wait(&self.socket, error, PollFlags::IN, deadline)?,
            }
        }
    }
}

/// Connects to a path. A unix socket whose backlog is full makes `connect` wait, for as long as its send timeout.
fn connect(path: &Path, deadline: Deadline) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let address = SockAddr::unix(path)?;
    loop {
        let remaining = deadline.remaining().ok_or(io::ErrorKind::TimedOut)?;
        socket.set_write_timeout(Some(remaining.max(Duration::from_millis(1))))?;
        match socket.connect(&address) {
            Ok(()) => return Ok(socket),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits until the socket is ready again after it would have blocked; other errors end the connection.
fn wait(
    socket: &Socket,
    error: Errno,
    flags: PollFlags,
    deadline: Deadline,
) -> Result<(), UnixError> {
    match error {
        Errno::INTR => return Ok(()),
        Errno::AGAIN => {}
        error => return Err(UnixError::Broken(io::Error::from(error).to_string())),
    }
    let remaining = deadline.remaining().ok_or(UnixError::TimedOut)?;
    let timeout = Timespec::try_from(remaining).map_err(|_| UnixError::TimedOut)?;
    match poll(&mut [PollFd::new(socket, flags)], Some(&timeout)) {
        // After a signal or at the end of time the caller tries again, and comes back here to give up.
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(UnixError::Broken(io::Error::from(error).to_string())),
    }
}

/// What a frame means where another one was due.
fn refusal(frame: &ServerFrame<'_>) -> UnixError {
    match frame {
        ServerFrame::Refused { reason, message } => {
            UnixError::Refused(*reason, (*message).to_owned())
        }
        frame => UnixError::Unexpected(format!("an answer out of turn: {frame:?}")),
    }
}
