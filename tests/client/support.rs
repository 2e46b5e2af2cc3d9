//! Scripted servers for the client's tests. They do what the script says and record what they hear.

use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use reverb::protocol::local::{
    ClientFrame, Hello, Publish, PublisherId, Reason, ServerFrame, ServerId, Welcome,
};
use sha2::Sha256;
use socket2::{Domain, SockAddr, Socket, Type};

const NONCE: [u8; 32] = [5; 32];
const SERVER: [u8; 16] = [6; 16];
const ANOTHER_SERVER: [u8; 16] = [7; 16];

/// The time between two bytes of a server that is slow on purpose.
const TRICKLE: Duration = Duration::from_millis(10);

/// The handshake as it should be.
pub(crate) const WELCOMED: Script = Script::Welcome;

/// One step of a connection. After the last one the connection is closed.
#[derive(Clone, Copy)]
pub(crate) enum Script {
    /// Challenge, check the answer, welcome.
    Welcome,
    /// The same, in the name of another server.
    WelcomeElsewhere,
    /// Challenge, welcome whatever is answered, as one who does not know the secret; then hear what comes.
    WelcomeBlindly,
    /// Challenge, hear the answer, refuse.
    Refuse(Reason, &'static str),
    /// Hear an event and acknowledge it.
    Ack,
    /// Hear an event and refuse it.
    Fail(Reason, &'static str),
    /// Hear an event and say nothing.
    Hear,
    /// Say that the server stops.
    Close,
    /// Hear an event, acknowledge it and say that the server stops, all at once.
    AckAndClose,
    /// Say nothing until the test wakes the server, or ends.
    Stall,
    /// Say this, whatever it is, and wait until the client goes away.
    Raw(&'static [u8]),
    /// Say this, and then one byte after the other, until the test wakes the server, or ends.
    Trickle(&'static [u8]),
}

/// What a server has heard so far.
#[derive(Default)]
struct Heard {
    publishers: Vec<PublisherId>,
    sequences: Vec<u64>,
    events: Vec<String>,
    opened: usize,
    closed: usize,
    /// How often there was something to read.
    reads: usize,
    is_awake: bool,
    /// The connection there is.
    stream: Option<UnixStream>,
    is_over: bool,
}

impl Heard {
    /// Takes a connection, unless the test is over.
    fn open(&mut self, stream: &UnixStream) -> bool {
        if !self.is_over {
            self.opened += 1;
            self.stream = Some(stream.try_clone().unwrap());
        }
        !self.is_over
    }

    fn close(&mut self) {
        self.closed += 1;
        self.stream = None;
    }

    /// Ends the connection there is, which the test's thread may keep beyond the test, and all that come.
    fn hang_up(&mut self) {
        self.is_over = true;
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A unix socket with one script per connection.
pub(crate) struct UnixServer {
    path: PathBuf,
    heard: Arc<(Mutex<Heard>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl UnixServer {
    pub(crate) fn start(scripts: &[&[Script]]) -> Self {
        let path = fresh_path();
        let listener = UnixListener::bind(&path).unwrap();
        let heard = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let scripts: Vec<Vec<Script>> = scripts.iter().map(|script| script.to_vec()).collect();
        let thread = thread::spawn({
            let heard = Arc::clone(&heard);
            move || {
                scripts
                    .iter()
                    .for_each(|script| serve(&listener, script, &heard))
            }
        });
        Self {
            path,
            heard,
            thread: Some(thread),
        }
    }

    /// A socket's file that was left behind: nobody listens.
    pub(crate) fn abandoned_socket() -> Self {
        Self::start(&[]).joined()
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn published(&self) -> Vec<String> {
        self.heard.0.lock().unwrap().events.clone()
    }

    pub(crate) fn sequences(&self) -> Vec<u64> {
        self.heard.0.lock().unwrap().sequences.clone()
    }

    pub(crate) fn reads(&self) -> usize {
        self.heard.0.lock().unwrap().reads
    }

    pub(crate) fn publishers(&self) -> Vec<PublisherId> {
        self.heard.0.lock().unwrap().publishers.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.heard.0.lock().unwrap().opened
    }

    pub(crate) fn wait_for_closed(&self, count: usize) {
        let (heard, changed) = &*self.heard;
        drop(
            changed
                .wait_while(heard.lock().unwrap(), |heard| heard.closed < count)
                .unwrap(),
        );
    }

    /// Ends the stalling, now and later.
    pub(crate) fn wake(&self) {
        self.heard.0.lock().unwrap().is_awake = true;
        self.heard.1.notify_all();
    }

    fn joined(mut self) -> Self {
        self.thread.take().unwrap().join().unwrap();
        self
    }
}

impl Drop for UnixServer {
    fn drop(&mut self) {
        self.wake();
        self.heard.0.lock().unwrap().hang_up();
        // Connections that the test did not make are made here, so that the thread ends.
        while self
            .thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
        {
            drop(UnixStream::connect(&self.path));
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn serve(listener: &UnixListener, script: &[Script], heard: &(Mutex<Heard>, Condvar)) {
    let (stream, _) = listener.accept().unwrap();
    if !heard.0.lock().unwrap().open(&stream) {
        return;
    }
    let mut conversation = Conversation {
        stream,
        input: Vec::new(),
        heard,
    };
    // A client that leaves early ends the script.
    let _ = script
        .iter()
        .try_for_each(|step| conversation.perform(*step));
    drop(conversation);
    heard.0.lock().unwrap().close();
    heard.1.notify_all();
}

struct Conversation<'a> {
    stream: UnixStream,
    input: Vec<u8>,
    heard: &'a (Mutex<Heard>, Condvar),
}

impl Conversation<'_> {
    fn perform(&mut self, step: Script) -> io::Result<()> {
        match step {
            Script::Welcome => self.welcome("secret", SERVER),
            Script::WelcomeElsewhere => self.welcome("secret", ANOTHER_SERVER),
            Script::WelcomeBlindly => {
                self.welcome("a guess", SERVER)?;
                self.hear_event().map(drop)
            }
            Script::Refuse(reason, message) => {
                let _publisher = self.hear_hello()?;
                self.say(&ServerFrame::Refused { reason, message })
            }
            Script::Ack => {
                let sequence = self.hear_event()?;
                self.say(&ServerFrame::Ack { sequence })
            }
            Script::Fail(reason, message) => {
                let sequence = self.hear_event()?;
                self.say(&ServerFrame::Failed {
                    sequence,
                    reason,
                    message,
                })
            }
            Script::Hear => self.hear_event().map(drop),
            Script::AckAndClose => {
                let sequence = self.hear_event()?;
                let mut bytes = Vec::new();
                ServerFrame::Ack { sequence }.encode(&mut bytes);
                ServerFrame::Closing.encode(&mut bytes);
                self.stream.write_all(&bytes)
            }
            Script::Close => self.say(&ServerFrame::Closing),
            Script::Stall => {
                let (heard, changed) = self.heard;
                let asleep = |heard: &mut Heard| !heard.is_awake;
                drop(changed.wait_while(heard.lock().unwrap(), asleep).unwrap());
                Ok(())
            }
            Script::Raw(bytes) => {
                self.stream.write_all(bytes)?;
                self.stream.read_to_end(&mut Vec::new()).map(drop)
            }
            Script::Trickle(head) => {
                self.stream.write_all(head)?;
                while !self.is_awake_after(TRICKLE) {
                    self.stream.write_all(b"\0")?;
                }
                Ok(())
            }
        }
    }

    fn is_awake_after(&self, pause: Duration) -> bool {
        let (heard, changed) = self.heard;
        let asleep = |heard: &mut Heard| !heard.is_awake;
        let waited = changed.wait_timeout_while(heard.lock().unwrap(), pause, asleep);
        !waited.unwrap().1.timed_out()
    }

    fn say(&mut self, frame: &ServerFrame<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        self.stream.write_all(&bytes)
    }

    fn welcome(&mut self, secret: &str, server: ServerId) -> io::Result<()> {
        let publisher = self.hear_hello()?;
        let welcome = Welcome::new(secret, &NONCE, &publisher, server);
        self.say(&ServerFrame::Welcome(welcome))
    }

    fn hear_hello(&mut self) -> io::Result<PublisherId> {
        self.say(&ServerFrame::Challenge { nonce: NONCE })?;
        self.hear(|frame, heard| {
            let ClientFrame::Hello(hello) = frame else {
                panic!("not a hello: {frame:?}")
            };
            assert!(hello.proves("secret", &NONCE));
            let Hello {
                publisher, app_id, ..
            } = hello;
            assert_eq!(app_id, "1");
            heard.publishers.push(publisher);
            publisher
        })
    }

    fn hear_event(&mut self) -> io::Result<u64> {
        self.hear(|frame, heard| {
            let ClientFrame::Publish(publish) = frame else {
                panic!("not an event: {frame:?}")
            };
            assert!(publish.acknowledge);
            let Publish {
                sequence,
                socket_id,
                event,
                data,
                channels,
                ..
            } = publish;
            heard.sequences.push(sequence);
            heard.events.push(format!(
                "{sequence}: {event} {data} to {} except {}",
                channels.join(","),
                socket_id.unwrap_or("nobody")
            ));
            sequence
        })
    }

    fn hear<R>(&mut self, record: impl FnOnce(ClientFrame<'_>, &mut Heard) -> R) -> io::Result<R> {
        loop {
            if let Some((frame, consumed)) = ClientFrame::decode(&self.input).unwrap() {
                let recorded = record(frame, &mut self.heard.0.lock().unwrap());
                self.input.drain(..consumed);
                return Ok(recorded);
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                received => self.input.extend_from_slice(&buffer[..received]),
            }
            self.heard.0.lock().unwrap().reads += 1;
        }
    }
}

fn fresh_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("reverb-client-{}-{number}.sock", process::id()));
    let _ = fs::remove_file(&path);
    path
}

/// A unix socket whose queue is full, and what keeps it so.
pub(crate) fn crowded_unix_socket() -> (String, Vec<Socket>) {
    let path = fresh_path();
    let sockets = crowd(&SockAddr::unix(&path).unwrap(), Domain::UNIX);
    (path.to_str().unwrap().to_owned(), sockets)
}

/// A port whose queue is full, and what keeps it so.
pub(crate) fn crowded_tcp_port() -> (u16, Vec<Socket>) {
    let any = "127.0.0.1:0".parse::<SocketAddr>().unwrap();
    let sockets = crowd(&any.into(), Domain::IPV4);
    let address = sockets[0].local_addr().unwrap();
    (address.as_socket().unwrap().port(), sockets)
}

fn crowd(address: &SockAddr, domain: Domain) -> Vec<Socket> {
    let listener = Socket::new(domain, Type::STREAM, None).unwrap();
    listener.bind(address).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets = vec![listener];
    for _ in 0..8 {
        let client = Socket::new(domain, Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        // Those that find no place go on trying.
        let _ = client.connect(&address);
        sockets.push(client);
    }
    sockets
}

/// A request as it arrived.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) body: String,
    query: HashMap<String, String>,
}

impl Request {
    /// A parameter of the query, still percent-encoded.
    pub(crate) fn query(&self, name: &str) -> &str {
        &self.query[name]
    }
}

/// An HTTP server that gives these answers, one after the other, and then nothing any more.
pub(crate) struct HttpServer {
    port: u16,
    requests: mpsc::Receiver<Request>,
    connections: Arc<AtomicU32>,
}

impl HttpServer {
    pub(crate) fn start(answers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::channel();
        let connections = Arc::new(AtomicU32::new(0));
        let mut answers: std::collections::VecDeque<_> = answers.iter().copied().collect();
        thread::spawn({
            let connections = Arc::clone(&connections);
            move || {
                loop {
                    let (stream, _) = listener.accept().unwrap();
                    connections.fetch_add(1, Ordering::SeqCst);
                    let mut stream = BufReader::new(stream);
                    while let Ok(request) = read_request(&mut stream) {
                        let _ = sender.send(request);
                        // Without an answer left, the next read waits until the client goes away.
                        if let Some((status, body)) = answers.pop_front() {
                            answer(stream.get_mut(), status, body);
                        }
                    }
                }
            }
        });
        Self {
            port,
            requests,
            connections,
        }
    }

    /// A server that answers a TLS handshake as an HTTP server does.
    pub(crate) fn without_tls() -> Self {
        Self::scripted(|mut stream| {
            // The handshake's first message is heard before the answer, so that nothing is reset.
            let _ = stream.read(&mut [0; 4096]).unwrap();
            answer(&mut stream, "400 Bad Request", "Bad request.");
        })
    }

    /// A server that says this when it is asked, and then one byte after the other.
    pub(crate) fn trickling(head: &'static str) -> Self {
        Self::scripted(move |stream| {
            let mut stream = BufReader::new(stream);
            let _ = read_request(&mut stream);
            let mut sent = stream.get_mut().write_all(head.as_bytes());
            while sent.is_ok() {
                thread::sleep(TRICKLE);
                sent = stream.get_mut().write_all(b"x");
            }
        })
    }

    /// A server that does not read what it is sent.
    pub(crate) fn deaf() -> Self {
        Self::scripted(|stream| {
            let _kept = stream;
            thread::park();
        })
    }

    /// A server that does this with its first connection.
    fn scripted(script: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || script(listener.accept().unwrap().0));
        let (_, requests) = mpsc::channel();
        Self {
            port,
            requests,
            connections: Arc::default(),
        }
    }

    /// A port on which nobody listens.
    pub(crate) fn unused_port() -> u16 {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn request(&self) -> Request {
        self.requests.recv().unwrap()
    }

    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

pub(crate) fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let target = head[0]
        .strip_prefix("POST ")
        .and_then(|line| line.strip_suffix(" HTTP/1.1"))
        .unwrap();
    let (path, query) = target.split_once('?').unwrap();
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let length = head
        .iter()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Request {
        path: path.to_owned(),
        body: String::from_utf8(body).unwrap(),
        query: query
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    })
}

pub(crate) fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n\r\n{body}").unwrap();
}

pub(crate) fn md5(text: &str) -> String {
    hexadecimal(&Md5::digest(text))
}

pub(crate) fn hmac_sha256(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hexadecimal(&mac.finalize().into_bytes())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
