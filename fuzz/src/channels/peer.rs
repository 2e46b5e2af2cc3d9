//! A connection and what it was sent.

use std::{cell::RefCell, io::IoSlice, rc::Rc};

use flate2::{Decompress, FlushDecompress};
use reverb::{
    engine::{ConnectionKey, Gone, Outlet},
    protocol::SocketId,
};
use serde_json::Value;

/// Records what is sent, up to its room.
#[derive(Clone, Debug)]
pub(super) struct Recorder(Rc<RefCell<Record>>);

#[derive(Debug)]
struct Record {
    bytes: Vec<u8>,
    room: usize,
}

impl Default for Recorder {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(Record {
            bytes: Vec::new(),
            room: usize::MAX,
        })))
    }
}

impl Recorder {
    pub(super) fn set_room(&self, room: usize) {
        self.0.borrow_mut().room = room;
    }
}

impl Outlet for Recorder {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        let mut record = self.0.borrow_mut();
        let mut sent = 0;
        for frame in frames {
            let fits = frame.len().min(record.room);
            record.bytes.extend(&frame[..fits]);
            record.room -= fits;
            sent += fits;
        }
        Ok(sent)
    }

    fn finish(&mut self) {}
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) key: ConnectionKey,
    pub(super) socket_id: SocketId,
    pub(super) record: Recorder,
    read: usize,
}

impl Peer {
    pub(super) fn new(key: ConnectionKey, socket_id: SocketId, record: Recorder) -> Self {
        Self {
            key,
            socket_id,
            record,
            read: 0,
        }
    }

    /// The whole messages since the last look.
    pub(super) fn read(&mut self) -> Vec<Value> {
        let record = self.record.0.borrow();
        let mut messages = Vec::new();
        while let Some((first, payload, end)) = frame(&record.bytes, self.read) {
            self.read = end;
            match first {
                0x81 => messages.push(serde_json::from_slice(payload).expect("JSON")),
                0xc1 => messages.push(serde_json::from_slice(&inflate(payload)).expect("JSON")),
                0x88 => {}
                other => panic!("a frame begins with {other:x}"),
            }
        }
        messages
    }
}

/// The frame at a position: its first byte, its payload and its end.
fn frame(bytes: &[u8], start: usize) -> Option<(u8, &[u8], usize)> {
    let rest = bytes.get(start..)?;
    let (length, header) = match *rest.get(1)? {
        126 => {
            let length = rest.get(2..4)?;
            (usize::from(u16::from_be_bytes([length[0], length[1]])), 4)
        }
        127 => panic!("nobody sends so much"),
        short => (usize::from(short), 2),
    };
    let payload = rest.get(header..header + length)?;
    Some((rest[0], payload, start + header + length))
}

fn inflate(payload: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::with_capacity(100_000);
    Decompress::new(false)
        .decompress_vec(
            &[payload, &[0, 0, 0xff, 0xff]].concat(),
            &mut inflated,
            FlushDecompress::Sync,
        )
        .expect("compressed data");
    inflated
}
