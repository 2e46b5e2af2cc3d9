//! The engine's own part of an event among ever more channels: no sockets, no other thread.

use std::time::{Duration, Instant};

use super::{channels::CONNECTIONS, name as channel};
use crate::{
    context::Context,
    cores::{DATA, Stage, name},
    failure::Failure,
    report::{Goal, Row},
};

/// The best of several rounds counts, as whatever disturbs makes it longer.
const ROUNDS: usize = 5;

/// Far enough from one channel to the next that neither memory nor table has them side by side, and
/// prime, so that each has its turn.
const STRIDE: usize = 7919;

/// Encoding an event, finding its channel and bringing it to the one subscriber, whose socket takes
/// all at once.
pub(in crate::measures) fn engine(context: &Context) -> Result<Vec<Row>, Failure> {
    let (connections, each) = (CONNECTIONS, if context.quick { 20 } else { 100 });
    let count = connections * each;
    let nanoseconds = |time: Duration| time.as_nanos() as f64 / count as f64;
    let many = nanoseconds(best(connections, each, count)?);
    let one = nanoseconds(best(1, 1, count)?);
    Ok(vec![Row {
        measure: format!("the engine alone: publishes among {count} channels; 1"),
        unit: "ns each",
        value: Some(many),
        plain: Some(one),
        goal: Goal::None,
    }])
}

fn best(connections: usize, each: usize, events: usize) -> Result<Duration, Failure> {
    let mut stage = Stage::new(1)?;
    let player = &mut stage.workers[0];
    for connection in 0..connections {
        let (key, _) = player.connect();
        for number in 0..each {
            player.join(key, &channel(connection, number));
        }
    }
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for event in 0..events {
            let place = event * STRIDE % (connections * each);
            // A server has the name from what was just read, too.
            let name = name(&channel(place % connections, place / connections))?;
            player.publish(&name, DATA);
            player.settle();
        }
        least = least.min(begin.elapsed());
    }
    Ok(least)
}
