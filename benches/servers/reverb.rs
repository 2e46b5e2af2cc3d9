//! The server under test, with the settings of `php/config/reverb.php`.

use std::path::Path;

use reverb::server::{Config, Server};
use serde_json::json;

use super::{Credentials, Role};
use crate::failure::Failure;

pub(super) fn start(role: Role, socket: &Path) -> Result<Server, Failure> {
    let Credentials {
        app_id,
        key,
        secret,
    } = Credentials::default();
    let coalesce = match role {
        Role::Coalescing(time) => time,
        Role::Plain | Role::Reverb(_) | Role::Clustered(_) => 0,
    };
    let mut config = json!({
        "host": "0.0.0.0", "port": 0, "workers": role.workers(), "socket": socket.to_str(),
        "coalesce": coalesce,
        "applications": [{
            "app_id": app_id, "key": key, "secret": secret,
            "ping_interval": 60, "activity_timeout": 30, "allowed_origins": ["*"],
            "max_message_size": 10_000, "accept_client_events_from": "members",
        }],
    });
    if let Role::Clustered(port) = role {
        config["scaling"] =
            json!({ "channel": "bench", "servers": [{ "host": "127.0.0.1", "port": port }] });
    }
    let config = Config::parse(&config).map_err(|error| Failure::Server(error.to_string()))?;
    Server::start(config).map_err(|error| Failure::Server(error.to_string()))
}
