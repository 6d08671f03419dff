//! One HTTP/1.1 connection.
//!
//! Ours rather than hyper's, for three reasons. Media, which is nearly everything that is sent, needs no more than a
//! look at the head and one `writev` or `sendfile`. What could be read differently by a proxy is refused, which a
//! lenient parser cannot do after the fact (head.rs). And every wait has its limit here, in one place: before a head,
//! within it, within a body, and for a client that does not read (wire.rs).
//!
//! Requests that are not for known media go through the router, like those of HTTP/2.

mod body;
mod head;
mod response;
mod wire;

pub(crate) use wire::{Floor, Transport};

use super::{PeerAddress, layers, problem::ApiError, proxies, proxies::Proxied};
use crate::{
    app::Shared,
    delivery::{self, Answer, Conditions, QuickRequest},
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response, StatusCode},
    response::IntoResponse,
};
use body::{Decoder, Piece};
use head::{Head, Reading, Terms};
use std::{io, net::IpAddr};
use tokio::sync::mpsc;
use tower::ServiceExt;
use wire::Wire;

/// Bodies that are announced to be longer than this are refused before a byte of them is read, whatever their route.
const LARGEST_BODY: u64 = 16 * 1024 * 1024;

/// What is asked for next.
enum Step {
    /// Media, answered already but for the writing.
    Quick(Answer, Terms),
    Routed(Request<()>, Terms),
    Refused(StatusCode),
}

/// Serves a connection to its end. An error is the client's or the network's.
pub(crate) async fn serve<S: Transport>(stream: S, peer: IpAddr, app: Shared, router: Router) -> io::Result<()> {
    let mut wire = Wire::new(stream, &app);
    loop {
        let step = loop {
            match head::read(&wire.input, |head| plan(&app, head, peer, wire.can_send_files())) {
                Reading::Complete(step) => break step,
                Reading::Refused(status) => break Step::Refused(status),
                Reading::Incomplete => match wire.read_head().await {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(error) if error.kind() == io::ErrorKind::TimedOut && !wire.input.is_empty() => {
                        break Step::Refused(StatusCode::REQUEST_TIMEOUT);
                    }
                    Err(error) => return Err(error),
                },
            }
        };
        let goes_on = match step {
            Step::Quick(answer, terms) => {
                wire.consume(terms.length);
                let keep_alive = terms.keep_alive && !app.is_stopping();
                app.metrics.quick(&answer);
                response::write_answer(&mut wire, &answer, keep_alive, &app.request_ids.next()).await?;
                keep_alive
            }
            Step::Routed(request, terms) => {
                wire.consume(terms.length);
                routed(&mut wire, request, terms, peer, &app, &router).await?
            }
            Step::Refused(status) => {
                let refusal = layers::finish(ApiError::unexplained(status).into_response(), &app.request_ids.next());
                let terms = Terms {
                    length: 0,
                    framing: head::Framing::None,
                    keep_alive: false,
                    expects_continue: false,
                    is_1_1: true,
                };
                response::write(&mut wire, refusal, response::Shape { is_head: false, terms, keep_alive: false })
                    .await?;
                false
            }
        };
        if !goes_on {
            return wire.close().await;
        }
    }
}

