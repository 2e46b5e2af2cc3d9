//! Subscribing, presence and client events.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn subscriptions_are_confirmed() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.say(r#"{"event":"pusher:subscribe","data":{"channel":"test-channel"}}"#);
    // The one place where the text itself is compared: order and escapes are as Reverb writes them.
    assert_eq!(
        ada.text(),
        r#"{"event":"pusher_internal:subscription_succeeded","data":"{}","channel":"test-channel"}"#
    );
    ada.subscribe_private("private-room");
    ada.subscribe("test-channel");
}

#[test]
fn the_data_of_a_subscription_may_be_a_text() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.send(&json!({ "event": "pusher:subscribe", "data": "{\"channel\":\"news\"}" }));
    ada.expect_subscribed("news");
}

#[test]
fn a_wrong_signature_is_unauthorized_and_the_connection_lives() {
    let server = TestServer::start();
    let mut eve = server.connect();
    let other = server.connect();
    for (channel, auth) in [
        ("private-room", json!("reverb-key:nonsense")),
        ("private-room", json!(null)),
        ("presence-room", json!("reverb-key:nonsense")),
        ("presence-room", json!(null)),
        ("private-room", json!(eve.auth("private-other", None))),
        ("private-room", json!(other.auth("private-room", None))),
        (
            "private-room",
            json!(
                eve.auth("private-room", None)
                    .replace("reverb-key", "other-key")
            ),
        ),
    ] {
        let data = json!({ "channel": channel, "auth": auth });
        eve.send(&json!({ "event": "pusher:subscribe", "data": data }));
        eve.expect_error(4009, "Connection is unauthorized");
    }
    eve.subscribe_private("private-room");
}

#[test]
fn nonsense_is_answered_and_the_connection_lives() {
    let server = TestServer::start();
    let mut eve = server.connect();
    for text in [
        "Hi",
        "",
        "[]",
        "null",
        "{}",
        r#"{"event":""}"#,
        r#"{"event":1}"#,
        r#"{"event":"pusher:unknown"}"#,
        r#"{"event":"pusher:signin","data":{}}"#,
        r#"{"event":"pusher:connection_established"}"#,
        r#"{"event":"pusher:subscribe"}"#,
        r#"{"event":"pusher:subscribe","data":{"channel":null}}"#,
        r#"{"event":"pusher:subscribe","data":{"channel":""}}"#,
        r#"{"event":"pusher:subscribe","data":"x"}"#,
        r#"{"event":"client-x"}"#,
    ] {
        eve.say(text);
        eve.expect_error(4200, "Invalid message format");
    }
    eve.expect_quiet();
}

