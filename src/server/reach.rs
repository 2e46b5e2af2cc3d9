//! Single connections and channels, for listeners in PHP: the engine's part of it, and the waiting.

use std::{
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{Server, ServerError};
use crate::{
    engine::{ApplicationIndex, Place, Subscriber},
    protocol::{ChannelName, SocketId},
};

/// How long the workers may be too busy to take something in.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often busy workers are looked at; nothing wakes a thread that waits for them.
const PAUSE: Duration = Duration::from_millis(1);

impl Server {
    /// Sends a text to one connection, if it is still there. The place is that of an event.
    ///
    /// # Errors
    /// If the workers are too busy for too long.
    pub fn send(&self, socket_id: &str, place: i64, text: &str) -> Result<(), ServerError> {
        if let Some(socket_id) = SocketId::parse(socket_id) {
            self.wait_for_room()?;
            let place = Place::from_number(place);
            self.engine().send(socket_id, place, text);
        }
        Ok(())
    }

    /// Closes one connection, if it is still there. The place is that of an event.
    ///
    /// # Errors
    /// If the workers are too busy for too long.
    pub fn disconnect(&self, socket_id: &str, place: i64) -> Result<(), ServerError> {
        if let Some(socket_id) = SocketId::parse(socket_id) {
            self.wait_for_room()?;
            let place = Place::from_number(place);
            self.engine().disconnect(socket_id, place);
        }
        Ok(())
    }

    /// Sends a text to the subscribers of an application's channel as it is, but for one of them.
    ///
    /// # Errors
    /// If the workers are too busy for too long.
    pub fn broadcast(
        &self,
        channel: (&str, &str),
        text: &str,
        except: Option<&str>,
    ) -> Result<(), ServerError> {
        if let Some((application, channel)) = self.channel(channel) {
            self.wait_for_room()?;
            let message = (text, except.and_then(SocketId::parse));
            self.engine()
                .broadcast(application, &channel, message, Instant::now());
        }
        Ok(())
    }

    /// The subscribers of an application's channel.
    ///
    /// # Errors
    /// If the workers are too busy for too long.
    pub fn subscribers(&self, app_id: &str, channel: &str) -> Result<Vec<Subscriber>, ServerError> {
        let Some((application, channel)) = self.channel((app_id, channel)) else {
            return Ok(Vec::new());
        };
        self.wait_for_room()?;
        let answers = self.engine().subscribers(application, &channel);
        let deadline = Instant::now() + PATIENCE;
        let mut list = Vec::new();
        for _ in 0..self.stats().workers {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = answers.recv_timeout(left);
            list.extend(answer.map_err(|_| ServerError::Busy(PATIENCE))?);
        }
        Ok(list)
    }

    /// The names of an application's channels that have subscribers here and begin with a prefix, in their order.
    #[must_use]
    pub fn channels(&self, app_id: &str, prefix: &str) -> Vec<ChannelName> {
        let Some(application) = self.engine().applications().by_id(app_id) else {
            return Vec::new();
        };
        let occupied = self.engine().channels(application, prefix, Instant::now());
        let mut names: Vec<_> = occupied.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names
    }

    /// The message that a cache channel of an application has kept.
    #[must_use]
    pub fn cached(&self, app_id: &str, channel: &str) -> Option<Bytes> {
        let (application, channel) = self.channel((app_id, channel))?;
        let now = Instant::now();
        self.engine().occupancy(application, &channel, now).cached
    }

    /// `None` if the server has no such application, or a channel cannot have the name.
    fn channel(&self, (app_id, name): (&str, &str)) -> Option<(ApplicationIndex, ChannelName)> {
        let application = self.engine().applications().by_id(app_id)?;
        Some((application, ChannelName::parse(name).ok()?))
    }

    fn wait_for_room(&self) -> Result<(), ServerError> {
        let deadline = Instant::now() + PATIENCE;
        while self.engine().is_congested() {
            if Instant::now() >= deadline {
                return Err(ServerError::Busy(PATIENCE));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}
