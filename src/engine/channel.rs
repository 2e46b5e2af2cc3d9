//! A channel as one worker sees it: its own subscribers and a short log of frames.
//!
//! A *sweep* goes over the subscribers once and brings each of them everything it has not had yet.
//! Frames that come in meanwhile reach the sockets still ahead in the same write, the others in the
//! next sweep. After a sweep no subscriber needs what was there when it began: whoever could not
//! take it holds it in its own backlog.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::{application::ApplicationIndex, copies::Copies};
use crate::protocol::{ChannelName, SocketId};

/// A frame in the log.
#[derive(Debug)]
pub(super) struct Logged {
    /// Grows with each frame that the worker logs, over all its channels: cursors are held in it,
    /// and a subscriber of several channels gets their frames in this order.
    pub(super) order: u64,
    /// The directory's number of the delivery.
    pub(super) sequence: u64,
    pub(super) copies: Copies,
    pub(super) except: Option<SocketId>,
}

/// Where a subscriber stands: its connection, and which of the connection's subscriptions this is.
///
/// In half the bits of a place, as there are most of these. A worker's connections are no more than
/// the descriptors of a process, of which there are fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subscriber {
    connection: u32,
    subscription: u32,
}

impl Subscriber {
    pub(super) fn new(connection: usize, subscription: usize) -> Self {
        Self {
            connection: half(connection),
            subscription: half(subscription),
        }
    }

    pub(super) fn connection(self) -> usize {
        self.connection as usize
    }

    pub(super) fn subscription(self) -> usize {
        self.subscription as usize
    }

    /// The same one, whose subscription is now at another place of the connection's.
    pub(super) fn at(self, subscription: usize) -> Self {
        Self::new(self.connection(), subscription)
    }
}

/// There are neither so many connections nor so many channels.
pub(super) fn half(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// An event finds it among all others, in memory that nobody has looked at lately: most have one
/// subscriber or two, who are in it, and no log.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) application: ApplicationIndex,
    pub(super) name: ChannelName,
    pub(super) subscribers: SmallVec<[Subscriber; 2]>,
    /// Nobody has subscribed at a later number.
    newest: u64,
    /// While there are frames.
    log: Option<Box<Log>>,
}

#[derive(Debug)]
struct Log {
    frames: VecDeque<Logged>,
    /// No frame has a lower number.
    oldest: u64,
    sweep: Option<Sweep>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            frames: VecDeque::new(),
            oldest: u64::MAX,
            sweep: None,
        }
    }
}

#[derive(Debug)]
struct Sweep {
    /// The subscribers before it have been reached: `position <= subscribers.len()`.
    position: usize,
    /// The last frame that was there when the sweep began.
    until: u64,
}

/// The logs of channels that are quiet again, for those that have an event next: so an event takes
/// no memory, and finds its log where the last event has left it in the cache.
#[derive(Debug, Default)]
pub(super) struct Spares(
    #[allow(clippy::vec_box, reason = "it is the boxes that change hands")] Vec<Box<Log>>,
);

impl Spares {
    /// No more than these are kept, nor any that has become long.
    const MOST: usize = 64;
    const LONGEST: usize = 64;

    fn take(&mut self) -> Box<Log> {
        self.0.pop().unwrap_or_default()
    }

    fn put(&mut self, mut log: Box<Log>) {
        log.frames.clear();
        log.oldest = u64::MAX;
        log.sweep = None;
        if self.0.len() < Self::MOST && log.frames.capacity() <= Self::LONGEST {
            self.0.push(log);
        }
    }
}

impl Channel {
    pub(super) fn new(application: ApplicationIndex, name: ChannelName) -> Self {
        Self {
            application,
            name,
            subscribers: SmallVec::new(),
            newest: 0,
            log: None,
        }
    }

    pub(super) fn is(&self, application: ApplicationIndex, name: &ChannelName) -> bool {
        self.application == application && self.name == *name
    }

    pub(super) fn append(&mut self, logged: Logged, spares: &mut Spares) {
        let log = self.log.get_or_insert_with(|| spares.take());
        log.oldest = log.oldest.min(logged.sequence);
        log.frames.push_back(logged);
    }

    /// Adds a subscriber, since a number, and returns its position. A running sweep will reach it,
    /// and find nothing.
    pub(super) fn add(&mut self, subscriber: Subscriber, since: u64) -> usize {
        self.newest = self.newest.max(since);
        self.subscribers.push(subscriber);
        self.subscribers.len() - 1
    }

    /// Removes a subscriber without moving anybody past the running sweep.
    ///
    /// Returns those who have a new position, with it.
    pub(super) fn remove(&mut self, position: usize) -> [Option<(Subscriber, usize)>; 2] {
        let mut hole = position;
        let mut moved = [None, None];
        if let Some(sweep) = self.log.as_mut().and_then(|log| log.sweep.as_mut())
            && position < sweep.position
        {
            sweep.position -= 1;
            self.subscribers.swap(position, sweep.position);
            hole = sweep.position;
            if hole != position {
                moved[0] = Some((self.subscribers[position], position));
            }
        }
        self.subscribers.swap_remove(hole);
        moved[1] = self
            .subscribers
            .get(hole)
            .map(|subscriber| (*subscriber, hole));
        moved
    }

