//! One connection to the HTTP API: hyper's, driven by the thread that waits for it.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Instant,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    http::response::Parts,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::{HttpError, MAX_ANSWER, resolver::bare, socket::Socket};
use crate::client::{deadline::Deadline, options::HttpOptions};

/// An answer's head and its text.
pub(super) type Answer = (Parts, String);

/// What hyper sends.
pub(super) type Message = Request<Full<Bytes>>;

/// With TLS or without.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// A connection, on which one request at a time is answered.
pub(super) struct Connection {
    socket: Socket,
    sender: SendRequest<Full<Bytes>>,
    /// What reads and writes; `None` when it has ended.
    driver: Option<Driver>,
    /// When the last answer came.
    pub(super) used: Instant,
}

type Driver = http1::Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

/// Why there is no answer.
pub(super) enum Failure {
    /// The connection had ended before: nothing was sent.
    Unsent(Box<Message>),
    /// Whether the server has taken the request is not known, or it has answered something else.
    Failed(HttpError),
}

impl Connection {
    /// Connects, and agrees on TLS if that is wanted.
    pub(super) fn open(
        http: &HttpOptions,
        tls: Option<&Arc<ClientConfig>>,
        deadline: Deadline,
    ) -> Result<Self, HttpError> {
        let socket = Socket::connect(http, deadline)?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(socket.clone()),
            Some(config) => {
                let name = ServerName::try_from(bare(&http.host).to_owned())
                    .map_err(|error| HttpError::Unexpected(error.to_string()))?;
                let connector = TlsConnector::from(Arc::clone(config));
                let handshake = connector.connect(name, socket.clone());
                Box::new(socket.complete(deadline, handshake)??)
            }
        };
        let handshake = http1::handshake(TokioIo::new(stream));
        let (sender, driver) = socket.complete(deadline, handshake)??;
        Ok(Self {
            socket,
            sender,
            driver: Some(driver),
            used: Instant::now(),
        })
    }

    /// Whether the server has neither said anything nor ended the connection since it was last read from.
    pub(super) fn is_silent(&self) -> bool {
        self.socket.is_silent()
    }

    /// Sends a request and takes the answer to its end, so that the connection can be used again.
    pub(super) fn exchange(
        &mut self,
        message: Message,
        deadline: Deadline,
    ) -> Result<Answer, Failure> {
        let Self {
            socket,
            sender,
            driver,
            used,
        } = self;
        let answer = drive(driver, answer(sender, message));
        let answer = socket.complete(deadline, answer).map_err(Failure::Failed)?;
        *used = Instant::now();
        answer
    }
}

/// What the server answers, as soon as the connection is driven.
async fn answer(
    sender: &mut SendRequest<Full<Bytes>>,
    message: Message,
) -> Result<Answer, Failure> {
    if sender.ready().await.is_err() {
        return Err(Failure::Unsent(Box::new(message)));
    }
    match sender.try_send_request(message).await {
        Ok(response) => read(response).await.map_err(Failure::Failed),
        Err(mut error) => Err(match error.take_message() {
            Some(message) => Failure::Unsent(Box::new(message)),
            None => Failure::Failed(error.into_error().into()),
        }),
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, HttpError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER);
    let body = body.collect().await.map_err(HttpError::of_body)?;
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    Ok((head, text))
}

/// Polls the connection before and after the answer: only then does it want a request, and send it.
async fn drive<F: Future>(driver: &mut Option<Driver>, answer: F) -> F::Output {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        for _ in 0..2 {
            // How it ended is told to the answer, at the latest when it is dropped.
            let ended = |driver: &mut Driver| Pin::new(driver).poll(context).is_ready();
            if driver.as_mut().is_none_or(ended) {
                *driver = None;
            }
            if let Poll::Ready(output) = answer.as_mut().poll(context) {
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    })
    .await
}
