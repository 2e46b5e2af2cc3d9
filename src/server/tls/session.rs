//! TLS on one connection: records on the side of the socket, bytes on the other.
//!
//! It owns no socket, and while nothing is on its way no buffer either: what is read and written
//! passes through the room of its thread, and only an unfinished record, and what the socket did
//! not take, stay with the connection.

use std::{
    cell::RefCell,
    fmt,
    io::{self, IoSlice, Read, Write},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    server::{ServerConnectionData, UnbufferedServerConnection},
    unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic},
};

use crate::server::stream::{Incoming, read};

/// What is read of a socket at a time; also the most that is kept of an unfinished message.
const INPUT: usize = 64 * 1024;

/// The longest text of a record (RFC 8446, section 5.1).
const RECORD: usize = 16 * 1024;

/// What encryption adds to a record at the most, its header included (RFC 8446, section 5.2).
const OVERHEAD: usize = 256 + 5;

/// What the other side may make the handshake say without reading it, in bytes.
const MOST_UNSENT: usize = 64 * 1024;

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room::default());
}

/// The buffers of a thread, for all its connections.
struct Room {
    input: Box<[u8]>,
    text: Box<[u8]>,
    records: Vec<u8>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            input: vec![0; INPUT].into_boxed_slice(),
            text: vec![0; RECORD].into_boxed_slice(),
            records: Vec::with_capacity(RECORD + OVERHEAD),
        }
    }
}

/// The TLS of one connection.
pub(in crate::server) struct Session {
    connection: UnbufferedServerConnection,
    /// Input that does not make a whole record yet; `len < INPUT`.
    received: Vec<u8>,
    /// Records that the socket has not taken: of the handshake, or the one that was written last.
    unsent: Vec<u8>,
    /// Nothing was received yet.
    is_new: bool,
    /// The other side said that nothing more comes.
    has_ended: bool,
    /// This side has said so.
    is_finishing: bool,
    fault: Option<rustls::Error>,
}

impl Session {
    pub(super) fn new(config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        Ok(Self {
            connection: UnbufferedServerConnection::new(config)?,
            received: Vec::new(),
            unsent: Vec::new(),
            is_new: true,
            has_ended: false,
            is_finishing: false,
            fault: None,
        })
    }

    /// Why the other side could not be understood, if it could not.
    pub(in crate::server) fn fault(&self) -> Option<&rustls::Error> {
        self.fault.as_ref()
    }

