//! Signatures of subscriptions and of requests.

use serde_json::json;

use crate::support::{md5, now, server::TestServer, sign};

/// Reverb: whatever stands before the colon is not looked at.
#[test]
fn d14_a_signature_names_the_applications_key() {
    let server = TestServer::start();
    let mut eve = server.connect();
    let good = eve.auth("private-room", None);
    let (_, signature) = good.split_once(':').unwrap();
    for auth in [
        signature.to_owned(),
        format!(":{signature}"),
        format!("reverb-key-2:{signature}"),
        format!("REVERB-KEY:{signature}"),
        format!("reverb-key:{}", signature.to_uppercase()),
        format!("reverb-key::{signature}"),
        format!("{good} "),
    ] {
        let data = json!({ "channel": "private-room", "auth": auth });
        eve.send(&json!({ "event": "pusher:subscribe", "data": data }));
        eve.expect_error(4009, "Connection is unauthorized");
    }
    eve.subscribe_private("private-room");
}

/// Reverb: dots in names become underscores, numeric names sort as numbers, the hash of an empty body
/// is left out (so that the official Python library is refused), key and version are not looked at.
#[test]
fn d38_what_was_sent_is_what_is_signed() {
    let server = TestServer::start();
    let hash = md5(b"");
    let ask = |parameters: &[(&str, &str)], query: &[(&str, &str)]| {
        let timestamp = now().to_string();
        let mut signed: Vec<(&str, &str)> = parameters.to_vec();
        if !parameters.iter().any(|(name, _)| *name == "auth_key") {
            signed.push(("auth_key", "reverb-key"));
        }
        if !parameters.iter().any(|(name, _)| *name == "auth_version") {
            signed.push(("auth_version", "1.0"));
        }
        signed.push(("auth_timestamp", &timestamp));
        signed.sort_unstable();
        let text: Vec<String> = signed
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let signature = sign(
            "reverb-secret",
            &format!("GET\n/apps/123456/channels\n{}", text.join("&")),
        );
        let sent = signed
            .iter()
            .filter(|(name, _)| !parameters.iter().any(|(own, _)| own == name) || query.is_empty());
        let mut request = server.request("GET", "/apps/123456/channels");
        for (name, value) in sent.chain(query) {
            request = request.parameter(name, value);
        }
        request
            .parameter("auth_signature", &signature)
            .send()
            .status
    };
    for parameters in [
        &[("a.b", "1"), ("a_b", "2")][..],
        &[("10", "a"), ("9", "b"), ("B", "c"), ("a", "d")],
        &[("appId", "1"), ("channelName", "x"), ("appKey", "y")],
        &[("body_md5", hash.as_str())],
        &[],
    ] {
        assert_eq!(ask(parameters, &[]), 200, "{parameters:?}");
    }
    // PHP's library sends a list and signs it joined.
    let list = [("info%5B0%5D", "user_count"), ("info%5B1%5D", "occupied")];
    assert_eq!(ask(&[("info", "user_count,occupied")], &list), 200);
    assert_eq!(ask(&[("auth_key", "other")], &[]), 401);
    assert_eq!(ask(&[("auth_version", "2.0")], &[]), 401);
    assert_eq!(ask(&[("a", "1")], &[("a", "2")]), 401);
}
