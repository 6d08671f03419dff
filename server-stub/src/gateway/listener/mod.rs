//! The accept loop: who may connect, in which protocol, and for how long once the server stops.
//!
//! Ours rather than axum's, because axum's installs no timer: without one slow heads are waited for without end, and a
//! few hundred idle sockets take the server away. HTTP/2 is spoken over TLS alone, where the protocol is agreed on
//! before the first byte of a request; in the clear its preface would be one more way to be read differently.

mod admission;
mod h2;
pub(crate) mod tls;

use super::h1;
use crate::app::Shared;
use admission::{Admission, Refused};
use axum::Router;
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Pause after a failed accept (out of file descriptors, mostly), so that the loop neither spins nor ends.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Said to who comes when all places are taken. No place is needed to say it.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";

/// Who is on the other end: the peer of the socket, or whom a trusted proxy names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// Serves until the application is told to stop, then lets requests in flight finish for as long as the limits allow.
pub(crate) async fn serve(listener: TcpListener, router: Router, app: Shared, tls: Option<Arc<tls::Tls>>) {
    let admission = Arc::new(Admission::new(app.limits.connections, app.limits.connections_per_address));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = app.stopping.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok((socket, peer)) => (socket, peer.ip().to_canonical()),
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                app.metrics.accept_failed();
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = match admission.admit(peer, app.proxies.trusts(peer)) {
            Ok(place) => place,
            Err(refused) => {
                app.metrics.refused_connection();
                turn_away(&socket, refused, tls.is_some());
                continue;
            }
        };
        // Answers are written in whole pieces: waiting to fill a packet would only delay the last one.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let (app, router, tls) = (app.clone(), router.clone(), tls.clone());
        app.metrics.opened_connection();
        connections.spawn(async move {
            // Broken connections are the client's business; a player closes them all the time.
            if let Err(error) = connection(socket, peer, &app, router, tls).await {
                tracing::debug!(%error, "a connection ended early");
            }
            app.metrics.closed_connection();
            drop(place);
        });
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(app.limits.drain, finish).await.is_err() {
        tracing::warn!("closing connections that did not finish in time");
    }
    connections.shutdown().await;
}

async fn connection(
    socket: TcpStream,
    peer: IpAddr,
    app: &Shared,
    router: Router,
    tls: Option<Arc<tls::Tls>>,
) -> io::Result<()> {
    let Some(tls) = tls else { return h1::serve(socket, peer, app.clone(), router).await };
    // Boxed: what a handshake needs shall not be carried by connections that are long past it.
    let handshake = Box::pin(tls.accept(socket));
    let stream = tokio::select! {
        () = app.stopping.cancelled() => return Ok(()),
        stream = tokio::time::timeout(app.limits.handshake, handshake) => stream.map_err(io::Error::other)??,
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        return Box::pin(h2::serve(stream, peer, app.clone(), router)).await;
    }
    h1::serve(stream, peer, app.clone(), router).await
}

/// Errors that concern a connection that was gone before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// A short word where it can be understood, then a reset: a refused connection shall not linger in the kernel either.
fn turn_away(socket: &TcpStream, refused: Refused, is_tls: bool) {
    if refused == Refused::Full && !is_tls {
        // If the word does not fit into an empty send buffer it is not worth waiting for.
        let _ = socket.try_write(FULL);
        return;
    }
    let _ = socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO));
}
