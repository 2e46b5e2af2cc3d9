//! Says back what it is told: the WebSocket code of the server without Pusher, for conformance tests.
//!
//! `cargo run --release --no-default-features --example echo -- PORT`; port 0 takes a free one. The
//! first line of the output is the address. A thread per connection, which is enough for a test.

use std::{
    env,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use bytes::Bytes;
use reverb::websocket::{
    Compression, Decoder, Deflater, Inflater, Input, Message, Terms, Window, binary_frame,
    close_frame,
    handshake::{self, Acceptance, Refusal},
    pong, text_frame,
};

/// The longest message: more than any of the test suite's.
const MAX_MESSAGE_SIZE: usize = 64 * 1024 * 1024;

const READ_BUFFER: usize = 64 * 1024;

const MOST_HEADERS: usize = 100;

/// How long the other side may take to end a connection that was closed.
const CLOSING_TIME: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let port = env::args().nth(1).and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| io::Error::other("usage: echo PORT"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let stream = stream?;
        // A connection that breaks is the affair of its thread alone.
        thread::spawn(move || serve(stream));
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    let acceptance = loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece)?;
        received.extend_from_slice(&piece[..length]);
        match read_head(&received) {
            None if length == 0 => return Ok(()),
            None => {}
            Some(Err(refusal)) => return stream.write_all(&refusal.response()),
            Some(Ok((acceptance, length))) => {
                received.drain(..length);
                break acceptance;
            }
        }
    };
    stream.write_all(&acceptance.response())?;
    Echo::new(stream, acceptance.deflate.map(|agreement| agreement.window)).run(&mut received)
}

/// The answer to the handshake and the length of the request, if its head is whole.
fn read_head(received: &[u8]) -> Option<Result<(Acceptance, usize), Refusal>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return None,
        Err(_) => return Some(Err(Refusal::BAD_REQUEST)),
    };
    let headers = request
        .headers
        .iter()
        .map(|header| (header.name, header.value));
    let (method, version) = (request.method.unwrap_or(""), request.version.unwrap_or(0));
    let accepted = handshake::accept(method, version, headers, Compression::Deflate);
    Some(accepted.map(|acceptance| (acceptance, length)))
}

struct Echo {
    stream: TcpStream,
    window: Option<Window>,
    decoder: Decoder,
    inflater: Inflater,
    deflater: Deflater,
}

/// Whether the conversation goes on.
#[derive(PartialEq)]
enum State {
    Open,
    Closed,
}

impl Echo {
    fn new(stream: TcpStream, window: Option<Window>) -> Self {
        Self {
            stream,
            window,
            decoder: Decoder::default(),
            inflater: Inflater::default(),
            deflater: Deflater::default(),
        }
    }

    fn run(mut self, came_with_handshake: &mut [u8]) -> io::Result<()> {
        let mut state = self.hear(came_with_handshake)?;
        let mut buffer = vec![0; READ_BUFFER];
        while state == State::Open {
            state = match self.stream.read(&mut buffer)? {
                0 => return Ok(()),
                length => self.hear(&mut buffer[..length])?,
            };
        }
        self.stream.shutdown(Shutdown::Write)?;
        self.stream.set_read_timeout(Some(CLOSING_TIME))?;
        while self.stream.read(&mut buffer)? > 0 {}
        Ok(())
    }

    fn hear(&mut self, bytes: &mut [u8]) -> io::Result<State> {
        let mut input = Input::new(bytes);
        loop {
            let mut terms = match self.window {
                Some(_) => Terms::deflate(MAX_MESSAGE_SIZE, &mut self.inflater),
                None => Terms::plain(MAX_MESSAGE_SIZE),
            };
            let (answer, state) = match self.decoder.next(&mut input, &mut terms) {
                Ok(None) => return Ok(State::Open),
                Ok(Some(message)) => answer(&message),
                Err(violation) => (
                    Some(close_frame(violation.code, violation.reason)),
                    State::Closed,
                ),
            };
            if let Some(frame) = answer {
                self.send(&frame)?;
            }
            if state == State::Closed {
                return Ok(state);
            }
        }
    }

    fn send(&mut self, frame: &Bytes) -> io::Result<()> {
        let deflated = self
            .window
            .and_then(|window| self.deflater.frame(frame, window));
        self.stream.write_all(deflated.as_ref().unwrap_or(frame))
    }
}

fn answer(message: &Message<'_>) -> (Option<Bytes>, State) {
    match message {
        Message::Text(text) => (Some(text_frame(text)), State::Open),
        Message::Binary(bytes) => (Some(binary_frame(bytes)), State::Open),
        Message::Ping(payload) => (Some(pong(payload)), State::Open),
        Message::Pong(_) => (None, State::Open),
        Message::Close(_) => (message.closing_answer(), State::Closed),
    }
}
