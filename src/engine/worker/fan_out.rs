//! From the inbox through the logs to the outlets: the path of every event.

use std::time::Instant;

use slab::Slab;

use super::{ConnectionKey, Worker};
use crate::{
    engine::{
        backlog::{Gone, Outlet, send},
        channel::{Channel, Logged, Subscriber},
        connection::Connection,
        event::EventKind,
        frame::farewell,
        inbox::{Delivery, Inbox, Task},
    },
    protocol::PusherError,
    websocket::Deflater,
};

/// No more deliveries are taken from the inbox while the logs hold so many frames: the inbox fills
/// up, and those who publish wait.
const MOST_LOGGED: usize = Inbox::CONGESTED;

impl<O: Outlet> Worker<O> {
    /// Whether some worker lags behind, so that no more should be read from clients.
    #[must_use]
    pub fn is_congested(&self) -> bool {
        self.engine.is_congested()
    }

    /// Announces that the driver is about to wait; false if there is something to do after all.
    #[must_use]
    pub fn fall_asleep(&mut self) -> bool {
        self.settle_figures();
        !self.turns.has_due() && self.engine.inbox(self.index).fall_asleep()
    }

    /// To be called when the driver waits no more, whatever has ended that.
    pub fn wake_up(&mut self) {
        self.engine.inbox(self.index).wake_up();
    }

    /// When [`Worker::sweep`] is to be called at the latest, for frames that wait for company.
    #[must_use]
    pub fn next_sweep(&self) -> Option<Instant> {
        self.turns.next_due()
    }

    /// Takes what the inbox holds: frames go to the logs of their channels.
    pub fn drain_inbox(&mut self, now: Instant) {
        let room = MOST_LOGGED.saturating_sub(self.logged);
        let mut taken = std::mem::take(&mut self.taken);
        self.engine.inbox(self.index).take(room, &mut taken);
        for task in taken.drain(..) {
            match task {
                Task::Deliver(delivery) => self.log(delivery, now),
                Task::Terminate {
                    application,
                    user_id,
                } => self.terminate_user(application, &user_id, now),
                Task::TellWatchers {
                    application,
                    user,
                    frame,
                } => self.tell_watchers((application, user), &frame, now),
                Task::Send {
                    key,
                    socket_id,
                    frame,
                } => self.send_to((key, socket_id), frame, now),
                Task::Close { key, socket_id } => self.close((key, socket_id), now),
                Task::Attached {
                    application,
                    channel,
                } => self.unpark(&(application, channel), now),
                Task::Admission {
                    application,
                    key,
                    socket_id,
                    verdict,
                } => self.decide(application, (key, socket_id), verdict, now),
                Task::List {
                    application,
                    channel,
                    answer,
                } => self.list((application, channel), &answer),
            }
        }
        self.taken = taken;
    }

    fn log(&mut self, delivery: Delivery, now: Instant) {
        let index = delivery.place as usize;
        let is_it = |channel: &&mut Channel| channel.is(delivery.application, &delivery.channel);
        let Some(channel) = self.channels.get_mut(index).filter(is_it) else {
            // The last subscriber of this worker has left meanwhile. Whoever came since has another
            // place, and subscribed later than this was published.
            return;
        };
        if channel.is_quiet() {
            self.turns.begin(index, now);
        }
        self.order += 1;
        self.logged += 1;
        let logged = Logged {
            order: self.order,
            sequence: delivery.sequence,
            copies: delivery.copies,
            except: delivery.except,
        };
        channel.append(logged, &mut self.spares);
    }

    /// Brings the frames of one channel to up to `most` connections; whether there is more to do.
    ///
    /// Channels take turns, so that a small one need not wait for a large one.
    pub fn sweep(&mut self, most: usize, now: Instant) -> bool {
        if self.logged >= MOST_LOGGED {
            self.turns.hurry();
        }
        let Some(index) = self.turns.next(now) else {
            return false;
        };
        if !self.sweep_channel(index, most) {
            self.turns.go_on(index);
        } else if !self.channels[index].is_quiet() {
            self.turns.begin(index, now);
        }
        self.end_slow(now);
        self.turns.has_due()
    }

    /// Goes on with the sweep of a channel; whether it has ended.
    fn sweep_channel(&mut self, index: usize, most: usize) -> bool {
        for _ in 0..most {
            let channel = &mut self.channels[index];
            let before = channel.logged();
            let Some(subscriber) = channel.next(&mut self.spares) else {
                self.logged -= before - channel.logged();
                return true;
            };
            self.bring(subscriber, index);
        }
        false
    }

