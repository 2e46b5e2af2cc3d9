//! The wire protocol of the server's unix socket: how another PHP process of this machine publishes.
//!
//! Pure: frames to bytes and back. Sockets, time-outs and the memory of repeated sequences are not known here.
//! `crate::server` speaks the server's side, `crate::client` the other one.
//!
//! ```text
//! server                                    client
//! Challenge { nonce }                  ──>
//!                                      <──  Hello { app_id, publisher, answer }
//! Welcome { server, proof } | Refused { reason } ─>
//!                                      <──  Publish { sequence, … }      (any number, without waiting)
//! Ack { sequence } | Failed { sequence } ─>                              (if asked for)
//!                                      <──  Call { method, target }       (any time)
//! Answer { status, completeness, body }  ─>                             (in turn)
//! Closing                              ──>                               (the server stops)
//! ```
//!
//! A frame is `length: u32`, `kind: u8`, body; the length counts what follows it. Numbers are little endian,
//! texts are UTF-8 after their `u32` length.
//!
//! Both sides prove that they know the application's secret before anything else is said. A program that took the
//! server's place at the path gets no event, unless it also has the server to ask for each proof.
//!
//! A `Call` is a request of the HTTP API without a body or a signature, and its `Answer` is that of the HTTP API.
//!
//! A publisher keeps its id when it connects anew, and its sequences only grow. So the server accepts a publish
//! if, and only if, its sequence is above the last one seen from that id, and a repeat (sent because the answer
//! was lost with the connection) is acknowledged without being published twice. This memory ends with the server:
//! `Welcome` says which one it is, and `Closing` that whatever was not answered before will not be published.

use std::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error;

use self::{
    reader::Reader,
    writer::{write_frame, write_length, write_text},
};
use super::auth::keyed_hash;

mod reader;
mod writer;

/// The version of this protocol, sent in `Challenge` and `Hello`.
pub const VERSION: u8 = 4;

/// The longest frame, in bytes after the length. Both sides refuse a longer one before reading it.
pub const MAX_FRAME: usize = 16 * 1024 * 1024;

/// The longest `Hello`: whoever has not proved the secret yet can make the server keep no more than this.
pub const MAX_HELLO: usize = 4096;

/// The longest text in `Refused` and `Failed`, in bytes; encoding cuts what is longer.
pub const MAX_MESSAGE: usize = 1024;

/// The bytes of a challenge's nonce.
pub type Nonce = [u8; 32];

/// Random bytes that a process chooses once and keeps over all its connections.
pub type PublisherId = [u8; 16];

/// Random bytes that a server chooses when it starts: what publishers sent to another one, it does not remember.
pub type ServerId = [u8; 16];

/// The proof that the other side knows the application's secret.
pub type Answer = [u8; 32];

/// Separates these signatures from everything else that is signed with the application's secret.
const CONTEXT: &[u8] = b"reverb local publisher 1\0";

/// The same for those of the server.
const SERVER_CONTEXT: &[u8] = b"reverb local server 1\0";

const LENGTH_BYTES: usize = 4;

/// The status of an answer that no frame can hold.
const INSUFFICIENT_STORAGE: u16 = 507;

mod kind {
    pub(super) const CHALLENGE: u8 = 1;
    pub(super) const WELCOME: u8 = 2;
    pub(super) const REFUSED: u8 = 3;
    pub(super) const ACK: u8 = 4;
    pub(super) const FAILED: u8 = 5;
    pub(super) const CLOSING: u8 = 6;
    pub(super) const ANSWER: u8 = 7;
    pub(super) const HELLO: u8 = 65;
    pub(super) const PUBLISH: u8 = 66;
    pub(super) const CALL: u8 = 67;
}

mod flag {
    pub(super) const ACKNOWLEDGE: u8 = 1;
    pub(super) const SOCKET_ID: u8 = 2;
    pub(super) const INCOMPLETE: u8 = 1;
}

/// What a publisher sends. Borrows its texts from the buffer it was decoded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// The answer to the challenge; must be the first frame.
    Hello(Hello<'a>),
    /// One event for some channels.
    Publish(Publish<'a>),
    /// A request of the HTTP API that has no body.
    Call {
        /// `GET` or `POST`.
        method: &'a str,
        /// Path and query, from the API's root.
        target: &'a str,
    },
}

/// Who publishes, and the proof that it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello<'a> {
    /// The application that is published to.
    pub app_id: &'a str,
    /// The publishing process.
    pub publisher: PublisherId,
    /// [`challenge_answer`] of the application's secret, the nonce and the publisher.
    pub answer: Answer,
}

/// Who serves, and the proof that it is no other program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Which server this is.
    pub server: ServerId,
    /// Made by [`Welcome::new`].
    pub proof: Answer,
}

