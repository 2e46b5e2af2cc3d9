//! One connection to the server's socket.

use std::{io, path::Path, time::Duration};

use rustix::{
    buffer::spare_capacity,
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use socket2::{Domain, SockAddr, Socket, Type};

use super::{UnixError, Way, window::Window};
use crate::{
    client::{deadline::Deadline, inquiry::Reply},
    protocol::local::{ClientFrame, Hello, PublisherId, ServerFrame, ServerId, challenge_answer},
};

/// How much is read at a time; answers are shorter.
const READ_BYTES: usize = 4096;

/// By how much of its limit the system may end a read late, which counts long times in coarse steps: an eighth.
const LATENESS: u32 = 8;

/// What a publisher waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// All is written to the socket.
    Written,
    /// The server has answered all.
    Answered,
}

/// A socket on which the server has welcomed us, and what it sent beyond the last frame.
pub(super) struct Connection {
    socket: Socket,
    /// How long a read that blocks may take, as the socket was told.
    read_limit: Duration,
    input: Vec<u8>,
}

impl Connection {
    /// Connects. Where all the time is over, nothing is known about the server.
    pub(super) fn open(way: Way<'_>) -> Result<Self, UnixError> {
        // What is left is waited for to the millisecond.
        let read_limit = way.options.timeout * 3 / 4;
        let socket = connect(way.socket, way.deadline.within(way.options.connect_timeout))
            .and_then(|socket| {
                socket.set_read_timeout(Some(read_limit))?;
                Ok(socket)
            })
            .map_err(|error| match (error.kind(), way.deadline.remaining()) {
                (io::ErrorKind::TimedOut, None) => UnixError::TimedOut,
                _ => UnixError::Unreachable(cause(&error)),
            })?;
        Ok(Self {
            socket,
            read_limit,
            input: Vec::new(),
        })
    }

    /// Answers the challenge and waits for the welcome, which says what server it is and proves that it is one.
    pub(super) fn greet(
        &mut self,
        way: Way<'_>,
        publisher: PublisherId,
    ) -> Result<ServerId, UnixError> {
        let Way {
            options, deadline, ..
        } = way;
        let nonce = self.receive(deadline, |frame| match frame {
            ServerFrame::Challenge { nonce } => Ok(nonce),
            frame => Err(refusal(&frame)),
        })??;
        let hello = ClientFrame::Hello(Hello {
            app_id: &options.app_id,
            publisher,
            answer: challenge_answer(&options.secret, &nonce, &publisher),
        });
        self.send(&hello, deadline)?;
        self.receive(deadline, |frame| match frame {
            ServerFrame::Welcome(welcome)
                if welcome.proves(&options.secret, &nonce, &publisher) =>
            {
                Ok(welcome.server)
            }
            ServerFrame::Welcome(_) => Err(UnixError::Impostor),
            frame => Err(refusal(&frame)),
        })?
    }

    /// Whether the server has neither said anything nor ended the connection since it was last read from.
    pub(super) fn is_silent(&self) -> bool {
        let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
        matches!(
            recv(&self.socket, &mut [0; 1][..], flags),
            Err(Errno::AGAIN | Errno::INTR)
        )
    }

    /// Writes what is to be written and reads answers until the goal is reached.
    pub(super) fn exchange(
        &mut self,
        window: &mut Window,
        goal: Goal,
        deadline: Deadline,
    ) -> Result<(), UnixError> {
        loop {
            self.write(window)?;
            if goal.is_reached(window) {
                return Ok(());
            }
            let unwritten = !window.unwritten().is_empty();
            let flags = if unwritten {
                RecvFlags::DONTWAIT
            } else {
                self.waiting_within(deadline)
            };
            if self.read(flags)? > 0 {
                self.understand(window)?;
                continue;
            }
            let output = if unwritten {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            };
            wait(&self.socket, PollFlags::IN | output, deadline)?;
        }
    }

    /// Asks, and waits for the answer; nothing else may be unanswered.
    pub(super) fn ask(
        &mut self,
        call: &ClientFrame<'_>,
        deadline: Deadline,
    ) -> Result<Reply, UnixError> {
        self.send(call, deadline)?;
        self.receive(deadline, |frame| match frame {
            ServerFrame::Answer {
                status,
                is_complete,
                body,
            } => Ok(Reply {
                status,
                text: body.to_owned(),
                is_complete,
            }),
            frame => Err(refusal(&frame)),
        })?
    }

