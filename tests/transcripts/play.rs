//! The stage on which a transcript is played.

use std::{collections::HashMap, thread};

use serde_json::Value;
use tungstenite::Message;

use crate::{
    script::Script,
    support::{
        client::Client,
        http::{Answer, Request, send_raw},
        message,
        server::TestServer,
        sign,
    },
};

/// Somebody with a connection.
struct Actor {
    client: Client,
    /// The greeting, which is read at once for its socket id, until it is to be heard.
    greeting: Option<String>,
}

struct Play<'p> {
    server: &'p TestServer,
    actors: HashMap<String, Actor>,
    /// Socket ids, also of those who have left.
    names: HashMap<String, String>,
    answer: Option<Answer>,
}

pub(crate) fn play(name: &str, script: &Script) {
    let server = TestServer::with(|configuration| {
        for (pointer, value) in &script.settings {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            configuration.pointer_mut(parent).unwrap()[key] = serde_json::from_str(value).unwrap();
        }
    });
    let mut play = Play {
        server: &server,
        actors: HashMap::new(),
        names: HashMap::new(),
        answer: None,
    };
    thread::scope(|scope| {
        for (number, line) in &script.lines {
            // Is shown when the line fails.
            println!("{name}:{number}: {line}");
            if line == "server stops" {
                scope.spawn(|| server.stop());
            } else {
                play.line(line);
            }
        }
        // Whoever is still there would keep a stopping server waiting.
        play.actors.clear();
    });
}

