//! Events that are checked and not sent.

use reverb::{
    client::Event,
    engine::{ApplicationLimits, EventLimits},
};
use serde_json::json;

use super::{event, publisher};

/// What goes with a limit to what is said about [`event`], whose name, data and channels have 5, 7 and 2 bytes.
fn said(change: impl FnOnce(&mut EventLimits), event: &Event<'_>) -> Option<String> {
    let mut limits = EventLimits {
        max_request_size: 14,
        application: ApplicationLimits::default(),
    };
    change(&mut limits);
    let options = json!({"encryption_master_key": "0123456789abcdef0123456789abcdef"});
    let checked = publisher(options).check(event, &limits);
    checked.err().map(|error| error.to_string())
}

#[test]
fn what_a_server_would_refuse_is_told_of_no_certain_one() {
    assert_eq!(said(|_| (), &event()), None);
    assert_eq!(
        said(|limits| limits.max_request_size = 13, &event()).unwrap(),
        "the event `Moved` is too large for the Reverb server (7 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE"
    );
    assert_eq!(
        said(|limits| limits.application.channels_per_event = 1, &event()).unwrap(),
        "the Reverb server refused the event: the event goes to more than 1 channels (channels_per_event)"
    );
    let nameless = Event {
        name: "",
        ..event()
    };
    assert_eq!(
        said(|_| (), &nameless).unwrap(),
        "the Reverb server refused the event: The event has no name."
    );
}

#[test]
fn what_a_publisher_would_refuse_is_told_in_its_words() {
    let lost = Event {
        socket_id: Some("undefined"),
        ..event()
    };
    assert_eq!(
        said(|_| (), &lost).unwrap(),
        "`undefined` is not a socket id; it is two integers joined by a dot, such as 123.456"
    );
}

#[test]
fn an_encrypted_event_has_the_size_that_it_travels_with() {
    let secret = Event {
        channels: vec!["private-encrypted-news"],
        ..event()
    };
    // {"nonce":"…32…","ciphertext":"…32…"}
    let limit = |limits: &mut EventLimits, size| {
        limits.max_request_size = 1000;
        limits.application.event_data_size = size;
    };
    assert_eq!(said(|limits| limit(limits, 92), &secret), None);
    assert_eq!(
        said(|limits| limit(limits, 91), &secret).unwrap(),
        "the Reverb server refused the event: the event's data is larger than 91 bytes (event_data_size)"
    );
}
