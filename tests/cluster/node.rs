//! A server in a process of its own, as a process has one server and a test needs several.

use std::{
    env,
    io::{BufRead, BufReader, Read, stdin},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio, exit},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use reverb::{
    client::{Options, Publisher},
    cluster::Dialect,
    engine::Notice,
    server::{Answer as Provided, Config, Question, Server, parse_application},
};
use serde_json::{Value, json};

use super::{
    redis::Redis,
    support::{
        PATIENCE,
        client::Client,
        http::{Answer, Request},
        server::configuration,
    },
};

/// Says to a copy of this program that it is to be a server.
const VARIABLE: &str = "REVERB_TEST_NODE";

/// How long a server that is asked to stop waits for its clients, unless the test says `stop`.
const GRACE: Duration = Duration::from_secs(3);

/// The entrance of the copies; in the program that runs the tests it only makes sure of that.
#[test]
fn a_copy_of_this_program_is_a_server() {
    match env::var(VARIABLE) {
        Ok(configuration) => serve(&serde_json::from_str(&configuration).unwrap()),
        Err(error) => assert_eq!(error, env::VarError::NotPresent),
    }
}

/// Serves until the input ends. Says where it listens, and what the operator is told.
#[allow(clippy::print_stdout, reason = "the test reads it")]
fn serve(configuration: &Value) -> ! {
    let mut config = Config::parse(&configuration["server"]).unwrap();
    let milliseconds = |key: &str| {
        let time = configuration["times"][key].as_u64();
        time.map(Duration::from_millis)
    };
    config.adapt_scaling(|times, dialect| {
        times.lease = milliseconds("lease").unwrap_or(times.lease);
        times.pace.beat = milliseconds("beat").unwrap_or(times.pace.beat);
        times.pace.grace = milliseconds("grace").unwrap_or(times.pace.grace);
        if let Some(version) = configuration["version"].as_u64() {
            *dialect = later(version);
        }
    });
    let server = match Server::start(config) {
        Ok(server) => server,
        Err(error) => {
            println!("refused {error}");
            exit(1);
        }
    };
    println!("listening {}", server.address());
    let is_over = Arc::new(AtomicBool::new(false));
    let is_asked = Arc::clone(&is_over);
    thread::spawn(move || {
        // The test is over, or wants the server to stop.
        let _ = stdin().read_to_end(&mut Vec::new());
        is_asked.store(true, Ordering::Release);
    });
    while !is_over.load(Ordering::Acquire) {
        for notice in server.notices().drain() {
            if let Notice::Warning(warning) = notice {
                println!("warning {warning}");
            }
        }
        while let Some(question) = server.question() {
            server.answer(&question, answer(&configuration["known"], &question));
        }
        thread::sleep(Duration::from_millis(10));
    }
    server.stop(milliseconds("stop").unwrap_or(GRACE));
    exit(0);
}

/// What servers of a version say, if each version appends something to what the one before says.
fn later(version: u64) -> Dialect {
    let of_this = Dialect::default().version;
    let version = u8::try_from(version).unwrap();
    Dialect {
        version,
        appended: 7 * (version - of_this),
    }
}

/// What an application provider says that knows these applications.
fn answer(known: &Value, question: &Question) -> Provided {
    let field = match question {
        Question::Key(_) => "key",
        Question::Id(_) => "app_id",
    };
    let mut known = known.as_array().into_iter().flatten();
    match known.find(|application| application[field] == question.name()) {
        Some(application) => {
            Provided::Application(Box::new(parse_application(application).unwrap()))
        }
        None => Provided::Unknown,
    }
}

/// What a server has said.
#[derive(Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

/// A running server.
pub(crate) struct Node {
    process: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Said>,
}

impl Node {
    /// A server with the configuration of [`configuration`], next to this Redis.
    pub(crate) fn start(redis: &Redis) -> Self {
        Self::with(redis.port(), |_| {})
    }

    /// A server whose lease is a second long in place of ten.
    pub(crate) fn hasty(redis: &Redis) -> Self {
        Self::with(redis.port(), hasty)
    }

