//! What Redis' replies mean to the coordinator.

use std::time::Instant;

use super::{Broker, Identity, Outcome, Wants};
use crate::{
    cluster::{
        coordinator::Input,
        link::{self, LinkError, Reply},
        value,
    },
    engine::cluster::{Answer, RemotePart, Snapshot, Topic},
};

impl Broker {
    /// The next answer of those that have come, and what it led to.
    pub(in crate::cluster) fn next(
        &mut self,
        identity: &mut Identity,
        now: Instant,
    ) -> Result<Option<Outcome>, LinkError> {
        let Some(reply) = self.link.next()? else {
            return Ok(None);
        };
        let Some(pending) = self.pending.pop_front() else {
            return Err(LinkError::Misunderstood("an answer to nothing".to_owned()));
        };
        let reply = match reply {
            Reply::Error(text) if text.starts_with("EXPIRED") => {
                return Ok(Some(self.expired(pending.wants)));
            }
            Reply::Error(text) => {
                // What this Redis refuses now, it or another one may take later; but not what is wrong.
                if !text.starts_with("ERR") {
                    self.pending.push_front(pending);
                }
                return Err(LinkError::refused(&text));
            }
            reply => reply,
        };
        self.understand(identity, pending.wants, reply, now)
            .map(Some)
            .ok_or_else(|| LinkError::Misunderstood("an answer of a script".to_owned()))
    }

    fn expired(&mut self, wants: Wants) -> Outcome {
        match wants {
            Wants::Left => Outcome::Left,
            _ => Outcome::Input(Input::Expired),
        }
    }

    fn understand(
        &mut self,
        identity: &mut Identity,
        wants: Wants,
        reply: Reply,
        now: Instant,
    ) -> Option<Outcome> {
        Some(Outcome::Input(match wants {
            Wants::Done | Wants::Owed(_) => return Some(Outcome::Nothing),
            Wants::Left if link::integer(reply.clone())? > 0 => {
                self.leave(identity, now);
                return Some(Outcome::Nothing);
            }
            Wants::Left => return Some(Outcome::Left),
            Wants::Registered if matches!(reply, Reply::Integer(_)) => {
                self.register(identity, now);
                return Some(Outcome::Nothing);
            }
            Wants::Registered => {
                self.is_registering = false;
                for command in std::mem::take(&mut self.waiting) {
                    self.carry_out(identity, command, now);
                }
                beaten(reply)?
            }
            Wants::Beaten => beaten(reply)?,
            Wants::Attached(topic) => self.attached(identity, topic, reply)?,
            Wants::Claimed(topic, ticket) => Input::Claimed {
                topic,
                ticket,
                granted: link::integer(reply)? == 1,
            },
            Wants::Admitted(application) => Input::Admitted {
                application,
                admitted: link::integer(reply)?.try_into().ok()?,
            },
            Wants::Channels(ticket, application) => {
                let channels = self.channels(identity, application, reply)?;
                answered(ticket, Answer::Channels(channels))
            }
            Wants::ChannelsLike(listing) => {
                return self.listed(identity, listing, reply, now);
            }
            Wants::Members(ticket, topic) => {
                let members = self.members(identity, &topic, reply)?;
                answered(ticket, members)
            }
            Wants::Connections(ticket) => {
                let count = link::integer(reply)?.try_into().ok()?;
                answered(ticket, Answer::Connections(count))
            }
        }))
    }

    fn attached(&self, identity: &mut Identity, topic: Topic, reply: Reply) -> Option<Input> {
        let key = identity.names.topic(&self.engine, &topic);
        let seal = identity.names.seal(&self.engine, topic.application);
        let mut reply = link::array(reply)?.into_iter();
        let holder = reply.next()?;
        let kept = reply.next()?;
        let parts = link::array(reply.next()?)?.into_iter();
        let parts: Vec<RemotePart> = parts
            .filter_map(|part| value::read_part(seal, &key, part))
            .collect();
        let kept = value::read_kept(seal, &key, kept);
        Some(Input::Attached {
            topic,
            snapshot: Snapshot { parts, kept },
            holder: value::read_node(holder).map(|(node, _)| node),
        })
    }
}

fn beaten(reply: Reply) -> Option<Input> {
    let alive = link::array(reply)?.into_iter();
    let alive = alive.filter_map(|node| value::read_node(node).map(|(node, _)| node));
    Some(Input::Beaten {
        alive: alive.collect(),
    })
}

pub(super) fn answered(ticket: u64, answer: Answer) -> Input {
    Input::Answered {
        ticket,
        answer: Some(answer),
    }
}
