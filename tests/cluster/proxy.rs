//! A network that is slow, silent or cut, between a server and its Redis.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Passes bytes on, later.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    target: u16,
    delay: Duration,
    is_cut: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Passes on to a port of this machine, each byte after a delay in each direction.
    pub(crate) fn to(target: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            target,
            delay,
            is_cut: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let passing = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                passing.take(stream);
            }
        });
        Self { port, state }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Breaks all connections, and makes none.
    pub(crate) fn cut(&self) {
        self.state.is_cut.store(true, Ordering::Release);
        for stream in self.state.streams.lock().drain(..) {
            // The other side may have gone before.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Makes connections again.
    pub(crate) fn heal(&self) {
        self.state.is_cut.store(false, Ordering::Release);
    }
}

impl State {
    fn take(self: &Arc<Self>, client: TcpStream) {
        if self.is_cut.load(Ordering::Acquire) {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target)) else {
            return;
        };
        for (from, to) in [(&client, &server), (&server, &client)] {
            self.streams.lock().push(from.try_clone().unwrap());
            self.pass(from.try_clone().unwrap(), to.try_clone().unwrap());
        }
    }

    /// Reads and writes on threads of their own, so that a delay holds nothing back.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let (sender, receiver) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
        let delay = self.delay;
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                let due = Instant::now() + delay;
                if sender.send((due, buffer[..length].to_vec())).is_err() {
                    return;
                }
            }
        });
        thread::spawn(move || {
            for (due, bytes) in receiver {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if to.write_all(&bytes).is_err() {
                    return;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
