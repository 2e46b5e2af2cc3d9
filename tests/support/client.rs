//! A client over WebSocket.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

use serde_json::{Value, json};
use tungstenite::{
    Message, WebSocket,
    handshake::client::generate_key,
    http,
    protocol::{CloseFrame, Role},
};

use super::{PATIENCE, message, sign};

/// A stream, with TLS or without.
pub(crate) trait Duplex: Read + Write + Send {}

impl<S: Read + Write + Send> Duplex for S {}

/// One connection.
pub(crate) struct Client {
    socket: WebSocket<Box<dyn Duplex>>,
    /// Its name, once it has read its greeting.
    pub(crate) socket_id: String,
}

impl Client {
    /// Shakes hands and reads nothing more.
    pub(crate) fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::open_on(connect(address), &address.to_string(), path, headers)
    }

    /// The same on a stream that is there already.
    pub(crate) fn open_on(
        stream: impl Duplex + 'static,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Self {
        let mut request = http::Request::get(format!("ws://{host}{path}"))
            .header("Host", host)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", generate_key());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let stream: Box<dyn Duplex> = Box::new(stream);
        let (socket, _) = tungstenite::client(request.body(()).unwrap(), stream).unwrap();
        Self {
            socket,
            socket_id: String::new(),
        }
    }

    /// Takes a stream over after a handshake by hand.
    pub(crate) fn upgraded(stream: TcpStream) -> Self {
        let stream: Box<dyn Duplex> = Box::new(stream);
        let socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        Self {
            socket,
            socket_id: String::new(),
        }
    }

    /// Reads `connection_established`.
    pub(crate) fn read_greeting(&mut self) {
        let greeting = message(&self.text());
        let data = greeting["data"]["text"].clone();
        self.socket_id = data["socket_id"].as_str().unwrap().to_owned();
        let expected = json!({
            "event": "pusher:connection_established",
            "data": { "text": { "socket_id": self.socket_id, "activity_timeout": 30 } },
        });
        assert_eq!(greeting, expected);
    }

    /// Subscribes to a public channel and is told so.
    pub(crate) fn subscribe(&mut self, channel: &str) {
        self.send(&json!({ "event": "pusher:subscribe", "data": { "channel": channel } }));
        self.expect_subscribed(channel);
    }

    /// Subscribes to a private channel of the first application and is told so.
    pub(crate) fn subscribe_private(&mut self, channel: &str) {
        let auth = self.auth(channel, None);
        let data = json!({ "channel": channel, "auth": auth });
        self.send(&json!({ "event": "pusher:subscribe", "data": data }));
        self.expect_subscribed(channel);
    }

    /// Asks to join a presence channel of the first application.
    pub(crate) fn join(&mut self, channel: &str, channel_data: &str) {
        let auth = self.auth(channel, Some(channel_data));
        let data = json!({ "channel": channel, "auth": auth, "channel_data": channel_data });
        self.send(&json!({ "event": "pusher:subscribe", "data": data }));
    }

    /// What `/broadcasting/auth` of the first application answers.
    pub(crate) fn auth(&self, channel: &str, channel_data: Option<&str>) -> String {
        let text = match channel_data {
            Some(data) => format!("{}:{channel}:{data}", self.socket_id),
            None => format!("{}:{channel}", self.socket_id),
        };
        format!("reverb-key:{}", sign("reverb-secret", &text))
    }

    /// Sends a text message.
    pub(crate) fn send(&mut self, message: &Value) {
        self.say(&message.to_string());
    }

    /// Sends a text message as it is.
    pub(crate) fn say(&mut self, text: &str) {
        self.frame(Message::text(text));
    }

    /// Sends any frame.
    pub(crate) fn frame(&mut self, frame: Message) {
        self.socket.send(frame).unwrap();
    }

    /// Sends bytes below the frame layer.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).unwrap();
    }

    /// The next message is this one.
    pub(crate) fn expect(&mut self, text: &str) {
        assert_eq!(message(&self.text()), message(text));
    }

    /// The next message tells of a subscription to a channel without members.
    pub(crate) fn expect_subscribed(&mut self, channel: &str) {
        let expected = json!({
            "event": "pusher_internal:subscription_succeeded",
            "data": { "text": {} },
            "channel": channel,
        });
        assert_eq!(message(&self.text()), expected);
    }

    /// The next message is this error.
    pub(crate) fn expect_error(&mut self, code: u16, text: &str) {
        let data = json!({ "text": { "code": code, "message": text } });
        assert_eq!(
            message(&self.text()),
            json!({ "event": "pusher:error", "data": data })
        );
    }

    /// The connection is alive, and nothing was on its way that is older than the pong.
    pub(crate) fn expect_quiet(&mut self) {
        self.say(r#"{"event":"pusher:ping"}"#);
        self.expect(r#"{"event":"pusher:pong"}"#);
    }

    /// The next frame closes with this code and reason, and then the stream ends.
    pub(crate) fn expect_closed(&mut self, code: u16, reason: &str) {
        let closing = match self.read() {
            Message::Close(Some(CloseFrame { code, reason })) => {
                (u16::from(code), reason.to_string())
            }
            other => panic!("{other:?} in place of a close frame"),
        };
        assert_eq!(closing, (code, reason.to_owned()));
        self.expect_end();
    }

    /// The stream ends without a further frame.
    pub(crate) fn expect_end(&mut self) {
        match self.socket.read() {
            Err(tungstenite::Error::Io(error))
                if error.kind() == std::io::ErrorKind::WouldBlock =>
            {
                panic!("the connection is still open")
            }
            Err(_) => {}
            Ok(other) => panic!("{other:?} in place of the end"),
        }
    }

    /// The next text message.
    pub(crate) fn text(&mut self) -> String {
        match self.read() {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} in place of a text"),
        }
    }

    /// The next text message, or `None` when the connection is over.
    pub(crate) fn try_text(&mut self) -> Option<String> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Some(text.to_string()),
            Ok(Message::Close(_)) | Err(_) => None,
            Ok(other) => panic!("{other:?} in place of a text"),
        }
    }

    /// Reads what is below the frame layer to its end; fails where that is not told.
    pub(crate) fn read_to_end(&mut self) -> io::Result<usize> {
        self.socket.get_mut().read_to_end(&mut Vec::new())
    }

    /// The next frame or message.
    pub(crate) fn read(&mut self) -> Message {
        self.socket.read().unwrap()
    }
}

/// A stream with a deadline.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