/// One event for some channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Grows with every publish of one publisher id; starts above 0.
    pub sequence: u64,
    /// Whether the server has to answer with `Ack`; a failure is always answered.
    pub acknowledge: bool,
    /// The connection that must not receive the event.
    pub socket_id: Option<&'a str>,
    /// The event's name.
    pub event: &'a str,
    /// The event's data, as the text that subscribers receive.
    pub data: &'a str,
    /// The channels' names.
    pub channels: Vec<&'a str>,
}

/// What the server sends. Borrows its texts from the buffer it was decoded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// The first frame of a connection.
    Challenge {
        /// Fresh random bytes for every connection.
        nonce: Nonce,
    },
    /// The publisher is accepted.
    Welcome(Welcome),
    /// The publisher is not accepted; the server closes the connection.
    Refused {
        /// The kind of failure.
        reason: Reason,
        /// A sentence for whoever reads the publisher's log.
        message: &'a str,
    },
    /// The publish with this sequence is accepted, now or (a repeat) earlier.
    Ack {
        /// The sequence of the publish.
        sequence: u64,
    },
    /// The publish with this sequence was not accepted; the connection stays usable.
    Failed {
        /// The sequence of the publish.
        sequence: u64,
        /// The kind of failure.
        reason: Reason,
        /// A sentence for whoever reads the publisher's log.
        message: &'a str,
    },
    /// The server stops. It has answered all that it took; what it did not answer, it did not take.
    Closing,
    /// What the HTTP API would answer to the call; one above [`MAX_FRAME`] becomes status 507 without a body.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Whether it tells of all servers of the installation.
        is_complete: bool,
        /// JSON, or the text of an error.
        body: &'a str,
    },
}

/// Why the server says no. Numbers that this version does not know still travel and print.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reason(pub u16);

impl Reason {
    /// `Hello` names a version that the server does not speak.
    pub const VERSION: Self = Self(1);
    /// The answer to the challenge was not made with the application's secret, or there is no such application:
    /// whoever does not know the secret is not told which.
    pub const WRONG_SECRET: Self = Self(3);
    /// A frame that is not one, or not at its place.
    pub const MALFORMED: Self = Self(4);
    /// The event is larger than the server takes.
    pub const TOO_LARGE: Self = Self(5);
    /// The event's name, a channel's name or the socket id is not valid, or the event is over a limit of the application.
    pub const INVALID_EVENT: Self = Self(6);
    /// The server cannot take it now: it is stopping, or its queue is full.
    pub const UNAVAILABLE: Self = Self(7);
}

impl fmt::Debug for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::VERSION => formatter.write_str("VERSION"),
            Self::WRONG_SECRET => formatter.write_str("WRONG_SECRET"),
            Self::MALFORMED => formatter.write_str("MALFORMED"),
            Self::TOO_LARGE => formatter.write_str("TOO_LARGE"),
            Self::INVALID_EVENT => formatter.write_str("INVALID_EVENT"),
            Self::UNAVAILABLE => formatter.write_str("UNAVAILABLE"),
            Self(number) => write!(formatter, "Reason({number})"),
        }
    }
}

/// The other side does not speak this protocol, or something does not fit into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocalError {
    /// A frame above [`MAX_FRAME`] (a `Hello`: [`MAX_HELLO`]), announced by the other side or asked for by ours.
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
    /// A length of 0: not even the kind would fit.
    #[error("an empty frame")]
    Empty,
    /// A kind that this side does not receive.
    #[error("a frame of unknown kind {0}")]
    UnknownKind(u8),
    /// The other side speaks another version.
    #[error("version {0} of the protocol, not {VERSION}")]
    Version(u8),
    /// The body is shorter or longer than its fields.
    #[error("a frame of kind {0} with a body of the wrong length")]
    WrongLength(u8),
    /// A text that is not UTF-8.
    #[error("a frame of kind {0} with a text that is not UTF-8")]
    NotText(u8),
    /// Flags that this version does not know.
    #[error("unknown flags {0:#04x}")]
    UnknownFlags(u8),
}

/// Signs the challenge: HMAC-SHA256 with the application's secret over context, nonce and publisher.
#[must_use]
pub fn challenge_answer(secret: &str, nonce: &Nonce, publisher: &PublisherId) -> Answer {
    keyed_hash(secret, [CONTEXT, nonce, publisher].into_iter())
}

impl Hello<'_> {
    /// Determines, in constant time, whether whoever sent this knows the secret.
    #[must_use]
    pub fn proves(&self, secret: &str, nonce: &Nonce) -> bool {
        challenge_answer(secret, nonce, &self.publisher)
            .ct_eq(&self.answer)
            .into()
    }
}

