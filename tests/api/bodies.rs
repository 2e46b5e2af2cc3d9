//! What is to be published, and what is wrong with it.

use reverb::{
    api::{ApiError, Command, Endpoint, Event, Info, Query, Response},
    protocol::SocketId,
};
use serde_json::{Value, json};

use super::{body_of, channel};

fn publish(body: &str) -> Result<Command, ApiError> {
    Command::parse(Endpoint::Events, &Query::default(), body.as_bytes())
}

fn publish_batch(body: &str) -> Result<Command, ApiError> {
    Command::parse(Endpoint::BatchEvents, &Query::default(), body.as_bytes())
}

fn event(name: &str, data: &str, channels: &[&str]) -> Event {
    let channels = channels.iter().copied().map(channel).collect();
    Event {
        name: name.to_owned(),
        data: data.to_owned(),
        channels,
        except: None,
        info: None,
    }
}

/// The error bag, as its JSON.
fn faults(result: Result<Command, ApiError>) -> Value {
    let response = Response::from(result.unwrap_err());
    assert_eq!(
        (response.status, response.headers[1].1),
        (422, "application/json")
    );
    body_of(&response)
}

#[test]
fn an_event_goes_to_channels_or_to_a_channel() {
    let data = r#"{"some":["data",1.0,{}]}"#;
    for (body, channels) in [
        (
            json!({"name": "E", "data": data, "channels": ["a", "b", "a"]}),
            vec!["a", "b", "a"],
        ),
        (
            json!({"name": "E", "data": data, "channel": "a"}),
            vec!["a"],
        ),
        (
            json!({"name": "E", "data": data, "channel": "a", "channels": ["b"]}),
            vec!["b"],
        ),
        (
            json!({"name": "E", "data": data, "channel": "a", "channels": []}),
            vec!["a"],
        ),
        (
            json!({"name": "E", "data": data, "channel": "", "channels": ["b"]}),
            vec!["b"],
        ),
        (
            json!({"name": "E", "data": data, "channel": "a", "more": {"x": null}}),
            vec!["a"],
        ),
    ] {
        let expected = Command::Publish(event("E", data, &channels));
        assert_eq!(publish(&body.to_string()), Ok(expected), "{body}");
    }
}

