//! The messages of servers to each other as bytes.
//!
//! ```text
//! "reverb" 01  length of the head  kind  node  sequence  application  length of the payload  …
//!  6 bytes  1           1            1     8       8           8                4
//! payload  seal
//!    …      16
//! ```
//!
//! A later version may append to the head, whose length says where it ends, and to the payload; a
//! reader skips what it does not know, and reads the versions next to its own ([`Dialect`]). What is
//! sealed is the channel of Redis, the head and the payload. What Redis itself adds stands behind the
//! seal.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    coordinator::Message,
    seal::{SEAL, Seal, Tag},
    settings::Dialect,
    wire::{Reader, Writer},
};
use crate::{
    engine::{
        ApplicationIndex,
        cluster::{Change, Kept, NodeId, Part, Version},
    },
    protocol::{ChannelName, Member, SocketId, UserId},
};

const MAGIC: &[u8; 6] = b"reverb";

const HEAD: usize = 37;

/// Who says something, and to which application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) node: NodeId,
    /// Grows with each message of the node, whatever it is about.
    pub(super) sequence: u64,
    pub(super) tag: Tag,
}

/// A message that was taken apart, and not believed yet.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) head: Head,
    kind: u8,
    /// Head and payload.
    sealed: Bytes,
    head_length: usize,
    seal: [u8; SEAL],
    /// What Redis added.
    postscript: Bytes,
}

/// What a server says.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Something for the coordinators.
    Message(Message),
    /// That it goes.
    Farewell,
    /// To one node: that it is back, and asks for what it has missed.
    Back(Back),
    /// To one node: an event of a channel once more.
    Again(ChannelName, Message),
    /// To one node: that this is all, but for so many at the most that are forgotten.
    Told(u64),
}

/// What a node says that is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Back {
    /// How long ago it heard something before.
    pub(super) deaf: Duration,
    /// The ticket of the last event that it has heard of the node that it asks.
    pub(super) ticket: u64,
    /// The number of the last message.
    pub(super) sequence: u64,
}

/// Why a message is not one for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub(super) enum Unusable {
    /// Somebody else's.
    #[error("it is not one of a Reverb server of this package")]
    Foreign,
    /// Of a server that is too new or too old.
    #[error("it is of version {0}, and this server is of version {own}", own = Dialect::VERSION)]
    Version(u8),
    /// Of a newer server, which has more to say.
    #[error("it is of the unknown kind {0}")]
    Kind(u8),
    /// Ends too early, or is none of what its kind says.
    #[error("it is damaged")]
    Damaged,
    /// The seal is not that of the application.
    #[error("its seal is not that of an application of this server (key, secret or id differ)")]
    Forged,
    /// An earlier message once more.
    #[error("it is a repetition")]
    Repeated,
}

mod kind {
    pub(super) const ATTACHED: u8 = 1;
    pub(super) const CHANGED: u8 = 2;
    pub(super) const DETACHED: u8 = 3;
    pub(super) const SHARED: u8 = 4;
    pub(super) const EVENT: u8 = 5;
    pub(super) const TERMINATE: u8 = 6;
    pub(super) const LEFT: u8 = 7;
    pub(super) const BACK: u8 = 8;
    pub(super) const AGAIN: u8 = 9;
    pub(super) const TOLD: u8 = 10;
}

const HAS_EXCEPT: u8 = 1;
const IS_KEPT: u8 = 2;

/// Writes a message for a channel of Redis.
///
/// Without a seal goes what harms nobody if it is made up.
pub(super) fn encode(
    dialect: Dialect,
    head: Head,
    channel: &[u8],
    (said, seal): (&Said, Option<&Seal>),
) -> Vec<u8> {
    let (kind, mut payload) = payload(said);
    dialect.append(&mut payload);
    let mut bytes = Vec::with_capacity(HEAD + payload.len() + SEAL);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[dialect.version, HEAD as u8 + dialect.appended, kind]);
    bytes.put_u64(head.node.number());
    bytes.put_u64(head.sequence);
    bytes.extend_from_slice(&head.tag.0);
    bytes.put_size(payload.len());
    dialect.append(&mut bytes);
    bytes.extend_from_slice(&payload);
    let seal = seal.map_or([0; SEAL], |seal| seal.seal(&[channel, &bytes]));
    bytes.extend_from_slice(&seal);
    bytes
}

