//! A steady load with nothing to put together: what does one delivery cost, and how long does it
//! take?

use std::time::Duration;

use super::{
    fan_out,
    flight::{Flight, Plan},
};
use crate::{
    context::{Context, Host, Sample},
    failure::Failure,
    report::{Goal, Row},
};

/// 1,000 subscribers, 20 events a second.
const SUBSCRIBERS: usize = 1000;
const INTERVAL: Duration = Duration::from_millis(50);

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    let [plain, tested] = context.compare(|host| sample(context, host))?;
    let goals = [Goal::None, Goal::AtMostTimes(1.15)];
    let mut rows = fan_out::rows("20,000 deliveries/s offered", (&plain, &tested), goals);
    for row in &mut rows[2..] {
        row.goal = Goal::AtMostTimes(1.15);
    }
    Ok(rows)
}

pub(super) fn sample(context: &Context, host: &Host) -> Result<Sample, Failure> {
    let plan = Plan {
        channel: "bench",
        subscribers: SUBSCRIBERS,
        publishers: 1,
        way: host.way(),
        size: 200,
    };
    let length = if context.quick {
        Duration::from_secs(1)
    } else {
        Duration::from_secs(5)
    };
    Flight::prepare(host, plan)?.at_intervals(host, INTERVAL, length)
}
