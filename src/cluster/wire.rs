//! Numbers and texts as bytes, and back.

/// The unread rest of some bytes; never beyond their end.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn size(&mut self) -> Option<usize> {
        self.u32()?.try_into().ok()
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.size()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// A counted list. Grows with what is there, whatever count was announced.
    pub(super) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.size()?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list)
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Appends what a [`Reader`] reads.
pub(super) trait Writer {
    fn put_u64(&mut self, number: u64);
    fn put_size(&mut self, size: usize);
    fn put_text(&mut self, text: &str);
}

impl Writer for Vec<u8> {
    fn put_u64(&mut self, number: u64) {
        self.extend_from_slice(&number.to_be_bytes());
    }

    /// No list or text here comes near 4 GiB: its parts were received within `max_request_size`.
    fn put_size(&mut self, size: usize) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.extend_from_slice(&size.to_be_bytes());
    }

    fn put_text(&mut self, text: &str) {
        self.put_size(text.len());
        self.extend_from_slice(text.as_bytes());
    }
}
