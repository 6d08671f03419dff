//! A socket that does not wait for ever.
//!
//! hyper has one timer for the head of a request, and it starts when the previous answer has ended: the wait of an idle
//! keep-alive connection and a head that arrives one byte a second look alike to it. Players keep connections idle for
//! a segment's length or more, attackers send slowly, and one limit cannot suit both. So hyper's timer is set to the
//! long one and this wrapper keeps the short one, from the first byte of a head to its last. It also closes connections
//! whose client has stopped reading, which hyper does not watch at all.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

/// Is a request being answered? Shared between the socket, which must not time the body of a request, and the service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange(Arc<AtomicBool>);

impl Exchange {
    /// The head is complete.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The answer is complete or given up; what comes next is a new head.
    pub(crate) fn end(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A TCP connection with a limit on slow heads and on unread answers.
#[derive(Debug)]
pub(crate) struct GuardedStream {
    socket: TcpStream,
    exchange: Exchange,
    head: Deadline,
    stall: Deadline,
}

impl GuardedStream {
    pub(crate) fn new(socket: TcpStream, exchange: Exchange, head: Duration, stall: Duration) -> Self {
        Self { socket, exchange, head: Deadline::new(head), stall: Deadline::new(stall) }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.socket).poll_read(cx, buffer);
        if this.exchange.is_open() {
            this.head.disarm();
            return outcome;
        }
        let has_arrived = buffer.filled().len() > before;
        if has_arrived {
            this.head.arm();
        }
        if this.head.is_armed() && this.head.poll_elapsed(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the head of the request came too slowly",
            )));
        }
        outcome
    }
}

impl GuardedStream {
    fn guard_write<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stall.disarm();
            return outcome;
        }
        self.stall.arm();
        ready!(self.stall.poll_elapsed(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client has stopped reading")))
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.guard_write(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.socket).poll_write_vectored(cx, slices);
        this.guard_write(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

/// A timer that is made when first needed and reused after.
#[derive(Debug)]
struct Deadline {
    after: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Deadline {
    fn new(after: Duration) -> Self {
        Self { after, sleep: None, armed: false }
    }

    fn is_armed(&self) -> bool {
        self.armed
    }

    /// Starts the timer unless it runs already.
    fn arm(&mut self) {
        if self.armed {
            return;
        }
        self.armed = true;
        let deadline = Instant::now() + self.after;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(deadline),
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(deadline))),
        }
    }

    fn disarm(&mut self) {
        self.armed = false;
    }

    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}
