//! What a process keeps between publishes.
//!
//! It belongs to the thread that publishes: no lock, so none can be held by another thread when the process forks.
//! After a fork the child finds its parent's process id here and starts anew; it only closes its copies of the
//! descriptors, which the parent does not notice.

use std::{cell::RefCell, path::PathBuf, process};

use rustc_hash::FxHashMap;
use ureq::Agent;

use super::{http, options::Options, unix::Link};

/// How many applications one process keeps connections for. One more, and all are made anew.
const MAX_LINKS: usize = 64;

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept::new());
}

/// The connections of one thread of one process.
pub(super) struct Kept {
    pid: u32,
    links: FxHashMap<LinkKey, Link>,
    /// Keeps HTTP connections alive.
    agent: Agent,
}

/// The secret is a part of it: a connection that was accepted with another secret is not used.
#[derive(Clone, PartialEq, Eq, Hash)]
struct LinkKey {
    socket: PathBuf,
    app_id: String,
    secret: String,
}

impl Kept {
    fn new() -> Self {
        Self {
            pid: process::id(),
            links: FxHashMap::default(),
            agent: http::agent(),
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
    pub(super) fn link(&mut self, socket: &std::path::Path, options: &Options) -> &mut Link {
        let key = LinkKey {
            socket: socket.to_owned(),
            app_id: options.app_id.clone(),
            secret: options.secret.clone(),
        };
        if self.links.len() >= MAX_LINKS && !self.links.contains_key(&key) {
            self.links.clear();
        }
        self.links.entry(key).or_insert_with(Link::new)
    }

    pub(super) fn agent(&self) -> &Agent {
        &self.agent
    }
}
