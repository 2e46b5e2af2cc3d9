//! The other servers of an installation: what is prepared before there is an engine.

use std::{sync::Arc, time::Duration};

use super::running::random;
use crate::{
    cluster::{Bell, Driver, Settings, UnusableRedis},
    engine::{
        Engine,
        cluster::{NodeId, Scaling},
    },
};

/// How long a start waits for Redis before it goes on without.
pub(super) const START_TIME: Duration = Duration::from_secs(5);

/// This server as one of several.
pub(super) struct Companions {
    settings: Settings,
    node: NodeId,
    bell: Bell,
}

impl Companions {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            node: NodeId::from_random(u64::from_le_bytes(random())),
            bell: Bell::default(),
        }
    }

    /// What the engine needs to know.
    pub(super) fn scaling(&self) -> Scaling {
        Scaling {
            node: self.node,
            waker: Box::new(self.bell.clone()),
        }
    }

    /// What runs on a thread of its own.
    pub(super) fn driver(self, engine: &Arc<Engine>) -> Result<Driver, UnusableRedis> {
        let Self {
            settings,
            node,
            bell,
        } = self;
        Driver::new(settings, Arc::clone(engine), node, bell)
    }
}