    /// Takes the answers that are here already.
    pub(super) fn listen(&mut self, window: &mut Window) -> Result<(), UnixError> {
        // Some may have come with the welcome.
        self.understand(window)?;
        loop {
            let received = self.read(RecvFlags::DONTWAIT)?;
            self.understand(window)?;
            if received < READ_BYTES {
                return Ok(());
            }
        }
    }

    fn understand(&mut self, window: &mut Window) -> Result<(), UnixError> {
        let mut taken = 0;
        while let Some((frame, consumed)) =
            ServerFrame::decode(self.input.get(taken..).unwrap_or_default())?
        {
            let is_in_turn = match &frame {
                ServerFrame::Ack { sequence } => window.acknowledge(*sequence),
                ServerFrame::Failed {
                    sequence,
                    reason,
                    message,
                } => window.refuse(*sequence, *reason, message),
                ServerFrame::Closing => {
                    window.closing();
                    return Err(refusal(&frame));
                }
                _ => false,
            };
            if !is_in_turn {
                return Err(refusal(&frame));
            }
            taken += consumed;
        }
        self.input.drain(..taken);
        Ok(())
    }

    /// Writes as much as the socket takes.
    fn write(&mut self, window: &mut Window) -> Result<(), UnixError> {
        while !window.unwritten().is_empty() {
            match send_some(&self.socket, window.unwritten())? {
                Some(count) => window.wrote(count),
                None => break,
            }
        }
        Ok(())
    }

    fn send(&mut self, frame: &ClientFrame<'_>, deadline: Deadline) -> Result<(), UnixError> {
        let mut output = Vec::new();
        frame.encode(&mut output)?;
        let mut rest = output.as_slice();
        while !rest.is_empty() {
            match send_some(&self.socket, rest)? {
                Some(count) => rest = rest.get(count..).unwrap_or_default(),
                None => wait(&self.socket, PollFlags::OUT, deadline)?,
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
            if self.read(RecvFlags::DONTWAIT)? == 0 {
                wait(&self.socket, PollFlags::IN, deadline)?;
            }
        }
    }

    /// Lets a read wait by itself, which spares a system call or two, if that ends before the deadline.
    fn waiting_within(&self, deadline: Deadline) -> RecvFlags {
        let latest = self.read_limit + self.read_limit / LATENESS;
        if deadline.remaining() >= Some(latest) {
            RecvFlags::empty()
        } else {
            RecvFlags::DONTWAIT
        }
    }

    /// Reads what is there, or comes, and tells how many bytes that was; less than asked for means that there is no more.
    fn read(&mut self, flags: RecvFlags) -> Result<usize, UnixError> {
        self.input.reserve(READ_BYTES);
        match recv(&self.socket, spare_capacity(&mut self.input), flags) {
            Ok((0, _)) => Err(UnixError::Broken("closed by the server".to_owned())),
            Ok((received, _)) => Ok(received),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(broken(error)),
        }
    }
}

impl Goal {
    pub(super) fn is_reached(self, window: &Window) -> bool {
        match self {
            Self::Written => window.is_written(),
            Self::Answered => window.is_empty(),
        }
    }
}

/// Sends what the socket takes now; `None` if that is nothing.
fn send_some(socket: &Socket, bytes: &[u8]) -> Result<Option<usize>, UnixError> {
    // Without NOSIGNAL a closed connection would kill the process.
    match send(socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
        Ok(count) => Ok(Some(count)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(broken(error)),
    }
}

fn broken(error: Errno) -> UnixError {
    UnixError::Broken(io::Error::from(error).to_string())
}

/// Why nobody was reached, with the remedy if that is not to start the server.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("{error}: this process needs the user or the group of the server")
        }
        _ => error.to_string(),
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

/// Waits until the socket may be ready; the caller tries again, and comes back here to give up.
fn wait(socket: &Socket, flags: PollFlags, deadline: Deadline) -> Result<(), UnixError> {
    let remaining = deadline.remaining().ok_or(UnixError::TimedOut)?;
    let timeout = Timespec::try_from(remaining).map_err(|_| UnixError::TimedOut)?;
    match poll(&mut [PollFd::new(socket, flags)], Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(broken(error)),
    }
}

/// What a frame means where another one was due.
fn refusal(frame: &ServerFrame<'_>) -> UnixError {
    match frame {
        ServerFrame::Refused { reason, message } => {
            UnixError::Refused(*reason, (*message).to_owned())
        }
        ServerFrame::Closing => UnixError::Stopped("the server stops".to_owned()),
        frame => UnixError::Unexpected(format!("an answer out of turn: {frame:?}")),
    }
}
