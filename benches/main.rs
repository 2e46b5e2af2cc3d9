//! The benchmarks: `bin/bench`, or `cargo bench --no-default-features --bench reverb -- --help`.
//!
//! One program plays all parts. Started by hand it generates load and reports; as its own child it
//! is the server under test or the baseline, so that each has a process whose CPU and memory are
//! its own. `README.md` beside this file tells what is measured, and how.

mod context;
mod cores;
mod failure;
mod load;
mod machine;
mod measures;
mod options;
mod report;
mod servers;

use std::process::ExitCode;

use self::{failure::Failure, options::Command};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::complain(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    match options::parse(std::env::args().skip(1))? {
        Command::Help => report::say(options::HELP),
        Command::Serve(role) => servers::serve(&role),
        Command::Measure(options) => measures::run_all(&options),
    }
}
