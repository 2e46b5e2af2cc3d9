//! What a connection may send.

use std::borrow::Cow;

use super::{
    Inflater, MESSAGE_CEILING, Violation,
    deflate::{InflateError, deflated_bound},
};

/// The terms under which a decoder reads.
#[derive(Debug)]
pub struct Terms<'i> {
    max_message_size: usize,
    inflater: Option<&'i mut Inflater>,
}

impl<'i> Terms<'i> {
    /// Messages of up to so many bytes over all fragments; 0 means [`MESSAGE_CEILING`].
    #[must_use]
    pub fn plain(max_message_size: usize) -> Self {
        Self {
            max_message_size,
            inflater: None,
        }
    }

    /// As [`Terms::plain`], and messages may be compressed: the size is that of the inflated one.
    #[must_use]
    pub fn deflate(max_message_size: usize, inflater: &'i mut Inflater) -> Self {
        Self {
            max_message_size,
            inflater: Some(inflater),
        }
    }

    pub(super) fn may_deflate(&self) -> bool {
        self.inflater.is_some()
    }

    /// Decides on a size that a header announces.
    ///
    /// What is compressed may be a little larger than the message, as not everything shrinks.
    pub(super) fn check_size(&self, size: usize, is_deflated: bool) -> Result<(), Violation> {
        let limit = if is_deflated {
            deflated_bound(self.limit())
        } else {
            self.limit()
        };
        if size > limit {
            Err(self.too_big())
        } else {
            Ok(())
        }
    }

    /// Inflates a payload if it is compressed; stops as soon as it proves too long.
    pub(super) fn inflate<'a>(
        &mut self,
        payload: Cow<'a, [u8]>,
        is_deflated: bool,
    ) -> Result<Cow<'a, [u8]>, Violation> {
        if !is_deflated {
            return Ok(payload);
        }
        let limit = self.limit();
        let inflater = self.inflater.as_mut().ok_or(Violation::RESERVED_BIT)?;
        match inflater.inflate(&payload, limit) {
            Ok(inflated) => Ok(Cow::Owned(inflated)),
            Err(InflateError::Invalid) => Err(Violation::NOT_DEFLATED),
            Err(InflateError::TooLong) => Err(self.too_big()),
        }
    }

    fn limit(&self) -> usize {
        match self.max_message_size {
            0 => MESSAGE_CEILING,
            limit => limit,
        }
    }

    fn too_big(&self) -> Violation {
        match self.max_message_size {
            0 => Violation::FRAME_TOO_BIG,
            _ => Violation::MESSAGE_TOO_BIG,
        }
    }
}
