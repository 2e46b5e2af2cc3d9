//! Reads the fields of one frame's body; never beyond it.

use super::LocalError;

/// The unread rest of a frame's body.
pub(super) struct Reader<'a> {
    /// Named in errors.
    kind: u8,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(kind: u8, body: &'a [u8]) -> Self {
        Self { kind, rest: body }
    }

    pub(super) fn u8(&mut self) -> Result<u8, LocalError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, LocalError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, LocalError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], LocalError> {
        let (array, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(LocalError::WrongLength(self.kind))?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, LocalError> {
        let length = self.length()?;
        let (text, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(LocalError::WrongLength(self.kind))?;
        self.rest = rest;
        std::str::from_utf8(text).map_err(|_| LocalError::NotText(self.kind))
    }

    /// Reads a counted list. Grows with what is there, whatever count was announced.
    pub(super) fn texts(&mut self) -> Result<Vec<&'a str>, LocalError> {
        let count = self.length()?;
        (0..count).map(|_| self.text()).collect()
    }

    /// Ends the body: nothing may be left.
    pub(super) fn end(self) -> Result<(), LocalError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(LocalError::WrongLength(self.kind))
        }
    }

    fn length(&mut self) -> Result<usize, LocalError> {
        self.array().map(|bytes| u32::from_le_bytes(bytes) as usize)
    }
}
