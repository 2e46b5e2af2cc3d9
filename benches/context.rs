//! What all measures need: the servers, how long to run, and the medians.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{
    failure::Failure,
    load::{Crowd, Way},
    machine::{self, Machine},
    options::{Options, Target},
    servers::{Credentials, Role, Running},
};

/// Fewer runs have no median worth the name.
const FEWEST_RUNS: usize = 3;

/// Descriptors that a process needs besides its connections.
const OTHER_FILES: usize = 200;

pub(crate) struct Context {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) runs: usize,
    target: Option<Target>,
}

/// Which server a run is against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The plain loop.
    Plain,
    /// Ours, with one worker; or the server that was named on the command line.
    Tested,
    /// The same on any core, for publishers that may run on any core.
    Unbound,
    /// Ours, with so many workers.
    Workers(usize),
    /// Ours, with events that wait so many microseconds for company.
    Coalescing(u32),
    /// Ours, with others at the Redis on this port.
    Clustered(u16),
}

/// The two sides of a comparison.
pub(crate) const BOTH: [Subject; 2] = [Subject::Plain, Subject::Tested];

/// A server during one run.
pub(crate) struct Host {
    pub(crate) subject: Subject,
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Credentials,
    pid: Option<u32>,
    running: Option<Running>,
}

/// The figures of one run, or the medians of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(BTreeMap<&'static str, f64>);

impl Context {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            machine: Machine::prepare(),
            quick: options.quick,
            runs: options.runs.unwrap_or(FEWEST_RUNS).max(FEWEST_RUNS),
            target: options.target.clone(),
        }
    }

    /// Whether the server under test is ours, whose unix socket and workers are known.
    pub(crate) fn is_own(&self) -> bool {
        self.target.is_none()
    }

    /// How long to measure.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_millis(if self.quick { 400 } else { 2000 })
    }

    /// So many connections, or as many as there are descriptors for.
    pub(crate) fn connections(&self, wanted: usize) -> usize {
        let most = usize::try_from(self.machine.open_files).unwrap_or(usize::MAX);
        wanted.min(most.saturating_sub(OTHER_FILES))
    }

    /// Starts a server, or shows the one that was named.
    pub(crate) fn host(&self, subject: Subject) -> Result<Host, Failure> {
        let role = match (subject, &self.target) {
            (Subject::Tested | Subject::Unbound, Some(target)) => return Ok(Host::of(target)),
            (Subject::Plain, _) => Role::Plain,
            (Subject::Tested | Subject::Unbound, None) => Role::Reverb(1),
            (Subject::Workers(workers), _) => Role::Reverb(workers),
            (Subject::Coalescing(time), _) => Role::Coalescing(time),
            (Subject::Clustered(port), _) => Role::Clustered(port),
        };
        let cores = match subject {
            Subject::Unbound => &self.machine.cores,
            _ => self.machine.server_cores(role.workers()),
        };
        let running = Running::start(role, cores)?;
        Ok(Host {
            subject,
            address: running.address,
            credentials: Credentials::default(),
            pid: Some(running.pid()),
            running: Some(running),
        })
    }

    /// Runs each subject in turn, and that several times; the median of each figure.
    pub(crate) fn interleave<S>(
        &self,
        subjects: &[S],
        run: impl FnMut(&S) -> Result<Sample, Failure>,
    ) -> Result<Vec<Sample>, Failure> {
        interleave(self.runs, subjects, run)
    }

    /// The same against plain loop and server under test, each started for the run.
    pub(crate) fn compare(
        &self,
        mut run: impl FnMut(&Host) -> Result<Sample, Failure>,
    ) -> Result<[Sample; 2], Failure> {
        let samples = self.interleave(&BOTH, |subject| run(&self.host(*subject)?))?;
        let mut samples = samples.into_iter();
        Ok([
            samples.next().unwrap_or_default(),
            samples.next().unwrap_or_default(),
        ])
    }
}

/// Runs each subject in turn, and that so many times; the median of each figure.
pub(crate) fn interleave<S>(
    times: usize,
    subjects: &[S],
    mut run: impl FnMut(&S) -> Result<Sample, Failure>,
) -> Result<Vec<Sample>, Failure> {
    let mut samples = vec![Vec::new(); subjects.len()];
    for _ in 0..times {
        for (subject, samples) in subjects.iter().zip(&mut samples) {
            samples.push(run(subject)?);
        }
    }
    Ok(samples
        .iter()
        .map(|samples| Sample::median(samples))
        .collect())
}

impl Host {
    fn of(target: &Target) -> Self {
        Self {
            subject: Subject::Tested,
            address: target.address,
            credentials: target.credentials.clone(),
            pid: target.pid,
            running: None,
        }
    }

    pub(crate) fn crowd(&self) -> Result<Crowd, Failure> {
        Crowd::new(self.address, &self.credentials.key)
    }

    /// How an application publishes here.
    pub(crate) fn way(&self) -> Way {
        match self.subject {
            Subject::Plain => Way::Plain,
            Subject::Tested
            | Subject::Unbound
            | Subject::Workers(_)
            | Subject::Coalescing(_)
            | Subject::Clustered(_) => Way::Http,
        }
    }

    /// The CPU time the server has used so far, in microseconds.
    pub(crate) fn cpu(&self) -> Option<f64> {
        let time = machine::cpu_time(self.pid?)?;
        Some(time.as_secs_f64() * 1e6)
    }

    /// The memory the server has in use, in bytes.
    pub(crate) fn resident(&self) -> Option<f64> {
        Some(machine::resident(self.pid?)? as f64)
    }

    /// Where ours listens for publishers of this machine.
    pub(crate) fn socket(&self) -> Option<PathBuf> {
        self.running.as_ref().map(Running::socket)
    }
}

impl Sample {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Option<f64>>) -> Self {
        if let Some(value) = value.into() {
            self.0.insert(name, value);
        }
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    pub(crate) fn median(samples: &[Self]) -> Self {
        let mut medians = Self::default();
        for name in samples.iter().flat_map(|sample| sample.0.keys()) {
            let mut values: Vec<f64> = samples
                .iter()
                .filter_map(|sample| sample.get(name))
                .collect();
            values.sort_by(f64::total_cmp);
            medians.0.insert(name, values[values.len() / 2]);
        }
        medians
    }
}

/// Time and CPU from one moment on.
pub(crate) struct Clock {
    since: Instant,
    cpu: Option<f64>,
}

impl Clock {
    pub(crate) fn start(host: &Host) -> Self {
        Self {
            since: Instant::now(),
            cpu: host.cpu(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// So many per second, and the server's microseconds for each.
    pub(crate) fn sample(&self, host: &Host, count: u64) -> Sample {
        let per_second = count as f64 / self.elapsed().as_secs_f64();
        let cpu = self.cpu.zip(host.cpu());
        Sample::default().with("rate", per_second).with(
            "cpu",
            cpu.map(|(before, after)| (after - before) / count as f64),
        )
    }
}
