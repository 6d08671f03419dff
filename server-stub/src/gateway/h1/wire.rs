//! The two directions of a connection, and how long each may take.

use crate::{app::Shared, config::Limits};
use std::{
    fs::File,
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Read at a time. Heads of players fit several times; larger bodies are rare here.
const READ_BYTES: usize = 4 * 1024;
/// What a client may send ahead while it waits for an answer.
const AHEAD_BYTES: usize = 64 * 1024;
/// Slowest rate at which a client may send or take, in bytes per second, once the grace is over.
const SLOWEST: u64 = 1_024;
/// Grace for a body that is sent.
const BODY_GRACE: Duration = Duration::from_secs(10);
/// A head goes out together with a body of up to this many bytes. Before a longer one it goes by itself: the client
/// wakes up while the rest is on its way, and the sender is not interrupted for each piece. Measured on loopback, 1 MiB:
/// 197 µs alone, 514 µs together; 64 KiB: 19 µs and 16 µs.
const WAITS_FOR_BODY: u64 = 128 * 1024;
/// What is read and thrown away when a connection is closed over a request that was not read to its end, and for how
/// long: closed at once, the kernel would take the answer back with a reset.
const LINGER_BYTES: usize = 256 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// A stream of bytes that requests come on.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket, where what is written is what goes over it.
    fn socket(&self) -> Option<&TcpStream>;
}

impl Transport for TcpStream {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Transport for tokio_rustls::server::TlsStream<TcpStream> {
    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

/// A connection with its limits.
pub(super) struct Wire<S> {
    stream: S,
    /// What has come and was not used yet.
    pub(super) input: Vec<u8>,
    /// Reused for heads of answers.
    pub(super) output: Vec<u8>,
    deadline: Deadline,
    floor: Floor,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    limits: Waits,
    is_first: bool,
    body_until: Instant,
    body_bytes: u64,
}

#[derive(Clone, Copy)]
struct Waits {
    first_byte: Duration,
    head: Duration,
    keep_alive: Duration,
}

impl<S: Transport> Wire<S> {
    pub(super) fn new(stream: S, app: &Shared) -> Self {
        let Limits { first_byte, header_read, keep_alive, write_stall, .. } = app.limits;
        let now = Instant::now();
        Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            deadline: Deadline::new(now + first_byte),
            floor: Floor::new(write_stall),
            stopping: Box::pin(app.stopping.clone().cancelled_owned()),
            limits: Waits { first_byte, head: header_read, keep_alive },
            is_first: true,
            body_until: now,
            body_bytes: 0,
        }
    }

    pub(super) fn can_send_files(&self) -> bool {
        self.stream.socket().is_some()
    }

    /// Forgets what was used of the input. The memory of an unusual head is given back.
    pub(super) fn consume(&mut self, count: usize) {
        self.input.drain(..count);
        if self.input.is_empty() && self.input.capacity() > 2 * READ_BYTES {
            self.input = Vec::new();
        }
        self.is_first = false;
    }

    /// Reads on for a head. False if the client is done, or the server stops and nothing has come yet.
    pub(super) async fn read_head(&mut self) -> io::Result<bool> {
        let now = Instant::now();
        let is_idle = self.input.is_empty();
        if is_idle {
            // An idle connection keeps its socket and little else.
            let wait = if self.is_first { self.limits.first_byte } else { self.limits.keep_alive };
            self.deadline.set(now + wait);
            self.deadline.in_head = false;
        } else if !self.deadline.in_head {
            self.deadline.set(now + self.limits.head);
            self.deadline.in_head = true;
        }
        let Self { stream, input, deadline, stopping, .. } = self;
        let count = poll_fn(|cx| {
            if let Poll::Ready(outcome) = poll_read(stream, input, cx) {
                return Poll::Ready(outcome);
            }
            if is_idle && stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(0));
            }
            ready!(deadline.poll(cx));
            Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request came, or its head too slowly")))
        })
        .await?;
        if count == 0 && !is_idle {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(count > 0)
    }

    /// A body begins.
    pub(super) fn begin_body(&mut self) {
        self.body_until = Instant::now() + BODY_GRACE;
        self.body_bytes = 0;
        self.deadline.set(self.body_until);
    }

    /// Reads on for a body.
    pub(super) async fn read_body(&mut self) -> io::Result<()> {
        let Self { stream, input, deadline, body_until, body_bytes, .. } = self;
        let count = poll_fn(|cx| {
            loop {
                if let Poll::Ready(outcome) = poll_read(stream, input, cx) {
                    return Poll::Ready(outcome);
                }
                ready!(deadline.poll(cx));
                if *body_bytes < SLOWEST * BODY_GRACE.as_secs() {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly")));
                }
                *body_bytes = 0;
                *body_until = Instant::now() + BODY_GRACE;
                deadline.set(*body_until);
            }
        })
        .await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *body_bytes += count as u64;
        Ok(())
    }

    /// Takes in what is sent ahead; ends when the client goes away.
    pub(super) async fn watch(&mut self) -> io::Error {
        let Self { stream, input, .. } = self;
        poll_fn(|cx| {
            loop {
                if input.len() >= AHEAD_BYTES {
                    return Poll::Pending;
                }
                match ready!(poll_read(stream, input, cx)) {
                    Ok(0) => return Poll::Ready(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(error),
                }
            }
        })
        .await
    }

    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_two(bytes, &[]).await
    }

