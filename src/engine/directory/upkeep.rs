//! What the directory does once a second, whoever publishes or subscribes.
//!
//! None of it may cost more with more channels than a tick can bear: there may be millions.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use super::{Channel, Directory, Shard};
use crate::{engine::application::ApplicationIndex, protocol::ChannelName};

/// The looks it takes to have seen every channel: about a minute's.
const SHARES: usize = 64;

/// Which share of the channels is looked through next.
#[derive(Debug, Default)]
pub(super) struct Upkeep(AtomicUsize);

impl Directory {
    /// Forgets kept events whose time is over, in another share of the channels with each call.
    ///
    /// Nobody is shown such an event meanwhile: all who ask for it compare its time with theirs.
    pub(in crate::engine) fn expire(&self, now: Instant) {
        let turn = self.upkeep.0.fetch_add(1, Ordering::Relaxed);
        for shard in self.shards.share(turn, SHARES) {
            shard.lock().channels.retain(|_, channel| {
                channel.cached = channel.cached.take().filter(|cached| cached.until > now);
                !channel.is_vacant() || !channel.is_forgettable()
            });
        }
    }

    /// Up to `most` channels whose number of subscribers has changed, with that number.
    pub(in crate::engine) fn take_changed(
        &self,
        most: usize,
    ) -> Vec<(ApplicationIndex, ChannelName, usize)> {
        let mut taken = Vec::new();
        for shard in self.shards.iter() {
            let mut shard = shard.lock();
            let Shard {
                channels, changed, ..
            } = &mut *shard;
            let keys: Vec<_> = changed.iter().take(most - taken.len()).cloned().collect();
            for key in keys {
                changed.remove(&key);
                let count = channels.get(&key).map_or(0, Channel::subscriptions);
                taken.push((key.0, key.1, count));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use bytes::Bytes;

    use super::{Directory, SHARES};
    use crate::{
        engine::{application::ApplicationIndex, event::EventKinds, frame::Frame, notice::Notices},
        protocol::ChannelName,
        websocket::Compression,
    };

    const CHANNELS: usize = 6400;
    const KEPT_FOR: Duration = Duration::from_secs(60);

    fn entries(directory: &Directory) -> usize {
        let shards = directory.shards.iter();
        shards.map(|shard| shard.lock().channels.len()).sum()
    }

    #[test]
    fn all_is_forgotten_in_the_end_and_a_small_part_at_a_time() {
        let notices = Notices::new(false, EventKinds::default()).expect("a pipe");
        let inboxes = Arc::new([]);
        let directory = Directory::new(inboxes, Arc::new(notices), Compression::Off, None);
        let begin = Instant::now();
        for number in 0..CHANNELS {
            let name = ChannelName::parse(&format!("cache-{number}")).expect("a name");
            let frame = Frame {
                bytes: Bytes::from_static(b"frame"),
                except: None,
            };
            directory.publish_and_keep(ApplicationIndex(0), &name, frame, (begin, KEPT_FOR));
        }
        for _ in 0..2 * SHARES {
            directory.expire(begin);
        }
        assert_eq!(entries(&directory), CHANNELS, "their time is not over");
        for _ in 0..SHARES {
            let before = entries(&directory);
            directory.expire(begin + KEPT_FOR);
            let forgotten = before - entries(&directory);
            assert!(forgotten < CHANNELS / 10, "{forgotten} at once");
        }
        assert_eq!(entries(&directory), 0);
    }
}
