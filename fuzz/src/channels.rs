//! The engine with two workers, driven by bytes, and a naive model that says who must have received what.
//!
//! Left out on purpose, as the model would have to be as clever as the engine: time, and readers so
//! slow that they are closed. A socket may be full, though, and take its frames later.

mod model;
mod peer;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use reverb::{
    engine::{
        Application, ApplicationIndex, Applications, Engine, EventKind, Limits, Notices, Opening,
        Publication, Wake, Worker,
    },
    protocol::{ChannelName, SocketId, auth},
    websocket::{Compression, Message, Window},
};
use serde_json::{Value, json};

use self::{
    model::{CHANNELS, Model, PEERS},
    peer::{Peer, Recorder},
};

const WORKERS: usize = 2;

/// Long enough for a look at everything, short enough for many runs a second.
const MOST_STEPS: usize = 200;

struct NoThread;

impl Wake for NoThread {
    fn wake(&self) {}
}

/// Two bytes are a step: what, and with whom.
pub fn run(data: &[u8]) {
    let mut stage = Stage::new();
    for step in data.chunks_exact(2).take(MOST_STEPS) {
        stage.step(step[0], usize::from(step[1]));
        stage.listen();
    }
    stage.settle();
    for slot in 0..PEERS {
        stage.hang_up(slot);
    }
    stage.settle();
}

struct Stage {
    engine: Arc<Engine>,
    application: ApplicationIndex,
    now: Instant,
    workers: Vec<Worker<Recorder>>,
    peers: Vec<Option<Peer>>,
    model: Model,
    next_socket: u64,
}

impl Stage {
    fn new() -> Self {
        let wakers = (0..WORKERS).map(|_| Box::new(NoThread) as Box<dyn Wake>);
        let limits = Limits {
            max_backlog: usize::MAX,
            max_request_size: usize::MAX,
            cache_ttl: Duration::from_secs(60),
            compression: Compression::Deflate,
            coalesce: Duration::ZERO,
        };
        let applications = Applications::new(vec![application()]);
        let application = applications.by_key("key").expect("the application");
        // Somebody listens to everything, so that telling is tested as well.
        let kinds = EventKind::ALL.map(|(kind, _)| kind);
        let notices = Notices::new(false, kinds.into_iter().collect()).expect("a pipe");
        let notices = Arc::new(notices);
        let engine = Arc::new(Engine::new(applications, wakers.collect(), notices, limits));
        Self {
            application,
            workers: (0..WORKERS)
                .map(|index| Worker::new(Arc::clone(&engine), index))
                .collect(),
            engine,
            now: Instant::now(),
            peers: (0..PEERS).map(|_| None).collect(),
            model: Model::default(),
            next_socket: 1,
        }
    }

    fn step(&mut self, what: u8, with: usize) {
        let (slot, channel) = (with % PEERS, (with / PEERS) % CHANNELS.len());
        match what % 12 {
            0 => self.connect(slot),
            1 | 2 => self.subscribe(slot, channel, (with / 32) % 3),
            3 => self.unsubscribe(slot, channel),
            4 => self.publish(channel, None),
            5 => self.publish(channel, Some(slot)),
            6 => self.whisper(slot, channel),
            7 => self.terminate(with % 3),
            8 => self.hang_up(slot),
            9 => self.work(with),
            10 => self.narrow(slot, with),
            _ => self.settle(),
        }
    }

    fn connect(&mut self, slot: usize) {
        if self.peers[slot].is_some() {
            return;
        }
        let socket_id = SocketId::from_random(self.next_socket);
        self.next_socket += 1;
        let record = Recorder::default();
        let opening = Opening {
            head: Bytes::new(),
            application: Ok(self.application),
            origin: None,
            address: "192.0.2.1",
            socket_id,
            window: (slot % 3 == 2).then_some(Window::Bits15),
        };
        let key = self.workers[slot % WORKERS].open(record.clone(), opening, self.now);
        self.peers[slot] = Some(Peer::new(key, socket_id, record));
    }

    fn subscribe(&mut self, slot: usize, channel: usize, user: usize) {
        let Some(peer) = &self.peers[slot] else {
            return;
        };
        let name = CHANNELS[channel];
        let member = name
            .starts_with("presence-")
            .then(|| json!({ "user_id": user.to_string() }).to_string());
        let socket_id = peer.socket_id.to_string();
        let signature = auth::sign_channel("secret", &socket_id, name, member.as_deref());
        let data = json!({
            "channel": name, "auth": format!("key:{signature}"), "channel_data": member,
        });
        self.say(slot, &json!({ "event": "pusher:subscribe", "data": data }));
        self.model.subscribe(slot, channel, user);
    }

