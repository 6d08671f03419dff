//! An HTTP server on the loopback interface behind a link that carries what was recorded.
//!
//! It answers `/RUNG/SEGMENT` with as many zeros as that segment has bytes. Each request waits for the recording's latency
//! and is then written at the recording's rate, in small pieces: what the recording has carried until now, and no more.
//! The connections, their windows, their ends and the client's reading are those of the system.

use super::clock::Clock;
use abr::sim::{Content, NetworkTrace};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Between two pieces, on the wall clock. Finer than a report of progress, coarse enough for a busy machine.
const PIECE_EVERY: Duration = Duration::from_millis(2);
/// Longest request; ours have some two hundred bytes.
const MOST_LINES: usize = 64;
const ZEROS: [u8; 16 << 10] = [0; 16 << 10];

/// What is served, and how fast.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) trace: NetworkTrace,
    pub(super) content: Content,
    pub(super) clock: Clock,
}

/// Serves until dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl Server {
    /// Listens on a free port of the loopback interface.
    pub(super) async fn start(link: Arc<Link>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let link = Arc::clone(&link);
                connections.spawn(async move {
                    // A client that has gone is what abandoning a segment looks like from here.
                    let _ = serve(stream, &link).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, _task: task })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(stream: TcpStream, link: &Link) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let Some(path) = read_request(&mut stream).await? else { return Ok(()) };
        let Some(bytes) = size(&path, &link.content) else {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await?;
            continue;
        };
        send(stream.get_mut(), bytes, link).await?;
    }
}

/// The path of the next request; `None` at the end of the connection.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut path = None;
    for _ in 0..MOST_LINES {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            return Ok(path);
        }
        path = path.or_else(|| line.split(' ').nth(1).map(str::to_owned));
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn size(path: &str, content: &Content) -> Option<u64> {
    let (rung, segment) = path.strip_prefix('/')?.split_once('/')?;
    let (rung, segment): (usize, usize) = (rung.parse().ok()?, segment.parse().ok()?);
    (segment < content.segments()).then(|| content.sizes(segment).get(rung).map(|(_, bytes)| bytes.bytes())).flatten()
}

/// Sends a body as the recording carries it.
async fn send(stream: &mut TcpStream, bytes: u64, link: &Link) -> io::Result<()> {
    let Link { trace, clock, .. } = link;
    let requested = clock.now();
    let first_byte = requested + Duration::from_secs_f64(trace.latency_at(requested.as_secs_f64()));
    clock.sleep_until(first_byte).await;
    let last = bytes.saturating_sub(1);
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {bytes}\r\nContent-Range: bytes 0-{last}/{bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let before = trace.bits_until(first_byte.as_secs_f64());
    let mut sent = 0;
    while sent < bytes {
        let carried = (trace.bits_until(clock.now().as_secs_f64()) - before) / 8.0;
        let due = (carried as u64).min(bytes);
        while sent < due {
            let piece = (due - sent).min(ZEROS.len() as u64);
            stream.write_all(&ZEROS[..piece as usize]).await?;
            sent += piece;
        }
        if sent < bytes {
            tokio::time::sleep(PIECE_EVERY).await;
        }
    }
    Ok(())
}
