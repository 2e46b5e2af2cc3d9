//! Cache channels: whoever comes later gets the last event.

use crate::support::{client::Client, server::TestServer};

#[test]
fn an_empty_cache_is_told_after_the_confirmation() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("cache-news");
    ada.expect(r#"{"event":"pusher:cache_miss","channel":"cache-news"}"#);
    ada.subscribe_private("private-cache-room");
    ada.expect(r#"{"event":"pusher:cache_miss","channel":"private-cache-room"}"#);
    ada.join("presence-cache-room", r#"{"user_id":1}"#);
    ada.text();
    ada.expect(r#"{"event":"pusher:cache_miss","channel":"presence-cache-room"}"#);
}

#[test]
fn the_last_event_of_the_server_is_kept() {
    let server = TestServer::start();
    let mut ada = server.connect();
    for channel in ["cache-news", "private-cache-room"] {
        subscribe(&mut ada, channel);
        ada.text();
        server.publish("First", channel, "1");
        server.publish("Last", channel, "2");
        ada.text();
        ada.text();
        // Whispers are not kept.
        ada.say(&format!(
            r#"{{"event":"client-x","channel":"{channel}","data":{{}}}}"#
        ));
        ada.expect_quiet();
        let mut bob = server.connect();
        subscribe(&mut bob, channel);
        bob.expect(&format!(
            r#"{{"event":"Last","data":"2","channel":"{channel}"}}"#
        ));
        bob.expect_quiet();
    }
}

#[test]
fn an_event_for_nobody_is_kept_for_the_first() {
    let server = TestServer::start();
    server.publish("E", "cache-news", "{}");
    let mut ada = server.connect();
    ada.subscribe("cache-news");
    ada.expect(r#"{"event":"E","data":"{}","channel":"cache-news"}"#);
    drop(ada);
    let mut bob = server.connect();
    bob.subscribe("cache-news");
    bob.expect(r#"{"event":"E","data":"{}","channel":"cache-news"}"#);
}

#[test]
fn the_api_tells_what_is_kept() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("cache-news");
    ada.text();
    let ask = || {
        server
            .signed("GET", "/channels/cache-news")
            .parameter("info", "cache")
            .send()
            .body
    };
    assert_eq!(ask(), r#"{"occupied":true}"#);
    server.publish("E", "cache-news", "{}");
    assert_eq!(
        ask(),
        r#"{"occupied":true,"cache":{"event":"E","data":"{}","channel":"cache-news"}}"#
    );
}

fn subscribe(client: &mut Client, channel: &str) {
    if channel.starts_with("private") {
        client.subscribe_private(channel);
    } else {
        client.subscribe(channel);
    }
}
