//! The real engine with as many workers as asked for, without sockets.

use std::{
    io::IoSlice,
    sync::{Arc, OnceLock},
    thread::Thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use reverb::{
    engine::{
        Application, ApplicationIndex, Applications, ConnectionKey, Engine, EventKinds, Gone,
        Limits, Notices, Opening, Outlet, Publication, Wake, Worker,
    },
    protocol::{ChannelName, SocketId, auth},
    websocket::{Compression, Message},
};
use serde_json::json;

use crate::failure::Failure;

const KEY: &str = "bench-key";
const SECRET: &str = "bench-secret";

/// Takes everything at once: what is measured is the engine, not the kernel.
pub(crate) struct Sink;

impl Outlet for Sink {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        Ok(frames.iter().map(|frame| frame.len()).sum())
    }

    fn finish(&mut self) {}
}

/// Wakes the thread of a worker, once there is one.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<OnceLock<Thread>>);

impl Bell {
    /// To be called by the worker's thread.
    pub(crate) fn hang(&self) {
        self.0.get_or_init(std::thread::current);
    }
}

impl Wake for Bell {
    fn wake(&self) {
        if let Some(thread) = self.0.get() {
            thread.unpark();
        }
    }
}

pub(crate) struct Stage {
    pub(crate) engine: Arc<Engine>,
    pub(crate) workers: Vec<Player>,
}

/// A worker with what its thread needs besides.
pub(crate) struct Player {
    pub(crate) worker: Worker<Sink>,
    pub(crate) bell: Bell,
    pub(crate) application: ApplicationIndex,
    engine: Arc<Engine>,
    /// Socket ids are told apart by the worker in their upper half.
    next_socket: u64,
}

impl Stage {
    pub(crate) fn new(workers: usize) -> Result<Self, Failure> {
        let bells = vec![(); workers];
        let bells: Vec<_> = bells.into_iter().map(|()| Bell::default()).collect();
        let wakers = bells
            .iter()
            .map(|bell| Box::new(bell.clone()) as Box<dyn Wake>)
            .collect();
        let notices = Arc::new(Notices::new(false, EventKinds::default())?);
        let limits = Limits {
            max_backlog: 1 << 20,
            max_request_size: 1 << 20,
            cache_ttl: Duration::from_secs(60),
            compression: Compression::Off,
            coalesce: Duration::ZERO,
        };
        let applications = Applications::new(vec![application()]);
        let application = applications
            .by_key(KEY)
            .ok_or_else(|| Failure::Server("its application is gone".to_owned()))?;
        let engine = Arc::new(Engine::new(applications, wakers, notices, limits));
        let player = |(index, bell)| Player {
            worker: Worker::new(Arc::clone(&engine), index),
            bell,
            application,
            engine: Arc::clone(&engine),
            next_socket: (index as u64) << 32,
        };
        Ok(Self {
            workers: bells.into_iter().enumerate().map(player).collect(),
            engine,
        })
    }

    /// Subscribes connections of every worker to a channel.
    pub(crate) fn subscribe(&mut self, each: usize, channel: &str) {
        for player in &mut self.workers {
            for _ in 0..each {
                player.subscribe(channel);
            }
        }
        self.settle();
    }

    /// Has every worker do what there is to do.
    pub(crate) fn settle(&mut self) {
        for player in &mut self.workers {
            player.settle();
        }
    }
}

impl Player {
    pub(crate) fn connect(&mut self) -> (ConnectionKey, SocketId) {
        self.next_socket += 1;
        let socket_id = SocketId::from_random(self.next_socket);
        let opening = Opening {
            head: Bytes::new(),
            application: Ok(self.application),
            address: "127.0.0.1",
            origin: None,
            socket_id,
            window: None,
        };
        let key = self.worker.open(Sink, opening, Instant::now());
        (key, socket_id)
    }

    pub(crate) fn subscribe(&mut self, channel: &str) -> ConnectionKey {
        let (key, _) = self.connect();
        self.join(key, channel);
        key
    }

    /// Subscribes a connection to one more channel.
    pub(crate) fn join(&mut self, key: ConnectionKey, channel: &str) {
        let request = json!({ "event": "pusher:subscribe", "data": { "channel": channel } });
        self.say(key, &request.to_string());
    }

    pub(crate) fn say(&mut self, key: ConnectionKey, message: &str) {
        let now = Instant::now();
        self.worker.receive(key, Message::Text(message.into()), now);
        self.worker.flush(key, now);
    }

    /// Publishes to one channel.
    pub(crate) fn publish(&self, channel: &ChannelName, data: &str) {
        let publication = Publication {
            event: "bench",
            data,
            channels: std::slice::from_ref(channel),
            except: None,
        };
        self.engine
            .publish(self.application, &publication, Instant::now());
    }

    /// Delivers what is in the inbox.
    pub(crate) fn settle(&mut self) {
        let now = Instant::now();
        self.worker.drain_inbox(now);
        while self.worker.sweep(32, now) {
            self.worker.drain_inbox(now);
        }
    }

    pub(crate) fn is_congested(&self) -> bool {
        self.engine.is_congested()
    }
}

/// The request of a member to join a presence channel.
pub(crate) fn join(socket_id: SocketId, channel: &str, member: u64) -> String {
    let data = format!(r#"{{"user_id":"m-{member:05}","user_info":{{"name":"Ada"}}}}"#);
    let signature = auth::sign_channel(SECRET, &socket_id.to_string(), channel, Some(&data));
    json!({ "event": "pusher:subscribe", "data": {
        "channel": channel, "auth": format!("{KEY}:{signature}"), "channel_data": data,
    } })
    .to_string()
}

/// A name that is surely valid.
pub(crate) fn name(text: &str) -> Result<ChannelName, Failure> {
    ChannelName::parse(text).map_err(|error| Failure::Usage(error.to_string()))
}

fn application() -> Application {
    Application::new("bench", KEY, SECRET)
}
