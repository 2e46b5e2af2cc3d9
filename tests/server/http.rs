//! The HTTP side: health, refusals, and bytes that are no HTTP.

use std::{
    io::{Read, Write},
    net::Shutdown,
};

use serde_json::json;

use crate::support::{client::connect, http::send_raw, md5, now, server::TestServer, sign};

#[test]
fn the_server_says_that_it_is_up() {
    let server = TestServer::start();
    let answer = server.request("GET", "/up").send();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"health":"OK"}"#)
    );
    assert_eq!(answer.header("Content-Length"), Some("15"));
    let head = server.request("HEAD", "/up").send();
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn unsigned_and_unknown_requests_are_refused() {
    let server = TestServer::start();
    for (method, path, status, body) in [
        (
            "POST",
            "/apps/123456/events",
            401,
            "Authentication signature invalid.",
        ),
        (
            "POST",
            "/apps/zzz/events",
            404,
            "No matching application for ID [zzz].",
        ),
        ("GET", "/", 404, "Not found."),
        ("GET", "/app/", 404, "Not found."),
        ("GET", "/app/reverb-key/", 404, "Not found."),
        ("GET", "/apps/123456", 404, "Not found."),
    ] {
        let answer = server.request(method, path).send();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, body),
            "{method} {path}"
        );
        let length = body.len().to_string();
        assert_eq!(
            answer.header("Content-Length"),
            Some(length.as_str()),
            "{method} {path}"
        );
    }
}

#[test]
fn wrong_methods_are_told_the_right_one() {
    let server = TestServer::start();
    for (method, path, allowed) in [
        ("GET", "/apps/123456/events", "POST"),
        ("DELETE", "/up", "GET"),
        ("POST", "/app/reverb-key", "GET"),
    ] {
        let answer = server.request(method, path).send();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (405, "Method not allowed."),
            "{method} {path}"
        );
        assert_eq!(answer.header("Allow"), Some(allowed), "{method} {path}");
    }
}

#[test]
fn a_browser_on_a_socket_address_is_told_to_upgrade() {
    let server = TestServer::start();
    let answer = server.request("GET", "/app/reverb-key").send();
    assert_eq!(answer.status, 426);
    assert_eq!(answer.header("Upgrade"), Some("websocket"));
    assert_eq!(answer.header("Sec-WebSocket-Version"), Some("13"));
}

#[test]
fn a_faulty_handshake_is_refused_and_ended() {
    let server = TestServer::start();
    let good = "GET /app/reverb-key HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for (wrong, right, status) in [
        ("Key: short", "Key: dGhlIHNhbXBsZSBub25jZQ==", 400),
        ("Version: 8", "Version: 13", 426),
        ("Connection: close", "Connection: Upgrade", 400),
        ("Upgrade: h2c", "Upgrade: websocket", 426),
        ("HTTP/1.0", "HTTP/1.1", 505),
        ("X: x", "Host: x", 400),
    ] {
        let answer = send_raw(server.address(), good.replace(right, wrong).as_bytes());
        assert_eq!(answer.status, status, "{wrong}");
        assert!(answer.header("Content-Length").is_some(), "{wrong}");
    }
}

#[test]
fn bytes_that_are_no_http_are_refused() {
    let server = TestServer::start();
    for request in [
        &b"nonsense\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /up HTTP/1.1\r\nHost x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ] {
        let answer = send_raw(server.address(), request);
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(request));
    }
}

#[test]
fn a_body_announced_too_large_is_refused_before_it_is_sent() {
    let server = TestServer::start();
    let request = b"POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10001\r\n\r\n";
    let answer = send_raw(server.address(), request);
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (413, "Payload too large.")
    );
}

/// The rest of the body stands before the next request, so that the caller must not send one.
#[test]
fn a_caller_whose_body_is_not_read_is_told_that_the_connection_ends() {
    let server = TestServer::start();
    for (line, status) in [
        ("POST /apps/123456/events", 413),
        ("POST /nowhere", 404),
        ("OPTIONS /apps/123456/events", 204),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: 10001\r\n\r\nx");
        let answer = send_raw(server.address(), request.as_bytes());
        let connection = answer.header("Connection");
        assert_eq!(
            (answer.status, connection),
            (status, Some("close")),
            "{line}"
        );
    }
}

#[test]
fn a_head_without_end_is_refused() {
    let server = TestServer::start();
    let mut stream = connect(server.address());
    let filler = format!("X-Filler: {}\r\n", "x".repeat(1000));
    let mut head = b"GET /app/reverb-key HTTP/1.1\r\n".to_vec();
    (0..200).for_each(|_| head.extend(filler.as_bytes()));
    // The server may end the connection before all is written.
    let written = stream.write_all(&head);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let is_refused = ["HTTP/1.1 413", "HTTP/1.1 431", "HTTP/1.1 400"]
        .iter()
        .any(|status| answer.starts_with(status));
    assert!(is_refused || written.is_err() || read.is_err(), "{answer}");
}

/// `GET /apps/123456/connections`, signed.
fn signed_path() -> String {
    let query = format!(
        "auth_key=reverb-key&auth_timestamp={}&auth_version=1.0",
        now()
    );
    let text = format!("GET\n/apps/123456/connections\n{query}");
    let signature = sign("reverb-secret", &text);
    format!("/apps/123456/connections?{query}&auth_signature={signature}")
}

#[test]
fn a_caller_that_says_nothing_more_has_its_answer() {
    let server = TestServer::start();
    for _ in 0..20 {
        let mut stream = connect(server.address());
        let body = json!({"name": "e", "channel": "c", "data": "{}"});
        let request = server.request("POST", "/apps/123456/events").json(&body);
        let request = request.signed("reverb-key", "reverb-secret").keeping();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:?}");
    }
}

#[test]
fn a_caller_may_keep_its_connection() {
    let server = TestServer::start();
    let path = signed_path();
    let one = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let last = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = send_raw(
        server.address(),
        [one.clone(), one, last].concat().as_bytes(),
    );
    let text = [answer.head.join("\r\n"), answer.body].concat();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    assert_eq!(text.matches(r#"{"connections":0}"#).count(), 3, "{text}");
}

#[test]
fn a_body_may_come_in_chunks() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("news");
    let body = r#"{"name":"E","channel":"news","data":"{}"}"#;
    let query = format!(
        "auth_key=reverb-key&auth_timestamp={}&auth_version=1.0&body_md5={}",
        now(),
        md5(body.as_bytes())
    );
    let signature = sign(
        "reverb-secret",
        &format!("POST\n/apps/123456/events\n{query}"),
    );
    let (left, right) = body.split_at(10);
    let request = format!(
        "POST /apps/123456/events?{query}&auth_signature={signature} HTTP/1.1\r\nHost: x\r\n\
         Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{left}\r\n{:x}\r\n{right}\r\n0\r\n\r\n",
        left.len(),
        right.len()
    );
    let answer = send_raw(server.address(), request.as_bytes());
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    ada.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);
}

#[test]
fn a_caller_that_waits_for_leave_to_send_too_much_gets_none() {
    let server = TestServer::start();
    let head = "POST /apps/123456/events HTTP/1.1\r\nHost: x\r\n\
        Expect: 100-continue\r\nContent-Length: 100000000\r\n\r\n";
    let answer = send_raw(server.address(), head.as_bytes());
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (413, "Payload too large.")
    );
}

#[test]
fn a_caller_that_waits_for_leave_gets_it() {
    let server = TestServer::start();
    let mut stream = connect(server.address());
    let head = "POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
        "{answer}"
    );
}
