//! Workers driven by hand: `ada.send(…)`, `ada.expect(…)`.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::VecDeque,
    io::IoSlice,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use reverb::{
    engine::{
        Application, Applications, ConnectionKey, Engine, EventKind, Gone, Limits, Notices,
        Opening, Outlet, Publication, Wake, Worker,
    },
    protocol::{ChannelName, PusherError, SocketId, auth},
    websocket::{Compression, Message},
};
use serde_json::{Value, json};

pub(crate) const MAX_BACKLOG: usize = 4096;
pub(crate) const CACHE_TTL: Duration = Duration::from_secs(1800);

struct NoThread;

impl Wake for NoThread {
    fn wake(&self) {}
}

/// Records what is sent, up to its room.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Rc<RefCell<Record>>);

#[derive(Debug)]
struct Record {
    bytes: Vec<u8>,
    room: usize,
    sends: usize,
    is_finished: bool,
}

impl Outlet for Recorder {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        let mut record = self.0.borrow_mut();
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.to_vec()).collect();
        record.sends += 1;
        let fits = bytes.len().min(record.room);
        record.room -= fits;
        record.bytes.extend(&bytes[..fits]);
        Ok(fits)
    }

    fn finish(&mut self) {
        self.0.borrow_mut().is_finished = true;
    }
}

pub(crate) struct Stage {
    pub(crate) engine: Arc<Engine>,
    pub(crate) now: Instant,
    workers: Vec<Worker<Recorder>>,
    next_socket: u64,
}

/// A connection: which worker has it, and what it was sent.
pub(crate) struct Client {
    pub(crate) worker: usize,
    pub(crate) key: ConnectionKey,
    pub(crate) socket_id: SocketId,
    record: Recorder,
    read: usize,
    heard: VecDeque<Value>,
}

pub(crate) fn application() -> Application {
    Application::new("1", "key", "secret")
}

impl Stage {
    /// So many workers, one application.
    pub(crate) fn new(workers: usize, application: Application) -> Self {
        Self::listening(workers, application, &[])
    }

    /// As [`Stage::new`], with somebody who listens to these events.
    pub(crate) fn listening(workers: usize, application: Application, kinds: &[EventKind]) -> Self {
        Self::build(workers, application, kinds, Duration::ZERO)
    }

    /// As [`Stage::new`], with events that wait so long for company.
    pub(crate) fn coalescing(workers: usize, coalesce: Duration) -> Self {
        Self::build(workers, application(), &[], coalesce)
    }

    fn build(
        workers: usize,
        application: Application,
        kinds: &[EventKind],
        coalesce: Duration,
    ) -> Self {
        let wakers = (0..workers)
            .map(|_| Box::new(NoThread) as Box<dyn Wake>)
            .collect();
        let notices =
            Arc::new(Notices::new(false, kinds.iter().copied().collect()).expect("a pipe"));
        let limits = Limits {
            max_backlog: MAX_BACKLOG,
            max_request_size: 1 << 20,
            cache_ttl: CACHE_TTL,
            compression: Compression::Deflate,
            coalesce,
        };
        let applications = Applications::new(vec![application]);
        let engine = Arc::new(Engine::new(applications, wakers, notices, limits));
        Self {
            workers: (0..workers)
                .map(|index| Worker::new(Arc::clone(&engine), index))
                .collect(),
            engine,
            now: Instant::now(),
            next_socket: 1,
        }
    }

    /// Connects without looking at the answer.
    pub(crate) fn connect_as(&mut self, worker: usize, key: &str, origin: Option<&str>) -> Client {
        let record = Recorder(Rc::new(RefCell::new(Record {
            bytes: Vec::new(),
            room: usize::MAX,
            sends: 0,
            is_finished: false,
        })));
        let socket_id = SocketId::from_random(self.next_socket);
        self.next_socket += 1;
        let opening = Opening {
            head: Bytes::new(),
            application: self
                .engine
                .applications()
                .by_key(key)
                .ok_or(PusherError::ApplicationUnknown),
            origin,
            address: "192.0.2.1",
            socket_id,
            window: None,
        };
        let key = self.workers[worker].open(record.clone(), opening, self.now);
        Client {
            worker,
            key,
            socket_id,
            record,
            read: 0,
            heard: VecDeque::new(),
        }
    }

    /// Connects and reads the greeting.
    pub(crate) fn connect(&mut self, worker: usize) -> Client {
        let mut client = self.connect_as(worker, "key", None);
        let data = format!(
            "{{\"socket_id\":\"{}\",\"activity_timeout\":30}}",
            client.socket_id
        );
        client.expect(json!({"event": "pusher:connection_established", "data": data}));
        client
    }

    /// Lets a client speak, and everybody hear what follows from it.
    pub(crate) fn send(&mut self, client: &Client, message: &Value) {
        self.say(client, message);
        self.settle();
    }

    /// Lets a client speak; what follows from it stays in the inboxes.
    pub(crate) fn say(&mut self, client: &Client, message: &Value) {
        self.control(client, Message::Text(Cow::Owned(message.to_string())));
    }

    /// Lets a client say several things in one turn.
    pub(crate) fn say_all(&mut self, client: &Client, messages: &[Value]) {
        let worker = &mut self.workers[client.worker];
        for message in messages {
            let message = Message::Text(Cow::Owned(message.to_string()));
            worker.receive(client.key, message, self.now);
        }
        worker.flush(client.key, self.now);
    }

    pub(crate) fn control(&mut self, client: &Client, message: Message<'_>) {
        let worker = &mut self.workers[client.worker];
        worker.receive(client.key, message, self.now);
        worker.flush(client.key, self.now);
    }

