//! `permessage-deflate` over sockets: who asked for it gets it, and everybody gets the same message.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::json;

use crate::support::{client, message, server::TestServer, sign};

/// What Chrome and Firefox offer.
const BROWSER: &str = "permessage-deflate; client_max_window_bits";

/// A client below the frame layer, as the tests' WebSocket library knows no extensions.
struct Deflating {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Deflating {
    fn open(server: &TestServer, offer: &str) -> Self {
        let mut stream = client::connect(server.address());
        write!(
            stream,
            "GET /app/reverb-key HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Extensions: {offer}\r\n\r\n"
        )
        .unwrap();
        let mut client = Self {
            stream: BufReader::new(stream),
            head: String::new(),
        };
        while !client.head.ends_with("\r\n\r\n") {
            client.stream.read_line(&mut client.head).unwrap();
        }
        client
    }

    /// Shakes hands, reads the greeting and subscribes.
    fn subscribed(server: &TestServer, channel: &str) -> Self {
        let mut client = Self::open(server, BROWSER);
        let (first, greeting) = client.frame();
        assert_eq!(first, 0x81, "the greeting is too short to be compressed");
        assert!(greeting.starts_with(br#"{"event":"pusher:connection_established""#));
        let subscribe = json!({ "event": "pusher:subscribe", "data": { "channel": channel } });
        client.send(&subscribe.to_string());
        client.frame();
        client
    }

    /// Sends a compressed text message.
    fn send(&mut self, text: &str) {
        let mut compressor = Compress::new(Compression::best(), false);
        let mut payload = Vec::with_capacity(text.len() + 64);
        compressor
            .compress_vec(text.as_bytes(), &mut payload, FlushCompress::Sync)
            .unwrap();
        payload.truncate(payload.len() - 4);
        let mut frame = vec![0xc1];
        match u8::try_from(payload.len()) {
            Ok(length @ 0..=125) => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.get_mut().write_all(&frame).unwrap();
    }

    /// The first byte and the payload of the next frame.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut header = [0; 2];
        self.stream.read_exact(&mut header).unwrap();
        let length = match header[1] {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).unwrap();
                usize::from(u16::from_be_bytes(length))
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).unwrap();
        (header[0], payload)
    }

    /// The text of the next message, which must be compressed.
    fn inflated(&mut self) -> String {
        let (first, mut payload) = self.frame();
        assert_eq!(first, 0xc1);
        payload.extend([0, 0, 0xff, 0xff]);
        let mut text = Vec::with_capacity(100_000);
        Decompress::new(false)
            .decompress_vec(&payload, &mut text, FlushDecompress::Sync)
            .unwrap();
        String::from_utf8(text).unwrap()
    }
}

fn compressing() -> TestServer {
    TestServer::with(|configuration| configuration["compression"] = json!(true))
}

#[test]
fn who_asked_for_compression_gets_the_same_message_as_the_others() {
    let server = compressing();
    let mut plain = server.connect();
    plain.subscribe("news");
    let mut deflating: Vec<_> = (0..8)
        .map(|_| Deflating::subscribed(&server, "news"))
        .collect();
    let data = json!({ "text": "all the news that fits ".repeat(100) }).to_string();
    server.publish("App\\Events\\News", "news", &data);
    server.publish("short", "news", "{}");
    let (long, short) = (plain.text(), plain.text());
    assert!(long.len() > 2300);
    for client in &mut deflating {
        assert_eq!(client.inflated(), long);
        assert_eq!(client.frame(), (0x81, short.clone().into_bytes()));
    }
}

#[test]
fn a_late_subscriber_of_a_cache_channel_gets_the_event_compressed() {
    let server = compressing();
    let data = json!({ "text": "kept ".repeat(200) }).to_string();
    server.publish("news", "cache-news", &data);
    for _ in 0..2 {
        let mut client = Deflating::subscribed(&server, "cache-news");
        assert!(client.inflated().contains("kept kept"));
    }
}

#[test]
fn an_answer_to_one_alone_is_compressed_too() {
    let server = compressing();
    let mut client = Deflating::open(&server, BROWSER);
    let greeting = message(&String::from_utf8(client.frame().1).unwrap());
    let socket_id = greeting["data"]["text"]["socket_id"].as_str().unwrap();
    let member = json!({ "user_id": 1, "user_info": "long ".repeat(100) }).to_string();
    let signature = sign(
        "reverb-secret",
        &format!("{socket_id}:presence-room:{member}"),
    );
    let data = json!({
        "channel": "presence-room", "auth": format!("reverb-key:{signature}"), "channel_data": member,
    });
    client.send(&json!({ "event": "pusher:subscribe", "data": data }).to_string());
    assert!(client.inflated().contains("subscription_succeeded"));
}

#[test]
fn a_bomb_closes_its_connection_with_1009() {
    let server = compressing();
    let mut client = Deflating::subscribed(&server, "news");
    client.send(&"a".repeat(10_001));
    let (first, payload) = client.frame();
    assert_eq!((first, &payload[..2]), (0x88, &1009_u16.to_be_bytes()[..]));
    server.connect().expect_quiet();
}

#[test]
fn servers_agree_to_compress_only_if_told_to_and_only_to_what_they_can_keep() {
    let header = "Sec-WebSocket-Extensions";
    let agreed = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
                  client_no_context_takeover";
    {
        let server = TestServer::start();
        assert!(!Deflating::open(&server, BROWSER).head.contains(header));
    }
    let server = compressing();
    assert!(Deflating::open(&server, BROWSER).head.contains(agreed));
    let narrow = "permessage-deflate; server_max_window_bits=8";
    let fallback = "permessage-deflate; server_max_window_bits=10";
    assert!(!Deflating::open(&server, narrow).head.contains(header));
    let head = Deflating::open(&server, &format!("{narrow}, {fallback}")).head;
    assert!(head.contains(&format!("{agreed}; server_max_window_bits=10\r\n")));
    let head = Deflating::open(&server, "permessage-deflate; =").head;
    assert!(head.starts_with("HTTP/1.1 400 Invalid Sec-WebSocket-Extensions\r\n"));
}
