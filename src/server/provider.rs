//! The application provider in PHP, as the threads of a server see it.
//!
//! Whoever meets a key or an id that the engine does not know asks here and waits, for a bounded time; PHP takes the
//! questions one by one and hands the answers in. An application that was known for long enough is asked for again
//! behind its back, while it goes on with what is known. With a fixed list of applications none of this exists.

mod questions;
mod refusals;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

pub use self::questions::Question;
pub(super) use self::questions::Verdict;
use self::{
    questions::{Asked, Questions},
    refusals::Reason,
};
use super::{Server, running::Shared};
use crate::{
    api::ApiError,
    engine::{Application, ApplicationIndex, Applications, Notices},
    protocol::PusherError,
};

/// Handshakes, requests and publishers that wait for the provider at a time.
const MOST_WAITING: usize = 1_000;

/// No key and no id is longer, in bytes; longer ones are unknown without a question.
const LONGEST_NAME: usize = 255;

/// What the operator says about a provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// How long an application is used before it is asked for again.
    pub(super) cache_ttl: Duration,
    /// How long what was unknown stays so, and how long a failure keeps from asking again for what is known.
    pub(super) unknown_ttl: Duration,
    /// How long anybody waits for an answer.
    pub(super) lookup_timeout: Duration,
    /// Questions for unknown names within a second.
    pub(super) lookups_per_second: u32,
}

/// Why an application cannot be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The provider has none of this name.
    Unknown,
    /// That could not be found out; the caller should come again.
    Unavailable,
}

/// What PHP has to say to a question.
#[derive(Debug)]
pub enum Answer {
    /// It is this one.
    Application(Box<Application>),
    /// There is none.
    Unknown,
    /// The provider failed.
    Failed,
}

/// A look for an application.
#[must_use]
pub(super) enum Search {
    Over(Verdict),
    /// PHP is asked.
    Asked(Pending),
}

impl Search {
    /// The end of the search, which may take as long as `lookup_timeout`.
    pub(super) async fn end(self) -> Verdict {
        match self {
            Self::Over(verdict) => verdict,
            Self::Asked(pending) => pending.end().await,
        }
    }
}

/// A search that waits for PHP.
pub(super) struct Pending {
    provider: Arc<Provider>,
    answer: watch::Receiver<Option<Verdict>>,
    _place: OwnedSemaphorePermit,
}

impl Pending {
    /// The end of the search.
    pub(super) async fn end(mut self) -> Verdict {
        let limit = self.provider.terms.lookup_timeout;
        let answered = timeout(limit, self.answer.wait_for(Option::is_some)).await;
        if let Ok(Ok(verdict)) = answered
            && let Some(verdict) = *verdict
        {
            return verdict;
        }
        self.provider.refuse(Reason::Late, Instant::now())
    }
}

/// The way to the provider.
#[derive(Debug)]
pub(super) struct Provider {
    terms: Terms,
    notices: Arc<Notices>,
    /// The zero of the clock on which applications expire.
    began: Instant,
    waiting: Arc<Semaphore>,
    /// Guards what is asked and what was not found. Nothing is locked or awaited under it.
    questions: Mutex<Questions>,
}

impl Provider {
    /// A provider that has named these applications just now.
    pub(super) fn new(terms: Terms, known: &Applications, notices: Arc<Notices>) -> Arc<Self> {
        let provider = Arc::new(Self {
            terms,
            notices,
            began: Instant::now(),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            questions: Mutex::new(Questions::new(terms)),
        });
        for index in known.indices() {
            known.expire_at(index, milliseconds(terms.cache_ttl));
        }
        provider
    }

