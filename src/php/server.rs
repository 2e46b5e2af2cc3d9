//! `Reverb\Server`: the native server of this process.

use std::{cell::Cell, mem::ManuallyDrop, process, sync::Arc, time::Duration};

use ext_php_rs::{
    boxed::ZBox, flags::ClassFlags, prelude::*, types::ZendHashTable, zend::ExecutorGlobals,
};

use super::{arrays, exceptions, interrupt, running};
use crate::server;

/// A running server. See `stubs/Reverb/Server.php` for what PHP may expect.
#[php_class]
#[php(name = "Reverb\\Server", flags = ClassFlags::Final)]
pub struct Server {
    /// The process whose threads serve; in a forked child nothing behind `server` may be touched.
    pid: u32,
    server: ManuallyDrop<Arc<server::Server>>,
    stopped: Cell<bool>,
}

#[php_impl]
impl Server {
    /// Private, so that PHP names the mistake: servers come from `start`.
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        Err(exceptions::server("use Reverb\\Server::start()".to_owned()))
    }

    /// Starts the server of this process.
    pub fn start(config: &ZendHashTable) -> PhpResult<Self> {
        let config = server::Config::parse(&arrays::configuration_value(config)?)?;
        let server = running::start(|| Ok(server::Server::start(config)?))?;
        Ok(Self {
            pid: process::id(),
            server: ManuallyDrop::new(server),
            stopped: Cell::new(false),
        })
    }

    /// The bound address.
    pub fn host(&self) -> PhpResult<String> {
        Ok(self.server()?.address().ip().to_string())
    }

    /// The bound port.
    pub fn port(&self) -> PhpResult<i64> {
        Ok(self.server()?.address().port().into())
    }

    /// Waits for notices.
    #[php(defaults(timeout = 1000))]
    pub fn poll(&self, timeout: i64) -> PhpResult<ZBox<ZendHashTable>> {
        let timeout = milliseconds(timeout, "poll", "timeout")?;
        let timeout = if self.stopped.get() {
            Duration::ZERO
        } else {
            timeout
        };
        let notices = self.server()?.notices();
        interrupt::wait(notices.descriptor(), timeout);
        if ExecutorGlobals::has_exception() {
            // A signal handler threw: the notices are left for the next poll.
            return Ok(ZendHashTable::new());
        }
        Ok(arrays::notice_arrays(notices.drain())?)
    }

    /// Figures to show.
    pub fn stats(&self) -> PhpResult<ZBox<ZendHashTable>> {
        let stats = self.server()?.stats();
        let mut array = ZendHashTable::new();
        for (key, count) in [
            ("connections", integer(stats.connections)),
            ("channels", integer(stats.channels)),
            ("messages_received", integer(stats.messages_received)),
            ("messages_sent", integer(stats.messages_sent)),
            ("notices_dropped", integer(stats.notices_dropped)),
            ("workers", integer(stats.workers)),
        ] {
            array.insert(key, count)?;
        }
        Ok(array)
    }

    /// Ends the server.
    #[php(defaults(grace = 5000))]
    pub fn stop(&self, grace: i64) -> PhpResult<()> {
        let grace = milliseconds(grace, "stop", "grace")?;
        self.server()?.stop(grace);
        self.stopped.set(true);
        running::forget(&self.server);
        Ok(())
    }
}

impl Server {
    fn server(&self) -> PhpResult<&server::Server> {
        if self.is_ours() {
            return Ok(&self.server);
        }
        let message = format!(
            "this server runs in the parent process {}; it cannot be used after a fork",
            self.pid
        );
        Err(exceptions::server(message))
    }

    fn is_ours(&self) -> bool {
        self.pid == process::id()
    }
}

impl Drop for Server {
    /// PHP lost the object: without it nobody could stop the server, so it ends now.
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        if !self.stopped.get() {
            self.server.stop(Duration::ZERO);
            running::forget(&self.server);
        }
        // SAFETY: this is the only place that drops it, and `self` ends here.
        unsafe { ManuallyDrop::drop(&mut self.server) };
    }
}

/// A count as PHP's integer; one beyond it stays at the largest.
fn integer(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

fn milliseconds(value: i64, method: &str, argument: &str) -> PhpResult<Duration> {
    u64::try_from(value).map(Duration::from_millis).map_err(|_| {
        exceptions::value_error(format!(
            "Reverb\\Server::{method}(): Argument #1 (${argument}) must be greater than or equal to 0"
        ))
    })
}
