//! The path of an event to its subscribers takes no memory for any of them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    io::IoSlice,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use reverb::{
    engine::{
        Application, Applications, Engine, EventKinds, Gone, Limits, Notices, Opening, Outlet,
        Publication, Wake, Worker,
    },
    protocol::{ChannelName, PusherError, SocketId},
    websocket::{Compression, Message},
};

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(unsafe_code, reason = "an allocator cannot be written otherwise")]
// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `alloc` had the pointer from there.
        unsafe { System.dealloc(pointer, layout) }
    }
}

struct NoThread;

impl Wake for NoThread {
    fn wake(&self) {}
}

/// Takes everything.
struct Sink;

impl Outlet for Sink {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        Ok(frames.iter().map(|frame| frame.len()).sum())
    }

    fn finish(&mut self) {}
}

struct Stage {
    engine: Arc<Engine>,
    worker: Worker<Sink>,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        let notices = Arc::new(Notices::new(false, EventKinds::default()).expect("a pipe"));
        let limits = Limits {
            max_backlog: 1 << 20,
            max_request_size: 1 << 20,
            cache_ttl: Duration::from_secs(60),
            compression: Compression::Off,
            coalesce: Duration::ZERO,
        };
        let applications = Applications::new(vec![application()]);
        let engine = Engine::new(applications, vec![Box::new(NoThread)], notices, limits);
        let engine = Arc::new(engine);
        Self {
            worker: Worker::new(Arc::clone(&engine), 0),
            engine,
            now: Instant::now(),
        }
    }

    fn subscribe(&mut self, connections: u64, channels: &[&str]) {
        for number in 0..connections {
            let opening = Opening {
                head: Bytes::new(),
                application: self
                    .engine
                    .applications()
                    .by_key("key")
                    .ok_or(PusherError::ApplicationUnknown),
                origin: None,
                address: "192.0.2.1",
                socket_id: SocketId::from_random(number),
                window: None,
            };
            let key = self.worker.open(Sink, opening, self.now);
            for channel in channels {
                let text =
                    format!(r#"{{"event":"pusher:subscribe","data":{{"channel":"{channel}"}}}}"#);
                let message = Message::Text(text.into());
                self.worker.receive(key, message, self.now);
            }
            self.worker.flush(key, self.now);
        }
    }

    /// Publishes events to each channel, and counts what bringing them to the subscribers took.
    fn allocations(&mut self, channels: &[&str], events: usize) -> usize {
        let index = self
            .engine
            .applications()
            .by_key("key")
            .expect("the application");
        for channel in channels {
            let publication = Publication {
                event: "E",
                data: "{}",
                channels: &[ChannelName::parse(channel).expect("a name")],
                except: None,
            };
            (0..events).for_each(|_| self.engine.publish(index, &publication, self.now));
        }
        self.worker.drain_inbox(self.now);
        let before = ALLOCATIONS.get();
        while self.worker.sweep(32, self.now) {}
        ALLOCATIONS.get() - before
    }
}

fn application() -> Application {
    Application::new("1", "key", "secret")
}

#[test]
fn a_delivery_allocates_nothing() {
    for channels in [&["news"][..], &["news", "sport", "weather"]] {
        let mut stage = Stage::new();
        stage.subscribe(1000, channels);
        // The first time the rooms that are kept are made.
        stage.allocations(channels, 5);
        let sent = stage.engine.stats().messages_sent;
        assert_eq!(stage.allocations(channels, 5), 0, "{channels:?}");
        let deliveries = stage.engine.stats().messages_sent - sent;
        assert_eq!(deliveries, 5000 * channels.len() as u64);
    }
}
