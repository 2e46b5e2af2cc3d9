//! Pings for the silent, an end for the dead.

use std::time::{Duration, Instant};

use super::{CLOSING_TIME, ConnectionKey, Worker, parking::PATIENCE};
use crate::{
    engine::{
        application::ApplicationIndex, backlog::Outlet, cluster::Verdict, connection::Phase,
        event::EventKind,
    },
    protocol::{PusherError, ping},
    websocket,
};

/// What a look at the clock means for a connection.
enum Due {
    Decide(ApplicationIndex),
    Ping,
    Prune,
    Remove,
}

impl<O: Outlet> Worker<O> {
    /// Looks at the clock for every connection. To be called once a second or so.
    ///
    /// A connection is pinged after `ping_interval` of silence and closed after as much again.
    /// Reverb looks only once a minute, and only at connections that have subscribed.
    pub fn tick(&mut self, now: Instant) {
        self.settle_figures();
        if self.index == 0 {
            self.engine.tick(now);
        }
        self.end_waiting(now);
        let due: Vec<(ConnectionKey, Due)> = self
            .connections
            .iter()
            .filter_map(|(key, connection)| {
                let interval = connection.application.map_or(CLOSING_TIME, |index| {
                    self.engine.applications().application(index).ping_interval
                });
                let due = due(connection.phase, connection.last_seen, interval, now)?;
                Some((key, due))
            })
            .collect();
        for (key, due) in due {
            match due {
                Due::Decide(application) => self.lose_patience(application, key, now),
                Due::Ping => self.ping(key, now),
                Due::Prune => self.prune(key, now),
                Due::Remove => self.gone.push(key),
            }
        }
    }

    fn lose_patience(&mut self, application: ApplicationIndex, key: ConnectionKey, now: Instant) {
        let socket_id = self.connections[key].socket_id;
        self.decide(application, (key, socket_id), Verdict::Unknown, now);
    }

    fn ping(&mut self, key: ConnectionKey, now: Instant) {
        let connection = &mut self.connections[key];
        connection.phase = Phase::Pinged(now);
        let socket_id = connection.socket_id;
        if connection.uses_control_frames {
            self.replies.push(websocket::ping());
        } else {
            self.reply(&ping());
        }
        self.flush(key, now);
        self.engine
            .note("Connection Pinged", || socket_id.to_string());
    }

    fn prune(&mut self, key: ConnectionKey, now: Instant) {
        let connection = &self.connections[key];
        let (application, socket_id) = (connection.application, connection.socket_id);
        self.engine
            .note("Connection Pruned", || socket_id.to_string());
        self.terminate(key, PusherError::PongNotReceived, now);
        if let Some(application) = application {
            self.tell(EventKind::ConnectionPruned, application, key);
        }
    }
}

fn due(phase: Phase, last_seen: Instant, interval: Duration, now: Instant) -> Option<Due> {
    match phase {
        Phase::Awaiting { since, application } => {
            (now.duration_since(since) >= PATIENCE).then_some(Due::Decide(application))
        }
        Phase::Active => (now.duration_since(last_seen) >= interval).then_some(Due::Ping),
        Phase::Pinged(at) => (now.duration_since(at) >= interval).then_some(Due::Prune),
        Phase::Closing(at) => (now.duration_since(at) >= CLOSING_TIME).then_some(Due::Remove),
    }
}
