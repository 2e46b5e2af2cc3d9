//! The table and the JSON file.

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::Path,
};

use serde_json::{Value, json};

use super::{context::Context, failure::Failure};

/// One figure with what it must reach.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) measure: String,
    pub(crate) unit: &'static str,
    pub(crate) value: Option<f64>,
    pub(crate) plain: Option<f64>,
    pub(crate) goal: Goal,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Times the plain loop's, or what else stands in that column.
    AtLeastTimes(f64),
    AtMostTimes(f64),
    /// It is only shown.
    None,
}

impl Row {
    fn verdict(&self) -> &'static str {
        let (value, plain) = (self.value, self.plain);
        let reached = match self.goal {
            Goal::AtLeast(goal) => value.map(|value| value >= goal),
            Goal::AtMost(goal) => value.map(|value| value <= goal),
            Goal::AtLeastTimes(times) => value
                .zip(plain)
                .map(|(value, plain)| value >= times * plain),
            Goal::AtMostTimes(times) => value
                .zip(plain)
                .map(|(value, plain)| value <= times * plain),
            Goal::None => None,
        };
        match reached {
            Some(true) => "PASS",
            Some(false) => "MISS",
            None => "",
        }
    }

    fn ratio(&self) -> Option<f64> {
        Some(self.value? / self.plain?)
    }

    fn line(&self) -> String {
        format!(
            "{:<54} {:>12} {:>12} {:>7} {:>12}  {}",
            format!("{}, {}", self.measure, self.unit),
            shown(self.value),
            shown(self.plain),
            shown(self.ratio()),
            self.goal.text(),
            self.verdict()
        )
    }

    fn json(&self) -> Value {
        json!({
            "measure": self.measure, "unit": self.unit, "value": self.value, "plain": self.plain,
            "ratio": self.ratio(), "goal": self.goal.text(), "verdict": self.verdict(),
        })
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::AtLeast(goal) => format!(">= {}", shown(Some(goal))),
            Self::AtMost(goal) => format!("<= {}", shown(Some(goal))),
            Self::AtLeastTimes(times) => format!(">= {times} x"),
            Self::AtMostTimes(times) => format!("<= {times} x"),
            Self::None => String::new(),
        }
    }
}

/// About four digits of a figure.
pub(crate) fn shown(figure: Option<f64>) -> String {
    match figure {
        None => "-".to_owned(),
        Some(figure) if figure >= 1000.0 => thousands(figure.round() as u64),
        Some(figure) if figure >= 100.0 => format!("{figure:.0}"),
        Some(figure) if figure >= 10.0 => format!("{figure:.1}"),
        Some(figure) => format!("{figure:.3}"),
    }
}

fn thousands(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        more => format!("{},{:03}", thousands(more), number % 1000),
    }
}

pub(crate) fn facts(context: &Context) -> Result<(), Failure> {
    let machine = &context.machine;
    let pinned = if machine.is_pinned {
        "server on the first, generator on the others"
    } else {
        "server and generator share them"
    };
    say(&format!(
        "{}; Linux {}; {} cores ({pinned}); {} descriptors per process; load {}; medians of {} interleaved runs",
        machine.processor,
        machine.kernel,
        machine.cores.len(),
        machine.open_files,
        machine.load,
        context.runs
    ))?;
    say(&format!(
        "{:<54} {:>12} {:>12} {:>7} {:>12}",
        "measure", "server", "plain loop", "ratio", "goal"
    ))
}

pub(crate) fn rows(rows: &[Row]) -> Result<(), Failure> {
    rows.iter().try_for_each(|row| say(&row.line()))
}

/// Says how much the machine was busy with something else.
pub(crate) fn disturbance(waited: Option<f64>) -> Result<(), Failure> {
    /// From here on rates and latencies say more about the others than about the servers.
    const TOO_MUCH: f64 = 0.05;
    let Some(share) = waited else {
        return Ok(());
    };
    let advice = if share > TOO_MUCH {
        ": something else was running. Only CPU times and ratios mean something; run it again alone"
    } else {
        ""
    };
    say(&format!(
        "The generator waited {:.1} % of the time for a core{advice}.",
        share * 100.0
    ))
}

pub(crate) fn write(
    path: &Path,
    (context, waited): (&Context, Option<f64>),
    rows: &[Row],
) -> Result<(), Failure> {
    let machine = &context.machine;
    let rows: Vec<_> = rows.iter().map(Row::json).collect();
    let report = json!({
        "machine": {
            "processor": machine.processor, "kernel": machine.kernel,
            "cores": machine.cores.len(), "descriptors": machine.open_files,
            "load": machine.load, "pinned": machine.is_pinned,
        },
        "waited_for_core": waited, "runs": context.runs, "quick": context.quick, "rows": rows,
    });
    fs::write(path, format!("{report:#}\n"))?;
    Ok(())
}

pub(crate) fn say(text: &str) -> Result<(), Failure> {
    writeln!(stdout(), "{text}")?;
    Ok(())
}

/// Tells why there are no figures.
pub(crate) fn complain(failure: &Failure) {
    // If nobody hears it, the exit status still tells.
    let _ = writeln!(stderr(), "error: {failure}");
}
