//! The command line.

use std::{net::SocketAddr, net::ToSocketAddrs, path::PathBuf};

use super::{
    failure::Failure,
    servers::{Credentials, Role},
};

pub(crate) const HELP: &str = "\
bin/bench: measures the server against a plain loop of write(2), in the same run.

  bin/bench                     everything, at most 10 minutes
  bin/bench --quick             shorter runs of the most important measures, at most 1 minute
  bin/bench --only NAME         only the measures whose name contains NAME; may be repeated
  bin/bench --list              the names
  bin/bench --json FILE         where the figures go (default: target/bench.json)
  bin/bench --runs N            interleaved runs per figure, 3 or more (default 3)

Another Pusher-compatible server in the place of ours:

  bin/bench --target ws://HOST:PORT --app-id ID --key KEY --secret SECRET [--pid PID]

  With --pid the CPU time and memory of that process are measured too (this machine only).
";

pub(crate) enum Command {
    Help,
    Serve(Role),
    Measure(Options),
}

/// What to measure, how thoroughly, and whom.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) list: bool,
    pub(crate) only: Vec<String>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) runs: Option<usize>,
    pub(crate) target: Option<Target>,
}

/// A server that somebody else has started.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Credentials,
    pub(crate) pid: Option<u32>,
}

pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, Failure> {
    let mut options = Options::default();
    let mut address = None;
    let mut credentials = Credentials::default();
    let mut pid = None;
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let missing = || Failure::Usage(format!("{argument} needs a value"));
            arguments.next().ok_or_else(missing)
        };
        match argument.as_str() {
            // What cargo adds.
            "--bench" => {}
            "-h" | "--help" => return Ok(Command::Help),
            "serve" => return Role::parse(&value()?).map(Command::Serve),
            "--quick" => options.quick = true,
            "--list" => options.list = true,
            "--only" => options.only.push(value()?),
            "--json" => options.json = Some(value()?.into()),
            "--runs" => options.runs = Some(number(&value()?)?),
            "--target" => address = Some(resolve(&value()?)?),
            "--app-id" => credentials.app_id = value()?,
            "--key" => credentials.key = value()?,
            "--secret" => credentials.secret = value()?,
            "--pid" => pid = Some(number(&value()?)?),
            other => {
                let message = format!("unknown option {other}; --help lists the options");
                return Err(Failure::Usage(message));
            }
        }
    }
    options.target = address.map(|address| Target {
        address,
        credentials,
        pid,
    });
    Ok(Command::Measure(options))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, Failure> {
    text.parse()
        .map_err(|_| Failure::Usage(format!("{text} is not a number that fits")))
}

fn resolve(url: &str) -> Result<SocketAddr, Failure> {
    let wrong = || Failure::Usage(format!("{url} is not ws://HOST:PORT"));
    let rest = url.strip_prefix("ws://").ok_or_else(wrong)?;
    let mut addresses = rest.trim_end_matches('/').to_socket_addrs()?;
    addresses.next().ok_or_else(wrong)
}