    /// Writes `head` (taken from [`Wire::output`] by its owner) and `body`, in one call where the socket takes it.
    pub(super) async fn write_two(&mut self, head: &[u8], body: &[u8]) -> io::Result<()> {
        let Self { stream, floor, .. } = self;
        let total = head.len() + body.len();
        let mut written = 0;
        poll_fn(|cx| {
            while written < total {
                let outcome = if written < head.len() {
                    let slices = [IoSlice::new(&head[written..]), IoSlice::new(body)];
                    Pin::new(&mut *stream).poll_write_vectored(cx, &slices)
                } else {
                    Pin::new(&mut *stream).poll_write(cx, &body[written - head.len()..])
                };
                match ready!(floor.guard(cx, outcome))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    count => written += count,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// What TLS still holds goes out.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let Self { stream, floor, .. } = self;
        poll_fn(|cx| {
            let outcome = Pin::new(&mut *stream).poll_flush(cx).map_ok(|()| 0);
            floor.guard(cx, outcome).map_ok(|_| ())
        })
        .await
    }

    /// Writes `head`, then has the kernel send a part of the file. Only for a transport that is a socket.
    pub(super) async fn send_file(&mut self, head: &[u8], file: &File, first: u64, length: u64) -> io::Result<()> {
        let Self { stream, floor, .. } = self;
        let socket = stream.socket().ok_or(io::ErrorKind::Unsupported)?;
        let mut sent = 0;
        let (mut offset, mut left) = (first, length);
        let mut head_flags = rustix::net::SendFlags::NOSIGNAL;
        if length <= WAITS_FOR_BODY {
            head_flags |= rustix::net::SendFlags::MORE;
        }
        poll_fn(|cx| {
            while sent < head.len() || left > 0 {
                let outcome = socket.try_io(tokio::io::Interest::WRITABLE, || {
                    if sent < head.len() {
                        Ok(rustix::net::send(socket, &head[sent..], head_flags)?)
                    } else {
                        let count = usize::try_from(left).unwrap_or(usize::MAX);
                        Ok(rustix::fs::sendfile(socket, file, Some(&mut offset), count)?)
                    }
                });
                let count = match outcome {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        // Registers the task; if the socket has become writable meanwhile, it is tried again.
                        match socket.poll_write_ready(cx) {
                            Poll::Ready(ready) => ready.map(|()| None)?,
                            Poll::Pending => match ready!(floor.guard(cx, Poll::<io::Result<usize>>::Pending)) {
                                Ok(_) => None,
                                Err(error) => return Poll::Ready(Err(error)),
                            },
                        }
                    }
                    other => Some(ready!(floor.guard(cx, Poll::Ready(other)))?),
                };
                match count {
                    None => {}
                    // The file has become shorter than was promised.
                    Some(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                    Some(count) if sent < head.len() => sent += count,
                    Some(count) => left -= count as u64,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Ends the connection so that the client gets the last answer whole.
    pub(super) async fn close(mut self) -> io::Result<()> {
        close(&mut self.stream, &mut self.input).await
    }
}

async fn close<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, input: &mut Vec<u8>) -> io::Result<()> {
    // The answer was flushed. TLS has its own goodbye to send, and a client that does not read has no room for it.
    let shutdown = poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx));
    let Ok(outcome) = tokio::time::timeout(LINGER, shutdown).await else { return Ok(()) };
    outcome?;
    let drain = poll_fn(|cx| {
        let mut thrown = 0;
        loop {
            input.clear();
            match ready!(poll_read(stream, input, cx)) {
                Ok(count) if count > 0 && thrown < LINGER_BYTES => thrown += count,
                _ => return Poll::Ready(()),
            }
        }
    });
    // Whether it ended by itself makes no difference.
    let _ = tokio::time::timeout(LINGER, drain).await;
    Ok(())
}

fn poll_read<S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut piece = [std::mem::MaybeUninit::uninit(); READ_BYTES];
    let mut buffer = ReadBuf::uninit(&mut piece);
    ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    input.extend_from_slice(buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
}

/// A time limit that is moved far more often than it is reached: moving it later costs nothing, the timer notices when
/// it fires.
struct Deadline {
    sleep: Pin<Box<Sleep>>,
    at: Instant,
    /// Does it count the time of a head that has begun?
    in_head: bool,
}

impl Deadline {
    fn new(at: Instant) -> Self {
        Self { sleep: Box::pin(tokio::time::sleep_until(at)), at, in_head: false }
    }

    fn set(&mut self, at: Instant) {
        self.at = at;
        if at < self.sleep.deadline() {
            self.sleep.as_mut().reset(at);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if Instant::now() >= self.at {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(self.at);
        }
    }
}

/// The slowest that a client may read. Counted in windows that begin when the socket is full for the first time, so that
/// a client that keeps up costs no timer.
pub(crate) struct Floor {
    window: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    is_armed: bool,
    taken: u64,
}

impl Floor {
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, sleep: None, is_armed: false, taken: 0 }
    }

    /// Passes the outcome of a write on; an error instead of waiting on for a client that reads too slowly.
    pub(crate) fn guard(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) => {
                self.taken += count as u64;
                return Poll::Ready(Ok(count));
            }
            Poll::Ready(error) => return Poll::Ready(error),
            Poll::Pending => {}
        }
        loop {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.window)));
            if !self.is_armed {
                self.is_armed = true;
                self.taken = 0;
                sleep.as_mut().reset(Instant::now() + self.window);
            }
            ready!(sleep.as_mut().poll(cx));
            if self.taken < (self.window.as_millis() as u64).saturating_mul(SLOWEST) / 1_000 {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")));
            }
            self.is_armed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that takes nothing any more: whatever is written waits.
    struct Deaf;

    impl AsyncRead for Deaf {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Deaf {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn h06_a_goodbye_that_is_not_taken_is_given_up() {
        let closed = tokio::time::timeout(30 * LINGER, close(&mut Deaf, &mut Vec::new())).await;
        closed.expect("the connection is held forever").unwrap();
    }
}
