//! What more cores bring: the real engine with many threads, and a simulation of machines that are
//! not at hand, fed with what the parts were measured to cost.

mod scenarios;
mod service;
mod simulation;
mod stage;
mod threads;

use std::time::Duration;

pub(crate) use self::{
    service::DATA,
    stage::{Stage, name},
};

use self::{
    scenarios::{Chance, Cycles, Joins, Publishes, Quiet, Shape, Spread},
    service::Service,
    simulation::{Costs, Outcome, Scenario, Simulation, Time},
    threads::{Play, play},
};
use crate::{
    context::Context,
    failure::Failure,
    report::{self, Goal, Row},
};

/// Workers that are simulated; one is what the others are compared with.
const WORKERS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Subscribers of the hot channel on each worker, where it has many.
const SUBSCRIBERS: u64 = 100;

const MEMBERS: usize = 2000;

pub(crate) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let service = Service::measure(context)?;
    service.tell()?;
    tell_threads(context)?;
    let heads: String = WORKERS.map(|workers| format!("{workers:>11}")).concat();
    report::say(&format!(
        "{:<54}{heads}  nearest to its limit",
        "simulated workers, a core each"
    ))?;
    let mut rows = Vec::new();
    for load in LOADS {
        rows.extend(simulate(load, service)?);
    }
    Ok(rows)
}

/// A load, by a name and how it is simulated on so many workers.
type Load = (&'static str, &'static str, fn(Shape, Service) -> Outcome);

const LOADS: &[Load] = &[
    (
        "one channel, 100 subscribers per worker",
        "deliveries/s",
        |shape, service| {
            let events = publishes(shape, service, Spread::Hot(SUBSCRIBERS));
            let each = SUBSCRIBERS as f64 * shape.workers as f64;
            Outcome {
                rate: events.rate * each,
                ..events
            }
        },
    ),
    (
        "one channel, 1 subscriber per worker",
        "events/s",
        |shape, service| publishes(shape, service, Spread::Hot(1)),
    ),
    (
        "one channel, 1 subscriber per sleeping worker",
        "events/s",
        quiet,
    ),
    (
        "many channels, 1 subscriber",
        "events/s",
        |shape, service| publishes(shape, service, Spread::Many),
    ),
    (
        "channels without subscribers",
        "events/s",
        |shape, service| publishes(shape, service, Spread::Nobody),
    ),
    (
        "connect, subscribe to one channel, close",
        "per second",
        |shape, service| {
            let scenario = Cycles {
                shape,
                service,
                counting: 1,
            };
            finish(scenario, (shape, service), 20_000)
        },
    ),
    (
        "2,000 members join one presence channel",
        "joins/s",
        |shape, service| {
            finish(
                Joins::new(shape, service, MEMBERS as u64),
                (shape, service),
                u64::MAX,
            )
        },
    ),
];

fn publishes(shape: Shape, service: Service, spread: Spread) -> Outcome {
    let chance = Chance::new();
    let scenario = Publishes {
        shape,
        service,
        spread,
        chance,
    };
    finish(scenario, (shape, service), 20_000)
}

fn quiet(shape: Shape, service: Service) -> Outcome {
    finish(Quiet { shape, service }, (shape, service), 5000)
}

/// A simulated minute: none of them takes so long.
const LONGEST: Time = 60_000_000_000;

fn finish(scenario: impl Scenario, (shape, service): (Shape, Service), most: u64) -> Outcome {
    Simulation::new(scenario, costs(service), shape.workers, shape.locks()).run(most, LONGEST)
}

fn costs(service: Service) -> Costs {
    Costs {
        transfer: service.transfer,
        wake: service.wake,
    }
}

/// Tells what all numbers of workers reach, and returns the rows of those that nobody here has.
fn simulate((name, unit, run): &Load, service: Service) -> Result<Vec<Row>, Failure> {
    let outcomes = WORKERS.map(|workers| {
        let shape = Shape::of(workers);
        (shape, run(shape, service))
    });
    let rates: String = outcomes
        .iter()
        .map(|(_, outcome)| format!("{:>11}", report::shown(Some(outcome.rate))))
        .collect();
    let many = outcomes
        .iter()
        .filter(|(shape, _)| matches!(shape.workers, 16 | 64));
    let limits = many.clone().map(|(shape, outcome)| limit(*shape, outcome));
    report::say(&format!(
        "{:<54}{rates}  {}",
        format!("{name}, {unit}"),
        limits.collect::<Vec<_>>().join("; ")
    ))?;
    Ok(many
        .map(|(shape, outcome)| Row {
            measure: format!("simulated, {} workers; 1: {name}", shape.workers),
            unit,
            value: Some(outcome.rate),
            plain: Some(outcomes[0].1.rate),
            goal: Goal::None,
        })
        .collect())
}

/// How near the cores and the busiest lock are to their limits.
fn limit(shape: Shape, outcome: &Outcome) -> String {
    format!(
        "{}: cores {:.0} %, {} {:.0} %",
        shape.workers,
        outcome.cores * 100.0,
        shape.name(outcome.busiest),
        outcome.lock * 100.0,
    )
}

/// Threads of the real engine, on however many cores.
const THREADS: [usize; 5] = [1, 2, 4, 16, 64];

/// The real engine, with one thread, with one for each core, and with more than there are cores.
fn tell_threads(context: &Context) -> Result<(), Failure> {
    let plays = [
        ("one channel, 100 subscribers per worker", Play::Hot(100)),
        ("one channel, 1 subscriber per worker", Play::Hot(1)),
        ("many channels, 1 subscriber", Play::Many(1000)),
        ("channels without subscribers", Play::Nobody),
        ("connect, subscribe to one channel, close", Play::Cycles),
        (
            "2,000 members join one presence channel",
            Play::Joins(MEMBERS),
        ),
    ];
    let cores = context.machine.cores.len();
    let heads: String = THREADS.map(|threads| format!("{threads:>24}")).concat();
    report::say(&format!(
        "threads on {cores} cores, without sockets, per second; waits per 1,000 for shards, inboxes; longest inbox"
    ))?;
    report::say(&format!("{:<42}{heads}", "threads"))?;
    for (name, what) in plays {
        let mut shown = String::new();
        for threads in THREADS {
            shown += &format!("{:>24}", tell_play(context, (what, threads))?);
        }
        report::say(&format!("{name:<42}{shown}"))?;
    }
    Ok(())
}

fn tell_play(context: &Context, what: (Play, usize)) -> Result<String, Failure> {
    let length = Duration::from_millis(if context.quick { 50 } else { 200 });
    let outcome = play(what, &context.machine.cores, length)?;
    let contention = outcome.contention;
    let per_thousand = |waits: u64| waits as f64 / outcome.done as f64 * 1e3;
    Ok(format!(
        "{} ({:.0}, {:.0}; {})",
        report::shown(Some(outcome.rate)),
        per_thousand(contention.directory_waits),
        per_thousand(contention.inbox_waits),
        contention.longest_inbox,
    ))
}
