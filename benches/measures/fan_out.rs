//! Events to many subscribers, as fast as they go.

use super::flight::{Flight, Plan};
use crate::{
    context::{Context, Host, Sample},
    failure::Failure,
    report::{Goal, Row},
};

/// Events on their way at a time.
const IN_FLIGHT: usize = 5;

const SMALL: usize = 200;
const LARGE: usize = 2048;

pub(super) fn thousand(context: &Context) -> Result<Vec<Row>, Failure> {
    let goals = [Goal::AtLeastTimes(2.5), Goal::AtMostTimes(0.45)];
    measure(context, "fan-out to 1,000 × 200 B", (1000, SMALL), goals)
}

pub(super) fn hundred(context: &Context) -> Result<Vec<Row>, Failure> {
    measure(context, "fan-out to 100 × 200 B", (100, SMALL), DOUBLE)
}

pub(super) fn five_thousand(context: &Context) -> Result<Vec<Row>, Failure> {
    measure(context, "fan-out to 5,000 × 200 B", (5000, SMALL), DOUBLE)
}

pub(super) fn large(context: &Context) -> Result<Vec<Row>, Failure> {
    measure(context, "fan-out to 1,000 × 2 KB", (1000, LARGE), DOUBLE)
}

const DOUBLE: [Goal; 2] = [Goal::AtLeastTimes(2.0), Goal::None];

/// One run at full speed.
pub(super) fn run(
    context: &Context,
    host: &Host,
    (subscribers, size): (usize, usize),
) -> Result<Sample, Failure> {
    let plan = Plan {
        channel: "bench",
        subscribers,
        publishers: IN_FLIGHT,
        way: host.way(),
        size,
    };
    Flight::prepare(host, plan)?.at_full_speed(host, context.window())
}

/// One run at full speed to 1,000 subscribers.
pub(crate) fn reach_a_thousand(context: &Context, host: &Host) -> Result<Sample, Failure> {
    run(context, host, (1000, SMALL))
}

fn measure(
    context: &Context,
    name: &str,
    shape: (usize, usize),
    [rate, cpu]: [Goal; 2],
) -> Result<Vec<Row>, Failure> {
    let [plain, tested] = context.compare(|host| run(context, host, shape))?;
    Ok(rows(name, (&plain, &tested), [rate, cpu]))
}

/// Rate, CPU and latencies of deliveries.
pub(super) fn rows(
    name: &str,
    (plain, tested): (&Sample, &Sample),
    [rate, cpu]: [Goal; 2],
) -> Vec<Row> {
    [
        ("rate", "deliveries/s", rate),
        ("cpu", "CPU µs each", cpu),
        ("p50", "p50 ms", Goal::None),
        ("p99", "p99 ms", Goal::None),
    ]
    .into_iter()
    .map(|(figure, unit, goal)| Row {
        measure: name.to_owned(),
        unit,
        value: tested.get(figure),
        plain: plain.get(figure),
        goal,
    })
    .collect()
}
