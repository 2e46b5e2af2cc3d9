//! No error without a transcript.

use reverb::{
    api::{ApiError, FieldErrors},
    protocol::PusherError,
    websocket::{Violation, handshake::Refusal},
};

use crate::{scripts, support::message};

/// What no dialogue over sockets can bring about, and the test that shows it.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "Connection is too slow",
        include_str!("../engine/fan_out.rs"),
        "a_reader_that_leaves_too_much_unread_is_told_and_closed_and_others_miss_nothing",
    ),
    (
        "Request timeout.",
        include_str!("../../src/server/time_limits.rs"),
        "d13_who_says_a_byte_at_a_time_is_not_waited_for",
    ),
    (
        "Internal server error.",
        include_str!("../api/answers.rs"),
        "errors_have_reverbs_statuses_and_texts",
    ),
];

/// Whether the error is shown by a test that is named above.
fn is_elsewhere(text: &str) -> bool {
    ELSEWHERE.iter().any(|(error, source, test)| {
        *error == text && source.contains(&format!("fn {test}(")) && source.contains(text)
    })
}

/// All lines that somebody hears or is answered.
fn expectations() -> Vec<String> {
    let scripts = scripts();
    let lines = scripts.iter().flat_map(|(_, script)| script.expectations());
    lines.map(str::to_owned).collect()
}

#[test]
fn every_error_of_the_protocol_is_told_in_a_transcript() {
    let told: Vec<_> = expectations()
        .iter()
        .filter_map(|line| line.split_once(" hears {"))
        .map(|(_, text)| message(&format!("{{{text}")))
        .filter(|message| message["event"] == "pusher:error")
        .map(|message| message["data"]["text"].clone())
        .collect();
    for error in PusherError::ALL {
        let text = error.to_string();
        let is_told = told
            .iter()
            .any(|data| data["code"] == error.code() && data["message"] == text);
        assert!(is_told || is_elsewhere(&text), "{text}");
    }
}

#[test]
fn every_violation_closes_in_a_transcript() {
    let lines = expectations();
    for violation in Violation::ALL {
        let end = format!(" is closed {} {}", violation.code, violation.reason);
        assert!(lines.iter().any(|line| line.ends_with(&end)), "{violation}");
    }
}

#[test]
fn every_refusal_of_a_handshake_is_answered_in_a_transcript() {
    let lines = expectations();
    for refusal in [
        Refusal::METHOD,
        Refusal::HTTP_VERSION,
        Refusal::BAD_REQUEST,
        Refusal::NO_UPGRADE,
        Refusal::NO_CONNECTION_UPGRADE,
        Refusal::WEBSOCKET_VERSION,
        Refusal::KEY,
        Refusal::EXTENSIONS,
    ] {
        let answer = format!("answer {} {}", refusal.status, refusal.body);
        assert!(lines.contains(&answer), "{answer}");
    }
}

#[test]
fn every_error_of_the_api_is_answered_in_a_transcript() {
    let lines = expectations();
    for error in [
        ApiError::BadRequest,
        ApiError::Body("it is another JSON value".to_owned()),
        ApiError::SignatureInvalid,
        ApiError::TimestampExpired { tolerance: 600 },
        ApiError::BodyTooSlow,
        ApiError::NotFound,
        ApiError::ApplicationUnknown("zzz".to_owned()),
        ApiError::ApplicationUnavailable,
        ApiError::MethodNotAllowed("GET"),
        ApiError::TransferCodingUnknown,
        ApiError::PayloadTooLarge,
        ApiError::DataTooLarge(10),
        ApiError::Invalid(FieldErrors::default()),
        ApiError::Internal,
    ] {
        let (status, text) = (error.status(), error.to_string());
        let answer = match &error {
            // The text of this one is the bag of errors.
            ApiError::Invalid(_) => "answer 422 {\"".to_owned(),
            // A new variant needs an example above; this makes the compiler say so.
            ApiError::BadRequest
            | ApiError::Body(_)
            | ApiError::SignatureInvalid
            | ApiError::TimestampExpired { .. }
            | ApiError::BodyTooSlow
            | ApiError::NotFound
            | ApiError::ApplicationUnknown(_)
            | ApiError::ApplicationUnavailable
            | ApiError::MethodNotAllowed(_)
            | ApiError::TransferCodingUnknown
            | ApiError::PayloadTooLarge
            | ApiError::DataTooLarge(_)
            | ApiError::Internal => format!("answer {status} {text}"),
        };
        let is_answered = lines.iter().any(|line| line.starts_with(&answer));
        assert!(is_answered || is_elsewhere(&text), "{answer}");
    }
}