impl Envelope {
    /// Takes a message apart.
    pub(super) fn open(bytes: &Bytes) -> Result<Self, Unusable> {
        let mut reader = Reader::new(bytes);
        if reader.array() != Some(*MAGIC) {
            return Err(Unusable::Foreign);
        }
        match reader.u8().ok_or(Unusable::Damaged)? {
            version if Dialect::is_understood(version) => {}
            version => return Err(Unusable::Version(version)),
        }
        Self::open_known(bytes, reader).ok_or(Unusable::Damaged)
    }

    fn open_known(bytes: &Bytes, mut reader: Reader<'_>) -> Option<Self> {
        let head_length = usize::from(reader.u8()?);
        let kind = reader.u8()?;
        let head = Head {
            node: NodeId::from_random(reader.u64()?),
            sequence: reader.u64()?,
            tag: Tag(reader.array()?),
        };
        let payload_length = reader.size()?;
        reader.take(head_length.checked_sub(HEAD)?)?;
        reader.take(payload_length)?;
        let end = head_length + payload_length;
        Some(Self {
            head,
            kind,
            sealed: bytes.slice(..end),
            head_length,
            seal: reader.array()?,
            postscript: bytes.slice(end + SEAL..),
        })
    }

    /// Whether a server says that it goes: a hint to look who is there, which is believed unsealed.
    pub(super) fn is_farewell(&self) -> bool {
        self.kind == kind::LEFT
    }

    /// Reads a message that was heard on a channel of Redis, if its seal is the application's.
    pub(super) fn read(
        self,
        channel: &[u8],
        (application, seal): (ApplicationIndex, &Seal),
    ) -> Result<Said, Unusable> {
        if self.head.tag != seal.tag() || !seal.fits(&[channel, &self.sealed], &self.seal) {
            return Err(Unusable::Forged);
        }
        let payload = self.sealed.slice(self.head_length..);
        let mut reader = Reader::new(&payload);
        let said = match self.kind {
            kind::ATTACHED..=kind::TERMINATE => self.message(application).map(Said::Message),
            kind::BACK => back(&mut reader).map(Said::Back),
            kind::AGAIN => again(&payload, reader),
            kind::TOLD => reader.u64().map(Said::Told),
            kind => return Err(Unusable::Kind(kind)),
        };
        said.ok_or(Unusable::Damaged)
    }

    fn message(&self, application: ApplicationIndex) -> Option<Message> {
        let payload = self.sealed.slice(self.head_length..);
        let mut reader = Reader::new(&payload);
        Some(match self.kind {
            kind::ATTACHED => Message::Attached(version(&mut reader)?, part(&mut reader)?),
            kind::CHANGED => Message::Changed(version(&mut reader)?, change(&mut reader)?),
            kind::DETACHED => Message::Detached(version(&mut reader)?),
            kind::SHARED => Message::Shared,
            kind::EVENT => event(&payload, reader, || {
                std::str::from_utf8(&self.postscript).ok()?.parse().ok()
            })?,
            kind::TERMINATE => Message::Terminate {
                application,
                user_id: Arc::from(reader.text()?),
            },
            _ => return None,
        })
    }
}

/// An event. One that is kept has a number.
fn event(
    payload: &Bytes,
    mut reader: Reader<'_>,
    number: impl FnOnce() -> Option<u64>,
) -> Option<Message> {
    let ticket = reader.u64()?;
    let flags = reader.u8()?;
    let except = match flags & HAS_EXCEPT {
        0 => None,
        _ => Some(SocketId::parse(reader.text()?)?),
    };
    let remaining = match flags & IS_KEPT {
        0 => None,
        _ => Some(Duration::from_millis(reader.u64()?)),
    };
    let length = reader.size()?;
    let start = payload.len() - reader.rest().len();
    if start + length > payload.len() {
        return None;
    }
    let message = payload.slice(start..start + length);
    let kept = match remaining {
        None => None,
        Some(remaining) => Some(Kept {
            message: message.clone(),
            version: number()?,
            remaining,
        }),
    };
    Some(Message::Event {
        message,
        except,
        ticket,
        kept,
    })
}

fn back(reader: &mut Reader<'_>) -> Option<Back> {
    Some(Back {
        deaf: Duration::from_millis(reader.u64()?),
        ticket: reader.u64()?,
        sequence: reader.u64()?,
    })
}

