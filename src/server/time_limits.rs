//! How long a caller may take for what.

use std::time::Duration;

/// The limits against those who say or read a byte at a time; not configurable.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimits {
    /// For the head of a connection's first request, and to go after its refusal.
    pub(super) head: Duration,
    /// Between two requests, the head of the second one included.
    pub(super) idle: Duration,
    /// For a body.
    pub(super) body: Duration,
    /// Without taking a byte of an answer.
    pub(super) stall: Duration,
    /// To go after the last answer.
    pub(super) farewell: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            farewell: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpStream},
        thread,
        time::{Duration, Instant},
    };

    use parking_lot::Mutex;
    use serde_json::{Value, json};

    use super::TimeLimits;
    use crate::server::{Config, Server};

    /// A process has one server at a time, and these tests take turns.
    static TURN: Mutex<()> = Mutex::new(());

    /// Far below [`PATIENCE`], and below the limits that a server has otherwise.
    const SHORT: Duration = Duration::from_millis(300);

    /// Far beyond a short limit, and reached by a failing test only.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Lets callers at a server some of whose limits are short. The others are not: who is slow because the machine is
    /// busy must not meet them.
    fn call(
        options: &Value,
        shorten: impl FnOnce(&mut TimeLimits),
        callers: &[&(dyn Fn(SocketAddr) + Sync)],
    ) {
        let mut config = Config::parse(&json!({
            "host": "127.0.0.1", "port": 0, "workers": 1, "options": options, "applications": [{
                "app_id": "1", "key": "k", "secret": "s", "ping_interval": 60,
                "allowed_origins": ["*"], "max_message_size": 10_000,
            }],
        }))
        .expect("a configuration");
        shorten(&mut config.times);
        let _turn = TURN.lock();
        let server = Server::start(config).expect("a server");
        let address = server.address();
        thread::scope(|scope| {
            for caller in callers {
                scope.spawn(move || caller(address));
            }
        });
        server.stop(Duration::ZERO);
    }

    /// What comes back until the server ends the connection.
    fn answer(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a valid time");
        stream.write_all(request).expect("room for a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the end in time");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends one byte at a time until the server ends the connection.
    fn drip(address: SocketAddr, request: &[u8]) {
        let mut stream = TcpStream::connect(address).expect("a connection");
        let pause = Some(Duration::from_millis(50));
        stream.set_read_timeout(pause).expect("a valid time");
        let began = Instant::now();
        for byte in request.iter().cycle() {
            let is_written = stream.write_all(&[*byte]).is_ok();
            if !is_written || matches!(stream.read(&mut [0; 1024]), Ok(0)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "nobody ended the connection");
        }
    }

    /// Asks and asks and never reads, until the server ends the connection.
    fn ask_in_vain(address: SocketAddr) {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("a valid time");
        let requests = b"GET /up HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
        let began = Instant::now();
        while stream.write_all(&requests).is_ok() {}
        assert!(began.elapsed() < PATIENCE, "nobody ended the connection");
    }

    /// Says nothing at all.
    fn keep_silent(address: SocketAddr) {
        assert_eq!(answer(address, b""), "", "silence is ended");
    }

    #[test]
    fn d13_who_says_a_byte_at_a_time_is_not_waited_for() {
        let drip = |address| drip(address, b"GET /app/k HTTP/1.1\r\nX-Filler: xxxxxxxxxx");
        let shorten = |times: &mut TimeLimits| times.head = SHORT;
        call(&json!({}), shorten, &[&drip, &keep_silent]);

        let keep = |address| {
            let kept = answer(address, b"GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
            assert!(kept.starts_with("HTTP/1.1 200 OK\r\n"), "{kept}");
        };
        let ask_half = |address| {
            let second = b"GET /up HTTP/1.1\r\nHost: x\r\n\r\nGET /up HTTP/1.1\r\nHo";
            assert_eq!(answer(address, second).matches("200 OK").count(), 1);
        };
        let shorten = |times: &mut TimeLimits| times.idle = SHORT;
        call(&json!({}), shorten, &[&keep, &ask_half]);

        let promise = |address| {
            let body = b"POST /apps/1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{";
            let answer = answer(address, body);
            let refusal = "HTTP/1.1 408 Request Timeout\r\n";
            assert!(answer.starts_with(refusal), "{answer}");
            assert!(answer.ends_with("\r\n\r\nRequest timeout."), "{answer}");
        };
        call(&json!({}), |times| times.body = SHORT, &[&promise]);
    }

    #[test]
    fn who_does_not_read_is_not_waited_for() {
        let shorten = |times: &mut TimeLimits| (times.stall, times.farewell) = (SHORT, SHORT);
        call(&json!({}), shorten, &[&ask_in_vain]);
    }

    #[test]
    fn who_shakes_hands_a_byte_at_a_time_is_not_waited_for() {
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/keys");
        let options = json!({ "tls": {
            "local_cert": format!("{keys}/certificate.pem"), "local_pk": format!("{keys}/pkcs8.pem"),
        } });
        // The beginning of a record of 16,384 bytes, and of a message as long.
        let mut hello = vec![22, 3, 1, 64, 0, 1, 0, 63, 252];
        hello.resize(16_389, 3);
        let drip = |address| drip(address, &hello);
        let shorten = |times: &mut TimeLimits| times.head = SHORT;
        call(&options, shorten, &[&drip, &keep_silent]);
    }
}
