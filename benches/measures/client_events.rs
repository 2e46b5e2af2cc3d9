//! Client events: members write to members.

use super::{
    fan_out,
    flight::{Flight, Plan},
};
use crate::{
    context::Context,
    failure::Failure,
    load::Way,
    report::{Goal, Row},
};

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    let [plain, tested] = context.compare(|host| {
        let plan = Plan {
            channel: "private-bench",
            subscribers: 1000,
            publishers: 5,
            way: Way::Client,
            size: 200,
        };
        Flight::prepare(host, plan)?.at_full_speed(host, context.window())
    })?;
    let goals = [Goal::AtLeastTimes(2.0), Goal::None];
    Ok(fan_out::rows(
        "client events to 1,000 × 200 B",
        (&plain, &tested),
        goals,
    ))
}
