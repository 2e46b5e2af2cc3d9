//! Rubbish: wrong types, odd text, too much, too little. The answer is the specification's, memory
//! stays bounded, and nobody else is disturbed.

use std::{io::Write, net::TcpStream};

use serde_json::json;

use crate::support::{
    client::{Client, connect},
    resident_bytes,
    server::TestServer,
};

const INVALID: &str = "Invalid message format";

/// A witness: is served before and after, and hears nothing it should not.
fn expect_served(server: &TestServer, witness: &mut Client) {
    server.publish("E", "witness", "{}");
    witness.expect(r#"{"event":"E","data":"{}","channel":"witness"}"#);
    witness.expect_quiet();
}

fn witness(server: &TestServer) -> Client {
    let mut witness = server.connect();
    witness.subscribe("witness");
    witness
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn fields_of_wrong_types_are_an_invalid_message() {
    let server = TestServer::start();
    let mut witness = witness(&server);
    let mut eve = server.connect();
    let values = [
        json!(null),
        json!(true),
        json!(1.5),
        json!([]),
        json!({}),
        json!(["a"]),
    ];
    for value in &values {
        eve.send(&json!({ "event": value, "channel": "a" }));
        eve.expect_error(4200, INVALID);
        // Reverb takes a number for its text.
        if !value.is_number() {
            eve.send(&json!({ "event": "client-x", "channel": value }));
            eve.expect_error(4200, INVALID);
        }
        for event in [
            "pusher:subscribe",
            "pusher:unsubscribe",
            "pusher:signin",
            "pusher:nothing",
        ] {
            eve.send(&json!({ "event": event, "data": value }));
            eve.expect_error(4200, INVALID);
        }
        if !value.is_null() {
            for field in ["auth", "channel_data"] {
                let data = json!({ "channel": "private-a", field: value });
                eve.send(&json!({ "event": "pusher:subscribe", "data": data }));
                eve.expect_error(4200, INVALID);
            }
        }
        for field in ["auth", "user_data"] {
            let mut data = json!({ "auth": "a:b", "user_data": "{}" });
            data[field] = value.clone();
            eve.send(&json!({ "event": "pusher:signin", "data": data }));
            eve.expect_error(4200, INVALID);
        }
    }
    for data in ["5", "true", r#""text""#, r#""[""#, r#""5""#] {
        eve.say(&format!(r#"{{"event":"pusher:ping","data":{data}}}"#));
        eve.expect_error(4200, INVALID);
    }
    for data in ["null", "{}", "[]", r#""""#, r#""{}""#, r#"{"a":1}"#] {
        eve.say(&format!(r#"{{"event":"pusher:ping","data":{data}}}"#));
        eve.expect(r#"{"event":"pusher:pong"}"#);
    }
    eve.expect_quiet();
    expect_served(&server, &mut witness);
}

#[test]
fn odd_text_is_refused_or_arrives_as_it_is() {
    let server = TestServer::start();
    let (mut ada, mut eve) = (server.connect(), server.connect());
    ada.subscribe("news");
    eve.subscribe("news");
    for text in [
        r#"{"event":"client-x","channel":"news","data":"\ud800"}"#,
        r#"{"event":"client-x","channel":"news","data":"\udc00\ud800"}"#,
        r#"{"event":"client-\ud83d","channel":"news"}"#,
        r#"{"event":"client-x","channel":"news","data":"\x"}"#,
        "{\"event\":\"client-x\",\"channel\":\"news\",\"data\":\"\n\"}",
        "\u{feff}{\"event\":\"pusher:ping\"}",
        r#"{"event":"pusher:ping"},"#,
        r#"{'event':'pusher:ping'}"#,
        r#"{"event":"pusher:ping",}"#,
        r#"{"event":"pusher:ping" /**/}"#,
    ] {
        eve.say(text);
        eve.expect_error(4200, INVALID);
    }
    for name in [
        "\u{0}",
        "\u{202e}abc",
        "é̂",
        "😀",
        "a b",
        "\\",
        "\"",
        "</script>",
    ] {
        let channel = json!(name);
        eve.send(&json!({ "event": "pusher:subscribe", "data": { "channel": channel } }));
        eve.expect_subscribed(name);
        eve.send(&json!({ "event": "client-x", "channel": "news", "data": name }));
        assert_eq!(
            ada.text(),
            format!(r#"{{"event":"client-x","data":{channel},"channel":"news"}}"#)
        );
    }
    eve.expect_quiet();
}

#[test]
fn ten_thousand_levels_are_too_deep_everywhere() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["max_message_size"] = 1_000_000.into();
        configuration["max_request_size"] = 1_000_000.into();
    });
    let mut witness = witness(&server);
    let mut eve = server.connect();
    let deep = nested(10_000);
    let objects = r#"{"a":"#.repeat(10_000) + "1" + &"}".repeat(10_000);
    for data in [&deep, &objects] {
        eve.say(data);
        eve.expect_error(4200, INVALID);
        eve.say(&format!(
            r#"{{"event":"client-x","channel":"a","data":{data}}}"#
        ));
        eve.expect_error(4200, INVALID);
        eve.send(&json!({ "event": "pusher:subscribe", "data": data }));
        eve.expect_error(4200, INVALID);
        eve.join(
            "presence-a",
            &format!(r#"{{"user_id":1,"user_info":{data}}}"#),
        );
        eve.expect_error(4200, INVALID);
        let body = format!(r#"{{"name":"E","data":"d","channel":"c","x":{data}}}"#);
        let answer = server.signed("POST", "/events").text(&body).send();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (
                400,
                "The request body must be a JSON object: it is nested more than 512 levels deep."
            )
        );
        // The data of an event is text, and nobody's to look into.
        let event = json!({ "name": "E", "data": data, "channel": "nobody" });
        assert_eq!(
            server.signed("POST", "/events").json(&event).send().status,
            200
        );
    }
    eve.expect_quiet();
    expect_served(&server, &mut witness);
}

#[test]
fn what_is_announced_and_does_not_come_takes_no_memory() {
    let server = TestServer::with(|configuration| {
        configuration["applications"][0]["max_message_size"] = 0.into();
    });
    let mut witness = witness(&server);
    let mut greedy: Vec<Client> = (0..100).map(|_| server.connect()).collect();
    let before = resident_bytes();
    for client in &mut greedy {
        // Thirty megabytes are within what an unlimited application takes; two bytes come.
        client.raw(b"\x81\xff\0\0\0\0\x01\xc9\xc3\x80\0\0\0\0{\"");
    }
    let mut over = server.connect();
    over.raw(b"\x81\xff\0\0\0\0\x05\xf5\xe1\x00\0\0\0\0");
    over.expect_closed(1009, "Maximum frame size exceeded");
    expect_served(&server, &mut witness);
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 30_000_000, "{grown} bytes for 100 announcements");
}

#[test]
fn half_open_connections_disturb_nobody() {
    let server = TestServer::start();
    let mut witness = witness(&server);
    let before = resident_bytes();
    let openings: [&[u8]; 5] = [
        b"",
        b"G",
        b"GET /app/reverb-key HTTP/1.1\r\nHost: x\r\n",
        b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{",
        b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{",
    ];
    let half_open: Vec<TcpStream> = openings
        .iter()
        .cycle()
        .take(1000)
        .map(|opening| {
            let mut stream = connect(server.address());
            stream.write_all(opening).unwrap();
            stream
        })
        .collect();
    expect_served(&server, &mut witness);
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 60_000_000,
        "{grown} bytes for 1,000 half-open connections"
    );
    drop(half_open);
    expect_served(&server, &mut witness);
}

#[test]
fn a_message_may_come_byte_by_byte() {
    let server = TestServer::start();
    let mut witness = witness(&server);
    let mut slow = server.connect();
    for byte in b"\x81\x97\0\0\0\0{\"event\":\"pusher:ping\"}" {
        slow.raw(&[*byte]);
        expect_served(&server, &mut witness);
    }
    slow.expect(r#"{"event":"pusher:pong"}"#);
}
