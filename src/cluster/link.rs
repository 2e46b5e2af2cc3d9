//! One connection to Redis: commands out, replies in, nothing that waits unless it is asked to.

use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use redis_protocol::resp2::{decode::decode_bytes_mut, types::BytesFrame};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::timeout,
};

/// Read at a time.
const READ_SIZE: usize = 64 * 1024;

/// A reply that is longer is not one to anything that was asked.
const LONGEST_REPLY: usize = 256 * 1024 * 1024;

/// What a connection runs over: TCP, TLS or a unix socket.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A reply of Redis, or a message of a channel.
pub(super) type Reply = BytesFrame;

/// A connection that was made and introduced.
pub(super) struct Link {
    stream: Box<dyn Stream>,
    input: BytesMut,
    output: BytesMut,
}

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// The network, or Redis' end of it.
    #[error("{0}")]
    Lost(#[from] io::Error),
    /// Redis did not answer in time.
    #[error("it did not answer in time")]
    Silent,
    /// Redis says no; trying again later may help (it loads its data, it is a replica).
    #[error("{0}")]
    Refused(String),
    /// Redis says no to who we are, and will as long as nobody changes the configuration.
    #[error("{0}")]
    Unauthorised(String),
    /// Redis is too old.
    #[error("{0}")]
    Outdated(String),
    /// What came is not Redis' protocol.
    #[error("what it said is not understood: {0}")]
    Misunderstood(String),
}

impl Link {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
        }
    }

    /// Queues a command; [`Link::progress`] writes it.
    pub(super) fn push<'a>(&mut self, parts: impl ExactSizeIterator<Item = &'a [u8]>) {
        fn head(output: &mut BytesMut, kind: u8, number: usize) {
            output.extend_from_slice(&[kind]);
            output.extend_from_slice(number.to_string().as_bytes());
            output.extend_from_slice(b"\r\n");
        }
        head(&mut self.output, b'*', parts.len());
        for part in parts {
            head(&mut self.output, b'$', part.len());
            self.output.extend_from_slice(part);
            self.output.extend_from_slice(b"\r\n");
        }
    }

    /// How many bytes are queued.
    pub(super) fn queued(&self) -> usize {
        self.output.len()
    }

    /// The next reply of those that were read.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, LinkError> {
        if self.input.is_empty() {
            return Ok(None);
        }
        match decode_bytes_mut(&mut self.input) {
            Ok(Some((reply, ..))) => Ok(Some(reply)),
            Ok(None) if self.input.len() > LONGEST_REPLY => Err(LinkError::Misunderstood(
                "a reply without an end".to_owned(),
            )),
            Ok(None) => Ok(None),
            Err(error) => Err(LinkError::Misunderstood(error.to_string())),
        }
    }

    /// Writes what is queued, and returns when something was read. Cancelling it loses nothing.
    pub(super) async fn progress(&mut self) -> Result<(), LinkError> {
        poll_fn(|context| self.poll_progress(context)).await
    }

    fn poll_progress(&mut self, context: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        self.poll_write(context)?;
        self.poll_read(context).map_err(LinkError::from)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<(), LinkError> {
        while !self.output.is_empty() {
            match Pin::new(&mut self.stream).poll_write(context, &self.output) {
                Poll::Ready(Ok(0)) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Poll::Ready(Ok(written)) => self.output.advance(written),
                Poll::Ready(Err(error)) => return Err(error.into()),
                Poll::Pending => return Ok(()),
            }
        }
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(Err(error)) => Err(error.into()),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let before = self.input.len();
        self.input.resize(before + READ_SIZE, 0);
        let mut buffer = ReadBuf::new(&mut self.input[before..]);
        let polled = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
        let read = buffer.filled().len();
        self.input.truncate(before + read);
        match polled {
            Poll::Ready(Ok(())) if read == 0 => Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
            polled => polled,
        }
    }

    /// Asks and waits for the answer; for a connection that has nothing else on its way.
    pub(super) async fn ask(
        &mut self,
        command: &[&[u8]],
        patience: Duration,
    ) -> Result<Reply, LinkError> {
        self.push(command.iter().copied());
        let answer = async {
            loop {
                if let Some(reply) = self.next()? {
                    return accepted(reply);
                }
                self.progress().await?;
            }
        };
        timeout(patience, answer)
            .await
            .map_err(|_| LinkError::Silent)?
    }
}

/// A reply that is not a refusal.
pub(super) fn accepted(reply: Reply) -> Result<Reply, LinkError> {
    match reply {
        Reply::Error(text) => Err(LinkError::refused(&text)),
        reply => Ok(reply),
    }
}

impl LinkError {
    /// What Redis' own words mean.
    pub(super) fn refused(text: &str) -> Self {
        /// The codes of who may not come in, and of what it may not do.
        const UNAUTHORISED: [&str; 4] = ["WRONGPASS", "NOAUTH", "NOPERM", "ERR AUTH"];
        if UNAUTHORISED.iter().any(|code| text.starts_with(code))
            || text.starts_with("ERR invalid password")
            || text.starts_with("ERR Client sent AUTH")
            || text.starts_with("ERR DB index")
        {
            Self::Unauthorised(text.to_owned())
        } else {
            Self::Refused(text.to_owned())
        }
    }

    /// Whether only the operator can help.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self, Self::Unauthorised(_) | Self::Outdated(_))
    }
}

/// The elements of an array.
pub(super) fn array(reply: Reply) -> Option<Vec<Reply>> {
    match reply {
        Reply::Array(elements) => Some(elements),
        _ => None,
    }
}

/// The bytes of a text.
pub(super) fn bytes(reply: Reply) -> Option<Bytes> {
    match reply {
        Reply::BulkString(bytes) | Reply::SimpleString(bytes) => Some(bytes),
        _ => None,
    }
}

/// A text.
pub(super) fn text(reply: Reply) -> Option<String> {
    String::from_utf8(bytes(reply)?.to_vec()).ok()
}

/// A number, written as one or as text.
pub(super) fn integer(reply: Reply) -> Option<i64> {
    match reply {
        Reply::Integer(integer) => Some(integer),
        reply => text(reply)?.parse().ok(),
    }
}
