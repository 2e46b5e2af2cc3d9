//! A caller of the HTTP API, byte by byte by hand.

use std::{
    io::{Read, Write},
    net::SocketAddr,
};

use serde_json::Value;

use super::{client::connect, md5, now, sign};

/// A request that is about to be sent.
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    body: String,
    signer: Option<(String, String)>,
}

/// What came back until the connection was closed.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// All lines of the head, the status line first.
    pub(crate) head: Vec<String>,
    /// Everything behind the head.
    pub(crate) body: String,
}

impl Request {
    /// A request without parameters, body and signature.
    pub(crate) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            address,
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            body: String::new(),
            signer: None,
        }
    }

    /// Adds a parameter.
    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    /// Sets the body, which need not be JSON.
    pub(crate) fn text(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// Signs what will be sent.
    pub(crate) fn signed(mut self, key: &str, secret: &str) -> Self {
        self.signer = Some((key.to_owned(), secret.to_owned()));
        self
    }

    /// Sends it and reads until the server closes.
    pub(crate) fn send(self) -> Answer {
        let mut stream = connect(self.address);
        self.send_on(&mut stream)
    }

    /// The same on a stream that is there already.
    pub(crate) fn send_on(self, stream: &mut (impl Read + Write)) -> Answer {
        exchange(stream, self.text_with("Connection: close\r\n").as_bytes())
    }

    /// The bytes of a request after which the connection stays.
    pub(crate) fn keeping(self) -> String {
        self.text_with("")
    }

    fn text_with(mut self, line: &str) -> String {
        self.sign();
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", query.join("&"))
        };
        let Self {
            address,
            method,
            path,
            body,
            ..
        } = self;
        let length = body.len();
        format!(
            "{method} {path}{query} HTTP/1.1\r\nHost: {address}\r\n{line}\
             Content-Length: {length}\r\n\r\n{body}"
        )
    }

    fn sign(&mut self) {
        let Some((key, secret)) = self.signer.take() else {
            return;
        };
        self.query.push(("auth_key".to_owned(), key));
        self.query
            .push(("auth_timestamp".to_owned(), now().to_string()));
        self.query
            .push(("auth_version".to_owned(), "1.0".to_owned()));
        if !self.body.is_empty() {
            self.query
                .push(("body_md5".to_owned(), md5(self.body.as_bytes())));
        }
        self.query.sort();
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let text = format!("{}\n{}\n{}", self.method, self.path, query.join("&"));
        self.query
            .push(("auth_signature".to_owned(), sign(&secret, &text)));
    }
}

/// Sends bytes and reads until the server closes.
pub(crate) fn send_raw(address: SocketAddr, request: &[u8]) -> Answer {
    exchange(&mut connect(address), request)
}

fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Answer {
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Answer::parse(&String::from_utf8(answer).unwrap())
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no head in {text:?}"));
        let head: Vec<String> = head.split("\r\n").map(str::to_owned).collect();
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head,
            body: body.to_owned(),
        }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.iter().filter_map(|line| line.split_once(':'));
        fields
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}
