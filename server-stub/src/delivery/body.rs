//! Bytes of a file as the body of an answer, one piece in memory and one on its way.

use super::fault::Fault;
use axum::body::{Body, Bytes};
use futures_util::stream;
use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// Read at a time: large enough that a read costs more than handing it to a thread, small enough that a thousand
/// viewers need half a gigabyte and not a hundred.
const PIECE_BYTES: u64 = 256 * 1024;

/// Read at a time when the body is slowed down on purpose, so that it flows rather than hops.
const SLOW_PIECE_BYTES: u64 = 8 * 1024;

/// Pause before a body is cut off on purpose: an error makes hyper drop what it has not yet written, and the cut should
/// come after the bytes that were to arrive.
const FLUSH_PAUSE: Duration = Duration::from_millis(20);

/// Part of an open file.
#[derive(Debug)]
pub(crate) struct Extent {
    pub(crate) file: Arc<File>,
    pub(crate) first: u64,
    pub(crate) length: u64,
}

/// What is done to a body on purpose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damage {
    truncate_at: Option<u64>,
    corrupt: Option<(u64, Vec<u8>)>,
    bits_per_second: Option<u64>,
}

impl Damage {
    /// The part of a fault that concerns the body.
    pub(crate) fn from_fault(fault: Option<&Fault>) -> Self {
        match fault {
            Some(Fault::TruncateBody { at }) => Self { truncate_at: Some(*at), ..Self::default() },
            Some(Fault::Corrupt { offset, bytes }) => {
                Self { corrupt: Some((*offset, bytes.clone())), ..Self::default() }
            }
            Some(Fault::Throttle { bits_per_second }) => {
                Self { bits_per_second: Some((*bits_per_second).max(1)), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.truncate_at.is_none() && self.corrupt.is_none() && self.bits_per_second.is_none()
    }
}

/// The body of an answer. Blocking: reads the extent if that is one piece and nothing is to be done to it; most playlists
/// and audio segments need one visit to a thread.
pub(super) fn of(extent: Extent, damage: Damage) -> io::Result<Body> {
    if damage.is_none() && extent.length <= PIECE_BYTES {
        return read(&extent.file, extent.first, extent.length).map(Body::from);
    }
    Ok(stream_extent(extent, damage))
}

/// A stream in progress.
struct Flow {
    /// The read that was begun while the piece before was being sent.
    pending: Option<JoinHandle<io::Result<Bytes>>>,
    file: Arc<File>,
    /// Where in the file the pending piece begins.
    position: u64,
    /// What is left to be read after the pending piece.
    remaining: u64,
    sent: u64,
    damage: Damage,
}

fn stream_extent(extent: Extent, damage: Damage) -> Body {
    let piece = if damage.bits_per_second.is_some() { SLOW_PIECE_BYTES } else { PIECE_BYTES };
    let Extent { file, first, length } = extent;
    let now = length.min(piece);
    let pending = Some(begin(file.clone(), first, now));
    let flow = Flow { pending, file, position: first, remaining: length - now, sent: 0, damage };
    Body::from_stream(stream::unfold(flow, move |flow| flow.next(piece)))
}

impl Flow {
    /// The next piece, with the one after it begun.
    async fn next(mut self, piece: u64) -> Option<(io::Result<Bytes>, Self)> {
        if self.damage.truncate_at.is_some_and(|limit| self.sent >= limit) {
            self.damage = Damage::default();
            self.pending = None;
            tokio::time::sleep(FLUSH_PAUSE).await;
            return Some((Err(io::Error::other("the body is cut off on purpose")), self));
        }
        let pending = self.pending.take()?;
        let mut bytes = match pending.await.unwrap_or_else(|stopped| Err(io::Error::other(stopped))) {
            Ok(read) => read,
            Err(error) => return Some((Err(error), self)),
        };
        let now = self.remaining.min(piece);
        if now > 0 {
            self.remaining -= now;
            let next = self.position + bytes.len() as u64;
            self.pending = Some(begin(self.file.clone(), next, now));
        }
        if !self.damage.is_none() {
            bytes = self.damage.apply(bytes, self.position, self.sent).await;
        }
        self.position += bytes.len() as u64;
        self.sent += bytes.len() as u64;
        Some((Ok(bytes), self))
    }
}

impl Damage {
    async fn apply(&self, mut bytes: Bytes, position: u64, sent: u64) -> Bytes {
        if let Some(rate) = self.bits_per_second {
            tokio::time::sleep(Duration::from_secs_f64(bytes.len() as f64 * 8.0 / rate as f64)).await;
        }
        if let Some(limit) = self.truncate_at {
            bytes.truncate(usize::try_from(limit - sent).unwrap_or(usize::MAX));
        }
        match &self.corrupt {
            Some((offset, wrong)) => overlay(bytes, position, *offset, wrong),
            None => bytes,
        }
    }
}

/// Replaces what `wrong`, standing at `offset` of the file, covers of `bytes`, standing at `position`.
fn overlay(bytes: Bytes, position: u64, offset: u64, wrong: &[u8]) -> Bytes {
    let mut changed = bytes.to_vec();
    for (at, byte) in (offset..).zip(wrong) {
        let place = at.checked_sub(position).and_then(|index| usize::try_from(index).ok());
        if let Some(place) = place.and_then(|index| changed.get_mut(index)) {
            *place = *byte;
        }
    }
    changed.into()
}

fn begin(file: Arc<File>, first: u64, length: u64) -> JoinHandle<io::Result<Bytes>> {
    tokio::task::spawn_blocking(move || read(&file, first, length))
}

fn read(file: &File, first: u64, length: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    // A file that has become shorter ends the connection: its length was promised.
    file.read_exact_at(&mut bytes, first)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn collect(content: &[u8], first: u64, length: u64, damage: Damage) -> Result<Vec<u8>, axum::Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, content).unwrap();
        let extent = Extent { file: Arc::new(File::open(path).unwrap()), first, length };
        let body = of(extent, damage).unwrap();
        axum::body::to_bytes(body, usize::MAX).await.map(|bytes| bytes.to_vec())
    }

    fn noise(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index * 31 % 251) as u8).collect()
    }

    #[tokio::test]
    async fn extents_of_any_size_arrive_whole() {
        let piece = PIECE_BYTES as usize;
        let content = noise(3 * piece + 17);
        for (first, length) in [(0, 0), (0, 1), (5, piece), (5, piece + 1), (0, 2 * piece), (0, content.len())] {
            let got = collect(&content, first as u64, length as u64, Damage::default()).await.unwrap();
            assert!(got == content[first..first + length], "{first} {length}");
        }
    }

    #[tokio::test]
    async fn truncated_body_is_an_error_after_its_beginning() {
        let damage = |at| Damage::from_fault(Some(&Fault::TruncateBody { at }));
        for at in [0, 1, 1_000, PIECE_BYTES, 399_999] {
            assert!(collect(&noise(400_000), 0, 400_000, damage(at)).await.is_err(), "{at}");
        }
        assert!(collect(&noise(10), 0, 10, damage(9)).await.is_err(), "in the last piece");
        assert!(collect(&noise(10), 0, 10, damage(11)).await.is_ok(), "nothing is missing");
    }

    #[tokio::test]
    async fn corruption_is_placed_by_the_file_and_not_by_the_range() {
        let content = noise(600_000);
        let offset = PIECE_BYTES + 98;
        let damage = Damage::from_fault(Some(&Fault::Corrupt { offset, bytes: vec![1, 2, 3, 4] }));
        let got = collect(&content, 100, 500_000, damage).await.unwrap();
        let at = offset as usize;
        let mut expected = content.clone();
        expected[at..at + 4].copy_from_slice(&[1, 2, 3, 4]);
        assert!(got == expected[100..500_100]);
    }

    #[tokio::test]
    async fn file_that_became_shorter_breaks_off() {
        assert!(collect(&noise(300_000), 0, 300_001, Damage::default()).await.is_err());
    }
}
