//! A node that does what a test tells it, on a real Redis.

use std::time::{Duration, Instant};

use tokio::{runtime::Runtime, time::timeout};

use super::{engine, ids, member, redis::Redis};
use crate::{
    cluster::{
        broker::{Broker, Identity, Outcome},
        connect::Connector,
        coordinator::{Command, Input, Message},
        ears::{Ears, News},
        link::LinkError,
        memory::Memory,
        names::{self, Names},
        script::Scripts,
        settings::{Address, Credentials, Dialect, Settings, Times, Topology},
    },
    engine::{
        ApplicationIndex,
        cluster::{Answer, Change, Kept, NodeId, Part, Question, Snapshot, Topic, Version},
    },
    protocol::{ChannelName, UserId},
};

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// No test lasts as long; so a node is alive that does not renew it.
pub(super) const LEASE: Duration = Duration::from_secs(3600);

pub(super) fn settings(redis: &Redis, channel: &str, lease: Duration) -> Settings {
    Settings {
        channel: channel.to_owned(),
        prefix: String::new(),
        topology: Topology::Single(Address::Tcp("127.0.0.1".to_owned(), redis.port())),
        credentials: Credentials::default(),
        database: 0,
        tls: None,
        times: Times {
            lease,
            connect: PATIENCE,
            ..Times::default()
        },
        dialect: Dialect::default(),
    }
}

/// A node that does what it is told.
pub(super) struct Node {
    pub(super) runtime: Runtime,
    pub(super) broker: Broker,
    pub(super) ears: Ears,
    pub(super) identity: Identity,
    pub(super) memory: Memory,
    pub(super) number: u64,
}

impl Node {
    pub(super) fn new(redis: &Redis, id: u64) -> Self {
        Self::with(&settings(redis, "reverb", LEASE), "s", id)
    }

    pub(super) fn with(settings: &Settings, secret: &str, id: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let root = names::root(settings);
        let connector = Connector::new(settings.clone(), root.clone()).expect("a connector");
        let node = NodeId::from_random(id);
        let identity = Identity::new(engine(secret), node, (Names::new(root), settings.dialect));
        let (broker, ears) = runtime
            .block_on(async {
                let found = connector.find().await?;
                let mut link = connector.open(&found.address).await?;
                let scripts = Scripts::load(&mut link, &connector).await?;
                let link_too = connector.open(&found.address).await?;
                let ears = Ears::open(link_too, &identity, false, PATIENCE).await?;
                let times = (settings.times.lease, false);
                Ok::<_, LinkError>((Broker::new(link, scripts, &identity, times), ears))
            })
            .expect("connections");
        let mut own = Self {
            runtime,
            broker,
            ears,
            identity,
            memory: Memory::new(node),
            number: 0,
        };
        own.register(1);
        own
    }

    pub(super) fn register(&mut self, generation: u64) {
        let Input::Beaten { alive } = self.ask(Command::Register { generation }) else {
            panic!("no beat");
        };
        assert!(!alive.is_empty());
    }

    /// Carries out a command that has no reply.
    pub(super) fn tell(&mut self, command: Command) {
        let now = Instant::now();
        self.broker.carry_out(&mut self.identity, command, now);
    }

    /// Carries out a command and waits for its reply.
    pub(super) fn ask(&mut self, command: Command) -> Input {
        self.tell(command);
        let Self {
            runtime,
            broker,
            identity,
            ..
        } = self;
        let reply = async {
            loop {
                while let Some(outcome) = broker.next(identity, Instant::now()).expect("a reply") {
                    if let Outcome::Input(input) = outcome {
                        return input;
                    }
                }
                broker.progress().await.expect("a connection");
            }
        };
        runtime
            .block_on(async { timeout(PATIENCE, reply).await })
            .expect("a reply in time")
    }

    /// The next that is heard.
    pub(super) fn hear(&mut self) -> News {
        let Self {
            runtime,
            ears,
            identity,
            memory,
            ..
        } = self;
        let heard = async {
            loop {
                let next = ears.next(identity, memory, Instant::now());
                match next.expect("good news") {
                    Some(News::Nothing) => {}
                    Some(news) => return news,
                    None => ears.progress().await.expect("a connection"),
                }
            }
        };
        runtime
            .block_on(async { timeout(PATIENCE, heard).await })
            .expect("news in time")
    }

