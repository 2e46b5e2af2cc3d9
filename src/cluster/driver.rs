//! The thread between the coordinator and Redis.

use std::{
    fmt, io,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    broker::{self, Broker, Identity, Outcome},
    connect::Connector,
    coordinator::{Command, Coordinator, Input},
    ears::{Ears, News},
    link::LinkError,
    memory::Memory,
    names::{self, Names},
    recall::Recall,
    script::Scripts,
    settings::Settings,
};
use crate::engine::{Engine, Wake, cluster::NodeId};

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(100);

/// Between two looks at workers that lag behind.
const CONGESTION_PAUSE: Duration = Duration::from_millis(1);

/// A look at the clock that comes later than this says that the process itself, or its machine, stood still.
const STANDSTILL: Duration = Duration::from_millis(500);

/// Kept for taking leave of Redis when the server stops.
const FAREWELL: Duration = Duration::from_millis(500);

/// Between two looks who is there because somebody said that it goes.
const HINT_PAUSE: Duration = Duration::from_millis(100);

/// Redis cannot be used as it is configured; the operator must mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot use Redis at {place}: {reason}")]
pub struct UnusableRedis {
    place: String,
    reason: String,
}

/// Is told whether Redis can be used.
type Starter = mpsc::Sender<Result<(), UnusableRedis>>;

/// Wakes the thread when the engine has something for the others.
#[derive(Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Wake for Bell {
    fn wake(&self) {
        self.0.notify_one();
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bell").finish_non_exhaustive()
    }
}

/// Keeps a server together with the others of its installation, as long as it runs.
pub struct Driver {
    connector: Connector,
    identity: Identity,
    coordinator: Coordinator,
    memory: Memory,
    bell: Bell,
    outage: Option<Outage>,
}

/// Redis is away.
struct Outage {
    since: Instant,
    /// The reasons that the operator was told.
    told: Vec<String>,
}

/// Both connections.
struct Session {
    broker: Broker,
    ears: Ears,
    /// When Redis was last asked whether it is there.
    checked: Instant,
    /// When the clock was last looked at.
    ticked: Instant,
    /// Before this nobody is late: this process itself stood still, and has yet to read what has come.
    pardoned: Instant,
    /// When a farewell was last followed up.
    hinted: Option<Instant>,
    /// This node has taken its leave, and has no part of anything any more.
    has_left: bool,
}

/// Why a session is over.
enum End {
    Lost(LinkError),
    Stopped,
}

impl From<LinkError> for End {
    fn from(error: LinkError) -> Self {
        Self::Lost(error)
    }
}

impl Driver {
    /// Prepares what is known without a connection.
    ///
    /// # Errors
    /// If a file of the configuration cannot be used.
    pub fn new(
        settings: Settings,
        engine: Arc<Engine>,
        node: NodeId,
        bell: Bell,
    ) -> Result<Self, UnusableRedis> {
        let root = names::root(&settings);
        let place = settings.topology.to_string();
        let connector = Connector::new(settings, root.clone()).map_err(|error| UnusableRedis {
            place,
            reason: error.to_string(),
        })?;
        let pace = connector.settings().times.pace;
        let dialect = connector.settings().dialect;
        let coordinator = Coordinator::new(Arc::clone(&engine), node, pace);
        Ok(Self {
            connector,
            identity: Identity::new(engine, node, (Names::new(root), dialect)),
            coordinator,
            memory: Memory::new(node),
            bell,
            outage: None,
        })
    }

    /// Works until the server stops. `started` is told the outcome of the first attempt; that Redis is down is none to give up for.
    ///
    /// # Errors
    /// Never: whatever happens to Redis, the server goes on.
    pub async fn run(
        mut self,
        mut stop: watch::Receiver<Option<Instant>>,
        started: Starter,
    ) -> io::Result<()> {
        let times = self.connector.settings().times;
        let mut started = Some(started);
        let mut pause = times.first_pause;
        loop {
            let error = match self.connect(&mut stop).await {
                Ok(session) => {
                    pause = times.first_pause;
                    self.welcome();
                    self.hold(session, &mut stop, &mut started).await
                }
                Err(End::Lost(error)) if error.is_lasting() && started.is_some() => {
                    let reason = error.to_string();
                    let place = self.place();
                    tell(&mut started, Err(UnusableRedis { place, reason }));
                    return Ok(());
                }
                Err(end) => end,
            };
            let End::Lost(error) = error else {
                break;
            };
            tell(&mut started, Ok(()));
            self.coordinator.handle(Input::Disconnected, Instant::now());
            self.complain(&error);
            if self.wait(sleep(pause), &mut stop).await.is_none() {
                break;
            }
            pause = (pause * 2).min(times.longest_pause);
        }
        self.confess();
        Ok(())
    }

