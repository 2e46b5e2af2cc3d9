//! Applications that only the application provider knows; here it is a table, and a thread in place of PHP's.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use reverb::{
    engine::Notice,
    server::{Answer, Question, parse_application},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use serde_json::{Value, json};

use crate::support::{PATIENCE, client::Client, http::Answer as Response, server::TestServer};

/// What the provider knows, and what it was asked.
#[derive(Default)]
struct Table {
    /// Applications by id.
    rows: Mutex<HashMap<String, Value>>,
    asked: Mutex<Vec<Question>>,
    warnings: Mutex<Vec<String>>,
    is_down: AtomicBool,
    is_over: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    fn insert(&self, id: &str, key: &str, secret: &str) {
        let row = json!({
            "app_id": id, "key": key, "secret": secret, "ping_interval": 60,
            "allowed_origins": ["*"], "max_message_size": 10_000,
        });
        locked(&self.rows).insert(id.to_owned(), row);
    }

    fn asked(&self) -> Vec<Question> {
        locked(&self.asked).clone()
    }

    fn answer(&self, question: &Question) -> Answer {
        locked(&self.asked).push(question.clone());
        if self.is_down.load(Ordering::Relaxed) {
            return Answer::Failed;
        }
        let field = match question {
            Question::Key(_) => "key",
            Question::Id(_) => "app_id",
        };
        let rows = locked(&self.rows);
        // As a database that compares without case.
        let is_it = |row: &&Value| {
            let name = row[field].as_str().unwrap_or_default();
            name.eq_ignore_ascii_case(question.name())
        };
        match rows.values().find(is_it) {
            Some(row) => Answer::Application(Box::new(parse_application(row).unwrap())),
            None => Answer::Unknown,
        }
    }

    /// What PHP's loop does, until the test is over.
    fn serve(&self, server: &TestServer) {
        let server = server.itself();
        while !self.is_over.load(Ordering::Relaxed) {
            let descriptor = server.notices().descriptor();
            let mut ready = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
            let slice = Timespec {
                tv_sec: 0,
                tv_nsec: 20_000_000,
            };
            match poll(&mut ready, Some(&slice)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => panic!("{error}"),
            }
            for notice in server.notices().drain() {
                if let Notice::Warning(warning) = notice {
                    locked(&self.warnings).push(warning);
                }
            }
            while let Some(question) = server.question() {
                server.answer(&question, self.answer(&question));
            }
        }
    }
}

/// A server that asks the table, for as long as the test runs.
fn with_provider(terms: Value, test: impl FnOnce(&TestServer, &Table)) {
    let server = TestServer::with(|config| config["provider"] = terms);
    let table = Table::default();
    thread::scope(|scope| {
        scope.spawn(|| table.serve(&server));
        let over = Over(&table.is_over);
        test(&server, &table);
        drop(over);
    });
}

/// Ends the table's thread, also after a failure.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn publish(server: &TestServer, (id, key, secret): (&str, &str, &str)) -> Response {
    let body = json!({ "name": "posted", "channels": ["news"], "data": "1" });
    server
        .request("POST", &format!("/apps/{id}/events"))
        .signed(key, secret)
        .json(&body)
        .send()
}

fn refuse(server: &TestServer, key: &str, (code, text): (u16, &str)) {
    let mut eve = server.open(&format!("/app/{key}"), &[]);
    eve.expect_error(code, text);
    eve.expect_closed(code, text);
}

const UNKNOWN: (u16, &str) = (4001, "Application does not exist");
const UNAVAILABLE: (u16, &str) = (4100, "Application is not available now");

/// Tries again and again, as time limits of a second pass.
fn eventually(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it did not come to be");
    }
}

