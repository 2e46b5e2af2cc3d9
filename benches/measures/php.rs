//! What PHP pays for publishing through the extension, without a framework.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    context::{Clock, Context, Host, Sample, Subject},
    failure::Failure,
    load::Text,
    machine,
    report::{self, Goal, Row},
};

const TEXT: Text = Text { size: 200 };

/// Where the scripts are, from the repository's root.
pub(super) const SCRIPTS: &str = "benches/php";

/// Builds what is not there yet, and returns where it is, line by line; none where it cannot be had.
pub(super) fn prepare(what: &str) -> Result<Option<Vec<PathBuf>>, Failure> {
    let output = Command::new(format!("{SCRIPTS}/prepare"))
        .arg(what)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        report::say("The measures of PHP are left out: what they need is missing, see above.")?;
        return Ok(None);
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(Some(lines.lines().map(PathBuf::from).collect()))
}

/// The unix socket: acknowledged one by one, and written without waiting.
pub(super) fn unix(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let Some(paths) = prepare("extension")? else {
        return Ok(Vec::new());
    };
    let php = paths.first().cloned().unwrap_or_default();
    let unwaited = if context.quick { 100_000 } else { 500_000 };
    let waited = unwaited / 20;
    let plans = [(true, waited), (false, unwaited)];
    let samples = context.interleave(&plans, |(acknowledge, events)| {
        let host = context.host(Subject::Unbound)?;
        publish(
            (&php, &context.machine.cores),
            &host,
            (*acknowledge, *events),
        )
    })?;
    Ok([
        ("unix publish from PHP, each acknowledged", 15_000.0),
        ("unix publish from PHP, written without waiting", 300_000.0),
    ]
    .into_iter()
    .zip(samples)
    .flat_map(|((name, goal), sample)| {
        [
            ("rate", "per second", Goal::AtLeast(goal)),
            ("php", "CPU µs each in PHP", Goal::None),
            ("cpu", "CPU µs each", Goal::None),
        ]
        .map(|(figure, unit, goal)| Row {
            measure: name.to_owned(),
            unit,
            value: sample.get(figure),
            plain: None,
            goal,
        })
    })
    .collect())
}

fn publish(
    (php, cores): (&Path, &[usize]),
    host: &Host,
    (acknowledge, events): (bool, u64),
) -> Result<Sample, Failure> {
    let credentials = &host.credentials;
    let plan = json!({
        "options": {
            "app_id": credentials.app_id, "key": credentials.key, "secret": credentials.secret,
            "socket": host.socket(),
        },
        "acknowledge": acknowledge, "events": events, "data": TEXT.data(0, 0),
    });
    let clock = Clock::start(host);
    let publisher = machine::spawn_on(
        cores,
        Command::new(php)
            .args(["-d", "opcache.enable_cli=1"])
            .arg(format!("{SCRIPTS}/publish.php"))
            .arg(plan.to_string())
            .stdout(Stdio::piped()),
    )?;
    let output = publisher.wait_with_output()?;
    let server = clock.sample(host, events).get("cpu");
    let (wall, cpu) = figures(&String::from_utf8_lossy(&output.stdout))?;
    Ok(Sample::default()
        .with("rate", 1e6 / wall)
        .with("php", cpu)
        .with("cpu", server))
}

/// The microseconds of wall clock and CPU that a script printed for each event.
fn figures(printed: &str) -> Result<(f64, f64), Failure> {
    let wrong = || Failure::Server(format!("a script printed {printed:?}"));
    let figures: Value = serde_json::from_str(printed).map_err(|_| wrong())?;
    let figure = |name: &str| figures[name].as_f64().ok_or_else(wrong);
    Ok((figure("wall")?, figure("cpu")?))
}
