//! What the engine has for the others.

use std::time::Instant;

use super::{
    Command, Coordinator, Link,
    topic::{Followed, Stage},
};
use crate::engine::{
    ApplicationIndex,
    cluster::{Asker, Change, Outgoing, Question, Topic},
};

/// Events taken at a time: the driver is given them when it has sent those before.
const BATCH: usize = 1024;

/// Questions that wait for an answer; further ones are not asked.
const MOST_QUESTIONS: usize = 1000;

/// Connections that wait for admission, while it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counting {
    asking: usize,
    /// There is more to tell when the answer is here.
    is_stale: bool,
}

impl Coordinator {
    /// Takes what the outbox holds, as far as it may go.
    pub(super) fn take_outgoing(&mut self) {
        let Link::Up { is_open, .. } = self.link else {
            return;
        };
        let mut taken = Vec::new();
        let mut wanted = Vec::new();
        loop {
            self.engine.take_outgoing(BATCH, &mut taken);
            if taken.is_empty() {
                break;
            }
            for item in taken.drain(..) {
                match item {
                    Outgoing::Topic(topic) => self.tell_topic(topic, &mut wanted),
                    Outgoing::Connections(application) => self.tell_connections(application),
                    Outgoing::Question(question, asker) => self.ask(question, asker),
                    Outgoing::Event(..) | Outgoing::Terminate { .. } => self.owe(item),
                }
            }
        }
        if !wanted.is_empty() {
            self.commands.push(Command::Subscribe(wanted));
        }
        if is_open {
            self.engine.take_owed(BATCH, &mut taken);
            let is_all = taken.len() < BATCH;
            taken.into_iter().for_each(|item| self.owe(item));
            if !is_all {
                self.engine.ring();
            }
        }
    }

    fn ask(&mut self, question: Question, asker: Asker) {
        if self.questions.len() >= MOST_QUESTIONS {
            asker.tell(None);
            return;
        }
        let ticket = self.next_ticket();
        self.questions.insert(ticket, asker);
        self.commands.push(Command::Ask { ticket, question });
    }

    fn owe(&mut self, item: Outgoing) {
        match item {
            Outgoing::Event(topic, event) => {
                self.commands.push(Command::Publish { topic, event });
            }
            Outgoing::Terminate {
                application,
                user_id,
            } => self.commands.push(Command::Terminate {
                application,
                user_id,
            }),
            _ => {}
        }
    }

    fn tell_topic(&mut self, topic: Topic, wanted: &mut Vec<Topic>) {
        match self.topics.get(&topic).map(|followed| &followed.stage) {
            None => {
                if self.engine.is_wanted(&topic) {
                    self.topics.insert(topic.clone(), Followed::new());
                    wanted.push(topic);
                }
            }
            // Its whole part will be sent.
            Some(Stage::Subscribing) => drop(self.engine.take_change(&topic)),
            Some(_) => self.tell_change(topic),
        }
    }

    /// Tells what has become of this node's part. A mere count waits for the next tick, unless it
    /// comes from or goes to nothing.
    fn tell_change(&mut self, topic: Topic) {
        let Some(taken) = self.engine.take_change(&topic) else {
            return;
        };
        if taken.is_idle {
            self.idle.insert(topic.clone());
        } else {
            self.idle.remove(&topic);
            self.vacant.remove(&topic);
        }
        let announced = self.topics.get(&topic).map(|followed| followed.announced);
        let change = taken.change;
        let has_users = !change.joined.is_empty() || !change.left.is_empty();
        let is_edge = change.subscriptions == 0 || announced == Some(0);
        if has_users || is_edge {
            self.send_change(topic, change);
        } else {
            self.counted.insert(topic);
        }
    }

    fn send_change(&mut self, topic: Topic, change: Change) {
        let Some(followed) = self.topics.get_mut(&topic) else {
            return;
        };
        let has_users = !change.joined.is_empty() || !change.left.is_empty();
        if !has_users && change.subscriptions == followed.announced {
            return;
        }
        followed.announced = change.subscriptions;
        let version = self.next_version();
        self.commands.push(Command::Change {
            topic,
            version,
            change,
        });
    }

    /// Tells the counts that have waited.
    pub(super) fn tell_counts(&mut self, now: Instant) {
        for topic in std::mem::take(&mut self.counted) {
            if let Some(taken) = self.engine.take_change(&topic) {
                if taken.is_idle {
                    self.idle.insert(topic.clone());
                }
                self.send_change(topic, taken.change);
            }
        }
        for topic in std::mem::take(&mut self.idle) {
            self.vacant.entry(topic).or_insert(now);
        }
        for application in std::mem::take(&mut self.recounted) {
            self.count(application);
        }
    }

    /// Has the broker count an application's connections: at once if some wait for it.
    fn tell_connections(&mut self, application: ApplicationIndex) {
        let connections = self.engine.take_connections(application);
        if connections.asking > 0 {
            self.count(application);
        } else {
            self.recounted.insert(application);
        }
    }

    fn count(&mut self, application: ApplicationIndex) {
        if let Some(counting) = self.counting.get_mut(&application) {
            counting.is_stale = true;
            return;
        }
        let connections = self.engine.take_connections(application);
        let asking = connections.asking;
        if asking > 0 {
            let is_stale = false;
            self.counting
                .insert(application, Counting { asking, is_stale });
        }
        self.commands.push(Command::Count {
            application,
            connections: connections.here,
            asking,
            most: connections.most,
        });
    }

    /// So many of those who asked are admitted.
    pub(super) fn admitted(&mut self, application: ApplicationIndex, admitted: usize) {
        let Some(counting) = self.counting.remove(&application) else {
            return;
        };
        self.engine.admit(application, counting.asking, admitted);
        if counting.is_stale {
            self.count(application);
        }
    }
}
