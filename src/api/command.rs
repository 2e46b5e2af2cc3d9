//! What a signed request asks for.

use super::{ApiError, Endpoint, Info, Query, body};
use crate::protocol::{ChannelName, SocketId};

/// A request, understood: what the engine is to do or to tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Publish one event. Answer: [`super::Response::published`].
    Publish(Event),
    /// Publish several events, in this order. Answer: [`super::Response::batch_published`].
    PublishBatch(Vec<Event>),
    /// Count the connections. Answer: [`super::Response::connections`].
    Connections,
    /// List the occupied channels. Answer: [`super::Response::channels`].
    Channels {
        /// Only those whose names begin with this.
        prefix: String,
        /// What to tell about each.
        info: Info,
    },
    /// Describe one channel. Answer: [`super::Response::channel`].
    Channel {
        /// Its name.
        channel: ChannelName,
        /// What to tell about it.
        info: Info,
    },
    /// List the members of a presence channel. Answer: [`super::Response::users`].
    Users {
        /// Its name.
        channel: ChannelName,
    },
    /// Close all connections of a user. Answer: [`super::Response::done`].
    TerminateConnections {
        /// The text of the user's id.
        user_id: String,
    },
}

/// An event to publish.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The event's name.
    pub name: String,
    /// The data, mostly JSON text, as it was sent.
    pub data: String,
    /// Where it goes; a channel that is named twice gets it twice.
    pub channels: Vec<ChannelName>,
    /// The connection that does not get it: the sender's own.
    pub except: Option<SocketId>,
    /// What to tell about the channels in the answer.
    pub info: Option<Info>,
}

impl Command {
    /// Reads a request whose signature has been checked.
    ///
    /// # Errors
    /// `Body` or `Invalid` for what is wrong with the body, `NotFound` for a name that no channel has.
    pub fn parse(endpoint: Endpoint, query: &Query<'_>, body: &[u8]) -> Result<Self, ApiError> {
        let joined = query.with_joined_lists();
        let query = joined.as_ref().unwrap_or(query);
        let info = || Info::parse(query.value("info").unwrap_or_default());
        Ok(match endpoint {
            Endpoint::Events => Self::Publish(body::event(body)?),
            Endpoint::BatchEvents => Self::PublishBatch(body::batch(body)?),
            Endpoint::Connections => Self::Connections,
            Endpoint::Channels => {
                let prefix = query
                    .value("filter_by_prefix")
                    .unwrap_or_default()
                    .to_owned();
                Self::Channels {
                    prefix,
                    info: info(),
                }
            }
            Endpoint::Channel(name) => Self::Channel {
                channel: channel(&name)?,
                info: info(),
            },
            Endpoint::Users(name) => Self::Users {
                channel: channel(&name)?,
            },
            Endpoint::TerminateConnections(user_id) => Self::TerminateConnections { user_id },
        })
    }
}

fn channel(name: &str) -> Result<ChannelName, ApiError> {
    ChannelName::parse(name).map_err(|_| ApiError::NotFound)
}
