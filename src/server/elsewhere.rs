//! Asking the other servers of an installation, for as long as a caller can wait.

use std::time::Duration;

use tokio::{sync::oneshot, time::timeout};

use crate::{
    engine::{
        Engine,
        cluster::{Asker, Question},
    },
    inquiry::Elsewhere,
};

/// How long others may take to answer; a caller is told when they did not.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// Asks, if there is something to ask.
pub(super) async fn ask(engine: &Engine, question: Option<Question>) -> Elsewhere {
    let Some(question) = question else {
        return Elsewhere::Nothing;
    };
    let (sender, receiver) = oneshot::channel();
    // Whoever asked may be gone by now.
    let asker = Asker::new(move |answer| drop(sender.send(answer)));
    engine.ask(question, asker);
    match timeout(ANSWER_TIME, receiver).await {
        Ok(Ok(Some(answer))) => Elsewhere::Known(answer),
        _ => Elsewhere::Unknown,
    }
}
