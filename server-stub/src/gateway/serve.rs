//! The accept loop.
//!
//! Ours rather than axum's, because axum's installs no timer: without one hyper's limit on slow heads is silently off,
//! and a few hundred idle sockets take the server away. HTTP/1.1 only: on cleartext loopback HTTP/2 gives a player
//! nothing, and its preface would be one more state in which a socket can wait unwatched.

use super::guarded_stream::{Exchange, GuardedStream};
use crate::{app::Shared, config::Limits};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{Request, Response},
};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tower::ServiceExt;

/// Largest head of a request, in bytes; hyper answers 431 beyond.
const HEAD_BYTES: usize = 32 * 1024;

/// Pause after a failed accept (out of file descriptors, mostly), so that the loop neither spins nor ends.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who is on the other end of the connection. Forwarding headers are not believed: no proxy is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// Serves until the application is told to stop, then lets requests in flight finish for as long as the limits allow.
pub(crate) async fn serve(listener: TcpListener, router: Router, app: Shared) {
    let slots = Arc::new(Semaphore::new(app.limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = app.stopping.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&listener, &slots) => accepted,
        };
        let (socket, peer, slot) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are written in whole pieces: waiting to fill a packet would only delay the last one.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let connection = graceful.watch(connection(socket, peer, router.clone(), &app.limits));
        connections.spawn(async move {
            // Broken connections are the client's business; a player closes them all the time.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(app.limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("closing connections that did not finish in time");
    }
    connections.shutdown().await;
}

type Accepted = (TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> io::Result<Accepted> {
    // The slot first: beyond the limit the kernel's backlog holds the caller and we hold nothing.
    let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (socket, peer) = listener.accept().await?;
    Ok((socket, peer.ip(), slot))
}

/// One connection, as the future that drives it.
fn connection(
    socket: TcpStream,
    peer: IpAddr,
    router: Router,
    limits: &Limits,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + 'static {
    let exchange = Exchange::default();
    let stream = GuardedStream::new(socket, exchange.clone(), limits.header_read, limits.write_stall);
    let service = service_fn(move |mut request: Request<Incoming>| {
        exchange.begin();
        request.extensions_mut().insert(PeerAddress(peer));
        let (router, exchange) = (router.clone(), exchange.clone());
        async move {
            let ending = EndOfExchange(exchange);
            let response: Response<Body> = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            Ok::<_, Infallible>(response.map(|body| WatchedBody { body, _ending: ending }))
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.keep_alive)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}

/// Closes the exchange when dropped, with whatever holds it.
#[derive(Debug)]
struct EndOfExchange(Exchange);

impl Drop for EndOfExchange {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A body that says when hyper is done with it.
#[derive(Debug)]
struct WatchedBody {
    body: Body,
    _ending: EndOfExchange,
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
