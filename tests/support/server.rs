//! The server under test.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reverb::{
    engine::Notices,
    server::{Config, Server, ServerError},
};
use serde_json::{Value, json};

use super::{PATIENCE, client::Client, http::Request};

/// A server on a free port of this machine, ended with the test.
///
/// A process has one server at a time; so tests that share a process take turns.
pub(crate) struct TestServer {
    server: Server,
    _turn: MutexGuard<'static, ()>,
}

fn take_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // A test that failed in its turn has ended its server all the same.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The applications of Reverb's own tests. They ping nobody, however slow the machine; tests of pings shorten the interval.
pub(crate) fn configuration() -> Value {
    json!({
        "host": "127.0.0.1",
        "port": 0,
        "workers": 2,
        "applications": [
            {
                "app_id": "123456", "key": "reverb-key", "secret": "reverb-secret",
                "ping_interval": 3600, "activity_timeout": 30, "allowed_origins": ["*"],
                "max_message_size": 10_000, "accept_client_events_from": "members",
            },
            {
                "app_id": "654321", "key": "reverb-key-2", "secret": "reverb-secret-2",
                "ping_interval": 3600, "activity_timeout": 30, "allowed_origins": ["*"],
                "max_message_size": 1_000_000, "max_connections": 1,
                "accept_client_events_from": "none",
            },
            {
                "app_id": "987654", "key": "reverb-key-3", "secret": "reverb-secret-3",
                "ping_interval": 3600, "activity_timeout": 30, "allowed_origins": ["laravel.com"],
                "max_message_size": 1, "accept_client_events_from": "members",
            },
        ],
    })
}

impl TestServer {
    /// A server with [`configuration`].
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// A server with [`configuration`], changed.
    pub(crate) fn with(change: impl FnOnce(&mut Value)) -> Self {
        let mut configuration = configuration();
        change(&mut configuration);
        let config = Config::parse(&configuration).unwrap();
        let turn = take_turn();
        Self {
            server: Server::start(config).unwrap(),
            _turn: turn,
        }
    }

    /// The error of a start with [`configuration`], changed.
    pub(crate) fn refusal(change: impl FnOnce(&mut Value)) -> ServerError {
        let mut configuration = configuration();
        change(&mut configuration);
        let config = Config::parse(&configuration).unwrap();
        let _turn = take_turn();
        Server::start(config).err().unwrap()
    }

    /// What the operator is told.
    pub(crate) fn notices(&self) -> &Notices {
        self.server.notices()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The server itself.
    pub(crate) fn itself(&self) -> &Server {
        &self.server
    }

    /// A client of the first application that has read its greeting.
    pub(crate) fn connect(&self) -> Client {
        self.connect_to("reverb-key")
    }

    /// A client of the application with this key that has read its greeting.
    pub(crate) fn connect_to(&self, key: &str) -> Client {
        let mut client = Client::open(self.address(), &format!("/app/{key}"), &[]);
        client.read_greeting();
        client
    }

    /// A client that has not read anything after the handshake.
    pub(crate) fn open(&self, path: &str, headers: &[(&str, &str)]) -> Client {
        Client::open(self.address(), path, headers)
    }

    /// An unsigned request.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address(), method, path)
    }

    /// A request to the first application, to be signed.
    pub(crate) fn signed(&self, method: &str, path: &str) -> Request {
        let path = format!("/apps/123456{path}");
        self.request(method, &path)
            .signed("reverb-key", "reverb-secret")
    }

    /// Publishes and is told `{}`.
    pub(crate) fn publish(&self, event: &str, channel: &str, data: &str) {
        let body = json!({ "name": event, "channels": [channel], "data": data });
        let answer = self.signed("POST", "/events").json(&body).send();
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    }

    /// Stops, as SIGTERM does.
    pub(crate) fn stop(&self) {
        self.server.stop(PATIENCE);
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.server.stop(Duration::ZERO);
    }
}