    /// Reads from the socket once, and puts what was said into `text`; answers the handshake.
    pub(in crate::server) fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        text: &mut [u8],
    ) -> Incoming {
        if self.has_ended || self.flush(socket).is_err() {
            return Incoming::End;
        }
        ROOM.with_borrow_mut(|room| {
            let kept = self.received.len();
            let most = text.len().min(INPUT);
            if kept >= most {
                return Incoming::End; // A message longer than any that makes sense.
            }
            let input = &mut room.input[..most];
            input[..kept].copy_from_slice(&self.received);
            let (count, is_full) = match read(socket, &mut input[kept..]) {
                Incoming::Full(count) => (count, true),
                Incoming::Some(count) if count > 0 => (count, false),
                nothing => return nothing,
            };
            let input = &mut input[..kept + count];
            if std::mem::take(&mut self.is_new) && input[0].is_ascii_uppercase() {
                return Incoming::Untold;
            }
            let outcome = self.process(input, text);
            let is_broken = self.flush(socket).is_err() || self.unsent.len() > MOST_UNSENT;
            match outcome {
                Err(fault) => {
                    self.fault = Some(fault);
                    Incoming::End
                }
                Ok(_) if is_broken => Incoming::End,
                // The end is told by the next read.
                Ok(length) if is_full || self.has_ended => Incoming::Full(length),
                Ok(length) => Incoming::Some(length),
            }
        })
    }

    /// Takes as many bytes as the socket does, but for the rest of a record, and returns their
    /// number; 0 if it is full.
    pub(in crate::server) fn send(
        &mut self,
        socket: &mut impl Write,
        frames: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        if !self.flush(socket)? {
            return Ok(0);
        }
        ROOM.with_borrow_mut(|Room { text, records, .. }| {
            let mut sent = 0;
            loop {
                let text = gather(frames, sent, text);
                if text.is_empty() {
                    return Ok(sent);
                }
                records.clear();
                self.seal(records, text.len() + OVERHEAD, |traffic, room| {
                    traffic.encrypt(text, room)
                })?;
                sent += text.len();
                let written = write(socket, records)?;
                if written < records.len() {
                    self.unsent.extend_from_slice(&records[written..]);
                    return Ok(sent);
                }
            }
        })
    }

    /// Writes what the socket did not take before; whether nothing of it is left.
    pub(in crate::server) fn flush(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        if self.unsent.is_empty() {
            return Ok(true);
        }
        let written = write(socket, &self.unsent)?;
        if written == self.unsent.len() {
            self.unsent = Vec::new();
        } else {
            self.unsent.drain(..written);
        }
        Ok(self.unsent.is_empty())
    }

    /// Says that nothing more comes (`close_notify`), as far as the socket takes it.
    pub(in crate::server) fn finish(&mut self, socket: &mut impl Write) {
        if !std::mem::replace(&mut self.is_finishing, true) {
            let mut notice = Vec::new();
            let sealed = self.seal(&mut notice, OVERHEAD, |traffic, room| {
                traffic.queue_close_notify(room)
            });
            // Without a conversation there is no end of it to tell.
            if sealed.is_ok() {
                self.unsent.append(&mut notice);
            }
        }
        // A socket that is broken already has nothing left to end; its next read says so.
        let _ = self.flush(socket);
    }

    /// Whether the end was told, and the socket has taken it.
    pub(in crate::server) fn is_finished(&self) -> bool {
        self.is_finishing && self.unsent.is_empty()
    }

    /// Handles what was received; returns how much was said. Keeps what is not complete.
    fn process(&mut self, input: &mut [u8], text: &mut [u8]) -> Result<usize, rustls::Error> {
        let (mut taken, mut length) = (0, 0);
        let mut fault = None;
        loop {
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(&mut input[taken..]);
            taken += discard;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        taken += record.discard;
                        // What is said is shorter than its records, which `text` has room for.
                        text[length..length + record.payload.len()].copy_from_slice(record.payload);
                        length += record.payload.len();
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let appended = append(&mut self.unsent, 0, |room| {
                        data.encode(room).map_err(|error| match error {
                            EncodeError::InsufficientSize(error) => Some(error.required_size),
                            EncodeError::AlreadyEncoded => None,
                        })
                    });
                    if appended.is_err() {
                        break;
                    }
                }
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.has_ended = true;
                    break;
                }
                Ok(_) => break,
                Err(error) => fault = Some(error),
            }
            // After a fault only the alert is taken, which tells the other side.
            if fault.is_some() && !self.connection.wants_write() {
                break;
            }
        }
        self.received.clear();
        match &input[taken..] {
            _ if fault.is_some() => {}
            [] => self.received = Vec::new(),
            rest => self.received.extend_from_slice(rest),
        }
        fault.map_or(Ok(length), Err)
    }

    /// Appends records to `records`, which have about this length.
    fn seal(
        &mut self,
        records: &mut Vec<u8>,
        length: usize,
        mut seal: impl FnMut(
            &mut WriteTraffic<'_, ServerConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> io::Result<()> {
        if self.fault.is_some() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        loop {
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(&mut self.received);
            let is_sealed = match state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    append(records, length, |room| {
                        seal(&mut traffic, room).map_err(|error| match error {
                            EncryptError::InsufficientSize(error) => Some(error.required_size),
                            EncryptError::EncryptExhausted => None,
                        })
                    })?;
                    true
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    append(records, 0, |room| {
                        data.encode(room).map_err(|error| match error {
                            EncodeError::InsufficientSize(error) => Some(error.required_size),
                            EncodeError::AlreadyEncoded => None,
                        })
                    })?;
                    false
                }
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    false
                }
                _ => return Err(io::ErrorKind::BrokenPipe.into()),
            };
            self.received.drain(..discard);
            if is_sealed {
                return Ok(());
            }
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

/// Puts what follows the first `sent` bytes of the frames together, as far as there is room.
fn gather<'r>(frames: &[IoSlice<'_>], sent: usize, room: &'r mut [u8]) -> &'r [u8] {
    let (mut skipped, mut length) = (sent, 0);
    for frame in frames {
        let skip = skipped.min(frame.len());
        skipped -= skip;
        let rest = &frame[skip..];
        let count = rest.len().min(room.len() - length);
        room[length..length + count].copy_from_slice(&rest[..count]);
        length += count;
    }
    &room[..length]
}

/// Appends what `write` makes; it fails with the room it needs, or with none if it cannot.
fn append(
    bytes: &mut Vec<u8>,
    guess: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<usize>>,
) -> io::Result<()> {
    let start = bytes.len();
    bytes.resize(start + guess, 0);
    loop {
        match write(&mut bytes[start..]) {
            Ok(count) => {
                bytes.truncate(start + count);
                return Ok(());
            }
            Err(Some(required)) if required > bytes.len() - start => {
                bytes.resize(start + required, 0);
            }
            Err(_) => {
                bytes.truncate(start);
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    }
}

/// Writes until all is written or the socket is full; returns how much was written.
fn write(socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match socket.write(&bytes[written..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
