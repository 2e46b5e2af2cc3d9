//! What the machine has, and what a process used of it.

use std::{
    fs, io,
    process::{self, Child, Command},
    time::Duration,
};

use rustix::{
    process::{Pid, Resource, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

/// Clock ticks in a second: USER_HZ, which Linux promises to other programs.
const TICKS: u64 = 100;

/// The facts that go with every result.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The cores this process may use.
    pub(crate) cores: Vec<usize>,
    pub(crate) open_files: u64,
    pub(crate) processor: String,
    pub(crate) kernel: String,
    /// The load of the last minute when the run began: above 0.5 it was not alone.
    pub(crate) load: f64,
    pub(crate) is_pinned: bool,
}

impl Machine {
    /// Looks at the machine, takes all descriptors there are, and moves this process off the core
    /// that the servers get.
    pub(crate) fn prepare() -> Self {
        let cores = own_cores();
        let load = read("/proc/loadavg");
        Self {
            is_pinned: cores.len() > 1 && pin(&cores[1..]),
            cores,
            open_files: raise_open_files(),
            processor: field("/proc/cpuinfo", "model name"),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: load
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or(0.0),
        }
    }

    /// The cores that a server with so many workers is pinned to.
    pub(crate) fn server_cores(&self, workers: usize) -> &[usize] {
        &self.cores[..workers.min(self.cores.len())]
    }
}

/// Keeps this process, and those it starts, on these cores; whether that was possible.
pub(crate) fn pin(cores: &[usize]) -> bool {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    sched_setaffinity(None, &set).is_ok()
}

/// Starts a program on these cores.
pub(crate) fn spawn_on(cores: &[usize], command: &mut Command) -> io::Result<Child> {
    let own = own_cores();
    // A child inherits its parent's cores.
    pin(cores);
    let child = command.spawn();
    pin(&own);
    child
}

/// The CPU time that a process has used, all threads together.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    precise_cpu_time(pid).or_else(|| ticks(pid))
}

/// How long this process has been ready to run without getting a core.
pub(crate) fn waited() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds = text.split(' ').nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Bytes of memory that a process has in use.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = field(&format!("/proc/{pid}/status"), "VmRSS");
    let kilobytes: u64 = status.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// From `schedstat`, in nanoseconds; where the kernel has it, it equals `stat` but for the ticks'
/// coarseness. Threads that have ended are not in it: the servers' never end.
fn precise_cpu_time(pid: u32) -> Option<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanoseconds))
}

fn ticks(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name may contain anything, but its end is the last bracket.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS))
}

/// The cores that this process may use now.
pub(crate) fn own_cores() -> Vec<usize> {
    let own = Pid::from_raw(process::id().cast_signed());
    sched_getaffinity(own)
        .map(|set| {
            (0..CpuSet::MAX_CPU)
                .filter(|core| set.is_set(*core))
                .collect()
        })
        .unwrap_or_default()
}

fn raise_open_files() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

fn field(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
