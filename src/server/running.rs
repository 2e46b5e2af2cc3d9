//! A running server: its threads, and how they are started and stopped.

use std::{
    fmt, io,
    net::SocketAddr,
    path::Path,
    process,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use mio::net::TcpListener;
use parking_lot::Mutex;
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    task::LocalSet,
};

use super::{
    Config, ServerError,
    companions::{Companions, START_TIME},
    listener::listen,
    local::LocalSocket,
    open_files,
    provider::Provider,
    proxies::Proxies,
    signals,
    time_limits::TimeLimits,
    tls::{Renewal, Tls},
    worker::{Queue, WorkerThread},
};
use crate::{
    engine::{Applications, Engine, Notices, Stats, process as current_process},
    websocket::Compression,
};

/// How much longer than the grace period threads may take to end before they are left alone. Those of a busy machine
/// take their time; with the grace of `reverb:start` it is still less than the 10 s that supervisors wait.
const MARGIN: Duration = Duration::from_secs(3);

/// What the threads of a server share.
pub(super) struct Shared {
    pub(super) engine: Arc<Engine>,
    /// Where all routes begin, without slashes at its ends.
    pub(super) path: String,
    pub(super) max_request_size: usize,
    pub(super) proxies: Proxies,
    /// In seconds; none allows a request of any time.
    pub(super) auth_timestamp_tolerance: Option<u64>,
    pub(super) times: TimeLimits,
    pub(super) compression: Compression,
    /// Whether events wait for further ones to be sent with.
    pub(super) coalesces: bool,
    /// Asked for applications that the engine does not know, unless the list of them is fixed.
    pub(super) provider: Option<Arc<Provider>>,
    /// None serves without TLS.
    pub(super) tls: Option<Tls>,
}

/// A running server. Dropping it stops it at once.
pub struct Server {
    address: SocketAddr,
    engine: Arc<Engine>,
    provider: Option<Arc<Provider>>,
    /// The threads live in this process; a fork has none of them.
    process: u32,
    /// Becomes the time by which all must be over.
    stop: watch::Sender<Option<Instant>>,
    /// Guards the threads against being joined twice. Nothing else is locked under it.
    threads: Mutex<Threads>,
}

struct Threads {
    handles: Vec<JoinHandle<()>>,
    /// Disconnected when the last thread has ended.
    ended: mpsc::Receiver<()>,
}

impl Server {
    /// Binds, starts the threads and returns.
    ///
    /// # Errors
    /// If the address or the unix socket cannot be had, or a server runs already.
    pub fn start(config: Config) -> Result<Self, ServerError> {
        if current_process::current().is_some() {
            return Err(ServerError::AlreadyRunning);
        }
        let open_files = open_files::raise();
        let (tls, mut renewal) = config.tls.map(Tls::load).transpose()?.unzip();
        let (listeners, address) =
            listen(SocketAddr::new(config.host, config.port), config.workers)?;
        let notices = Arc::new(Notices::new(config.debug, config.events)?);
        open_files::shortage(open_files, &config.applications)
            .into_iter()
            .for_each(|warning| notices.warn(warning));
        if let Some(renewal) = &mut renewal {
            renewal.warn_of_dates(&notices);
        }
        let local = bind_local(config.socket.as_deref(), &notices)?;
        let queues = listeners
            .iter()
            .map(|_| Queue::new())
            .collect::<io::Result<Vec<_>>>()?;
        let wakers = queues
            .iter()
            .map(Queue::waker)
            .collect::<io::Result<Vec<_>>>()?;
        let applications = Applications::new(config.applications);
        let provider = config
            .provider
            .map(|terms| Provider::new(terms, &applications, Arc::clone(&notices)));
        let companions = config.scaling.map(Companions::new);
        let engine = Arc::new(Engine::scaled(
            applications,
            wakers,
            notices,
            config.limits,
            companions.as_ref().map(Companions::scaling),
        ));
        let shared = Arc::new(Shared {
            engine: Arc::clone(&engine),
            path: config.path,
            max_request_size: config.limits.max_request_size,
            proxies: config.proxies,
            auth_timestamp_tolerance: config.auth_timestamp_tolerance,
            times: config.times,
            compression: config.limits.compression,
            coalesces: !config.limits.coalesce.is_zero(),
            provider: provider.clone(),
            tls,
        });
        let (stop, stopped) = watch::channel(None);
        let mut starter = Starter::new(shared, stopped);
        let workers = listeners.into_iter().zip(queues);
        if let Err(error) = starter.start_all(workers, local, (companions, renewal)) {
            stop.send_replace(Some(Instant::now()));
            return Err(error);
        }
        current_process::announce(&engine);
        Ok(Self {
            address,
            engine,
            provider,
            process: process::id(),
            stop,
            threads: Mutex::new(starter.threads),
        })
    }

