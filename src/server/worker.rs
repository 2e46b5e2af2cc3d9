//! The loop of a worker thread: sockets on one side, the engine's worker on the other.
//!
//! The sockets of all its connections are in one event queue of the thread's own, which in turn is
//! one socket to tokio: so a connection needs no task and no waker, while the connections of the
//! HTTP API, which are few, are plain tasks of the same thread.

use std::{
    collections::VecDeque,
    io,
    net::IpAddr,
    os::fd::{AsRawFd, RawFd},
    sync::Arc,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, Waker, event::Event, net::TcpListener, net::TcpStream};
use tokio::{
    io::{Interest as Readiness, unix::AsyncFd},
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        watch,
    },
};

use super::{
    alarm::Alarm,
    entrance::{Entrance, Entry, Handshake},
    http,
    peer::Peer,
    provider::{Pending, Search, Verdict},
    running::Shared,
    stream::{Incoming, Stream},
    tls::Tls,
};
use crate::{
    engine::{ConnectionKey, Gone, Opening, Wake, Worker},
    protocol::{PusherError, SocketId},
    websocket::{Inflater, Input, Terms},
};

/// One buffer per thread, into which every socket is read: 64 KiB, whatever the connections.
const READ_BUFFER: usize = 64 * 1024;

/// Sockets written between two looks at the inbox and at the sockets' input.
const SWEEP: usize = 32;

/// Messages of one connection between two looks at everybody else's.
const MESSAGES_PER_TURN: usize = 64;

/// Connections accepted between two looks at everybody else's.
const ACCEPTS_PER_TURN: usize = 64;

/// Events taken from the system at a time.
const EVENTS: usize = 1024;

/// The same with TLS, where each may be a handshake, which costs as much as thousands of sends.
const EVENTS_WITH_TLS: usize = 64;

/// How often the clock is looked at for pings and time limits.
const TICK: Duration = Duration::from_secs(1);

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
const ALARM: Token = Token(usize::MAX - 2);

/// Tokens from here on, but for the three above, are those of the entrance.
const ENTRANCE: usize = 1 << 62;

/// The event queue of a worker, made before its thread so that failures are the caller's.
pub(super) struct Queue {
    poll: Poll,
}

struct QueueWaker(Waker);

impl Wake for QueueWaker {
    fn wake(&self) {
        // Fails only when the worker is gone, and then there is nobody to wake.
        let _ = self.0.wake();
    }
}

impl Queue {
    pub(super) fn new() -> io::Result<Self> {
        Poll::new().map(|poll| Self { poll })
    }

    pub(super) fn waker(&self) -> io::Result<Box<dyn Wake>> {
        Ok(Box::new(QueueWaker(Waker::new(
            self.poll.registry(),
            WAKER,
        )?)))
    }
}

pub(super) struct WorkerThread {
    poll: Poll,
    events: Events,
    /// How many events are taken from the system at a time.
    most_events: usize,
    listener: Option<TcpListener>,
    worker: Worker<Peer>,
    entrance: Entrance,
    shared: Arc<Shared>,
    buffer: Box<[u8]>,
    /// Inflates for all connections of this thread.
    inflater: Inflater,
    /// Wakes it for frames that wait for company, if the operator wants them to.
    alarm: Option<Alarm>,
    /// Connections with input that was not read yet, each once.
    waiting: VecDeque<ConnectionKey>,
    may_accept: bool,
    next_tick: Instant,
    /// The way back of parked handshakes; as many as may wait for the provider.
    parked: (UnboundedSender<Parked>, UnboundedReceiver<Parked>),
}

/// A handshake that waited to know its application.
type Parked = (Handshake, Verdict);