    /// Makes both connections.
    async fn connect(
        &mut self,
        stop: &mut watch::Receiver<Option<Instant>>,
    ) -> Result<Session, End> {
        let opened = open(&self.connector, &self.identity);
        // Borrowed apart: the coordinator is told the time meanwhile.
        let (coordinator, bell) = (&mut self.coordinator, &self.bell);
        let over = over(stop, &self.identity.engine);
        while_waiting(coordinator, bell, opened, over)
            .await
            .ok_or(End::Stopped)?
            .map_err(End::Lost)
    }

    async fn wait<T>(
        &mut self,
        what: impl Future<Output = T>,
        stop: &mut watch::Receiver<Option<Instant>>,
    ) -> Option<T> {
        let over = over(stop, &self.identity.engine);
        while_waiting(&mut self.coordinator, &self.bell, what, over).await
    }

    /// Works on a session until it is lost or the server stops.
    async fn hold(
        &mut self,
        mut session: Session,
        stop: &mut watch::Receiver<Option<Instant>>,
        started: &mut Option<Starter>,
    ) -> End {
        self.memory.begin_anew();
        self.coordinator.handle(Input::Connected, Instant::now());
        match self.work(&mut session, stop, started).await {
            Ok(deadline) => {
                // Whoever does not hear of it finds out when the lease has run out.
                let _ = self.leave(&mut session, deadline).await;
                End::Stopped
            }
            Err(error) => {
                let commands = self.coordinator.take_commands().into_iter();
                let mut owed = session.broker.into_owed();
                owed.extend(commands.filter_map(broker::owed));
                self.identity.engine.give_back(owed);
                End::Lost(error)
            }
        }
    }