impl Welcome {
    /// The welcome of a publisher who answered the challenge of this nonce.
    ///
    /// Signed like that answer, over the publisher's id too, which only one who has been told it can know.
    #[must_use]
    pub fn new(secret: &str, nonce: &Nonce, publisher: &PublisherId, server: ServerId) -> Self {
        let parts: [&[u8]; 4] = [SERVER_CONTEXT, nonce, publisher, &server];
        let proof = keyed_hash(secret, parts.into_iter());
        Self { server, proof }
    }

    /// Determines, in constant time, whether whoever sent this knows the secret.
    #[must_use]
    pub fn proves(&self, secret: &str, nonce: &Nonce, publisher: &PublisherId) -> bool {
        let expected = Self::new(secret, nonce, publisher, self.server);
        expected.proof.ct_eq(&self.proof).into()
    }
}

impl<'a> ClientFrame<'a> {
    /// Appends the frame to the output.
    ///
    /// # Errors
    /// `TooLarge`: the output is then as it was.
    pub fn encode(&self, output: &mut Vec<u8>) -> Result<(), LocalError> {
        match self {
            Self::Hello(hello) => write_frame(output, kind::HELLO, MAX_HELLO, |body| {
                body.push(VERSION);
                body.extend_from_slice(&hello.publisher);
                body.extend_from_slice(&hello.answer);
                write_text(body, hello.app_id);
            }),
            Self::Publish(publish) => write_frame(output, kind::PUBLISH, MAX_FRAME, |body| {
                publish.encode_body(body);
            }),
            Self::Call { method, target } => write_frame(output, kind::CALL, MAX_FRAME, |body| {
                write_text(body, method);
                write_text(body, target);
            }),
        }
    }

    /// Reads the first frame of the input, and tells how many bytes it took; `None` while it is incomplete.
    ///
    /// # Errors
    /// Whatever is wrong with the other side; the connection cannot be read any further.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Self, usize)>, LocalError> {
        let Some((kind, mut body, consumed)) = read_frame(input, client_limit)? else {
            return Ok(None);
        };
        let frame = match kind {
            kind::HELLO => {
                read_version(&mut body)?;
                Self::Hello(Hello {
                    publisher: body.array()?,
                    answer: body.array()?,
                    app_id: body.text()?,
                })
            }
            kind::CALL => Self::Call {
                method: body.text()?,
                target: body.text()?,
            },
            _ => Self::Publish(Publish::decode_body(&mut body)?),
        };
        body.end()?;
        Ok(Some((frame, consumed)))
    }
}

impl<'a> Publish<'a> {
    fn encode_body(&self, body: &mut Vec<u8>) {
        let acknowledge = if self.acknowledge {
            flag::ACKNOWLEDGE
        } else {
            0
        };
        let socket_id = self.socket_id.map_or(0, |_| flag::SOCKET_ID);
        body.extend_from_slice(&self.sequence.to_le_bytes());
        body.push(acknowledge | socket_id);
        if let Some(socket_id) = self.socket_id {
            write_text(body, socket_id);
        }
        write_text(body, self.event);
        write_text(body, self.data);
        write_length(body, self.channels.len());
        for channel in &self.channels {
            write_text(body, channel);
        }
    }

    fn decode_body(body: &mut Reader<'a>) -> Result<Self, LocalError> {
        let sequence = body.u64()?;
        let flags = body.u8()?;
        if flags & !(flag::ACKNOWLEDGE | flag::SOCKET_ID) != 0 {
            return Err(LocalError::UnknownFlags(flags));
        }
        let has_socket_id = flags & flag::SOCKET_ID != 0;
        Ok(Self {
            sequence,
            acknowledge: flags & flag::ACKNOWLEDGE != 0,
            socket_id: has_socket_id.then(|| body.text()).transpose()?,
            event: body.text()?,
            data: body.text()?,
            channels: body.texts()?,
        })
    }
}

impl<'a> ServerFrame<'a> {
    /// Appends the frame to the output; a message above [`MAX_MESSAGE`] is cut.
    pub fn encode(&self, output: &mut Vec<u8>) {
        let written = match self {
            Self::Challenge { nonce } => write_frame(output, kind::CHALLENGE, MAX_FRAME, |body| {
                body.push(VERSION);
                body.extend_from_slice(nonce);
            }),
            Self::Welcome(Welcome { server, proof }) => {
                write_frame(output, kind::WELCOME, MAX_FRAME, |body| {
                    body.extend_from_slice(server);
                    body.extend_from_slice(proof);
                })
            }
            Self::Closing => write_frame(output, kind::CLOSING, MAX_FRAME, |_| {}),
            Self::Answer {
                status,
                is_complete,
                body,
            } => write_answer(output, (*status, *is_complete), body)
                .or_else(|_| write_answer(output, (INSUFFICIENT_STORAGE, true), "")),
            Self::Refused { reason, message } => {
                write_frame(output, kind::REFUSED, MAX_FRAME, |body| {
                    body.extend_from_slice(&reason.0.to_le_bytes());
                    write_text(body, cut(message));
                })
            }
            Self::Ack { sequence } => write_frame(output, kind::ACK, MAX_FRAME, |body| {
                body.extend_from_slice(&sequence.to_le_bytes());
            }),
            Self::Failed {
                sequence,
                reason,
                message,
            } => write_frame(output, kind::FAILED, MAX_FRAME, |body| {
                body.extend_from_slice(&sequence.to_le_bytes());
                body.extend_from_slice(&reason.0.to_le_bytes());
                write_text(body, cut(message));
            }),
        };
        debug_assert!(written.is_ok(), "what may be long is cut or replaced");
    }

