//! Does more of something make each of it dearer? The column of the baseline is the small number.

use std::{thread::sleep, time::Duration};

use super::{fan_out, publishing::LocalPublisher};
use crate::{
    context::{Clock, Context, Host, Sample, Subject},
    failure::Failure,
    load::{Channel, Crowd, Incoming, ended, is_confirmation},
    report::{Goal, Row},
};

/// "Flat": within 20 %.
const FLAT: Goal = Goal::AtMostTimes(1.2);

fn many(context: &Context) -> usize {
    context.connections(if context.quick { 5000 } else { 15_000 })
}

/// CPU per delivery, from 100 to 15,000 subscribers.
pub(super) fn subscribers(context: &Context) -> Result<Vec<Row>, Failure> {
    let counts = [100, 1000, many(context)];
    let samples = context.interleave(&counts, |count| {
        fan_out::run(context, &context.host(Subject::Tested)?, (*count, 200))
    })?;
    let rows = counts.iter().zip(&samples).skip(1);
    Ok(rows
        .map(|(count, sample)| Row {
            measure: format!("delivery with {count} subscribers; with 100"),
            unit: "CPU µs each",
            value: sample.get("cpu"),
            plain: samples[0].get("cpu"),
            goal: FLAT,
        })
        .collect())
}

/// CPU per event that reaches one subscriber, with ever more channels.
pub(super) fn channels(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let each = if context.quick { 20 } else { 100 };
    let samples = context.interleave(&[1, each], |each| publish_among(context, *each))?;
    let channels = CONNECTIONS * each;
    Ok(vec![Row {
        measure: format!("publish among {channels} channels; {CONNECTIONS}"),
        unit: "CPU µs each",
        value: samples[1].get("cpu"),
        plain: samples[0].get("cpu"),
        goal: FLAT,
    }])
}

const CONNECTIONS: usize = 1000;
const EVENTS: usize = 20_000;

fn publish_among(context: &Context, each: usize) -> Result<Sample, Failure> {
    let host = context.host(Subject::Tested)?;
    let mut crowd = host.crowd()?;
    let keys = crowd.open(CONNECTIONS)?;
    for number in 0..each {
        subscribe_all(&host, &mut crowd, (&keys, number))?;
    }
    let mut publisher = LocalPublisher::unwaited(&host)?;
    let clock = Clock::start(&host);
    for event in 0..EVENTS {
        let name = name(event % CONNECTIONS, event % each);
        publisher.publish(&name)?;
    }
    publisher.settle()?;
    let mut received = 0;
    crowd.until("receiving", |_, _, incoming| match incoming {
        Incoming::Text(_) => {
            received += 1;
            Ok(received == EVENTS)
        }
        _ => Err(ended()),
    })?;
    Ok(clock.sample(&host, EVENTS as u64))
}

/// Subscribes each connection to one more channel of its own.
fn subscribe_all(
    host: &Host,
    crowd: &mut Crowd,
    (keys, number): (&[usize], usize),
) -> Result<(), Failure> {
    for (connection, key) in keys.iter().enumerate() {
        let channel = Channel::new(name(connection, number), &host.credentials);
        let request = channel.subscribe("", None);
        crowd.links.send(*key, &request)?;
    }
    let mut confirmed = 0;
    crowd.until("subscribing", |_, _, incoming| match incoming {
        Incoming::Text(text) => {
            confirmed += usize::from(is_confirmation(text)?);
            Ok(confirmed == keys.len())
        }
        _ => Err(ended()),
    })
}

fn name(connection: usize, number: usize) -> String {
    format!("bench-{connection}-{number}")
}

/// CPU per end of a connection, of a channel with ever more subscribers.
pub(super) fn disconnects(context: &Context) -> Result<Vec<Row>, Failure> {
    /// How many leave.
    const LEAVING: usize = 2000;
    let count = many(context);
    let samples = context.interleave(&[LEAVING, count], |count| {
        let host = context.host(Subject::Tested)?;
        let mut crowd = host.crowd()?;
        let channel = Channel::new("bench", &host.credentials);
        let keys = crowd.subscribe(*count, &channel)?;
        let clock = Clock::start(&host);
        for key in &keys[..LEAVING] {
            crowd.links.close(*key);
        }
        // Nobody is told when the server is through with it, so it gets ample time.
        sleep(Duration::from_millis(300));
        Ok(clock.sample(&host, LEAVING as u64))
    })?;
    Ok(vec![Row {
        measure: format!("disconnect among {count} subscribers; {LEAVING}"),
        unit: "CPU µs each",
        value: samples[1].get("cpu"),
        plain: samples[0].get("cpu"),
        goal: FLAT,
    }])
}
