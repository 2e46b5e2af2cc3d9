//! Open batches: what is written at once, what is kept for the end, and how it then travels.

use reverb::client::{Publisher, Route};
use serde_json::{Value, json};

use super::{Event, PublishError, event, over_http, over_unix, publisher, text};
use crate::support::{HttpServer, Script, UnixServer, WELCOMED};

fn numbered(name: &'static str) -> Event<'static> {
    Event {
        channels: vec!["a"],
        name,
        data: "{}",
        socket_id: None,
    }
}

const NAMES: [&str; 4] = ["one", "two", "three", "four"];

fn publish_four(publisher: &mut Publisher) {
    publisher.open_batch();
    for name in NAMES {
        assert_eq!(publisher.publish(&numbered(name)), Ok(Route::Http));
    }
}

/// The path and the events' names of the next request.
fn heard(server: &HttpServer) -> (String, Vec<String>) {
    let request = server.request();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let events = match body["batch"].as_array() {
        Some(events) => events.clone(),
        None => vec![body],
    };
    let name = |event: &Value| event["name"].as_str().unwrap().to_owned();
    let path = request.path.replace("/apps/1", "");
    (path, events.iter().map(name).collect())
}

fn batch_of(names: &[&str]) -> (String, Vec<String>) {
    let path = if names.len() == 1 {
        "/events"
    } else {
        "/batch_events"
    };
    (
        path.to_owned(),
        names.iter().map(|&name| name.to_owned()).collect(),
    )
}

#[test]
fn over_http_the_events_of_a_batch_are_one_request_at_its_end() {
    let server = HttpServer::start(&[("200 OK", "{}"), ("200 OK", "{}")]);
    let mut publisher = over_http(&server);
    publish_four(&mut publisher);
    assert_eq!(server.connections(), 0);
    assert_eq!(publisher.settle(), Ok(()));
    assert_eq!(heard(&server), batch_of(&NAMES));

    assert_eq!(publisher.publish(&numbered("after")), Ok(Route::Http));
    assert_eq!(heard(&server), batch_of(&["after"]));
}

#[test]
fn a_batch_that_is_more_than_the_server_takes_becomes_several_in_order() {
    for refusal in [
        ("413 Payload Too Large", "Payload too large."),
        (
            "422 Unprocessable Entity",
            r#"{"batch":["must not have more than 2 items"]}"#,
        ),
    ] {
        let server = HttpServer::start(&[refusal, ("200 OK", "{}"), ("200 OK", "{}")]);
        let mut publisher = over_http(&server);
        publish_four(&mut publisher);
        assert_eq!(publisher.settle(), Ok(()));
        let requests = [heard(&server), heard(&server), heard(&server)];
        assert_eq!(
            requests,
            [
                batch_of(&NAMES),
                batch_of(&NAMES[..2]),
                batch_of(&NAMES[2..])
            ]
        );
    }
}

#[test]
fn an_event_that_is_too_large_alone_ends_a_batch_with_an_error() {
    let no = ("413 Payload Too Large", "Payload too large.");
    let server = HttpServer::start(&[no, no, no]);
    let mut publisher = over_http(&server);
    publish_four(&mut publisher);
    assert!(matches!(
        publisher.settle(),
        Err(PublishError::TooLarge { event, .. }) if event == "one"
    ));
}

#[test]
fn other_refusals_are_not_repeated_in_parts() {
    let server = HttpServer::start(&[(
        "422 Unprocessable Entity",
        r#"{"batch.0.channel":["must not be empty"]}"#,
    )]);
    let mut publisher = over_http(&server);
    publish_four(&mut publisher);
    assert!(matches!(
        publisher.settle(),
        Err(PublishError::Refused { .. })
    ));
    assert_eq!(heard(&server), batch_of(&NAMES));
}

#[test]
fn a_batch_that_grows_large_is_sent_before_its_end() {
    let server = HttpServer::start(&[("200 OK", "{}"), ("200 OK", "{}")]);
    let data = "x".repeat(600 * 1024);
    let mut publisher = over_http(&server);
    publisher.open_batch();
    for name in NAMES.into_iter().take(3) {
        publisher
            .publish(&Event {
                data: &data,
                ..numbered(name)
            })
            .unwrap();
    }
    assert_eq!(heard(&server), batch_of(&NAMES[..2]));
    assert_eq!(publisher.settle(), Ok(()));
    assert_eq!(heard(&server), batch_of(&NAMES[2..3]));
}

#[test]
fn over_the_socket_the_events_of_a_batch_are_written_at_once() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack, Script::Ack, Script::Ack]]);
    let mut publisher = over_unix(&server);
    publisher.open_batch();
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(publisher.settle(), Ok(()));
    assert_eq!(server.sequences(), [1, 2]);
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
}

#[test]
fn a_batch_leaves_it_to_the_publisher_whether_it_waits() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack]]);
    let mut publisher = publisher(json!({"socket": server.path(), "acknowledge": false}));
    publisher.open_batch();
    publisher.publish(&event()).unwrap();
    publisher.settle().unwrap();
    assert!(!publisher.acknowledge(true));
}

#[test]
fn without_a_server_a_batch_fails_where_that_is_known() {
    let port = HttpServer::unused_port();
    let mut over_http = publisher(json!({"scheme": "http", "host": "127.0.0.1", "port": port}));
    publish_four(&mut over_http);
    assert!(text(over_http.settle().map(|()| Route::Http)).contains("is not running"));

    let mut nowhere = publisher(json!({"socket": "/nonexistent/reverb.sock"}));
    nowhere.open_batch();
    assert!(text(nowhere.publish(&event())).contains("is not running"));
    assert_eq!(nowhere.settle(), Ok(()));
}
