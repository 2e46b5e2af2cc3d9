//! Some subscribers do not read. Do the others notice?

use std::time::Duration;

use super::flight::{Flight, Plan};
use crate::{
    context::{Context, Sample, Subject},
    failure::Failure,
    report::{Goal, Row},
};

const SUBSCRIBERS: usize = 1000;

/// 5 %.
const SLOW: usize = 50;

/// 100 KB per second and subscriber: a socket that nobody reads is full within a second.
const INTERVAL: Duration = Duration::from_millis(20);
const SIZE: usize = 2048;

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    let samples = context.interleave(&[0, SLOW], |slow| sample(context, *slow))?;
    Ok(
        [("p50", "p50 ms"), ("p99", "p99 ms"), ("cpu", "CPU µs each")]
            .map(|(figure, unit)| Row {
                measure: "5 % do not read; beside it: all do".to_owned(),
                unit,
                value: samples[1].get(figure),
                plain: samples[0].get(figure),
                goal: if figure == "p99" {
                    Goal::AtMostTimes(1.2)
                } else {
                    Goal::None
                },
            })
            .into(),
    )
}

fn sample(context: &Context, slow: usize) -> Result<Sample, Failure> {
    let host = context.host(Subject::Tested)?;
    let plan = Plan {
        channel: "bench",
        subscribers: SUBSCRIBERS,
        publishers: 1,
        way: host.way(),
        size: SIZE,
    };
    let length = Duration::from_secs(if context.quick { 1 } else { 4 });
    let mut flight = Flight::prepare(&host, plan)?;
    flight.neglect(slow)?;
    flight.at_intervals(&host, INTERVAL, length)
}
