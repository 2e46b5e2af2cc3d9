//! State that all workers share, in parts that are locked one by one.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::{Mutex, MutexGuard};

/// A mutex that counts how often somebody had to wait for it. Where nobody does, that costs nothing.
#[derive(Debug, Default)]
pub(super) struct Watched<T> {
    value: Mutex<T>,
    waits: AtomicU64,
}

impl<T> Watched<T> {
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.value.try_lock().unwrap_or_else(|| {
            self.waits.fetch_add(1, Ordering::Relaxed);
            self.value.lock()
        })
    }

    pub(super) fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }
}

/// Parts of a map, each behind a lock of its own.
pub(super) struct Shards<T> {
    parts: Box<[Part<T>]>,
    /// Keyed at random, as strangers choose the keys.
    hasher: RandomState,
}

/// On cache lines of its own: who wants one part does not wait for who is at its neighbour.
#[derive(Default)]
#[repr(align(128))]
struct Part<T>(Watched<T>);

impl<T: Default> Shards<T> {
    /// A shard is held for a small part of what an event costs; with four for each worker two of
    /// them seldom want the same one.
    const PER_WORKER: usize = 4;
    const FEWEST: usize = 64;

    pub(super) fn new(workers: usize) -> Self {
        let count = (Self::PER_WORKER * workers).max(Self::FEWEST);
        Self {
            parts: (0..count.next_power_of_two())
                .map(|_| Part::default())
                .collect(),
            hasher: RandomState::new(),
        }
    }
}

impl<T> Shards<T> {
    /// The part that has what belongs to a key.
    pub(super) fn lock(&self, key: impl Hash) -> MutexGuard<'_, T> {
        let hash = self.hasher.hash_one(key) as usize;
        self.parts[hash & (self.parts.len() - 1)].0.lock()
    }

    /// All parts, to be locked one after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Watched<T>> {
        self.parts.iter().map(|part| &part.0)
    }

    /// One part in `of`, and others with each turn: after `of` turns every part has had its turn once.
    pub(super) fn share(&self, turn: usize, of: usize) -> impl Iterator<Item = &Watched<T>> {
        self.iter().skip(turn % of).step_by(of)
    }

    /// How often somebody had to wait for a part.
    pub(super) fn waits(&self) -> u64 {
        self.iter().map(Watched::waits).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use super::{Shards, Watched};

    #[test]
    fn there_are_more_shards_than_workers() {
        for (workers, expected) in [(1, 64), (16, 64), (17, 128), (64, 256), (1024, 4096)] {
            assert_eq!(Shards::<()>::new(workers).iter().count(), expected);
        }
    }

    #[test]
    fn a_key_belongs_to_one_shard_and_many_keys_to_all_of_them() {
        let shards = Shards::<Vec<u32>>::new(1);
        for key in 0..10_000 {
            shards.lock(key).push(key);
        }
        assert!((0..10_000).all(|key| shards.lock(key).contains(&key)));
        assert!(shards.iter().all(|part| !part.lock().is_empty()));
    }

    #[test]
    fn shares_are_about_equal_and_have_every_part_once() {
        for workers in [1, 64] {
            let shards = Shards::<u32>::new(workers);
            for turn in 0..64 {
                let share: Vec<_> = shards.share(turn, 64).collect();
                assert_eq!(share.len(), shards.iter().count() / 64);
                share.iter().for_each(|part| *part.lock() += 1);
            }
            assert!(shards.iter().all(|part| *part.lock() == 1));
        }
    }

    #[test]
    fn who_finds_a_lock_taken_is_counted() {
        let watched = Watched::<u32>::default();
        drop(watched.lock());
        assert_eq!(watched.waits(), 0);
        let guard = watched.lock();
        let (sender, done) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                *watched.lock() += 1;
                sender.send(()).expect("somebody listens");
            });
            let deadline = Instant::now() + Duration::from_secs(20);
            while watched.waits() == 0 && Instant::now() < deadline {
                thread::yield_now();
            }
            assert_eq!(watched.waits(), 1);
            drop(guard);
            done.recv().expect("it has its turn");
        });
        assert_eq!(*watched.lock(), 1);
    }
}
