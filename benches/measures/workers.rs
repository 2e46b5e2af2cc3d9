//! Two workers on two cores against one on one.

use super::{connections, fan_out, offered, publishing};
use crate::{
    context::{Context, Host, Sample, Subject},
    failure::Failure,
    report::{Goal, Row},
};

/// Two for the servers' workers, and as many for a generator that keeps up.
const CORES: usize = 4;

/// By so much the second worker must raise the rate.
const RATE: f64 = 1.7;

/// Two cores bring so much more only if each of it takes at most so much more of them: 2 / 1.7.
const PRICE: f64 = 1.18;

/// What a server is put to, for as long as the measure of that name takes.
type Load = fn(&Context, &Host) -> Result<Sample, Failure>;

const SUBJECTS: [Subject; 2] = [Subject::Workers(1), Subject::Workers(2)];

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let mut rows = vec![rate(context)?];
    if !context.quick {
        rows.extend(price(context)?);
    }
    Ok(rows)
}

fn rate(context: &Context) -> Result<Row, Failure> {
    let cores = context.machine.cores.len();
    let row = |measure: String, value, plain| Row {
        measure,
        unit: "deliveries/s",
        value,
        plain,
        goal: Goal::AtLeastTimes(RATE),
    };
    if cores < CORES {
        let name = format!("2 workers; 1 (needs {CORES} cores, has {cores})");
        return Ok(row(name, None, None));
    }
    let samples = context.interleave(&SUBJECTS, |subject| {
        fan_out::run(context, &context.host(*subject)?, (5000, 200))
    })?;
    let rates = [samples[1].get("rate"), samples[0].get("rate")];
    Ok(row("2 workers; 1".to_owned(), rates[0], rates[1]))
}

/// What each of something takes of all cores together, whatever the generator leaves free of them.
fn price(context: &Context) -> Result<Vec<Row>, Failure> {
    const LOADS: [(&str, Load); 3] = [
        ("20,000 deliveries/s offered", offered::sample),
        ("connect, subscribe, close", |context, host| {
            connections::come_and_go(host, context.window())
        }),
        ("HTTP publish, signed, 8 callers", |context, host| {
            publishing::call(host, context.window())
        }),
    ];
    let rows = LOADS.into_iter().map(|(name, load)| {
        let samples =
            context.interleave(&SUBJECTS, |subject| load(context, &context.host(*subject)?))?;
        Ok(Row {
            measure: format!("{name}, 2 workers; 1"),
            unit: "CPU µs each",
            value: samples[1].get("cpu"),
            plain: samples[0].get("cpu"),
            goal: Goal::AtMostTimes(PRICE),
        })
    });
    rows.collect()
}
