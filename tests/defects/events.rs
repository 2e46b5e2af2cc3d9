//! Client events, subscriptions and messages.

use serde_json::json;

use crate::support::server::TestServer;

const NOT_A_MEMBER: &str = "The client is not a member of the specified channel.";

/// Reverb: whispers look their channel up in whichever application was served last.
#[test]
fn d07_a_whisper_stays_in_its_application() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][1]["accept_client_events_from"] = json!("members");
    });
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe("room");
    bob.subscribe("room");
    let mut stranger = server.connect_to("reverb-key-2");
    stranger.subscribe("room");
    ada.say(r#"{"event":"client-x","channel":"room","data":{}}"#);
    bob.expect(r#"{"event":"client-x","channel":"room","data":{}}"#);
    stranger.expect_quiet();
    stranger.say(r#"{"event":"client-y","channel":"room","data":{}}"#);
    stranger.expect_quiet();
    ada.expect_quiet();
    bob.expect_quiet();
}

/// Reverb: in mode `all` outsiders write to private and presence channels.
#[test]
fn d15_outsiders_do_not_write_where_a_signature_is_asked_for() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["accept_client_events_from"] = json!("all");
    });
    let (mut ada, mut eve) = (server.connect(), server.connect());
    ada.subscribe("news");
    ada.subscribe_private("private-room");
    ada.join("presence-room", r#"{"user_id":1}"#);
    ada.text();
    for channel in [
        "private-room",
        "presence-room",
        "private-encrypted-room",
        "private-cache-room",
    ] {
        eve.send(&json!({ "event": "client-x", "channel": channel, "data": {}, "user_id": 1 }));
        eve.expect_error(4009, NOT_A_MEMBER);
    }
    eve.send(&json!({ "event": "client-x", "channel": "#server-to-user-1", "data": {} }));
    eve.expect_quiet();
    eve.say(r#"{"event":"client-x","channel":"news","data":{}}"#);
    ada.expect(r#"{"event":"client-x","channel":"news","data":{}}"#);
    ada.expect_quiet();
}

/// Reverb: mode `all` relays further fields, a forged `user_id`, and goes to a list of channels.
#[test]
fn d26_only_what_belongs_to_a_client_event_is_relayed() {
    for mode in ["all", "members"] {
        let server = TestServer::with(|configuration| {
            configuration["applications"][0]["accept_client_events_from"] = json!(mode);
        });
        let (mut ada, mut eve) = (server.connect(), server.connect());
        ada.subscribe("news");
        ada.subscribe("sports");
        eve.subscribe("news");
        eve.send(&json!({
            "event": "client-x", "channel": "news", "data": { "a": 1 },
            "user_id": "admin", "channels": ["news", "sports"], "extra": true,
        }));
        ada.expect(r#"{"event":"client-x","channel":"news","data":{"a":1}}"#);
        ada.expect_quiet();
    }
}

/// Reverb: data that passes through PHP's arrays is changed.
#[test]
fn d31_data_arrives_as_it_was_sent() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe("news");
    bob.subscribe("news");
    for data in [
        "{}",
        r#"{"0":"a","1":"b"}"#,
        "123456789012345678901234567890",
        "10.0",
        "1e400",
        r#"{"z":1,"a":2,"z":3}"#,
        r#""text""#,
        r#""{\"a\":1}""#,
        "false",
        r#""\u00e4 ä \ud83d\ude00 \/ <&'""#,
        r#"[ 1 ,	2 ]"#,
    ] {
        ada.say(&format!(
            r#"{{"event":"client-x","channel":"news","data":{data}}}"#
        ));
        // The text itself is compared: it is what must not be changed.
        assert_eq!(
            bob.text(),
            format!(r#"{{"event":"client-x","data":{data},"channel":"news"}}"#)
        );
    }
    let data = r#"{"a":{},"n":12345678901234567890123,"s":"é/😀","f":1.0}"#;
    server.publish("E", "news", data);
    let heard: serde_json::Value = serde_json::from_str(&bob.text()).unwrap();
    assert_eq!(heard["data"], data);
}

/// Reverb: an empty channel name can be subscribed to; a client can ask for a second greeting.
#[test]
fn d32_a_channel_has_a_name_and_a_connection_one_greeting() {
    let server = TestServer::start();
    let mut eve = server.connect();
    for text in [
        r#"{"event":"pusher:subscribe","data":{"channel":""}}"#,
        r#"{"event":"pusher:connection_established"}"#,
        r#"{"event":"pusher:connection_established","data":{}}"#,
    ] {
        eve.say(text);
        eve.expect_error(4200, "Invalid message format");
    }
    let channels = server.signed("GET", "/channels").send();
    assert_eq!(channels.body, r#"{"channels":{}}"#);
}

/// Reverb: `terminate_on_limit` ends the stream before the error is written.
#[test]
fn d33_who_is_ended_for_its_rate_is_told_so() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["rate_limiting"] = json!({
            "enabled": true, "max_attempts": 1, "decay_seconds": 3600, "terminate_on_limit": true,
        });
    });
    let mut eve = server.connect();
    eve.expect_quiet();
    eve.say(r#"{"event":"pusher:ping"}"#);
    eve.expect_error(4301, "Rate limit exceeded");
    eve.expect_closed(4301, "Rate limit exceeded");
}

/// Reverb: a length in a longer form than needed hangs the connection; a wrong first byte, or more
/// than `max_message_size`, is noticed when the announced payload has come.
#[test]
fn d34_frames_are_refused_on_their_header() {
    let server = TestServer::start();
    for (header, code, reason) in [
        (
            &b"\x81\xfe\x00\x05\0\0\0\0"[..],
            1002,
            "The payload length is not well-formed",
        ),
        (
            b"\x81\xff\0\0\0\0\0\0\x00\x05\0\0\0\0",
            1002,
            "The payload length is not well-formed",
        ),
        (
            b"\x81\xff\x80\0\0\0\0\0\x00\x05\0\0\0\0",
            1002,
            "The payload length is not well-formed",
        ),
        (
            b"\x81\xfe\x27\x11\0\0\0\0",
            1009,
            "Maximum message size exceeded",
        ),
        // A hundred megabytes are announced, and a byte is sent.
        (
            b"\x81\xff\0\0\0\0\x05\xf5\xe1\x00\0\0\0\0{",
            1009,
            "Maximum message size exceeded",
        ),
        (b"\xf1", 1002, "A reserved bit is set"),
        (b"\x83", 1002, "The opcode is unknown"),
        (b"\x8b", 1002, "The opcode is unknown"),
        (b"\x80", 1002, "There is no message to continue"),
        (
            b"\x09",
            1002,
            "A control frame must be whole and at most 125 bytes long",
        ),
    ] {
        let mut eve = server.connect();
        eve.raw(header);
        eve.expect_closed(code, reason);
    }
}
