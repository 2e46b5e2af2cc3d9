//! What is said again to a node that was cut off, and the question for it.

use std::{collections::VecDeque, time::Instant};

use super::{Broker, Identity, Wants, message};
use crate::{
    cluster::{
        coordinator::Message,
        envelope::{Back, Said},
        memory::Question,
    },
    engine::{
        ApplicationIndex,
        cluster::{Name, NodeId},
    },
};

/// What one node is told, as far as it was not.
pub(super) struct Answer {
    node: NodeId,
    said: VecDeque<(ApplicationIndex, Said)>,
}

impl Broker {
    /// Asks a node what it has said meanwhile.
    pub(in crate::cluster) fn ask_again(
        &mut self,
        identity: &mut Identity,
        question: &Question,
        now: Instant,
    ) {
        let mut known = identity.engine.applications().indices();
        // Where there is none, nobody has published anything either.
        let Some(application) = question.application.or_else(|| known.next()) else {
            return;
        };
        drop(known);
        let said = Said::Back(question.back);
        self.say(identity, question.node, (application, &said), now);
    }

    /// Prepares what a node is told that is back; what it is told already it need not ask for.
    pub(in crate::cluster) fn say_again(
        &mut self,
        identity: &Identity,
        (node, application): (NodeId, ApplicationIndex),
        back: &Back,
        now: Instant,
    ) {
        if self.answers.iter().any(|answer| answer.node == node) {
            return;
        }
        let missed = identity.recall.missed(back, now);
        let mut said = VecDeque::with_capacity(missed.events.len() + 1);
        for (topic, event) in missed.events {
            if let Name::Channel(name) = topic.name {
                said.push_back((topic.application, Said::Again(name, message(event))));
            }
        }
        for (application, user_id) in missed.terminations {
            let message = Message::Terminate {
                application,
                user_id,
            };
            said.push_back((application, Said::Message(message)));
        }
        said.push_back((application, Said::Told(missed.forgotten)));
        self.answers.push_back(Answer { node, said });
    }

    /// Says again what is to be said, as far as Redis keeps up: it is in nobody's way.
    pub(in crate::cluster) fn go_on(&mut self, identity: &mut Identity, now: Instant) {
        /// Answers of Redis that are waited for.
        const MOST_PENDING: usize = 256;
        /// Bytes that Redis has not taken.
        const MOST_QUEUED: usize = 1024 * 1024;
        while self.pending.len() < MOST_PENDING && self.link.queued() < MOST_QUEUED {
            let Some(answer) = self.answers.front_mut() else {
                return;
            };
            let node = answer.node;
            match answer.said.pop_front() {
                Some((application, said)) => self.say(identity, node, (application, &said), now),
                None => drop(self.answers.pop_front()),
            }
        }
    }

    /// Says something to one node.
    fn say(
        &mut self,
        identity: &mut Identity,
        node: NodeId,
        (application, said): (ApplicationIndex, &Said),
        now: Instant,
    ) {
        let channel = identity.names.node(node);
        let message = identity.sealed(&channel, application, said);
        let command = [self.publish(), channel.as_bytes(), &message];
        self.command(&command, Wants::Done, now);
    }
}
