//! What is measured. Each file has the measures of one theme.

mod client_events;
mod coalescing;
mod connections;
mod fan_out;
mod flight;
mod growth;
mod laravel;
mod offered;
mod php;
mod presence;
mod publishing;
mod slow_readers;
mod workers;

use std::{path::Path, time::Instant};

pub(crate) use connections::come_and_go;
pub(crate) use fan_out::reach_a_thousand;
pub(crate) use publishing::call as publish_over_http;

use super::{
    context::Context,
    cores,
    failure::Failure,
    machine,
    options::Options,
    report::{self, Row},
};

type Run = fn(&Context) -> Result<Vec<Row>, Failure>;

/// Every measure with its name.
const ALL: &[(&str, Run)] = &[
    ("fan-out-1000", fan_out::thousand),
    ("fan-out-100", fan_out::hundred),
    ("fan-out-5000", fan_out::five_thousand),
    ("fan-out-2kb", fan_out::large),
    ("offered", offered::run),
    ("memory", connections::memory),
    ("connect", connections::connect),
    ("cycles", connections::cycles),
    ("http", publishing::http),
    ("unix", php::unix),
    ("laravel", laravel::run),
    ("presence", presence::run),
    ("client-events", client_events::run),
    ("slow-readers", slow_readers::run),
    ("coalescing", coalescing::run),
    ("growth-subscribers", growth::subscribers),
    ("growth-channels", growth::channels),
    ("growth-disconnects", growth::disconnects),
    ("workers", workers::run),
    ("cores", cores::run),
];

pub(crate) fn run_all(options: &Options) -> Result<(), Failure> {
    let is_exact = |(name, _): &&(&str, Run)| options.only.iter().any(|only| only == name);
    let is_part = |(name, _): &&(&str, Run)| {
        options.only.is_empty() || options.only.iter().any(|only| name.contains(only.as_str()))
    };
    let mut wanted: Vec<_> = ALL.iter().filter(is_exact).collect();
    if wanted.is_empty() {
        wanted = ALL.iter().filter(is_part).collect();
    }
    if wanted.is_empty() {
        return Err(Failure::Usage(
            "no measure has such a name; --list shows them".to_owned(),
        ));
    }
    if options.list {
        return wanted.iter().try_for_each(|(name, _)| report::say(name));
    }
    let context = Context::new(options);
    report::facts(&context)?;
    let (mut all, begin) = (Vec::new(), Instant::now());
    for (_, run) in wanted {
        let rows = run(&context)?;
        report::rows(&rows)?;
        all.extend(rows);
    }
    let waited = machine::waited().map(|waited| waited.div_duration_f64(begin.elapsed()));
    report::disturbance(waited)?;
    let path = options
        .json
        .as_deref()
        .unwrap_or(Path::new("target/bench.json"));
    report::write(path, (&context, waited), &all)
}
