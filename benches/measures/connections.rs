//! What connections cost: to make, to keep, to end.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    context::{BOTH, Clock, Context, Host, Sample, Subject},
    failure::Failure,
    load::{Channel, Incoming, OPENING, ended, is_confirmation},
    report::{Goal, Row},
};

const MANY: usize = 15_000;
const FEWER: usize = 5000;

/// Memory of idle subscribed connections, and the CPU they use.
pub(super) fn memory(context: &Context) -> Result<Vec<Row>, Failure> {
    let count = context.connections(if context.quick { FEWER } else { MANY });
    let length = Duration::from_secs(if context.quick { 1 } else { 5 });
    let samples = context.interleave(&BOTH, |subject| {
        let host = context.host(*subject)?;
        let before = host.resident();
        let mut crowd = host.crowd()?;
        crowd.subscribe(count, &channel(&host))?;
        let memory = host.resident().zip(before);
        let memory = memory.map(|(after, before)| (after - before) / count as f64 / 1000.0);
        let cpu = match subject {
            Subject::Plain => None,
            _ => idle(&host, length),
        };
        Ok(Sample::default().with("memory", memory).with("idle", cpu))
    })?;
    let [plain, tested] = [&samples[0], &samples[1]];
    Ok(vec![
        Row {
            measure: format!("memory per idle connection at {count}"),
            unit: "KB",
            value: tested.get("memory"),
            plain: plain.get("memory"),
            goal: Goal::AtMost(1.0),
        },
        Row {
            measure: format!("CPU idle with {count} connections"),
            unit: "% of a core",
            value: tested.get("idle"),
            plain: None,
            goal: Goal::AtMost(0.5),
        },
    ])
}

/// Per cent of a core.
fn idle(host: &Host, length: Duration) -> Option<f64> {
    let before = host.cpu()?;
    sleep(length);
    Some((host.cpu()? - before) / length.as_secs_f64() / 1e4)
}

/// The CPU for a handshake and a subscription.
pub(super) fn connect(context: &Context) -> Result<Vec<Row>, Failure> {
    let count = if context.quick { 2000 } else { 10_000 };
    let [plain, tested] = context.compare(|host| {
        let mut crowd = host.crowd()?;
        let clock = Clock::start(host);
        crowd.subscribe(count, &channel(host))?;
        Ok(clock.sample(host, count as u64))
    })?;
    Ok(vec![Row {
        measure: "connect and subscribe".to_owned(),
        unit: "CPU µs each",
        value: tested.get("cpu"),
        plain: plain.get("cpu"),
        goal: Goal::AtMost(50.0),
    }])
}

/// Connections that come, subscribe and go.
pub(super) fn cycles(context: &Context) -> Result<Vec<Row>, Failure> {
    let [plain, tested] = context.compare(|host| come_and_go(host, context.window()))?;
    Ok([
        ("rate", "per second", Goal::AtLeast(15_000.0)),
        ("cpu", "CPU µs each", Goal::None),
    ]
    .into_iter()
    .map(|(figure, unit, goal)| Row {
        measure: "connect, subscribe, close".to_owned(),
        unit,
        value: tested.get(figure),
        plain: plain.get(figure),
        goal,
    })
    .collect())
}

/// Cycles of connecting, subscribing and closing.
pub(crate) fn come_and_go(host: &Host, length: Duration) -> Result<Sample, Failure> {
    let mut crowd = host.crowd()?;
    let channel = channel(host);
    for _ in 0..OPENING {
        crowd.links.dial()?;
    }
    let clock = Clock::start(host);
    let end = Instant::now() + length;
    let mut cycles = 0;
    while Instant::now() < end {
        crowd.turn(Duration::from_millis(100), &mut |links, key, incoming| {
            match incoming {
                Incoming::Greeting => {
                    let request = channel.subscribe(links.socket_id(key), None);
                    links.send(key, &request)?;
                }
                Incoming::Text(text) if is_confirmation(text)? => {
                    links.close(key);
                    links.dial()?;
                    cycles += 1;
                }
                Incoming::Text(_) => {}
                Incoming::Answer(_) | Incoming::End => return Err(ended()),
            }
            Ok(())
        })?;
    }
    Ok(clock.sample(host, cycles))
}

fn channel(host: &Host) -> Channel {
    Channel::new("bench", &host.credentials)
}
