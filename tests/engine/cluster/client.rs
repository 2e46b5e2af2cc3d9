//! A client that believes what it is told, and complains when that does not fit together.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io::IoSlice,
    rc::Rc,
};

use reverb::{
    engine::{ConnectionKey, Gone, Outlet},
    protocol::{SocketId, auth},
};
use serde_json::{Value, json};

/// What a worker sends to a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipe(Rc<RefCell<Vec<u8>>>);

impl Outlet for Pipe {
    fn send(&mut self, frames: &[IoSlice<'_>]) -> Result<usize, Gone> {
        let mut bytes = self.0.borrow_mut();
        let before = bytes.len();
        frames.iter().for_each(|frame| bytes.extend(&**frame));
        Ok(bytes.len() - before)
    }

    fn finish(&mut self) {}
}

/// What a client knows of a channel it subscribes to.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) is_confirmed: bool,
    /// As whom it subscribes to a presence channel.
    pub(crate) user: Option<String>,
    /// Of a presence channel.
    pub(crate) members: BTreeSet<String>,
    /// The last event of each publisher, and all of them in the order of their coming.
    pub(crate) events: Vec<(u64, u64)>,
    last: BTreeMap<u64, u64>,
    /// The last word about the cache: an event, or that there is none.
    pub(crate) has_missed: bool,
}

pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) worker: usize,
    pub(crate) key: ConnectionKey,
    pub(crate) socket_id: SocketId,
    pub(crate) pipe: Pipe,
    pub(crate) views: BTreeMap<String, View>,
    /// The users it watches, with whether they are online as far as it was told.
    pub(crate) watched: BTreeMap<String, bool>,
    pub(crate) is_greeted: bool,
    pub(crate) is_refused: bool,
}

impl Client {
    pub(crate) fn new(
        name: String,
        (worker, key): (usize, ConnectionKey),
        socket_id: SocketId,
        pipe: Pipe,
    ) -> Self {
        Self {
            name,
            worker,
            key,
            socket_id,
            pipe,
            views: BTreeMap::new(),
            watched: BTreeMap::new(),
            is_greeted: false,
            is_refused: false,
        }
    }

    pub(crate) fn subscribe(&mut self, channel: &str, user: usize) -> Value {
        let socket_id = self.socket_id.to_string();
        let user = channel.starts_with("presence").then(|| format!("u{user}"));
        let data = user
            .as_ref()
            .map(|user| json!({ "user_id": user }).to_string());
        let signature = auth::sign_channel("secret", &socket_id, channel, data.as_deref());
        let view = View {
            user,
            ..View::default()
        };
        self.views.insert(channel.to_owned(), view);
        json!({"event": "pusher:subscribe", "data": {
            "channel": channel, "auth": format!("key:{signature}"), "channel_data": data,
        }})
    }

    pub(crate) fn sign_in(&mut self, user: usize, watched: &[usize]) -> Value {
        let watchlist: Vec<String> = watched.iter().map(|user| format!("w{user}")).collect();
        let data = json!({"id": format!("w{user}"), "watchlist": watchlist}).to_string();
        let signature = auth::sign_user("secret", &self.socket_id.to_string(), &data);
        self.watched = watchlist.into_iter().map(|user| (user, false)).collect();
        json!({"event": "pusher:signin", "data": {
            "auth": format!("key:{signature}"), "user_data": data,
        }})
    }

    /// Reads what has come, and checks it against what came before.
    pub(crate) fn listen(&mut self) {
        let bytes = std::mem::take(&mut *self.pipe.0.borrow_mut());
        let mut rest = &bytes[..];
        while let [head, short, tail @ ..] = rest {
            let (length, tail) = match short {
                126 => (
                    usize::from(u16::from_be_bytes([tail[0], tail[1]])),
                    &tail[2..],
                ),
                short => (usize::from(*short), tail),
            };
            if head & 15 == 1 {
                let message = serde_json::from_slice(&tail[..length]).expect("JSON");
                self.hear(&message);
            }
            rest = &tail[length..];
        }
    }

    fn hear(&mut self, message: &Value) {
        let event = message["event"].as_str().expect("a name");
        let data: Value = match &message["data"] {
            Value::String(text) => serde_json::from_str(text).expect("JSON"),
            other => other.clone(),
        };
        let who = &self.name;
        match event {
            "pusher:connection_established" => self.is_greeted = true,
            "pusher:error" => {
                let code = data["code"].as_u64();
                assert!(matches!(code, Some(4004 | 4009)), "{who} heard {message}");
                self.is_refused = true;
            }
            "pusher:signin_success" | "pusher:pong" => {}
            "pusher_internal:watchlist_events" => self.hear_of_users(&data),
            _ => {
                let channel = message["channel"].as_str().expect("a channel");
                if let Some(view) = self.views.get_mut(channel) {
                    view.hear(event, &data, &format!("{who} in {channel}"));
                }
            }
        }
    }

    fn hear_of_users(&mut self, data: &Value) {
        for event in data["events"].as_array().expect("events") {
            let is_online = event["name"] == "online";
            for user in event["user_ids"].as_array().expect("ids") {
                let known = self.watched.get_mut(user.as_str().expect("an id"));
                *known.expect("it is watched") = is_online;
            }
        }
    }
}

impl View {
    fn hear(&mut self, event: &str, data: &Value, place: &str) {
        let id = |data: &Value| data["user_id"].as_str().expect("an id").to_owned();
        match event {
            "pusher_internal:subscription_succeeded" => {
                assert!(!self.is_confirmed, "{place}: confirmed twice");
                self.is_confirmed = true;
                let ids = data["presence"]["ids"].as_array();
                for id in ids.into_iter().flatten() {
                    let is_new = self.members.insert(id.as_str().expect("an id").to_owned());
                    assert!(is_new, "{place}: {id} is twice in the list");
                }
            }
            "pusher_internal:member_added" => {
                let id = id(data);
                assert!(self.is_confirmed, "{place}: heard of {id} too early");
                assert!(
                    self.members.insert(id.clone()),
                    "{place}: {id} was added twice"
                );
            }
            "pusher_internal:member_removed" => {
                let id = id(data);
                assert!(
                    self.members.remove(&id),
                    "{place}: {id} was removed and not there"
                );
            }
            "pusher:cache_miss" => self.has_missed = true,
            _ => {
                let number = |name: &str| data[name].as_u64().expect("a number");
                let (publisher, number) = (number("p"), number("n"));
                assert!(self.is_confirmed, "{place}: an event came too early");
                let last = self.last.insert(publisher, number);
                assert!(
                    last.is_none_or(|last| last < number),
                    "{place}: after {last:?} of {publisher} came {number}"
                );
                self.events.push((publisher, number));
            }
        }
    }
}
