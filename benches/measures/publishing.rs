//! What publishing costs, while nobody listens.

use std::time::Duration;

use reverb::client::{Event, Options};
use serde_json::json;

use crate::{
    context::{Clock, Context, Host, Sample},
    failure::Failure,
    load::{Incoming, Publisher, Text, Way, ended, said},
    report::{Goal, Row},
};

const TEXT: Text = Text { size: 200 };

/// Keep-alive connections that each have one request on its way.
const CALLERS: usize = 8;

/// Signed requests of the HTTP API.
pub(super) fn http(context: &Context) -> Result<Vec<Row>, Failure> {
    let [plain, tested] = context.compare(|host| call(host, context.window()))?;
    Ok([
        ("rate", "per second", Goal::AtLeast(60_000.0)),
        ("cpu", "CPU µs each", Goal::None),
    ]
    .into_iter()
    .map(|(figure, unit, goal)| Row {
        measure: "HTTP publish, signed, 8 callers".to_owned(),
        unit,
        value: tested.get(figure),
        plain: plain.get(figure),
        goal,
    })
    .collect())
}

/// The same signed request from several callers, for so long.
pub(crate) fn call(host: &Host, length: Duration) -> Result<Sample, Failure> {
    let mut crowd = host.crowd()?;
    let link = crowd.links.dial_http()?;
    let server = (host.address, &host.credentials);
    // Signed once: the server verifies each all the same.
    let request = Publisher::new(Way::Http, link, "bench", server).request(&TEXT.data(0, 0));
    crowd.links.send(link, &request)?;
    for _ in 1..CALLERS {
        let link = crowd.links.dial_http()?;
        crowd.links.send(link, &request)?;
    }
    let clock = Clock::start(host);
    let mut answers = 0;
    while clock.elapsed() < length {
        crowd.turn(
            Duration::from_millis(100),
            &mut |links, key, incoming| match incoming {
                Incoming::Answer(200) => {
                    answers += 1;
                    links.send(key, &request)
                }
                Incoming::Answer(status) => Err(said(format!("HTTP {status}").as_bytes())),
                _ => Err(ended()),
            },
        )?;
    }
    Ok(clock.sample(host, answers))
}

/// A publisher on the unix socket: what the extension's class is made of.
pub(super) struct LocalPublisher {
    publisher: reverb::client::Publisher,
    data: String,
}

impl LocalPublisher {
    pub(super) fn new(host: &Host) -> Result<Self, Failure> {
        let credentials = &host.credentials;
        let options = json!({
            "app_id": credentials.app_id, "key": credentials.key, "secret": credentials.secret,
            "socket": host.socket(),
        });
        let options =
            Options::parse(&options).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self {
            publisher: reverb::client::Publisher::new(options),
            data: TEXT.data(0, 0),
        })
    }

    /// Waits for the answers at the end.
    pub(super) fn unwaited(host: &Host) -> Result<Self, Failure> {
        let mut publisher = Self::new(host)?;
        publisher.publisher.acknowledge(false);
        Ok(publisher)
    }

    pub(super) fn publish(&mut self, channel: &str) -> Result<(), Failure> {
        let event = Event {
            channels: vec![channel],
            name: "bench",
            data: &self.data,
            socket_id: None,
        };
        let published = self.publisher.publish(&event);
        published
            .map(drop)
            .map_err(|error| Failure::Server(error.to_string()))
    }

    /// Waits until all is answered.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        let settled = self.publisher.settle();
        settled.map_err(|error| Failure::Server(error.to_string()))
    }
}