#[test]
fn an_application_that_came_later_is_entered_and_published_to() {
    with_provider(json!({"cache_ttl": 60}), |server, table| {
        table.insert("9", "late-key", "late-secret");
        let mut ada = server.connect_to("late-key");
        ada.subscribe("news");
        assert_eq!(
            publish(server, ("9", "late-key", "late-secret")).status,
            200
        );
        ada.expect(r#"{"event":"posted","data":"1","channel":"news"}"#);
        server.connect_to("late-key");
        server.connect().subscribe("news");
        let asked = table.asked();
        assert_eq!(
            asked,
            [Question::Key("late-key".to_owned())],
            "once, and nothing else"
        );
    });
}

#[test]
fn a_publisher_may_be_the_first_to_name_it() {
    with_provider(json!({"cache_ttl": 60}), |server, table| {
        table.insert("9", "late-key", "late-secret");
        assert_eq!(
            publish(server, ("9", "late-key", "late-secret")).status,
            200
        );
        assert_eq!(publish(server, ("9", "late-key", "wrong")).status, 401);
        server.connect_to("late-key");
        assert_eq!(table.asked(), [Question::Id("9".to_owned())]);
    });
}

#[test]
fn what_the_provider_does_not_know_is_not_asked_for_again() {
    with_provider(json!({"unknown_ttl": 60}), |server, table| {
        for _ in 0..3 {
            refuse(server, "nobody", UNKNOWN);
            let answer = publish(server, ("404", "nobody", "nothing"));
            let text = "No matching application for ID [404].";
            assert_eq!((answer.status, answer.body.as_str()), (404, text));
        }
        let asked = table.asked();
        assert_eq!(
            asked,
            [
                Question::Key("nobody".to_owned()),
                Question::Id("404".to_owned())
            ]
        );
        table.insert("5", "Key", "secret");
        refuse(server, "KEY", UNKNOWN);
        refuse(server, &"k".repeat(256), UNKNOWN);
        assert_eq!(table.asked().len(), 3, "a name that is too long is none");
    });
}

#[test]
fn what_was_unknown_is_found_after_its_time() {
    with_provider(json!({"unknown_ttl": 1}), |server, table| {
        refuse(server, "late-key", UNKNOWN);
        table.insert("9", "late-key", "late-secret");
        eventually(|| {
            let mut ada = server.open("/app/late-key", &[]);
            ada.text().contains("pusher:connection_established")
        });
    });
}

#[test]
fn a_provider_that_fails_makes_nobody_unknown_and_old_applications_go_on() {
    with_provider(
        json!({"cache_ttl": 1, "unknown_ttl": 1}),
        |server, table| {
            table.insert("9", "late-key", "late-secret");
            server.connect_to("late-key");
            table.is_down.store(true, Ordering::Relaxed);
            refuse(server, "other-key", UNAVAILABLE);
            let answer = publish(server, ("10", "other-key", "secret"));
            let text = "The application is not available now.";
            assert_eq!((answer.status, answer.body.as_str()), (503, text));
            assert!(
                answer.head.contains(&"retry-after: 1".to_owned()),
                "{:?}",
                answer.head
            );
            let again = Question::Id("9".to_owned());
            eventually(|| {
                assert_eq!(
                    publish(server, ("9", "late-key", "late-secret")).status,
                    200
                );
                table.asked().contains(&again)
            });
            server.connect_to("late-key");
            table.insert("10", "other-key", "secret");
            table.is_down.store(false, Ordering::Relaxed);
            eventually(|| publish(server, ("10", "other-key", "secret")).status == 200);
            server.connect_to("other-key");
        },
    );
}

#[test]
fn a_changed_secret_and_a_changed_key_are_taken_over_after_the_time() {
    with_provider(
        // Long enough that the first request is within the time, also on a busy machine.
        json!({"cache_ttl": 5, "unknown_ttl": 1}),
        |server, table| {
            table.insert("9", "late-key", "late-secret");
            let mut ada = server.connect_to("late-key");
            ada.subscribe("news");
            table.insert("9", "new-key", "new-secret");
            assert_eq!(publish(server, ("9", "new-key", "new-secret")).status, 401);
            eventually(|| publish(server, ("9", "new-key", "new-secret")).status == 200);
            assert_eq!(
                publish(server, ("9", "late-key", "late-secret")).status,
                401
            );
            ada.expect(r#"{"event":"posted","data":"1","channel":"news"}"#);
            server.connect_to("new-key");
            refuse(server, "late-key", UNKNOWN);
        },
    );
}

#[test]
fn a_deleted_application_is_refused_after_the_time_and_its_connections_stay() {
    with_provider(
        json!({"cache_ttl": 1, "unknown_ttl": 1}),
        |server, table| {
            table.insert("9", "late-key", "late-secret");
            let mut ada = server.connect_to("late-key");
            locked(&table.rows).clear();
            eventually(|| publish(server, ("9", "late-key", "late-secret")).status == 404);
            refuse(server, "late-key", UNKNOWN);
            ada.expect_quiet();
            table.insert("9", "late-key", "late-secret");
            eventually(|| publish(server, ("9", "late-key", "late-secret")).status == 200);
            ada.expect_quiet();
        },
    );
}

#[test]
fn a_crowd_that_names_the_same_key_asks_once() {
    with_provider(json!({}), |server, table| {
        table.insert("9", "late-key", "late-secret");
        thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| server.connect_to("late-key"));
            }
        });
        assert_eq!(table.asked().len(), 1);
    });
}