impl WorkerThread {
    pub(super) fn new(
        queue: Queue,
        mut listener: TcpListener,
        index: usize,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        queue
            .poll
            .registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        let alarm = shared
            .coalesces
            .then(|| Alarm::new(queue.poll.registry(), ALARM));
        let most_events = match shared.tls {
            Some(_) => EVENTS_WITH_TLS,
            None => EVENTS,
        };
        Ok(Self {
            alarm: alarm.transpose()?,
            poll: queue.poll,
            events: Events::with_capacity(most_events),
            most_events,
            listener: Some(listener),
            worker: Worker::new(Arc::clone(&shared.engine), index),
            entrance: Entrance::default(),
            shared,
            buffer: vec![0; READ_BUFFER].into_boxed_slice(),
            inflater: Inflater::default(),
            waiting: VecDeque::new(),
            may_accept: true,
            next_tick: Instant::now() + TICK,
            parked: unbounded_channel(),
        })
    }

    /// Serves until it is told to stop, then takes leave of the connections.
    pub(super) async fn run(
        mut self,
        mut stop: watch::Receiver<Option<Instant>>,
    ) -> io::Result<()> {
        let queue = readiness(&self.poll)?;
        loop {
            if let Some(deadline) = *stop.borrow_and_update()
                && self.is_over(deadline)
            {
                return Ok(());
            }
            if self.round()? {
                tokio::task::yield_now().await;
                continue;
            }
            let is_done = stop.borrow().is_some() && self.worker.is_empty();
            if is_done || !self.worker.fall_asleep() {
                continue;
            }
            self.set_alarm()?;
            tokio::select! {
                ready = queue.readable() => ready?.clear_ready(),
                () = tokio::time::sleep_until(self.next_tick.into()) => {}
                _changed = stop.changed() => {}
                Some((handshake, verdict)) = self.parked.1.recv() => self.unpark(handshake, verdict),
            }
            self.worker.wake_up();
        }
    }

    /// Does a little of everything; whether there is more to do at once.
    fn round(&mut self) -> io::Result<bool> {
        let now = Instant::now();
        self.worker.drain_inbox(now);
        let is_sweeping = self.worker.sweep(SWEEP, now);
        let were_all = self.take_events(now)?;
        self.serve_waiting(now);
        while let Ok((handshake, verdict)) = self.parked.1.try_recv() {
            self.unpark(handshake, verdict);
        }
        if now >= self.next_tick {
            self.tick(now);
        }
        if self.may_accept {
            self.accept(now);
        }
        self.remove_gone();
        for key in self.worker.take_greeted() {
            self.wait(key);
        }
        Ok(is_sweeping || !were_all || self.may_accept || !self.waiting.is_empty())
    }

    fn set_alarm(&mut self) -> io::Result<()> {
        match (&mut self.alarm, self.worker.next_sweep()) {
            (Some(alarm), Some(time)) => alarm.set(time),
            _ => Ok(()),
        }
    }

