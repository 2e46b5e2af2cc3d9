//! The unix socket: other PHP processes of this machine publish here.

use std::{
    io,
    num::NonZero,
    process,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use rustix::net::{SendFlags, send};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::{spawn_local, yield_now},
    time::{interval, timeout},
};

use super::{
    elsewhere,
    http::until_calm,
    provider::{Missing, Search},
    running::Shared,
};
use crate::{
    api::Response,
    engine::{ApplicationIndex, Engine, Publication, UnfitEvent},
    inquiry,
    protocol::{
        ChannelName, SocketId,
        local::{
            ClientFrame, Hello, LocalError, MAX_HELLO, Nonce, Publish, PublisherId, Reason,
            ServerFrame, Welcome,
        },
    },
};

use attention::Attention;
use heard::{Heard, MEMORY};
use newcomers::{Newcomers, Place};
pub(super) use socket::LocalSocket;

mod attention;
mod heard;
mod newcomers;
mod socket;

/// How long a publisher may take to prove that it knows the secret.
const HELLO_TIME: Duration = Duration::from_secs(5);

/// How long to wait when the system has no descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Read at a time from a publisher.
const READ_SIZE: usize = 64 * 1024;

impl LocalSocket {
    /// Serves publishers until the server stops.
    pub(super) async fn serve(
        self,
        shared: Arc<Shared>,
        mut stop: watch::Receiver<Option<Instant>>,
    ) -> io::Result<()> {
        let listener = UnixListener::from_std(self.listener()?)?;
        let heard = Heard::new(shared.server_id());
        let newcomers = Newcomers::default();
        let cores = available_parallelism().map_or(1, NonZero::get);
        let mut forget = interval(MEMORY);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let publisher = Publisher::new(stream, Arc::clone(&shared), heard.clone(), cores);
                        spawn_local(publisher.serve(newcomers.admit()));
                    }
                    Err(error) => {
                        shared.engine.notices().warn(format!("Cannot accept publishers: {error}."));
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                _now = forget.tick() => {
                    heard.forget();
                    newcomers.warn(shared.engine.notices());
                }
                _changed = stop.changed() => return Ok(()),
            }
        }
    }
}

/// One connected process.
struct Publisher {
    stream: UnixStream,
    shared: Arc<Shared>,
    heard: Heard,
    /// Read and not understood yet: at most one frame and one read.
    input: Vec<u8>,
    /// Said and not written yet.
    output: Vec<u8>,
    /// Whether what it sends may be taken: from its welcome on, and until it breaks the protocol.
    is_welcome: bool,
    attention: Attention,
}

/// Why a connection ends.
enum End {
    /// The other side is gone.
    Gone,
    /// It broke the protocol; it is told and the connection closed.
    Refused(Reason, String),
}

/// Why a process may not publish.
enum Refusal {
    /// There is no such application.
    Unknown,
    /// It has another secret.
    WrongSecret,
    /// It is not known whether there is such an application; with a text that says so.
    Unavailable(String),
}

/// Who does not know the secret is not told which applications there are.
impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown | Refusal::WrongSecret => Self::Refused(
                Reason::WRONG_SECRET,
                "No application has this id and this secret.".to_owned(),
            ),
            Refusal::Unavailable(message) => Self::Refused(Reason::UNAVAILABLE, message),
        }
    }
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl From<LocalError> for End {
    fn from(error: LocalError) -> Self {
        let reason = match error {
            LocalError::TooLarge(_) => Reason::TOO_LARGE,
            LocalError::Version(_) => Reason::VERSION,
            _ => Reason::MALFORMED,
        };
        Self::Refused(reason, error.to_string())
    }
}

impl Publisher {
    fn new(stream: UnixStream, shared: Arc<Shared>, heard: Heard, cores: usize) -> Self {
        Self {
            stream,
            shared,
            heard,
            input: Vec::new(),
            output: Vec::new(),
            is_welcome: false,
            attention: Attention::new(cores),
        }
    }

    async fn serve(mut self, place: Place) {
        let end = self.converse(place).await;
        self.is_welcome = false;
        if let Err(End::Refused(reason, message)) = end {
            let refused = ServerFrame::Refused {
                reason,
                message: &message,
            };
            refused.encode(&mut self.output);
            // The connection ends either way.
            let _ = self.stream.write_all(&self.output).await;
        }
    }

    async fn converse(&mut self, mut place: Place) -> Result<(), End> {
        let (application, publisher) = tokio::select! {
            greeted = self.greet() => greeted?,
            () = place.lost() => return Err(End::Gone),
        };
        drop(place);
        loop {
            let taken = self.take_frames(application, publisher).await?;
            self.input.drain(..taken);
            let watched_until = self.answer().await;
            self.read_watching(watched_until).await?;
            self.attention.heard(Instant::now());
        }
    }

