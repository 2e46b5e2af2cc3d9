//! Processes at the socket that have not proved yet that they know a secret.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use tokio::sync::oneshot;

use crate::engine::Notices;

/// How many there may be at a time. With one more, the one that has been there for longest has to go: who knows the
/// secret is done at once, and who does not cannot keep it out by staying.
pub(super) const MOST: usize = 256;

/// All of them. Lives on the control thread alone.
#[derive(Clone, Default)]
pub(super) struct Newcomers(Rc<Places>);

#[derive(Default)]
struct Places {
    /// By their order of arrival; dropping a sender sends the process away.
    taken: RefCell<BTreeMap<u64, oneshot::Sender<()>>>,
    arrived: Cell<u64>,
    sent_away: Cell<u64>,
}

/// One process's place among them, for as long as this lives.
pub(super) struct Place {
    number: u64,
    newcomers: Newcomers,
    lost: oneshot::Receiver<()>,
}

impl Newcomers {
    /// Takes a place, which may be that of the first who came.
    pub(super) fn admit(&self) -> Place {
        let number = self.0.arrived.get();
        self.0.arrived.set(number + 1);
        let (sender, lost) = oneshot::channel();
        let mut taken = self.0.taken.borrow_mut();
        if taken.len() >= MOST {
            taken.pop_first();
            self.0.sent_away.set(self.0.sent_away.get() + 1);
        }
        taken.insert(number, sender);
        Place {
            number,
            newcomers: self.clone(),
            lost,
        }
    }

    /// Warns of those who had to go since the call before.
    pub(super) fn warn(&self, notices: &Notices) {
        match self.0.sent_away.take() {
            0 => {}
            count => notices.warn(format!(
                "{count} processes at the socket were sent away: they had not proved their secret, and more than {MOST} were there at a time."
            )),
        }
    }
}

impl Place {
    /// Ends when somebody else has got the place.
    pub(super) async fn lost(&mut self) {
        // Nothing is ever sent.
        let _ = (&mut self.lost).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.newcomers.0.taken.borrow_mut().remove(&self.number);
    }
}