    /// Works until the server stops and nobody is connected any more, or hardly any time is left.
    async fn work(
        &mut self,
        session: &mut Session,
        stop: &mut watch::Receiver<Option<Instant>>,
        started: &mut Option<Starter>,
    ) -> Result<Instant, LinkError> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deadline = None;
        loop {
            // First what was decided before: news may change what is decided next.
            self.issue(session);
            let is_all = self.take_in(session)?;
            self.issue(session);
            if started.is_some() && self.identity.engine.is_reachable() {
                tell(started, Ok(()));
            }
            if self.identity.names.have_changed() {
                let reason = "the credentials of an application have changed";
                return Err(LinkError::Refused(reason.to_owned()));
            }
            let is_congested = !is_all || self.identity.engine.is_congested();
            tokio::select! {
                progress = session.broker.progress() => progress?,
                progress = session.ears.progress(), if !is_congested => progress?,
                () = sleep(CONGESTION_PAUSE), if is_congested => {}
                () = self.bell.0.notified(), if !session.broker.is_busy() => {
                    self.coordinator.handle(Input::Outbox, Instant::now());
                }
                _ = tick.tick() => {
                    let now = Instant::now();
                    self.coordinator.handle(Input::Tick, now);
                    self.catch_up(session, now);
                    let times = &self.connector.settings().times;
                    session.check(is_congested, (times.check, times.answer), now)?;
                    let is_idle = session.broker.oldest().is_none();
                    if let Some(deadline) = deadline && self.may_leave(deadline, is_idle, now) {
                        return Ok(deadline);
                    }
                }
                until = stopped(stop), if deadline.is_none() => {
                    deadline = Some(until);
                    self.coordinator.handle(Input::Leaving, Instant::now());
                }
            }
        }
    }

    /// Whether nobody is connected any more and the others have what is owed to them, or hardly any time is left.
    fn may_leave(&self, deadline: Instant, is_idle: bool, now: Instant) -> bool {
        let stats = self.identity.engine.stats();
        let is_done = is_idle && stats.connections == 0 && stats.events_owed == 0;
        is_done || now + FAREWELL >= deadline
    }

    /// Removes what this node has in Redis.
    async fn leave(&mut self, session: &mut Session, deadline: Instant) -> Result<(), LinkError> {
        let now = Instant::now();
        session.broker.leave(&mut self.identity, now);
        let patience = deadline.max(now) + FAREWELL / 2;
        let gone = async {
            loop {
                let now = Instant::now();
                while let Some(outcome) = session.broker.next(&mut self.identity, now)? {
                    if matches!(outcome, Outcome::Left) {
                        return Ok(());
                    }
                }
                session.broker.progress().await?;
            }
        };
        let gone = tokio::time::timeout_at(patience.into(), gone).await;
        gone.map_err(|_| LinkError::Silent)?
    }

    /// Hands in what has come on both connections; false if some of it has to wait for workers that lag
    /// behind.
    fn take_in(&mut self, session: &mut Session) -> Result<bool, LinkError> {
        let now = Instant::now();
        while let Some(outcome) = session.broker.next(&mut self.identity, now)? {
            match outcome {
                // Whoever has left is not to come back.
                Outcome::Input(Input::Expired) if session.has_left => {}
                Outcome::Input(input) => {
                    if let Input::Beaten { alive } = &input {
                        self.memory.see(alive, now);
                    }
                    self.coordinator.handle(input, now);
                }
                Outcome::Nothing | Outcome::Left => {}
            }
        }
        let identity = &mut self.identity;
        while let Some(news) = session.ears.next(identity, &mut self.memory, now)? {
            match news {
                News::Nothing => {}
                News::Input(input) => self.coordinator.handle(input, now),
                News::Farewell => session.follow_hint(identity, now),
                News::Back {
                    node,
                    application,
                    back,
                } => session
                    .broker
                    .say_again(identity, (node, application), &back, now),
            }
            if identity.engine.is_congested() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Queues what the coordinator wants.
    fn issue(&mut self, session: &mut Session) {
        let now = Instant::now();
        for command in self.coordinator.take_commands() {
            match command {
                Command::Subscribe(topics) => session.ears.subscribe(&mut self.identity, topics),
                Command::Unsubscribe(topics) => {
                    session.ears.unsubscribe(&mut self.identity, &topics);
                }
                command => {
                    if matches!(command, Command::Register { .. }) {
                        self.come_back(session, now);
                    }
                    session.broker.carry_out(&mut self.identity, command, now);
                }
            }
        }
        session.broker.go_on(&mut self.identity, now);
    }

    /// All that this server needs is heard again: it asks for what it has missed.
    fn come_back(&mut self, session: &mut Session, now: Instant) {
        let Some(deaf) = self.memory.come_back(now) else {
            return;
        };
        if deaf > Recall::LONGEST {
            self.identity.engine.notices().warn(format!(
                "This server had no connection to Redis for {:.1} s. What others that had one have published meanwhile may not have reached its clients: it is remembered for {} s.",
                deaf.as_secs_f64(),
                Recall::LONGEST.as_secs()
            ));
        }
        self.ask_again(session, now);
    }

    /// Asks again for what was missed, and waits no more for those who take too long.
    fn catch_up(&mut self, session: &mut Session, now: Instant) {
        let silent = self.memory.end_patience(now);
        if silent > 0 {
            self.identity.engine.notices().warn(format!(
                "Of the other servers, {silent} did not say again in time what they published while this one had no connection to Redis: it may not have reached the clients of this one."
            ));
        }
        self.ask_again(session, now);
    }

    fn ask_again(&mut self, session: &mut Session, now: Instant) {
        for question in self.memory.questions(now) {
            session.broker.ask_again(&mut self.identity, &question, now);
        }
    }

    fn place(&self) -> String {
        self.connector.settings().topology.to_string()
    }

    /// Tells the operator that Redis is away; each reason once an outage, and only the first few.
    fn complain(&mut self, error: &LinkError) {
        const MOST: usize = 5;
        let place = self.place();
        let outage = self.outage.get_or_insert_with(|| Outage {
            since: Instant::now(),
            told: Vec::new(),
        });
        let reason = error.to_string();
        if outage.told.len() == MOST || outage.told.contains(&reason) {
            return;
        }
        self.identity.engine.notices().warn(format!(
            "No connection to Redis at {place}: {reason}. This server goes on by itself and tries again."
        ));
        outage.told.push(reason);
    }

    /// Tells the operator what the other servers will not get, as this one ends.
    fn confess(&self) {
        let owed = self.identity.engine.stats().events_owed;
        if owed > 0 {
            self.identity.engine.notices().warn(format!(
                "{owed} events did not reach the other servers: there was no connection to Redis before this one stopped."
            ));
        }
    }

    /// Tells the operator that Redis is back.
    fn welcome(&mut self) {
        if let Some(outage) = self.outage.take() {
            self.identity.engine.notices().warn(format!(
                "Redis at {} is there again after {:.1} s.",
                self.place(),
                outage.since.elapsed().as_secs_f64()
            ));
        }
    }
}

impl Session {
    /// Asks Redis now and then whether it is there, and does not wait for its answers for ever.
    fn check(
        &mut self,
        is_congested: bool,
        (every, patience): (Duration, Duration),
        now: Instant,
    ) -> Result<(), LinkError> {
        if now - self.ticked > STANDSTILL {
            self.pardoned = now + patience;
        }
        self.ticked = now;
        let is_late = |since: Option<Instant>| {
            now >= self.pardoned && since.is_some_and(|since| now - since > patience)
        };
        if is_late(self.broker.oldest()) || (!is_congested && is_late(self.ears.oldest())) {
            return Err(LinkError::Silent);
        }
        if now - self.checked >= every {
            self.checked = now;
            self.broker.check(now);
            self.ears.check(now);
        }
        Ok(())
    }

    /// Looks who is there, as somebody said that it goes.
    fn follow_hint(&mut self, identity: &Identity, now: Instant) {
        if self.hinted.is_none_or(|hinted| now - hinted >= HINT_PAUSE) {
            self.hinted = Some(now);
            self.broker.beat(identity, now);
        }
    }
}

async fn open(connector: &Connector, identity: &Identity) -> Result<Session, LinkError> {
    let times = connector.settings().times;
    let found = connector.find().await?;
    let mut link = connector.open(&found.address).await?;
    connector.examine(&mut link).await?;
    let scripts = Scripts::load(&mut link, connector).await?;
    let listening = connector.open(&found.address).await?;
    let ears = Ears::open(listening, identity, found.is_sharded, times.connect).await?;
    let now = Instant::now();
    Ok(Session {
        broker: Broker::new(link, scripts, identity, (times.lease, found.is_sharded)),
        ears,
        checked: now,
        ticked: now,
        pardoned: now,
        hinted: None,
        has_left: false,
    })
}

/// Waits, and tells the coordinator the time meanwhile; `None` if it is over before. What it wants
/// of Redis is dropped: it is told when there is a connection.
async fn while_waiting<T>(
    coordinator: &mut Coordinator,
    bell: &Bell,
    what: impl Future<Output = T>,
    over: impl Future<Output = ()>,
) -> Option<T> {
    tokio::pin!(what, over);
    let mut tick = interval(TICK);
    loop {
        tokio::select! {
            done = &mut what => return Some(done),
            _ = tick.tick() => coordinator.handle(Input::Tick, Instant::now()),
            () = bell.0.notified() => coordinator.handle(Input::Outbox, Instant::now()),
            () = &mut over => return None,
        }
        coordinator.take_commands();
    }
}

/// Resolves when the server stops: with the time by which all must be over.
async fn stopped(stop: &mut watch::Receiver<Option<Instant>>) -> Instant {
    // The server may be gone without a word: then so are its connections.
    let until = stop.wait_for(Option::is_some).await;
    until
        .ok()
        .and_then(|until| *until)
        .unwrap_or_else(Instant::now)
}

/// Resolves when the server stops and there is nothing to wait for, or no time.
async fn over(stop: &mut watch::Receiver<Option<Instant>>, engine: &Engine) {
    let deadline = stopped(stop).await;
    while engine.stats().events_owed > 0 && Instant::now() + FAREWELL < deadline {
        sleep(TICK).await;
    }
}

/// Tells the starter, once; it does not wait for ever.
fn tell(started: &mut Option<Starter>, outcome: Result<(), UnusableRedis>) {
    if let Some(started) = started.take() {
        let _ = started.send(outcome);
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Driver").finish_non_exhaustive()
    }
}