    /// Writes what is to be said; when the server stops meanwhile, the rest is known. If what comes next is to be
    /// watched for, returns until when.
    ///
    /// A publisher that is gone already has still sent what has not been read yet: reading goes on.
    async fn answer(&mut self) -> Option<Instant> {
        if self.output.is_empty() {
            return None;
        }
        while !self.output.is_empty() {
            match self.stream.write(&self.output).await {
                Ok(written) => drop(self.output.drain(..written)),
                Err(_) => self.output.clear(),
            }
        }
        self.attention.answered(Instant::now())
    }

    async fn greet(&mut self) -> Result<(ApplicationIndex, PublisherId), End> {
        let nonce = self.shared.nonce();
        timeout(HELLO_TIME, self.challenge(nonce))
            .await
            .map_err(|_| End::Gone)??;
        let (known, welcome, length) = self.recognise(&nonce).await?;
        self.input.drain(..length);
        ServerFrame::Welcome(welcome).encode(&mut self.output);
        self.is_welcome = true;
        Ok(known)
    }

    /// Waits until the input begins with a whole frame.
    async fn challenge(&mut self, nonce: Nonce) -> Result<(), End> {
        ServerFrame::Challenge { nonce }.encode(&mut self.output);
        self.stream.write_all(&self.output).await?;
        self.output.clear();
        while ClientFrame::decode(&self.input)?.is_none() {
            if self.input.len() > MAX_HELLO {
                return Err(End::Refused(Reason::MALFORMED, "no Hello".to_owned()));
            }
            self.read().await?;
        }
        Ok(())
    }

    /// Tells the operator which process of this machine asked to publish; the system vouches for it.
    ///
    /// Only the operator is told whether it is the application or its secret that is wrong.
    fn tell_who_came<T>(&self, app_id: &str, found: &Result<T, Refusal>) {
        let (title, flaw) = match found {
            Ok(_) => ("Publisher Connected", ""),
            Err(Refusal::Unknown) => ("Publisher Refused", ", unknown"),
            Err(Refusal::WrongSecret) => ("Publisher Refused", ", wrong secret"),
            Err(Refusal::Unavailable(_)) => ("Publisher Refused", ", not found out"),
        };
        self.shared.engine.note(title, || {
            let application = format!("application {app_id}{flaw}");
            match self.stream.peer_cred() {
                Ok(peer) => {
                    let process = peer
                        .pid()
                        .map_or(String::new(), |pid| format!("process {pid}, "));
                    format!(
                        "{process}user {}, group {}, {application}",
                        peer.uid(),
                        peer.gid()
                    )
                }
                Err(_) => application,
            }
        });
    }

    /// Who says the Hello at the head of the input, what to answer, and how long it is.
    async fn recognise(
        &self,
        nonce: &Nonce,
    ) -> Result<((ApplicationIndex, PublisherId), Welcome, usize), End> {
        let Some((ClientFrame::Hello(hello), length)) = ClientFrame::decode(&self.input)? else {
            return Err(End::Refused(Reason::MALFORMED, "no Hello".to_owned()));
        };
        let found = self.find_and_check(&hello, nonce).await;
        self.tell_who_came(hello.app_id, &found);
        let (application, welcome) = found?;
        Ok(((application, hello.publisher), welcome, length))
    }

    async fn find_and_check(
        &self,
        hello: &Hello<'_>,
        nonce: &Nonce,
    ) -> Result<(ApplicationIndex, Welcome), Refusal> {
        let found = self.find(hello.app_id).await;
        let applications = self.shared.engine.applications();
        let application = found.map(|index| applications.application(index));
        let secret = application.as_ref().map_or("", |known| &*known.secret);
        // As much is calculated for an application that there is not.
        let is_proved = hello.proves(secret, nonce);
        match found {
            Ok(index) if is_proved => {
                let server = self.heard.server;
                Ok((index, Welcome::new(secret, nonce, &hello.publisher, server)))
            }
            Ok(_) => Err(Refusal::WrongSecret),
            Err(Missing::Unknown) => Err(Refusal::Unknown),
            Err(missing) => Err(Refusal::Unavailable(
                missing.of_id(hello.app_id.to_owned()).to_string(),
            )),
        }
    }

    async fn find(&self, app_id: &str) -> Result<ApplicationIndex, Missing> {
        match self.shared.find_by_id(app_id, Instant::now()) {
            // The answer would have to come from the thread that waits for this one: it is for the next time.
            Search::Asked(pending) if self.is_of_this_process() => {
                spawn_local(pending.end());
                Err(Missing::Unavailable)
            }
            search => search.end().await,
        }
    }