    /// Reads the first frame of the input, and tells how many bytes it took; `None` while it is incomplete.
    ///
    /// # Errors
    /// Whatever is wrong with the other side; the connection cannot be read any further.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Self, usize)>, LocalError> {
        let Some((kind, mut body, consumed)) = read_frame(input, server_limit)? else {
            return Ok(None);
        };
        let frame = match kind {
            kind::CHALLENGE => {
                read_version(&mut body)?;
                Self::Challenge {
                    nonce: body.array()?,
                }
            }
            kind::WELCOME => Self::Welcome(Welcome {
                server: body.array()?,
                proof: body.array()?,
            }),
            kind::CLOSING => Self::Closing,
            kind::ANSWER => Self::Answer {
                status: body.u16()?,
                is_complete: read_completeness(&mut body)?,
                body: body.text()?,
            },
            kind::REFUSED => Self::Refused {
                reason: Reason(body.u16()?),
                message: body.text()?,
            },
            kind::ACK => Self::Ack {
                sequence: body.u64()?,
            },
            _ => Self::Failed {
                sequence: body.u64()?,
                reason: Reason(body.u16()?),
                message: body.text()?,
            },
        };
        body.end()?;
        Ok(Some((frame, consumed)))
    }
}

/// The longest frame of a kind that the server receives.
fn client_limit(kind: u8) -> Option<usize> {
    match kind {
        kind::HELLO => Some(MAX_HELLO),
        kind::PUBLISH | kind::CALL => Some(MAX_FRAME),
        _ => None,
    }
}

/// The longest frame of a kind that a publisher receives: the head, the numbers and one message.
fn server_limit(kind: u8) -> Option<usize> {
    match kind {
        kind::CHALLENGE..=kind::CLOSING => Some(64 + MAX_MESSAGE),
        kind::ANSWER => Some(MAX_FRAME),
        _ => None,
    }
}

fn write_answer(
    output: &mut Vec<u8>,
    (status, is_complete): (u16, bool),
    text: &str,
) -> Result<(), LocalError> {
    write_frame(output, kind::ANSWER, MAX_FRAME, |body| {
        body.extend_from_slice(&status.to_le_bytes());
        body.push(if is_complete { 0 } else { flag::INCOMPLETE });
        write_text(body, text);
    })
}

fn read_completeness(body: &mut Reader<'_>) -> Result<bool, LocalError> {
    match body.u8()? {
        0 => Ok(true),
        flag::INCOMPLETE => Ok(false),
        flags => Err(LocalError::UnknownFlags(flags)),
    }
}

/// Splits the first frame off the input: its kind, its body and its length with the head.
fn read_frame(
    input: &[u8],
    limit: fn(u8) -> Option<usize>,
) -> Result<Option<(u8, Reader<'_>, usize)>, LocalError> {
    let Some((length, rest)) = input.split_first_chunk::<LENGTH_BYTES>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 {
        return Err(LocalError::Empty);
    }
    if length > MAX_FRAME {
        return Err(LocalError::TooLarge(length));
    }
    let Some(&kind) = rest.first() else {
        return Ok(None);
    };
    if length > limit(kind).ok_or(LocalError::UnknownKind(kind))? {
        return Err(LocalError::TooLarge(length));
    }
    let Some(body) = rest.get(1..length) else {
        return Ok(None);
    };
    Ok(Some((kind, Reader::new(kind, body), LENGTH_BYTES + length)))
}

fn read_version(body: &mut Reader<'_>) -> Result<(), LocalError> {
    match body.u8()? {
        VERSION => Ok(()),
        other => Err(LocalError::Version(other)),
    }
}

fn cut(message: &str) -> &str {
    let end = (0..=MAX_MESSAGE.min(message.len()))
        .rev()
        .find(|&end| message.is_char_boundary(end));
    end.and_then(|end| message.get(..end)).unwrap_or_default()
}
