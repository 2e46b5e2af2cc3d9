//! Pusher's HTTP API as tables: requests and what they mean, answers and what they look like.
//!
//! The signatures are made by `openssl dgst -sha256 -hmac`, the hashes by `md5sum`.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use reverb::api::signature::{Signed, verify};
use reverb::api::{ApiError, Command, Endpoint, Event, Info, Occupancy, Query, Response, Route};
use reverb::protocol::{ChannelName, SocketId};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn body_of(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

mod routes {
    use super::*;

    fn of_application(endpoint: Endpoint) -> Result<Route, ApiError> {
        Ok(Route::Application {
            id: "123456".to_owned(),
            endpoint,
        })
    }

    fn socket(key: &str) -> Result<Route, ApiError> {
        Ok(Route::Socket {
            key: key.to_owned(),
        })
    }

    #[test]
    fn each_path_has_its_route_and_its_method() {
        let text = str::to_owned;
        for (method, path, route) in [
            ("GET", "/up", Ok(Route::Up)),
            ("HEAD", "/up", Ok(Route::Up)),
            ("GET", "/app/reverb-key", socket("reverb-key")),
            (
                "POST",
                "/apps/123456/events",
                of_application(Endpoint::Events),
            ),
            (
                "POST",
                "/apps/123456/batch_events",
                of_application(Endpoint::BatchEvents),
            ),
            (
                "GET",
                "/apps/123456/connections",
                of_application(Endpoint::Connections),
            ),
            (
                "GET",
                "/apps/123456/channels",
                of_application(Endpoint::Channels),
            ),
            (
                "HEAD",
                "/apps/123456/channels",
                of_application(Endpoint::Channels),
            ),
            (
                "GET",
                "/apps/123456/channels/a",
                of_application(Endpoint::Channel(text("a"))),
            ),
            (
                "GET",
                "/apps/123456/channels/a/users",
                of_application(Endpoint::Users(text("a"))),
            ),
            (
                "POST",
                "/apps/123456/users/7/terminate_connections",
                of_application(Endpoint::TerminateConnections(text("7"))),
            ),
        ] {
            assert_eq!(Route::parse(method, path, ""), route, "{method} {path}");
        }
    }

    #[test]
    fn other_methods_are_told_the_right_one() {
        for (method, path, allowed) in [
            ("POST", "/up", "GET"),
            ("get", "/up", "GET"),
            ("OPTIONS", "/apps/123456/events", "POST"),
            ("HEAD", "/apps/123456/events", "POST"),
            ("GET", "/apps/123456/events", "POST"),
            ("DELETE", "/apps/123456/channels/a", "GET"),
            ("POST", "/app/reverb-key", "GET"),
            ("HEAD", "/app/reverb-key", "GET"),
        ] {
            let refused = Err(ApiError::MethodNotAllowed(allowed));
            assert_eq!(Route::parse(method, path, ""), refused, "{method} {path}");
        }
    }

    #[test]
    fn other_paths_are_unknown() {
        for path in [
            "",
            "/",
            "up",
            "/up/",
            "//up",
            "/UP",
            "/app",
            "/app/",
            "/app/key/",
            "/app/key/more",
            "/apps",
            "/apps/",
            "/apps/123456",
            "/apps//events",
            "/apps/123456/events/",
            "/apps/123456/channels/",
            "/apps/123456/channels//users",
            "/apps/123456/channels/a/b",
            "/apps/123456/users/7",
            "/apps/123456/channels/%ff",
            "*",
        ] {
            assert_eq!(
                Route::parse("GET", path, ""),
                Err(ApiError::NotFound),
                "{path}"
            );
        }
    }

    #[test]
    fn segments_are_decoded_after_the_path_is_split() {
        for (path, name) in [
            ("/apps/123456/channels/a%2Fb", "a/b"),
            ("/apps/123456/channels/caf%C3%A9", "café"),
            ("/apps/123456/channels/a+b", "a+b"),
            ("/apps/123456/channels/100%", "100%"),
            ("/apps/123456/%63hannels/users", "users"),
        ] {
            let route = of_application(Endpoint::Channel(name.to_owned()));
            assert_eq!(Route::parse("GET", path, ""), route, "{path}");
        }
    }

    #[test]
    fn below_a_prefix_only_prefixed_paths_are_known() {
        for prefix in ["ws", "/ws", "/ws/"] {
            assert_eq!(Route::parse("GET", "/ws/app/key", prefix), socket("key"));
            for path in ["/app/key", "/wsapp/key", "/ws", "/ws/ws/app/key"] {
                assert_eq!(
                    Route::parse("GET", path, prefix),
                    Err(ApiError::NotFound),
                    "{path}"
                );
            }
        }
        assert_eq!(Route::parse("GET", "/a/b/app/key", "a/b"), socket("key"));
    }
}

mod signatures {
    use super::*;

    const NOW: u64 = 1_700_000_000;
    const AUTH: &str = "auth_key=reverb-key&auth_timestamp=1700000000&auth_version=1.0";
    const BODY: &[u8] = br#"{"name":"E","channels":["c"],"data":"{}"}"#;
    const POSTED: &str = "4512373519ff23a06efe87daf58d64a773a9556fdc64ba162e8c1616ca63c927";
    const GOT: &str = "56965dfca1843f914eb92b03df7a34ccd23e5952555bd8f3bebe446f9164a22a";

    fn check(method: &str, path: &str, query: &str, body: &[u8]) -> Result<(), ApiError> {
        check_at(NOW, "", method, path, query, body)
    }

    fn check_at(
        now: u64,
        prefix: &str,
        method: &str,
        path: &str,
        query: &str,
        body: &[u8],
    ) -> Result<(), ApiError> {
        let query = Query::parse(query);
        let request = Signed {
            method,
            path,
            query: &query,
            body,
        };
        verify(&request, ("reverb-key", "reverb-secret"), prefix, now)
    }

    fn post(query: &str, body: &[u8]) -> Result<(), ApiError> {
        check("POST", "/apps/123456/events", query, body)
    }

    fn get(query: &str) -> Result<(), ApiError> {
        check("GET", "/apps/123456/channels", query, b"")
    }

    #[test]
    fn the_example_of_pushers_documentation_is_right() {
        let query = Query::parse(
            "body_md5=ec365a775a4cd0599faeb73354201b6f&auth_version=1.0&auth_key=278d425bdf160c739803\
             &auth_timestamp=1353088179\
             &auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
        );
        let request = Signed {
            method: "POST",
            path: "/apps/3/events",
            query: &query,
            body: br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#,
        };
        let pair = ("278d425bdf160c739803", "7ad3773142a6692b25b8");
        assert_eq!(verify(&request, pair, "", 1_353_088_179), Ok(()));
    }

    #[test]
    fn the_hash_of_a_body_is_the_servers_own() {
        let signed = format!("{AUTH}&auth_signature={POSTED}");
        assert_eq!(post(&signed, BODY), Ok(()), "body_md5 need not be sent");
        assert_eq!(
            post(
                &format!("{signed}&body_md5=7319cb0d40d27db1ad17e51efb096aa6"),
                BODY
            ),
            Ok(())
        );
        assert_eq!(
            post(&format!("{signed}&body_md5=wrong"), BODY),
            Ok(()),
            "it is not believed either"
        );
        assert_eq!(
            post(&signed, b"{}"),
            Err(ApiError::SignatureInvalid),
            "another body"
        );
        assert_eq!(
            post(&signed, b""),
            Err(ApiError::SignatureInvalid),
            "no body"
        );
    }

    #[test]
    fn an_empty_body_has_a_hash_if_the_client_sent_one() {
        assert_eq!(get(&format!("{AUTH}&auth_signature={GOT}")), Ok(()));
        let hashed = "821a55515489a6a80cc53c6350947aff5dbf14f9d43ccc72807bbb68fe26fc1f";
        let query =
            format!("{AUTH}&body_md5=d41d8cd98f00b204e9800998ecf8427e&auth_signature={hashed}");
        assert_eq!(get(&query), Ok(()));
    }

    #[test]
    fn parameters_are_signed_as_sent_and_sorted_as_bytes() {
        let listed = "505e1dd5761023a513cfb19fc35af00bdd075d4088a120bbaece3ffd787b734f";
        let query =
            format!("info=user_count&auth_signature={listed}&{AUTH}&filter_by_prefix=presence-");
        assert_eq!(get(&query), Ok(()));
        // Dots stay, numbers sort as text, values are decoded, and Laravel's own names are no exception.
        let named = "2bfd348f788f0bd1850f83b1fdda86297282e25a0e9a6ec051cb25dbd791b01c";
        for value in ["x%20y", "x+y"] {
            let query = format!("9=a&10=b&a.b={value}&appId=1&{AUTH}&auth_signature={named}");
            assert_eq!(get(&query), Ok(()), "{query}");
        }
    }

    #[test]
    fn a_path_is_signed_as_it_is_sent() {
        let signature = "59de2533376644b0a3be9622a2517fb5286fad916f7ba8960713343317ac8a5e";
        let query = format!("{AUTH}&auth_signature={signature}");
        assert_eq!(
            check("GET", "/apps/123456/channels/a%2Fb", &query, b""),
            Ok(())
        );
        let refused = Err(ApiError::SignatureInvalid);
        assert_eq!(
            check("GET", "/apps/123456/channels/a/b", &query, b""),
            refused
        );
    }

    #[test]
    fn a_prefix_may_be_signed_or_not() {
        let with = "713b1e85a0784ad6a6866c44ac8b131809d67db2836541f5b3004297eb3248e5";
        for signature in [with, POSTED] {
            let query = format!("{AUTH}&auth_signature={signature}");
            let path = "/ws/apps/123456/events";
            assert_eq!(check_at(NOW, "/ws", "POST", path, &query, BODY), Ok(()));
        }
        let query = format!("{AUTH}&auth_signature={POSTED}");
        let refused = Err(ApiError::SignatureInvalid);
        assert_eq!(
            check_at(NOW, "", "POST", "/ws/apps/123456/events", &query, BODY),
            refused
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let upper = GOT.to_uppercase();
        let other_key = "c962f2f0c3be2d23fed4c6ed8f877e07a9b4058eaa415a0610216d7f33fffc2f";
        let version_2 = "e7ea7ea094a1de00c19afff06496dcc84f2e526dc8134e1150c6f9a35486f2ac";
        for query in [
            String::new(),
            AUTH.to_owned(),
            format!("{AUTH}&auth_signature="),
            format!("{AUTH}&auth_signature={upper}"),
            format!("{AUTH}&auth_signature={}", &GOT[..63]),
            format!("{AUTH}&more=1&auth_signature={GOT}"),
            format!("{AUTH}&auth_signature[]={GOT}"),
            format!(
                "auth_key=other&auth_timestamp=1700000000&auth_version=1.0&auth_signature={other_key}"
            ),
            format!(
                "auth_key=reverb-key&auth_timestamp=1700000000&auth_version=2.0&auth_signature={version_2}"
            ),
        ] {
            assert_eq!(get(&query), Err(ApiError::SignatureInvalid), "{query}");
        }
        let query = format!("{AUTH}&auth_signature={GOT}");
        let refused = Err(ApiError::SignatureInvalid);
        assert_eq!(check("HEAD", "/apps/123456/channels", &query, b""), refused);
    }

    #[test]
    fn a_signature_is_good_for_ten_minutes_both_ways() {
        let query = format!("{AUTH}&auth_signature={GOT}");
        for (now, expected) in [
            (NOW - 601, Err(ApiError::TimestampExpired)),
            (NOW - 600, Ok(())),
            (NOW + 600, Ok(())),
            (NOW + 601, Err(ApiError::TimestampExpired)),
        ] {
            let got = check_at(now, "", "GET", "/apps/123456/channels", &query, b"");
            assert_eq!(got, expected, "{now}");
        }
        let untimed = "5e23559f5a99f890d131e34e8e2fe21f7d24eb105cea2fde96a3a4bcfd5cc872";
        let query = format!("auth_key=reverb-key&auth_version=1.0&auth_signature={untimed}");
        assert_eq!(get(&query), Err(ApiError::TimestampExpired));
    }
}

mod bodies {
    use super::*;

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
}

#[test]
fn queries_without_a_body_become_commands() {
    let parse = |endpoint, query| Command::parse(endpoint, &Query::parse(query), b"");
    let filter = "filter_by_prefix=presence%2D&info=user_count,subscription_count";
    let info = Info::parse("user_count,subscription_count");
    for (endpoint, query, expected) in [
        (Endpoint::Connections, "", Command::Connections),
        (
            Endpoint::Channels,
            filter,
            Command::Channels {
                prefix: "presence-".to_owned(),
                info,
            },
        ),
        (
            Endpoint::Channels,
            "",
            Command::Channels {
                prefix: String::new(),
                info: Info::default(),
            },
        ),
        (
            Endpoint::Channel("c".to_owned()),
            "info=user_count,subscription_count",
            Command::Channel {
                channel: channel("c"),
                info,
            },
        ),
        (
            Endpoint::Users("c".to_owned()),
            "",
            Command::Users {
                channel: channel("c"),
            },
        ),
        (
            Endpoint::TerminateConnections("7".to_owned()),
            "",
            Command::TerminateConnections {
                user_id: "7".to_owned(),
            },
        ),
    ] {
        assert_eq!(parse(endpoint, query), Ok(expected), "{query}");
    }
    assert_eq!(
        parse(Endpoint::Channel("x".repeat(256)), ""),
        Err(ApiError::NotFound)
    );
}

#[test]
fn info_tells_what_was_asked_and_what_applies() {
    let all = "occupied,user_count,subscription_count,nonsense";
    let three = Occupancy {
        subscriptions: 3,
        users: 2,
    };
    for (words, name, occupancy, expected) in [
        (
            all,
            "presence-p",
            three,
            json!({"occupied": true, "user_count": 2}),
        ),
        (
            all,
            "news",
            three,
            json!({"occupied": true, "subscription_count": 3}),
        ),
        (
            all,
            "news",
            Occupancy::default(),
            json!({"occupied": false}),
        ),
        ("user_count", "news", three, json!({})),
        ("subscription_count", "presence-p", three, json!({})),
        (
            "subscription_count",
            "news",
            Occupancy::default(),
            json!({}),
        ),
        ("", "news", three, json!({})),
        (
            "occupied, user_count",
            "presence-p",
            three,
            json!({"occupied": true}),
        ),
    ] {
        let told = Info::parse(words).of(&channel(name), occupancy);
        assert_eq!(
            serde_json::to_value(told).unwrap(),
            expected,
            "{words} of {name}"
        );
    }
    let told = Info::parse("")
        .with_occupied()
        .of(&channel("news"), Occupancy::default());
    assert_eq!(
        serde_json::to_value(told).unwrap(),
        json!({"occupied": false})
    );
}

#[test]
fn answers_have_reverbs_shapes() {
    let of = |words, name| {
        (
            channel(name),
            Info::parse(words).of(
                &channel(name),
                Occupancy {
                    subscriptions: 2,
                    users: 1,
                },
            ),
        )
    };
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    for (response, status, expected) in [
        (Response::health(), 200, r#"{"health":"OK"}"#),
        (Response::done(), 200, "{}"),
        (Response::published(None), 200, "{}"),
        (
            Response::published(Some(&[of("subscription_count", "c")])),
            200,
            r#"{"channels":{"c":{"subscription_count":2}}}"#,
        ),
        (
            Response::batch_published(&[None, None]),
            200,
            r#"{"batch":{}}"#,
        ),
        (
            Response::batch_published(&[Some(of("user_count", "presence-p").1), None]),
            200,
            r#"{"batch":[{"user_count":1},{}]}"#,
        ),
        (Response::connections(2), 200, r#"{"connections":2}"#),
        (Response::channels(&[]), 200, r#"{"channels":{}}"#),
        (
            Response::channels(&[of("user_count", "c1"), of("user_count", "presence-p")]),
            200,
            r#"{"channels":{"c1":{},"presence-p":{"user_count":1}}}"#,
        ),
        (
            Response::channel(&of("occupied,subscription_count", "c").1),
            200,
            r#"{"occupied":true,"subscription_count":2}"#,
        ),
        (
            Response::users(&[raw("1"), raw("\"7\"")]),
            200,
            r#"{"users":[{"id":1},{"id":"7"}]}"#,
        ),
        (Response::users_of_unknown_channel(), 404, "{}"),
        (Response::users_of_other_channel(), 400, "{}"),
    ] {
        // Compared as text: Reverb's tests look at the length of these bodies.
        assert_eq!(
            (response.status, response.body.as_str()),
            (status, expected)
        );
        let headers = [
            ("Cache-Control", "no-cache, private"),
            ("Content-Type", "application/json"),
        ];
        assert_eq!(response.headers, headers);
    }
}

#[test]
fn errors_have_reverbs_statuses_and_texts() {
    for (error, status, text) in [
        (ApiError::BadRequest, 400, "Bad request."),
        (
            ApiError::SignatureInvalid,
            401,
            "Authentication signature invalid.",
        ),
        (
            ApiError::TimestampExpired,
            401,
            "Authentication timestamp is not within 600 seconds of the server's time.",
        ),
        (ApiError::NotFound, 404, "Not found."),
        (
            ApiError::ApplicationUnknown("zzz".to_owned()),
            404,
            "No matching application for ID [zzz].",
        ),
        (ApiError::PayloadTooLarge, 413, "Payload too large."),
        (ApiError::Internal, 500, "Internal server error."),
    ] {
        let response = Response::from(error);
        assert_eq!((response.status, response.body.as_str()), (status, text));
        assert_eq!(
            response.headers,
            [("Content-Type", "text/plain; charset=utf-8")]
        );
    }
    let refused = Response::from(ApiError::MethodNotAllowed("POST"));
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (405, "Method not allowed.")
    );
    assert_eq!(
        refused.headers,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Allow", "POST")
        ]
    );
}