#[test]
fn unsubscribing_is_silent_and_ends_the_events() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("news");
    ada.subscribe("sports");
    ada.say(r#"{"event":"pusher:unsubscribe","data":{"channel":"news"}}"#);
    ada.say(r#"{"event":"pusher:unsubscribe","data":{"channel":"never"}}"#);
    ada.expect_quiet();
    server.publish("E", "news", "{}");
    server.publish("F", "sports", "{}");
    ada.expect(r#"{"event":"F","data":"{}","channel":"sports"}"#);
}

#[test]
fn members_see_who_comes_and_who_goes() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.join(
        "presence-room",
        r#"{"user_id":1,"user_info":{"name":"Ada"}}"#,
    );
    ada.expect(
        r#"{"event":"pusher_internal:subscription_succeeded","data":"{\"presence\":{\"count\":1,\"ids\":[1],\"hash\":{\"1\":{\"name\":\"Ada\"}}}}","channel":"presence-room"}"#,
    );
    bob.join(
        "presence-room",
        r#"{"user_id":"2","user_info":{"name":"Bob"}}"#,
    );
    bob.expect(
        r#"{"event":"pusher_internal:subscription_succeeded","data":"{\"presence\":{\"count\":2,\"ids\":[1,\"2\"],\"hash\":{\"1\":{\"name\":\"Ada\"},\"2\":{\"name\":\"Bob\"}}}}","channel":"presence-room"}"#,
    );
    ada.expect(
        r#"{"event":"pusher_internal:member_added","data":"{\"user_id\":\"2\",\"user_info\":{\"name\":\"Bob\"}}","channel":"presence-room"}"#,
    );
    drop(bob);
    ada.expect(
        r#"{"event":"pusher_internal:member_removed","data":"{\"user_id\":\"2\"}","channel":"presence-room"}"#,
    );
}

#[test]
fn second_connection_of_a_member_is_not_announced() {
    let server = TestServer::start();
    let (mut ada, mut phone, mut laptop) = (server.connect(), server.connect(), server.connect());
    ada.join("presence-room", r#"{"user_id":1}"#);
    ada.text();
    phone.join("presence-room", r#"{"user_id":2,"user_info":"phone"}"#);
    phone.text();
    ada.expect(r#"{"event":"pusher_internal:member_added","data":"{\"user_id\":2,\"user_info\":\"phone\"}","channel":"presence-room"}"#);
    laptop.join("presence-room", r#"{"user_id":"2","user_info":"laptop"}"#);
    laptop.expect(
        r#"{"event":"pusher_internal:subscription_succeeded","data":"{\"presence\":{\"count\":2,\"ids\":[1,2],\"hash\":{\"1\":null,\"2\":\"phone\"}}}","channel":"presence-room"}"#,
    );
    phone.say(r#"{"event":"pusher:unsubscribe","data":{"channel":"presence-room"}}"#);
    phone.expect_quiet();
    server.publish("E", "presence-room", "{}");
    ada.expect(r#"{"event":"E","data":"{}","channel":"presence-room"}"#);
    drop(laptop);
    // The id is of the kind that the leaving connection gave.
    ada.expect(
        r#"{"event":"pusher_internal:member_removed","data":"{\"user_id\":\"2\"}","channel":"presence-room"}"#,
    );
}

#[test]
fn a_presence_channel_needs_a_user() {
    let server = TestServer::start();
    let mut eve = server.connect();
    for channel_data in [
        r#"{"user_info":{}}"#,
        r#"{"user_id":""}"#,
        r#"{"user_id":null}"#,
        r#"{"user_id":[1]}"#,
    ] {
        eve.join("presence-room", channel_data);
        eve.expect_error(
            4200,
            "Invalid channel_data: user_id must be a non-empty string or a number",
        );
    }
    eve.expect_quiet();
}

#[test]
fn a_whisper_reaches_the_others_as_it_was_sent() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe_private("private-room");
    bob.subscribe_private("private-room");
    ada.say(r#"{"event":"client-typing","channel":"private-room","data":{"to":{},"n":12345678901234567890123}}"#);
    assert_eq!(
        bob.text(),
        r#"{"event":"client-typing","data":{"to":{},"n":12345678901234567890123},"channel":"private-room"}"#
    );
    bob.say(r#"{"event":"client-typing","channel":"private-room"}"#);
    ada.expect(r#"{"event":"client-typing","data":null,"channel":"private-room"}"#);
    // Had the sender got its own whisper, it would come before this.
    server.publish("E", "private-room", "{}");
    ada.expect(r#"{"event":"E","data":"{}","channel":"private-room"}"#);
    bob.expect(r#"{"event":"E","data":"{}","channel":"private-room"}"#);
}

#[test]
fn a_whisper_of_a_member_carries_its_user_id() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.join("presence-room", r#"{"user_id":1,"user_info":{}}"#);
    ada.text();
    bob.join("presence-room", r#"{"user_id":2,"user_info":{}}"#);
    bob.text();
    ada.text();
    ada.say(r#"{"event":"client-typing","channel":"presence-room","data":{},"user_id":7,"channels":["news"]}"#);
    bob.expect(r#"{"event":"client-typing","channel":"presence-room","data":{},"user_id":1}"#);
}

#[test]
fn only_members_whisper_and_only_where_it_is_allowed() {
    let server = TestServer::start();
    let mut eve = server.connect();
    eve.say(r#"{"event":"client-typing","channel":"private-room","data":{}}"#);
    eve.expect_error(4009, "The client is not a member of the specified channel.");
    let mut bob = server.connect_to("reverb-key-2");
    bob.subscribe("news");
    bob.say(r#"{"event":"client-typing","channel":"news","data":{}}"#);
    bob.expect_error(4301, "The app does not have client messaging enabled.");
}

#[test]
fn a_client_that_speaks_and_goes_at_once_is_gone() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.join("presence-room", r#"{"user_id":1}"#);
    ada.text();
    for number in 2..52 {
        let mut bob = server.connect();
        bob.join("presence-room", &format!(r#"{{"user_id":{number}}}"#));
        bob.text();
        ada.text();
        // Nothing is answered to this, so only the end of the stream tells that he is gone.
        bob.say(r#"{"event":"pusher:pong"}"#);
        drop(bob);
        ada.expect(&format!(
            r#"{{"event":"pusher_internal:member_removed","data":"{{\"user_id\":{number}}}","channel":"presence-room"}}"#
        ));
    }
}
