//! Whether this process is to outlive its terminal, as `nohup` asks for.
//!
//! PHP takes SIGHUP for itself before a script runs, whoever ignored it; so it is looked at before that.

use std::{
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use nix::libc::{SIG_IGN, SIGHUP, sigaction};

static IGNORES_HANG_UP: AtomicBool = AtomicBool::new(false);

/// Looks at what SIGHUP does; to be called when the module is loaded.
pub(super) fn look() {
    let mut action = MaybeUninit::<sigaction>::uninit();
    // SAFETY: without a new action it only writes the present one to where `action` lies.
    let done = unsafe { sigaction(SIGHUP, ptr::null(), action.as_mut_ptr()) };
    if done == 0 {
        // SAFETY: it has succeeded, and so has written it.
        let action = unsafe { action.assume_init() };
        IGNORES_HANG_UP.store(action.sa_sigaction == SIG_IGN, Relaxed);
    }
}

/// Whether SIGHUP was ignored when the module was loaded.
pub(super) fn is_outlived() -> bool {
    IGNORES_HANG_UP.load(Relaxed)
}
