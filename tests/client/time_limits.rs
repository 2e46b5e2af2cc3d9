//! No server holds a PHP process for longer than the limits say, whatever it does.

use std::time::{Duration, Instant};

use reverb::client::{Event, Options, Publisher};
use serde_json::{Value, json};

use super::support::{self, HttpServer, Script, UnixServer, WELCOMED};
use super::{ANSWER_LIMIT, event, milliseconds, publisher, text};

/// A loaded machine may be this much later than the limit; what goes on for as long as it pleases is later.
const LATE: Duration = Duration::from_secs(15);

/// A length of 200 bytes, of which the first says that this is a challenge.
const CHALLENGE_BEGINS: &[u8] = &[200, 0, 0, 0, 1];

/// A length of 200 bytes, of which the first says that this is an acknowledgement.
const ANSWER_BEGINS: &[u8] = &[200, 0, 0, 0, 4];

/// More than any socket's buffers hold.
fn large() -> String {
    "x".repeat(12 * 1024 * 1024)
}

fn at_socket(server: &UnixServer) -> String {
    format!("the Reverb server at {}", server.path())
}

fn at_port(server: &HttpServer) -> String {
    format!("the Reverb server at http://127.0.0.1:{}", server.port())
}

/// Expects that an event is given up in time, because this server did not answer within so many milliseconds.
fn gives_up(mut publisher: Publisher, event: &Event<'_>, server: &str, limit: u64) {
    let begin = Instant::now();
    let expected =
        format!("{server} did not answer within {limit} ms; it may be stopped or overloaded");
    assert_eq!(text(publisher.publish(event)), expected);
    let limit = Duration::from_millis(limit);
    assert!(begin.elapsed() >= limit);
    assert!(begin.elapsed() < limit + LATE, "{:?}", begin.elapsed());
}

/// The same, by a publisher of this way with a short limit.
fn gives_up_soon(mut way: Value, event: &Event<'_>, server: &str) {
    let limit = milliseconds(ANSWER_LIMIT);
    way["timeout"] = limit.into();
    gives_up(publisher(way), event, server, limit);
}

fn over_unix(server: &UnixServer) -> Value {
    json!({"socket": server.path()})
}

fn over_http(server: &HttpServer) -> Value {
    json!({"scheme": "http", "host": "127.0.0.1", "port": server.port()})
}

#[test]
fn without_limits_in_the_options_an_answer_is_waited_for_five_seconds() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Stall]]);
    gives_up(
        without_limits(over_unix(&server)),
        &event(),
        &at_socket(&server),
        5000,
    );
}

#[test]
fn without_limits_in_the_options_a_connection_is_waited_for_one_second() {
    let (port, _crowd) = support::crowded_tcp_port();
    let begin = Instant::now();
    let mut publisher =
        without_limits(json!({"scheme": "http", "host": "127.0.0.1", "port": port}));
    assert_eq!(
        text(publisher.publish(&event())),
        format!(
            "the Reverb server is not running: nothing answers at http://127.0.0.1:{port} (no connection within 1000 ms); start it with: php artisan reverb:start"
        )
    );
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert!(begin.elapsed() < Duration::from_secs(1) + LATE);
}

fn without_limits(way: Value) -> Publisher {
    let mut options = json!({"app_id": "1", "key": "key", "secret": "secret"});
    options
        .as_object_mut()
        .unwrap()
        .extend(way.as_object().unwrap().clone());
    Publisher::new(Options::parse(&options).unwrap())
}

#[test]
fn an_answer_that_comes_byte_by_byte_extends_no_limit() {
    for script in [
        &[Script::Trickle(CHALLENGE_BEGINS)][..],
        &[WELCOMED, Script::Trickle(ANSWER_BEGINS)],
    ] {
        let server = UnixServer::start(&[script]);
        gives_up_soon(over_unix(&server), &event(), &at_socket(&server));
    }
}

#[test]
fn an_http_answer_that_comes_byte_by_byte_extends_no_limit() {
    for head in [
        "HTTP/1.1 200 OK\r\nX: ",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    ] {
        let server = HttpServer::trickling(head);
        gives_up_soon(over_http(&server), &event(), &at_port(&server));
    }
}

#[test]
fn a_server_that_does_not_read_extends_no_limit() {
    let data = large();
    let event = Event {
        data: &data,
        ..event()
    };
    let unix = UnixServer::start(&[&[WELCOMED, Script::Stall]]);
    let http = HttpServer::deaf();
    // So much is not written down within a short limit on a busy machine.
    for (way, server) in [
        (over_unix(&unix), at_socket(&unix)),
        (over_http(&http), at_port(&http)),
    ] {
        gives_up(without_limits(way), &event, &server, 5000);
    }
}

#[test]
fn who_does_not_wait_for_answers_waits_for_room_no_longer_than_the_limit() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Stall]]);
    let mut way = over_unix(&server);
    way["acknowledge"] = false.into();
    let data = large();
    let event = Event {
        data: &data,
        ..event()
    };
    gives_up_soon(way, &event, &at_socket(&server));
}

#[test]
fn a_limit_that_an_event_takes_to_be_written_down_says_nothing_of_the_server() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Stall]]);
    let data = large();
    let event = Event {
        data: &data,
        ..event()
    };
    let mut way = over_unix(&server);
    way["timeout"] = 1.into();
    gives_up(publisher(way), &event, &at_socket(&server), 1);
}

#[test]
fn all_ways_share_one_limit() {
    let (path, _crowd) = support::crowded_unix_socket();
    let server = HttpServer::start(&[]);
    let publisher = publisher(json!({
        "socket": path, "scheme": "http", "host": "127.0.0.1", "port": server.port(),
        "connect_timeout": 200, "timeout": 1000,
    }));
    gives_up(publisher, &event(), &at_port(&server), 1000);
    std::fs::remove_file(path).unwrap();
}
