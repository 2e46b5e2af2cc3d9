//! Events for one subscriber each, among ever more channels.

use super::{FLAT, name, row, subscribe_all};
use crate::{
    context::{Clock, Context, Host, Sample, Subject},
    failure::Failure,
    load::{Channel, Crowd, Incoming, Text, ended, wire},
    measures::publishing::LocalPublisher,
    report::{Goal, Row},
};

pub(super) const CONNECTIONS: usize = 1000;

/// Connections, and channels of each.
type Shape = (usize, usize);

/// CPU per event that reaches one subscriber.
///
/// From one channel on, each event has arrived before the next is published: else those of the one
/// would share sends, and those of many would not. From a thousand on, they come in a stream.
pub(in crate::measures) fn channels(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let each = if context.quick { 20 } else { 100 };
    let shapes = [(1, 1), (CONNECTIONS, 1), (CONNECTIONS, each)];
    let plain = context.interleave(&shapes[..2], |(sockets, _)| plainly(context, *sockets))?;
    let singly = context.interleave(&shapes, |shape| among(context, *shape, publish_singly))?;
    let streams =
        context.interleave(&shapes[1..], |shape| among(context, *shape, publish_stream))?;
    let channels = CONNECTIONS * each;
    let named = |what: &str, count: usize, few: usize| format!("{what} {count} channels; {few}");
    let mut rows = Vec::new();
    for (sample, count) in singly[1..].iter().zip([CONNECTIONS, channels]) {
        let measure = named("single publishes among", count, 1);
        rows.push(row(measure, UNIT, [sample, &singly[0]], FLAT));
    }
    let measure = named("single publishes among", channels, CONNECTIONS);
    rows.push(row(measure, UNIT, [&singly[2], &singly[1]], FLAT));
    let measure = named("publishes among", channels, CONNECTIONS);
    rows.push(row(measure, UNIT, [&streams[1], &streams[0]], FLAT));
    let measure = format!("the plain loop: single sends to {CONNECTIONS} sockets; 1");
    rows.push(row(measure, UNIT, [&plain[1], &plain[0]], Goal::None));
    Ok(rows)
}

const UNIT: &str = "CPU µs each";

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

/// How many events go one by one.
fn single(context: &Context) -> usize {
    if context.quick { 1000 } else { 5000 }
}

fn publish_singly(
    context: &Context,
    host: &Host,
    crowd: &mut Crowd,
    (connections, each): Shape,
) -> Result<Sample, Failure> {
    let mut publisher = LocalPublisher::new(host)?;
    let clock = Clock::start(host);
    for event in 0..single(context) {
        publisher.publish(&name(event % connections, event % each))?;
        receive(crowd, 1)?;
    }
    Ok(clock.sample(host, single(context) as u64))
}

/// The plain loop writes to one of so many sockets, each in its turn.
fn plainly(context: &Context, sockets: usize) -> Result<Sample, Failure> {
    let host = context.host(Subject::Plain)?;
    let mut crowd = host.crowd()?;
    crowd.subscribe(sockets, &Channel::new("bench", &host.credentials))?;
    let publisher = crowd.open(1)?[0];
    let text = Text { size: 200 }.data(0, 0);
    let clock = Clock::start(&host);
    for event in 0..single(context) {
        let message = wire::to_one(event % sockets, &text);
        crowd.links.send(publisher, &wire::client_frame(&message))?;
        receive(&mut crowd, 1)?;
    }
    Ok(clock.sample(&host, single(context) as u64))
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
