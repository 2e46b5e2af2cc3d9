//! What a publisher keeps of an HTTP server between requests: its connection, and that it did not answer.

use std::{
    fs,
    io::{BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use reverb::client::{PublishError, Publisher, Route};
use serde_json::json;

use crate::{
    ANSWER_LIMIT, event, milliseconds, publisher,
    support::{HttpServer, answer, crowded_tcp_port, read_request},
    text,
};

/// How long a server that did not answer is left alone, as the messages say.
const SILENCE: Duration = Duration::from_secs(10);

/// A publisher for an answer that comes.
fn patient(port: u16) -> Publisher {
    publisher(json!({"scheme": "http", "host": "127.0.0.1", "port": port}))
}

/// A publisher for one that does not. Those of a thread share what is kept.
fn impatient(port: u16) -> Publisher {
    let limit = milliseconds(ANSWER_LIMIT);
    publisher(json!({"scheme": "http", "host": "127.0.0.1", "port": port, "timeout": limit}))
}

fn silence_of(port: u16) -> String {
    format!(
        "the Reverb server at http://127.0.0.1:{port} still does not answer; nothing was sent, and nobody waits for it before it does or 10 s are over"
    )
}

#[test]
fn a_stalled_http_server_is_waited_for_once() {
    let server = HttpServer::start(&[("200 OK", "{}")]);
    assert_eq!(patient(server.port()).publish(&event()), Ok(Route::Http));
    let late = impatient(server.port()).publish(&event());
    assert!(matches!(late, Err(PublishError::TimedOut { .. })));

    let mut publisher = patient(server.port());
    let expected = silence_of(server.port());
    for _ in 0..3 {
        assert_eq!(text(publisher.publish(&event())), expected);
    }
    assert_eq!(publisher.figures().unwrap_err().to_string(), expected);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_server_that_cannot_be_reached_in_time_is_waited_for_once() {
    let (port, _sockets) = crowded_tcp_port();
    let mut publisher = publisher(json!({
        "scheme": "http", "host": "127.0.0.1", "port": port, "connect_timeout": 50, "timeout": 60_000
    }));
    let absent = publisher.publish(&event());
    assert!(matches!(absent, Err(PublishError::NotRunning(_))));
    assert_eq!(text(publisher.publish(&event())), silence_of(port));
}

/// Answers the first request, the second one when it is told to, and then those of the next connection.
fn late_server() -> (u16, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (go_on, told) = mpsc::channel();
    thread::spawn(move || {
        let (first, _) = listener.accept().unwrap();
        let mut first = BufReader::new(first);
        read_request(&mut first).unwrap();
        answer(first.get_mut(), "200 OK", "{}");
        read_request(&mut first).unwrap();
        told.recv().unwrap();
        answer(first.get_mut(), "200 OK", "{}");
        answer_all(listener.accept().unwrap().0);
    });
    (port, go_on)
}

fn answer_all(stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    while read_request(&mut stream).is_ok() {
        answer(stream.get_mut(), "200 OK", "{}");
    }
}

#[test]
fn a_server_that_has_spoken_again_is_asked_again() {
    let (port, go_on) = late_server();
    let mut publisher = patient(port);
    assert_eq!(publisher.publish(&event()), Ok(Route::Http));
    let late = impatient(port).publish(&event());
    assert!(matches!(late, Err(PublishError::TimedOut { .. })));
    assert_eq!(text(publisher.publish(&event())), silence_of(port));

    let begin = Instant::now();
    go_on.send(()).unwrap();
    let published = loop {
        match publisher.publish(&event()) {
            Err(PublishError::Silent { .. }) => thread::yield_now(),
            other => break other,
        }
    };
    assert_eq!(published, Ok(Route::Http));
    // Not because its time was over.
    assert!(begin.elapsed() < SILENCE - ANSWER_LIMIT);
}

#[test]
fn a_connection_that_the_server_has_ended_is_remade_unnoticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        for _ in 0..3 {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            read_request(&mut stream).unwrap();
            answer(stream.get_mut(), "200 OK", "{}");
        }
    });
    let options = json!({"scheme": "http", "host": "127.0.0.1", "port": port, "timeout": 60_000});
    let mut publisher = publisher(options);
    for _ in 0..3 {
        assert_eq!(publisher.publish(&event()), Ok(Route::Http));
        wait_for_the_end_of_the_connection(port);
    }
    server.join().unwrap();
}

/// Waits until this process knows that the server has ended its connection: state 8 of `/proc/net/tcp`, `CLOSE_WAIT`.
fn wait_for_the_end_of_the_connection(port: u16) {
    let remote = format!("0100007F:{port:04X}");
    let is_ended = |line: &str| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next() == Some(&remote) && fields.next() == Some("08")
    };
    while !fs::read_to_string("/proc/self/net/tcp")
        .unwrap()
        .lines()
        .any(is_ended)
    {
        thread::yield_now();
    }
}

#[test]
fn an_answer_may_come_in_pieces_and_in_chunks() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        read_request(&mut stream).unwrap();
        let pieces = [
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Payload Too Large\r\nTransfer-",
            "Encoding: chunked\r\n\r\n2\r\nNo",
            "\r\n0\r\n\r\n",
        ];
        for piece in pieces {
            stream.get_mut().write_all(piece.as_bytes()).unwrap();
            thread::yield_now();
        }
        read_request(&mut stream).unwrap();
        answer(stream.get_mut(), "200 OK", "{}");
    });
    let options = json!({"scheme": "http", "host": "127.0.0.1", "port": port, "timeout": 60_000});
    let mut publisher = publisher(options);
    let refused = publisher.publish(&event());
    assert!(
        matches!(refused, Err(PublishError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(publisher.publish(&event()), Ok(Route::Http));
}

#[test]
fn a_request_larger_than_the_sockets_room_arrives() {
    let server = HttpServer::start(&[("200 OK", "{}")]);
    let options =
        json!({"scheme": "http", "host": "127.0.0.1", "port": server.port(), "timeout": 60_000});
    let data = "x".repeat(8 * 1024 * 1024);
    let event = reverb::client::Event {
        data: &data,
        ..event()
    };
    assert_eq!(publisher(options).publish(&event), Ok(Route::Http));
    assert!(server.request().body.len() > data.len());
}
