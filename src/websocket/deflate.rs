//! The bytes of `permessage-deflate` (RFC 7692, section 7.2), without context takeover: every
//! message is compressed on its own, so that one compressed copy serves all who receive it and
//! nothing is kept for a connection between its messages.

use bytes::Bytes;
use flate2::{
    Compress, CompressError, Compression, Decompress, DecompressError, FlushCompress,
    FlushDecompress, Status,
};

use super::encoder;

/// Payloads below this many bytes are sent as they are: a short message of its own hardly shrinks,
/// and each of its receivers would have to inflate it.
pub const SHORTEST_DEFLATED: usize = 256;

/// A compressor's effort, of 0 to 9. A message is compressed once for all its receivers, yet by a
/// thread that serves others too: 60 KB of JSON take 0.15 ms in place of the 0.35 ms of the usual 6,
/// and are 7 % larger.
const EFFORT: u32 = 3;

/// What ends a flushed block, and is left out on the wire (section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The smallest piece by which an output grows.
const LEAST_GROWTH: usize = 1024;

/// How far back a compressed message to a client may refer: 2^9 to 2^15 bytes.
///
/// The 2^8 of the RFC is beyond what compressors of zlib's kind can do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Window {
    /// 512 bytes.
    Bits9 = 9,
    /// 1 KiB.
    Bits10,
    /// 2 KiB.
    Bits11,
    /// 4 KiB.
    Bits12,
    /// 8 KiB.
    Bits13,
    /// 16 KiB.
    Bits14,
    /// 32 KiB, which is what a client gets that does not ask for less.
    Bits15,
}

impl Window {
    /// All of them, the smallest first.
    pub const ALL: [Self; 7] = [
        Self::Bits9,
        Self::Bits10,
        Self::Bits11,
        Self::Bits12,
        Self::Bits13,
        Self::Bits14,
        Self::Bits15,
    ];

    /// The window of `2^bits` bytes, if it is one of these.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.bits() == bits)
    }

    /// Its size as the power of two.
    #[must_use]
    pub fn bits(self) -> u8 {
        self as u8
    }

    /// The place in [`Window::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.bits() - Self::Bits9.bits())
    }

    /// The window to compress a payload with: one that fits into the window needs no narrower one
    /// than anybody else, as nothing in it can refer further back than to its beginning.
    #[must_use]
    pub fn for_payload(self, length: usize) -> Self {
        if length <= 1 << self.bits() {
            Self::Bits15
        } else {
            self
        }
    }
}

/// Compresses frames. One per thread: some 270 KiB for each window in use.
#[derive(Debug, Default)]
pub struct Deflater {
    compressors: [Option<Box<Compress>>; Window::ALL.len()],
}

impl Deflater {
    /// A frame that was made by this module's encoders, compressed.
    ///
    /// `None` if it is better sent as it is: a control frame, or one that is short or would not shrink.
    pub fn frame(&mut self, frame: &Bytes, window: Window) -> Option<Bytes> {
        if !encoder::is_plain_data(frame) {
            return None;
        }
        let payload = encoder::payload(frame);
        if payload.len() < SHORTEST_DEFLATED {
            return None;
        }
        let deflated = self.payload(&payload, window).ok()?;
        let deflated = encoder::deflated_frame(frame, &deflated);
        (deflated.len() < frame.len()).then_some(deflated)
    }

    fn payload(&mut self, payload: &[u8], window: Window) -> Result<Vec<u8>, CompressError> {
        let window = window.for_payload(payload.len());
        let compressor = self.compressors[window.index()].get_or_insert_with(|| {
            let effort = Compression::new(EFFORT);
            Box::new(Compress::new_with_window_bits(effort, false, window.bits()))
        });
        compressor.reset();
        let mut deflated = Vec::with_capacity(payload.len() / 2 + LEAST_GROWTH);
        loop {
            let taken = usize::try_from(compressor.total_in()).unwrap_or(payload.len());
            let rest = payload.get(taken..).unwrap_or_default();
            compressor.compress_vec(rest, &mut deflated, FlushCompress::Sync)?;
            // Room that is left means that all is flushed.
            if deflated.len() < deflated.capacity() {
                break;
            }
            deflated.reserve(LEAST_GROWTH.max(deflated.len() / 2));
        }
        if deflated.ends_with(&TAIL) {
            deflated.truncate(deflated.len() - TAIL.len());
        }
        Ok(deflated)
    }
}

/// Why a compressed payload is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InflateError {
    /// It is not what a compressor writes.
    Invalid,
    /// Its text is longer than allowed; no more than that was inflated.
    TooLong,
}

/// Inflates messages. One per thread: some 40 KiB, once it was needed.
#[derive(Debug, Default)]
pub struct Inflater {
    decompressor: Option<Box<Decompress>>,
}

impl Inflater {
    /// What `payload` stands for, of at most `limit` bytes.
    pub(super) fn inflate(
        &mut self,
        payload: &[u8],
        limit: usize,
    ) -> Result<Vec<u8>, InflateError> {
        let decompressor = self
            .decompressor
            .get_or_insert_with(|| Box::new(Decompress::new(false)));
        decompressor.reset(false);
        let mut inflated = Vec::new();
        for piece in [payload, &TAIL] {
            inflate_piece(decompressor, piece, &mut inflated, limit)?;
        }
        Ok(inflated)
    }
}

/// Never lets `inflated` grow by more than a byte past `limit`, which shows that it is too long.
fn inflate_piece(
    decompressor: &mut Decompress,
    mut piece: &[u8],
    inflated: &mut Vec<u8>,
    limit: usize,
) -> Result<(), InflateError> {
    loop {
        if inflated.len() > limit {
            return Err(InflateError::TooLong);
        }
        if inflated.len() == inflated.capacity() {
            let growth = inflated.len().max(LEAST_GROWTH).max(2 * piece.len());
            inflated.reserve_exact(growth.min(limit.saturating_add(1) - inflated.len()));
        }
        let before = (decompressor.total_in(), inflated.len());
        let status = decompressor
            .decompress_vec(piece, inflated, FlushDecompress::Sync)
            .map_err(|_: DecompressError| InflateError::Invalid)?;
        let taken = usize::try_from(decompressor.total_in() - before.0).unwrap_or(piece.len());
        piece = piece.get(taken..).unwrap_or_default();
        if status == Status::StreamEnd {
            // A final block may be followed by more (section 7.2.3.4), at least by the tail.
            decompressor.reset(false);
        }
        if piece.is_empty() && inflated.len() < inflated.capacity() {
            return Ok(());
        }
        if taken == 0 && inflated.len() == before.1 && status != Status::StreamEnd {
            return Err(InflateError::Invalid);
        }
    }
}

/// The longest compressed form of a message of `limit` bytes that any sane compressor writes; zlib's
/// own bound for its worst settings.
pub(super) fn deflated_bound(limit: usize) -> usize {
    limit
        .saturating_add(limit / 8)
        .saturating_add(limit / 64)
        .saturating_add(64)
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn a_connection_keeps_one_byte_of_what_was_agreed() {
        assert_eq!(size_of::<Option<Window>>(), 1);
    }
}
