//! A cursor over the bytes of one read.

use std::mem;

/// What was read from the socket and not yet looked at.
///
/// It borrows the worker's shared read buffer; payloads are unmasked in it and messages point into it.
#[derive(Debug)]
pub struct Input<'a> {
    rest: &'a mut [u8],
}

impl<'a> Input<'a> {
    /// Starts at the first byte of `bytes`.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The number of bytes left.
    pub fn len(&self) -> usize {
        self.rest.len()
    }

    /// Nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes left, without taking them.
    pub(super) fn peek(&self) -> &[u8] {
        self.rest
    }

    /// Takes the next `count` bytes, or all there are.
    pub(super) fn take(&mut self, count: usize) -> &'a mut [u8] {
        let rest = mem::take(&mut self.rest);
        let (taken, rest) = rest.split_at_mut(count.min(rest.len()));
        self.rest = rest;
        taken
    }
}
