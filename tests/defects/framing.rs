//! Requests that HTTP forbids, and what HTTP allows.

use std::io::{Read, Write};

use crate::support::{client::connect, http::send_raw, server::TestServer};

/// Reverb: all of these are accepted, misread or left hanging. Here each is answered at once: were it
/// waited for, `send_raw` would not come back.
#[test]
fn d36_what_http_forbids_is_refused_at_once() {
    const POST: &str = "POST /apps/123456/events HTTP/1.1\r\nHost: x\r\n";
    let server = TestServer::start();
    for (request, status) in [
        (
            format!("{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}"),
            400,
        ),
        (format!("{POST}Content-Length: 2, 3\r\n\r\n{{}}"), 400),
        (format!("{POST}Content-Length: -1\r\n\r\n"), 400),
        (format!("{POST}Content-Length: +2\r\n\r\n{{}}"), 400),
        (format!("{POST}Content-Length: two\r\n\r\n{{}}"), 400),
        (format!("{POST}Content-Length:\r\n\r\n"), 400),
        (
            format!("{POST}Content-Length: 99999999999999999999\r\n\r\n"),
            413,
        ),
        (format!("{POST}Transfer-Encoding: gzip\r\n\r\n"), 400),
        (
            format!("{POST}Transfer-Encoding: chunked, gzip\r\n\r\n"),
            400,
        ),
        (
            format!("{POST}Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"),
            501,
        ),
        (
            format!("{POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            400,
        ),
        (
            format!("{POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
            400,
        ),
        (
            format!("{POST}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}}}\r\n"),
            400,
        ),
        (
            format!("{POST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
            400,
        ),
        (
            "POST /up HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /up HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /up HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
            400,
        ),
        ("GET /up\r\n\r\n".to_owned(), 400),
        ("GET  /up HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400),
        ("GET /up HTTP/2.0\r\nHost: x\r\n\r\n".to_owned(), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        (
            "GET /up HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n".to_owned(),
            400,
        ),
        ("GET /up HTTP/1.1\r\nHost : x\r\n\r\n".to_owned(), 400),
        (
            "GET /up HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
            400,
        ),
        ("\u{1}\u{2}".to_owned(), 400),
        (
            "get /up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
            405,
        ),
        (
            "Post /up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
            405,
        ),
    ] {
        let answer = send_raw(server.address(), request.as_bytes());
        let length = answer.body.len().to_string();
        assert_eq!(answer.status, status, "{request:?}");
        assert_eq!(
            answer.header("Content-Length"),
            Some(length.as_str()),
            "{request:?}"
        );
        if status == 400 {
            assert_eq!(answer.body, "Bad request.", "{request:?}");
        }
    }
}

/// RFC 9112, section 6.1: both lengths are chunks' alone, and the connection ends after the answer.
#[test]
fn d36_a_length_together_with_chunks_ends_the_connection() {
    let server = TestServer::start();
    for lengths in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let smuggled = "GET /up HTTP/1.1\r\nHost: x\r\n\r\n";
        let request = format!(
            "POST /apps/123456/events HTTP/1.1\r\nHost: x\r\n{lengths}\r\n0\r\n\r\n{smuggled}"
        );
        let answer = send_raw(server.address(), request.as_bytes());
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body, "Authentication signature invalid.");
    }
}

/// What HTTP allows is served: HTTP/1.0 without a host, empty lines before a request, a whole
/// address as target, a request for the methods, a page of another origin.
#[test]
fn d36_what_http_allows_is_served() {
    let server = TestServer::start();
    for request in [
        "GET /up HTTP/1.0\r\n\r\n",
        "\r\n\r\nGET /up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET http://x/up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /up?a=b HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /up HTTP/1.1\nHost: x\nConnection: close\n\n",
    ] {
        let answer = send_raw(server.address(), request.as_bytes());
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, r#"{"health":"OK"}"#),
            "{request:?}"
        );
    }
    for (target, methods) in [
        ("/up", "GET, HEAD, OPTIONS"),
        ("/apps/123456/events", "POST, OPTIONS"),
        ("/app/reverb-key", "GET, OPTIONS"),
        ("*", "GET, HEAD, POST, OPTIONS"),
    ] {
        let request = format!(
            "OPTIONS {target} HTTP/1.1\r\nHost: x\r\nOrigin: http://page\r\n\
             Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
        );
        let answer = send_raw(server.address(), request.as_bytes());
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{target}");
        assert_eq!(answer.header("Allow"), Some(methods));
        assert_eq!(answer.header("Access-Control-Allow-Methods"), Some(methods));
        assert_eq!(answer.header("Access-Control-Allow-Headers"), Some("*"));
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    }
    let page = "GET /up HTTP/1.1\r\nHost: x\r\nOrigin: http://page\r\nConnection: close\r\n\r\n";
    let answer = send_raw(server.address(), page.as_bytes());
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    let plain = server.request("GET", "/up").send();
    assert_eq!(plain.header("Access-Control-Allow-Origin"), None);
}

/// A whole address may also lead to a socket (RFC 9112, section 3.2.2).
#[test]
fn d36_a_handshake_may_name_the_whole_address() {
    let server = TestServer::start();
    let mut stream = connect(server.address());
    let request = "GET http://x/app/reverb-key?protocol=7 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut line = [0; 34];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"HTTP/1.1 101 Switching Protocols\r\n");
}
