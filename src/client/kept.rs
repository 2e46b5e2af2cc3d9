//! What a process keeps between publishes.
//!
//! It belongs to the thread that publishes: no lock, so none can be held by another thread when the process forks.
//! After a fork the child finds its parent's process id here and starts anew; it only closes its copies of the
//! descriptors, which the parent does not notice.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    process,
};

use super::{
    http::Peer,
    options::{HttpOptions, Options},
    unix::Link,
};

/// How many applications and HTTP servers one process keeps connections for. One more, and all are made anew.
const MAX_LINKS: usize = 64;

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept::new());
}

/// The connections of one thread of one process.
pub(super) struct Kept {
    pid: u32,
    /// Few enough to be looked through.
    links: Vec<(LinkKey, Link)>,
    /// Likewise, with the address and the rules by which each is reached.
    peers: Vec<(HttpOptions, Peer)>,
}

/// The secret is a part of it: a connection that was accepted with another secret is not used.
struct LinkKey {
    socket: PathBuf,
    app_id: String,
    secret: String,
}

impl Kept {
    fn new() -> Self {
        Self {
            pid: process::id(),
            links: Vec::new(),
            peers: Vec::new(),
        }
    }

    /// Lends what this thread of this process keeps.
    pub(super) fn with<R>(use_it: impl FnOnce(&mut Self) -> R) -> R {
        KEPT.with_borrow_mut(|kept| {
            if kept.pid != process::id() {
                *kept = Self::new();
            }
            use_it(kept)
        })
    }

    /// The link to the server's socket for this application; made on first use.
    pub(super) fn link(&mut self, socket: &Path, options: &Options) -> &mut Link {
        let mut known = self.links.iter();
        let index = known
            .position(|(key, _)| key.is_of(socket, options))
            .unwrap_or_else(|| self.make_link(socket, options));
        &mut self.links[index].1
    }

    fn make_link(&mut self, socket: &Path, options: &Options) -> usize {
        if self.links.len() >= MAX_LINKS {
            self.links.clear();
        }
        let key = LinkKey {
            socket: socket.to_owned(),
            app_id: options.app_id.clone(),
            secret: options.secret.clone(),
        };
        self.links.push((key, Link::new()));
        self.links.len() - 1
    }

    /// The server behind an address; made on first use.
    pub(super) fn peer(&mut self, http: &HttpOptions) -> &mut Peer {
        let mut known = self.peers.iter();
        let index = known.position(|(address, _)| address.has_peer_of(http));
        let index = index.unwrap_or_else(|| {
            if self.peers.len() >= MAX_LINKS {
                self.peers.clear();
            }
            self.peers.push((http.clone(), Peer::default()));
            self.peers.len() - 1
        });
        &mut self.peers[index].1
    }
}

impl LinkKey {
    fn is_of(&self, socket: &Path, options: &Options) -> bool {
        self.socket == socket && self.app_id == options.app_id && self.secret == options.secret
    }
}
