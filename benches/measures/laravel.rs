//! What `broadcast()` costs an application behind php-fpm, beside Laravel's own Pusher broadcaster.
//!
//! The column of the plain loop is that broadcaster, with a stand-in for the Pusher SDK
//! (`php/sdk.php`), publishing to the same server.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::php::{self, SCRIPTS};
use crate::{
    context::{Context, Host, Sample, Subject},
    failure::Failure,
    load::{PATIENCE, fastcgi},
    report::{Goal, Row},
};

/// A row: its name, ours and what it is compared with as way and measure, its events, and the goals
/// of its wall clock and its CPU time.
type Shape = (&'static str, Side, Option<Side>, u32, [Goal; 2]);
type Side = (&'static str, &'static str);

const STOCK: &str = "stock";

const SHAPES: &[Shape] = &[
    (
        "broadcast() in php-fpm, the first event of a request",
        ("unix", "first"),
        Some((STOCK, "first")),
        1,
        [Goal::AtMost(400.0), Goal::None],
    ),
    (
        "broadcast() in php-fpm, a further event",
        ("unix", "further"),
        Some((STOCK, "further")),
        1000,
        [Goal::AtMost(200.0), Goal::AtMost(120.0)],
    ),
    (
        "of which Laravel",
        ("none", "further"),
        None,
        1000,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension alone",
        ("unix", "driver"),
        Some((STOCK, "driver")),
        1000,
        [Goal::AtMost(60.0), Goal::AtMost(15.0)],
    ),
    (
        "of which a bare round trip",
        ("none", "echoed"),
        None,
        1000,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension, in Reverb::batch()",
        ("unix", "batch"),
        None,
        20_000,
        [Goal::AtMost(5.0), Goal::None],
    ),
    (
        "driver and extension, 100 channels in one event",
        ("unix", "hundred"),
        Some((STOCK, "hundred")),
        500,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension over HTTP; a socket in PHP",
        ("http", "driver"),
        Some(("none", "raw")),
        1000,
        [Goal::AtMostTimes(1.2), Goal::None],
    ),
];

/// Requests before those that count: code is compiled and connections are made.
const WARM_UP: usize = 5;

/// Requests whose median counts, where each has one event only.
const REQUESTS: usize = 15;

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    if !context.is_own() {
        return Ok(Vec::new());
    }
    let Some(paths) = php::prepare("laravel")? else {
        return Ok(Vec::new());
    };
    let [_, app, fpm, extension] = paths.as_slice() else {
        return Err(Failure::Server("php/prepare printed too little".to_owned()));
    };
    let fpm = Fpm::start(fpm, extension)?;
    let mut rows = Vec::new();
    for (name, ours, theirs, events, goals) in SHAPES {
        let sides: Vec<Side> = [Some(*ours), *theirs].into_iter().flatten().collect();
        let samples = context.interleave(&sides, |side| {
            let host = context.host(Subject::Tested)?;
            Request { app, host: &host }.measure(&fpm, *side, *events)
        })?;
        let figures = [("wall", "µs each"), ("cpu", "CPU µs each in PHP")];
        rows.extend(figures.iter().zip(goals).map(|((figure, unit), goal)| Row {
            measure: (*name).to_owned(),
            unit,
            value: samples[0].get(figure),
            plain: samples.get(1).and_then(|sample| sample.get(figure)),
            goal: *goal,
        }));
    }
    Ok(rows)
}

struct Request<'a> {
    app: &'a Path,
    host: &'a Host,
}

impl Request<'_> {
    fn measure(&self, fpm: &Fpm, (way, measure): Side, events: u32) -> Result<Sample, Failure> {
        let credentials = &self.host.credentials;
        let plan = json!({
            "app": self.app, "way": way, "measure": measure, "events": events,
            "host": "127.0.0.1", "port": self.host.address.port(), "socket": self.host.socket(),
            "app_id": credentials.app_id, "key": credentials.key, "secret": credentials.secret,
        });
        let plan = plan.to_string();
        let counted = if events == 1 { REQUESTS } else { 1 };
        let mut samples = Vec::new();
        for request in 0..WARM_UP + counted {
            let (wall, cpu) = fpm.run(&plan)?;
            if request >= WARM_UP {
                samples.push(Sample::default().with("wall", wall).with("cpu", cpu));
            }
        }
        Ok(Sample::median(&samples))
    }
}

/// A php-fpm with one worker, which ends with this value.
struct Fpm {
    child: Child,
    folder: PathBuf,
}

impl Fpm {
    fn start(program: &Path, extension: &Path) -> Result<Self, Failure> {
        let folder = env::temp_dir().join(format!("reverb-bench-fpm-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let shown = folder.display();
        let configuration = format!(
            "[global]\nerror_log = {shown}/log\n[www]\nuser = root\ngroup = root\nlisten = {shown}/sock\n\
             pm = static\npm.max_children = 1\n\
             php_flag[display_errors] = on\nphp_flag[html_errors] = off\n"
        );
        fs::write(folder.join("conf"), configuration)?;
        let child = Command::new(program)
            .args(["-F", "-O", "-R", "-y"])
            .arg(folder.join("conf"))
            .env("PHP_INI_SCAN_DIR", format!(":{}", extension.display()))
            .stderr(Stdio::null())
            .spawn()?;
        let fpm = Self { child, folder };
        let deadline = Instant::now() + PATIENCE;
        while !fpm.socket().exists() {
            if Instant::now() > deadline {
                return Err(Failure::Late("php-fpm's start", PATIENCE));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(fpm)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("sock")
    }

    /// One request; the microseconds that it says each event took.
    fn run(&self, plan: &str) -> Result<(f64, f64), Failure> {
        let script = fs::canonicalize(format!("{SCRIPTS}/broadcast.php"))?;
        let answer = fastcgi::request(
            &self.socket(),
            &[
                ("SCRIPT_FILENAME", &script.to_string_lossy()),
                ("REQUEST_METHOD", "GET"),
                ("REVERB_BENCH", plan),
            ],
        )?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        php::figures(body).map_err(|_| Failure::Server(format!("php-fpm answered {answer}")))
    }
}

impl Drop for Fpm {
    fn drop(&mut self) {
        // Killed, it would leave its worker behind.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
