//! The end of connections: of a channel with ever more subscribers, and with ever more
//! subscriptions of their own.

use std::{thread::sleep, time::Duration};

use super::{FLAT, many, row, subscribe_all};
use crate::{
    context::{Clock, Context, Host, Sample, Subject},
    failure::Failure,
    load::{Channel, Crowd},
    report::{Goal, Row},
};

/// How many leave a large channel.
const LEAVING: usize = 2000;

/// CPU per end of a connection.
pub(in crate::measures) fn disconnects(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut rows = of_a_channel(context)?;
    if context.is_own() {
        rows.push(with_channels(context)?);
    }
    Ok(rows)
}

fn of_a_channel(context: &Context) -> Result<Vec<Row>, Failure> {
    let count = many(context);
    let runs =
        [Subject::Tested, Subject::Plain].map(|subject| [(subject, LEAVING), (subject, count)]);
    let samples = context.interleave(runs.as_flattened(), |(subject, count)| {
        let host = context.host(*subject)?;
        let mut crowd = host.crowd()?;
        let channel = Channel::new("bench", &host.credentials);
        let keys = crowd.subscribe(*count, &channel)?;
        Ok(leave(&host, &mut crowd, &keys[..LEAVING], LEAVING))
    })?;
    let name = |whose: &str| format!("{whose}disconnect among {count} subscribers; {LEAVING}");
    let unit = "CPU µs each";
    Ok(vec![
        row(name(""), unit, [&samples[1], &samples[0]], FLAT),
        row(
            name("the plain loop: "),
            unit,
            [&samples[3], &samples[2]],
            Goal::None,
        ),
    ])
}

fn with_channels(context: &Context) -> Result<Row, Failure> {
    const LEAVING: usize = 200;
    let counts = [20, 200];
    let samples = context.interleave(&counts, |each| {
        let host = context.host(Subject::Tested)?;
        let mut crowd = host.crowd()?;
        let keys = crowd.open(LEAVING)?;
        for number in 0..*each {
            subscribe_all(&host, &mut crowd, (&keys, number))?;
        }
        Ok(leave(&host, &mut crowd, &keys, LEAVING * each))
    })?;
    let measure = format!("disconnect with {} channels; {}", counts[1], counts[0]);
    Ok(row(
        measure,
        "CPU µs per channel",
        [&samples[1], &samples[0]],
        FLAT,
    ))
}

/// Closes connections, with what that costs the server for each of `count`.
fn leave(host: &Host, crowd: &mut Crowd, keys: &[usize], count: usize) -> Sample {
    let clock = Clock::start(host);
    for key in keys {
        crowd.links.close(*key);
    }
    // Nobody is told when the server is through with it, so it gets ample time.
    sleep(Duration::from_millis(300));
    clock.sample(host, count as u64)
}
