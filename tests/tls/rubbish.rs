//! What is no TLS, or half of it.

use std::{
    io::{Read, Write},
    time::Duration,
};

use crate::{
    secure::SecureServer,
    support::{client::connect, http::send_raw},
};

/// Numbers that are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

#[test]
fn who_speaks_without_tls_is_told_so() {
    let server = SecureServer::start();
    for request in [
        "GET /app/reverb-key HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
        "POST /apps/123456/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "G",
    ] {
        let answer = send_raw(server.address(), request.as_bytes());
        assert_eq!(answer.status, 400);
        assert_eq!(answer.body, "This port speaks TLS: use https:// or wss://.");
        assert_eq!(answer.header("Connection"), Some("close"));
    }
    server.connect().expect_quiet();
}

#[test]
fn rubbish_ends_its_connection_and_nothing_else() {
    let server = SecureServer::start();
    let mut ada = server.connect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..300 {
        let mut bytes: Vec<u8> = (0..1 + dice.roll(2000))
            .map(|_| dice.roll(256) as u8)
            .collect();
        if round % 2 == 0 {
            // The beginning of a record of a handshake, of a length of its own.
            let length = dice.roll(20_000) as u16;
            bytes.splice(..0, [22, 3, 1, (length >> 8) as u8, length as u8]);
        }
        let mut stream = connect(server.address());
        // It may be refused while it is still being said.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    ada.expect_quiet();
    server.connect().expect_quiet();
}

/// Each byte of a handshake and of a conversation, changed one at a time.
#[test]
fn a_damaged_record_ends_its_connection_and_nothing_else() {
    let server = SecureServer::start();
    let mut ada = server.connect();
    for position in (0..600).step_by(7) {
        let stream = connect(server.address());
        // Where a length has grown, both wait for the rest of it.
        stream
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let stream = Damaging {
            stream,
            countdown: Some(position),
        };
        let Ok(mut stream) = server.visitor().visit_on(stream) else {
            continue;
        };
        let _ = stream.write_all(b"GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.conn.send_close_notify();
        let _ = stream.flush();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    ada.expect_quiet();
    server.connect().expect_quiet();
}

#[test]
fn half_a_handshake_disturbs_nobody() {
    let server = SecureServer::start();
    let mut halves: Vec<_> = (0..200).map(|_| connect(server.address())).collect();
    for (length, stream) in halves.iter_mut().enumerate() {
        let hello = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
        stream
            .write_all(&hello[..1 + length % hello.len()])
            .unwrap();
    }
    server.connect().expect_quiet();
}

/// Flips a bit of one byte of what is written.
struct Damaging {
    stream: std::net::TcpStream,
    countdown: Option<usize>,
}

impl Read for Damaging {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Damaging {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut bytes = bytes.to_vec();
        match self.countdown {
            Some(position) if position < bytes.len() => {
                bytes[position] ^= 0x10;
                self.countdown = None;
            }
            Some(position) => self.countdown = Some(position - bytes.len()),
            None => {}
        }
        self.stream.write_all(&bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}
