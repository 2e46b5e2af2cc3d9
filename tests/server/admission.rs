//! Who is let in, and how it is greeted.

use std::io::{Read, Write};

use tungstenite::Message;

use crate::support::{
    client::{Client, connect},
    server::TestServer,
};

const HANDSHAKE: &str = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Reverb's answer, byte by byte.
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Powered-By: Laravel Reverb\r\n\r\n";

#[test]
fn each_key_leads_to_its_application() {
    let server = TestServer::start();
    let ada = server.connect();
    let bob = server.connect_to("reverb-key-2");
    assert_ne!(ada.socket_id, bob.socket_id);
    for part in ada.socket_id.split('.') {
        assert!(
            (1..=1_000_000_000).contains(&part.parse::<u64>().unwrap()),
            "{}",
            ada.socket_id
        );
    }
}

#[test]
fn the_query_string_says_nothing() {
    let server = TestServer::start();
    for query in [
        "?protocol=7&client=js&version=8.4.0&flash=false",
        "?protocol=4",
        "?",
    ] {
        server
            .open(&format!("/app/reverb-key{query}"), &[])
            .read_greeting();
    }
}

#[test]
fn the_head_of_the_answer_is_reverbs() {
    let server = TestServer::start();
    let mut stream = connect(server.address());
    stream
        .write_all(format!("GET /app/reverb-key HTTP/1.1\r\n{HANDSHAKE}\r\n").as_bytes())
        .unwrap();
    let mut head = vec![0; ACCEPTED.len()];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(String::from_utf8(head).unwrap(), ACCEPTED);
    Client::upgraded(stream).read_greeting();
}

#[test]
fn what_arrives_together_with_the_handshake_is_heard() {
    let server = TestServer::start();
    let mut stream = connect(server.address());
    let mut bytes = format!("GET /app/reverb-key HTTP/1.1\r\n{HANDSHAKE}\r\n").into_bytes();
    // A masked text frame with a mask of zeros: {"event":"pusher:ping"}, and half of another.
    bytes.extend(b"\x81\x97\0\0\0\0{\"event\":\"pusher:ping\"}");
    bytes.extend(b"\x81\x97\0\0\0\0{\"event\":\"p");
    stream.write_all(&bytes).unwrap();
    stream.read_exact(&mut vec![0; ACCEPTED.len()]).unwrap();
    let mut ada = Client::upgraded(stream);
    ada.read_greeting();
    ada.expect(r#"{"event":"pusher:pong"}"#);
    ada.raw(b"usher:ping\"}");
    ada.expect(r#"{"event":"pusher:pong"}"#);
}

#[test]
fn a_handshake_may_arrive_in_any_pieces() {
    let server = TestServer::start();
    let mut stream = connect(server.address());
    for byte in format!("GET /app/reverb-key HTTP/1.1\r\n{HANDSHAKE}\r\n").bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    stream.read_exact(&mut vec![0; ACCEPTED.len()]).unwrap();
    Client::upgraded(stream).read_greeting();
}

#[test]
fn an_unknown_key_is_told_so_and_closed() {
    let server = TestServer::start();
    let mut eve = server.open("/app/nobody", &[]);
    eve.expect_error(4001, "Application does not exist");
    eve.expect_closed(4001, "Application does not exist");
}

#[test]
fn a_foreign_origin_is_told_so_and_closed() {
    let server = TestServer::start();
    for origin in [
        "http://localhost",
        "https://sub.laravel.com",
        "null",
        "laravel.com",
    ] {
        let mut eve = server.open("/app/reverb-key-3", &[("Origin", origin)]);
        eve.expect_error(4009, "Origin not allowed");
        eve.expect_closed(4009, "Origin not allowed");
    }
    let mut nameless = server.open("/app/reverb-key-3", &[]);
    nameless.expect_error(4009, "Origin not allowed");
}

#[test]
fn an_allowed_origin_is_greeted_whatever_its_scheme_and_port() {
    let server = TestServer::start();
    for origin in ["https://laravel.com", "http://laravel.com:8000"] {
        server
            .open("/app/reverb-key-3", &[("Origin", origin)])
            .read_greeting();
    }
}

#[test]
fn a_connection_over_the_quota_is_told_so_and_closed() {
    let server = TestServer::start();
    let mut ada = server.connect_to("reverb-key-2");
    ada.subscribe("news");
    let mut bob = server.open("/app/reverb-key-2", &[]);
    bob.expect_error(4004, "Application is over connection quota");
    bob.expect_closed(4004, "Application is over connection quota");

    ada.frame(Message::Close(None));
    ada.expect_closed(1000, "");
    let mut cleo = server.connect_to("reverb-key-2");
    cleo.subscribe("news");
}

#[test]
fn below_a_prefix_only_the_prefix_leads_in() {
    let server = TestServer::with(|configuration| configuration["path"] = "ws".into());
    server.open("/ws/app/reverb-key", &[]).read_greeting();
    for path in ["/app/reverb-key", "/up"] {
        let answer = server.request("GET", path).send();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (404, "Not found."),
            "{path}"
        );
    }
}