    /// As [`Node::start`], with a changed configuration: `server`, `times` in milliseconds, and the
    /// `version` of what it says and the applications that are `known` to its provider.
    pub(crate) fn with(port: u16, change: impl FnOnce(&mut Value)) -> Self {
        Self::try_with(port, change).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// As [`Node::with`]; or the reason why it does not start, with which it exits.
    pub(crate) fn try_with(port: u16, change: impl FnOnce(&mut Value)) -> Result<Self, String> {
        let mut server = configuration();
        server["scaling"] = json!({
            "channel": "reverb", "servers": [{ "host": "127.0.0.1", "port": port }],
        });
        let mut configuration = json!({ "server": server, "times": {} });
        change(&mut configuration);
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "node::a_copy_of_this_program_is_a_server"])
            .args(["--nocapture", "--test-threads", "1"])
            .env(VARIABLE, configuration.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Said::default());
        let output = process.stdout.take().unwrap();
        let heard = Arc::clone(&said);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                heard.lines.lock().push(line);
                heard.more.notify_all();
            }
        });
        let first = said.wait_for(|line| line.contains("listening ") || line.contains("refused "));
        match first.split_once("listening ") {
            Some((_, address)) => Ok(Self {
                process,
                address: address.parse().unwrap(),
                said,
            }),
            None => {
                assert_eq!(process.wait().unwrap().code(), Some(1));
                Err(first.split_once("refused ").unwrap().1.to_owned())
            }
        }
    }

    /// A client of the first application that has read its greeting.
    pub(crate) fn connect(&self) -> Client {
        let mut client = self.open("reverb-key");
        client.read_greeting();
        client
    }

    /// A client that has not read its greeting.
    pub(crate) fn open(&self, key: &str) -> Client {
        Client::open(self.address, &format!("/app/{key}"), &[])
    }

    /// A request to the first application, to be signed.
    pub(crate) fn signed(&self, method: &str, path: &str) -> Request {
        self.signed_by(("123456", "reverb-key", "reverb-secret"), method, path)
    }

    /// A request to the application with this id, key and secret, to be signed.
    pub(crate) fn signed_by(
        &self,
        (id, key, secret): (&str, &str, &str),
        method: &str,
        path: &str,
    ) -> Request {
        Request::new(self.address, method, &format!("/apps/{id}{path}")).signed(key, secret)
    }

    /// What a query answers.
    pub(crate) fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask(path).body).unwrap()
    }

    /// A query's whole answer.
    pub(crate) fn ask(&self, path: &str) -> Answer {
        let (path, parameters) = path.split_once('?').unwrap_or((path, ""));
        let request = self.signed("GET", path);
        let parameters = parameters
            .split('&')
            .filter_map(|part| part.split_once('='));
        parameters
            .fold(request, |request, (name, value)| {
                request.parameter(name, value)
            })
            .send()
    }

    /// Publishes, and is told that it is.
    pub(crate) fn publish(&self, event: &str, channel: &str, data: &str) {
        let answer = self.try_publish(event, channel, data, None);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    }

    /// Publishes for all but one connection.
    pub(crate) fn try_publish(
        &self,
        event: &str,
        channel: &str,
        data: &str,
        except: Option<&str>,
    ) -> Answer {
        let mut body = json!({ "name": event, "channels": [channel], "data": data });
        if let Some(except) = except {
            body["socket_id"] = json!(except);
        }
        self.signed("POST", "/events").json(&body).send()
    }

    /// Asks as PHP programs do, over a way that `options` name.
    pub(crate) fn publisher(&self, options: Value) -> Publisher {
        let mut all = json!({ "app_id": "123456", "key": "reverb-key", "secret": "reverb-secret" });
        let options = options.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(options);
        Publisher::new(Options::parse(&all).unwrap())
    }

    /// Waits until the operator was told something.
    pub(crate) fn wait_for_warning(&self, text: &str) -> String {
        self.said
            .wait_for(|line| line.starts_with("warning ") && line.contains(text))
    }

    /// How often the operator was told something.
    pub(crate) fn warnings(&self, text: &str) -> usize {
        let lines = self.said.lines.lock();
        let warnings = lines.iter().filter(|line| line.starts_with("warning "));
        warnings.filter(|line| line.contains(text)).count()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it, as SIGTERM does.
    pub(crate) fn stop(mut self) -> ExitStatus {
        drop(self.process.stdin.take());
        self.process.wait().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Said {
    fn wait_for(&self, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.lines.lock();
        loop {
            if let Some(line) = lines.iter().find(|line| is_it(line)) {
                return line.clone();
            }
            let timed_out = self.more.wait_until(&mut lines, deadline).timed_out();
            assert!(!timed_out, "it has said {lines:?}");
        }
    }
}

/// Makes the times of a configuration shorter.
pub(crate) fn hasty(configuration: &mut Value) {
    configuration["times"] = json!({ "lease": 1000, "beat": 200, "grace": 400 });
}

/// Asks until it is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "still waiting for {what}");
        thread::sleep(Duration::from_millis(10));
    }
    began.elapsed()
}
