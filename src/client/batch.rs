//! Events of an open batch that wait for its end: those that can only go over HTTP, which then takes them together.

use super::publisher::Event;

/// How many bytes of events may wait. One more, and they are sent and waited for at once.
const MAX_HELD: usize = 1024 * 1024;

/// The events that wait, in their order, sealed where they have to be.
#[derive(Default)]
pub(super) struct Batch {
    events: Vec<HeldEvent>,
    bytes: usize,
}

/// An event that outlives its caller's texts.
struct HeldEvent {
    channels: Vec<String>,
    name: String,
    data: String,
    socket_id: Option<String>,
}

impl Batch {
    pub(super) fn hold(&mut self, event: &Event<'_>) {
        let channels = event.channels.iter().map(|&name| name.to_owned());
        let held = HeldEvent {
            channels: channels.collect(),
            name: event.name.to_owned(),
            data: event.data.to_owned(),
            socket_id: event.socket_id.map(str::to_owned),
        };
        // Over HTTP each channel has an entry of its own.
        self.bytes += (held.name.len() + held.data.len()) * held.channels.len();
        self.events.push(held);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > MAX_HELD
    }

    pub(super) fn events(&self) -> Vec<Event<'_>> {
        self.events.iter().map(HeldEvent::borrowed).collect()
    }
}

impl HeldEvent {
    fn borrowed(&self) -> Event<'_> {
        Event {
            channels: self.channels.iter().map(String::as_str).collect(),
            name: &self.name,
            data: &self.data,
            socket_id: self.socket_id.as_deref(),
        }
    }
}
