//! The applications of a server: those it was started with, and those that came later.
//!
//! An index names an application for as long as the server runs, also when its settings have changed, and
//! when it is gone and only its connections are left. To look one up by its index takes no lock, since that is
//! done for every message of a client; its names are looked up at the entrances only.

mod register;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;

use self::register::Register;
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
    by_key: Register<ApplicationIndex>,
    /// Has those that are gone, too: who comes back gets its place back.
    by_id: Register<Place>,
    /// Held while an application comes, changes its key or goes. Nothing is locked under it.
    naming: Mutex<()>,
}

#[derive(Debug)]
struct Slot {
    application: ArcSwap<Application>,
    connections: Population,
    messages: Messages,
    /// The time from which on it should be asked for again, on the clock of whoever asks.
    expiry: AtomicU64,
}

/// Written by every worker for every connection that comes or goes, so it shares no cache line with
/// what they read for every message.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Population(AtomicUsize);

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
        let slots = boxcar::Vec::with_capacity(list.len());
        let (mut keys, mut ids) = (Vec::new(), Vec::new());
        for application in list {
            let (key, id) = (application.key.clone(), application.id.clone());
            let index = push(&slots, application);
            let is_gone = false;
            keys.push((key, index));
            ids.push((id, Place { index, is_gone }));
        }
        Self {
            slots,
            by_key: Register::new(keys),
            by_id: Register::new(ids),
            naming: Mutex::new(()),
        }
    }

    /// Takes an application in. One whose id is known keeps its index and its connections, and has these settings
    /// from now on; a key that was another's is its own.
    ///
    /// # Errors
    /// If there is no room for a new one.
    pub fn put(&self, application: Application) -> Result<ApplicationIndex, TooManyApplications> {
        let _naming = self.naming.lock();
        let (key, id) = (application.key.clone(), application.id.clone());
        let index = match self.by_id.get(&id) {
            Some(place) => {
                let slot = self.slot(place.index);
                let earlier = slot.application.swap(Arc::new(application));
                if earlier.key != key {
                    self.forget_key(&earlier.key, place.index);
                }
                place.index
            }
            None if self.slots.count() >= Self::MOST => return Err(TooManyApplications),
            None => push(&self.slots, application),
        };
        self.by_key.set(key, index);
        let is_gone = false;
        self.by_id.set(id, Place { index, is_gone });
        Ok(index)
    }

    /// Lets an application go: nobody finds it by its names any more. Who is connected stays.
    pub fn remove(&self, id: &str) {
        let _naming = self.naming.lock();
        let Some(Place { index, .. }) = self.by_id.get(id) else {
            return;
        };
        let is_gone = true;
        self.by_id.set(id.to_owned(), Place { index, is_gone });
        self.forget_key(&self.application(index).key, index);
    }

    /// The application that clients name by this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<ApplicationIndex> {
        self.by_key.get(key)
    }

    /// The application that publishers name by this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<ApplicationIndex> {
        let place = self.by_id.get(id)?;
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
        self.slot(index).connections.0.load(Ordering::Relaxed)
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
        let Some(most) = self.application(index).max_connections else {
            self.count_in(index);
            return true;
        };
        let connections = &self.slot(index).connections.0;
        connections
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < most).then_some(count + 1)
            })
            .is_ok()
    }

    /// Counts a connection in that was admitted elsewhere.
    pub(super) fn count_in(&self, index: ApplicationIndex) {
        let connections = &self.slot(index).connections.0;
        connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn release(&self, index: ApplicationIndex) {
        let connections = &self.slot(index).connections.0;
        connections.fetch_sub(1, Ordering::Relaxed);
    }

    fn slot(&self, index: ApplicationIndex) -> &Slot {
        &self.slots[index.0 as usize]
    }

    /// Unless another application has the key by now.
    fn forget_key(&self, key: &str, index: ApplicationIndex) {
        if self.by_key.get(key) == Some(index) {
            self.by_key.remove(key);
        }
    }
}

/// One at a time, so that indices are given in their order.
fn push(slots: &boxcar::Vec<Slot>, application: Application) -> ApplicationIndex {
    let place = slots.push(Slot {
        application: ArcSwap::from_pointee(application),
        connections: Population::default(),
        messages: Messages::default(),
        expiry: AtomicU64::new(u64::MAX),
    });
    // `place < MOST`, or the length of the list that the server was started with.
    ApplicationIndex(u32::try_from(place).unwrap_or(u32::MAX))
}
