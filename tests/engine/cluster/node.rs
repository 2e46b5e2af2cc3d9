//! A node: a real engine, its workers and its coordinator, and what is on its way to and from the
//! broker.

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use reverb::{
    cluster::{Command, Coordinator, Input, Pace},
    engine::{
        Application, ApplicationIndex, Applications, Engine, EventKinds, Limits, Notices, Opening,
        Publication, Wake, Worker,
        cluster::{NodeId, Scaling, Topic},
    },
    protocol::{ChannelName, SocketId},
    websocket::{Compression, Message},
};
use serde_json::Value;

use super::client::{Client, Pipe};

struct Bell(Arc<AtomicBool>);

impl Wake for Bell {
    fn wake(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct NoThread;

impl Wake for NoThread {
    fn wake(&self) {}
}

pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) engine: Arc<Engine>,
    pub(crate) workers: Vec<Worker<Pipe>>,
    coordinator: Coordinator,
    bell: Arc<AtomicBool>,
    pub(crate) clients: Vec<Client>,
    pub(crate) is_connected: bool,
    pub(crate) generation: u64,
    pub(crate) hears: HashSet<Topic>,
    /// To the broker on one connection, and from it.
    pub(crate) commands: VecDeque<Command>,
    pub(crate) replies: VecDeque<Input>,
    /// The same on the other connection.
    pub(crate) wishes: VecDeque<Command>,
    pub(crate) heard: VecDeque<Input>,
}

const WORKERS: usize = 2;

impl Node {
    pub(crate) fn new(id: u64, application: Application) -> Self {
        let bell = Arc::new(AtomicBool::new(false));
        let wakers = (0..WORKERS).map(|_| Box::new(NoThread) as Box<dyn Wake>);
        let notices = Notices::new(false, EventKinds::default()).expect("a pipe");
        let limits = Limits {
            max_backlog: 1 << 20,
            max_request_size: 1 << 20,
            cache_ttl: Duration::from_secs(1800),
            compression: Compression::Off,
            coalesce: Duration::ZERO,
        };
        let id = NodeId::from_random(id);
        let scaling = Scaling {
            node: id,
            waker: Box::new(Bell(Arc::clone(&bell))),
        };
        let engine = Arc::new(Engine::scaled(
            Applications::new(vec![application]),
            wakers.collect(),
            Arc::new(notices),
            limits,
            Some(scaling),
        ));
        let pace = Pace {
            // Less than a run waits at its end.
            mourning: Duration::from_secs(2),
            ..Pace::default()
        };
        Self {
            id,
            workers: (0..WORKERS)
                .map(|index| Worker::new(Arc::clone(&engine), index))
                .collect(),
            coordinator: Coordinator::new(Arc::clone(&engine), id, pace),
            engine,
            bell,
            clients: Vec::new(),
            is_connected: false,
            generation: 0,
            hears: HashSet::new(),
            commands: VecDeque::new(),
            replies: VecDeque::new(),
            wishes: VecDeque::new(),
            heard: VecDeque::new(),
        }
    }

    pub(crate) fn application(&self) -> ApplicationIndex {
        self.engine
            .applications()
            .by_id("1")
            .expect("the application")
    }

    /// Hands an input to the coordinator, and sends what follows.
    pub(crate) fn handle(&mut self, input: Input, now: Instant) {
        self.coordinator.handle(input, now);
        for command in self.coordinator.take_commands() {
            match command {
                Command::Subscribe(_) | Command::Unsubscribe(_) => self.wishes.push_back(command),
                _ => self.commands.push_back(command),
            }
        }
    }

    /// Looks whether the engine has something for the others.
    pub(crate) fn answer_bell(&mut self, now: Instant) -> bool {
        let rings = self.bell.swap(false, Ordering::SeqCst);
        if rings {
            self.handle(Input::Outbox, now);
        }
        rings
    }

    pub(crate) fn connect(&mut self, now: Instant) {
        self.is_connected = true;
        self.handle(Input::Connected, now);
    }

    /// The connections are gone, with all that was on them.
    pub(crate) fn disconnect(&mut self, now: Instant) {
        self.is_connected = false;
        self.hears.clear();
        for queue in [&mut self.commands, &mut self.wishes] {
            queue.clear();
        }
        for queue in [&mut self.replies, &mut self.heard] {
            queue.clear();
        }
        self.handle(Input::Disconnected, now);
    }

    pub(crate) fn open(&mut self, name: String, socket: u64, worker: usize, now: Instant) -> usize {
        let socket_id = SocketId::from_random(socket);
        let pipe = Pipe::default();
        let opening = Opening {
            head: Bytes::new(),
            application: Ok(self.application()),
            origin: None,
            address: "",
            socket_id,
            window: None,
        };
        let key = self.workers[worker].open(pipe.clone(), opening, now);
        self.clients
            .push(Client::new(name, (worker, key), socket_id, pipe));
        self.clients.len() - 1
    }

    pub(crate) fn say(&mut self, client: usize, message: &Value, now: Instant) {
        let client = &self.clients[client];
        let worker = &mut self.workers[client.worker];
        worker.receive(
            client.key,
            Message::Text(Cow::Owned(message.to_string())),
            now,
        );
        worker.flush(client.key, now);
    }

    pub(crate) fn hang_up(&mut self, client: usize) {
        let client = self.clients.swap_remove(client);
        self.workers[client.worker].remove(client.key);
    }

    pub(crate) fn publish(
        &self,
        channel: &str,
        (publisher, number): (u64, u64),
        except: Option<SocketId>,
        now: Instant,
    ) {
        let data = format!(r#"{{"p":{publisher},"n":{number}}}"#);
        let publication = Publication {
            event: "E",
            data: &data,
            channels: &[ChannelName::parse(channel).expect("a name")],
            except,
        };
        self.engine.publish(self.application(), &publication, now);
    }

    /// A worker does what it finds, and its clients read.
    pub(crate) fn work(&mut self, worker: usize, now: Instant) {
        let acting = &mut self.workers[worker];
        acting.drain_inbox(now);
        while acting.sweep(4, now) {
            acting.drain_inbox(now);
        }
        for key in acting.take_gone() {
            acting.remove(key);
        }
        acting.take_greeted();
        let clients = self.clients.iter_mut();
        clients
            .filter(|client| client.worker == worker)
            .for_each(Client::listen);
    }

    pub(crate) fn tick(&mut self, now: Instant) {
        self.handle(Input::Tick, now);
    }

    /// The look at the clock that workers have once a second.
    pub(crate) fn tick_workers(&mut self, now: Instant) {
        self.workers.iter_mut().for_each(|worker| worker.tick(now));
    }
}