    fn ask(self: &Arc<Self>, question: Question, now: Instant) -> Search {
        if question.name().len() > LONGEST_NAME {
            return Search::Over(Err(Missing::Unknown));
        }
        let asked = self.questions.lock().ask(question, now);
        let (answer, is_new) = match asked {
            Asked::Missing(missing) => return Search::Over(Err(missing)),
            Asked::Refused(reason) => return Search::Over(self.refuse(reason, now)),
            Asked::Waiting { answer, is_new } => (answer, is_new),
        };
        if is_new {
            self.notices.ring();
        }
        match Arc::clone(&self.waiting).try_acquire_owned() {
            Ok(place) => Search::Asked(Pending {
                provider: Arc::clone(self),
                answer,
                _place: place,
            }),
            Err(_) => Search::Over(self.refuse(Reason::Crowded, now)),
        }
    }

    /// Asks again for an application that has been known for long enough.
    fn refresh(&self, known: &Applications, index: ApplicationIndex, now: Instant) {
        let time = self.time(now);
        let again = time + milliseconds(self.terms.unknown_ttl);
        if known.is_expired(index, time, again) {
            let id = known.application(index).id.clone();
            if self.questions.lock().refresh(id, now) {
                self.notices.ring();
            }
        }
    }

    fn refuse(&self, reason: Reason, now: Instant) -> Verdict {
        let warning = self.questions.lock().refused(reason, now);
        if let Some(warning) = warning {
            self.notices.warn(warning);
        }
        Err(Missing::Unavailable)
    }

    fn settle(&self, known: &Applications, question: &Question, answer: Answer) {
        let now = Instant::now();
        let verdict = match answer {
            Answer::Application(application) if question.fits(&application) => {
                match known.put(*application) {
                    Ok(index) => {
                        let ttl = milliseconds(self.terms.cache_ttl);
                        known.expire_at(index, self.time(now) + ttl);
                        Ok(index)
                    }
                    Err(_) => self.refuse(Reason::NoRoom, now),
                }
            }
            Answer::Application(_) | Answer::Unknown => {
                if let Question::Id(id) = question {
                    known.remove(id);
                }
                Err(Missing::Unknown)
            }
            Answer::Failed => Err(Missing::Unavailable),
        };
        self.questions.lock().settle(question, verdict, now);
    }

    fn time(&self, now: Instant) -> u64 {
        milliseconds(now.saturating_duration_since(self.began))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    /// Looks for the application that clients name by this key.
    pub(super) fn find_by_key(&self, key: &str, now: Instant) -> Search {
        let known = self.engine.applications().by_key(key);
        self.find(known, || Question::Key(key.to_owned()), now)
    }

    /// Looks for the application that publishers name by this id.
    pub(super) fn find_by_id(&self, id: &str, now: Instant) -> Search {
        let known = self.engine.applications().by_id(id);
        self.find(known, || Question::Id(id.to_owned()), now)
    }

    fn find(
        &self,
        known: Option<ApplicationIndex>,
        question: impl FnOnce() -> Question,
        now: Instant,
    ) -> Search {
        match (&self.provider, known) {
            (None, known) => Search::Over(known.ok_or(Missing::Unknown)),
            (Some(provider), Some(index)) => {
                provider.refresh(self.engine.applications(), index, now);
                Search::Over(Ok(index))
            }
            (Some(provider), None) => provider.ask(question(), now),
        }
    }
}

impl Server {
    /// The next question for the application provider, if there is one that somebody still waits for.
    ///
    /// It is to be answered by [`Server::answer`]. [`Notices::descriptor`] becomes readable with each question.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        self.provider()?.questions.lock().next()
    }

    /// Hands in what the application provider said. An application of another key or id is none.
    pub fn answer(&self, question: &Question, answer: Answer) {
        if let Some(provider) = self.provider() {
            provider.settle(self.engine().applications(), question, answer);
        }
    }
}

impl From<Missing> for PusherError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Unknown => Self::ApplicationUnknown,
            Missing::Unavailable => Self::ApplicationUnavailable,
        }
    }
}

impl Missing {
    /// The same for a caller of the HTTP API who named an id.
    pub(super) fn of_id(self, id: String) -> ApiError {
        match self {
            Self::Unknown => ApiError::ApplicationUnknown(id),
            Self::Unavailable => ApiError::ApplicationUnavailable,
        }
    }
}