    /// How long a message of this client may be.
    pub(crate) fn max_message_size(&self, client: &Client) -> usize {
        self.workers[client.worker].max_message_size(client.key)
    }

    /// A client's socket is closed.
    pub(crate) fn hang_up(&mut self, client: &Client) {
        self.workers[client.worker].remove(client.key);
        self.settle();
    }

    /// Publishes, without yet delivering.
    pub(crate) fn publish(&self, channels: &[&str], event: &str, except: Option<SocketId>) {
        let channels: Vec<_> = channels
            .iter()
            .map(|name| ChannelName::parse(name).expect("a name"))
            .collect();
        let application = self
            .engine
            .applications()
            .by_id("1")
            .expect("the application");
        let publication = Publication {
            event,
            data: "{}",
            channels: &channels,
            except,
        };
        self.engine.publish(application, &publication, self.now);
    }

    /// Does all that is to be done.
    pub(crate) fn settle(&mut self) {
        // What one worker does may concern those before it, but starts no chain.
        for _ in 0..2 {
            for worker in &mut self.workers {
                settle(worker, self.now);
            }
        }
    }

    pub(crate) fn writable(&mut self, client: &Client) {
        self.workers[client.worker].writable(client.key);
    }

    /// Time passes unnoticed.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Brings what is due to one subscriber; whether there is more to do.
    pub(crate) fn sweep_one(&mut self, worker: usize) -> bool {
        self.workers[worker].sweep(1, self.now)
    }

    /// Time passes, and the clock is looked at.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now += time;
        for worker in &mut self.workers {
            worker.tick(self.now);
        }
        self.settle();
    }

    /// A worker has nothing to do; whether that is so.
    pub(crate) fn fall_asleep(&mut self, worker: usize) -> bool {
        self.workers[worker].fall_asleep()
    }

    /// When a worker is to be looked after, for events that wait.
    pub(crate) fn next_sweep(&self, worker: usize) -> Option<Instant> {
        self.workers[worker].next_sweep()
    }

    pub(crate) fn connections(&self) -> usize {
        self.engine.stats().connections
    }

    pub(crate) fn channels(&self) -> usize {
        self.engine.stats().channels
    }
}

fn settle(worker: &mut Worker<Recorder>, now: Instant) {
    worker.drain_inbox(now);
    while worker.sweep(1, now) {
        worker.drain_inbox(now);
    }
    for key in worker.take_gone() {
        worker.remove(key);
    }
}

impl Client {
    /// The next message must be this one; `data` that is JSON text is compared as text.
    pub(crate) fn expect(&mut self, message: Value) {
        self.listen();
        assert_eq!(self.heard.pop_front(), Some(message));
    }

    pub(crate) fn expect_error(&mut self, code: u16, message: &str) {
        self.listen();
        let heard = self.heard.pop_front().expect("an error");
        let data = heard["data"].as_str().expect("text");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(heard["event"], "pusher:error");
        assert_eq!(data, json!({"code": code, "message": message}));
    }

    /// The messages since the last look.
    pub(crate) fn messages(&mut self) -> Vec<Value> {
        self.listen();
        self.heard.drain(..).collect()
    }

    /// The names of the events since the last look.
    pub(crate) fn events(&mut self) -> Vec<String> {
        self.listen();
        let name = |message: Value| message["event"].as_str().unwrap_or_default().to_owned();
        self.heard.drain(..).map(name).collect()
    }

    pub(crate) fn expect_nothing(&mut self) {
        self.listen();
        assert_eq!(self.heard, VecDeque::new());
    }

    /// A close frame with this code, and then the end.
    pub(crate) fn expect_close(&mut self, code: u16) {
        self.listen();
        assert_eq!(self.heard.pop_front(), Some(json!({"close": code})));
        assert!(
            self.record.0.borrow().is_finished,
            "the outlet is still open"
        );
    }

    /// In how many pieces everything came so far.
    pub(crate) fn sends(&self) -> usize {
        self.record.0.borrow().sends
    }

    /// From now on the socket takes so many bytes more.
    pub(crate) fn limit(&self, room: usize) {
        self.record.0.borrow_mut().room = room;
    }

    pub(crate) fn subscribe(&self, channel: &str) -> Value {
        let signature = auth::sign_channel("secret", &self.socket_id.to_string(), channel, None);
        json!({"event": "pusher:subscribe", "data": {"channel": channel, "auth": format!("key:{signature}")}})
    }

    pub(crate) fn join(&self, channel: &str, member: &Value) -> Value {
        let data = member.to_string();
        let socket_id = self.socket_id.to_string();
        let signature = auth::sign_channel("secret", &socket_id, channel, Some(&data));
        json!({"event": "pusher:subscribe", "data": {
            "channel": channel, "auth": format!("key:{signature}"), "channel_data": data,
        }})
    }

    /// Reads the server's frames: no mask, whole messages.
    fn listen(&mut self) {
        let record = self.record.0.borrow();
        while let Some(head) = record.bytes.get(self.read..self.read + 2) {
            let (opcode, short) = (head[0] & 15, usize::from(head[1]));
            let (length, header) = match short {
                126 => {
                    let bytes = &record.bytes[self.read + 2..self.read + 4];
                    (usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), 4)
                }
                127 => panic!("no test sends so much"),
                short => (short, 2),
            };
            let start = self.read + header;
            let Some(payload) = record.bytes.get(start..start + length) else {
                return; // The rest waits for room.
            };
            self.heard.push_back(match opcode {
                1 => serde_json::from_slice(payload).expect("JSON"),
                8 => json!({"close": u16::from_be_bytes([payload[0], payload[1]])}),
                9 => json!("ping frame"),
                10 => json!("pong frame"),
                other => panic!("opcode {other}"),
            });
            self.read = start + length;
        }
    }
}
