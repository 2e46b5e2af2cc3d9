//! Publishing, against scripted servers that say exactly what the test needs.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::time::{Duration, Instant};

use reverb::client::{Event, Options, PublishError, Publisher, Route};
use reverb::protocol::local::Reason;
use serde_json::{Value, json};

use support::{HttpServer, Script, UnixServer, WELCOMED};

#[path = "client/batches.rs"]
mod batches;
#[path = "tls/certificates.rs"]
#[allow(dead_code, reason = "the tests of TLS use the rest")]
mod certificates;
#[path = "client/checks.rs"]
mod checks;
#[path = "client/encrypted.rs"]
mod encrypted;
#[path = "client/https.rs"]
mod https;
#[path = "client/kept_http.rs"]
mod kept_http;
#[path = "client/support.rs"]
mod support;
#[path = "client/time_limits.rs"]
mod time_limits;
#[path = "client/unwaited.rs"]
mod unwaited;

/// How long a publisher waits for an answer that comes: on a busy machine, some time.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it waits where none comes; far below [`PATIENCE`].
const ANSWER_LIMIT: Duration = Duration::from_millis(300);

fn event() -> Event<'static> {
    Event {
        channels: vec!["a", "b"],
        name: "Moved",
        data: r#"{"x":1}"#,
        socket_id: Some("1.2"),
    }
}

fn publisher(more: Value) -> Publisher {
    let mut options =
        json!({"app_id": "1", "key": "key", "secret": "secret", "timeout": milliseconds(PATIENCE)});
    options
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    Publisher::new(Options::parse(&options).unwrap())
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn over_unix(server: &UnixServer) -> Publisher {
    publisher(json!({"socket": server.path()}))
}

fn over_http(server: &HttpServer) -> Publisher {
    publisher(json!({"scheme": "http", "host": "127.0.0.1", "port": server.port()}))
}

fn text(result: Result<Route, PublishError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn an_event_travels_over_the_socket() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack]]);
    assert_eq!(over_unix(&server).publish(&event()), Ok(Route::Unix));
    assert_eq!(server.published(), ["1: Moved {\"x\":1} to a,b except 1.2"]);
}

#[test]
fn publishes_share_one_connection_and_count_on() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack, Script::Ack, Script::Ack]]);
    over_unix(&server).publish(&event()).unwrap();
    let mut second = over_unix(&server);
    second.publish(&event()).unwrap();
    second.publish(&event()).unwrap();
    assert_eq!(server.sequences(), [1, 2, 3]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn each_thread_has_a_connection_and_a_name_of_its_own() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack], &[WELCOMED, Script::Ack]]);
    for _ in 0..2 {
        let mut publisher = over_unix(&server);
        let published = std::thread::spawn(move || publisher.publish(&event()));
        assert_eq!(published.join().unwrap(), Ok(Route::Unix));
    }
    assert_eq!(server.sequences(), [1, 1]);
    let publishers = server.publishers();
    assert_ne!(publishers[0], publishers[1]);
}

#[test]
fn a_lost_answer_is_asked_for_again_by_the_same_publisher_and_sequence() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Hear], &[WELCOMED, Script::Ack]]);
    assert_eq!(over_unix(&server).publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 1]);
    let publishers = server.publishers();
    assert_eq!(publishers.len(), 2);
    assert_eq!(publishers[0], publishers[1]);
}

#[test]
fn a_restarted_server_is_not_noticed_by_the_caller() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack], &[WELCOMED, Script::Ack]]);
    let mut publisher = over_unix(&server);
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    server.wait_for_closed(1);
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 2]);
}

#[test]
fn a_connection_that_is_lost_twice_is_an_error() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Hear], &[WELCOMED, Script::Hear]]);
    let expected = format!(
        "the connection to the Reverb server at {} was lost: closed by the server",
        server.path()
    );
    assert_eq!(text(over_unix(&server).publish(&event())), expected);
}

