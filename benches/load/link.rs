//! One connection of the generator, and all of them.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

use memchr::memmem;
use mio::{Interest, Registry, Token, net::TcpStream};
use slab::Slab;
use socket2::{Domain, SockRef, Socket, Type};

use super::wire::{CLOSE, ServerFrame, http_length};
use crate::failure::Failure;

/// To each address there are 28,000 ports, and one that was used rests for a minute.
const ADDRESSES: usize = 200;

/// What a server says.
pub(crate) enum Incoming<'b> {
    /// The handshake is done, and the server has said who the connection is.
    Greeting,
    /// The payload of a text frame.
    Text(&'b [u8]),
    /// An HTTP response with this status.
    Answer(u16),
    /// The server ended the connection.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshaking,
    AwaitingGreeting,
    Open,
    Http,
}

struct Link {
    stream: TcpStream,
    /// What came of an incomplete frame.
    rest: Vec<u8>,
    stage: Stage,
    socket_id: Box<str>,
}

/// All connections of a generator.
pub(crate) struct Links {
    list: Slab<Link>,
    registry: Registry,
    server: SocketAddr,
    request: Vec<u8>,
    opened: usize,
}

impl Links {
    pub(super) fn new(registry: Registry, server: SocketAddr, key: &str) -> Self {
        let request = format!(
            "GET /app/{key}?protocol=7&client=js&version=8.4.0&flash=false HTTP/1.1\r\nHost: {server}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{server}\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        Self {
            list: Slab::new(),
            registry,
            server,
            request: request.into_bytes(),
            opened: 0,
        }
    }

    /// Connects and asks for a WebSocket.
    pub(crate) fn dial(&mut self) -> Result<usize, Failure> {
        let key = self.connect(self.server, Stage::Handshaking)?;
        let request = std::mem::take(&mut self.request);
        let sent = self.send(key, &request);
        self.request = request;
        sent.map(|()| key)
    }

    /// Connects for HTTP requests.
    pub(crate) fn dial_http(&mut self) -> Result<usize, Failure> {
        self.connect(self.server, Stage::Http)
    }

    /// As [`Links::dial_http`], to another server.
    pub(crate) fn dial_http_at(&mut self, server: SocketAddr) -> Result<usize, Failure> {
        self.connect(server, Stage::Http)
    }

    pub(crate) fn send(&mut self, key: usize, bytes: &[u8]) -> Result<(), Failure> {
        let count = self.list[key].stream.write(bytes)?;
        if count == bytes.len() {
            return Ok(());
        }
        Err(Failure::Server(
            "it does not read what it is sent".to_owned(),
        ))
    }

    pub(crate) fn socket_id(&self, key: usize) -> &str {
        &self.list[key].socket_id
    }

    /// Closes without a word, as a lost tab does.
    pub(crate) fn close(&mut self, key: usize) {
        self.list.remove(key);
    }

    /// Never reads from a connection again, and lets the kernel keep as little as possible of
    /// what it is sent.
    pub(crate) fn neglect(&mut self, key: usize) -> Result<(), Failure> {
        let stream = &self.list[key].stream;
        SockRef::from(stream).set_recv_buffer_size(2048)?;
        self.registry.deregister(&mut self.list[key].stream)?;
        Ok(())
    }

    fn connect(&mut self, server: SocketAddr, stage: Stage) -> Result<usize, Failure> {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        socket.connect(&self.destination(server).into())?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        self.opened += 1;
        let mut stream = TcpStream::from_std(socket.into());
        let entry = self.list.vacant_entry();
        let key = entry.key();
        self.registry
            .register(&mut stream, Token(key), Interest::READABLE)?;
        entry.insert(Link {
            stream,
            rest: Vec::new(),
            stage,
            socket_id: Box::default(),
        });
        Ok(key)
    }

