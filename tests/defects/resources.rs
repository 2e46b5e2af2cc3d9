//! What is kept for whom, and for how long.

use std::time::Duration;

use serde_json::json;

use crate::{
    stage::{Stage, application},
    support::server::TestServer,
};

/// Reverb: a refused subscription leaves an empty channel behind for ever.
#[test]
fn d09_a_refused_subscription_leaves_nothing_behind() {
    let server = TestServer::start();
    let mut eve = server.connect();
    for channel in [
        "private-room",
        "presence-room",
        "private-cache-room",
        "presence-cache-room",
    ] {
        let data = json!({ "channel": channel, "auth": "reverb-key:wrong", "channel_data": "{\"user_id\":1}" });
        eve.send(&json!({ "event": "pusher:subscribe", "data": data }));
        eve.expect_error(4009, "Connection is unauthorized");
        let answer = server.signed("GET", &format!("/channels/{channel}")).send();
        assert_eq!(answer.body, r#"{"occupied":false}"#, "{channel}");
    }
    let users = server.signed("GET", "/channels/presence-room/users").send();
    assert_eq!((users.status, users.body.as_str()), (404, "{}"));
    let channels = server.signed("GET", "/channels").send();
    assert_eq!(channels.body, r#"{"channels":{}}"#);
}

/// Reverb: connections without a subscription are not counted, limited, pinged, pruned or told of
/// the end. The last is in `tests/server/lifecycle.rs`.
#[test]
fn d10_a_connection_counts_without_a_subscription() {
    let server = TestServer::start();
    let _idle = server.connect();
    let count = server.signed("GET", "/connections").send();
    assert_eq!(count.body, r#"{"connections":1}"#);
    let _first = server.connect_to("reverb-key-2");
    let mut second = server.open("/app/reverb-key-2", &[]);
    second.expect_error(4004, "Application is over connection quota");

    let mut stage = Stage::new(1, application());
    let mut idle = stage.connect(0);
    stage.wait(Duration::from_secs(60));
    idle.expect(json!({ "event": "pusher:ping" }));
    stage.wait(Duration::from_secs(60));
    idle.expect_error(4201, "Pong reply not received in time");
    idle.expect_close(4201);
}

/// Reverb: the counts of rate limits stay in memory when their connections are gone.
#[test]
fn d12_a_rate_limit_goes_with_its_connection() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["rate_limiting"] = json!({
            "enabled": true, "max_attempts": 2, "decay_seconds": 3600, "terminate_on_limit": false,
        });
    });
    // What a connection has used up is kept in it, and nowhere else (`engine/connection.rs`).
    for _ in 0..3 {
        let mut client = server.connect();
        client.expect_quiet();
        client.expect_quiet();
        client.say(r#"{"event":"pusher:ping"}"#);
        client.expect_error(4301, "Rate limit exceeded");
    }
}
