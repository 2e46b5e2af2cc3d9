//! Does more of something make each of it dearer? The column of the baseline is the small number.
//!
//! Where more of something means more sockets, the plain loop does the same with as many: that much
//! of the growth is the kernel's.

mod channels;
mod disconnects;
mod engine;

pub(super) use self::{channels::channels, disconnects::disconnects, engine::engine};

use super::fan_out;
use crate::{
    context::{Context, Host, Sample, Subject},
    failure::Failure,
    load::{Channel, Crowd, Incoming, ended, is_confirmation},
    report::{Goal, Row},
};

/// "Flat": within 20 %.
const FLAT: Goal = Goal::AtMostTimes(1.2);

fn many(context: &Context) -> usize {
    context.connections(if context.quick { 5000 } else { 15_000 })
}

/// CPU of many beside that of few.
fn row(measure: String, unit: &'static str, [many, few]: [&Sample; 2], goal: Goal) -> Row {
    Row {
        measure,
        unit,
        value: many.get("cpu"),
        plain: few.get("cpu"),
        goal,
    }
}

/// CPU per delivery, from 100 to 15,000 subscribers.
pub(super) fn subscribers(context: &Context) -> Result<Vec<Row>, Failure> {
    let counts = [100, 1000, many(context)];
    let samples = context.interleave(&counts, |count| {
        fan_out::run(context, &context.host(Subject::Tested)?, (*count, 200))
    })?;
    let [few, more @ ..] = &samples[..] else {
        return Ok(Vec::new());
    };
    let rows = counts[1..].iter().zip(more).map(|(count, sample)| {
        let measure = format!("delivery with {count} subscribers; with 100");
        row(measure, "CPU µs each", [sample, few], FLAT)
    });
    Ok(rows.collect())
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
