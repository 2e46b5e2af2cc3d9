//! What is measured. Each file has the measures of one theme.

mod client_events;
mod cluster;
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

/// Whether a measure is part of a quick run that names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Always,
    FullOnly,
}

/// A measure by its name.
type Measure = (&'static str, Run, Extent);

/// Every measure.
const ALL: &[Measure] = &[
    ("fan-out-1000", fan_out::thousand, Extent::Always),
    ("fan-out-100", fan_out::hundred, Extent::Always),
    ("fan-out-5000", fan_out::five_thousand, Extent::Always),
    ("fan-out-2kb", fan_out::large, Extent::Always),
    ("offered", offered::run, Extent::Always),
    ("memory", connections::memory, Extent::Always),
    ("connect", connections::connect, Extent::Always),
    ("cycles", connections::cycles, Extent::Always),
    ("http", publishing::http, Extent::Always),
    ("unix", php::unix, Extent::Always),
    ("laravel", laravel::run, Extent::FullOnly),
    ("presence", presence::run, Extent::Always),
    ("client-events", client_events::run, Extent::Always),
    ("slow-readers", slow_readers::run, Extent::FullOnly),
    ("coalescing", coalescing::run, Extent::FullOnly),
    ("growth-subscribers", growth::subscribers, Extent::Always),
    ("growth-channels", growth::channels, Extent::Always),
    ("growth-engine", growth::engine, Extent::FullOnly),
    ("growth-disconnects", growth::disconnects, Extent::FullOnly),
    ("workers", workers::run, Extent::Always),
    ("cluster", cluster::run, Extent::FullOnly),
    ("cores", cores::run, Extent::FullOnly),
];

/// The measures that are named, or that have a name in part, or all that belong to the run.
fn wanted(options: &Options) -> Vec<&'static Measure> {
    let named = &options.only;
    if named.is_empty() {
        let is_part = |(_, _, extent): &&Measure| !options.quick || *extent == Extent::Always;
        return ALL.iter().filter(is_part).collect();
    }
    let is_exact = |(name, ..): &&Measure| named.iter().any(|only| only == name);
    let exact: Vec<_> = ALL.iter().filter(is_exact).collect();
    if !exact.is_empty() {
        return exact;
    }
    let is_part = |(name, ..): &&Measure| named.iter().any(|only| name.contains(only.as_str()));
    ALL.iter().filter(is_part).collect()
}

pub(crate) fn run_all(options: &Options) -> Result<(), Failure> {
    let wanted = wanted(options);
    if wanted.is_empty() {
        return Err(Failure::Usage(
            "no measure has such a name; --list shows them".to_owned(),
        ));
    }
    if options.list {
        return wanted.iter().try_for_each(|(name, ..)| report::say(name));
    }
    let context = Context::new(options);
    report::facts(&context)?;
    let (mut all, begin) = (Vec::new(), Instant::now());
    for (_, run, _) in wanted {
        let rows = run(&context)?;
        report::rows(&rows)?;
        all.extend(rows);
    }
    let waited = machine::waited().map(|waited| waited.div_duration_f64(begin.elapsed()));
    report::disturbance(waited)?;
    report::say(&format!(
        "The run took {:.0} s.",
        begin.elapsed().as_secs_f64()
    ))?;
    let path = options
        .json
        .as_deref()
        .unwrap_or(Path::new("target/bench.json"));
    report::write(path, (&context, waited), &all)
}