#[test]
fn a_stalled_server_holds_nobody_beyond_the_limit() {
    for script in [&[Script::Stall][..], &[WELCOMED, Script::Stall]] {
        let server = UnixServer::start(&[script]);
        let begin = Instant::now();
        let options = json!({"socket": server.path(), "timeout": milliseconds(ANSWER_LIMIT)});
        let result = publisher(options).publish(&event());
        let expected = format!(
            "the Reverb server at {} did not answer within 300 ms; it may be stopped or overloaded",
            server.path()
        );
        assert_eq!(text(result), expected);
        assert!(begin.elapsed() >= ANSWER_LIMIT);
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    }
}

#[test]
fn a_server_that_did_not_answer_is_not_waited_for_again_before_it_speaks() {
    // Three that wait would take three times as long, and on a busy machine even those that do not wait take some time.
    let limit = Duration::from_secs(3);
    let server = UnixServer::start(&[
        &[WELCOMED, Script::Hear, Script::Stall],
        &[WELCOMED, Script::Ack],
    ]);
    let http = HttpServer::start(&[]);
    let mut publisher = publisher(json!({
        "socket": server.path(), "scheme": "http", "host": "127.0.0.1", "port": http.port(),
        "timeout": milliseconds(limit),
    }));
    assert!(matches!(
        publisher.publish(&event()),
        Err(PublishError::TimedOut { .. })
    ));
    let begin = Instant::now();
    let expected = format!(
        "the Reverb server at {} still does not answer; nothing was sent, and nobody waits for it before it does",
        server.path()
    );
    for _ in 0..3 {
        assert_eq!(text(publisher.publish(&event())), expected);
    }
    assert!(begin.elapsed() < limit);
    assert_eq!((server.connections(), http.connections()), (1, 0));

    server.wake();
    server.wait_for_closed(1);
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(server.sequences(), [1, 5]);
}

#[test]
fn refusals_name_cause_and_remedy() {
    let server = |script| UnixServer::start(&[script]);

    let secret = server(&[Script::Refuse(Reason::WRONG_SECRET, "no")]);
    assert_eq!(
        text(over_unix(&secret).publish(&event())),
        format!(
            "the Reverb server at {} refuses the secret of application `1`, or has no such application; compare REVERB_APP_ID and REVERB_APP_SECRET here and there, then run: php artisan reverb:restart",
            secret.path()
        )
    );
    let large = server(&[WELCOMED, Script::Fail(Reason::TOO_LARGE, "no")]);
    assert_eq!(
        text(over_unix(&large).publish(&event())),
        format!(
            "the event `Moved` is too large for the Reverb server at {} (7 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE",
            large.path()
        )
    );
    let stopping = server(&[
        WELCOMED,
        Script::Fail(Reason::UNAVAILABLE, "the server is stopping"),
    ]);
    assert_eq!(
        text(over_unix(&stopping).publish(&event())),
        format!(
            "the Reverb server at {} refused the event: the server is stopping",
            stopping.path()
        )
    );
}

