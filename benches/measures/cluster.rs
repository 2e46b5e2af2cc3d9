//! Events on their way through Redis, from one server to subscribers of another. The other column is
//! one server that has the subscribers itself.

use std::time::Duration;

use super::flight::{Flight, Plan};
use crate::{
    context::{Context, Host, Sample, Subject},
    failure::Failure,
    load::Way,
    report::{Goal, Row},
    servers::Redis,
};

/// Servers at one Redis. The last has the subscribers, the first the publishers.
const SIZES: [usize; 2] = [2, 4];

/// For latencies: events a second that keep nobody busy.
const INTERVAL: Duration = Duration::from_millis(5);

/// For rates: publishers that each have one event on its way.
const PUBLISHERS: usize = 64;

const PLAN: Plan<'_> = Plan {
    channel: "bench",
    subscribers: 10,
    publishers: 1,
    way: Way::Http,
    size: 200,
};

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    if Redis::start()?.is_none() {
        let measure = "through Redis (needs redis-server)".to_owned();
        return Ok(vec![row(measure, "events/s", None, None)]);
    }
    let sizes = [1, SIZES[0], SIZES[1]];
    let samples = context.interleave(&sizes, |size| sample(context, *size))?;
    let figures = [
        ("rate", "events/s"),
        ("p50", "ms p50"),
        ("p99", "ms p99"),
        ("commands", "PUBLISH per event"),
    ];
    let rows = SIZES.iter().zip(&samples[1..]).flat_map(|(size, sample)| {
        figures.map(|(figure, unit)| {
            let name = format!("through Redis, {size} servers; 1 alone");
            row(name, unit, sample.get(figure), samples[0].get(figure))
        })
    });
    Ok(rows.collect())
}

fn row(measure: String, unit: &'static str, value: Option<f64>, alone: Option<f64>) -> Row {
    Row {
        measure,
        unit,
        value,
        plain: alone,
        goal: Goal::None,
    }
}

fn sample(context: &Context, size: usize) -> Result<Sample, Failure> {
    if size == 1 {
        let host = context.host(Subject::Workers(1))?;
        return flights(context, &host, &host);
    }
    let Some(redis) = Redis::start()? else {
        return Ok(Sample::default());
    };
    let hosts = (0..size)
        .map(|_| context.host(Subject::Clustered(redis.port)))
        .collect::<Result<Vec<_>, _>>()?;
    let before = redis.events()?;
    let sample = flights(context, &hosts[0], &hosts[size - 1])?;
    let commands = (redis.events()? - before) as f64;
    let published = sample.get("published");
    Ok(sample.with("commands", published.map(|published| commands / published)))
}

/// A calm flight for the latencies, and one at full speed for the rate.
fn flights(context: &Context, from: &Host, to: &Host) -> Result<Sample, Failure> {
    let mut calm = Flight::prepare_across((to, from.address), PLAN)?;
    let latencies = calm.at_intervals(to, INTERVAL, context.window())?;
    let plan = Plan {
        publishers: PUBLISHERS,
        ..PLAN
    };
    let mut fast = Flight::prepare_across((to, from.address), plan)?;
    let rates = fast.at_full_speed(to, context.window())?;
    let published = (calm.published() + fast.published()) as f64;
    Ok(Sample::default()
        .with("p50", latencies.get("p50"))
        .with("p99", latencies.get("p99"))
        .with(
            "rate",
            rates.get("rate").map(|rate| rate / PLAN.subscribers as f64),
        )
        .with("published", published))
}
