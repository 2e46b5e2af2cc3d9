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
use serde_json::{Value, json};

use super::php::{self, SCRIPTS};
use crate::{
    context::{Context, Host, Sample, Subject, interleave},
    failure::Failure,
    load::{PATIENCE, fastcgi},
    machine,
    report::{Goal, Row},
};

/// A row: its name, where it runs, ours and what it is compared with as way and measure, its events,
/// and the goals of its wall clock and its CPU time.
type Shape = (&'static str, Place, Side, Option<Side>, u32, [Goal; 2]);
type Side = (&'static str, &'static str);

/// Where PHP and the server run.
enum Place {
    /// On any core, as the system likes: mostly each wakes a core that idles.
    Anywhere,
    /// Both on the first one: what waking an idle core costs is left out.
    OneCore,
}

const STOCK: &str = "stock";

const SHAPES: &[Shape] = &[
    (
        "broadcast() in php-fpm, the first event of a request",
        Place::Anywhere,
        ("unix", "first"),
        Some((STOCK, "first")),
        1,
        [Goal::AtMost(400.0), Goal::None],
    ),
    (
        "broadcast() in php-fpm, a further event",
        Place::Anywhere,
        ("unix", "further"),
        Some((STOCK, "further")),
        EVENTS,
        [Goal::AtMost(200.0), Goal::AtMost(120.0)],
    ),
    (
        "of which Laravel",
        Place::Anywhere,
        ("none", "further"),
        None,
        EVENTS,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension alone",
        Place::Anywhere,
        ("unix", "driver"),
        Some((STOCK, "driver")),
        EVENTS,
        [Goal::AtMost(60.0), Goal::AtMost(15.0)],
    ),
    (
        "of which a bare round trip",
        Place::Anywhere,
        ("none", "echoed"),
        None,
        EVENTS,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension alone, on one core with the server",
        Place::OneCore,
        ("unix", "driver"),
        Some((STOCK, "driver")),
        EVENTS,
        [Goal::AtMost(60.0), Goal::AtMost(15.0)],
    ),
    (
        "of which a bare round trip on one core",
        Place::OneCore,
        ("none", "echoed"),
        None,
        EVENTS,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension, in Reverb::batch()",
        Place::Anywhere,
        ("unix", "batch"),
        None,
        20_000,
        [Goal::AtMost(5.0), Goal::None],
    ),
    (
        "driver and extension, 100 channels in one event",
        Place::Anywhere,
        ("unix", "hundred"),
        Some((STOCK, "hundred")),
        EVENTS,
        [Goal::None, Goal::None],
    ),
    (
        "driver and extension over HTTP; a socket in PHP",
        Place::Anywhere,
        ("http", "turns"),
        None,
        10 * EVENTS,
        [Goal::AtMostTimes(1.2), Goal::None],
    ),
    (
        "driver and extension over HTTP; a socket in PHP, on one core with the server",
        Place::OneCore,
        ("http", "turns"),
        None,
        10 * EVENTS,
        [Goal::AtMostTimes(1.2), Goal::None],
    ),
];

/// Events of a request, mostly. Few, so that the sides take turns before the machine's speed has changed.
const EVENTS: u32 = 200;

/// Requests before those that count: code is compiled and connections are made.
const WARM_UP: usize = 5;

/// Requests of each side whose median counts.
const REQUESTS: usize = 51;

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
    let machine = &context.machine;
    let anywhere = Fpm::start("anywhere", (fpm, extension), &machine.cores)?;
    let one_core = Fpm::start("one-core", (fpm, extension), machine.server_cores(1))?;
    let mut rows = Vec::new();
    for (name, place, ours, theirs, events, goals) in SHAPES {
        let sides: Vec<Side> = [Some(*ours), *theirs].into_iter().flatten().collect();
        let (fpm, subject) = match place {
            Place::Anywhere => (&anywhere, Subject::Unbound),
            Place::OneCore => (&one_core, Subject::Tested),
        };
        // One server for both sides: both publish to it.
        let host = context.host(subject)?;
        let request = |side: &Side| Request { app, host: &host }.measure(fpm, *side, *events);
        interleave(WARM_UP, &sides, request)?;
        let samples = interleave(REQUESTS, &sides, request)?;
        // What was measured in turns with ours is in its own sample.
        let plain = |figure, beside| match samples.get(1) {
            Some(sample) => sample.get(figure),
            None => samples[0].get(beside),
        };
        let figures = [
            ("wall", "wall beside", "µs each"),
            ("cpu", "cpu beside", "CPU µs each in PHP"),
        ];
        let rows_of = figures.iter().zip(goals);
        rows.extend(rows_of.map(|((figure, beside, unit), goal)| Row {
            measure: (*name).to_owned(),
            unit,
            value: samples[0].get(figure),
            plain: plain(figure, beside),
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
        let answer = fpm.run(&plan.to_string())?;
        let figure = |path| answer.pointer(path).and_then(Value::as_f64);
        Ok(Sample::default()
            .with("wall", figure("/wall"))
            .with("cpu", figure("/cpu"))
            .with("wall beside", figure("/beside/wall"))
            .with("cpu beside", figure("/beside/cpu")))
    }
}

/// A php-fpm with one worker, which ends with this value.
struct Fpm {
    child: Child,
    folder: PathBuf,
}

impl Fpm {
    fn start(
        name: &str,
        (program, extension): (&Path, &Path),
        cores: &[usize],
    ) -> Result<Self, Failure> {
        let folder = format!("reverb-bench-fpm-{}-{name}", std::process::id());
        let folder = env::temp_dir().join(folder);
        fs::create_dir_all(&folder)?;
        let shown = folder.display();
        let configuration = format!(
            "[global]\nerror_log = {shown}/log\n[www]\nuser = root\ngroup = root\nlisten = {shown}/sock\n\
             pm = static\npm.max_children = 1\n\
             php_flag[display_errors] = on\nphp_flag[html_errors] = off\n"
        );
        fs::write(folder.join("conf"), configuration)?;
        let child = machine::spawn_on(
            cores,
            Command::new(program)
                .args(["-F", "-O", "-R", "-y"])
                .arg(folder.join("conf"))
                .env("PHP_INI_SCAN_DIR", format!(":{}", extension.display()))
                .stderr(Stdio::null()),
        )?;
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

    /// One request; what it says about the microseconds of each event.
    fn run(&self, plan: &str) -> Result<Value, Failure> {
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
        match serde_json::from_str::<Value>(body) {
            Ok(figures) if figures["wall"].is_number() => Ok(figures),
            _ => Err(Failure::Server(format!("php-fpm answered {answer}"))),
        }
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
