//! The engine that runs in this process, for publishers that live in the same one.

use std::{
    process,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use super::Engine;

/// Guards the engine and the process it was started in. Held for a copy only; no thread of the
/// engine takes it, so a fork cannot leave it locked by a thread that is not there any more, as
/// long as PHP forks from the thread that runs PHP.
static CURRENT: Mutex<Option<(u32, Weak<Engine>)>> = Mutex::new(None);

/// The engine of this process, if it has one. A child of a fork has none: the threads stayed
/// with the parent.
#[must_use]
pub fn current() -> Option<Arc<Engine>> {
    let current = CURRENT.lock();
    let (process, engine) = current.as_ref()?;
    (*process == process::id()).then(|| engine.upgrade())?
}

/// Makes an engine that of this process.
pub fn announce(engine: &Arc<Engine>) {
    *CURRENT.lock() = Some((process::id(), Arc::downgrade(engine)));
}

/// The engine has stopped: this process has none any more, unless another one has taken its place.
pub fn withdraw(engine: &Arc<Engine>) {
    let mut current = CURRENT.lock();
    let is_current = |(_, other): &(u32, Weak<Engine>)| other.as_ptr() == Arc::as_ptr(engine);
    if current.as_ref().is_some_and(is_current) {
        *current = None;
    }
}
