//! WebSocket and HTTP over TLS are what they are without.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::Instant,
};

use reverb::server::{Answer, Question, parse_application};
use rustls::version::{TLS12, TLS13};
use serde_json::json;
use tungstenite::Message;

use crate::{
    secure::{SecureServer, Visitor},
    support::{
        PATIENCE,
        client::{Client, connect},
        http::Request,
    },
};

#[test]
fn a_conversation_is_the_same_as_without_tls() {
    let server = SecureServer::start();
    for version in [&TLS12, &TLS13] {
        let visitor = Visitor::new(server.authority.certificate(), &[version], None);
        let stream = visitor.visit(&server);
        assert_eq!(stream.conn.protocol_version().unwrap(), version.version);
        let mut ada = Client::open_on(stream, "localhost", "/app/reverb-key", &[]);
        ada.read_greeting();
        ada.subscribe("news");
        server.publish("Posted", "news", r#"{"title":"Hello"}"#);
        ada.expect(r#"{"event":"Posted","channel":"news","data":"{\"title\":\"Hello\"}"}"#);
        ada.expect_quiet();
    }
}

#[test]
fn long_messages_go_both_ways_in_many_records() {
    let server = SecureServer::with(|configuration| {
        configuration["max_request_size"] = 10_000_000.into();
        configuration["applications"][0]["max_message_size"] = 10_000_000.into();
    });
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe_private("private-room");
    bob.subscribe_private("private-room");
    let long = "long ".repeat(600_000);
    let whisper = json!({ "event": "client-said", "channel": "private-room", "data": long });
    ada.send(&whisper);
    bob.expect(&whisper.to_string());
    server.publish("Posted", "private-room", &long);
    let event = json!({ "event": "Posted", "channel": "private-room", "data": long }).to_string();
    ada.expect(&event);
    bob.expect(&event);
}

#[test]
fn refusals_reach_those_who_are_refused() {
    let server = SecureServer::start();
    let mut eve = server.open("/app/nobody", &[]);
    eve.expect_error(4001, "Application does not exist");
    eve.expect_closed(4001, "Application does not exist");

    let answer = server.send(server.request("GET", "/app/reverb-key"));
    assert_eq!(answer.status, 426);
    let answer = server.send(server.request("GET", "/nowhere"));
    assert_eq!((answer.status, answer.body.as_str()), (404, "Not found."));
    let answer = server.send(
        server
            .request("GET", "/up")
            .parameter("a", &"b".repeat(20_000)),
    );
    assert_eq!(answer.status, 413);
}

/// `send` fails unless the end was told: a stream that is cut off could have been cut off by anybody.
#[test]
fn the_end_of_an_answer_and_of_a_connection_is_told() {
    let server = SecureServer::start();
    let answer = server.send(server.request("GET", "/up"));
    assert_eq!(answer.body, r#"{"health":"OK"}"#);

    let mut ada = server.connect();
    ada.frame(Message::Close(None));
    ada.expect_closed(1000, "");
    assert_eq!(ada.read_to_end().unwrap(), 0);

    let mut bob = server.connect();
    server.stop();
    bob.expect_error(4100, "Server is shutting down");
    bob.expect_closed(4100, "Server is shutting down");
    assert_eq!(bob.read_to_end().unwrap(), 0);
}

#[test]
fn a_caller_keeps_its_connection_for_many_requests() {
    let server = SecureServer::with(|configuration| {
        configuration["max_request_size"] = 1_000_000.into();
    });
    let mut ada = server.connect();
    ada.subscribe("news");
    let mut stream = server.visitor().visit(&server);
    for length in [1, 10_000, 900_000, 5] {
        let body = json!({ "name": "E", "channels": ["news"], "data": "x".repeat(length) });
        let request = server.signed("POST", "/events").json(&body);
        stream.write_all(&request.keeping().into_bytes()).unwrap();
        let mut answer = vec![0; 4096];
        let mut read = 0;
        while !answer[..read].ends_with(b"\r\n\r\n{}") {
            read += stream.read(&mut answer[read..]).unwrap();
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert_eq!(
            ada.text().len(),
            json!({ "event": "E", "channel": "news", "data": "x".repeat(length) })
                .to_string()
                .len()
        );
    }
}

/// Writes one byte at a time.
struct Dripping(TcpStream);

impl Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Dripping {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn records_may_arrive_byte_by_byte() {
    let server = SecureServer::start();
    for version in [&TLS12, &TLS13] {
        let visitor = Visitor::new(server.authority.certificate(), &[version], None);
        let stream = visitor
            .visit_on(Dripping(connect(server.address())))
            .unwrap();
        let mut ada = Client::open_on(stream, "localhost", "/app/reverb-key", &[]);
        ada.read_greeting();
        ada.subscribe("news");
        ada.expect_quiet();

        let mut stream = visitor
            .visit_on(Dripping(connect(server.address())))
            .unwrap();
        let request = Request::new(server.address(), "GET", "/apps/123456/channels");
        let answer = request
            .signed("reverb-key", "reverb-secret")
            .send_on(&mut stream);
        assert_eq!(answer.body, r#"{"channels":{"news":{}}}"#);
    }
}

#[test]
fn what_comes_together_with_the_handshake_is_heard() {
    let server = SecureServer::start();
    let mut stream = server.visitor().visit(&server);
    let head = "GET /app/reverb-key HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .write_all(b"\x81\x97\0\0\0\0{\"event\":\"pusher:ping\"}")
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(br#""event":"pusher:pong"}"#) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
        assert!(answer.len() < 1000, "{}", String::from_utf8_lossy(&answer));
    }
}

/// What somebody asks of the application provider, as soon as it is asked.
fn question(server: &SecureServer) -> Question {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(question) = server.itself().question() {
            return question;
        }
        assert!(Instant::now() < deadline, "nothing was asked");
        thread::yield_now();
    }
}

#[test]
fn who_names_an_unknown_application_waits_for_the_provider_and_is_heard_then() {
    let server = SecureServer::with(|configuration| configuration["provider"] = json!({}));
    let ping = b"\x81\x97\0\0\0\0{\"event\":\"pusher:ping\"}";
    for version in [&TLS12, &TLS13] {
        let key = format!("late-{:?}", version.version);
        let visitor = Visitor::new(server.authority.certificate(), &[version], None);
        let mut stream = visitor.visit(&server);
        let head = format!(
            "GET /app/{key} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(ping).unwrap();
        let asked = question(&server);
        assert_eq!(asked, Question::Key(key.clone()));
        stream.write_all(ping).unwrap();
        server.connect().expect_quiet();
        let application = parse_application(&json!({
            "app_id": key, "key": key, "secret": "late-secret", "ping_interval": 60,
            "allowed_origins": ["*"], "max_message_size": 10_000,
        }));
        let answer = Answer::Application(Box::new(application.unwrap()));
        server.itself().answer(&asked, answer);
        let mut heard = String::new();
        while heard.matches("pusher:pong").count() < 2 {
            let mut bytes = [0; 1024];
            let length = stream.read(&mut bytes).unwrap();
            assert!(length > 0, "{heard}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        assert!(heard.starts_with("HTTP/1.1 101 "), "{heard}");
        assert!(heard.contains("pusher:connection_established"), "{heard}");
    }
}

#[test]
fn who_waits_for_the_provider_in_vain_is_told_to_come_again_and_may_leave() {
    let server = SecureServer::with(|configuration| {
        configuration["provider"] = json!({ "lookup_timeout": 1 });
    });
    let head = "GET /app/nobody HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut left = server.visitor().visit(&server);
    left.write_all(head.as_bytes()).unwrap();
    let asked = question(&server);
    drop(left);
    let mut eve = server.open("/app/nobody", &[]);
    eve.expect_error(4100, "Application is not available now");
    eve.expect_closed(4100, "Application is not available now");
    server.itself().answer(&asked, Answer::Unknown);
    let mut eve = server.open("/app/nobody", &[]);
    eve.expect_error(4001, "Application does not exist");
    eve.expect_closed(4001, "Application does not exist");
    server.connect().expect_quiet();
}

#[test]
fn a_client_comes_back_with_less_effort_unless_tickets_are_off() {
    for (no_ticket, second) in [
        (false, rustls::HandshakeKind::Resumed),
        (true, rustls::HandshakeKind::Full),
    ] {
        let server = SecureServer::with(|configuration| {
            configuration["options"]["tls"]["no_ticket"] = no_ticket.into();
        });
        for version in [&TLS12, &TLS13] {
            let visitor = Visitor::new(server.authority.certificate(), &[version], None);
            let mut kinds = Vec::new();
            for _ in 0..2 {
                let mut stream = visitor.visit(&server);
                Request::new(server.address(), "GET", "/up").send_on(&mut stream);
                kinds.push(stream.conn.handshake_kind().unwrap());
            }
            assert_eq!(kinds, [rustls::HandshakeKind::Full, second], "{version:?}");
        }
    }
}

#[test]
fn keys_may_be_changed_amid_a_conversation() {
    let server = SecureServer::start();
    let mut stream = server.visitor().visit(&server);
    for _ in 0..20 {
        stream.conn.refresh_traffic_keys().unwrap();
        stream
            .write_all(b"GET /up HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(br#"{"health":"OK"}"#) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
    }
}