impl Play<'_> {
    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "GET" | "POST" | "HEAD" => self.call(word, rest, Signature::Given),
            "unsigned" => {
                let (method, rest) = rest.split_once(' ').unwrap();
                self.call(method, rest, Signature::Missing);
            }
            "raw" => {
                let request = rest.replace("\\r", "\r").replace("\\n", "\n");
                self.answer = Some(send_raw(self.server.address(), request.as_bytes()));
            }
            "answer" => self.expect_answer(rest),
            "header" => {
                let (name, value) = rest.split_once(": ").unwrap();
                assert_eq!(self.answer.as_ref().unwrap().header(name), Some(value));
            }
            actor => self.act(actor, rest),
        }
    }

    fn act(&mut self, name: &str, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        if verb == "connects" {
            return self.connect(name, rest);
        }
        let rest = self.expand(name, rest);
        if verb == "leaves" {
            drop(self.actors.remove(name).unwrap());
            return;
        }
        let actor = self.actors.get_mut(name).unwrap();
        match verb {
            "says" => actor.client.say(&rest),
            "sends" => actor.client.raw(&bytes(&rest)),
            "hears" => actor.expect(&rest),
            "is" => {
                let rest = rest.strip_prefix("closed ").unwrap();
                let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                actor.client.expect_closed(code.parse().unwrap(), reason);
            }
            _ => panic!("nobody knows how somebody {verb}"),
        }
    }

    /// `connects [to KEY] [from ORIGIN] [offering EXTENSION]`
    fn connect(&mut self, name: &str, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let value = |word| {
            let position = words.iter().position(|candidate| *candidate == word)?;
            words.get(position + 1).copied()
        };
        let path = format!("/app/{}", value("to").unwrap_or("reverb-key"));
        let headers = [
            ("Origin", value("from")),
            ("Sec-WebSocket-Extensions", value("offering")),
        ];
        let headers: Vec<_> = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let mut client = self.server.open(&path, &headers);
        let greeting = client.text();
        if let Some(id) = message(&greeting)["data"]["text"]["socket_id"].as_str() {
            client.socket_id = id.to_owned();
            self.names.insert(name.to_owned(), id.to_owned());
        }
        let greeting = Some(greeting);
        self.actors
            .insert(name.to_owned(), Actor { client, greeting });
    }

    /// A request to the first application: the path behind `/apps/123456`, and perhaps a body.
    fn call(&mut self, method: &str, line: &str, signature: Signature) {
        let line = self.expand("", line);
        let (target, body) = line.split_once(' ').unwrap_or((&line, ""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = match signature {
            Signature::Given => format!("/apps/123456{path}"),
            Signature::Missing => path.to_owned(),
        };
        let request = self.server.request(method, &path).text(body);
        let mut parameters = query.split('&').filter(|pair| !pair.is_empty());
        let request = parameters.try_fold(request, with_parameter).unwrap();
        self.answer = Some(match signature {
            Signature::Given => request.signed("reverb-key", "reverb-secret").send(),
            Signature::Missing => request.send(),
        });
    }

    /// `answer STATUS [BODY]`; JSON is compared as values.
    fn expect_answer(&self, line: &str) {
        let line = self.expand("", line);
        let (status, body) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = self.answer.as_ref().unwrap();
        assert_eq!(answer.status.to_string(), status, "{answer:?}");
        match (value(body), value(&answer.body)) {
            (Some(expected), Some(body)) => assert_eq!(body, expected),
            _ => assert_eq!(answer.body, body),
        }
    }

    /// Replaces what stands between `<<` and `>>`.
    fn expand(&self, speaker: &str, line: &str) -> String {
        let Some((before, rest)) = line.split_once("<<") else {
            return line.to_owned();
        };
        let (macro_, after) = rest.split_once(">>").unwrap();
        let (word, argument) = macro_.split_once(' ').unwrap_or((macro_, ""));
        let id = self.names.get(speaker).map_or("", String::as_str);
        let text = match word {
            "auth" => {
                let (channel, data) = argument.split_once(' ').unwrap_or((argument, ""));
                let colon = if data.is_empty() { "" } else { ":" };
                let signature = sign("reverb-secret", &format!("{id}:{channel}{colon}{data}"));
                format!("reverb-key:{signature}")
            }
            "user" => {
                let signature = sign("reverb-secret", &format!("{id}::user::{argument}"));
                format!("reverb-key:{signature}")
            }
            "text" => {
                let text = Value::from(argument).to_string();
                text[1..text.len() - 1].to_owned()
            }
            "repeat" => {
                let (times, text) = argument.split_once(' ').unwrap();
                text.repeat(times.parse().unwrap())
            }
            name => self.names[name].clone(),
        };
        [before, &text, &self.expand(speaker, after)].concat()
    }
}

enum Signature {
    Given,
    Missing,
}

impl Actor {
    /// `hears nothing`, `hears ping`, `hears pong HEX`, `hears exactly TEXT`, or a message.
    fn expect(&mut self, line: &str) {
        if line == "nothing" {
            assert_eq!(self.greeting, None);
            return self.client.expect_quiet();
        }
        if line == "ping" || line.starts_with("pong") {
            let frame = match line.strip_prefix("pong ") {
                Some(payload) => Message::Pong(bytes(payload).into()),
                None => Message::Ping(Vec::new().into()),
            };
            assert_eq!(self.client.read(), frame);
            return;
        }
        let heard = self.greeting.take().unwrap_or_else(|| self.client.text());
        match line.strip_prefix("exactly ") {
            Some(expected) => assert_eq!(heard, expected),
            None => assert_eq!(message(&heard), message(line), "{heard}"),
        }
    }
}

fn with_parameter(request: Request, pair: &str) -> Option<Request> {
    let (name, value) = pair.split_once('=')?;
    Some(request.parameter(name, value))
}

fn value(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// `81 02 "Hi"`: bytes in hexadecimal, and text between quotation marks.
fn bytes(text: &str) -> Vec<u8> {
    let parts = text.split('"').enumerate();
    parts
        .flat_map(|(index, part)| match index % 2 {
            0 => part
                .split_whitespace()
                .map(|byte| u8::from_str_radix(byte, 16).unwrap())
                .collect(),
            _ => part.as_bytes().to_vec(),
        })
        .collect()
}
