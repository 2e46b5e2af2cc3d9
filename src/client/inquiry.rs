//! What a publisher may ask about its application: the request, whatever way it takes.

use super::percent::encoded;

/// A question to the server, or an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Inquiry<'a> {
    /// The occupied channels whose names begin with this, and what to tell about each.
    Channels(&'a str, &'a [&'a str]),
    /// One channel, and what to tell about it.
    Channel(&'a str, &'a [&'a str]),
    /// The users in a presence channel.
    Users(&'a str),
    /// The number of connections.
    Connections,
    /// The end of a user's connections.
    Terminate(&'a str),
}

/// A request of the HTTP API that has no body.
pub(super) struct Request {
    pub(super) method: &'static str,
    /// Percent-encoded, from the API's root.
    pub(super) path: String,
    /// Sorted by their names, and behind all of the signature's own; not encoded.
    pub(super) parameters: Vec<(&'static str, String)>,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) text: String,
    /// Whether it tells of all servers of the installation.
    pub(super) is_complete: bool,
}

impl Inquiry<'_> {
    pub(super) fn request(self, app_id: &str) -> Request {
        let (path, parameters) = match self {
            Self::Channels(prefix, info) => (
                "channels".to_owned(),
                vec![
                    ("filter_by_prefix", prefix.to_owned()),
                    ("info", info.join(",")),
                ],
            ),
            Self::Channel(name, info) => (
                format!("channels/{}", encoded(name)),
                vec![("info", info.join(","))],
            ),
            Self::Users(name) => (format!("channels/{}/users", encoded(name)), Vec::new()),
            Self::Connections => ("connections".to_owned(), Vec::new()),
            Self::Terminate(user) => (
                format!("users/{}/terminate_connections", encoded(user)),
                Vec::new(),
            ),
        };
        Request {
            method: match self {
                Self::Terminate(_) => "POST",
                _ => "GET",
            },
            path: format!("/apps/{}/{path}", encoded(app_id)),
            parameters: parameters
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        }
    }
}

impl Request {
    /// Path and query.
    pub(super) fn target(&self) -> String {
        let query: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        match query.join("&").as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
}