#[test]
fn a_refused_event_leaves_the_connection_usable() {
    let server = UnixServer::start(&[&[
        WELCOMED,
        Script::Fail(Reason::INVALID_EVENT, "no"),
        Script::Ack,
    ]]);
    let mut publisher = over_unix(&server);
    publisher.publish(&event()).unwrap_err();
    assert_eq!(publisher.publish(&event()), Ok(Route::Unix));
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_program_that_does_not_know_the_secret_is_sent_no_event() {
    let server = UnixServer::start(&[&[Script::WelcomeBlindly], &[Script::WelcomeBlindly]]);
    let http = HttpServer::start(&[]);
    let mut publisher = publisher(json!({
        "socket": server.path(), "host": "127.0.0.1", "port": http.port(), "scheme": "http"
    }));
    for _ in 0..2 {
        assert_eq!(
            text(publisher.publish(&event())),
            format!(
                "what listens at {} does not know the secret of application `1`: another program has taken the server's place, and was sent nothing; end it, see who may write to that directory, then run: php artisan reverb:restart",
                server.path()
            )
        );
    }
    server.wait_for_closed(2);
    assert_eq!(server.published(), [""; 0]);
}

#[test]
fn another_program_at_the_socket_is_named() {
    let server = UnixServer::start(&[&[Script::Raw(b"SSH-2.0-OpenSSH_9.2\r\n")]]);
    assert_eq!(
        text(over_unix(&server).publish(&event())),
        format!(
            "the Reverb server at {} does not answer as this extension expects (a frame of 759714643 bytes is too large); after an upgrade of the extension, run: php artisan reverb:restart",
            server.path()
        )
    );
}

#[test]
fn another_version_of_the_server_is_named() {
    let server = UnixServer::start(&[&[Script::Raw(&[2, 0, 0, 0, 1, 9])]]);
    assert_eq!(
        text(over_unix(&server).publish(&event())),
        format!(
            "the Reverb server at {} does not answer as this extension expects (version 9 of the protocol, not 4); after an upgrade of the extension, run: php artisan reverb:restart",
            server.path()
        )
    );
}

#[test]
fn nobody_at_socket_or_address_is_told_with_both_places() {
    let port = HttpServer::unused_port();
    let mut publisher = publisher(
        json!({"socket": "/nonexistent/reverb.sock", "scheme": "http", "host": "127.0.0.1", "port": port, "path": "ws/"}),
    );
    assert_eq!(
        text(publisher.publish(&event())),
        format!(
            "the Reverb server is not running: nothing answers at /nonexistent/reverb.sock (No such file or directory (os error 2)) nor at http://127.0.0.1:{port}/ws (Connection refused (os error 111)); start it with: php artisan reverb:start"
        )
    );
    assert_eq!(publisher.route(), None);
}

#[test]
fn a_socket_file_without_a_listener_leads_to_http() {
    let socket = UnixServer::abandoned_socket();
    let server = HttpServer::start(&[("200 OK", "{}")]);
    let mut publisher = publisher(
        json!({"socket": socket.path(), "scheme": "http", "host": "127.0.0.1", "port": server.port()}),
    );
    assert_eq!(publisher.publish(&event()), Ok(Route::Http));
    assert_eq!(publisher.route(), Some(Route::Http));
}

#[test]
fn without_socket_and_host_there_is_no_way() {
    assert_eq!(
        text(publisher(json!({})).publish(&event())),
        "there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start"
    );
}

#[test]
fn http_requests_are_signed_over_path_parameters_and_body() {
    let server = HttpServer::start(&[("200 OK", "{}"), ("200 OK", "{}")]);
    let mut publisher = publisher(json!({
        "app_id": "a b", "key": "k&y", "scheme": "http", "host": "127.0.0.1", "port": server.port(), "path": "/prefix/"
    }));
    assert_eq!(publisher.publish(&event()), Ok(Route::Http));
    let request = server.request();

    assert_eq!(
        serde_json::from_str::<Value>(&request.body).unwrap(),
        json!({"name": "Moved", "channels": ["a", "b"], "data": "{\"x\":1}", "socket_id": "1.2"})
    );
    assert_eq!(request.path, "/prefix/apps/a%20b/events");
    assert_eq!(request.query("auth_key"), "k%26y");
    assert_eq!(request.query("auth_version"), "1.0");
    assert_eq!(request.query("body_md5"), support::md5(&request.body));
    let signed = format!(
        "POST\n/apps/a%20b/events\nauth_key=k&y&auth_timestamp={}&auth_version=1.0&body_md5={}",
        request.query("auth_timestamp"),
        request.query("body_md5")
    );
    assert_eq!(
        request.query("auth_signature"),
        support::hmac_sha256("secret", &signed)
    );

    assert_eq!(
        publisher.publish(&Event {
            socket_id: None,
            ..event()
        }),
        Ok(Route::Http)
    );
    assert_eq!(
        serde_json::from_str::<Value>(&server.request().body).unwrap(),
        json!({"name": "Moved", "channels": ["a", "b"], "data": "{\"x\":1}"})
    );
    assert_eq!(server.connections(), 1);
}

/// A listener that nobody serves takes as many connections as its queue holds, and lets further ones wait.
#[test]
fn a_connection_that_is_not_made_in_time_is_an_absent_server() {
    let (path, _unix) = support::crowded_unix_socket();
    let (port, _tcp) = support::crowded_tcp_port();
    let begin = Instant::now();
    let mut publisher = publisher(json!({
        "socket": path, "scheme": "http", "host": "127.0.0.1", "port": port, "connect_timeout": 50,
    }));
    assert_eq!(
        text(publisher.publish(&event())),
        format!(
            "the Reverb server is not running: nothing answers at {path} (timed out) nor at http://127.0.0.1:{port} (no connection within 50 ms); start it with: php artisan reverb:start"
        )
    );
    assert!(begin.elapsed() >= Duration::from_millis(100));
    assert!(begin.elapsed() < PATIENCE);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_host_may_be_a_name() {
    let server = HttpServer::start(&[("200 OK", "{}")]);
    let mut publisher =
        publisher(json!({"scheme": "http", "host": "localhost", "port": server.port()}));
    assert_eq!(publisher.publish(&event()), Ok(Route::Http));
}

#[test]
fn http_answers_are_explained() {
    let cases = [
        (
            "401 Unauthorized",
            "Authentication signature invalid.",
            "{} refuses the secret of application `1`; compare REVERB_APP_SECRET here and there, then run: php artisan reverb:restart",
        ),
        (
            "404 Not Found",
            "No matching application for ID [1].",
            "{} has no application `1`; compare REVERB_APP_ID here and there, then run: php artisan reverb:restart",
        ),
        (
            "404 Not Found",
            "<html>",
            "{} does not answer as this extension expects (HTTP status 404 Not Found); check the options `scheme`, `host`, `port` and `path`",
        ),
        (
            "413 Payload Too Large",
            "Payload too large.",
            "the event `Moved` is too large for {} (7 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE",
        ),
        (
            "413 Payload Too Large",
            "The event's data must not be larger than 5 bytes (event_data_size).",
            "{} refused the event: HTTP status 413 Payload Too Large: The event's data must not be larger than 5 bytes (event_data_size).",
        ),
        (
            "500 Internal Server Error",
            "Internal server error.",
            "{} refused the event: HTTP status 500 Internal Server Error: Internal server error.",
        ),
    ];
    for (status, body, expected) in cases {
        let server = HttpServer::start(&[(status, body)]);
        let name = format!("the Reverb server at http://127.0.0.1:{}", server.port());
        assert_eq!(
            text(over_http(&server).publish(&event())),
            expected.replace("{}", &name)
        );
    }
}

#[test]
fn a_stalled_http_server_holds_nobody_beyond_the_limit() {
    let server = HttpServer::start(&[]);
    let begin = Instant::now();
    let expected = format!(
        "the Reverb server at http://127.0.0.1:{} did not answer within 300 ms; it may be stopped or overloaded",
        server.port()
    );
    let options = json!({
        "scheme": "http", "host": "127.0.0.1", "port": server.port(), "timeout": milliseconds(ANSWER_LIMIT),
    });
    assert_eq!(text(publisher(options).publish(&event())), expected);
    assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
}

#[test]
fn what_is_no_event_is_not_sent() {
    let mut publisher = publisher(json!({}));
    for channels in [vec![], vec!["a", ""]] {
        assert_eq!(
            publisher.publish(&Event {
                channels,
                ..event()
            }),
            Err(PublishError::NoChannel)
        );
    }
    for socket_id in [
        "",
        "undefined",
        "1",
        "1.",
        ".1",
        "1.2.3",
        "1.x",
        "1.2\n",
        "1.2:private-x",
    ] {
        let result = publisher.publish(&Event {
            socket_id: Some(socket_id),
            ..event()
        });
        assert_eq!(result, Err(PublishError::BadSocketId(socket_id.to_owned())));
    }
}

#[test]
fn browsers_are_authorized_with_pushers_signatures() {
    let publisher = Publisher::new(Options::parse(&json!({"app_id": "1", "key": "278d425bdf160c739803", "secret": "7ad3773142a6692b25b8"})).unwrap());
    assert_eq!(
        publisher
            .authorize_channel("1234.1234", "private-foobar", None)
            .unwrap()
            .auth,
        "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    );
    assert_eq!(
        publisher
            .authorize_channel(
                "1234.1234",
                "presence-foobar",
                Some(r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#)
            )
            .unwrap()
            .auth,
        "278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
    );
    assert_eq!(
        publisher
            .authenticate_user("1234.1234", r#"{"id":"12345"}"#)
            .unwrap(),
        "278d425bdf160c739803:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"
    );
    assert_eq!(
        publisher.authorize_channel("x", "private-foobar", None),
        Err(PublishError::BadSocketId("x".to_owned()))
    );
}

/// Parts of what is signed are joined by colons: a name with one could be a presence channel and a member of choice.
#[test]
fn a_name_that_could_carry_another_signature_is_not_signed() {
    let publisher = publisher(json!({}));
    for name in [
        "",
        "#",
        "presence-room:{\"user_id\":1}",
        "news\n",
        "übung",
        "a b",
    ] {
        assert_eq!(
            publisher.authorize_channel("1.2", name, None),
            Err(PublishError::BadChannel(name.to_owned()))
        );
    }
    for name in ["#server-to-user-7", "private-orders_1=2@a,b.c;d"] {
        assert!(publisher.authorize_channel("1.2", name, None).is_ok());
    }
}

#[test]
fn wrong_options_are_named() {
    let cases = [
        (
            json!([]),
            "the publisher's options must be an array with string keys",
        ),
        (
            json!({}),
            "the publisher's option `app_id` must be a non-empty string",
        ),
        (
            json!({"app_id": "1", "key": "k", "secret": "s", "hots": "localhost"}),
            "the publisher has no option `hots`",
        ),
        (
            json!({"app_id": "1", "key": ""}),
            "the publisher's option `key` must be a non-empty string",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": null}),
            "the publisher's option `secret` must be a non-empty string",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "socket": 5}),
            "the publisher's option `socket` must be a string or null",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "port": 65536}),
            "the publisher's option `port` must be between 1 and 65535, not 65536",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "port": "x"}),
            "the publisher's option `port` must be an integer",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "scheme": "ws"}),
            "the publisher's option `scheme` must be `http` or `https`, not `ws`",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "host": "a/b"}),
            "the publisher's option `host` must be a host name or an address, not `a/b`",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "host": "a", "verify": 1}),
            "the publisher's option `verify` must be true, false or the path of a PEM file with authorities",
        ),
        (
            json!({"app_id": 1, "key": "k", "secret": "s", "timeout": 0}),
            "the publisher's option `timeout` must be between 1 and 600000, not 0",
        ),
    ];
    for (options, expected) in cases {
        let error = Options::parse(&options)
            .err()
            .map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(expected), "{options}");
    }
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let server = HttpServer::without_tls();
    let options = json!({"scheme": "https", "host": "127.0.0.1", "port": server.port()});
    let expected = format!(
        "the Reverb server at https://127.0.0.1:{} does not answer as this extension expects (received corrupt message of type InvalidContentType); check the options `scheme`, `host`, `port` and `path`",
        server.port()
    );
    assert_eq!(text(publisher(options).publish(&event())), expected);
}
