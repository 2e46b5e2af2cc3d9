//! Sleeping workers, and what waking them must not wait for.

use std::{
    sync::{Arc, Mutex, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use reverb::{
    engine::{
        Applications, Engine, EventKinds, Gone, Limits, Notices, Opening, Outlet, Publication,
        Wake, Worker,
    },
    protocol::{ChannelName, PusherError, SocketId},
    websocket::{Compression, Message},
};
use serde_json::json;

use crate::stage::application;

/// Reached by a failing test only.
const PATIENCE: Duration = Duration::from_secs(20);

struct Sink;

impl Outlet for Sink {
    fn send(&mut self, frames: &[std::io::IoSlice<'_>]) -> Result<usize, Gone> {
        Ok(frames.iter().map(|frame| frame.len()).sum())
    }

    fn finish(&mut self) {}
}

/// Counts, and has another thread ask for the channel meanwhile.
#[derive(Default)]
struct Curious {
    engine: Mutex<Weak<Engine>>,
    /// What the other thread was told, or nothing if it was kept waiting.
    answers: Mutex<Vec<Option<usize>>>,
}

struct Waker(Arc<Curious>);

impl Wake for Waker {
    fn wake(&self) {
        let engine = self.0.engine.lock().expect("no panic").upgrade();
        let (sender, answer) = mpsc::channel();
        thread::spawn(move || {
            let engine = engine.expect("the engine");
            let application = engine.applications().by_id("1").expect("the application");
            let occupancy = engine.occupancy(application, &news(), Instant::now());
            let _ = sender.send(occupancy.subscriptions);
        });
        let answer = answer.recv_timeout(PATIENCE).ok();
        self.0.answers.lock().expect("no panic").push(answer);
    }
}

fn news() -> ChannelName {
    ChannelName::parse("news").expect("a name")
}

fn publish(engine: &Engine) {
    let application = engine.applications().by_id("1").expect("the application");
    let publication = Publication {
        event: "E",
        data: "{}",
        channels: &[news()],
        except: None,
    };
    engine.publish(application, &publication, Instant::now());
}

fn subscribe(engine: &Engine, worker: &mut Worker<Sink>, socket_id: u64) {
    let now = Instant::now();
    let opening = Opening {
        head: Bytes::new(),
        application: engine
            .applications()
            .by_key("key")
            .ok_or(PusherError::ApplicationUnknown),
        origin: None,
        address: "192.0.2.1",
        socket_id: SocketId::from_random(socket_id),
        window: None,
    };
    let key = worker.open(Sink, opening, now);
    let message = json!({"event": "pusher:subscribe", "data": {"channel": "news"}}).to_string();
    worker.receive(key, Message::Text(message.into()), now);
    worker.flush(key, now);
}

/// An engine with two workers, a subscriber at each.
fn with_two_subscribers(curious: &Arc<Curious>) -> (Arc<Engine>, [Worker<Sink>; 2]) {
    let notices = Arc::new(Notices::new(false, EventKinds::default()).expect("a pipe"));
    let limits = Limits {
        max_backlog: 1 << 20,
        max_request_size: 1 << 20,
        cache_ttl: Duration::from_secs(60),
        compression: Compression::Off,
        coalesce: Duration::ZERO,
    };
    let wakers = (0..2).map(|_| Box::new(Waker(Arc::clone(curious))) as Box<dyn Wake>);
    let applications = Applications::new(vec![application()]);
    let engine = Arc::new(Engine::new(applications, wakers.collect(), notices, limits));
    *curious.engine.lock().expect("no panic") = Arc::downgrade(&engine);
    let mut workers = [0, 1].map(|index| Worker::new(Arc::clone(&engine), index));
    for (worker, socket_id) in workers.iter_mut().zip([1, 2]) {
        subscribe(&engine, worker, socket_id);
    }
    (engine, workers)
}

fn send_to_sleep(worker: &mut Worker<Sink>) {
    let now = Instant::now();
    worker.drain_inbox(now);
    while worker.sweep(10, now) {}
    assert!(worker.fall_asleep());
}

#[test]
fn a_sleeping_worker_is_woken_once_and_the_channel_is_not_locked_meanwhile() {
    let curious = Arc::default();
    let (engine, mut workers) = with_two_subscribers(&curious);

    publish(&engine);
    assert_eq!(engine.contention().wakes, 0, "nobody sleeps");
    assert_eq!(engine.contention().longest_inbox, 1);

    workers.iter_mut().for_each(send_to_sleep);
    publish(&engine);
    publish(&engine);
    assert_eq!(*curious.answers.lock().expect("no panic"), [Some(2); 2]);
    assert_eq!(engine.contention().wakes, 2);
    assert_eq!(engine.contention().longest_inbox, 2);
}

#[test]
fn the_engine_is_at_rest_while_all_workers_sleep() {
    let curious = Arc::default();
    let (engine, mut workers) = with_two_subscribers(&curious);
    assert!(!engine.is_at_rest());

    send_to_sleep(&mut workers[0]);
    assert!(!engine.is_at_rest(), "the other one is awake");
    send_to_sleep(&mut workers[1]);
    assert!(engine.is_at_rest());

    publish(&engine);
    assert!(!engine.is_at_rest(), "there is something to deliver");
}

#[test]
fn a_worker_that_something_else_has_woken_is_not_woken_again() {
    let curious = Arc::default();
    let (engine, mut workers) = with_two_subscribers(&curious);
    workers.iter_mut().for_each(send_to_sleep);

    workers[0].wake_up();
    assert!(!engine.is_at_rest());
    publish(&engine);
    assert_eq!(engine.contention().wakes, 1, "of the one that sleeps");

    workers.iter_mut().for_each(send_to_sleep);
    publish(&engine);
    assert_eq!(engine.contention().wakes, 3);
}
