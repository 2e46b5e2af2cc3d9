//! Events that nobody waits for, events in batches, and what becomes of them when a connection ends.

use serde_json::{Value, json};

use super::{event, over_http, over_unix, publisher, text};
use crate::support::{HttpServer, Script, UnixServer, WELCOMED};
use reverb::client::{Event, Publisher, Route};
use reverb::protocol::local::Reason;

fn not_waiting(server: &UnixServer) -> Publisher {
    publisher(json!({"socket": server.path(), "acknowledge": false}))
}

fn named(name: &'static str) -> Event<'static> {
    Event { name, ..event() }
}

#[test]
fn events_that_are_not_waited_for_are_settled_at_the_end() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack, Script::Ack, Script::Ack]]);
    let mut publisher = not_waiting(&server);
    for _ in 0..3 {
        assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    }
    assert_eq!(publisher.settle(), Ok(()));
    assert_eq!(server.sequences(), [1, 2, 3]);
    assert_eq!(publisher.failures(), 0);
}

#[test]
fn a_failure_nobody_waited_for_is_told_by_the_next_call_and_counted() {
    let server =
        UnixServer::start(&[&[WELCOMED, Script::Fail(Reason::TOO_LARGE, "no"), Script::Ack]]);
    let mut publisher = not_waiting(&server);
    assert_eq!(publisher.publish(&named("First")), Ok(Route::Unix));
    assert!(!publisher.acknowledge(true));
    assert_eq!(
        text(publisher.publish(&named("Second"))),
        format!(
            "nothing was sent, because an earlier event that was not waited for failed: the event `First` is too large for the Reverb server at {} (7 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE",
            server.path()
        )
    );
    assert_eq!(publisher.failures(), 1);
    assert_eq!(publisher.publish(&named("Third")), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 2]);
    assert_eq!(publisher.failures(), 1);
}

#[test]
fn a_failure_that_was_waited_for_is_not_counted() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Fail(Reason::INVALID_EVENT, "no")]]);
    let mut publisher = over_unix(&server);
    publisher.publish(&event()).unwrap_err();
    assert_eq!(publisher.failures(), 0);
}

#[test]
fn what_a_closing_server_did_not_take_goes_to_the_next_one() {
    let server = UnixServer::start(&[
        &[WELCOMED, Script::Hear, Script::Close],
        &[Script::WelcomeElsewhere, Script::Ack],
    ]);
    assert_eq!(over_unix(&server).publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 1]);
}

#[test]
fn servers_may_stop_one_after_another_before_one_takes_it() {
    let stops = [WELCOMED, Script::Hear, Script::Close];
    let leaves_at_once: [Script; 0] = [];
    let server = UnixServer::start(&[
        &stops,
        &[Script::WelcomeElsewhere, Script::Close],
        &leaves_at_once,
        &stops,
        &[Script::WelcomeElsewhere, Script::Ack],
    ]);
    assert_eq!(over_unix(&server).publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 1, 1]);
}

#[test]
fn a_server_that_always_stops_is_given_up() {
    let server = UnixServer::start(&[[WELCOMED, Script::Close].as_slice(); 18]);
    assert_eq!(
        text(over_unix(&server).publish(&event())),
        format!(
            "the connection to the Reverb server at {} was lost: the server stops",
            server.path()
        )
    );
    assert_eq!(server.connections(), 17);
}

#[test]
fn what_a_closing_server_took_with_its_last_words_is_published() {
    let server = UnixServer::start(&[&[WELCOMED, Script::AckAndClose]]);
    assert_eq!(over_unix(&server).publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1]);
}

#[test]
fn what_a_vanished_server_may_have_taken_is_not_sent_to_the_next_one() {
    let server = UnixServer::start(&[
        &[WELCOMED, Script::Hear],
        &[Script::WelcomeElsewhere, Script::Ack],
    ]);
    let mut publisher = over_unix(&server);
    assert_eq!(
        text(publisher.publish(&event())),
        format!(
            "the connection to the Reverb server at {} was lost: the server was replaced before it answered",
            server.path()
        )
    );
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 2]);
}

