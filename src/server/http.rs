//! The HTTP API on the sockets of its callers, by hyper.

mod patient;
mod rules;

use std::{
    convert::Infallible,
    io::Cursor,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderName, HeaderValue, ORIGIN},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{sleep, timeout},
};

use self::patient::Patient;
use super::{elsewhere, running::Shared, stream::Stream, tls::TlsStream};
use crate::{
    api::{
        self, ApiError, Command, Endpoint, Event, Info, Query, Response, Route,
        signature::{self, Clock, Signed},
    },
    engine::{ApplicationIndex, Publication},
    inquiry,
    protocol::ChannelName,
};

/// How long a publisher waits for workers that lag behind.
const CONGESTION_TIME: Duration = Duration::from_secs(5);

/// How long between two looks at workers that lag behind.
const CONGESTION_PAUSE: Duration = Duration::from_millis(1);

/// Serves a connection of the HTTP API, of which something was read already.
pub(super) fn spawn(stream: Stream, received: Vec<u8>, shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let (socket, session) = stream.into_parts();
        let Ok(socket) = tokio::net::TcpStream::from_std(socket.into()) else {
            return; // The runtime is shutting down.
        };
        match session {
            None => serve(socket.into_split(), received, shared).await,
            Some(session) => {
                let halves = io::split(TlsStream::new(socket, session));
                serve(halves, received, shared).await;
            }
        }
    });
}

async fn serve(
    (reader, writer): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    received: Vec<u8>,
    shared: Arc<Shared>,
) {
    let times = shared.times;
    let writer = Patient::new(writer, times.stall);
    let mut stream = io::join(Cursor::new(received).chain(reader), writer);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(request, &shared).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // Who has said all may say so, and still has the answer; nor is there a read while one is made.
        .half_close(true)
        .header_read_timeout(times.idle)
        // Answers are short: one buffer is sent faster than two parts of it.
        .writev(false)
        .serve_connection(TokioIo::new(&mut stream), service);
    // An error here is the caller's: it broke the connection or the rules of HTTP, and has
    // its answer if one is possible.
    let _ = served.await;
    // Whoever does not go within the time is gone without an answer it wants.
    let _ = timeout(times.farewell, take_leave(stream)).await;
}

/// Waits for the other side to go: closing at once could destroy the answer, as unread input makes
/// the kernel reset the connection (RFC 9112, section 9.6).
async fn take_leave(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    // Fails where it is done already.
    let _ = stream.shutdown().await;
    io::copy(&mut stream, &mut io::sink()).await?;
    Ok(())
}

/// The answer for who speaks HTTP without TLS to a server with TLS.
pub(super) fn needs_tls() -> Vec<u8> {
    last_response(&Response {
        status: StatusCode::BAD_REQUEST.as_u16(),
        headers: vec![("Content-Type", "text/plain; charset=utf-8")],
        body: "This port speaks TLS: use https:// or wss://.".to_owned(),
    })
}

/// A whole response as bytes, for a connection that is closed after it.
pub(super) fn last_response(response: &Response) -> Vec<u8> {
    let status = StatusCode::from_u16(response.status).unwrap_or_default();
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in &response.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let length = response.body.len().to_string();
    head.extend(["Content-Length: ", &length, "\r\n\r\n", &response.body]);
    head.into_bytes()
}

async fn respond(request: Request<Incoming>, shared: &Shared) -> hyper::Response<Full<Bytes>> {
    let is_from_page = request.headers().contains_key(ORIGIN);
    let (head, body) = request.into_parts();
    let mut body = Unread::new(body);
    let mut response = answer(&head, &mut body, shared)
        .await
        .unwrap_or_else(|error| {
            if error == ApiError::Internal {
                shared
                    .engine
                    .notices()
                    .warn("The HTTP API could not answer a request in time.".to_owned());
            }
            error.into()
        });
    if is_from_page {
        response = response.for_any_origin();
    }
    let mut sent = hyper::Response::new(Full::from(response.body));
    *sent.status_mut() = StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in response.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            sent.headers_mut()
                .append(name, HeaderValue::from_static(value));
        }
    }
    if body.is_left() {
        // The rest of it stands before the next request: there will be none, and the caller is told.
        let close = HeaderValue::from_static("close");
        sent.headers_mut().insert(CONNECTION, close);
    }
    sent
}

