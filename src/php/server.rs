//! `Reverb\Server`: the native server of this process.

#![allow(non_snake_case, reason = "PHP calls arguments by these names")]

use std::{cell::Cell, mem::ManuallyDrop, process, sync::Arc, time::Duration};

use ext_php_rs::{
    boxed::ZBox, flags::ClassFlags, prelude::*, types::ZendHashTable, zend::ExecutorGlobals,
};

use super::{arrays, exceptions, interrupt, notices, running, terminal};
use crate::server::{self, Answer, Question};

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

    /// Whether whoever started this process wants it to outlive the terminal.
    pub fn outlives_terminal() -> bool {
        terminal::is_outlived()
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
        let engine = self.server()?.engine();
        let notices = engine.notices();
        interrupt::wait(notices.descriptor(), timeout);
        if ExecutorGlobals::has_exception() {
            // A signal handler threw: the notices are left for the next poll.
            return Ok(ZendHashTable::new());
        }
        Ok(notices::notice_arrays(
            notices.drain(),
            engine.applications(),
        )?)
    }

    /// Figures to show.
    pub fn stats(&self) -> PhpResult<ZBox<ZendHashTable>> {
        let stats = self.server()?.stats();
        let mut array = ZendHashTable::new();
        for (key, count) in [
            ("connections", arrays::integer(stats.connections)),
            ("channels", arrays::integer(stats.channels)),
            (
                "messages_received",
                arrays::integer(stats.messages_received),
            ),
            ("messages_sent", arrays::integer(stats.messages_sent)),
            ("notices_dropped", arrays::integer(stats.notices_dropped)),
            ("workers", arrays::integer(stats.workers)),
        ] {
            array.insert(key, count)?;
        }
        Ok(array)
    }

    /// Figures of each application.
    pub fn applications(&self) -> PhpResult<ZBox<ZendHashTable>> {
        let mut list = ZendHashTable::new();
        for (id, stats) in self.server()?.engine().applications().stats() {
            let mut array = ZendHashTable::new();
            array.insert("app_id", id)?;
            for (key, count) in [
                ("connections", arrays::integer(stats.connections)),
                (
                    "messages_received",
                    arrays::integer(stats.messages_received),
                ),
                ("messages_sent", arrays::integer(stats.messages_sent)),
            ] {
                array.insert(key, count)?;
            }
            list.push(array)?;
        }
        Ok(list)
    }

    /// Sends a text to one connection.
    pub fn send(&self, socketId: &str, place: i64, message: &str) -> PhpResult<()> {
        if let Some(server) = self.serving()? {
            server.send(socketId, place, message)?;
        }
        Ok(())
    }

    /// Closes one connection.
    pub fn disconnect(&self, socketId: &str, place: i64) -> PhpResult<()> {
        if let Some(server) = self.serving()? {
            server.disconnect(socketId, place)?;
        }
        Ok(())
    }

    /// Sends a text to the subscribers of a channel.
    #[php(optional = exceptSocketId)]
    pub fn broadcast(
        &self,
        appId: &str,
        channel: &str,
        message: &str,
        exceptSocketId: Option<&str>,
    ) -> PhpResult<()> {
        if let Some(server) = self.serving()? {
            server.broadcast((appId, channel), message, exceptSocketId)?;
        }
        Ok(())
    }

    /// The subscribers of a channel.
    pub fn subscribers(&self, appId: &str, channel: &str) -> PhpResult<ZBox<ZendHashTable>> {
        let subscribers = match self.serving()? {
            Some(server) => server.subscribers(appId, channel)?,
            None => Vec::new(),
        };
        Ok(notices::subscriber_arrays(&subscribers)?)
    }

    /// The occupied channels of an application.
    #[php(optional = prefix)]
    pub fn channels(&self, appId: &str, prefix: Option<&str>) -> PhpResult<ZBox<ZendHashTable>> {
        let mut list = ZendHashTable::new();
        if let Some(server) = self.serving()? {
            for name in server.channels(appId, prefix.unwrap_or_default()) {
                list.push(name.as_str())?;
            }
        }
        Ok(list)
    }

    /// The message that a cache channel has kept.
    pub fn cached(&self, appId: &str, channel: &str) -> PhpResult<Option<String>> {
        let message = self.server()?.cached(appId, channel);
        Ok(message.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }

    /// The next question for the application provider.
    pub fn question(&self) -> PhpResult<Option<ZBox<ZendHashTable>>> {
        let question = self.serving()?.and_then(server::Server::question);
        Ok(match question {
            Some(question) => Some(arrays::text_array(&[
                ("by", question.by()),
                ("name", question.name()),
            ])?),
            None => None,
        })
    }

    /// Answers a question.
    pub fn answer(
        &self,
        by: &str,
        name: &str,
        application: Option<&ZendHashTable>,
    ) -> PhpResult<()> {
        let question = question(by, name, "answer")?;
        let answer = match application {
            Some(array) => {
                let value = arrays::configuration_value(array)?;
                Answer::Application(Box::new(server::parse_application(&value)?))
            }
            None => Answer::Unknown,
        };
        self.server()?.answer(&question, answer);
        Ok(())
    }

    /// Says that a question could not be answered.
    pub fn unanswered(&self, by: &str, name: &str) -> PhpResult<()> {
        let question = question(by, name, "unanswered")?;
        self.server()?.answer(&question, Answer::Failed);
        Ok(())
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

    /// The server as long as it has threads.
    fn serving(&self) -> PhpResult<Option<&server::Server>> {
        let server = self.server()?;
        Ok((!self.stopped.get()).then_some(server))
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

fn question(by: &str, name: &str, method: &str) -> PhpResult<Question> {
    Question::parse(by, name).ok_or_else(|| {
        exceptions::value_error(format!(
            "Reverb\\Server::{method}(): Argument #1 ($by) must be either \"key\" or \"id\""
        ))
    })
}

fn milliseconds(value: i64, method: &str, argument: &str) -> PhpResult<Duration> {
    u64::try_from(value).map(Duration::from_millis).map_err(|_| {
        exceptions::value_error(format!(
            "Reverb\\Server::{method}(): Argument #1 (${argument}) must be greater than or equal to 0"
        ))
    })
}
