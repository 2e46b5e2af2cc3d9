//! Events that wait for company: what that saves, and what it costs. The other column does not wait.

use std::time::Duration;

use super::{
    fan_out,
    flight::{Flight, Plan},
};
use crate::{
    context::{Context, Subject},
    failure::Failure,
    load::Way,
    report::{Goal, Row},
};

/// Few enough that a sweep is over before the next event comes: nothing is shared by itself.
const SUBSCRIBERS: usize = 100;
const INTERVAL: Duration = Duration::from_micros(500);

/// Microseconds; four events come meanwhile.
const WAIT: u32 = 2000;

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let subjects = [Subject::Workers(1), Subject::Coalescing(WAIT)];
    let samples = context.interleave(&subjects, |subject| {
        let host = context.host(*subject)?;
        let plan = Plan {
            channel: "bench",
            subscribers: SUBSCRIBERS,
            publishers: 1,
            way: Way::Http,
            size: 200,
        };
        Flight::prepare(&host, plan)?.at_intervals(&host, INTERVAL, context.window())
    })?;
    Ok(fan_out::rows(
        &format!("200,000 deliveries/s, coalesce {WAIT}; 0"),
        (&samples[0], &samples[1]),
        [Goal::None, Goal::None],
    ))
}
