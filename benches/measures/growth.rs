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
///
/// From one channel on, each event has arrived before the next is published: else those of the one
/// would share sends, and those of many would not. From a thousand on, they come in a stream.
pub(super) fn channels(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let each = if context.quick { 20 } else { 100 };
    let many = (CONNECTIONS, each);
    let steps = [(1, 1), (CONNECTIONS, 1), many];
    let singly = context.interleave(&steps, |shape| among(context, *shape, publish_singly))?;
    let streams = context.interleave(&[(CONNECTIONS, 1), many], |shape| {
        among(context, *shape, publish_stream)
    })?;
    let row = |measure: String, value: &Sample, small: &Sample| Row {
        measure,
        unit: "CPU µs each",
        value: value.get("cpu"),
        plain: small.get("cpu"),
        goal: FLAT,
    };
    let channels = CONNECTIONS * each;
    Ok(vec![
        row(
            format!("single publishes among {CONNECTIONS} channels; 1"),
            &singly[1],
            &singly[0],
        ),
        row(
            format!("single publishes among {channels} channels; 1"),
            &singly[2],
            &singly[0],
        ),
        row(
            format!("publishes among {channels} channels; {CONNECTIONS}"),
            &streams[1],
            &streams[0],
        ),
    ])
}

const CONNECTIONS: usize = 1000;

/// Connections, and channels of each.
type Shape = (usize, usize);

/// Publishes to channels in which there is one connection each.
fn among(
    context: &Context,
    (connections, each): Shape,
    publish: fn(&Context, &Host, &mut Crowd, Shape) -> Result<Sample, Failure>,
) -> Result<Sample, Failure> {
    let host = context.host(Subject::Tested)?;
    let mut crowd = host.crowd()?;
    let keys = crowd.open(connections)?;
    for number in 0..each {
        subscribe_all(&host, &mut crowd, (&keys, number))?;
    }
    publish(context, &host, &mut crowd, (connections, each))
}

fn publish_stream(
    _: &Context,
    host: &Host,
    crowd: &mut Crowd,
    (connections, each): Shape,
) -> Result<Sample, Failure> {
    const EVENTS: usize = 20_000;
    let mut publisher = LocalPublisher::unwaited(host)?;
    let clock = Clock::start(host);
    for event in 0..EVENTS {
        publisher.publish(&name(event % connections, event % each))?;
    }
    publisher.settle()?;
    receive(crowd, EVENTS)?;
    Ok(clock.sample(host, EVENTS as u64))
}

fn publish_singly(
    context: &Context,
    host: &Host,
    crowd: &mut Crowd,
    (connections, each): Shape,
) -> Result<Sample, Failure> {
    let events = if context.quick { 1000 } else { 5000 };
    let mut publisher = LocalPublisher::new(host)?;
    let clock = Clock::start(host);
    for event in 0..events {
        publisher.publish(&name(event % connections, event % each))?;
        receive(crowd, 1)?;
    }
    Ok(clock.sample(host, events as u64))
}

fn receive(crowd: &mut Crowd, events: usize) -> Result<(), Failure> {
    let mut received = 0;
    crowd.until("receiving", |_, _, incoming| match incoming {
        Incoming::Text(_) => {
            received += 1;
            Ok(received == events)
        }
        _ => Err(ended()),
    })
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

/// CPU per end of a connection: of a channel with ever more subscribers, and with ever more
/// subscriptions of its own.
pub(super) fn disconnects(context: &Context) -> Result<Vec<Row>, Failure> {
    const LEAVING: usize = 2000;
    let count = many(context);
    let samples = context.interleave(&[LEAVING, count], |count| {
        let host = context.host(Subject::Tested)?;
        let mut crowd = host.crowd()?;
        let channel = Channel::new("bench", &host.credentials);
        let keys = crowd.subscribe(*count, &channel)?;
        Ok(leave(&host, &mut crowd, &keys[..LEAVING], LEAVING))
    })?;
    let mut rows = vec![Row {
        measure: format!("disconnect among {count} subscribers; {LEAVING}"),
        unit: "CPU µs each",
        value: samples[1].get("cpu"),
        plain: samples[0].get("cpu"),
        goal: FLAT,
    }];
    let counts = [20, 200];
    let samples = context.interleave(&counts, |each| {
        const LEAVING: usize = 200;
        let host = context.host(Subject::Tested)?;
        let mut crowd = host.crowd()?;
        let keys = crowd.open(LEAVING)?;
        for number in 0..*each {
            subscribe_all(&host, &mut crowd, (&keys, number))?;
        }
        Ok(leave(&host, &mut crowd, &keys, LEAVING * each))
    })?;
    rows.push(Row {
        measure: format!("disconnect with {} channels; {}", counts[1], counts[0]),
        unit: "CPU µs per channel",
        value: samples[1].get("cpu"),
        plain: samples[0].get("cpu"),
        goal: FLAT,
    });
    Ok(rows)
}

/// Closes connections, with what that costs the server for each of `count`.
fn leave(host: &Host, crowd: &mut Crowd, keys: &[usize], count: usize) -> Sample {
    let clock = Clock::start(host);
    for key in keys {
        crowd.links.close(*key);
    }
    // Nobody is told when the server is through with it, so it gets ample time.
    sleep(Duration::from_millis(300));
    clock.sample(host, count as u64)
}
