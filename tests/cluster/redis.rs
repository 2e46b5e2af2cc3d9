//! A real Redis for a test: on a free port, in a folder of its own, gone with the test.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// When a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names another program than Debian's `redis-server`, as a later one or Valkey's.
const VARIABLE: &str = "REVERB_TEST_REDIS";

/// A `redis-server`, also as a sentinel.
pub(crate) struct Redis {
    is_sentinel: bool,
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl Redis {
    /// A server without a password.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with further arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let mut redis = Self::new(false, arguments);
        redis.resume();
        redis
    }

    /// A sentinel of this master, called `main`. It waits for a busy one until it has to
    /// [lose its patience](Self::lose_patience).
    pub(crate) fn sentinel_of(master: &Self) -> Self {
        let mut redis = Self::new(true, &[]);
        let configuration = format!(
            "sentinel monitor main 127.0.0.1 {} 1\nsentinel failover-timeout main 2000\n",
            master.port
        );
        fs::write(redis.folder.join("sentinel.conf"), configuration).unwrap();
        redis.resume();
        redis
    }

    /// From now on a sentinel takes its master for dead soon.
    pub(crate) fn lose_patience(&self) {
        let milliseconds = ["down-after-milliseconds", "300"];
        self.say(&[&["SENTINEL", "SET", "main"], &milliseconds[..]].concat());
    }

    fn new(is_sentinel: bool, arguments: &[&str]) -> Self {
        Self {
            is_sentinel,
            port: free_port(),
            folder: folder(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            process: None,
        }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A folder that goes with the server.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again at the same port; without a file, it comes back empty.
    pub(crate) fn resume(&mut self) {
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let program = env::var(VARIABLE).unwrap_or_else(|_| "redis-server".to_owned());
        let mut command = Command::new(&program);
        if self.is_sentinel {
            command.arg(self.folder.join("sentinel.conf"));
        }
        command.args(["--port", &self.port.to_string()]);
        command.args(["--bind", "127.0.0.1"]);
        command.args(["--dir".as_ref(), self.folder.as_os_str()]);
        command.args(&self.arguments);
        command.args(if self.is_sentinel {
            ["--sentinel"].as_slice()
        } else {
            &["--save", ""]
        });
        let process = command
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
        self.process = Some(process);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Suspends it: connections stay, and nothing is answered.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap();
        let status = Command::new("kill")
            .args([signal, &process.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Says something and reads the answer, as redis-cli prints it.
    pub(crate) fn say(&self, command: &[&str]) -> String {
        say(self.port, command)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// Says something to the Redis at a port; elements of an array are lines.
pub(crate) fn say(port: u16, command: &[&str]) -> String {
    let parts: Vec<&[u8]> = command.iter().map(|part| part.as_bytes()).collect();
    say_bytes(port, &parts)
}

/// As [`say`], in bytes.
pub(crate) fn say_bytes(port: u16, command: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!("*{}\r\n", command.len()).into_bytes();
    for part in command {
        request.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        request.extend_from_slice(part);
        request.extend_from_slice(b"\r\n");
    }
    stream.write_all(&request).unwrap();
    answer(&mut BufReader::new(stream))
}

fn answer(reader: &mut impl BufRead) -> String {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).unwrap();
    let line = String::from_utf8_lossy(&line).trim_end().to_owned();
    let (kind, rest) = line.split_at(1);
    match kind {
        "$" if rest == "-1" => String::new(),
        "$" => {
            let mut text = vec![0; rest.parse::<usize>().unwrap() + 2];
            reader.read_exact(&mut text).unwrap();
            String::from_utf8_lossy(&text[..text.len() - 2]).into_owned()
        }
        "*" => {
            let count: i64 = rest.parse().unwrap();
            let elements: Vec<String> = (0..count).map(|_| answer(reader)).collect();
            elements.join("\n")
        }
        _ => rest.to_owned(),
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("reverb-redis-{}-{count}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
