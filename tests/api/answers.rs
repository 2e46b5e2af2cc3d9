//! Queries, and what answers look like.

use reverb::api::{ApiError, Command, Endpoint, Info, Occupancy, Query, Response};
use serde_json::{json, value::RawValue};

use super::channel;

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
            "info[]=user_count&info[]=subscription_count",
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
    let cached = r#"{"event":"E","data":"{}","channel":"cache-c"}"#;
    let three = Occupancy {
        subscriptions: 3,
        users: 2,
        cached: Some(RawValue::from_string(cached.to_owned()).unwrap()),
    };
    for (words, name, occupancy, expected) in [
        (
            all,
            "presence-p",
            three.clone(),
            json!({"occupied": true, "user_count": 2}),
        ),
        (
            all,
            "news",
            three.clone(),
            json!({"occupied": true, "subscription_count": 3}),
        ),
        (
            all,
            "news",
            Occupancy::default(),
            json!({"occupied": false}),
        ),
        ("user_count", "news", three.clone(), json!({})),
        ("subscription_count", "presence-p", three.clone(), json!({})),
        (
            "subscription_count",
            "news",
            Occupancy::default(),
            json!({}),
        ),
        ("", "news", three.clone(), json!({})),
        (
            "occupied, user_count",
            "presence-p",
            three.clone(),
            json!({"occupied": true}),
        ),
        (
            "cache",
            "cache-c",
            three,
            json!({"cache": {"event": "E", "data": "{}", "channel": "cache-c"}}),
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
                    cached: None,
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
            ApiError::TimestampExpired { tolerance: 600 },
            401,
            "Authentication timestamp is not within 600 seconds of the server's time.",
        ),
        (ApiError::NotFound, 404, "Not found."),
        (
            ApiError::ApplicationUnknown("zzz".to_owned()),
            404,
            "No matching application for ID [zzz].",
        ),
        (ApiError::BodyTooSlow, 408, "Request timeout."),
        (ApiError::PayloadTooLarge, 413, "Payload too large."),
        (
            ApiError::DataTooLarge(10),
            413,
            "The event's data must not be larger than 10 bytes (event_data_size).",
        ),
        (
            ApiError::TransferCodingUnknown,
            501,
            "Transfer coding not implemented.",
        ),
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
