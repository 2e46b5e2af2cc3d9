//! Two workers on two cores against one on one.

use super::fan_out;
use crate::{
    context::{Context, Subject},
    failure::Failure,
    report::{Goal, Row},
};

/// Two for the servers' workers, and as many for a generator that keeps up.
const CORES: usize = 4;

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    let cores = context.machine.cores.len();
    let row = |measure: String, value, plain| Row {
        measure,
        unit: "deliveries/s",
        value,
        plain,
        goal: Goal::AtLeastTimes(1.7),
    };
    if !context.is_own() {
        return Ok(Vec::new());
    }
    if cores < CORES {
        let name = format!("2 workers; 1 (needs {CORES} cores, has {cores})");
        return Ok(vec![row(name, None, None)]);
    }
    let subjects = [Subject::Workers(1), Subject::Workers(2)];
    let samples = context.interleave(&subjects, |subject| {
        fan_out::run(context, &context.host(*subject)?, (5000, 200))
    })?;
    let rates = [samples[1].get("rate"), samples[0].get("rate")];
    Ok(vec![row("2 workers; 1".to_owned(), rates[0], rates[1])])
}
