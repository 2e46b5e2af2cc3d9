//! The opening handshake as a table: what is asked, what is answered.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use reverb::websocket::{
    Compression,
    handshake::{Refusal, accept},
};

/// The request of RFC 6455, section 1.3.
const ASKED: &[(&str, &str)] = &[
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Origin", "http://example.com"),
    ("Sec-WebSocket-Protocol", "chat, superchat"),
    ("Sec-WebSocket-Version", "13"),
];

fn ask(method: &str, minor_version: u8, headers: &[(&str, &str)]) -> Result<String, Refusal> {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()));
    accept(method, minor_version, headers, Compression::Off).map(|acceptance| acceptance.key)
}

fn with<'h>(name: &'h str, value: &'h str) -> Vec<(&'h str, &'h str)> {
    let mut headers = without(name);
    headers.push((name, value));
    headers
}

fn without(name: &str) -> Vec<(&'static str, &'static str)> {
    ASKED
        .iter()
        .copied()
        .filter(|(asked, _)| *asked != name)
        .collect()
}

fn twice<'h>(name: &'h str, value: &'h str) -> Vec<(&'h str, &'h str)> {
    ASKED.iter().copied().chain([(name, value)]).collect()
}

#[test]
fn the_example_of_the_rfc_is_accepted() {
    assert_eq!(
        ask("GET", 1, ASKED).as_deref(),
        Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
}

#[test]
fn the_response_has_the_headers_and_the_order_of_reverb() {
    let response = response(ASKED, Compression::Deflate);
    let expected = "HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        X-Powered-By: Laravel Reverb\r\n\r\n";
    assert_eq!(response, expected);
}

fn response(headers: &[(&str, &str)], compression: Compression) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()));
    let acceptance = accept("GET", 1, headers, compression).unwrap();
    String::from_utf8(acceptance.response()).unwrap()
}

#[test]
fn an_offer_to_compress_is_taken_where_the_server_compresses() {
    let asked = with(
        "Sec-WebSocket-Extensions",
        "x-unknown, permessage-deflate; server_max_window_bits=8",
    );
    let asked = [
        asked.as_slice(),
        &[(
            "sec-websocket-extensions",
            "permessage-deflate; server_max_window_bits=12",
        )],
    ]
    .concat();
    let expected = "HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
        client_no_context_takeover; server_max_window_bits=12\r\n\
        X-Powered-By: Laravel Reverb\r\n\r\n";
    assert_eq!(response(&asked, Compression::Deflate), expected);
    let plain = response(ASKED, Compression::Off);
    assert_eq!(response(&asked, Compression::Off), plain);
}

#[test]
fn names_and_tokens_may_be_in_any_case_and_among_others() {
    for headers in [
        with("Connection", "keep-alive, Upgrade"),
        with("Connection", "UPGRADE"),
        with("Upgrade", "WebSocket"),
        with("Upgrade", "h2c,websocket"),
        with("Sec-WebSocket-Version", " 13 "),
        twice("Connection", "keep-alive"),
        twice(
            "Sec-WebSocket-Extensions",
            "permessage-deflate; client_max_window_bits",
        ),
        twice("Content-Length", "0"),
    ] {
        assert!(ask("GET", 1, &headers).is_ok(), "{headers:?}");
    }
    let shouted: Vec<(String, &str)> = ASKED
        .iter()
        .map(|(name, value)| (name.to_uppercase(), *value))
        .collect();
    let shouted: Vec<(&str, &str)> = shouted
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    assert!(ask("GET", 1, &shouted).is_ok());
}

