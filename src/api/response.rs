//! Answers as status, headers and JSON.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{ApiError, ChannelInfo};
use crate::protocol::{ChannelName, json};

/// The header of an answer that tells only of the server that was asked.
pub const INCOMPLETE: &str = "Reverb-Incomplete";

/// An answer; whoever sends it adds `Content-Length` and `Date`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`, and what else the status asks for.
    pub headers: Vec<(&'static str, &'static str)>,
    /// JSON, or the text of an error.
    pub body: String,
}

impl Response {
    /// The answer of `GET /up`.
    #[must_use]
    pub fn health() -> Self {
        #[derive(Serialize)]
        struct Health {
            health: &'static str,
        }
        Self::json(200, &Health { health: "OK" })
    }

    /// There is nothing to tell: `{}`.
    #[must_use]
    pub fn done() -> Self {
        Self::json(200, &Empty {})
    }

    /// The event is published; about its channels is told what `info` asked for.
    #[must_use]
    pub fn published(channels: Option<&[(ChannelName, ChannelInfo)]>) -> Self {
        channels.map_or_else(Self::done, Self::channels)
    }

    /// The events are published; one entry for each of them, if any asked for `info`.
    #[must_use]
    pub fn batch_published(infos: &[Option<ChannelInfo>]) -> Self {
        #[derive(Serialize)]
        struct Batch<T> {
            batch: T,
        }
        if infos.iter().all(Option::is_none) {
            return Self::json(200, &Batch { batch: Empty {} });
        }
        let infos: Vec<ChannelInfo> = infos
            .iter()
            .map(|info| info.clone().unwrap_or_default())
            .collect();
        Self::json(200, &Batch { batch: infos })
    }

    /// The number of connections.
    #[must_use]
    pub fn connections(connections: usize) -> Self {
        #[derive(Serialize)]
        struct Connections {
            connections: usize,
        }
        Self::json(200, &Connections { connections })
    }

    /// Channels by name. None are `{}`; Reverb's `[]` breaks its own clients.
    #[must_use]
    pub fn channels(channels: &[(ChannelName, ChannelInfo)]) -> Self {
        #[derive(Serialize)]
        struct Channels<'a> {
            channels: ByName<'a>,
        }
        Self::json(
            200,
            &Channels {
                channels: ByName(channels),
            },
        )
    }

    /// One channel.
    #[must_use]
    pub fn channel(channel: &ChannelInfo) -> Self {
        Self::json(200, channel)
    }

    /// The users of a presence channel; their ids are JSON as their applications sent it.
    #[must_use]
    pub fn users(ids: &[Box<RawValue>]) -> Self {
        #[derive(Serialize)]
        struct User<'a> {
            id: &'a RawValue,
        }
        #[derive(Serialize)]
        struct Users<'a> {
            users: Vec<User<'a>>,
        }
        Self::json(
            200,
            &Users {
                users: ids.iter().map(|id| User { id }).collect(),
            },
        )
    }

    /// Users of a channel that nobody is in.
    #[must_use]
    pub fn users_of_unknown_channel() -> Self {
        Self::json(404, &Empty {})
    }

    /// Users of a channel that has none, as it is not a presence channel.
    #[must_use]
    pub fn users_of_other_channel() -> Self {
        Self::json(400, &Empty {})
    }

    /// The methods of a path, also for a browser that asks on behalf of a page of another origin.
    #[must_use]
    pub fn options(methods: &'static str) -> Self {
        let headers = vec![
            ("Allow", methods),
            ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", "*"),
            ("Access-Control-Max-Age", "600"),
        ];
        Self {
            status: 204,
            headers,
            body: String::new(),
        }
    }

    /// Lets a page of any origin read it: who may ask is decided by the signature, never by what a
    /// browser adds of its own, such as cookies.
    #[must_use]
    pub fn for_any_origin(mut self) -> Self {
        self.headers.push(("Access-Control-Allow-Origin", "*"));
        self
    }

    /// Says that the other servers could not be asked, so that only what this one knows is told.
    #[must_use]
    pub fn incomplete(mut self) -> Self {
        self.headers.push((INCOMPLETE, "redis"));
        self
    }

    /// Whether it tells of all servers.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut names = self.headers.iter().map(|(name, _)| *name);
        names.all(|name| name != INCOMPLETE)
    }

    fn json(status: u16, value: &impl Serialize) -> Self {
        let headers = vec![
            ("Cache-Control", "no-cache, private"),
            ("Content-Type", "application/json"),
        ];
        Self {
            status,
            headers,
            body: json::text(value),
        }
    }
}

impl From<ApiError> for Response {
    fn from(error: ApiError) -> Self {
        let status = error.status();
        if let ApiError::Invalid(errors) = &error {
            return Self::json(status, errors);
        }
        let mut headers = vec![("Content-Type", "text/plain; charset=utf-8")];
        match error {
            ApiError::MethodNotAllowed(allowed) => headers.push(("Allow", allowed)),
            ApiError::ApplicationUnavailable => headers.push(("Retry-After", "1")),
            _ => {}
        }
        Self {
            status,
            headers,
            body: error.to_string(),
        }
    }
}

/// `{}`
#[derive(Serialize)]
struct Empty {}

/// `{"name":{…}}`
struct ByName<'a>(&'a [(ChannelName, ChannelInfo)]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, info)| (name.as_str(), info)))
    }
}
