//! Handshakes and who is let in.

use std::io::{Read, Write};

use serde_json::json;

use crate::support::{
    client::{Client, connect},
    http::send_raw,
    server::TestServer,
};

const HANDSHAKE: &str = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Reverb: after 4009 and 4004 the socket stays open, may subscribe and receives events.
#[test]
fn d01_a_refused_connection_is_closed() {
    let server = TestServer::start();
    let stranger = server.open("/app/reverb-key-3", &[("Origin", "http://evil.example")]);
    let _first = server.connect_to("reverb-key-2");
    let second = server.open("/app/reverb-key-2", &[]);
    for (mut client, code, text) in [
        (stranger, 4009, "Origin not allowed"),
        (second, 4004, "Application is over connection quota"),
    ] {
        client.expect_error(code, text);
        client.say(r#"{"event":"pusher:subscribe","data":{"channel":"news"}}"#);
        client.expect_closed(code, text);
    }
    let channels = server.signed("GET", "/channels").send();
    assert_eq!(channels.body, r#"{"channels":{}}"#);
}

/// Reverb: it goes on with the connection after a refusal; any `Upgrade` is taken for a WebSocket;
/// a plain GET is 500.
#[test]
fn d04_a_refused_handshake_is_ended() {
    let server = TestServer::start();
    let good = format!("GET /app/reverb-key HTTP/1.1\r\n{HANDSHAKE}");
    for (right, wrong, status_line) in [
        ("Version: 13", "Version: 12", "426 Upgrade Required"),
        (
            "Upgrade: websocket\r\n",
            "",
            "426 Upgrade header MUST be provided",
        ),
        (
            "Upgrade: websocket",
            "Upgrade: anything",
            "426 Upgrade header MUST be provided",
        ),
        (
            "Connection: Upgrade",
            "X: x",
            "400 Connection Upgrade MUST be requested",
        ),
        ("jZQ==", "jZQ=", "400 Invalid Sec-WebSocket-Key"),
        ("jZQ==", "jZQxx", "400 Invalid Sec-WebSocket-Key"),
        ("Sec-WebSocket-Key", "X", "400 Invalid Sec-WebSocket-Key"),
        ("HTTP/1.1", "HTTP/1.0", "505 HTTP Version not supported"),
        ("Host: localhost\r\n", "", "400 Bad Request"),
        (
            "Host: localhost",
            "Host: localhost\r\nHost: other",
            "400 Bad Request",
        ),
    ] {
        // `send_raw` reads to the end: what it returns is all there is.
        let answer = send_raw(server.address(), good.replace(right, wrong).as_bytes());
        assert_eq!(answer.head[0], format!("HTTP/1.1 {status_line}"), "{wrong}");
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("Content-Length"), Some(length.as_str()));
    }
    // An upgrade that the API does not know is no reason to refuse a request (RFC 9110, section 7.8).
    let health = format!("GET /up HTTP/1.1\r\nConnection: close\r\n{HANDSHAKE}");
    let answer = send_raw(server.address(), health.as_bytes());
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"health":"OK"}"#)
    );
}

/// Reverb: WebSocket bytes in the same segment as the handshake are lost.
#[test]
fn d06_what_comes_with_the_handshake_is_heard() {
    let server = TestServer::start();
    let mut bytes = format!("GET /app/reverb-key HTTP/1.1\r\n{HANDSHAKE}").into_bytes();
    bytes.extend(b"\x81\x97\0\0\0\0{\"event\":\"pusher:ping\"}");
    let mut stream = connect(server.address());
    stream.write_all(&bytes).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let mut ada = Client::upgraded(stream);
    ada.read_greeting();
    ada.expect(r#"{"event":"pusher:pong"}"#);
}

/// Reverb: without a further extension the 1,025th descriptor crashes the server.
#[test]
fn d20_two_thousand_connections_are_served() {
    const CONNECTIONS: usize = 2000;
    let server = TestServer::start();
    let mut clients: Vec<Client> = (0..CONNECTIONS).map(|_| server.connect()).collect();
    clients
        .iter_mut()
        .for_each(|client| client.subscribe("news"));
    server.publish("E", "news", "{}");
    for client in &mut clients {
        client.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);
    }
    let answer = server.signed("GET", "/connections").send();
    assert_eq!(answer.body, r#"{"connections":2000}"#);
}

/// Reverb: host names are compared with case, against RFC 4343.
#[test]
fn d35_host_names_are_compared_without_case() {
    let server = TestServer::start();
    for origin in ["https://LARAVEL.com", "http://Laravel.Com:8000"] {
        server
            .open("/app/reverb-key-3", &[("Origin", origin)])
            .read_greeting();
    }
    drop(server);
    let server = TestServer::with(|configuration| {
        configuration["applications"][2]["allowed_origins"] = json!(["*.LARAVEL.com"]);
    });
    let origin = [("Origin", "https://ws.laravel.com")];
    server.open("/app/reverb-key-3", &origin).read_greeting();
}
