//! Events for encrypted channels: what leaves the process, by any way, can be read by subscribers only.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305, aead::Aead as _};
use reverb::client::{Event, Options, PublishError, Publisher};
use serde_json::{Value, json};

use super::{event, publisher};
use crate::support::{HttpServer, Script, UnixServer, WELCOMED};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const CHANNEL: &str = "private-encrypted-news";
/// SHA-256 of the channel's name and the key, made with `sha256sum`.
const SECRET: &str = "Gr/a8s0XYnJRsUwYz0DkLmB7woBKGhFUPKa9atpj3ds=";

fn encrypting(way: Value) -> Publisher {
    let mut options = json!({"encryption_master_key_base64": KEY});
    options
        .as_object_mut()
        .unwrap()
        .extend(way.as_object().unwrap().clone());
    publisher(options)
}

fn secret_event() -> Event<'static> {
    Event {
        channels: vec![CHANNEL],
        ..event()
    }
}

/// What a subscriber makes of the data of an event.
fn opened(data: &str) -> String {
    let sealed: Value = serde_json::from_str(data).unwrap();
    assert_eq!(sealed.as_object().unwrap().len(), 2, "{data}");
    let bytes = |name: &str| STANDARD.decode(sealed[name].as_str().unwrap()).unwrap();
    let nonce: [u8; 24] = bytes("nonce").try_into().unwrap();
    let secret: [u8; 32] = STANDARD.decode(SECRET).unwrap().try_into().unwrap();
    let cipher = XSalsa20Poly1305::new(&secret.into());
    let plain = cipher
        .decrypt(&nonce.into(), &*bytes("ciphertext"))
        .unwrap();
    String::from_utf8(plain).unwrap()
}

#[test]
fn only_subscribers_can_read_what_goes_over_the_socket() {
    let server = UnixServer::start(&[&[WELCOMED, Script::Ack, Script::Ack, Script::Ack]]);
    let mut publisher = encrypting(json!({"socket": server.path()}));
    publisher.publish(&secret_event()).unwrap();
    publisher.publish_batch(&[event(), secret_event()]).unwrap();

    let published = server.published();
    let data = |text: &str| {
        text.split(['{', '}'])
            .nth(1)
            .map(|data| format!("{{{data}}}"))
    };
    let sealed: Vec<String> = published.iter().filter_map(|text| data(text)).collect();
    assert_eq!(opened(&sealed[0]), r#"{"x":1}"#);
    assert_eq!(sealed[1], r#"{"x":1}"#);
    assert_eq!(opened(&sealed[2]), r#"{"x":1}"#);
    assert_ne!(sealed[0], sealed[2], "each has its own nonce");
}

#[test]
fn only_subscribers_can_read_what_goes_over_http() {
    let server = HttpServer::start(&[("200 OK", "{}"), ("200 OK", "{}")]);
    let address = json!({"scheme": "http", "host": "127.0.0.1", "port": server.port()});
    let mut publisher = encrypting(address);
    publisher.publish(&secret_event()).unwrap();
    publisher.publish_batch(&[event(), secret_event()]).unwrap();

    let single: Value = serde_json::from_str(&server.request().body).unwrap();
    assert_eq!(opened(single["data"].as_str().unwrap()), r#"{"x":1}"#);
    let batch: Value = serde_json::from_str(&server.request().body).unwrap();
    assert_eq!(batch["batch"][0]["data"], r#"{"x":1}"#);
    assert_eq!(
        opened(batch["batch"][2]["data"].as_str().unwrap()),
        r#"{"x":1}"#
    );
}

#[test]
fn without_a_key_nothing_is_sent() {
    let server = UnixServer::start(&[]);
    let mut publisher = publisher(json!({"socket": server.path()}));
    let missing = PublishError::NoMasterKey(CHANNEL.to_owned());
    assert_eq!(publisher.publish(&secret_event()), Err(missing.clone()));
    assert_eq!(
        publisher.publish_batch(&[event(), secret_event()]),
        Err(missing.clone())
    );
    assert_eq!(
        publisher.authorize_channel("1.2", CHANNEL, None),
        Err(missing.clone())
    );
    assert_eq!(
        missing.to_string(),
        "`private-encrypted-news` is an encrypted channel: set the option `encryption_master_key_base64` to 32 random bytes in base64, for example the output of: openssl rand -base64 32"
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_event_for_an_encrypted_channel_is_for_no_other_channel() {
    let server = UnixServer::start(&[]);
    let result = encrypting(json!({"socket": server.path()})).publish(&Event {
        channels: vec!["news", CHANNEL],
        ..event()
    });
    assert_eq!(
        result.unwrap_err().to_string(),
        "`private-encrypted-news` is an encrypted channel: an event for it cannot be for other channels too"
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn subscribers_are_given_the_channels_secret() {
    let publisher = encrypting(json!({}));
    let secret = |channel| {
        let authorization = publisher.authorize_channel("1.2", channel, None);
        authorization.unwrap().shared_secret
    };
    assert_eq!(secret(CHANNEL).as_deref(), Some(SECRET));
    assert_eq!(secret("private-news"), None);
}

#[test]
fn a_key_that_is_none_is_named_and_not_shown() {
    for (more, expected) in [
        (
            json!({"encryption_master_key_base64": "c2hvcnQ="}),
            "the publisher's option `encryption_master_key_base64` must be a key of 32 bytes, not of 5",
        ),
        (
            json!({"encryption_master_key_base64": "not base64"}),
            "the publisher's option `encryption_master_key_base64` must be a key in base64",
        ),
        (
            json!({"encryption_master_key": "short"}),
            "the publisher's option `encryption_master_key` must be a key of 32 bytes, not of 5",
        ),
        (
            json!({"encryption_master_key_base64": KEY, "encryption_master_key": "short"}),
            "the publisher's options `encryption_master_key_base64` and `encryption_master_key` are two forms of one key: set only one",
        ),
    ] {
        let mut options = json!({"app_id": 1, "key": "k", "secret": "s"});
        options
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let error = Options::parse(&options)
            .err()
            .map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(expected));
    }
}