#[test]
fn what_a_vanished_server_may_have_taken_does_not_go_over_http_either() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Hear]]);
    let http = HttpServer::start(&[("200 OK", "{}")]);
    let mut publisher = publisher(
        json!({"socket": server.path(), "scheme": "http", "host": "127.0.0.1", "port": http.port()}),
    );
    let lost = format!(
        "the connection to the Reverb server at {} was lost: ",
        server.path()
    );
    assert!(text(publisher.publish(&event())).starts_with(&lost));
    assert_eq!(http.connections(), 0);
}

#[test]
fn in_a_batch_events_wait_for_each_other_and_leave_in_their_order() {
    let mut script = [Script::Ack; 101];
    script[0] = WELCOMED;
    let server = UnixServer::start(&[&script]);
    let mut publisher = publisher(json!({"socket": server.path(), "timeout": 60_000}));
    publisher.open_batch();
    for _ in 0..100 {
        assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    }
    assert_eq!(publisher.settle(), Ok(()));
    assert_eq!(server.sequences(), (1..=100).collect::<Vec<_>>());
    assert!(server.reads() < 60, "{} reads", server.reads());
}

#[test]
fn a_batch_that_is_left_behind_is_written() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Hear, Script::Hear, Script::Hear]]);
    let mut publisher = over_unix(&server);
    publisher.open_batch();
    for _ in 0..3 {
        assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    }
    drop(publisher);
    server.wait_for_closed(1);
    assert_eq!(server.sequences(), [1, 2, 3]);
}

#[test]
fn what_was_gathered_when_a_server_closed_goes_to_the_next_one() {
    let server = UnixServer::start(&[
        &[WELCOMED, Script::Hear, Script::Close],
        &[
            Script::WelcomeElsewhere,
            Script::Ack,
            Script::Ack,
            Script::Ack,
        ],
    ]);
    let mut publisher = over_unix(&server);
    publisher.open_batch();
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    server.wait_for_closed(1);
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(publisher.settle(), Ok(()));
    assert_eq!(server.sequences(), [1, 1, 2, 3]);
}

#[test]
fn a_batch_is_answered_event_by_event_and_its_first_failure_told() {
    let server = UnixServer::start(&[&[
        WELCOMED,
        Script::Ack,
        Script::Fail(Reason::INVALID_EVENT, "no"),
        Script::Ack,
        Script::Ack,
    ]]);
    let mut publisher = over_unix(&server);
    let result = publisher.publish_batch(&[named("A"), named("B"), named("C")]);
    assert_eq!(
        result.unwrap_err().to_string(),
        format!(
            "the Reverb server at {} refused the event: no",
            server.path()
        )
    );
    assert_eq!(publisher.publish(&named("D")), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 2, 3, 4]);
    assert_eq!(publisher.publish_batch(&[]), Ok(()));
}

#[test]
fn a_batch_is_one_http_request_with_an_entry_per_channel() {
    let server = HttpServer::start(&[("200 OK", "{}")]);
    let mut publisher = over_http(&server);
    let second = Event {
        channels: vec!["c"],
        socket_id: None,
        ..named("Stopped")
    };
    assert_eq!(publisher.publish_batch(&[event(), second]), Ok(()));
    let request = server.request();
    assert_eq!(request.path, "/apps/1/batch_events");
    assert_eq!(
        serde_json::from_str::<Value>(&request.body).unwrap(),
        json!({"batch": [
            {"name": "Moved", "channel": "a", "data": "{\"x\":1}", "socket_id": "1.2"},
            {"name": "Moved", "channel": "b", "data": "{\"x\":1}", "socket_id": "1.2"},
            {"name": "Stopped", "channel": "c", "data": "{\"x\":1}"},
        ]})
    );
}
