//! The baseline, the *plain loop*: epoll, and one `write(2)` of the same bytes per subscriber.
//!
//! It knows nothing of Pusher beyond what makes a client of Pusher go on. Answers are constants.
//! What a connection says is written to all subscribers but itself, or to the one it names, and an
//! HTTP request is not looked at.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use slab::Slab;
use socket2::{Domain, Socket, Type};

use crate::{failure::Failure, load::wire};

const LISTENER: Token = Token(usize::MAX);

const GREETING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Powered-By: Laravel Reverb\r\n\r\n\x81\x72{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"123456789.123456789\\\",\\\"activity_timeout\\\":30}\"}";
const CONFIRMATION: &[u8] = b"\x81\x50{\"event\":\"pusher_internal:subscription_succeeded\",\"data\":\"{}\",\"channel\":\"bench\"}";
const SUBSCRIBE: &[u8] = b"{\"event\":\"pusher:subscribe\"";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    Open,
    /// With its place in the list.
    Subscribed(usize),
}

struct Plain {
    poll: Poll,
    connections: Slab<Connection>,
    subscribers: Vec<usize>,
    buffer: Box<[u8]>,
}

pub(super) fn serve(announce: impl Fn(SocketAddr) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut listener = listen()?;
    announce(listener.local_addr()?)?;
    let mut plain = Plain {
        poll: Poll::new()?,
        connections: Slab::new(),
        subscribers: Vec::new(),
        buffer: vec![0; 64 * 1024].into_boxed_slice(),
    };
    plain
        .poll
        .registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    loop {
        match plain.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            outcome => outcome?,
        }
        for event in &events {
            match event.token() {
                LISTENER => plain.accept(&listener)?,
                Token(key) => plain.serve(key)?,
            }
        }
    }
}

/// The same queue length as the server under test.
fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into())?;
    socket.listen(4096)?;
    Ok(TcpListener::from_std(socket.into()))
}

impl Plain {
    fn accept(&mut self, listener: &TcpListener) -> Result<(), Failure> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let entry = self.connections.vacant_entry();
            self.poll
                .registry()
                .register(&mut stream, Token(entry.key()), Interest::READABLE)?;
            entry.insert(Connection {
                stream,
                input: Vec::new(),
                state: State::Fresh,
            });
        }
    }

    fn serve(&mut self, key: usize) -> Result<(), Failure> {
        let Some(connection) = self.connections.get_mut(key) else {
            return Ok(());
        };
        let mut input = std::mem::take(&mut connection.input);
        let is_alive = read(&mut connection.stream, &mut self.buffer, &mut input);
        let mut taken = 0;
        while let Some(length) = self.take(key, &input[taken..])? {
            taken += length;
        }
        if !is_alive || !self.connections.contains(key) {
            self.remove(key);
            return Ok(());
        }
        input.drain(..taken);
        if !input.is_empty() {
            self.connections[key].input = input;
        }
        Ok(())
    }

    /// Serves the first request or frame of the input, and returns its length.
    fn take(&mut self, key: usize, input: &[u8]) -> Result<Option<usize>, Failure> {
        let Some(connection) = self.connections.get_mut(key) else {
            return Ok(None);
        };
        if connection.state == State::Fresh {
            let Some(length) = wire::http_length(input) else {
                return Ok(None);
            };
            if input.starts_with(b"GET") {
                connection.state = State::Open;
                write(&mut connection.stream, GREETING)?;
            } else {
                write(&mut connection.stream, ANSWER)?;
            }
            return Ok(Some(length));
        }
        let Some(mut frame) = wire::ClientFrame::parse(input) else {
            return Ok(None);
        };
        let length = frame.length;
        if frame.opcode == wire::CLOSE {
            self.remove(key);
        } else if connection.state == State::Open && frame.begins_with(SUBSCRIBE) {
            connection.state = State::Subscribed(self.subscribers.len());
            self.subscribers.push(key);
            write(&mut connection.stream, CONFIRMATION)?;
        } else {
            self.pass_on(key, &frame.unmask())?;
        }
        Ok(Some(length))
    }

    fn pass_on(&mut self, sender: usize, message: &[u8]) -> Result<(), Failure> {
        match wire::for_one(message) {
            Some((place, text)) => {
                let subscriber = self.subscribers[place];
                write(
                    &mut self.connections[subscriber].stream,
                    &wire::server_frame(text),
                )
            }
            None => self.fan_out(sender, &wire::server_frame(message)),
        }
    }

    /// The loop that gives this server its name.
    fn fan_out(&mut self, sender: usize, frame: &[u8]) -> Result<(), Failure> {
        for subscriber in &self.subscribers {
            if *subscriber != sender {
                write(&mut self.connections[*subscriber].stream, frame)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, key: usize) {
        let Some(connection) = self.connections.try_remove(key) else {
            return;
        };
        if let State::Subscribed(place) = connection.state {
            self.subscribers.swap_remove(place);
            if let Some(moved) = self.subscribers.get(place) {
                self.connections[*moved].state = State::Subscribed(place);
            }
        }
    }
}

/// Reads what there is; whether the connection lives on.
fn read(stream: &mut TcpStream, buffer: &mut [u8], input: &mut Vec<u8>) -> bool {
    loop {
        match stream.read(buffer) {
            Ok(0) => return false,
            Ok(count) => {
                input.extend_from_slice(&buffer[..count]);
                if count < buffer.len() {
                    return true;
                }
            }
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// The measures never publish so much that a socket could be full, as this loop keeps nothing.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), Failure> {
    match stream.write(bytes) {
        Ok(count) if count == bytes.len() => Ok(()),
        Ok(_) => Err(Failure::Server(
            "a full socket in the plain loop".to_owned(),
        )),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Failure::Server(
            "a full socket in the plain loop".to_owned(),
        )),
        // The other side has gone; its end is read in its own time.
        Err(_) => Ok(()),
    }
}
