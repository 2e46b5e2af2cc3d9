//! Publishing over HTTP.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{client::Client, server::TestServer};

#[test]
fn an_event_reaches_every_subscriber() {
    let server = TestServer::start();
    let mut clients: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    clients
        .iter_mut()
        .for_each(|client| client.subscribe("news"));
    let body = json!({ "name": r"App\Events\E", "data": r#"{"a":1.0,"é":{}}"#, "channel": "news" });
    let answer = server.signed("POST", "/events").json(&body).send();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Content-Length"), Some("2"));
    for client in &mut clients {
        client
            .expect(r#"{"event":"App\\Events\\E","data":"{\"a\":1.0,\"é\":{}}","channel":"news"}"#);
    }
}

#[test]
fn events_wait_for_company_where_the_operator_wants_them_to() {
    const COALESCE: Duration = Duration::from_micros(20_500);
    let server = TestServer::with(|configuration| {
        configuration["coalesce"] = json!(COALESCE.as_micros() as u64);
    });
    let mut ada = server.connect();
    ada.subscribe("news");
    for _ in 0..3 {
        let begin = Instant::now();
        server.publish("E", "news", "{}");
        server.publish("F", "news", "{}");
        ada.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);
        assert!(begin.elapsed() >= COALESCE);
        ada.expect(r#"{"event":"F","data":"{}","channel":"news"}"#);
    }
}

#[test]
fn the_sender_is_left_out() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.subscribe("news");
    bob.subscribe("news");
    let body = json!({ "name": "E", "data": "{}", "channel": "news", "socket_id": ada.socket_id });
    assert_eq!(
        server.signed("POST", "/events").json(&body).send().status,
        200
    );
    server.publish("F", "news", "{}");
    ada.expect(r#"{"event":"F","data":"{}","channel":"news"}"#);
    bob.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);
    bob.expect(r#"{"event":"F","data":"{}","channel":"news"}"#);
}

#[test]
fn an_event_goes_to_several_channels() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("news");
    ada.subscribe("sports");
    let body =
        json!({ "name": "E", "data": "text", "channels": ["news", "nobody-is-here", "sports"] });
    assert_eq!(
        server.signed("POST", "/events").json(&body).send().body,
        "{}"
    );
    let mut channels = [ada.text(), ada.text()];
    channels.sort();
    assert_eq!(
        channels,
        [
            r#"{"event":"E","data":"text","channel":"news"}"#,
            r#"{"event":"E","data":"text","channel":"sports"}"#,
        ]
    );
}

#[test]
fn applications_do_not_hear_each_other() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect_to("reverb-key-2"));
    ada.subscribe("news");
    bob.subscribe("news");
    server.publish("E", "news", "{}");
    let body = json!({ "name": "F", "data": "{}", "channel": "news" });
    let request = server.request("POST", "/apps/654321/events").json(&body);
    assert_eq!(
        request
            .signed("reverb-key-2", "reverb-secret-2")
            .send()
            .status,
        200
    );
    ada.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);
    bob.expect(r#"{"event":"F","data":"{}","channel":"news"}"#);
    ada.expect_quiet();
    bob.expect_quiet();
}

#[test]
fn events_arrive_once_and_in_order() {
    let server = TestServer::start();
    let mut clients: Vec<Client> = (0..8).map(|_| server.connect()).collect();
    clients
        .iter_mut()
        .for_each(|client| client.subscribe("news"));
    for number in 0..200 {
        server.publish("E", "news", &number.to_string());
    }
    for client in &mut clients {
        for number in 0..200 {
            assert_eq!(
                client.text(),
                format!(r#"{{"event":"E","data":"{number}","channel":"news"}}"#)
            );
        }
        client.expect_quiet();
    }
}

#[test]
fn a_batch_arrives_in_its_order() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.subscribe("news");
    ada.subscribe("sports");
    let body = json!({ "batch": [
        { "name": "A", "data": "1", "channel": "news" },
        { "name": "B", "data": "2", "channel": "news", "socket_id": ada.socket_id },
        { "name": "C", "data": "3", "channel": "news" },
    ]});
    let answer = server.signed("POST", "/batch_events").json(&body).send();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"batch":{}}"#)
    );
    ada.expect(r#"{"event":"A","data":"1","channel":"news"}"#);
    ada.expect(r#"{"event":"C","data":"3","channel":"news"}"#);
}

#[test]
fn a_large_event_needs_a_large_limit() {
    let small = TestServer::start();
    let data = "x".repeat(150_000);
    let body = json!({ "name": "E", "data": data, "channel": "news" });
    let answer = small.signed("POST", "/events").json(&body).send();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (413, "Payload too large.")
    );
    drop(small);

    let large =
        TestServer::with(|configuration| configuration["max_request_size"] = 200_000.into());
    let mut ada = large.connect();
    ada.subscribe("news");
    assert_eq!(
        large.signed("POST", "/events").json(&body).send().status,
        200
    );
    assert_eq!(
        ada.text(),
        format!(r#"{{"event":"E","data":"{data}","channel":"news"}}"#)
    );
}

#[test]
fn faulty_bodies_are_told_the_fault() {
    let server = TestServer::start();
    let body = json!({ "name": "E", "channel": "news" });
    let answer = server.signed("POST", "/events").json(&body).send();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (422, r#"{"data":["The data field is required."]}"#)
    );
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(server.signed("POST", "/events").send().status, 400);
}
