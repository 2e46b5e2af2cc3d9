//! A clock that wakes a worker to the microsecond. Tokio's timers know milliseconds only.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    time::{Duration, Instant},
};

use mio::{Interest, Registry, Token, unix::SourceFd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// One timer of the system, in the event queue of a worker.
pub(super) struct Alarm {
    timer: OwnedFd,
    /// When it is going to go off, so that it is not set to the same time again.
    set: Option<Instant>,
}

impl Alarm {
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self { timer, set: None })
    }

    /// Goes off at a time, or at once if that is over; an earlier setting is forgotten.
    pub(super) fn set(&mut self, time: Instant) -> io::Result<()> {
        /// Zero would turn it off.
        const AT_ONCE: Duration = Duration::from_nanos(1);
        if self.set.replace(time) == Some(time) {
            return Ok(());
        }
        let rest = time.saturating_duration_since(Instant::now()).max(AT_ONCE);
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: rest.as_secs().cast_signed(),
                tv_nsec: rest.subsec_nanos().into(),
            },
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }

    /// Notes that it went off.
    pub(super) fn rang(&mut self) {
        self.set = None;
    }
}