    /// The address it listens on; the port is the real one if 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What all its threads share.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn provider(&self) -> Option<&Arc<Provider>> {
        self.provider.as_ref()
    }

    /// What the operator is told.
    #[must_use]
    pub fn notices(&self) -> &Notices {
        self.engine.notices()
    }

    /// Figures to show.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// Stops accepting, takes leave of the connections and ends the threads, within `grace`.
    ///
    /// Does nothing the second time, and nothing in a fork of the server's process.
    pub fn stop(&self, grace: Duration) {
        if self.process != process::id() {
            return;
        }
        let deadline = Instant::now() + grace;
        self.stop
            .send_if_modified(|stop| stop.replace(deadline).is_none());
        current_process::withdraw(&self.engine);
        let mut threads = self.threads.lock();
        let patience = (deadline + MARGIN).saturating_duration_since(Instant::now());
        let has_ended =
            threads.ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Disconnected);
        for handle in threads.handles.drain(..) {
            if has_ended {
                // A thread that panicked has said so; there is nothing left to do for it.
                let _ = handle.join();
            }
        }
        self.notices().report_hidden();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// 64 random bits.
    pub(super) fn random(&self) -> u64 {
        u64::from_le_bytes(random())
    }

    /// A number that was never used before.
    pub(super) fn nonce(&self) -> [u8; 32] {
        random()
    }

    /// A name that no other server has.
    pub(super) fn server_id(&self) -> [u8; 16] {
        random()
    }
}

#[allow(
    clippy::expect_used,
    reason = "without randomness nothing here is safe to go on"
)]
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

/// Starts the threads of a server.
struct Starter {
    shared: Arc<Shared>,
    stopped: watch::Receiver<Option<Instant>>,
    ended: mpsc::Sender<()>,
    threads: Threads,
    /// How many workers were started.
    workers: usize,
}

impl Starter {
    fn new(shared: Arc<Shared>, stopped: watch::Receiver<Option<Instant>>) -> Self {
        let (sender, ended) = mpsc::channel();
        Self {
            shared,
            stopped,
            ended: sender,
            threads: Threads {
                handles: Vec::new(),
                ended,
            },
            workers: 0,
        }
    }

    fn start_all(
        &mut self,
        workers: impl Iterator<Item = (TcpListener, Queue)>,
        local: Option<LocalSocket>,
        (companions, renewal): (Option<Companions>, Option<Renewal>),
    ) -> Result<(), ServerError> {
        if let Some(companions) = companions {
            self.start_cluster(companions)?;
        }
        for (listener, queue) in workers {
            self.start_worker(queue, listener)?;
        }
        if let Some(renewal) = renewal {
            let (shared, stopped) = (Arc::clone(&self.shared), self.stopped.clone());
            self.spawn("reverb-renewal".to_owned(), move |runtime| {
                runtime.block_on(renewal.run(shared, stopped))
            })?;
        }
        local.map_or(Ok(()), |local| self.start_control(local))
    }

    fn start_worker(&mut self, queue: Queue, listener: TcpListener) -> Result<(), ServerError> {
        let index = self.workers;
        self.workers += 1;
        let worker = WorkerThread::new(queue, listener, index, Arc::clone(&self.shared))?;
        let stopped = self.stopped.clone();
        self.spawn(format!("reverb-worker-{index}"), move |runtime| {
            runtime.block_on(worker.run(stopped))
        })
    }

    /// Starts the thread that talks to Redis, and waits until it knows whether it is let in.
    fn start_cluster(&mut self, companions: Companions) -> Result<(), ServerError> {
        let driver = companions.driver(&self.shared.engine)?;
        let stopped = self.stopped.clone();
        let (started, outcome) = mpsc::channel();
        self.spawn("reverb-cluster".to_owned(), move |runtime| {
            runtime.block_on(driver.run(stopped, started))
        })?;
        // What takes longer is told of when it has happened.
        let outcome = outcome.recv_timeout(START_TIME).unwrap_or(Ok(()));
        Ok(outcome?)
    }

    fn start_control(&mut self, local: LocalSocket) -> Result<(), ServerError> {
        let (shared, stopped) = (Arc::clone(&self.shared), self.stopped.clone());
        self.spawn("reverb-control".to_owned(), move |runtime| {
            LocalSet::new().block_on(&runtime, local.serve(shared, stopped))
        })
    }

    fn spawn(
        &mut self,
        name: String,
        run: impl FnOnce(Runtime) -> io::Result<()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let engine = Arc::clone(&self.shared.engine);
        let ended = self.ended.clone();
        let thread = thread::Builder::new().name(name.clone());
        let handle = signals::blocked(|| {
            thread.spawn(move || {
                let _ended = ended;
                if let Err(error) = run(runtime) {
                    engine
                        .notices()
                        .warn(format!("The thread {name} failed: {error}."));
                }
            })
        })?;
        self.threads.handles.push(handle);
        Ok(())
    }
}

fn bind_local(path: Option<&Path>, notices: &Notices) -> Result<Option<LocalSocket>, ServerError> {
    let Some(path) = path else {
        return Ok(None);
    };
    let local = match LocalSocket::bind(path) {
        // The way over HTTP is left, so that this is no reason to serve nobody.
        Err(ServerError::Socket(_, error)) if is_surmountable(error.kind()) => {
            notices.warn(format!(
                "Cannot make the socket {}: {error}. Local processes publish over HTTP until there is room \
                 that the server's user may write to, and the server is started again.",
                path.display()
            ));
            return Ok(None);
        }
        local => local?,
    };
    if local.is_none() {
        notices.warn(format!(
            "Another server has the socket {}: local processes publish to that one. \
             Give this one a path of its own (servers.reverb.socket).",
            path.display()
        ));
    }
    Ok(local)
}

fn is_surmountable(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ReadOnlyFilesystem
    )
}
