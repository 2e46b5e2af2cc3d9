//! Nodes around a broker, and the time, which passes when it is told to.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use reverb::{
    cluster::{Command, Input},
    engine::{
        Application,
        cluster::{NodeId, Topic},
    },
    protocol::ChannelName,
};

use super::{broker::Broker, chance::Chance, node::Node};

/// Between two looks of a coordinator at the clock.
const TICK: Duration = Duration::from_millis(100);

pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) now: Instant,
    pub(crate) broker: Broker,
    pub(crate) nodes: Vec<Node>,
    settings: fn() -> Application,
    /// When the workers looked at the clock.
    looked: Instant,
    next: u64,
}

impl World {
    pub(crate) fn new(seed: u64, nodes: usize, settings: fn() -> Application) -> Self {
        let now = Instant::now();
        let mut world = Self {
            chance: Chance::new(seed),
            now,
            broker: Broker::default(),
            nodes: Vec::new(),
            settings,
            looked: now,
            next: 0,
        };
        (0..nodes).for_each(|_| world.start_node());
        world
    }

    /// A new node, connected.
    pub(crate) fn start_node(&mut self) {
        let id = self.next_number();
        self.nodes.push(Node::new(id, (self.settings)()));
        if let Some(node) = self.nodes.last_mut() {
            node.connect(self.now);
        }
    }

    /// A node is gone, with its clients and without a word.
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes.swap_remove(node);
    }

    /// A node loses its connection to the broker.
    pub(crate) fn cut_off(&mut self, node: usize) {
        self.nodes[node].disconnect(self.now);
    }

    /// All nodes lose theirs.
    pub(crate) fn lose_broker(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.cut_off(node));
    }

    /// Whoever is cut off finds the broker again.
    pub(crate) fn connect_all(&mut self) {
        let now = self.now;
        let nodes = self.nodes.iter_mut();
        nodes
            .filter(|node| !node.is_connected)
            .for_each(|node| node.connect(now));
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A new client of a node.
    pub(crate) fn connect(&mut self, node: usize) -> usize {
        let number = self.next_number();
        let worker = self.chance.below(2);
        self.nodes[node].open(format!("client {number}"), number, worker, self.now)
    }

    pub(crate) fn subscribe(&mut self, node: usize, client: usize, channel: &str, user: usize) {
        let message = self.nodes[node].clients[client].subscribe(channel, user);
        self.nodes[node].say(client, &message, self.now);
    }

    /// One thing happens that is due somewhere; false if nothing is.
    pub(crate) fn step(&mut self) -> bool {
        let count = self.nodes.len();
        let first = self.chance.below(count);
        let kind = self.chance.below(6);
        (0..count).any(|offset| {
            let node = (first + offset) % count;
            (0..6).any(|next| self.try_step(node, (kind + next) % 6))
        })
    }

    fn try_step(&mut self, index: usize, kind: usize) -> bool {
        let now = self.now;
        let node = &mut self.nodes[index];
        match kind {
            0 => self.carry_out(index),
            1 => self.take_wish(index),
            2 => match node.replies.pop_front() {
                Some(reply) => {
                    node.handle(reply, now);
                    true
                }
                None => false,
            },
            3 => match node.heard.pop_front() {
                Some(message) => {
                    node.handle(message, now);
                    true
                }
                None => false,
            },
            4 => node.answer_bell(now),
            _ => {
                // Workers are never idle for certain: they look, and that is no step.
                let worker = self.chance.below(2);
                node.work(worker, now);
                false
            }
        }
    }

    /// The broker carries out a node's next command.
    fn carry_out(&mut self, index: usize) -> bool {
        let node = &mut self.nodes[index];
        let Some(command) = node.commands.pop_front() else {
            return false;
        };
        let from = node.id;
        let effects = self
            .broker
            .carry_out(from, &mut node.generation, command, self.now);
        node.replies.extend(effects.reply);
        for (topic, message) in effects.told {
            for node in &mut self.nodes {
                let hears = (topic.as_ref()).is_none_or(|topic| node.hears.contains(topic));
                if node.is_connected && hears {
                    node.heard.push_back(Input::Message {
                        from,
                        topic: topic.clone(),
                        message: message.clone(),
                    });
                }
            }
        }
        true
    }

    fn take_wish(&mut self, index: usize) -> bool {
        let node = &mut self.nodes[index];
        match node.wishes.pop_front() {
            Some(Command::Subscribe(topics)) => {
                for topic in topics {
                    node.hears.insert(topic.clone());
                    node.heard.push_back(Input::Subscribed(topic));
                }
                true
            }
            Some(Command::Unsubscribe(topics)) => {
                node.hears.retain(|topic| !topics.contains(topic));
                true
            }
            _ => false,
        }
    }

    /// All that is due happens.
    pub(crate) fn settle(&mut self) {
        loop {
            while self.step() {}
            for node in &mut self.nodes {
                (0..2).for_each(|worker| node.work(worker, self.now));
            }
            if !self.step() {
                return;
            }
        }
    }

    /// Time passes for everybody.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        let is_second = self.now.duration_since(self.looked) >= Duration::from_secs(1);
        if is_second {
            self.looked = self.now;
        }
        for node in &mut self.nodes {
            node.tick(self.now);
            if is_second {
                node.tick_workers(self.now);
            }
        }
    }

    /// So much time passes, and all that is due happens in it.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        // A long time need not be looked at so closely.
        let tick = if time > 10 * TICK { 5 * TICK } else { TICK };
        while self.now < end {
            self.pass(tick);
            self.settle();
        }
    }

    /// Who is in a channel in truth, and how many connections: what the clients asked for.
    pub(crate) fn truth(&self, channel: &str) -> (BTreeSet<String>, usize) {
        let clients = self.nodes.iter().flat_map(|node| &node.clients);
        let views = clients.filter_map(|client| client.views.get(channel));
        let (mut users, mut subscriptions) = (BTreeSet::new(), 0);
        for view in views {
            users.extend(view.user.clone());
            subscriptions += 1;
        }
        (users, subscriptions)
    }

    pub(crate) fn topic(&self, channel: &str) -> Topic {
        let name = ChannelName::parse(channel).expect("a name");
        Topic::channel(self.nodes[0].application(), &name)
    }

    /// The parts that the broker knows.
    pub(crate) fn parts(&self, channel: &str) -> BTreeMap<NodeId, (usize, BTreeSet<String>)> {
        let parts = self
            .broker
            .parts(&self.topic(channel), self.now)
            .into_iter();
        let known = parts.map(|(node, part)| {
            let users = part
                .members
                .iter()
                .map(|member| member.user_id().as_str().to_owned());
            (node, (part.subscriptions, users.collect()))
        });
        known
            .filter(|(_, (subscriptions, _))| *subscriptions > 0)
            .collect()
    }
}