#[test]
fn each_rule_refuses() {
    for (method, minor_version, headers, refusal) in [
        ("POST", 1, ASKED.to_vec(), Refusal::METHOD),
        ("get", 1, ASKED.to_vec(), Refusal::METHOD),
        ("GET", 0, ASKED.to_vec(), Refusal::HTTP_VERSION),
        ("GET", 1, without("Host"), Refusal::BAD_REQUEST),
        (
            "GET",
            1,
            twice("Host", "other.example.com"),
            Refusal::BAD_REQUEST,
        ),
        ("GET", 1, twice("Content-Length", "5"), Refusal::BAD_REQUEST),
        (
            "GET",
            1,
            twice("Transfer-Encoding", "chunked"),
            Refusal::BAD_REQUEST,
        ),
        ("GET", 1, without("Upgrade"), Refusal::NO_UPGRADE),
        ("GET", 1, with("Upgrade", "h2c"), Refusal::NO_UPGRADE),
        ("GET", 1, with("Upgrade", "websockets"), Refusal::NO_UPGRADE),
        (
            "GET",
            1,
            without("Connection"),
            Refusal::NO_CONNECTION_UPGRADE,
        ),
        (
            "GET",
            1,
            with("Connection", "keep-alive"),
            Refusal::NO_CONNECTION_UPGRADE,
        ),
        (
            "GET",
            1,
            without("Sec-WebSocket-Version"),
            Refusal::WEBSOCKET_VERSION,
        ),
        (
            "GET",
            1,
            with("Sec-WebSocket-Version", "8"),
            Refusal::WEBSOCKET_VERSION,
        ),
        (
            "GET",
            1,
            twice("Sec-WebSocket-Version", "8"),
            Refusal::WEBSOCKET_VERSION,
        ),
        ("GET", 1, without("Sec-WebSocket-Key"), Refusal::KEY),
        ("GET", 1, with("Sec-WebSocket-Key", ""), Refusal::KEY),
        (
            "GET",
            1,
            with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"),
            Refusal::KEY,
        ),
        (
            "GET",
            1,
            with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSE="),
            Refusal::KEY,
        ),
        (
            "GET",
            1,
            with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub2-jZQ=="),
            Refusal::KEY,
        ),
        (
            "GET",
            1,
            twice("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            Refusal::KEY,
        ),
        (
            "GET",
            1,
            with("Sec-WebSocket-Extensions", "permessage-deflate; level=\"9"),
            Refusal::EXTENSIONS,
        ),
    ] {
        assert_eq!(
            ask(method, minor_version, &headers),
            Err(refusal),
            "{method} HTTP/1.{minor_version} {headers:?}"
        );
    }
}

#[test]
fn a_plain_request_is_told_what_to_upgrade_to() {
    let refusal = ask("GET", 1, &[("Host", "localhost")]).unwrap_err();
    let expected = "HTTP/1.1 426 Upgrade header MUST be provided\r\n\
        Connection: Upgrade, close\r\n\
        Upgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\n\
        X-Powered-By: Laravel Reverb\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Length: 31\r\n\r\n\
        Upgrade header MUST be provided";
    assert_eq!(String::from_utf8(refusal.response()).unwrap(), expected);
}

#[test]
fn every_refusal_closes_and_says_how_long_its_body_is() {
    for (refusal, status_line, headers, body) in [
        (
            Refusal::METHOD,
            "405 Method Not Allowed",
            "Allow: GET\r\n",
            "Method not allowed.",
        ),
        (
            Refusal::HTTP_VERSION,
            "505 HTTP Version not supported",
            "",
            "HTTP Version not supported",
        ),
        (Refusal::BAD_REQUEST, "400 Bad Request", "", "Bad Request"),
        (
            Refusal::NO_CONNECTION_UPGRADE,
            "400 Connection Upgrade MUST be requested",
            "",
            "Connection Upgrade MUST be requested",
        ),
        (
            Refusal::KEY,
            "400 Invalid Sec-WebSocket-Key",
            "",
            "Invalid Sec-WebSocket-Key",
        ),
        (
            Refusal::EXTENSIONS,
            "400 Invalid Sec-WebSocket-Extensions",
            "",
            "Invalid Sec-WebSocket-Extensions",
        ),
    ] {
        let length = body.len();
        let expected = format!(
            "HTTP/1.1 {status_line}\r\nConnection: close\r\n{headers}X-Powered-By: Laravel Reverb\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        assert_eq!(String::from_utf8(refusal.response()).unwrap(), expected);
    }
}
