//! Why a benchmark ends without figures. A missed target is not among the reasons.

use std::{io, time::Duration};

use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    System(#[from] io::Error),
    /// A frame that is lost, doubled, out of order or not what was published.
    #[error("wrong frame: {0}")]
    Frame(String),
    #[error("the server did not do as asked: {0}")]
    Server(String),
    #[error("{0} took longer than {1:?}")]
    Late(&'static str, Duration),
}