    fn is_of_this_process(&self) -> bool {
        let peer = self.stream.peer_cred().ok().and_then(|peer| peer.pid());
        peer.is_some_and(|pid| u32::try_from(pid) == Ok(process::id()))
    }

    /// Carries out all whole frames of the input; returns their length.
    async fn take_frames(
        &mut self,
        application: ApplicationIndex,
        publisher: PublisherId,
    ) -> Result<usize, End> {
        let mut taken = 0;
        while let Some((frame, length)) = ClientFrame::decode(&self.input[taken..])? {
            let said = match frame {
                ClientFrame::Publish(publish) => {
                    until_calm(&self.shared).await;
                    self.shared
                        .take(application, publisher, &publish, &self.heard)
                }
                ClientFrame::Call { method, target } => {
                    let request = (method, target);
                    let engine = &self.shared.engine;
                    Said::Answer(call(engine, application, request).await)
                }
                ClientFrame::Hello(_) => {
                    return Err(End::Refused(Reason::MALFORMED, "a second Hello".to_owned()));
                }
            };
            said.encode(&mut self.output);
            taken += length;
        }
        Ok(taken)
    }

    /// Reads, and until then looks again and again instead of sleeping: others have their turns between two looks, and
    /// workers that have something to do end it, as they may want this core.
    async fn read_watching(&mut self, until: Option<Instant>) -> Result<(), End> {
        while until.is_some_and(|until| Instant::now() < until) && self.shared.engine.is_at_rest() {
            tokio::select! {
                biased;
                read = self.read() => return read,
                () = yield_now() => {}
            }
        }
        self.read().await
    }

    async fn read(&mut self) -> Result<(), End> {
        self.input.reserve(READ_SIZE);
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(End::Gone),
            _ => Ok(()),
        }
    }
}

impl Drop for Publisher {
    /// The server stops: its last words are what it took, and that it takes no more.
    fn drop(&mut self) {
        if self.is_welcome {
            ServerFrame::Closing.encode(&mut self.output);
            // A publisher that does not read, or is gone, finds out by itself.
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            let _ = send(&self.stream, &self.output, flags);
        }
    }
}

/// Answers a request, with what other servers have.
async fn call(engine: &Engine, application: ApplicationIndex, request: (&str, &str)) -> Response {
    let command = match inquiry::read(engine, application, request) {
        Ok(command) => command,
        Err(response) => return response,
    };
    let question = inquiry::question(engine, application, &command);
    let elsewhere = elsewhere::ask(engine, question).await;
    inquiry::answer(engine, application, &command, &elsewhere, Instant::now())
}

/// What is said about one frame.
enum Said {
    Nothing,
    Ack(u64),
    Failed(u64, Reason, String),
    Answer(Response),
}

impl Said {
    fn refused(sequence: u64, unfit: &UnfitEvent) -> Self {
        let reason = match unfit {
            UnfitEvent::TooLarge { .. } => Reason::TOO_LARGE,
            _ => Reason::INVALID_EVENT,
        };
        Self::Failed(sequence, reason, unfit.to_string())
    }

    fn encode(&self, output: &mut Vec<u8>) {
        match self {
            Self::Nothing => {}
            &Self::Ack(sequence) => ServerFrame::Ack { sequence }.encode(output),
            Self::Failed(sequence, reason, message) => ServerFrame::Failed {
                sequence: *sequence,
                reason: *reason,
                message,
            }
            .encode(output),
            Self::Answer(response) => ServerFrame::Answer {
                status: response.status,
                is_complete: response.is_complete(),
                body: &response.body,
            }
            .encode(output),
        }
    }
}

impl Shared {
    /// Publishes an event, unless it is a repeat.
    fn take(
        &self,
        application: ApplicationIndex,
        publisher: PublisherId,
        publish: &Publish<'_>,
        heard: &Heard,
    ) -> Said {
        let limits = self.engine.event_limits(application);
        match limits.check(publish.event, publish.data, &publish.channels) {
            Err(unfit) => return Said::refused(publish.sequence, &unfit),
            Ok(channels) if heard.is_new(publisher, publish.sequence) => {
                self.publish(application, publish, &channels);
            }
            Ok(_) => {}
        }
        if publish.acknowledge {
            Said::Ack(publish.sequence)
        } else {
            Said::Nothing
        }
    }

    fn publish(
        &self,
        application: ApplicationIndex,
        publish: &Publish<'_>,
        channels: &[ChannelName],
    ) {
        let publication = Publication {
            event: publish.event,
            data: publish.data,
            channels,
            except: publish.socket_id.and_then(SocketId::parse),
        };
        self.engine
            .publish(application, &publication, Instant::now());
    }
}
