//! The decisions of a node among others: which topics it is attached to, who is told what, and what
//! follows from what the broker and the other nodes say.
//!
//! Inputs go in, commands come out, time is a parameter. The driver carries out the commands in
//! their order over one connection to the broker, but for [`Command::Subscribe`] and
//! [`Command::Unsubscribe`], which have a connection of their own, and hands in the replies and the
//! messages in the order in which they arrive on either connection.

mod command;
mod input;

use std::{sync::Arc, time::Instant};

pub use self::{
    command::{Command, Message},
    input::Input,
};
use crate::engine::{Engine, cluster::NodeId};

/// The state of a node among others.
#[derive(Debug)]
pub struct Coordinator {
    engine: Arc<Engine>,
    node: NodeId,
    commands: Vec<Command>,
}

impl Coordinator {
    /// A coordinator that is not connected yet.
    #[must_use]
    pub fn new(engine: Arc<Engine>, node: NodeId) -> Self {
        Self {
            engine,
            node,
            commands: Vec::new(),
        }
    }

    /// The node that this is.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Takes an input in. What follows is to be had from [`Coordinator::take_commands`].
    pub fn handle(&mut self, input: Input, now: Instant) {
        let _ = (input, now, &self.engine);
    }

    /// The commands that are due, in their order.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }
}
