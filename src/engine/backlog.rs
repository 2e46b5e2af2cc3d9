//! What a connection has not taken yet, because its socket is full.

use std::{collections::VecDeque, io::IoSlice};

use bytes::Bytes;
use smallvec::SmallVec;

/// Where the frames of a connection go: a socket, or a test's record of it.
pub trait Outlet {
    /// Takes as many bytes as fit without waiting, and returns their number; 0 if it is full.
    ///
    /// # Errors
    /// [`Gone`] if the other side can no longer be reached.
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone>;

    /// Ends the sending direction: all has been said.
    fn finish(&mut self);
}

/// The other side of a connection can no longer be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is gone")]
pub struct Gone;

/// How many frames go into one system call.
const BATCH: usize = 64;

/// Sends frames in order and returns what did not fit.
pub(super) fn send<'f, O: Outlet>(
    outlet: &mut O,
    mut frames: impl Iterator<Item = &'f Bytes> + Clone,
) -> Result<Option<Box<Backlog>>, Gone> {
    loop {
        let rest = frames.clone();
        let mut slices = SmallVec::<[IoSlice<'_>; BATCH]>::new();
        let mut length = 0;
        for frame in frames.by_ref().take(BATCH) {
            slices.push(IoSlice::new(frame));
            length += frame.len();
        }
        if slices.is_empty() {
            return Ok(None);
        }
        let sent = outlet.send(&slices)?;
        if sent < length {
            return Ok(Some(Box::new(Backlog::after(rest, sent))));
        }
    }
}

/// The frames that wait for a full socket; the first may be sent in part.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    frames: VecDeque<Bytes>,
    /// The sum of the frames' lengths.
    bytes: usize,
}

impl Backlog {
    fn after<'f>(frames: impl Iterator<Item = &'f Bytes>, mut sent: usize) -> Self {
        let mut backlog = Self::default();
        for frame in frames {
            let skipped = sent.min(frame.len());
            sent -= skipped;
            if skipped < frame.len() {
                backlog.push(frame.slice(skipped..));
            }
        }
        backlog
    }

    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sends what fits now; whether nothing is left.
    pub(super) fn resume<O: Outlet>(&mut self, outlet: &mut O) -> Result<bool, Gone> {
        let rest = send(outlet, self.frames.iter())?;
        *self = rest.map(|rest| *rest).unwrap_or_default();
        Ok(self.frames.is_empty())
    }

    /// Gives up everything but the rest of a frame that was begun, and ends with these words.
    pub(super) fn cut_short(&mut self, last_words: impl IntoIterator<Item = Bytes>) {
        self.frames.truncate(1);
        self.bytes = self.frames.iter().map(Bytes::len).sum();
        last_words.into_iter().for_each(|frame| self.push(frame));
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use bytes::Bytes;

    use super::{BATCH, Gone, Outlet, send};

    /// Takes a number of bytes, then is full.
    struct Narrow {
        room: usize,
        taken: Vec<u8>,
    }

    impl Outlet for Narrow {
        fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
            let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.to_vec()).collect();
            let fits = bytes.len().min(self.room);
            self.room -= fits;
            self.taken.extend(&bytes[..fits]);
            Ok(fits)
        }

        fn finish(&mut self) {}
    }

    #[test]
    fn whatever_the_room_all_bytes_arrive_in_order() {
        let frames: Vec<Bytes> = (0..2 * BATCH + 3)
            .map(|n| Bytes::from(format!("{n},")))
            .collect();
        let expected = frames.concat();
        for room in 0..=expected.len() {
            let mut outlet = Narrow {
                room,
                taken: Vec::new(),
            };
            let mut backlog = send(&mut outlet, frames.iter()).expect("reachable");
            assert_eq!(
                backlog.as_ref().map_or(0, |backlog| backlog.bytes()),
                expected.len() - room
            );
            while let Some(rest) = &mut backlog {
                outlet.room += 7;
                if rest.resume(&mut outlet).expect("reachable") {
                    backlog = None;
                }
            }
            assert_eq!(outlet.taken, expected, "room {room}");
        }
    }
}
