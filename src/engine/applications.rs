//! The applications of a server: those it was started with, and those that came later.
//!
//! An index names an application for as long as the server runs, also when its settings have changed, and
//! when it is gone and only its connections are left. To look one up by its index takes no lock, since that is
//! done for every message of a client; its names are looked up at the entrances only.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};
use parking_lot::RwLock;

use super::{
    application::{Application, ApplicationIndex},
    metrics::{ApplicationStats, Messages},
};

/// The server knows [`Applications::MOST`] applications already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyApplications;

/// The applications of this server, with their figures.
#[derive(Debug)]
pub struct Applications {
    /// Only ever grows, so that an index stays what it is.
    slots: boxcar::Vec<Slot>,
    /// Guards who has which name. Read at a handshake, a request and a publisher's Hello, written when an
    /// application comes, changes its key or goes. Nothing is locked under it.
    names: RwLock<Names>,
}

#[derive(Debug)]
struct Slot {
    application: ArcSwap<Application>,
    connections: AtomicUsize,
    messages: Messages,
    /// The time from which on it should be asked for again, on the clock of whoever asks.
    expiry: AtomicU64,
}

#[derive(Debug, Default)]
struct Names {
    by_key: HashMap<String, ApplicationIndex>,
    /// Has those that are gone, too: who comes back gets its place back.
    by_id: HashMap<String, Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    index: ApplicationIndex,
    is_gone: bool,
}

impl Applications {
    /// How many applications a server knows at the most, gone ones included.
    pub const MOST: usize = 100_000;

    /// Gathers the applications; of two with the same key or id the first counts.
    #[must_use]
    pub fn new(list: Vec<Application>) -> Self {
        let applications = Self {
            slots: boxcar::Vec::with_capacity(list.len()),
            names: RwLock::default(),
        };
        let mut names = applications.names.write();
        for application in list {
            let (key, id) = (application.key.clone(), application.id.clone());
            let index = applications.push(application);
            names.by_key.entry(key).or_insert(index);
            names.by_id.entry(id).or_insert(Place {
                index,
                is_gone: false,
            });
        }
        drop(names);
        applications
    }

    /// Takes an application in. One whose id is known keeps its index and its connections, and has these settings
    /// from now on; a key that was another's is its own.
    ///
    /// # Errors
    /// If there is no room for a new one.
    pub fn put(&self, application: Application) -> Result<ApplicationIndex, TooManyApplications> {
        let mut names = self.names.write();
        let (key, id) = (application.key.clone(), application.id.clone());
        let index = match names.by_id.get(&id).copied() {
            Some(place) => {
                names.forget_key(&self.application(place.index).key, place.index);
                self.slot(place.index)
                    .application
                    .store(Arc::new(application));
                place.index
            }
            None if self.slots.count() >= Self::MOST => return Err(TooManyApplications),
            None => self.push(application),
        };
        names.by_key.insert(key, index);
        let is_gone = false;
        names.by_id.insert(id, Place { index, is_gone });
        Ok(index)
    }

    /// Lets an application go: nobody finds it by its names any more. Who is connected stays.
    pub fn remove(&self, id: &str) {
        let mut names = self.names.write();
        let Some(place) = names.by_id.get_mut(id) else {
            return;
        };
        place.is_gone = true;
        let index = place.index;
        names.forget_key(&self.application(index).key, index);
    }

    /// The application that clients name by this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<ApplicationIndex> {
        self.names.read().by_key.get(key).copied()
    }

    /// The application that publishers name by this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<ApplicationIndex> {
        let place = self.names.read().by_id.get(id).copied()?;
        (!place.is_gone).then_some(place.index)
    }

    /// The application itself, with the settings of this moment. Not to be kept: see [`Applications::shared`].
    #[must_use]
    pub fn application(&self, index: ApplicationIndex) -> Guard<Arc<Application>> {
        self.slot(index).application.load()
    }

    /// As [`Applications::application`], to be kept for longer.
    #[must_use]
    pub fn shared(&self, index: ApplicationIndex) -> Arc<Application> {
        self.slot(index).application.load_full()
    }

    /// How many connections the application has.
    #[must_use]
    pub fn connections(&self, index: ApplicationIndex) -> usize {
        self.slot(index).connections.load(Ordering::Relaxed)
    }

    /// The figures of every application, by its id; one that is gone is told of as long as it has connections.
    /// Messages are told of within a second.
    pub fn stats(&self) -> impl Iterator<Item = (String, ApplicationStats)> {
        let stats = self.indices().map(|index| {
            let messages = self.messages(index);
            let stats = ApplicationStats {
                connections: self.connections(index),
                messages_received: messages.received(),
                messages_sent: messages.sent(),
            };
            (self.application(index).id.clone(), stats)
        });
        stats.filter(|(id, stats)| stats.connections > 0 || self.by_id(id).is_some())
    }

    pub(super) fn messages(&self, index: ApplicationIndex) -> &Messages {
        &self.slot(index).messages
    }

    /// Sets the time from which on an application should be asked for again; without it that is never.
    pub fn expire_at(&self, index: ApplicationIndex, expiry: u64) {
        self.slot(index).expiry.store(expiry, Ordering::Relaxed);
    }

    /// Whether it is time to ask for an application again. One of those who look at the same time is told so, and
    /// nobody else before `next`.
    #[must_use]
    pub fn is_expired(&self, index: ApplicationIndex, now: u64, next: u64) -> bool {
        let expiry = &self.slot(index).expiry;
        let known = expiry.load(Ordering::Relaxed);
        known <= now
            && expiry
                .compare_exchange(known, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// All of them, also those that are gone.
    pub fn indices(&self) -> impl Iterator<Item = ApplicationIndex> {
        (0..).map(ApplicationIndex).take(self.slots.count())
    }

    /// Counts a connection in, unless the application has as many as it may.
    pub(super) fn admit(&self, index: ApplicationIndex) -> bool {
        let slot = self.slot(index);
        let most = slot
            .application
            .load()
            .max_connections
            .unwrap_or(usize::MAX);
        slot.connections
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < most).then_some(count + 1)
            })
            .is_ok()
    }

    /// Counts a connection in that was admitted elsewhere.
    pub(super) fn count_in(&self, index: ApplicationIndex) {
        self.slot(index).connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn release(&self, index: ApplicationIndex) {
        self.slot(index).connections.fetch_sub(1, Ordering::Relaxed);
    }

    fn slot(&self, index: ApplicationIndex) -> &Slot {
        &self.slots[index.0 as usize]
    }

    /// To be called under the lock of the names, so that indices are given one by one.
    fn push(&self, application: Application) -> ApplicationIndex {
        let place = self.slots.push(Slot {
            application: ArcSwap::from_pointee(application),
            connections: AtomicUsize::new(0),
            messages: Messages::default(),
            expiry: AtomicU64::new(u64::MAX),
        });
        // `place < MOST`, or the length of the list that the server was started with.
        ApplicationIndex(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

impl Names {
    /// Unless another application has the key by now.
    fn forget_key(&mut self, key: &str, index: ApplicationIndex) {
        if self.by_key.get(key) == Some(&index) {
            self.by_key.remove(key);
        }
    }
}
