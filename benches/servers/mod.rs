//! The servers that are measured, each in a process of its own.

mod plain;
mod redis;
mod reverb;

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write, stdin, stdout},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

pub(crate) use self::redis::Redis;
use super::{failure::Failure, machine};

/// What a client and a publisher must know of an application.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) app_id: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            app_id: "bench".to_owned(),
            key: "bench-key".to_owned(),
            secret: "bench-secret".to_owned(),
        }
    }
}

/// Which server a child process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The baseline.
    Plain,
    /// The server under test, with so many workers.
    Reverb(usize),
    /// The same with one worker and events that wait so many microseconds for company.
    Coalescing(u32),
    /// The same with one worker and other servers at the Redis on this port.
    Clustered(u16),
}

impl Role {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text.split_once(':') {
            None if text == "plain" => Ok(Self::Plain),
            Some(("reverb", workers)) => workers
                .parse()
                .map(Self::Reverb)
                .map_err(|_| Failure::Usage("reverb:WORKERS".to_owned())),
            Some(("coalescing", time)) => time
                .parse()
                .map(Self::Coalescing)
                .map_err(|_| Failure::Usage("coalescing:MICROSECONDS".to_owned())),
            Some(("clustered", port)) => port
                .parse()
                .map(Self::Clustered)
                .map_err(|_| Failure::Usage("clustered:PORT".to_owned())),
            _ => Err(Failure::Usage(format!("no server is called {text}"))),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Plain => "plain".to_owned(),
            Self::Reverb(workers) => format!("reverb:{workers}"),
            Self::Coalescing(time) => format!("coalescing:{time}"),
            Self::Clustered(port) => format!("clustered:{port}"),
        }
    }

    pub(crate) fn workers(self) -> usize {
        match self {
            Self::Plain | Self::Coalescing(_) | Self::Clustered(_) => 1,
            Self::Reverb(workers) => workers,
        }
    }
}

/// The child's side: serves until its standard input ends, which it does with its parent at the
/// latest.
pub(crate) fn serve(role: &Role) -> Result<(), Failure> {
    match role {
        Role::Plain => plain::serve(announce),
        Role::Reverb(_) | Role::Coalescing(_) | Role::Clustered(_) => {
            let socket = socket_path(std::process::id());
            let _server = reverb::start(*role, &socket).and_then(|server| {
                announce(server.address())?;
                Ok(server)
            })?;
            let _ = stdin().read_to_end(&mut Vec::new());
            Ok(())
        }
    }
}

fn announce(address: SocketAddr) -> Result<(), Failure> {
    let mut output = stdout();
    writeln!(output, "{address}")?;
    output.flush()?;
    Ok(())
}

fn socket_path(pid: u32) -> PathBuf {
    env::temp_dir().join(format!("reverb-bench-{pid}.sock"))
}

/// The parent's side: a server in a child process, which ends with this value.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts a server on these cores.
    pub(crate) fn start(role: Role, cores: &[usize]) -> Result<Self, Failure> {
        let mut child = machine::spawn_on(
            cores,
            Command::new(env::current_exe()?)
                .args(["serve", &role.name()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
        )?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => Err(Failure::Server(format!("{role:?} did not start"))),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens for publishers of this machine.
    pub(crate) fn socket(&self) -> PathBuf {
        socket_path(self.pid())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It ends anyway; waiting for an orderly end would take as long as it has connections.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(self.socket());
    }
}
