//! Waiting on PHP's thread without keeping its signal handlers waiting.
//!
//! A signal's C handler (pcntl's) only leaves a mark and asks the virtual machine for an interrupt.
//! The machine looks at that between its own instructions, so whoever waits in native code has to look as well.

use std::{
    os::fd::BorrowedFd,
    time::{Duration, Instant},
};

use ext_php_rs::{ffi::zend_interrupt_function, zend::ExecutorGlobals};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

/// The longest single wait: a signal that arrives just before it is noticed just after it.
const SLICE: Duration = Duration::from_millis(50);

/// Waits until the descriptor is readable, a signal arrives or the time is over; then runs pending signal handlers.
pub(super) fn wait(descriptor: BorrowedFd<'_>, timeout: Duration) {
    let begin = Instant::now();
    while !is_requested() {
        let remaining = timeout.saturating_sub(begin.elapsed());
        match wait_slice(descriptor, remaining.min(SLICE)) {
            Ok(0) if remaining > SLICE => {}
            _ => break,
        }
    }
    run_handlers();
}

fn wait_slice(descriptor: BorrowedFd<'_>, slice: Duration) -> Result<usize, Errno> {
    let timeout = Timespec::try_from(slice).unwrap_or_default();
    poll(
        &mut [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)],
        Some(&timeout),
    )
}

fn is_requested() -> bool {
    let globals = ExecutorGlobals::get();
    // SAFETY: the mark lives as long as the engine; it is volatile because a signal handler sets it.
    unsafe { (&raw const globals.vm_interrupt.value).read_volatile() }
}

/// Does what the virtual machine does at its next look: runs the handlers of pcntl. No lock may be held here,
/// for a handler may throw, exit, or never come back (a fatal error).
fn run_handlers() {
    if !is_requested() || is_out_of_time() {
        return;
    }
    let frame = {
        let mut globals = ExecutorGlobals::get_mut();
        globals.cancel_interrupt();
        globals.current_execute_data
    };
    // SAFETY: set once, at the start of modules, before any request.
    if let Some(handle) = unsafe { zend_interrupt_function } {
        // SAFETY: the frame of the method that waits; it is on the stack until we return.
        unsafe { handle(frame) };
    }
}

/// The machine itself ends a script that has used up `max_execution_time`: the request is left standing for it.
fn is_out_of_time() -> bool {
    let globals = ExecutorGlobals::get();
    // SAFETY: as in `is_requested`.
    unsafe { (&raw const globals.timed_out.value).read_volatile() }
}
