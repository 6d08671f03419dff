//! One HTTP/2 connection: hyper's, with what it does not limit.
//!
//! The protocol lets a client make work without ever asking for anything: settings, pings and window updates that must
//! be answered, streams that are reset as soon as they are opened (CVE-2023-44487), windows that never open. hyper and
//! h2 bound the memory of these; the work and the waiting are bounded here.

use super::PeerAddress;
use crate::{
    app::Shared,
    gateway::{h1, proxies},
};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{Request, Response},
};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};
use tower::ServiceExt;

/// Streams at a time.
const STREAMS: u32 = 100;
/// Largest header list, in bytes.
const HEADERS: u32 = 32 * 1024;
/// Bytes that may come without a request beginning or a body growing: many more control frames than any client needs.
const IDLE_BYTES: u64 = 512 * 1024;
/// Requests that a client may take back beyond those that it lets finish.
const TAKEN_BACK: u32 = 200;
/// How often it is looked whether the connection gets on.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What has happened on a connection.
#[derive(Debug, Default)]
struct Progress {
    /// Bytes read since something was asked for.
    idle_bytes: AtomicU64,
    /// Requests and pieces of bodies so far, in both directions.
    steps: AtomicU64,
    open: AtomicU32,
    taken_back: AtomicU32,
    finished: AtomicU32,
}

impl Progress {
    fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.idle_bytes.store(0, Ordering::Relaxed);
    }
}

/// Serves a connection to its end.
pub(super) async fn serve<S>(stream: S, peer: IpAddr, app: Shared, router: Router) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let progress = Arc::new(Progress::default());
    let stream = Watched { stream, progress: progress.clone(), floor: h1::Floor::new(app.limits.write_stall) };
    let (of_service, of_app) = (progress.clone(), app.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        of_service.step();
        let mut exchange = Exchange::begin(of_service.clone());
        let address = proxies::client_address(&of_app.proxies, peer, request.headers());
        request.extensions_mut().insert(PeerAddress(address));
        if of_app.proxies.trusts(peer) {
            request.extensions_mut().insert(proxies::Proxied);
        }
        let (router, progress) = (router.clone(), of_service.clone());
        async move {
            let request = request.map(|body| Body::new(Counted { body, progress, exchange: None }));
            let response: Response<Body> = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            // A body that has ended before it began is never polled: its answer is in the fields.
            exchange.is_finished = response.body().is_end_stream();
            let progress = exchange.progress.clone();
            Ok::<_, Infallible>(response.map(|body| Counted { body, progress, exchange: Some(exchange) }))
        }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(20)
        .max_send_buf_size(256 * 1024)
        .keep_alive_interval(app.limits.keep_alive / 2)
        .keep_alive_timeout(Duration::from_secs(20));
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut look = tokio::time::interval(LOOK_EVERY);
    let (mut steps, mut since, mut is_ending) = (0, Instant::now(), false);
    loop {
        tokio::select! {
            outcome = &mut connection => return outcome.map_err(io::Error::other),
            () = app.stopping.cancelled(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            now = look.tick() => {
                let new = progress.steps.load(Ordering::Relaxed);
                if new != steps {
                    (steps, since) = (new, now);
                }
                let quiet = now.duration_since(since);
                let is_busy = progress.open.load(Ordering::Relaxed) > 0;
                if is_busy && quiet > app.limits.write_stall.max(app.limits.request) {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "the client opens no window"));
                }
                if !is_busy && quiet > app.limits.keep_alive && !is_ending {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                if is_ending && !is_busy && quiet > app.limits.keep_alive + app.limits.drain {
                    return Ok(());
                }
            }
        }
    }
}

/// A request between its beginning and the end of its answer.
#[derive(Debug)]
struct Exchange {
    progress: Arc<Progress>,
    is_finished: bool,
}

impl Exchange {
    fn begin(progress: Arc<Progress>) -> Self {
        progress.open.fetch_add(1, Ordering::Relaxed);
        Self { progress, is_finished: false }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.progress.open.fetch_sub(1, Ordering::Relaxed);
        let count = if self.is_finished { &self.progress.finished } else { &self.progress.taken_back };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A body whose pieces count as progress.
#[derive(Debug)]
struct Counted<B> {
    body: B,
    progress: Arc<Progress>,
    exchange: Option<Exchange>,
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let has_data = |frame: &Frame<Bytes>| frame.data_ref().is_some_and(|data| !data.is_empty());
        match &polled {
            Poll::Ready(Some(Ok(frame))) if has_data(frame) => self.progress.step(),
            Poll::Ready(None) => self.finish(),
            _ => {}
        }
        if self.body.is_end_stream() {
            self.finish();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Counted<B> {
    fn finish(&mut self) {
        if let Some(exchange) = &mut self.exchange {
            exchange.is_finished = true;
        }
    }
}

/// The stream under the protocol.
struct Watched<S> {
    stream: S,
    progress: Arc<Progress>,
    floor: h1::Floor,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let count = (buffer.filled().len() - before) as u64;
        let idle = this.progress.idle_bytes.fetch_add(count, Ordering::Relaxed) + count;
        let taken_back = this.progress.taken_back.load(Ordering::Relaxed);
        if idle > IDLE_BYTES || taken_back > TAKEN_BACK + this.progress.finished.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::Error::other("the client makes work and asks for nothing")));
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.floor.guard(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.floor.guard(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
