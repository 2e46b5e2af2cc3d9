//! HTTP: the head of a request, its route, its query, its signature and its body.

use reverb::{
    api::{
        ApiError, Command, Endpoint, Limits, Query, Response, Route, methods,
        signature::{Clock, Signed, verify},
    },
    websocket::{Compression, handshake},
};

const CREDENTIALS: (&str, &str) = ("key", "a secret that is in no seed");

const ENDPOINTS: [Endpoint; 4] = [
    Endpoint::Events,
    Endpoint::BatchEvents,
    Endpoint::Connections,
    Endpoint::Channels,
];

/// The bytes are a request as it comes from the network.
pub fn run(data: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = request.parse(data) else {
        return;
    };
    let (method, target) = (request.method.unwrap_or(""), request.path.unwrap_or(""));
    let body = &data[length..];
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = Query::parse(query);
    for prefix in ["", "ws"] {
        let _ = methods(path, prefix);
        match Route::parse(method, path, prefix) {
            Ok(Route::Application { endpoint, .. }) => command(endpoint, &query, body),
            Ok(Route::Socket { key }) => assert!(!key.is_empty()),
            Ok(Route::Up) => assert!(path.ends_with("/up") || path.contains('%')),
            Err(error) => answer(error),
        }
        is_refused(method, path, prefix, &query, body);
    }
    for endpoint in ENDPOINTS {
        command(endpoint, &query, body);
    }
    shake_hands(&request);
}

fn command(endpoint: Endpoint, query: &Query<'_>, body: &[u8]) {
    let limits = Limits {
        channel_name_length: 100,
        event_name_length: 10,
        event_data_size: 100,
        channels_per_event: 2,
        events_per_batch: 2,
    };
    let command = Command::parse(endpoint, query, body);
    match command.and_then(|command| limits.check(&command).map(|()| command)) {
        Ok(Command::Publish(event)) => assert!(event.channels.len() <= 2),
        Ok(Command::PublishBatch(events)) => {
            assert!(events.len() <= 2);
            assert!(events.iter().all(|event| event.channels.len() == 1));
        }
        Ok(_) => {}
        Err(error) => answer(error),
    }
}

/// Nobody signs with a secret that he does not know.
fn is_refused(method: &str, path: &str, prefix: &str, query: &Query<'_>, body: &[u8]) {
    let signed = Signed {
        method,
        path,
        query,
        body,
    };
    let clock = Clock {
        now: 1_700_000_000,
        tolerance: None,
    };
    let refusal = verify(&signed, CREDENTIALS, prefix, clock);
    assert_eq!(refusal, Err(ApiError::SignatureInvalid));
}

fn shake_hands(request: &httparse::Request<'_, '_>) {
    let headers = request
        .headers
        .iter()
        .map(|header| (header.name, header.value));
    let version = request.version.unwrap_or(0);
    let method = request.method.unwrap_or("");
    let response = match handshake::accept(method, version, headers, Compression::Deflate) {
        Ok(acceptance) => acceptance.response(),
        Err(refusal) => refusal.response(),
    };
    let mut headers = [httparse::EMPTY_HEADER; 10];
    let parsed = httparse::Response::new(&mut headers).parse(&response);
    assert!(parsed.is_ok_and(|status| status.is_complete()));
}

fn answer(error: ApiError) {
    let response = Response::from(error);
    assert!((400..=505).contains(&response.status));
}