    fn take_events(&mut self, now: Instant) -> io::Result<bool> {
        if let Err(error) = self.poll.poll(&mut self.events, Some(Duration::ZERO))
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error);
        }
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let mut count = 0;
        for event in &events {
            self.take_event(event, now);
            count += 1;
        }
        events.clear();
        self.events = events;
        Ok(count < self.most_events)
    }

    fn take_event(&mut self, event: &Event, now: Instant) {
        match event.token() {
            LISTENER => self.may_accept = self.listener.is_some(),
            WAKER => {}
            ALARM => self.alarm.iter_mut().for_each(Alarm::rang),
            Token(token) if token >= ENTRANCE => {
                self.receive_newcomer(token - ENTRANCE, now);
                if event.is_error() || event.is_read_closed() {
                    // As below; whoever has moved on meanwhile is registered anew.
                    self.receive_newcomer(token - ENTRANCE, now);
                }
            }
            Token(key) => {
                if event.is_writable() {
                    self.go_on_writing(key);
                }
                if event.is_readable() || event.is_error() || event.is_read_closed() {
                    self.serve(key, now);
                }
                if event.is_error() || event.is_read_closed() {
                    // The end is behind the bytes of this event, and no other event tells of it.
                    self.wait(key);
                }
            }
        }
    }

    fn go_on_writing(&mut self, key: ConnectionKey) {
        match self.worker.outlet(key).map(|peer| peer.stream.flush()) {
            Some(Err(Gone)) => {
                self.worker.remove(key);
            }
            _ => self.worker.writable(key),
        }
    }

    /// Gives every waiting connection one turn.
    fn serve_waiting(&mut self, now: Instant) {
        for _ in 0..self.waiting.len() {
            let Some(key) = self.waiting.pop_front() else {
                return;
            };
            if let Some(peer) = self.worker.outlet(key) {
                peer.is_waiting = false;
                self.serve(key, now);
            }
        }
    }

    /// Gives a connection a turn: reads once, and hears what it says.
    fn serve(&mut self, key: ConnectionKey, now: Instant) {
        if self.worker.is_awaiting(key) {
            return; // It is served when it has been greeted.
        }
        if self.worker.is_congested() {
            self.wait(key);
            return;
        }
        let Some(peer) = self.worker.outlet(key) else {
            return;
        };
        let has_unread = peer.decoder.has_unread();
        let (length, may_have_more) = if has_unread {
            (0, true)
        } else {
            match peer.read(&mut self.buffer) {
                Incoming::End | Incoming::Untold => {
                    self.worker.remove(key);
                    return;
                }
                Incoming::Full(length) => (length, true),
                Incoming::Some(length) => (length, false),
            }
        };
        let is_done = self.hear(key, length, now);
        if may_have_more || !is_done {
            self.wait(key);
        }
    }

    /// Takes up to a turn's number of messages; whether all that was read has been heard.
    fn hear(&mut self, key: ConnectionKey, length: usize, now: Instant) -> bool {
        let max_message_size = self.worker.max_message_size(key);
        let Some(peer) = self.worker.outlet(key) else {
            return true;
        };
        let mut terms = if peer.may_deflate {
            Terms::deflate(max_message_size, &mut self.inflater)
        } else {
            Terms::plain(max_message_size)
        };
        let mut decoder = std::mem::take(&mut peer.decoder);
        let mut input = Input::new(&mut self.buffer[..length]);
        let mut is_done = false;
        for _ in 0..MESSAGES_PER_TURN {
            let is_held = self.worker.is_congested() || self.worker.is_awaiting(key);
            if is_held || self.worker.is_closing(key) {
                break;
            }
            match decoder.next(&mut input, &mut terms) {
                Ok(Some(message)) => self.worker.receive(key, message, now),
                Ok(None) => {
                    is_done = true;
                    break;
                }
                Err(violation) => self.worker.violated(key, violation, now),
            }
        }
        if self.worker.is_closing(key) {
            // Whatever a closing connection says is not heard any more.
            decoder = Default::default();
            is_done = true;
        } else if !is_done {
            decoder.keep(input);
        }
        if let Some(peer) = self.worker.outlet(key) {
            peer.decoder = decoder;
        }
        self.worker.flush(key, now);
        is_done
    }

    fn wait(&mut self, key: ConnectionKey) {
        if let Some(peer) = self.worker.outlet(key)
            && !peer.is_waiting
        {
            peer.is_waiting = true;
            self.waiting.push_back(key);
        }
    }

    fn accept(&mut self, now: Instant) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = &self.listener else {
                break;
            };
            match listener.accept() {
                Ok((stream, caller)) => self.admit(stream, caller.ip(), now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.may_accept = false;
                    return;
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    // Out of descriptors or memory: those who wait are taken at the next tick.
                    self.may_accept = false;
                    self.shared.engine.notices().warn(format!(
                        "Cannot accept connections: {error}; raise the limit of open files (ulimit -n)."
                    ));
                    return;
                }
            }
        }
    }

    fn admit(&mut self, socket: TcpStream, caller: IpAddr, now: Instant) {
        // It is made of what was checked at the start, so there is always one.
        let Ok(session) = self.shared.tls.as_ref().map(Tls::session).transpose() else {
            return;
        };
        let key = self
            .entrance
            .admit(Stream::new(socket, session), caller, now);
        self.receive_newcomer(key, now);
        if let Some(stream) = self.entrance.unregistered(key) {
            let interest = stream.interest();
            let token = Token(ENTRANCE + key);
            if self
                .poll
                .registry()
                .register(&mut stream.socket, token, interest)
                .is_err()
            {
                self.entrance.remove(key);
            }
        }
    }

    fn receive_newcomer(&mut self, key: usize, now: Instant) {
        match self.entrance.receive(key, &mut self.buffer, &self.shared) {
            Entry::Undecided => {}
            Entry::Api {
                mut stream,
                received,
                is_registered,
            } => {
                if is_registered && self.poll.registry().deregister(&mut stream.socket).is_err() {
                    return;
                }
                http::spawn(stream, received, &self.shared);
            }
            Entry::Socket(handshake) => {
                match self.shared.find_by_key(&handshake.application_key, now) {
                    Search::Over(verdict) => self.open(handshake, verdict, now),
                    Search::Asked(pending) => self.park(handshake, pending),
                }
            }
        }
    }

    /// Keeps a handshake until PHP has said whose it is. What the client says meanwhile stays in its socket.
    fn park(&mut self, mut handshake: Handshake, pending: Pending) {
        if handshake.is_registered {
            handshake.is_registered = false;
            let registry = self.poll.registry();
            if registry.deregister(&mut handshake.stream.socket).is_err() {
                return;
            }
        }
        let back = self.parked.0.clone();
        tokio::spawn(async move {
            let verdict = pending.end().await;
            // Fails only when the worker is gone, and its sockets with it.
            let _ = back.send((handshake, verdict));
        });
    }

    fn unpark(&mut self, handshake: Handshake, verdict: Verdict) {
        // Whoever came before the server stopped, and is known only now, finds it closed.
        if self.listener.is_some() {
            self.open(handshake, verdict, Instant::now());
        }
    }

    fn open(&mut self, handshake: Handshake, application: Verdict, now: Instant) {
        let Handshake { rest, window, .. } = handshake;
        let opening = Opening {
            head: handshake.head.into(),
            application: application.map_err(PusherError::from),
            origin: handshake.origin.as_deref(),
            address: &handshake.address.to_string(),
            socket_id: SocketId::from_random(self.shared.random()),
            window,
        };
        let peer = Peer::new(handshake.stream, window.is_some());
        let key = self.worker.open(peer, opening, now);
        if self.register(key, handshake.is_registered).is_err() {
            self.worker.remove(key);
            return;
        }
        let length = rest.len();
        self.buffer[..length].copy_from_slice(&rest);
        if !self.hear(key, length, now) {
            self.wait(key);
        }
    }

    fn register(&mut self, key: ConnectionKey, is_registered: bool) -> io::Result<()> {
        let Some(peer) = self.worker.outlet(key) else {
            return Ok(());
        };
        let registry = self.poll.registry();
        let interest = Interest::READABLE | Interest::WRITABLE;
        if is_registered {
            registry.reregister(&mut peer.stream.socket, Token(key), interest)
        } else {
            registry.register(&mut peer.stream.socket, Token(key), interest)
        }
    }

    fn tick(&mut self, now: Instant) {
        self.next_tick = now + TICK;
        self.may_accept = self.listener.is_some();
        self.worker.tick(now);
        self.entrance.tick(now, self.shared.times.head);
    }

    fn remove_gone(&mut self) {
        for key in self.worker.take_gone() {
            self.worker.remove(key);
        }
    }

    /// Takes leave of everybody once; whether all are gone, or the time is over.
    fn is_over(&mut self, deadline: Instant) -> bool {
        let now = Instant::now();
        if self.listener.take().is_some() {
            self.may_accept = false;
            self.entrance = Entrance::default();
            for key in self.worker.keys() {
                self.worker.terminate(key, PusherError::ServerShutdown, now);
            }
        }
        self.next_tick = self.next_tick.min(deadline);
        self.worker.is_empty() || now >= deadline
    }
}

/// Errors of a connection that was over before it was accepted (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// The descriptor of an event queue, for tokio to wait on. The queue outlives it: both are owned by
/// [`WorkerThread::run`], and this one is dropped first.
struct Descriptor(RawFd);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

#[allow(
    deprecated,
    reason = "its successor differs only in asking for `unsafe` where that is upheld"
)]
fn readiness(poll: &Poll) -> io::Result<AsyncFd<Descriptor>> {
    AsyncFd::with_interest(Descriptor(poll.as_raw_fd()), Readiness::READABLE)
}
