//! The bytes of a message for all who receive it: plain, and compressed once somebody wants it so.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::websocket::{Compression, Deflater, SHORTEST_DEFLATED, Window};

/// A frame, of which all receivers on all workers share the bytes.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    plain: Bytes,
    /// One compressed copy for each window in use, or the plain one where compressing gains
    /// nothing. There are none for a short frame, nor for a server that does not compress.
    deflated: Option<Arc<[OnceLock<Bytes>; Window::ALL.len()]>>,
}

impl Copies {
    pub(super) fn new(plain: Bytes, compression: Compression) -> Self {
        let may_shrink = compression == Compression::Deflate && plain.len() >= SHORTEST_DEFLATED;
        Self {
            deflated: may_shrink.then(Arc::default),
            plain,
        }
    }

    /// The frame as it was encoded.
    pub(super) fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// Makes the copy for a window, unless it is there. Two workers that want the same one at the
    /// same time wait for one of them, instead of doing the work twice.
    pub(super) fn prepare(&self, window: Window, deflater: &mut Deflater) {
        if let Some(copy) = self.copy(window) {
            copy.get_or_init(|| {
                deflater
                    .frame(&self.plain, window)
                    .unwrap_or_else(|| self.plain.clone())
            });
        }
    }

    /// The frame for a connection that agreed on this window, as far as it was prepared.
    pub(super) fn bytes(&self, window: Option<Window>) -> &Bytes {
        window
            .and_then(|window| self.copy(window)?.get())
            .unwrap_or(&self.plain)
    }

    fn copy(&self, window: Window) -> Option<&OnceLock<Bytes>> {
        let window = window.for_payload(self.plain.len());
        self.deflated.as_ref()?.get(window.index())
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::{Compression, Copies, Deflater, Window};
    use crate::websocket::text_frame;

    fn copies(length: usize, compression: Compression) -> Copies {
        Copies::new(text_frame(&"a".repeat(length)), compression)
    }

    #[test]
    fn receivers_share_one_compressed_copy() {
        let (mut deflater, mut other) = (Deflater::default(), Deflater::default());
        let ours = copies(1000, Compression::Deflate);
        let theirs = ours.clone();
        ours.prepare(Window::Bits15, &mut deflater);
        theirs.prepare(Window::Bits15, &mut other);
        let bytes = ours.bytes(Some(Window::Bits15));
        assert!(ptr::eq(bytes, theirs.bytes(Some(Window::Bits15))));
        assert!(
            ptr::eq(bytes, theirs.bytes(Some(Window::Bits10))),
            "it fits into the window"
        );
        assert_eq!(
            theirs.bytes(Some(Window::Bits9)),
            ours.plain(),
            "not prepared"
        );
        assert_eq!(theirs.bytes(None), ours.plain());
        assert_eq!(bytes.first(), Some(&0xc1));
        assert!(bytes.len() < 40);
    }

    #[test]
    fn servers_without_compression_and_short_frames_have_no_second_copy() {
        for copies in [
            copies(1000, Compression::Off),
            copies(200, Compression::Deflate),
        ] {
            copies.prepare(Window::Bits15, &mut Deflater::default());
            assert_eq!(copies.bytes(Some(Window::Bits15)), copies.plain());
            assert!(copies.deflated.is_none());
        }
    }
}
