//! What callers of the HTTP API are answered.

use serde_json::{Value, json};

use crate::support::{client::connect, http::send_raw, now, server::TestServer, sign};

/// Reverb: requests can be sent again for ever, and with any key. Who sends a byte at a time is
/// waited for without end; the opposite is shown with short limits in `src/server/time_limits.rs`.
#[test]
fn d13_an_old_request_is_not_served() {
    let ask = |server: &TestServer, key: &str, timestamp: &str| {
        let query = format!("auth_key={key}&auth_timestamp={timestamp}&auth_version=1.0");
        let text = format!("GET\n/apps/123456/connections\n{query}");
        let signature = sign("reverb-secret", &text);
        let path = format!("/apps/123456/connections?{query}&auth_signature={signature}");
        let answer = server.request("GET", &path).send();
        (answer.status, answer.body)
    };
    let (fresh, old) = (now().to_string(), (now() - 700).to_string());
    let served = (200, r#"{"connections":0}"#.to_owned());
    let expired = |seconds: u32| {
        let text = "Authentication timestamp is not within";
        (
            401,
            format!("{text} {seconds} seconds of the server's time."),
        )
    };
    let server = TestServer::start();
    assert_eq!(ask(&server, "reverb-key", &fresh), served);
    assert_eq!(ask(&server, "reverb-key", &old), expired(600));
    assert_eq!(ask(&server, "reverb-key", "soon"), expired(600));
    assert_eq!(
        ask(&server, "reverb-key-2", &fresh),
        (401, "Authentication signature invalid.".to_owned())
    );
    drop(server);
    for (tolerance, expected) in [(1000, served.clone()), (0, served), (60, expired(60))] {
        let server = TestServer::with(|configuration| {
            configuration["auth_timestamp_tolerance"] = tolerance.into();
        });
        assert_eq!(ask(&server, "reverb-key", &old), expected, "{tolerance}");
    }
}

/// Reverb: no channels are a list, which its own clients fail on.
#[test]
fn d25_no_channels_are_an_empty_object() {
    let server = TestServer::start();
    let answer = server.signed("GET", "/channels").send();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"channels":{}}"#)
    );
}

/// Reverb: a body announced larger than `max_request_size` is read before it is refused.
#[test]
fn d37_a_body_announced_too_large_is_refused_at_once() {
    let server = TestServer::start();
    for announced in ["10001", "100000000", "18446744073709551614"] {
        let head = format!(
            "POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n"
        );
        let answer = send_raw(server.address(), head.as_bytes());
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (413, "Payload too large.")
        );
    }
    // In chunks nothing is announced; the limit ends it.
    let chunk = [b"2000\r\n".to_vec(), vec![b'x'; 0x2000], b"\r\n".to_vec()].concat();
    let head =
        b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = send_raw(server.address(), &[&head[..], &chunk, &chunk].concat());
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (413, "Payload too large.")
    );
}

/// Who sends all of a large body before it reads gets its answer, too.
#[test]
fn d37_the_refusal_reaches_who_sends_on() {
    use std::io::{Read, Write};
    let server = TestServer::start();
    let mut stream = connect(server.address());
    let head = b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: 12000000\r\n\r\n";
    stream.write_all(head).unwrap();
    // More than the kernel's buffers hold, and no more: the server listens for five seconds.
    for _ in 0..12 {
        stream.write_all(&[b'x'; 1_000_000]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("Payload too large."), "{answer}");
}

/// Reverb: faulty bodies are 500.
#[test]
fn d39_a_faulty_body_is_told_its_fault() {
    let server = TestServer::start();
    let deep = "[".repeat(4000) + &"]".repeat(4000);
    let deep = format!(r#"{{"name":"E","data":"d","channel":"c","x":{deep}}}"#);
    for body in [
        "",
        "E",
        "1",
        "null",
        "[]",
        r#"{"name":"E"} x"#,
        r#"{"name":"E""#,
        r#"{"name":"E","data":"\ud800","channel":"c"}"#,
        &deep,
    ] {
        for path in ["/events", "/batch_events"] {
            let answer = server.signed("POST", path).text(body).send();
            assert_eq!(answer.status, 400, "{path} {body}");
            let told = "The request body must be a JSON object: ";
            assert!(answer.body.starts_with(told), "{}", answer.body);
        }
    }
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": "E", "channel": "c" }), "data"),
        (json!({ "name": "E", "data": {}, "channel": "c" }), "data"),
        (json!({ "name": "E", "data": "d" }), "channels"),
        (
            json!({ "name": "E", "data": "d", "channels": "c" }),
            "channels",
        ),
        (
            json!({ "name": "E", "data": "d", "channels": ["c", 1] }),
            "channels.1",
        ),
        (
            json!({ "name": "E", "data": "d", "channels": ["c", []] }),
            "channels.1",
        ),
        (
            json!({ "name": "E", "data": "d", "channel": "c", "socket_id": 1 }),
            "socket_id",
        ),
        (
            json!({ "name": "E", "data": "d", "channel": "c", "info": 1 }),
            "info",
        ),
    ] {
        let answer = server.signed("POST", "/events").json(&body).send();
        assert_eq!(answer.status, 422, "{body}");
        let faults: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(faults.get(field).is_some(), "{body}: {faults}");
    }
    let batch = json!({ "batch": [{ "name": "E", "data": "d" }], "channels": ["c"] });
    let answer = server.signed("POST", "/batch_events").json(&batch).send();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (
            422,
            r#"{"batch.0.channel":["The batch.0.channel field is required."]}"#
        )
    );
}

/// Reverb: an encoded slash in a channel's name is decoded before the path is split.
#[test]
fn d40_a_channel_with_a_slash_can_be_asked_for() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.join("presence-a/b", r#"{"user_id":1}"#);
    ada.text();
    let channel = server.signed("GET", "/channels/presence-a%2Fb");
    assert_eq!(
        channel.parameter("info", "user_count").send().body,
        r#"{"occupied":true,"user_count":1}"#
    );
    let users = server
        .signed("GET", "/channels/presence-a%2Fb/users")
        .send();
    assert_eq!(users.body, r#"{"users":[{"id":1}]}"#);
}