    /// Goes on with a connection whose socket was full.
    pub fn writable(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let Some(backlog) = &mut connection.backlog else {
            return;
        };
        match backlog.resume(&mut connection.outlet) {
            Ok(true) => {
                connection.backlog = None;
                self.after_send(key);
            }
            Ok(false) => {}
            Err(Gone) => self.gone.push(key),
        }
    }

    /// Brings a connection all it has not had yet, of every channel it subscribes to.
    fn bring(&mut self, subscriber: Subscriber, swept: usize) {
        let key = subscriber.connection();
        // The swept channel is out of the queue: while that is empty, no other has frames.
        if !self.turns.is_empty() && self.connections[key].subscriptions.len() > 1 {
            self.catch_up(key);
            return;
        }
        if self.listens_to(EventKind::MessageSent) {
            self.tell_pending(key);
        }
        let connection = &mut self.connections[key];
        let channel = &self.channels[swept];
        let since = if channel.may_precede_somebody() {
            connection.subscriptions[subscriber.subscription()].since
        } else {
            0
        };
        let outcome = deliver(
            connection,
            &mut self.deflater,
            channel.pending(connection.cursor, since, connection.socket_id),
        );
        self.brought(key, outcome);
    }

    /// Brings a connection what it has not had yet, whichever channel's turn it is.
    pub(super) fn catch_up(&mut self, key: ConnectionKey) {
        if self.listens_to(EventKind::MessageSent) {
            self.tell_pending(key);
        }
        let connection = &mut self.connections[key];
        let channels = &self.channels;
        find_pending(channels, connection, &mut self.pending);
        let frames = self.pending.iter();
        let frames = frames.filter_map(|(order, channel)| channels[*channel].frame(*order));
        let outcome = deliver(connection, &mut self.deflater, frames);
        self.brought(key, outcome);
    }

    fn brought(&mut self, key: ConnectionKey, outcome: Result<usize, Gone>) {
        self.connections[key].cursor = self.order;
        match outcome {
            Ok(0) => {}
            Ok(count) => {
                self.engine.count_sent(self.index, count);
                if let Some(application) = self.connections[key].application {
                    self.tally.send(application, count);
                }
                self.after_send(key);
            }
            Err(Gone) => self.gone.push(key),
        }
    }

    /// Looks at a connection that was sent something: whether it is too slow, or done closing.
    pub(super) fn after_send(&mut self, key: ConnectionKey) {
        let connection = &mut self.connections[key];
        match &connection.backlog {
            Some(backlog) if backlog.bytes() > self.engine.max_backlog() => self.slow.push(key),
            None if connection.is_closing() => connection.outlet.finish(),
            _ => {}
        }
    }

    /// Ends the connections whose backlog passed `max_backlog`, telling them so.
    pub(super) fn end_slow(&mut self, now: Instant) {
        while let Some(key) = self.slow.pop() {
            let Some(connection) = self.connections.get_mut(key) else {
                continue;
            };
            if connection.is_closing() {
                self.gone.push(key);
                continue;
            }
            if let Some(backlog) = &mut connection.backlog {
                backlog.cut_short(farewell(PusherError::TooSlow));
            }
            self.engine.note_slow(connection.socket_id);
            self.begin_closing(key, now);
        }
    }
}

/// Sends frames to a connection, or has them wait where others wait; returns how many.
fn deliver<'f, O: Outlet>(
    connection: &mut Connection<O>,
    deflater: &mut Deflater,
    frames: impl Iterator<Item = &'f Logged> + Clone,
) -> Result<usize, Gone> {
    let count = frames.clone().count();
    let window = connection.window;
    if let Some(window) = window {
        for logged in frames.clone() {
            logged.copies.prepare(window, deflater);
        }
    }
    let bytes = frames.map(|logged| logged.copies.bytes(window));
    match &mut connection.backlog {
        Some(backlog) => bytes.cloned().for_each(|frame| backlog.push(frame)),
        None => connection.backlog = send(&mut connection.outlet, bytes)?,
    }
    Ok(count)
}

/// Finds what a connection has not had of all its channels, in the order it was logged.
pub(super) fn find_pending<O>(
    channels: &Slab<Channel>,
    connection: &Connection<O>,
    found: &mut Vec<(u64, usize)>,
) {
    found.clear();
    for subscription in &connection.subscriptions {
        let channel = &channels[subscription.channel];
        let frames = channel.pending(connection.cursor, subscription.since, connection.socket_id);
        found.extend(frames.map(|logged| (logged.order, subscription.channel)));
    }
    found.sort_unstable();
}