#[test]
fn the_data_is_kept_as_sent() {
    let body = r#"{"name":"App\\Events\\E","data":"{ \"a\" : 1.0, \"a\" : \"\\u00e9\/\" }","channel":"c"}"#;
    let expected = event(r"App\Events\E", r#"{ "a" : 1.0, "a" : "\u00e9/" }"#, &["c"]);
    assert_eq!(publish(body), Ok(Command::Publish(expected)));
}

#[test]
fn a_socket_id_excludes_its_connection() {
    for (socket_id, except) in [
        ("12.34", SocketId::parse("12.34")),
        ("bogus", None),
        ("", None),
    ] {
        let body = json!({"name": "E", "data": "{}", "channel": "c", "socket_id": socket_id, "info": "occupied"});
        let info = Some(Info::parse("occupied"));
        let expected = Event {
            except,
            info,
            ..event("E", "{}", &["c"])
        };
        assert_eq!(publish(&body.to_string()), Ok(Command::Publish(expected)));
    }
}

#[test]
fn faulty_fields_are_named_in_laravels_words() {
    let required = |field| json!([format!("The {field} field is required.")]);
    let string = |field| json!([format!("The {field} field must be a string.")]);
    for (body, expected) in [
        (
            json!({}),
            json!({
                "name": required("name"),
                "data": required("data"),
                "channels": ["The channels field is required when channel is not present."],
                "channel": ["The channel field is required when channels is not present."],
            }),
        ),
        (
            json!({"name": "E", "channel": "c"}),
            json!({"data": required("data")}),
        ),
        (
            json!({"name": "", "data": null, "channel": "c"}),
            json!({"name": required("name"), "data": required("data")}),
        ),
        (
            json!({"name": 1, "data": {"a": 1}, "channel": "c"}),
            json!({"name": string("name"), "data": string("data")}),
        ),
        (
            json!({"name": " ", "data": [], "channel": "c"}),
            json!({"name": required("name"), "data": required("data")}),
        ),
        (
            json!({"name": "E", "data": "{}", "channel": 1}),
            json!({"channel": string("channel")}),
        ),
        (
            json!({"name": "E", "data": "{}", "channels": ["c"], "channel": null}),
            json!({"channel": string("channel")}),
        ),
        (
            json!({"name": "E", "data": "{}", "channels": "c"}),
            json!({"channels": ["The channels field must be an array."]}),
        ),
        (
            json!({"name": "E", "data": "{}", "channels": null, "channel": "c"}),
            json!({"channels": ["The channels field must be an array."]}),
        ),
        (
            json!({"name": "E", "data": "{}", "channels": ["c", 1, null, "", "x".repeat(256)]}),
            json!({
                "channels.1": string("channels.1"),
                "channels.2": string("channels.2"),
                "channels.3": required("channels.3"),
                "channels.4": ["The channels.4 field must not be greater than 255 bytes."],
            }),
        ),
        (
            json!({"name": "E", "data": "{}", "channel": "c", "socket_id": 1, "info": 1}),
            json!({"socket_id": string("socket id"), "info": string("info")}),
        ),
        (
            json!({"name": "E", "data": "{}", "channel": "c", "socket_id": null, "info": null}),
            json!({"socket_id": string("socket id"), "info": string("info")}),
        ),
    ] {
        assert_eq!(faults(publish(&body.to_string())), expected, "{body}");
    }
}

#[test]
fn a_batch_is_read_in_order() {
    let body = json!({"batch": [
        {"name": "A", "data": "1", "channel": "a"},
        {"name": "B", "data": "2", "channel": "b", "socket_id": "1.2", "info": "occupied"},
    ]});
    let second = Event {
        except: SocketId::parse("1.2"),
        info: Some(Info::parse("occupied")),
        ..event("B", "2", &["b"])
    };
    let expected = Command::PublishBatch(vec![event("A", "1", &["a"]), second]);
    assert_eq!(publish_batch(&body.to_string()), Ok(expected));
}

#[test]
fn faulty_items_of_a_batch_are_named() {
    let required = |field| json!([format!("The {field} field is required.")]);
    for (body, expected) in [
        (json!({}), json!({"batch": required("batch")})),
        (json!({"batch": []}), json!({"batch": required("batch")})),
        (
            json!({"batch": "x"}),
            json!({"batch": ["The batch field must be an array."]}),
        ),
        (
            json!({"batch": {"a": 1}}),
            json!({"batch": ["The batch field must be an array."]}),
        ),
        (
            json!({"batch": [{"name": "A", "data": "1", "channel": "a"}, {"name": 1, "channel": "b"}]}),
            json!({"batch.1.name": ["The batch.1.name field must be a string."], "batch.1.data": required("batch.1.data")}),
        ),
        (
            json!({"batch": [7], "channels": ["a"]}),
            json!({
                "batch.0.name": required("batch.0.name"),
                "batch.0.data": required("batch.0.data"),
                "batch.0.channel": required("batch.0.channel"),
            }),
        ),
        (
            json!({"batch": [{"name": "A", "data": "1", "channel": "a", "socket_id": 5}]}),
            json!({"batch.0.socket_id": ["The batch.0.socket id field must be a string."]}),
        ),
        (
            json!({"batch": [{"name": "A", "data": "1", "channel": "x".repeat(256)}]}),
            json!({"batch.0.channel": ["The batch.0.channel field must not be greater than 255 bytes."]}),
        ),
    ] {
        assert_eq!(faults(publish_batch(&body.to_string())), expected, "{body}");
    }
}

#[test]
fn a_body_may_be_nested_as_deep_as_php_reads_it() {
    let nested = |levels: usize| {
        let deep = "[".repeat(levels) + &"]".repeat(levels);
        format!(r#"{{"name":"E","data":"d","channel":"c","x":{deep}}}"#)
    };
    assert!(publish(&nested(511)).is_ok());
    assert!(matches!(publish(&nested(512)), Err(ApiError::Body(_))));
}

#[test]
fn what_is_no_json_object_is_a_bad_request() {
    let deep = "[".repeat(100_000);
    let nested = format!(
        r#"{{"name":"E","data":"d","channel":"c","x":{}}}"#,
        "[".repeat(600) + &"]".repeat(600)
    );
    for body in [
        &b""[..],
        b" ",
        b"name=E",
        b"{",
        b"{}x",
        b"{} {}",
        b"null",
        b"1",
        b"\"{}\"",
        b"[]",
        b"[{}]",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"\\ud800\"}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        nested.as_bytes(),
    ] {
        for endpoint in [Endpoint::Events, Endpoint::BatchEvents] {
            let refused = Command::parse(endpoint, &Query::default(), body).unwrap_err();
            assert!(
                matches!(refused, ApiError::Body(_)),
                "{:?}",
                body.get(..40).unwrap_or(body)
            );
            assert_eq!(Response::from(refused).status, 400);
        }
    }
    let empty = Response::from(publish("").unwrap_err());
    let expected =
        "The request body must be a JSON object: EOF while parsing a value at line 1 column 0.";
    assert_eq!(empty.body, expected);
}
