//! What is asked of the application provider, and what it did not find lately. It knows neither threads nor a clock.
//!
//! ```text
//!        ask (some a second)           next                settle
//!   ───────────────────────────> open ──────> with PHP ─────────────> found: the engine knows it
//!     unknown for `unknown_ttl`,                              └─────> not found: remembered here
//!     or failed a second ago: told at once
//! ```

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Missing, Terms,
    refusals::{Reason, Refusals},
};
use crate::engine::{Application, ApplicationIndex};

/// Questions for unknown names that are open at a time.
pub(super) const MOST_OPEN: usize = 1_000;

/// Questions for known applications find room when those for unknown ones do not: so many more.
const RESERVE: usize = 1_000;

/// Names that were not found; the oldest is forgotten for a further one.
const MOST_MISSING: usize = 10_000;

/// How long a failure keeps from asking for the same name.
const FAILURE_TIME: Duration = Duration::from_secs(1);

/// When a question that has no answer may be asked again: longer than anybody waits.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// The application, or why there is none.
pub(in crate::server) type Verdict = Result<ApplicationIndex, Missing>;

/// A question for the application provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Which application has this key?
    Key(String),
    /// Which application has this id?
    Id(String),
}

impl Question {
    /// The question by the name of what is asked for, `key` or `id`.
    #[must_use]
    pub fn parse(by: &str, name: &str) -> Option<Self> {
        match by {
            "key" => Some(Self::Key(name.to_owned())),
            "id" => Some(Self::Id(name.to_owned())),
            _ => None,
        }
    }

    /// What is asked for: `key` or `id`.
    #[must_use]
    pub fn by(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Id(_) => "id",
        }
    }

    /// The key or id.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Key(name) | Self::Id(name) => name,
        }
    }

    /// Whether this is what was asked for: a database may compare without case.
    pub(super) fn fits(&self, application: &Application) -> bool {
        match self {
            Self::Key(key) => *key == application.key,
            Self::Id(id) => *id == application.id,
        }
    }
}

/// What becomes of a question.
#[derive(Debug)]
pub(super) enum Asked {
    /// It was answered lately.
    Missing(Missing),
    /// It is not asked.
    Refused(Reason),
    /// It is asked, now or already.
    Waiting {
        answer: watch::Receiver<Option<Verdict>>,
        is_new: bool,
    },
}

#[derive(Debug)]
pub(super) struct Questions {
    terms: Terms,
    /// At most `MOST_OPEN` and the reserve.
    open: HashMap<Question, Open>,
    /// Those of `open` that PHP has not taken, oldest first.
    queue: VecDeque<Question>,
    missing: MissingNames,
    /// When the second began in which so many unknown names were asked for.
    budget: (Option<Instant>, u32),
    refusals: Refusals,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    answer: watch::Sender<Option<Verdict>>,
    /// It is asked even though nobody waits.
    is_refresh: bool,
}

impl Questions {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            open: HashMap::new(),
            queue: VecDeque::new(),
            missing: MissingNames::default(),
            budget: (None, 0),
            refusals: Refusals::default(),
        }
    }

    /// Asks for an unknown name, unless the answer is known or it is asked for already.
    pub(super) fn ask(&mut self, question: Question, now: Instant) -> Asked {
        if let Some(missing) = self.missing.get(&question, now) {
            return Asked::Missing(missing);
        }
        if let Some(open) = self.open.get(&question)
            && now.duration_since(open.since) < LOST_AFTER
        {
            let answer = open.answer.subscribe();
            return Asked::Waiting {
                answer,
                is_new: false,
            };
        }
        if !self.has_budget(now) {
            return Asked::Refused(Reason::Frequent);
        }
        if !self.has_room(MOST_OPEN, now) {
            return Asked::Refused(Reason::Crowded);
        }
        let answer = self.open(question, false, now);
        Asked::Waiting {
            answer,
            is_new: true,
        }
    }

    /// Asks again for a known application; false if that is not possible now.
    pub(super) fn refresh(&mut self, id: String, now: Instant) -> bool {
        let question = Question::Id(id);
        let may_ask = !self.open.contains_key(&question) && self.has_room(MOST_OPEN + RESERVE, now);
        if may_ask {
            self.open(question, true, now);
        }
        may_ask
    }

    /// The next question for PHP. Those that nobody waits for any more are dropped.
    pub(super) fn next(&mut self) -> Option<Question> {
        loop {
            let question = self.queue.pop_front()?;
            match self.open.get(&question) {
                Some(open) if open.is_refresh || open.answer.receiver_count() > 0 => {
                    return Some(question);
                }
                Some(_) => drop(self.open.remove(&question)),
                None => {}
            }
        }
    }

    /// Tells all who wait for it, and remembers what was not found.
    pub(super) fn settle(&mut self, question: &Question, verdict: Verdict, now: Instant) {
        let open = self.open.remove(question);
        if let Err(missing) = verdict {
            let time = match missing {
                Missing::Unknown => self.terms.unknown_ttl,
                Missing::Unavailable => FAILURE_TIME,
            };
            self.missing
                .insert(question.clone(), missing, (now, now + time));
        }
        if let Some(open) = open {
            open.answer.send_replace(Some(verdict));
        }
    }

    /// Counts somebody who was refused; now and then there is something to tell about it.
    pub(super) fn refused(&mut self, reason: Reason, now: Instant) -> Option<String> {
        self.refusals.count(reason, &self.terms, now)
    }

    fn open(
        &mut self,
        question: Question,
        is_refresh: bool,
        now: Instant,
    ) -> watch::Receiver<Option<Verdict>> {
        let (sender, answer) = watch::channel(None);
        let open = Open {
            since: now,
            answer: sender,
            is_refresh,
        };
        self.open.insert(question.clone(), open);
        self.queue.push_back(question);
        answer
    }

    fn has_budget(&mut self, now: Instant) -> bool {
        let (began, asked) = &mut self.budget;
        let is_over = began.is_none_or(|began| now.duration_since(began) >= Duration::from_secs(1));
        if is_over {
            (*began, *asked) = (Some(now), 0);
        }
        let has_budget = *asked < self.terms.lookups_per_second;
        *asked += u32::from(has_budget);
        has_budget
    }

    fn has_room(&mut self, most: usize, now: Instant) -> bool {
        if self.open.len() >= most {
            self.forget_lost(now);
        }
        self.open.len() < most
    }

    fn forget_lost(&mut self, now: Instant) {
        let count = self.open.len();
        let open = &mut self.open;
        open.retain(|_, open| now.duration_since(open.since) < LOST_AFTER);
        if open.len() < count {
            self.queue.retain(|question| open.contains_key(question));
        }
    }
}