    pub(super) fn hear_message(&mut self) -> (NodeId, Message) {
        match self.hear() {
            News::Input(Input::Message { from, message, .. }) => (from, message),
            other => panic!("{:?}", news(&other)),
        }
    }

    pub(super) fn listen(&mut self, topic: &Topic) {
        self.ears.subscribe(&mut self.identity, vec![topic.clone()]);
        assert!(matches!(self.hear(), News::Input(Input::Subscribed(heard)) if heard == *topic));
    }

    pub(super) fn index(&self) -> ApplicationIndex {
        self.identity
            .engine
            .applications()
            .by_id("1")
            .expect("an application")
    }

    pub(super) fn topic(&self, channel: &str) -> Topic {
        Topic::channel(self.index(), &name(channel))
    }

    pub(super) fn version(&mut self) -> Version {
        self.number += 1;
        Version {
            generation: 1,
            number: self.number,
        }
    }

    /// Sets its part, and learns who is there and who is the holder.
    pub(super) fn attach(
        &mut self,
        channel: &str,
        count: usize,
        members: &[&str],
    ) -> (Snapshot, Option<NodeId>) {
        self.attach_keeping(channel, count, members, None)
    }

    pub(super) fn attach_keeping(
        &mut self,
        channel: &str,
        subscriptions: usize,
        members: &[&str],
        kept: Option<Kept>,
    ) -> (Snapshot, Option<NodeId>) {
        let command = Command::Attach {
            topic: self.topic(channel),
            version: self.version(),
            part: Part {
                subscriptions,
                members: members.iter().map(|id| member(id)).collect(),
            },
            kept,
        };
        match self.ask(command) {
            Input::Attached {
                snapshot, holder, ..
            } => (snapshot, holder),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn change(
        &mut self,
        channel: &str,
        subscriptions: usize,
        joined: &[&str],
        left: &[&str],
    ) {
        let command = Command::Change {
            topic: self.topic(channel),
            version: self.version(),
            change: Change {
                subscriptions,
                joined: joined.iter().map(|id| member(id)).collect(),
                left: left.iter().filter_map(|id| UserId::from_text(id)).collect(),
            },
        };
        self.tell(command);
    }

    pub(super) fn claim(&mut self, channel: &str) -> bool {
        let topic = self.topic(channel);
        match self.ask(Command::Claim { topic, ticket: 5 }) {
            Input::Claimed {
                granted, ticket: 5, ..
            } => granted,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn question(&mut self, question: Question) -> Answer {
        match self.ask(Command::Ask {
            ticket: 3,
            question,
        }) {
            Input::Answered {
                ticket: 3,
                answer: Some(answer),
            } => answer,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn admit(&mut self, connections: usize, asking: usize, most: usize) -> usize {
        let command = Command::Count {
            application: self.index(),
            connections,
            asking,
            most: Some(most),
        };
        match self.ask(command) {
            Input::Admitted { admitted, .. } => admitted,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn news(news: &News) -> &'static str {
    match news {
        News::Nothing => "nothing",
        News::Input(_) => "an input",
        News::Farewell => "a farewell",
        News::Back { .. } => "somebody who is back",
    }
}

pub(super) fn name(channel: &str) -> ChannelName {
    ChannelName::parse(channel).expect("a name")
}

pub(super) fn node(id: u64) -> Option<NodeId> {
    Some(NodeId::from_random(id))
}

/// What a snapshot says: of each node its connections and its users.
pub(super) fn parts(snapshot: &Snapshot) -> Vec<(u64, usize, Vec<&str>)> {
    let mut parts: Vec<_> = snapshot
        .parts
        .iter()
        .map(|part| {
            (
                part.node.number(),
                part.part.subscriptions,
                ids(&part.part.members),
            )
        })
        .collect();
    parts.sort_unstable();
    parts
}