    /// The next subscriber to bring the log to. `None` ends a sweep and trims the log; afterwards
    /// [`Channel::is_quiet`] tells whether another sweep is due.
    pub(super) fn next(&mut self, spares: &mut Spares) -> Option<Subscriber> {
        let log = self.log.as_mut()?;
        let last = log.frames.back()?.order;
        let sweep = log.sweep.get_or_insert(Sweep {
            position: 0,
            until: last,
        });
        if let Some(subscriber) = self.subscribers.get(sweep.position) {
            sweep.position += 1;
            return Some(*subscriber);
        }
        let until = sweep.until;
        if until == last {
            self.log.take().into_iter().for_each(|log| spares.put(log));
        } else {
            log.sweep = None;
            let done = log.frames.partition_point(|logged| logged.order <= until);
            log.frames.drain(..done);
        }
        None
    }

    /// Whether every subscriber has had everything.
    pub(super) fn is_quiet(&self) -> bool {
        self.log.is_none()
    }

    /// How many frames somebody may not have had yet.
    pub(super) fn logged(&self) -> usize {
        self.log.as_ref().map_or(0, |log| log.frames.len())
    }

    /// The frame with this order.
    pub(super) fn frame(&self, order: u64) -> Option<&Logged> {
        let frames = &self.log.as_ref()?.frames;
        let position = frames.binary_search_by_key(&order, |logged| logged.order);
        frames.get(position.ok()?)
    }

    /// Whether a frame may be from before somebody's subscription. Mostly all are later, and nobody
    /// need be asked.
    pub(super) fn may_precede_somebody(&self) -> bool {
        (self.log.as_ref()).is_some_and(|log| log.oldest <= self.newest)
    }

    /// The frames after a cursor that concern a subscriber, oldest first.
    pub(super) fn pending(
        &self,
        cursor: u64,
        since: u64,
        socket_id: SocketId,
    ) -> impl Iterator<Item = &Logged> + Clone {
        let frames = self.log.as_ref().map(|log| {
            let start = log.frames.partition_point(|logged| logged.order <= cursor);
            log.frames.range(start..)
        });
        let frames = frames.unwrap_or_default();
        frames.filter(move |logged| logged.sequence > since && logged.except != Some(socket_id))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Channel, Logged, Spares, Subscriber};
    use crate::{
        engine::{application::ApplicationIndex, copies::Copies},
        protocol::ChannelName,
        websocket::Compression,
    };

    fn channel(subscribers: usize) -> Channel {
        let name = ChannelName::parse("news").expect("a name");
        let mut channel = Channel::new(ApplicationIndex(0), name);
        for connection in 0..subscribers {
            channel.add(Subscriber::new(connection, 0), 0);
        }
        channel
    }

    fn logged(order: u64) -> Logged {
        Logged {
            order,
            sequence: order,
            copies: Copies::new(Bytes::new(), Compression::Off),
            except: None,
        }
    }

    fn append(channel: &mut Channel, order: u64) {
        channel.append(logged(order), &mut Spares::default());
    }

    fn next(channel: &mut Channel) -> Option<usize> {
        let next = channel.next(&mut Spares::default());
        next.map(Subscriber::connection)
    }

    #[test]
    fn a_sweep_reaches_everybody_and_a_frame_amid_it_needs_another_one() {
        let mut channel = channel(2);
        append(&mut channel, 1);
        assert_eq!(next(&mut channel), Some(0));
        append(&mut channel, 2);
        assert_eq!(next(&mut channel), Some(1));
        assert_eq!(next(&mut channel), None);
        assert_eq!((channel.logged(), channel.frame(1).is_some()), (1, false));
        assert_eq!(next(&mut channel), Some(0));
        assert_eq!(next(&mut channel), Some(1));
        assert_eq!(next(&mut channel), None);
        assert!(channel.is_quiet());
    }

    #[test]
    fn removing_amid_a_sweep_skips_nobody() {
        for removed in 0..5 {
            for reached in 0..=5 {
                let mut channel = channel(5);
                append(&mut channel, 1);
                let mut seen: Vec<_> = (0..reached).filter_map(|_| next(&mut channel)).collect();
                let moved = channel.remove(removed);
                for (subscriber, position) in moved.into_iter().flatten() {
                    assert_eq!(channel.subscribers[position], subscriber);
                }
                seen.extend(std::iter::from_fn(|| next(&mut channel)));
                seen.sort_unstable();
                let expected: Vec<_> = (0..5)
                    .filter(|connection| *connection < reached || *connection != removed)
                    .collect();
                assert_eq!(seen, expected, "removed {removed} after {reached}");
            }
        }
    }

    #[test]
    fn a_quiet_channel_leaves_its_log_to_the_next() {
        let (mut one, mut other, mut spares) = (channel(1), channel(1), Spares::default());
        one.append(logged(1), &mut spares);
        assert!(spares.0.is_empty() && !one.is_quiet());
        while one.next(&mut spares).is_some() {}
        assert!(spares.0.len() == 1 && one.is_quiet());
        other.append(logged(2), &mut spares);
        assert!(spares.0.is_empty() && other.logged() == 1);
        for order in 3..4 * Spares::LONGEST as u64 {
            other.append(logged(order), &mut spares);
        }
        while other.next(&mut spares).is_some() {}
        assert!(
            spares.0.is_empty() && other.is_quiet(),
            "a long one is not kept"
        );
    }
}
