//! What only those inside `src/cluster` can see: bytes, and scripts on a real Redis.

mod connections;
mod envelopes;
mod missed;
mod names;
mod node;
mod scripts;

#[allow(dead_code, reason = "shared with the tests of whole servers")]
#[path = "../redis.rs"]
mod redis;

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{Application, Applications, Engine, EventKinds, Limits, Notices},
    protocol::Member,
    websocket::Compression,
};

/// An application with an id and a secret.
fn application(id: &str, secret: &str) -> Application {
    Application::new(id, "key", secret)
}

/// An engine without workers, with one application.
fn engine(secret: &str) -> Arc<Engine> {
    let limits = Limits {
        max_backlog: 1,
        max_request_size: 1,
        cache_ttl: Duration::from_secs(60),
        compression: Compression::Off,
        coalesce: Duration::ZERO,
    };
    let applications = Applications::new(vec![application("1", secret)]);
    let notices = Notices::new(false, EventKinds::default()).expect("a pipe");
    Arc::new(Engine::new(
        applications,
        Vec::new(),
        Arc::new(notices),
        limits,
    ))
}

fn member(id: &str) -> Arc<Member> {
    let data = format!("{{\"user_id\":\"{id}\",\"user_info\":{{\"name\":\"N{id}\"}}}}");
    Arc::new(Member::parse(&data).expect("a member"))
}

fn ids(members: &[Arc<Member>]) -> Vec<&str> {
    let mut ids: Vec<&str> = members
        .iter()
        .map(|member| member.user_id().as_str())
        .collect();
    ids.sort_unstable();
    ids
}
