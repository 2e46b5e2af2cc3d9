//! Native threads take no signals: they are all for the thread that runs PHP.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// Runs something with all signals blocked. Threads that it starts inherit that.
///
/// The signals of a crash stay open, so that a stack overflow is still reported.
pub(super) fn blocked<T>(start: impl FnOnce() -> T) -> T {
    let mut blocked = SigSet::all();
    for signal in [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
    ] {
        blocked.remove(signal);
    }
    // Fails only for an unknown `how`; with signals open a thread would merely run PHP's handlers.
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK);
    let result = start();
    if let Ok(before) = before {
        let _restored = before.thread_set_mask();
    }
    result
}
