//! A channel as one worker sees it: its own subscribers and a short log of frames.
//!
//! A *sweep* goes over the subscribers once and brings each of them everything it has not had yet.
//! Frames that come in meanwhile reach the sockets still ahead in the same write, the others in the
//! next sweep. After a sweep no subscriber needs what was there when it began: whoever could not
//! take it holds it in its own backlog.

use std::collections::VecDeque;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) connection: usize,
    pub(super) subscription: usize,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) application: ApplicationIndex,
    pub(super) name: ChannelName,
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) log: VecDeque<Logged>,
    sweep: Option<Sweep>,
}

#[derive(Debug)]
struct Sweep {
    /// The subscribers before it have been reached: `position <= subscribers.len()`.
    position: usize,
    /// The last frame that was there when the sweep began.
    until: u64,
}

impl Channel {
    pub(super) fn new(application: ApplicationIndex, name: ChannelName) -> Self {
        Self {
            application,
            name,
            subscribers: Vec::new(),
            log: VecDeque::new(),
            sweep: None,
        }
    }

    pub(super) fn append(&mut self, logged: Logged) {
        self.log.push_back(logged);
    }

    /// Adds a subscriber and returns its position. A running sweep will reach it, and find nothing.
    pub(super) fn add(&mut self, subscriber: Subscriber) -> usize {
        self.subscribers.push(subscriber);
        self.subscribers.len() - 1
    }

    /// Removes a subscriber without moving anybody past the running sweep.
    ///
    /// Returns those who have a new position, with it.
    pub(super) fn remove(&mut self, position: usize) -> [Option<(Subscriber, usize)>; 2] {
        let mut hole = position;
        let mut moved = [None, None];
        if let Some(sweep) = &mut self.sweep
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
    pub(super) fn next(&mut self) -> Option<Subscriber> {
        let last = self.log.back()?.order;
        let sweep = self.sweep.get_or_insert(Sweep {
            position: 0,
            until: last,
        });
        if let Some(subscriber) = self.subscribers.get(sweep.position) {
            sweep.position += 1;
            return Some(*subscriber);
        }
        let done = self
            .log
            .partition_point(|logged| logged.order <= sweep.until);
        self.log.drain(..done);
        self.sweep = None;
        None
    }

    /// Whether every subscriber has had everything.
    pub(super) fn is_quiet(&self) -> bool {
        self.log.is_empty()
    }

    /// The frame with this order.
    pub(super) fn logged(&self, order: u64) -> Option<&Logged> {
        let position = self.log.binary_search_by_key(&order, |logged| logged.order);
        self.log.get(position.ok()?)
    }

    /// The frames after a cursor that concern a subscriber, oldest first.
    pub(super) fn pending(
        &self,
        cursor: u64,
        since: u64,
        socket_id: SocketId,
    ) -> impl Iterator<Item = &Logged> + Clone {
        let start = self.log.partition_point(|logged| logged.order <= cursor);
        self.log
            .range(start..)
            .filter(move |logged| logged.sequence > since && logged.except != Some(socket_id))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Channel, Logged, Subscriber};
    use crate::{
        engine::{application::ApplicationIndex, copies::Copies},
        protocol::ChannelName,
        websocket::Compression,
    };

    fn channel(subscribers: usize) -> Channel {
        let name = ChannelName::parse("news").expect("a name");
        let mut channel = Channel::new(ApplicationIndex(0), name);
        for connection in 0..subscribers {
            channel.add(Subscriber {
                connection,
                subscription: 0,
            });
        }
        channel
    }

    fn append(channel: &mut Channel, order: u64) {
        channel.append(Logged {
            order,
            sequence: order,
            copies: Copies::new(Bytes::new(), Compression::Off),
            except: None,
        });
    }

    fn next(channel: &mut Channel) -> Option<usize> {
        channel.next().map(|subscriber| subscriber.connection)
    }

    #[test]
    fn a_sweep_reaches_everybody_and_a_frame_amid_it_needs_another_one() {
        let mut channel = channel(2);
        append(&mut channel, 1);
        assert_eq!(next(&mut channel), Some(0));
        append(&mut channel, 2);
        assert_eq!(next(&mut channel), Some(1));
        assert_eq!(next(&mut channel), None);
        assert_eq!(
            channel
                .log
                .iter()
                .map(|logged| logged.order)
                .collect::<Vec<_>>(),
            [2]
        );
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
}
