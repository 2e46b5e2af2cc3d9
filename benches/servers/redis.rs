//! The Redis between several servers: of the benchmark's own, on a free port, with nothing on disk.

use std::{
    env, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, load::PATIENCE};

pub(crate) struct Redis {
    process: Child,
    pub(crate) port: u16,
}

impl Redis {
    /// Starts one; `None` where there is no `redis-server`.
    pub(crate) fn start() -> Result<Option<Self>, Failure> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let started = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(env::temp_dir())
            .stdout(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let redis = Self { process, port };
        let deadline = Instant::now() + PATIENCE;
        while redis.connect().is_err() {
            if Instant::now() > deadline {
                return Err(Failure::Late("redis-server", PATIENCE));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(redis))
    }

    fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", self.port))
    }

    /// How many commands it has carried out that tell of events.
    pub(crate) fn events(&self) -> Result<u64, Failure> {
        let mut stream = self.connect()?;
        stream.write_all(b"INFO commandstats\r\nQUIT\r\n")?;
        let mut told = String::new();
        stream.read_to_string(&mut told)?;
        let calls = told.lines().filter_map(|line| {
            let line = line.strip_prefix("cmdstat_")?;
            let (name, figures) = line.split_once(":calls=")?;
            let is_telling = matches!(name, "publish" | "spublish");
            let calls = figures.split(',').next()?.parse::<u64>().ok()?;
            is_telling.then_some(calls)
        });
        Ok(calls.sum())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It keeps nothing.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