    fn unsubscribe(&mut self, slot: usize, channel: usize) {
        let data = json!({ "channel": CHANNELS[channel] });
        self.say(
            slot,
            &json!({ "event": "pusher:unsubscribe", "data": data }),
        );
        self.model.unsubscribe(slot, channel);
    }

    fn publish(&mut self, channel: usize, except: Option<usize>) {
        let id = self.model.publish(channel, except);
        let peer = except.and_then(|slot| self.peers[slot].as_ref());
        let publication = Publication {
            event: "published",
            data: &content(id).to_string(),
            channels: &[ChannelName::parse(CHANNELS[channel]).expect("a name")],
            except: peer.map(|peer| peer.socket_id),
        };
        self.engine
            .publish(self.application, &publication, self.now);
    }

    fn whisper(&mut self, slot: usize, channel: usize) {
        if self.peers[slot].is_none() {
            return;
        }
        let id = self.model.whisper(slot, channel);
        let data = content(id);
        self.say(
            slot,
            &json!({ "event": "client-said", "channel": CHANNELS[channel], "data": data }),
        );
    }

    /// Without anything on its way, as the order of that and of the end is nobody's business.
    fn terminate(&mut self, user: usize) {
        self.settle();
        self.engine.terminate(self.application, &user.to_string());
        for worker in &mut self.workers {
            worker.drain_inbox(self.now);
        }
        for slot in self.model.slots_of(user) {
            self.hang_up(slot);
        }
    }

    fn hang_up(&mut self, slot: usize) {
        if let Some(peer) = self.peers[slot].take() {
            self.workers[slot % WORKERS].remove(peer.key);
        }
        self.model.leave(slot);
    }

    /// Lets a worker do a little.
    fn work(&mut self, with: usize) {
        let worker = &mut self.workers[with % WORKERS];
        if with & 8 == 0 {
            worker.drain_inbox(self.now);
        }
        worker.sweep(1 + with / 64, self.now);
    }

    /// From now on the socket takes so many bytes more.
    fn narrow(&mut self, slot: usize, with: usize) {
        if let Some(peer) = &self.peers[slot] {
            peer.record.set_room(with * 2);
        }
    }

    fn say(&mut self, slot: usize, message: &Value) {
        if let Some(peer) = &self.peers[slot] {
            let worker = &mut self.workers[slot % WORKERS];
            let message = Message::Text(message.to_string().into());
            worker.receive(peer.key, message, self.now);
            worker.flush(peer.key, self.now);
        }
    }

    /// Reads what has arrived so far; whatever arrives must be due.
    fn listen(&mut self) {
        for (slot, peer) in self.peers.iter_mut().enumerate() {
            for message in peer.iter_mut().flat_map(Peer::read) {
                self.model.hear(slot, &message);
            }
        }
    }

    /// Does all that is to be done: whatever is due must have arrived then.
    fn settle(&mut self) {
        for (slot, peer) in self.peers.iter().enumerate() {
            if let Some(peer) = peer {
                peer.record.set_room(usize::MAX);
                self.workers[slot % WORKERS].writable(peer.key);
            }
        }
        for _ in 0..WORKERS {
            for worker in &mut self.workers {
                worker.drain_inbox(self.now);
                while worker.sweep(3, self.now) {
                    worker.drain_inbox(self.now);
                }
                assert!(worker.take_gone().is_empty());
            }
        }
        self.listen();
        self.model.assert_all_heard();
        self.compare();
    }

    /// What the engine tells the HTTP API is what the model knows.
    fn compare(&self) {
        let stats = self.engine.stats();
        let connections = self.peers.iter().flatten().count();
        assert_eq!(stats.connections, connections);
        assert_eq!(stats.channels, self.model.occupied());
        for (index, name) in CHANNELS.iter().enumerate() {
            let name = ChannelName::parse(name).expect("a name");
            let occupancy = self.engine.occupancy(self.application, &name, self.now);
            assert_eq!(occupancy.subscriptions, self.model.subscriptions(index));
            assert_eq!(occupancy.users, self.model.users(index).len());
            assert_eq!(occupancy.cached.is_some(), self.model.is_cached(index));
        }
    }
}

/// Every other event is long enough to be compressed.
fn content(id: u64) -> Value {
    let padding = if id.is_multiple_of(2) { 400 } else { 0 };
    json!({ "id": id, "padding": "x".repeat(padding) })
}

fn application() -> Application {
    Application::new("1", "key", "secret")
}