/// The order of checks is Reverb's, after HTTP's own: route, application, signature, body.
async fn answer(head: &Parts, body: &mut Unread, shared: &Shared) -> Result<Response, ApiError> {
    rules::check(head)?;
    let (method, path) = (head.method.as_str(), head.uri.path());
    if head.method == Method::OPTIONS {
        return api::methods(path, &shared.path).map(Response::options);
    }
    let (id, endpoint) = match Route::parse(method, path, &shared.path)? {
        Route::Up => return Ok(Response::health()),
        Route::Socket { .. } => return Err(ApiError::BadRequest),
        Route::Application { id, endpoint } => (id, endpoint),
    };
    let body = body.read(shared).await?;
    let found = shared.find_by_id(&id, Instant::now()).end().await;
    let index = found.map_err(|missing| missing.of_id(id))?;
    let application = shared.engine.applications().shared(index);
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let signed = Signed {
        method,
        path,
        query: &query,
        body: &body,
    };
    let credentials = (application.key.as_str(), application.secret.as_str());
    let clock = Clock {
        now: now(),
        tolerance: shared.auth_timestamp_tolerance,
    };
    signature::verify(&signed, credentials, &shared.path, clock)?;
    carry_out(endpoint, &query, &body, (shared, index)).await
}

async fn carry_out(
    endpoint: Endpoint,
    query: &Query<'_>,
    body: &[u8],
    (shared, application): (&Shared, ApplicationIndex),
) -> Result<Response, ApiError> {
    let engine = &shared.engine;
    let command = Command::parse(endpoint, query, body)?;
    inquiry::limits(&engine.applications().application(application).limits).check(&command)?;
    let events: &[Event] = match &command {
        Command::Publish(event) => std::slice::from_ref(event),
        Command::PublishBatch(events) => events,
        _ => &[],
    };
    for event in events {
        publish(shared, application, event).await?;
    }
    let question = inquiry::question(engine, application, &command);
    let elsewhere = elsewhere::ask(engine, question).await;
    let now = Instant::now();
    let info_of = |info: Info, channel: &ChannelName| {
        elsewhere.channel_info((engine, application), info, channel, now)
    };
    let response = match &command {
        Command::Publish(event) => {
            let infos = event.info.map(|info| {
                let channels = event.channels.iter();
                channels
                    .map(|channel| (channel.clone(), info_of(info, channel)))
                    .collect::<Vec<_>>()
            });
            Response::published(infos.as_deref())
        }
        Command::PublishBatch(events) => {
            let infos: Vec<_> = events
                .iter()
                .flat_map(|event| event.channels.iter().map(|channel| (event.info, channel)))
                .map(|(info, channel)| info.map(|info| info_of(info, channel)))
                .collect();
            Response::batch_published(&infos)
        }
        command => {
            return Ok(inquiry::answer(
                engine,
                application,
                command,
                &elsewhere,
                now,
            ));
        }
    };
    Ok(inquiry::marked(response, &elsewhere))
}

async fn publish(
    shared: &Shared,
    application: ApplicationIndex,
    event: &Event,
) -> Result<(), ApiError> {
    if shared.engine.is_congested() {
        let calm = timeout(CONGESTION_TIME, until_calm(shared));
        calm.await.map_err(|_| ApiError::Internal)?;
    }
    let publication = Publication {
        event: &event.name,
        data: &event.data,
        channels: &event.channels,
        except: event.except,
    };
    shared
        .engine
        .publish(application, &publication, Instant::now());
    Ok(())
}

/// Waits until no worker lags behind.
pub(super) async fn until_calm(shared: &Shared) {
    while shared.engine.is_congested() {
        sleep(CONGESTION_PAUSE).await;
    }
}

/// The body of a request, as long as it was not read to its end.
struct Unread(Option<Incoming>);

impl Unread {
    fn new(body: Incoming) -> Self {
        Self((!body.is_end_stream()).then_some(body))
    }

    fn is_left(&self) -> bool {
        self.0.is_some()
    }

    /// Reads it, unless it announces or brings more than it may.
    async fn read(&mut self, shared: &Shared) -> Result<Bytes, ApiError> {
        let Some(body) = &mut self.0 else {
            return Ok(Bytes::new());
        };
        let max_request_size = shared.max_request_size;
        if body.size_hint().lower() > max_request_size as u64 {
            return Err(ApiError::PayloadTooLarge);
        }
        let body = timeout(
            shared.times.body,
            Limited::new(body, max_request_size).collect(),
        );
        match body.await {
            Ok(Ok(body)) => {
                self.0 = None;
                Ok(body.to_bytes())
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::PayloadTooLarge),
            Ok(Err(_)) => Err(ApiError::BadRequest),
            Err(_) => Err(ApiError::BodyTooSlow),
        }
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