fn plan(app: &Shared, head: &Head<'_, '_>, peer: IpAddr, can_send_files: bool) -> Step {
    if let Some(answer) = quick(app, head, peer, can_send_files) {
        return Step::Quick(answer, head.terms);
    }
    if matches!(head.terms.framing, head::Framing::Length(length) if length > LARGEST_BODY) {
        return Step::Refused(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match head.to_request() {
        Ok(request) => Step::Routed(request, head.terms),
        Err(status) => Step::Refused(status),
    }
}

/// The answer, if the request is a plain one for media that are known.
fn quick(app: &Shared, head: &Head<'_, '_>, peer: IpAddr, can_send_files: bool) -> Option<Answer> {
    let is_head = match head.method {
        "GET" => false,
        "HEAD" => true,
        _ => return None,
    };
    if head.terms.framing != head::Framing::None || !matches!(head.target.as_bytes().get(1), Some(b'm' | b'c' | b'a')) {
        return None;
    }
    let mut conditions = Conditions::default();
    let mut token = None;
    for field in head.fields {
        let slot = match field.name.len() {
            5 if field.name.eq_ignore_ascii_case("range") => &mut conditions.range,
            8 if field.name.eq_ignore_ascii_case("if-range") => &mut conditions.if_range,
            8 if field.name.eq_ignore_ascii_case("if-match") => &mut conditions.if_match,
            13 if field.name.eq_ignore_ascii_case("if-none-match") => &mut conditions.if_none_match,
            17 if field.name.eq_ignore_ascii_case("if-modified-since") => &mut conditions.if_modified_since,
            19 if field.name.eq_ignore_ascii_case("if-unmodified-since") => &mut conditions.if_unmodified_since,
            23 if field.name.eq_ignore_ascii_case("cta-common-access-token") => &mut token,
            // Who is asking must be found out first.
            9 if field.name.eq_ignore_ascii_case("forwarded") && app.proxies.trusts(peer) => return None,
            15 if field.name.eq_ignore_ascii_case("x-forwarded-for") && app.proxies.trusts(peer) => return None,
            _ => continue,
        };
        // A field that comes twice is a list; the long way joins it.
        if slot.replace(std::str::from_utf8(field.value).ok()?).is_some() {
            return None;
        }
    }
    let request = QuickRequest { is_head, target: head.target, token, conditions, peer, wants_bytes: !can_send_files };
    delivery::quick(app, &request)
}

/// Has the router answer. True if the connection can be used again.
async fn routed<S: Transport>(
    wire: &mut Wire<S>,
    mut request: Request<()>,
    terms: Terms,
    peer: IpAddr,
    app: &Shared,
    router: &Router,
) -> io::Result<bool> {
    let is_head = request.method() == axum::http::Method::HEAD;
    let address = proxies::client_address(&app.proxies, peer, request.headers());
    request.extensions_mut().insert(PeerAddress(address));
    if app.proxies.trusts(peer) {
        request.extensions_mut().insert(Proxied);
    }
    let mut decoder = Decoder::new(terms.framing);
    let (sender, body) = if decoder.is_done() {
        (None, Body::empty())
    } else {
        let (sender, mut receiver) = mpsc::channel::<io::Result<Bytes>>(1);
        let pieces = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
        (Some(sender), Body::from_stream(pieces))
    };
    if terms.expects_continue && !decoder.is_done() {
        wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    // Boxed: a connection that waits for its next request should be small.
    let mut handler = Box::pin(router.clone().oneshot(request.map(|()| body)));
    let answered = tokio::select! {
        biased;
        answered = &mut handler => answered,
        error = receive(wire, &mut decoder, sender) => match error {
            error if error.kind() == io::ErrorKind::TimedOut => {
                drop(handler);
                Ok(layers::finish(ApiError::unexplained(StatusCode::REQUEST_TIMEOUT).into_response(), &app.request_ids.next()))
            }
            error => return Err(error),
        },
    };
    let response: Response<Body> = match answered {
        Ok(response) => response,
        Err(never) => match never {},
    };
    // Without the rest of the body nobody knows where the next request begins.
    let keep_alive = terms.keep_alive && decoder.is_done() && !app.is_stopping();
    let said_close = response.headers().get(axum::http::header::CONNECTION).is_some_and(|value| value == "close");
    let keep_alive = keep_alive && !said_close;
    let shape = response::Shape { is_head, terms, keep_alive };
    Ok(response::write(wire, response, shape).await? && keep_alive)
}

/// Hands the body to the handler, then watches whether the client goes away. Ends only with an error.
async fn receive<S: Transport>(
    wire: &mut Wire<S>,
    decoder: &mut Decoder,
    sender: Option<mpsc::Sender<io::Result<Bytes>>>,
) -> io::Error {
    if let Some(sender) = sender {
        wire.begin_body();
        loop {
            // Room first: what is not wanted yet stays in the kernel's buffer.
            let Ok(room) = sender.reserve().await else { break };
            let piece = loop {
                match decoder.take(&mut wire.input) {
                    Piece::Starved => {
                        if let Err(error) = wire.read_body().await {
                            return error;
                        }
                    }
                    other => break other,
                }
            };
            match piece {
                Piece::Data(data) => room.send(Ok(data)),
                Piece::End | Piece::Starved => break,
                Piece::Malformed => {
                    room.send(Err(io::Error::new(io::ErrorKind::InvalidData, "the body's chunks are malformed")));
                    break;
                }
            }
        }
    }
    wire.watch().await
}
