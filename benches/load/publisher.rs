//! Those who publish.

use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use md5::{Digest, Md5};
use reverb::protocol::auth;
use serde_json::json;

use super::{link::Links, wire::client_frame};
use crate::{failure::Failure, servers::Credentials};

/// How events get to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A signed `POST /events`.
    Http,
    /// A subscriber's client event.
    Client,
    /// The message itself, which only the plain loop takes.
    Plain,
}

/// One connection that publishes to a channel, one event at a time.
pub(crate) struct Publisher {
    pub(crate) link: usize,
    way: Way,
    channel: String,
    server: SocketAddr,
    credentials: Credentials,
}

impl Publisher {
    pub(crate) fn new(
        way: Way,
        link: usize,
        channel: &str,
        (server, credentials): (SocketAddr, &Credentials),
    ) -> Self {
        Self {
            link,
            way,
            channel: channel.to_owned(),
            server,
            credentials: credentials.clone(),
        }
    }

    /// Whether the server answers each event.
    pub(crate) fn is_answered(&self) -> bool {
        self.way == Way::Http
    }

    pub(crate) fn publish(&self, links: &mut Links, data: &str) -> Result<(), Failure> {
        let channel = &self.channel;
        let bytes = match self.way {
            Way::Http => self.request(data),
            Way::Client => client_frame(
                format!(
                    r#"{{"event":"client-bench","channel":"{channel}","data":{{"text":"{data}"}}}}"#
                )
                .as_bytes(),
            ),
            Way::Plain => client_frame(
                format!(r#"{{"event":"bench","data":"{data}","channel":"{channel}"}}"#).as_bytes(),
            ),
        };
        links.send(self.link, &bytes)
    }

    /// A signed request of Pusher's HTTP API.
    pub(crate) fn request(&self, data: &str) -> Vec<u8> {
        let Self {
            server, channel, ..
        } = self;
        let Credentials {
            app_id,
            key,
            secret,
        } = &self.credentials;
        let body = json!({ "name": "bench", "channels": [channel], "data": data }).to_string();
        let digest: String = Md5::digest(&body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs());
        let path = format!("/apps/{app_id}/events");
        let query =
            format!("auth_key={key}&auth_timestamp={now}&auth_version=1.0&body_md5={digest}");
        let signature = auth::sign(secret, &["POST\n", &path, "\n", &query]);
        let length = body.len();
        format!(
            "POST {path}?{query}&auth_signature={signature} HTTP/1.1\r\nHost: {server}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
