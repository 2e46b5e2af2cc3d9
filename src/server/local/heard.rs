//! What publishers were heard to say last, so that what they repeat after a failure is not published twice.

use std::{cell::RefCell, collections::HashMap, mem, rc::Rc, time::Duration};

use crate::protocol::local::{PublisherId, ServerId};

/// How long a publisher's last sequence is remembered at least; no publisher repeats itself later.
pub(super) const MEMORY: Duration = Duration::from_secs(60);

/// How many publishers are remembered at least. Where more are heard within [`MEMORY`], those who have been silent
/// for longest are forgotten earlier; there are never more than twice as many.
const REMEMBERED: usize = 100_000;

/// The memory of one server. Lives on the control thread alone.
#[derive(Clone)]
pub(super) struct Heard {
    /// Names this memory to publishers: another server has another one.
    pub(super) server: ServerId,
    last: Rc<RefCell<Sequences>>,
}

impl Heard {
    pub(super) fn new(server: ServerId) -> Self {
        Self {
            server,
            last: Rc::new(RefCell::new(Sequences::new(REMEMBERED))),
        }
    }

    /// Whether this sequence is new; from now on it is not.
    pub(super) fn is_new(&self, publisher: PublisherId, sequence: u64) -> bool {
        self.last.borrow_mut().advance(publisher, sequence)
    }

    /// Forgets who was not heard since the call before; to be called every [`MEMORY`].
    pub(super) fn forget(&self) {
        self.last.borrow_mut().age();
    }
}

/// The last sequence of each publisher, in two generations: whoever is heard again comes into the younger one.
struct Sequences {
    young: HashMap<PublisherId, u64>,
    old: HashMap<PublisherId, u64>,
    /// How many the younger generation takes before it becomes the older one.
    most: usize,
}

impl Sequences {
    fn new(most: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            most,
        }
    }

    fn advance(&mut self, publisher: PublisherId, sequence: u64) -> bool {
        let known = self.young.get(&publisher);
        let last = known.or_else(|| self.old.get(&publisher)).copied();
        if known.is_none() && self.young.len() >= self.most {
            self.age();
        }
        let last = last.unwrap_or(0);
        self.young.insert(publisher, sequence.max(last));
        sequence > last
    }

    fn age(&mut self) {
        self.old = mem::take(&mut self.young);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publisher(number: u16) -> PublisherId {
        let mut publisher = PublisherId::default();
        publisher[..2].copy_from_slice(&number.to_le_bytes());
        publisher
    }

    #[test]
    fn a_sequence_is_new_once() {
        let mut sequences = Sequences::new(10);
        assert!(sequences.advance(publisher(1), 1));
        assert!(!sequences.advance(publisher(1), 1));
        assert!(sequences.advance(publisher(1), 3));
        assert!(!sequences.advance(publisher(1), 2));
        assert!(sequences.advance(publisher(2), 1));
    }

    #[test]
    fn a_publisher_is_remembered_for_one_age_after_it_was_heard() {
        let mut sequences = Sequences::new(10);
        sequences.advance(publisher(1), 5);
        sequences.advance(publisher(2), 5);
        sequences.age();
        assert!(!sequences.advance(publisher(1), 5));
        sequences.age();
        assert!(!sequences.advance(publisher(1), 5));
        assert!(sequences.advance(publisher(2), 5), "silent for two ages");
    }

    #[test]
    fn a_crowd_of_publishers_takes_bounded_room() {
        let mut sequences = Sequences::new(10);
        for number in 0..1000 {
            assert!(sequences.advance(publisher(number), 1));
            assert!(!sequences.advance(publisher(number), 1));
            assert!(sequences.young.len() + sequences.old.len() <= 20);
        }
        assert!((990..1000).all(|number| !sequences.advance(publisher(number), 1)));
    }
}
