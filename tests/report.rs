//! What `bin/test` makes of the logs of its steps: how many tests passed and failed, and which.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    fs,
    path::PathBuf,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// A log that is gone with the test.
struct Log(PathBuf);

impl Log {
    fn of(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let name = format!("reverb-bin-test-{}-{number}.log", process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What a script prints that has the functions of `bin/lib/report.sh` and the log `$1`.
fn report(script: &str, log: &Log) -> String {
    let program = format!("set -uo pipefail\n. bin/lib/common.sh\n. bin/lib/report.sh\n{script}");
    let output = Command::new("bash")
        .args(["-c", &program, "bash"])
        .arg(&log.0)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// A runner's log, what it counts and whom it names.
const LOGS: [(&str, &str, &str); 9] = [
    (
        "test engine::a ... ok\ntest engine::b ... FAILED\n\nfailures:\n    engine::b\n\n\
         test result: FAILED. 1 passed; 1 failed; 0 ignored\n",
        "1 1",
        "engine::b\n",
    ),
    (
        "There was 1 failure:\n\n1) Tests\\ATest::test_it with data set \"x\"\nIt failed.\n\n\
         \u{1b}[37;41mFAILURES!\u{1b}[0m\nTests: 3, Assertions: 9, Failures: 1.\n",
        "2 1",
        "Tests\\ATest::test_it with data set \"x\"\n",
    ),
    (
        "TEST 1/2 [phpt/a.phpt]\r\u{1b}[1;32mPASS\u{1b}[0m A [phpt/a.phpt] \n\
         TEST 2/2 [phpt/b.phpt]\r\u{1b}[1;31mFAIL\u{1b}[0m B, [really] [phpt/b.phpt] \n\
         Tests failed    :     1 ( 50.0%) ( 50.0%)\nTests passed    :     1 ( 50.0%) ( 50.0%)\n\
         FAILED TEST SUMMARY\nB, [really] [phpt/b.phpt]\n",
        "1 1",
        "phpt/b.phpt\n",
    ),
    (
        "▶ pusher-js\n  ✔ connects (3.1ms)\n  ✖ hears (1.25ms)\n▶ pusher-js (4.5ms)\n\
         ℹ pass 1\nℹ fail 1\n\n✖ failing tests:\n\ntest at a.test.mjs:1:1\n✖ hears (1.25ms)\n",
        "1 1",
        "hears\n",
    ),
    (
        "FAIL: test_b (sdk.Sdk.test_b)\nRan 2 tests in 0.1s\n\nFAILED (failures=1)\n",
        "1 1",
        "test_b (sdk.Sdk.test_b)\n",
    ),
    (
        "case 1.1.1: FAILED, expected OK\n516 passed, 1 failed\n",
        "516 1",
        "case 1.1.1: FAILED, expected OK\n",
    ),
    (
        "README.md:59: Error: no\n15 passed, 1 failed\n",
        "15 1",
        "README.md:59: Error: no\n",
    ),
    (
        "  1) of an inner run\n  ── laravel FAILED\n\nfailed: laravel: ATest::test_it\n\
         failed steps: laravel (again: bin/test laravel)\n799 passed, 1 failed\n",
        "799 1",
        "laravel: ATest::test_it\n",
    ),
    (
        "one\ntwo\n\nthree\nTerminated\n",
        "0 0",
        "two\nthree\nTerminated\n",
    ),
];

#[test]
fn every_runner_is_understood() {
    for (text, counts, names) in LOGS {
        let log = Log::of(text);
        assert_eq!(report("count_tests \"$1\"", &log).trim(), counts, "{text}");
        assert_eq!(report("failed_tests \"$1\"", &log), names, "{text}");
    }
}

#[test]
fn what_failed_stands_before_the_last_line() {
    let log = Log::of(LOGS[0].0);
    let printed = report(
        "add_result unit 0 1 <(printf 'OK (2 tests, 3 assertions)\\n') > /dev/null
         add_result rust 101 9 \"$1\" > /dev/null
         summarise",
        &log,
    );
    assert_eq!(
        printed,
        "\nfailed: rust: engine::b\nfailed steps: rust (again: bin/test rust)\n3 passed, 1 failed\n"
    );
}

#[test]
fn without_failures_there_is_but_the_last_line() {
    let log = Log::of("OK (2 tests, 3 assertions)\n");
    let printed = report("add_result unit 0 1 \"$1\" > /dev/null; summarise", &log);
    assert_eq!(printed, "\n2 passed, 0 failed\n");
}

#[test]
fn of_many_failures_the_first_are_named() {
    let lines: String = (1..=25)
        .map(|number| format!("test a::{number} ... FAILED\n"))
        .collect();
    let printed = report("failed_tests \"$1\"", &Log::of(&lines));
    assert_eq!(printed.lines().count(), 21);
    assert!(printed.ends_with("a::20\nand 5 more\n"), "{printed}");
}
