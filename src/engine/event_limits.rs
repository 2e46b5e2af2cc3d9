//! What an event of a publisher on this machine is held against, whichever way it takes; the HTTP API has its own
//! limits for a request, and its own words.

use super::{ApplicationIndex, ApplicationLimits, Engine, OverLimit};
use crate::protocol::{ChannelName, InvalidChannelName};

/// The limits of a server, and of one of its applications.
#[derive(Clone, Copy, Debug)]
pub struct EventLimits {
    /// Bytes of an event's name, its data and the names of its channels together.
    pub max_request_size: usize,
    /// Those of the application.
    pub application: ApplicationLimits,
}

/// Why an event is not published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitEvent {
    /// The event is larger than the server takes.
    #[error("Payload too large: {size} bytes, and max_request_size is {limit}.")]
    TooLarge {
        /// The bytes that count.
        size: usize,
        /// `max_request_size`.
        limit: usize,
    },
    /// The publisher left the name empty.
    #[error("The event has no name.")]
    NoName,
    /// One of the channels cannot be called so.
    #[error("{0}: \"{1}\"")]
    BadChannel(InvalidChannelName, String),
    /// More than the application allows.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
}

impl EventLimits {
    /// Reads the channels of an event that is within the limits.
    ///
    /// # Errors
    /// The first limit that it is over.
    pub fn check(
        &self,
        event: &str,
        data: &str,
        channels: &[&str],
    ) -> Result<Vec<ChannelName>, UnfitEvent> {
        let names: usize = channels.iter().map(|name| name.len()).sum();
        let (size, limit) = (event.len() + data.len() + names, self.max_request_size);
        if size > limit {
            return Err(UnfitEvent::TooLarge { size, limit });
        }
        if event.is_empty() {
            return Err(UnfitEvent::NoName);
        }
        let parse = |&name: &&str| {
            ChannelName::parse(name).map_err(|error| UnfitEvent::BadChannel(error, name.to_owned()))
        };
        let channels: Vec<_> = channels.iter().map(parse).collect::<Result<_, _>>()?;
        self.application.check(event, data, &channels)?;
        Ok(channels)
    }
}

impl Engine {
    /// What an event of the application is held against.
    #[must_use]
    pub fn event_limits(&self, application: ApplicationIndex) -> EventLimits {
        EventLimits {
            max_request_size: self.max_request_size(),
            application: self.applications().application(application).limits,
        }
    }
}