/// Names that were not found, for a while.
#[derive(Debug, Default)]
struct MissingNames {
    names: HashMap<Question, (Missing, Instant)>,
    /// The names with the ends of their times, in the order in which they came; at most `MOST_MISSING`.
    order: VecDeque<(Question, Instant)>,
}

impl MissingNames {
    fn get(&self, question: &Question, now: Instant) -> Option<Missing> {
        let (missing, until) = self.names.get(question)?;
        (now < *until).then_some(*missing)
    }

    fn insert(&mut self, question: Question, missing: Missing, (now, until): (Instant, Instant)) {
        while let Some((_, end)) = self.order.front()
            && (*end <= now || self.order.len() >= MOST_MISSING)
        {
            self.forget_first();
        }
        self.names.insert(question.clone(), (missing, until));
        self.order.push_back((question, until));
    }

    fn forget_first(&mut self) {
        let Some((question, until)) = self.order.pop_front() else {
            return;
        };
        // A name that came again has a later entry, too.
        if self
            .names
            .get(&question)
            .is_some_and(|(_, end)| *end == until)
        {
            self.names.remove(&question);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::sync::watch;

    use super::{
        Asked, FAILURE_TIME, LOST_AFTER, MOST_MISSING, MOST_OPEN, Missing, Question, Questions,
        RESERVE, Reason, Terms, Verdict,
    };

    const SECOND: Duration = Duration::from_secs(1);
    const UNKNOWN: Verdict = Err(Missing::Unknown);

    fn questions(lookups_per_second: u32) -> Questions {
        Questions::new(Terms {
            cache_ttl: 60 * SECOND,
            unknown_ttl: 10 * SECOND,
            lookup_timeout: 3 * SECOND,
            lookups_per_second,
        })
    }

    fn key(number: usize) -> Question {
        Question::Key(format!("key-{number}"))
    }

    /// The way to the answer, and whether the question is new.
    fn waiting(asked: Asked) -> (watch::Receiver<Option<Verdict>>, bool) {
        match asked {
            Asked::Waiting { answer, is_new } => (answer, is_new),
            other => panic!("{other:?}"),
        }
    }

    fn refusal(asked: Asked) -> Reason {
        match asked {
            Asked::Refused(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn missing(asked: Asked) -> Missing {
        match asked {
            Asked::Missing(missing) => missing,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn many_share_a_question_and_its_answer() {
        let (mut questions, now) = (questions(1), Instant::now());
        let (first, is_first_new) = waiting(questions.ask(key(1), now));
        let (second, is_second_new) = waiting(questions.ask(key(1), now));
        assert_eq!((is_first_new, is_second_new), (true, false));
        assert_eq!(questions.next(), Some(key(1)));
        let (third, is_third_new) = waiting(questions.ask(key(1), now));
        assert!(!is_third_new, "PHP has it and has not answered");
        assert_eq!(questions.next(), None);
        questions.settle(&key(1), UNKNOWN, now);
        for answer in [first, second, third] {
            assert_eq!(*answer.borrow(), Some(UNKNOWN));
        }
    }

    #[test]
    fn a_key_and_an_id_of_the_same_name_are_two_questions() {
        let (mut questions, now) = (questions(2), Instant::now());
        let id = Question::Id("key-1".to_owned());
        let _waiting = [
            waiting(questions.ask(key(1), now)),
            waiting(questions.ask(id.clone(), now)),
        ];
        assert_eq!(
            [questions.next(), questions.next()],
            [Some(key(1)), Some(id)]
        );
    }

    #[test]
    fn what_was_not_found_is_not_asked_for_until_its_time_is_over() {
        let (mut questions, now) = (questions(9), Instant::now());
        questions.settle(&key(1), UNKNOWN, now);
        questions.settle(&key(2), Err(Missing::Unavailable), now);
        let later = now + FAILURE_TIME;
        assert_eq!(missing(questions.ask(key(2), now)), Missing::Unavailable);
        assert!(
            waiting(questions.ask(key(2), later)).1,
            "a failure is soon forgotten"
        );
        assert_eq!(missing(questions.ask(key(1), later)), Missing::Unknown);
        assert!(waiting(questions.ask(key(1), now + 10 * SECOND)).1);
    }

    #[test]
    fn so_many_are_asked_a_second() {
        let (mut questions, now) = (questions(2), Instant::now());
        let asked = [1, 2].map(|number| waiting(questions.ask(key(number), now)));
        assert_eq!(refusal(questions.ask(key(3), now)), Reason::Frequent);
        assert!(
            !waiting(questions.ask(key(1), now)).1,
            "an open one may be joined"
        );
        let later = now + SECOND;
        assert!(waiting(questions.ask(key(3), later)).1);
        drop(asked);
    }

    #[test]
    fn so_many_are_open_and_known_applications_have_a_reserve() {
        let (mut questions, now) = (questions(u32::MAX), Instant::now());
        let asked: Vec<_> = (0..MOST_OPEN)
            .map(|number| waiting(questions.ask(key(number), now)))
            .collect();
        assert_eq!(refusal(questions.ask(key(MOST_OPEN), now)), Reason::Crowded);
        for number in 0..RESERVE {
            assert!(questions.refresh(number.to_string(), now));
            assert!(!questions.refresh(number.to_string(), now), "asked already");
        }
        assert!(!questions.refresh("one more".to_owned(), now));
        drop(asked);
    }

    #[test]
    fn a_question_that_nobody_waits_for_is_dropped_unless_it_is_for_a_known_application() {
        let (mut questions, now) = (questions(9), Instant::now());
        drop(waiting(questions.ask(key(1), now)));
        assert!(questions.refresh("7".to_owned(), now));
        let _waits = waiting(questions.ask(key(2), now));
        let taken: Vec<_> = std::iter::from_fn(|| questions.next()).collect();
        assert_eq!(taken, [Question::Id("7".to_owned()), key(2)]);
        assert!(
            waiting(questions.ask(key(1), now)).1,
            "it can be asked anew"
        );
    }

    #[test]
    fn a_question_that_was_taken_and_never_answered_is_asked_again_and_gives_its_room_back() {
        let (mut questions, now) = (questions(u32::MAX), Instant::now());
        let asked: Vec<_> = (0..MOST_OPEN)
            .map(|number| waiting(questions.ask(key(number), now)))
            .collect();
        while questions.next().is_some() {}
        let later = now + LOST_AFTER;
        let _again = [1, MOST_OPEN].map(|number| {
            let (answer, is_new) = waiting(questions.ask(key(number), later));
            assert!(is_new);
            answer
        });
        let taken = [questions.next(), questions.next(), questions.next()];
        assert_eq!(taken, [Some(key(1)), Some(key(MOST_OPEN)), None]);
        drop(asked);
    }

    #[test]
    fn the_oldest_of_those_that_were_not_found_is_forgotten_for_a_further_one() {
        let (mut questions, now) = (questions(9), Instant::now());
        for number in 0..=MOST_MISSING {
            questions.settle(&key(number), UNKNOWN, now);
        }
        assert!(waiting(questions.ask(key(0), now)).1);
        assert_eq!(missing(questions.ask(key(1), now)), Missing::Unknown);
        assert_eq!(questions.missing.names.len(), MOST_MISSING);
        questions.settle(&key(1), UNKNOWN, now + 10 * SECOND);
        assert_eq!(questions.missing.names.len(), 1, "the others' time is over");
    }

    #[test]
    fn a_name_that_was_not_found_twice_keeps_its_later_time() {
        let (mut questions, now) = (questions(9), Instant::now());
        questions.settle(&key(1), UNKNOWN, now);
        questions.settle(&key(1), UNKNOWN, now + 5 * SECOND);
        questions.settle(&key(2), UNKNOWN, now + 11 * SECOND);
        let asked = questions.ask(key(1), now + 12 * SECOND);
        assert_eq!(missing(asked), Missing::Unknown);
    }
}
