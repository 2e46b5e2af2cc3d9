//! What publishing costs, while nobody listens.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use reverb::protocol::local::{ClientFrame, Hello, Publish, ServerFrame, challenge_answer};

use crate::{
    context::{Clock, Context, Host, Sample, Subject},
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

fn call(host: &Host, length: Duration) -> Result<Sample, Failure> {
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

/// The unix socket, as the extension uses it and as it could be used.
pub(super) fn unix(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let samples = context.interleave(&[true, false], |waits| {
        let host = context.host(Subject::Tested)?;
        if *waits {
            one_by_one(&host, context)
        } else {
            all_at_once(&host, context)
        }
    })?;
    Ok([
        ("unix publish, each acknowledged", 15_000.0),
        ("unix publish, written without waiting", 300_000.0),
    ]
    .into_iter()
    .zip(samples)
    .flat_map(|((name, goal), sample)| {
        [
            ("rate", "per second", Goal::AtLeast(goal)),
            ("cpu", "CPU µs each", Goal::None),
        ]
        .map(|(figure, unit, goal)| Row {
            measure: name.to_owned(),
            unit,
            value: sample.get(figure),
            plain: None,
            goal,
        })
    })
    .collect())
}

fn one_by_one(host: &Host, context: &Context) -> Result<Sample, Failure> {
    let mut publisher = LocalPublisher::connect(host)?;
    let clock = Clock::start(host);
    let end = Instant::now() + context.window();
    while Instant::now() < end {
        publisher.publish("bench", true)?;
        publisher.wait()?;
    }
    Ok(clock.sample(host, publisher.sequence))
}

fn all_at_once(host: &Host, context: &Context) -> Result<Sample, Failure> {
    let count = if context.quick { 100_000 } else { 500_000 };
    let mut publisher = LocalPublisher::connect(host)?;
    let clock = Clock::start(host);
    for _ in 1..count {
        publisher.publish("bench", false)?;
    }
    publisher.publish("bench", true)?;
    publisher.wait()?;
    Ok(clock.sample(host, publisher.sequence))
}

/// A publisher on the unix socket.
pub(super) struct LocalPublisher {
    stream: UnixStream,
    data: String,
    sequence: u64,
    output: Vec<u8>,
    input: Vec<u8>,
}

impl LocalPublisher {
    pub(super) fn connect(host: &Host) -> Result<Self, Failure> {
        let no_socket = || Failure::Server("it has no unix socket".to_owned());
        let mut publisher = Self {
            stream: UnixStream::connect(host.socket().ok_or_else(no_socket)?)?,
            data: TEXT.data(0, 0),
            sequence: 0,
            output: Vec::new(),
            input: Vec::new(),
        };
        let id = [7; 16];
        let secret = host.credentials.secret.clone();
        let answer = publisher.receive(|frame| match frame {
            ServerFrame::Challenge { nonce } => Some(challenge_answer(&secret, &nonce, &id)),
            _ => None,
        })?;
        publisher.send(&ClientFrame::Hello(Hello {
            app_id: &host.credentials.app_id,
            publisher: id,
            answer,
        }))?;
        publisher.receive(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(()))?;
        Ok(publisher)
    }

    pub(super) fn publish(&mut self, channel: &str, acknowledge: bool) -> Result<(), Failure> {
        self.sequence += 1;
        let data = std::mem::take(&mut self.data);
        let sent = self.send(&ClientFrame::Publish(Publish {
            sequence: self.sequence,
            acknowledge,
            socket_id: None,
            event: "bench",
            data: &data,
            channels: vec![channel],
        }));
        self.data = data;
        sent
    }

    /// Waits for the acknowledgement of the last publish.
    pub(super) fn wait(&mut self) -> Result<(), Failure> {
        let sequence = self.sequence;
        self.receive(|frame| (frame == ServerFrame::Ack { sequence }).then_some(()))
    }

    fn send(&mut self, frame: &ClientFrame<'_>) -> Result<(), Failure> {
        self.output.clear();
        frame
            .encode(&mut self.output)
            .map_err(|error| Failure::Server(error.to_string()))?;
        self.stream.write_all(&self.output)?;
        Ok(())
    }

    fn receive<T>(
        &mut self,
        mut expect: impl FnMut(ServerFrame<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        loop {
            let decoded = ServerFrame::decode(&self.input)
                .map_err(|error| Failure::Server(error.to_string()))?;
            if let Some((frame, length)) = decoded {
                let what = format!("{frame:?}");
                let shown = expect(frame).ok_or_else(|| said(what.as_bytes()))?;
                self.input.drain(..length);
                return Ok(shown);
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer)? {
                0 => return Err(ended()),
                count => self.input.extend_from_slice(&buffer[..count]),
            }
        }
    }
}