fn again(payload: &Bytes, mut reader: Reader<'_>) -> Option<Said> {
    let channel = ChannelName::parse(reader.text()?).ok()?;
    // Which number Redis gave it is not known any more.
    Some(Said::Again(channel, event(payload, reader, || Some(0))?))
}

fn payload(said: &Said) -> (u8, Vec<u8>) {
    let mut payload = Vec::new();
    let kind = match said {
        Said::Message(message) => put_message(&mut payload, message),
        Said::Farewell => kind::LEFT,
        Said::Back(back) => {
            let deaf = back.deaf.as_millis();
            payload.put_u64(deaf.try_into().unwrap_or(u64::MAX));
            payload.put_u64(back.ticket);
            payload.put_u64(back.sequence);
            kind::BACK
        }
        Said::Again(channel, message) => {
            payload.put_text(channel.as_str());
            put_message(&mut payload, message);
            kind::AGAIN
        }
        Said::Told(forgotten) => {
            payload.put_u64(*forgotten);
            kind::TOLD
        }
    };
    (kind, payload)
}

/// Appends what a message says, and tells its kind.
fn put_message(payload: &mut Vec<u8>, message: &Message) -> u8 {
    match message {
        Message::Attached(version, part) => {
            put_version(payload, *version);
            put_part(payload, part);
            kind::ATTACHED
        }
        Message::Changed(version, change) => {
            put_version(payload, *version);
            put_change(payload, change);
            kind::CHANGED
        }
        Message::Detached(version) => {
            put_version(payload, *version);
            kind::DETACHED
        }
        Message::Shared => kind::SHARED,
        Message::Event {
            message,
            except,
            ticket,
            kept,
        } => {
            let remaining = kept.as_ref().map(|kept| kept.remaining);
            put_event(payload, message, (*except, *ticket, remaining));
            kind::EVENT
        }
        Message::Terminate { user_id, .. } => {
            payload.put_text(user_id);
            kind::TERMINATE
        }
    }
}

fn put_version(payload: &mut Vec<u8>, version: Version) {
    payload.put_u64(version.generation);
    payload.put_u64(version.number);
}

fn version(reader: &mut Reader<'_>) -> Option<Version> {
    Some(Version {
        generation: reader.u64()?,
        number: reader.u64()?,
    })
}

fn put_members(payload: &mut Vec<u8>, members: &[Arc<Member>]) {
    payload.put_size(members.len());
    for member in members {
        payload.put_text(member.channel_data());
    }
}

fn members(reader: &mut Reader<'_>) -> Option<Vec<Arc<Member>>> {
    reader.list(|reader| Member::parse(reader.text()?).ok().map(Arc::new))
}

fn put_part(payload: &mut Vec<u8>, part: &Part) {
    payload.put_u64(part.subscriptions as u64);
    put_members(payload, &part.members);
}

fn part(reader: &mut Reader<'_>) -> Option<Part> {
    Some(Part {
        subscriptions: reader.u64()?.try_into().ok()?,
        members: members(reader)?,
    })
}

fn put_change(payload: &mut Vec<u8>, change: &Change) {
    payload.put_u64(change.subscriptions as u64);
    put_members(payload, &change.joined);
    payload.put_size(change.left.len());
    for user in &change.left {
        payload.put_text(user.as_str());
    }
}

fn change(reader: &mut Reader<'_>) -> Option<Change> {
    Some(Change {
        subscriptions: reader.u64()?.try_into().ok()?,
        joined: members(reader)?,
        left: reader.list(|reader| UserId::from_text(reader.text()?))?,
    })
}

fn put_event(
    payload: &mut Vec<u8>,
    message: &Bytes,
    (except, ticket, remaining): (Option<SocketId>, u64, Option<Duration>),
) {
    payload.put_u64(ticket);
    let flag = |flag, is_set: bool| if is_set { flag } else { 0 };
    payload.push(flag(HAS_EXCEPT, except.is_some()) | flag(IS_KEPT, remaining.is_some()));
    if let Some(except) = except {
        payload.put_text(&except.to_string());
    }
    if let Some(remaining) = remaining {
        payload.put_u64(remaining.as_millis().try_into().unwrap_or(u64::MAX));
    }
    payload.put_size(message.len());
    payload.extend_from_slice(message);
}
