//! Sockets that are full, readers that are slow, crowds.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    secure::SecureServer,
    support::{self, client::Client},
};

#[test]
fn every_event_reaches_every_subscriber_in_order_however_slowly_they_read() {
    const EVENTS: usize = 120;
    let server = SecureServer::with(|configuration| {
        configuration["max_request_size"] = 200_000.into();
    });
    thread::scope(|scope| {
        let mut readers = Vec::new();
        for number in 0..8 {
            let mut client = slow_reader(&server);
            client.subscribe("news");
            readers.push(scope.spawn(move || {
                for event in 0..EVENTS {
                    if event % 10 == number {
                        thread::sleep(Duration::from_millis(30)); // A reader is slow by being so.
                    }
                    let text = client.text();
                    let data = format!("{event}:{}", "x".repeat(event * 997));
                    let expected = json!({ "event": "E", "channel": "news", "data": data });
                    assert_eq!(
                        support::message(&text),
                        support::message(&expected.to_string())
                    );
                }
                client.expect_quiet();
            }));
        }
        for event in 0..EVENTS {
            let data = format!("{event}:{}", "x".repeat(event * 997));
            server.publish("E", "news", &data);
        }
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// One whose socket takes little, so that records are written in parts.
fn slow_reader(server: &SecureServer) -> Client {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(16_384).unwrap();
    socket.connect(&server.address().into()).unwrap();
    let stream: std::net::TcpStream = socket.into();
    stream.set_read_timeout(Some(support::PATIENCE)).unwrap();
    let stream = server.visitor().visit_on(stream).unwrap();
    let mut client = Client::open_on(stream, "localhost", "/app/reverb-key", &[]);
    client.read_greeting();
    client
}

#[test]
fn who_does_not_read_is_ended_at_max_backlog_and_told_so() {
    let server = SecureServer::with(|configuration| {
        configuration["max_backlog"] = 200_000.into();
        configuration["max_request_size"] = 1_000_000.into();
    });
    let (mut deaf, mut ada) = (slow_reader(&server), server.connect());
    deaf.subscribe("news");
    ada.subscribe("news");
    let before = support::resident_bytes();
    let data = "x".repeat(100_000);
    let warnings = (0..200).find_map(|_| {
        server.publish("E", "news", &data);
        ada.text();
        Some(server.warnings()).filter(|warnings| !warnings.is_empty())
    });
    let expected = format!(
        "Connection {} was closed: it left more than 200000 bytes unread (max_backlog).",
        deaf.socket_id
    );
    assert_eq!(warnings.unwrap(), [expected]);
    let grown = support::resident_bytes().saturating_sub(before);
    assert!(
        grown < 10_000_000,
        "{grown} bytes for a client that does not read"
    );
    let last = std::iter::from_fn(|| deaf.try_text()).last().unwrap();
    let error = json!({ "event": "pusher:error", "data": { "text": {
        "code": 4100, "message": "Connection is too slow" } } });
    assert_eq!(support::message(&last), error);
}
