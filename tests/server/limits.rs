//! What a client may not do for long.

use serde_json::json;

use crate::support::{server::TestServer, sign};

#[test]
fn a_message_over_the_limit_closes() {
    let server = TestServer::start();
    let mut ada = server.open("/app/reverb-key-3", &[("Origin", "http://laravel.com")]);
    ada.read_greeting();
    ada.say("Hi");
    ada.expect_closed(1009, "Maximum message size exceeded");

    let mut bob = server.connect();
    bob.say(&"x".repeat(10_001));
    bob.expect_closed(1009, "Maximum message size exceeded");
    let mut cleo = server.connect();
    cleo.say(&"x".repeat(10_000));
    cleo.expect_error(4200, "Invalid message format");
}

#[test]
fn each_application_has_its_own_limit() {
    let server = TestServer::start();
    let mut ada = server.connect_to("reverb-key-2");
    let padding = "x".repeat(500_000);
    ada.send(&json!({ "event": "pusher:ping", "data": { "padding": padding } }));
    ada.expect(r#"{"event":"pusher:pong"}"#);
}

#[test]
fn too_many_messages_are_dropped() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["rate_limiting"] = json!({ "enabled": true, "max_attempts": 3, "decay_seconds": 3600, "terminate_on_limit": false });
    });
    let mut eve = server.connect();
    (0..3).for_each(|_| eve.expect_quiet());
    for _ in 0..2 {
        eve.say(r#"{"event":"pusher:ping"}"#);
        eve.expect_error(4301, "Rate limit exceeded");
    }
}

#[test]
fn too_many_messages_may_end_the_connection() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["rate_limiting"] = json!({ "enabled": true, "max_attempts": 3, "decay_seconds": 3600, "terminate_on_limit": true });
    });
    let mut eve = server.connect();
    (0..3).for_each(|_| eve.expect_quiet());
    eve.say(r#"{"event":"pusher:ping"}"#);
    eve.expect_error(4301, "Rate limit exceeded");
    eve.expect_closed(4301, "Rate limit exceeded");
}

#[test]
fn a_client_that_does_not_read_is_ended_and_the_others_get_everything() {
    let server = TestServer::with(|configuration| {
        configuration["max_request_size"] = 1_000_000.into();
        configuration["max_backlog"] = 100_000.into();
    });
    let (mut idle, mut ada) = (server.connect(), server.connect());
    idle.subscribe("news");
    ada.subscribe("news");
    // More than the kernel's buffers hold for a socket that is not read from.
    let data = "x".repeat(500_000);
    for number in 0..40 {
        server.publish(&format!("E{number}"), "news", &data);
        let message = ada.text();
        assert!(message.starts_with(&format!(r#"{{"event":"E{number}","#)));
    }
    let mut whole = 0;
    while whole < 40 && idle.try_text().is_some() {
        whole += 1;
    }
    assert!(whole < 40, "the idle client should have been ended");
    ada.expect_quiet();
}

#[test]
fn member_data_counts_as_part_of_its_message() {
    let server = TestServer::start();
    let mut ada = server.connect();
    let long = "x".repeat(10_100);
    ada.join(
        "presence-room",
        &json!({ "user_id": 1, "user_info": long }).to_string(),
    );
    ada.expect_closed(1009, "Maximum message size exceeded");

    let mut bob = server.connect_to("reverb-key-2");
    let channel_data = json!({ "user_id": 1, "user_info": "x".repeat(20_000) }).to_string();
    let text = format!("{}:presence-room:{channel_data}", bob.socket_id);
    let auth = format!("reverb-key-2:{}", sign("reverb-secret-2", &text));
    let data = json!({ "channel": "presence-room", "auth": auth, "channel_data": channel_data });
    bob.send(&json!({ "event": "pusher:subscribe", "data": data }));
    assert!(bob.text().contains("subscription_succeeded"));
}
