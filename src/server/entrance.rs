//! Connections before it is known what they want: a WebSocket, or the HTTP API.

mod framing;
mod request;

use std::{
    io::IoSlice,
    net::IpAddr,
    time::{Duration, Instant},
};

use slab::Slab;

use self::request::Request;
use super::{
    http,
    running::Shared,
    stream::{Incoming, Stream},
};
use crate::websocket::Window;

#[derive(Debug, Default)]
pub(super) struct Entrance {
    newcomers: Slab<Newcomer>,
}

#[derive(Debug)]
struct Newcomer {
    stream: Stream,
    /// Who called.
    caller: IpAddr,
    /// The head of the request as far as it came; at most `max_request_size` and one read.
    received: Vec<u8>,
    since: Instant,
    is_registered: bool,
    /// It got its answer, and whatever else it says is not read.
    is_refused: bool,
}

/// What became of a newcomer.
#[derive(Debug)]
pub(super) enum Entry {
    /// It has not said enough, or was refused; it stays where it is.
    Undecided,
    /// A request for the HTTP API, with what was read of it.
    Api {
        stream: Stream,
        received: Vec<u8>,
        is_registered: bool,
    },
    /// A WebSocket handshake that is in order.
    Socket(Handshake),
}

/// A WebSocket handshake that is in order; its answer is still to be sent.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) stream: Stream,
    pub(super) is_registered: bool,
    /// The answer to the handshake.
    pub(super) head: Vec<u8>,
    /// Messages may be compressed, those to the client with this window.
    pub(super) window: Option<Window>,
    pub(super) application_key: String,
    pub(super) origin: Option<String>,
    /// Who the client is, as far as proxies are trusted to say.
    pub(super) address: IpAddr,
    /// What came behind the handshake.
    pub(super) rest: Vec<u8>,
}

impl Entrance {
    pub(super) fn admit(&mut self, stream: Stream, caller: IpAddr, now: Instant) -> usize {
        self.newcomers.insert(Newcomer {
            stream,
            caller,
            received: Vec::new(),
            since: now,
            is_registered: false,
            is_refused: false,
        })
    }

    /// Reads what a newcomer says, and decides.
    pub(super) fn receive(&mut self, key: usize, buffer: &mut [u8], shared: &Shared) -> Entry {
        let Some(newcomer) = self.newcomers.get_mut(key) else {
            return Entry::Undecided;
        };
        loop {
            let (length, is_more) = match newcomer.stream.read(buffer) {
                Incoming::End => {
                    note_fault(&newcomer.stream, shared);
                    self.newcomers.remove(key);
                    return Entry::Undecided;
                }
                Incoming::Untold => {
                    shared.engine.note("TLS Handshake Failed", || {
                        "the other side spoke HTTP without TLS".to_owned()
                    });
                    newcomer.stream.give_up_tls();
                    newcomer.refuse(&http::needs_tls());
                    (0, true)
                }
                Incoming::Full(length) => (length, true),
                Incoming::Some(length) => (length, false),
            };
            if !newcomer.is_refused && length > 0 {
                newcomer.received.extend_from_slice(&buffer[..length]);
                match Request::parse(&newcomer.received, newcomer.caller, shared) {
                    Request::Partial => {}
                    Request::Refused(response) => newcomer.refuse(&response),
                    Request::Api => return self.hand_to_api(key),
                    Request::Socket(request) => return self.hand_to_socket(key, request),
                }
            }
            if !is_more {
                return Entry::Undecided;
            }
        }
    }

    /// A newcomer whose socket is not in the event queue yet; it counts as registered from now on.
    pub(super) fn unregistered(&mut self, key: usize) -> Option<&mut Stream> {
        let newcomer = self.newcomers.get_mut(key)?;
        let is_new = !std::mem::replace(&mut newcomer.is_registered, true);
        is_new.then_some(&mut newcomer.stream)
    }

    pub(super) fn remove(&mut self, key: usize) {
        self.newcomers.try_remove(key);
    }

    /// Drops those who took longer than `limit`, for a head or to go after a refusal.
    pub(super) fn tick(&mut self, now: Instant, limit: Duration) {
        self.newcomers
            .retain(|_, newcomer| now.duration_since(newcomer.since) < limit);
    }

    fn hand_to_api(&mut self, key: usize) -> Entry {
        let newcomer = self.newcomers.remove(key);
        Entry::Api {
            stream: newcomer.stream,
            received: newcomer.received,
            is_registered: newcomer.is_registered,
        }
    }

    fn hand_to_socket(&mut self, key: usize, request: request::SocketRequest) -> Entry {
        let mut newcomer = self.newcomers.remove(key);
        Entry::Socket(Handshake {
            stream: newcomer.stream,
            is_registered: newcomer.is_registered,
            head: request.head,
            window: request.window,
            application_key: request.application_key,
            origin: request.origin,
            address: request.address,
            rest: newcomer.received.split_off(request.length),
        })
    }
}

impl Newcomer {
    /// Answers and waits for the other side to go: closing at once could destroy the answer, as
    /// unread input makes the kernel reset the connection (RFC 9112, section 9.6).
    fn refuse(&mut self, response: &[u8]) {
        // The socket is new and takes a short answer whole; if it is broken, the next read tells.
        let _ = self.stream.send(&[IoSlice::new(response)]);
        self.stream.finish();
        self.received = Vec::new();
        self.is_refused = true;
    }
}

/// Tells `--debug` of a newcomer who goes because TLS failed.
fn note_fault(stream: &Stream, shared: &Shared) {
    if let Some(fault) = stream.fault() {
        let note = || fault.to_string();
        shared.engine.note("TLS Handshake Failed", note);
    }
}