    /// A server that listens everywhere is dialled at ever other addresses of this machine, so that
    /// the ports last. Binding to a source address would do the same, at a price that grows with
    /// the sockets that rest in TIME_WAIT.
    fn destination(&self, server: SocketAddr) -> SocketAddr {
        if !server.ip().is_unspecified() {
            return server;
        }
        let last = 1 + self.opened % ADDRESSES;
        let address = Ipv4Addr::new(127, 0, 0, last as u8);
        SocketAddr::from((address, server.port()))
    }

    /// Reads all there is, and shows it piece by piece.
    pub(super) fn receive(
        &mut self,
        key: usize,
        buffer: &mut [u8],
        show: &mut impl FnMut(&mut Self, usize, Incoming<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            let Some(link) = self.list.get_mut(key) else {
                return Ok(()); // Closed while this round's events were looked at.
            };
            let count = match link.stream.read(buffer) {
                Ok(0) => return show(self, key, Incoming::End),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return show(self, key, Incoming::End);
                }
                Err(error) => return Err(error.into()),
            };
            if link.rest.is_empty() {
                let taken = self.take_all(key, &buffer[..count], show)?;
                self.keep(key, &buffer[taken..count]);
            } else {
                let mut rest = std::mem::take(&mut link.rest);
                rest.extend_from_slice(&buffer[..count]);
                let taken = self.take_all(key, &rest, show)?;
                rest.drain(..taken);
                self.keep_own(key, rest);
            }
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    fn keep(&mut self, key: usize, rest: &[u8]) {
        if !rest.is_empty()
            && let Some(link) = self.list.get_mut(key)
        {
            link.rest.extend_from_slice(rest);
        }
    }

    fn keep_own(&mut self, key: usize, rest: Vec<u8>) {
        if !rest.is_empty()
            && let Some(link) = self.list.get_mut(key)
        {
            link.rest = rest;
        }
    }

    fn take_all(
        &mut self,
        key: usize,
        bytes: &[u8],
        show: &mut impl FnMut(&mut Self, usize, Incoming<'_>) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let mut taken = 0;
        while let Some(stage) = self.list.get(key).map(|link| link.stage) {
            let bytes = &bytes[taken..];
            let length = match stage {
                Stage::Handshaking | Stage::Http => http_length(bytes),
                _ => ServerFrame::parse(bytes).map(|frame| frame.length),
            };
            let Some(length) = length else {
                break;
            };
            self.take(key, stage, &bytes[..length], show)?;
            taken += length;
        }
        Ok(taken)
    }

    fn take(
        &mut self,
        key: usize,
        stage: Stage,
        bytes: &[u8],
        show: &mut impl FnMut(&mut Self, usize, Incoming<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match stage {
            Stage::Http => show(self, key, Incoming::Answer(status(bytes))),
            Stage::Handshaking if status(bytes) == 101 => {
                self.list[key].stage = Stage::AwaitingGreeting;
                Ok(())
            }
            Stage::Handshaking => Err(said(bytes)),
            Stage::AwaitingGreeting | Stage::Open => match ServerFrame::parse(bytes) {
                Some(frame) if frame.opcode == CLOSE => show(self, key, Incoming::End),
                Some(frame) if stage == Stage::Open => {
                    show(self, key, Incoming::Text(frame.payload))
                }
                Some(frame) => {
                    self.list[key].socket_id = socket_id(frame.payload)?;
                    self.list[key].stage = Stage::Open;
                    show(self, key, Incoming::Greeting)
                }
                None => Ok(()),
            },
        }
    }
}

fn status(response: &[u8]) -> u16 {
    response
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn socket_id(greeting: &[u8]) -> Result<Box<str>, Failure> {
    const NAME: &[u8] = b"socket_id";
    let start = memmem::find(greeting, NAME).ok_or_else(|| said(greeting))? + NAME.len();
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let id = greeting[start..].iter().skip_while(|byte| !is_part(byte));
    Ok(id
        .take_while(|byte| is_part(byte))
        .map(|byte| char::from(*byte))
        .collect())
}

/// A failure that quotes the server.
pub(crate) fn said(bytes: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(bytes);
    Failure::Server(text.chars().take(300).collect())
}

pub(super) fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Interrupted
}
