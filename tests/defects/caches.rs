//! What a cache channel keeps.

use crate::support::{client::Client, server::TestServer};

const EVENT: &str = r#"{"event":"E","data":"1","channel":"CHANNEL"}"#;

fn subscribe(client: &mut Client, channel: &str) {
    if channel.starts_with("presence") {
        let id = client.socket_id.clone();
        client.join(channel, &format!(r#"{{"user_id":"{id}"}}"#));
        assert!(client.text().contains("subscription_succeeded"));
    } else if channel.starts_with("private") {
        client.subscribe_private(channel);
    } else {
        client.subscribe(channel);
    }
}

fn expect_kept(server: &TestServer, channel: &str) {
    let mut client = server.connect();
    subscribe(&mut client, channel);
    client.expect(&EVENT.replace("CHANNEL", channel));
}

/// Reverb: a member's leaving takes the place of the cached event.
#[test]
fn d08_members_do_not_overwrite_the_event() {
    let server = TestServer::start();
    let channel = "presence-cache-room";
    server.publish("E", channel, "1");
    let mut witness = server.connect();
    subscribe(&mut witness, channel);
    witness.expect(&EVENT.replace("CHANNEL", channel));
    expect_kept(&server, channel);
    assert!(witness.text().contains("member_added"));
    assert!(witness.text().contains("member_removed"));
    expect_kept(&server, channel);
}

/// Reverb: a client event takes the place of the cached event.
#[test]
fn d27_clients_do_not_overwrite_the_event() {
    let server = TestServer::start();
    for channel in ["cache-news", "private-cache-room", "presence-cache-room"] {
        server.publish("E", channel, "1");
        let mut ada = server.connect();
        subscribe(&mut ada, channel);
        ada.expect(&EVENT.replace("CHANNEL", channel));
        ada.say(&format!(
            r#"{{"event":"client-x","channel":"{channel}","data":{{}}}}"#
        ));
        ada.expect_quiet();
        expect_kept(&server, channel);
    }
}

/// Reverb: the event is forgotten with the last subscriber, and not kept when there is none.
/// How long it is kept is shown with the engine's clock in `tests/engine/cache.rs`.
#[test]
fn d28_an_event_outlives_its_subscribers() {
    let server = TestServer::start();
    for channel in ["cache-news", "private-cache-room", "presence-cache-room"] {
        server.publish("E", channel, "1");
        expect_kept(&server, channel);
        expect_kept(&server, channel);
    }
}

/// Reverb: `private-encrypted-cache-` is no cache channel.
#[test]
fn d29_encrypted_channels_may_be_cache_channels() {
    let server = TestServer::start();
    let channel = "private-encrypted-cache-room";
    let mut ada = server.connect();
    ada.subscribe_private(channel);
    ada.expect(r#"{"event":"pusher:cache_miss","channel":"private-encrypted-cache-room"}"#);
    server.publish("E", channel, "1");
    expect_kept(&server, channel);
}
