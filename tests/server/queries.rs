//! What the HTTP API tells about channels, users and connections.

use serde_json::json;

use crate::support::{http::Answer, server::TestServer};

fn get(server: &TestServer, path: &str, info: &str) -> Answer {
    let request = server.signed("GET", path);
    if info.is_empty() {
        request.send()
    } else {
        request.parameter("info", info).send()
    }
}

#[test]
fn channels_are_described_as_asked() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe("news");
    bob.subscribe("news");
    ada.join("presence-room", r#"{"user_id":1}"#);
    ada.text();
    bob.join("presence-room", r#"{"user_id":1}"#);
    bob.text();
    for (path, info, body) in [
        ("/channels/news", "", r#"{"occupied":true}"#),
        (
            "/channels/news",
            "subscription_count",
            r#"{"occupied":true,"subscription_count":2}"#,
        ),
        (
            "/channels/presence-room",
            "user_count",
            r#"{"occupied":true,"user_count":1}"#,
        ),
        (
            "/channels/nobody",
            "subscription_count,user_count",
            r#"{"occupied":false}"#,
        ),
    ] {
        let answer = get(&server, path, info);
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, body),
            "{path} {info}"
        );
    }
}

#[test]
fn occupied_channels_are_listed() {
    let server = TestServer::start();
    assert_eq!(get(&server, "/channels", "").body, r#"{"channels":{}}"#);
    let mut ada = server.connect();
    ada.subscribe("news");
    ada.join("presence-room", r#"{"user_id":1}"#);
    ada.text();
    ada.subscribe("left-again");
    ada.say(r#"{"event":"pusher:unsubscribe","data":{"channel":"left-again"}}"#);
    ada.expect_quiet();
    let all: serde_json::Value =
        serde_json::from_str(&get(&server, "/channels", "user_count").body).unwrap();
    assert_eq!(
        all,
        json!({ "channels": { "news": {}, "presence-room": { "user_count": 1 } } })
    );
    let filtered = server
        .signed("GET", "/channels")
        .parameter("filter_by_prefix", "presence-")
        .send();
    assert_eq!(filtered.body, r#"{"channels":{"presence-room":{}}}"#);
}

#[test]
fn a_channel_with_a_slash_can_be_asked_for() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("news/today");
    let answer = get(&server, "/channels/news%2Ftoday", "subscription_count");
    assert_eq!(answer.body, r#"{"occupied":true,"subscription_count":1}"#);
}

#[test]
fn users_are_listed_once() {
    let server = TestServer::start();
    let (mut ada, mut again, mut bob) = (server.connect(), server.connect(), server.connect());
    for (client, channel_data) in [
        (&mut ada, r#"{"user_id":1}"#),
        (&mut again, r#"{"user_id":1}"#),
        (&mut bob, r#"{"user_id":"7"}"#),
    ] {
        client.join("presence-room", channel_data);
        client.text();
    }
    assert_eq!(
        get(&server, "/channels/presence-room/users", "").body,
        r#"{"users":[{"id":1},{"id":"7"}]}"#
    );
    let unknown = get(&server, "/channels/presence-nobody/users", "");
    assert_eq!((unknown.status, unknown.body.as_str()), (404, "{}"));
    bob.subscribe("news");
    let other = get(&server, "/channels/news/users", "");
    assert_eq!((other.status, other.body.as_str()), (400, "{}"));
}

#[test]
fn connections_are_counted_once() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe("news");
    ada.subscribe("sports");
    bob.subscribe("news");
    assert_eq!(
        get(&server, "/connections", "").body,
        r#"{"connections":2}"#
    );
}

#[test]
fn an_event_tells_about_its_channels() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("news");
    let body = json!({ "name": "E", "data": "{}", "channels": ["news", "nobody"], "info": "subscription_count" });
    let answer = server.signed("POST", "/events").json(&body).send();
    assert_eq!(
        answer.body,
        r#"{"channels":{"news":{"subscription_count":1},"nobody":{}}}"#
    );
    let body = json!({ "batch": [
        { "name": "E", "data": "{}", "channel": "news", "info": "subscription_count" },
        { "name": "E", "data": "{}", "channel": "news" },
    ]});
    let answer = server.signed("POST", "/batch_events").json(&body).send();
    assert_eq!(answer.body, r#"{"batch":[{"subscription_count":1},{}]}"#);
}

#[test]
fn a_terminated_user_leaves_every_channel() {
    let server = TestServer::start();
    let (mut ada, mut bob, mut guest) = (server.connect(), server.connect(), server.connect());
    guest.subscribe("news");
    bob.subscribe("news");
    for (client, channel_data) in [
        (&mut ada, r#"{"user_id":1}"#),
        (&mut bob, r#"{"user_id":456}"#),
    ] {
        client.join("presence-room", channel_data);
        client.text();
    }
    ada.text();
    for user in ["456", "nobody"] {
        let path = format!("/users/{user}/terminate_connections");
        let answer = server.signed("POST", &path).json(&json!({})).send();
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{user}");
    }
    ada.expect(
        r#"{"event":"pusher_internal:member_removed","data":"{\"user_id\":456}","channel":"presence-room"}"#,
    );
    while bob.try_text().is_some() {}
    guest.expect_quiet();
    ada.expect_quiet();
}