/// The first reader of the frames of somebody who was refused.
fn refusal(mut eve: Client) -> String {
    eve.text()
}

#[test]
fn a_flood_of_unknown_keys_neither_reaches_the_provider_nor_disturbs_others() {
    const ASKED: u32 = 20;
    const FLOOD: usize = 2_000;
    const THREADS: usize = 8;
    let terms = json!({"lookups_per_second": ASKED, "lookup_timeout": PATIENCE.as_secs()});
    with_provider(terms, |server, table| {
        let mut ada = server.connect();
        ada.subscribe("news");
        let began = Instant::now();
        let refused: Vec<String> = thread::scope(|scope| {
            let flood = |number: usize| {
                move || -> Vec<String> {
                    let keys =
                        (0..FLOOD / THREADS).map(|key| format!("/app/random-{number}-{key}"));
                    keys.map(|path| refusal(server.open(&path, &[]))).collect()
                }
            };
            let threads: Vec<_> = (0..THREADS)
                .map(|number| scope.spawn(flood(number)))
                .collect();
            for _ in 0..50 {
                let key = ("123456", "reverb-key", "reverb-secret");
                assert_eq!(publish(server, key).status, 200);
                ada.expect(r#"{"event":"posted","data":"1","channel":"news"}"#);
                server.connect();
            }
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        let most = ASKED * (u32::try_from(began.elapsed().as_secs()).unwrap() + 2);
        let asked = table.asked().len();
        assert!(asked <= most as usize, "{asked} of {most}");
        let count = |code: &str| refused.iter().filter(|text| text.contains(code)).count();
        assert_eq!(count("4001") + count("4100"), FLOOD);
        assert_eq!(count("4001"), asked, "who was asked for is unknown");
        eventually(|| !locked(&table.warnings).is_empty());
        let warning = locked(&table.warnings)[0].clone();
        assert!(warning.contains("(apps.lookups_per_second)"), "{warning}");
    });
}

#[test]
fn nobody_is_asked_for_a_fixed_list() {
    let server = TestServer::start();
    refuse(&server, "nobody", UNKNOWN);
    assert_eq!(publish(&server, ("404", "nobody", "nothing")).status, 404);
    assert!(server.itself().question().is_none());
}

#[test]
fn a_server_with_a_provider_may_start_without_an_application() {
    let server = TestServer::with(|config| {
        config["applications"] = json!([]);
        config["provider"] = json!({"lookup_timeout": 1});
    });
    refuse(&server, "anybody", UNAVAILABLE);
    let question = server.itself().question();
    assert_eq!(question, None, "nobody waits for it any more");
    server.itself().stop(Duration::ZERO);
}
