//! What is kept in Redis for other servers to read: sealed, so that nobody else can make it up.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    link::{self, Reply},
    seal::{SEAL, Seal},
    settings::Dialect,
    wire::{Reader, Writer},
};
use crate::{
    engine::cluster::{Kept, NodeId, Part, RemotePart, Version},
    protocol::Member,
};

/// The number of a part and how many connections it counts.
pub(super) fn part(
    dialect: Dialect,
    seal: &Seal,
    (topic, node): (&str, &str),
    (version, subscriptions): (Version, usize),
) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.put_u64(version.generation);
    payload.put_u64(version.number);
    payload.put_u64(subscriptions as u64);
    dialect.append(&mut payload);
    sealed(seal, &[b"part", topic.as_bytes(), node.as_bytes()], payload)
}

/// A member of a part.
pub(super) fn member(seal: &Seal, (topic, node): (&str, &str), member: &Member) -> Vec<u8> {
    let context: [&[u8]; 3] = [b"member", topic.as_bytes(), node.as_bytes()];
    sealed(seal, &context, member.channel_data().as_bytes().to_vec())
}

/// The event that a channel keeps.
pub(super) fn kept(seal: &Seal, topic: &str, message: &[u8]) -> Vec<u8> {
    sealed(seal, &[b"kept", topic.as_bytes()], message.to_vec())
}

/// The part of a server: its name, its value, and its members.
pub(super) fn read_part(seal: &Seal, topic: &str, reply: Reply) -> Option<RemotePart> {
    let mut reply = link::array(reply)?.into_iter();
    let (node, name) = read_node(reply.next()?)?;
    let (version, subscriptions) = read_count(seal, (topic, &name), reply.next()?)?;
    let members = read_members(seal, (topic, &name), reply.next()?);
    Some(RemotePart {
        node,
        version,
        part: Part {
            subscriptions,
            members,
        },
    })
}

/// The number of a part and how many connections it counts.
pub(super) fn read_count(
    seal: &Seal,
    (topic, node): (&str, &str),
    reply: Reply,
) -> Option<(Version, usize)> {
    let context: [&[u8]; 3] = [b"part", topic.as_bytes(), node.as_bytes()];
    let payload = opened(seal, &context, &link::bytes(reply)?)?;
    let mut reader = Reader::new(&payload);
    let version = Version {
        generation: reader.u64()?,
        number: reader.u64()?,
    };
    Some((version, reader.u64()?.try_into().ok()?))
}

/// Users and members by turns; those that are not sealed are left out.
pub(super) fn read_members(
    seal: &Seal,
    (topic, node): (&str, &str),
    reply: Reply,
) -> Vec<Arc<Member>> {
    let context: [&[u8]; 3] = [b"member", topic.as_bytes(), node.as_bytes()];
    let values = link::array(reply).unwrap_or_default();
    let members = values.into_iter().skip(1).step_by(2).filter_map(|value| {
        let data = opened(seal, &context, &link::bytes(value)?)?;
        Member::parse(std::str::from_utf8(&data).ok()?).ok()
    });
    members.map(Arc::new).collect()
}

/// Number, message and remaining milliseconds; `None` if the channel keeps nothing.
pub(super) fn read_kept(seal: &Seal, topic: &str, reply: Reply) -> Option<Kept> {
    let mut reply = link::array(reply)?.into_iter();
    let version = link::integer(reply.next()?)?.try_into().ok()?;
    let context: [&[u8]; 2] = [b"kept", topic.as_bytes()];
    let message = opened(seal, &context, &link::bytes(reply.next()?)?)?;
    let remaining = link::integer(reply.next()?)?.try_into().ok()?;
    Some(Kept {
        message,
        version,
        remaining: Duration::from_millis(remaining),
    })
}

/// A server's id, and the same as text.
pub(super) fn read_node(reply: Reply) -> Option<(NodeId, String)> {
    let name = link::text(reply)?;
    Some((NodeId::parse(&name)?, name))
}

fn sealed(seal: &Seal, context: &[&[u8]], payload: Vec<u8>) -> Vec<u8> {
    let mut parts = context.to_vec();
    parts.push(&payload);
    let mut value = seal.seal(&parts).to_vec();
    value.extend_from_slice(&payload);
    value
}

fn opened(seal: &Seal, context: &[&[u8]], value: &Bytes) -> Option<Bytes> {
    let (mark, payload) = value.split_at_checked(SEAL)?;
    let mut parts = context.to_vec();
    parts.push(payload);
    seal.fits(&parts, mark).then(|| value.slice(SEAL..))
}
