//! A link of a chosen width, for tests and QA: deterministic where kernel shaping is not at hand.

use super::{FetchError, FetchRequest, Fetched, Fetcher, Progress, ProgressSink};
use abr::Bitrate;
use futures_util::future::BoxFuture;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;
use tokio::time::Instant;

/// Width and latency of a link; can be changed while transfers run.
#[derive(Clone, Debug)]
pub struct Shaper(Arc<Link>);

#[derive(Debug)]
struct Link {
    bits_per_second: AtomicU64,
    latency_us: AtomicU64,
    /// One transfer's turn at a time: concurrent transfers share the link fairly, chunk by chunk.
    turn: tokio::sync::Mutex<()>,
}

impl Shaper {
    /// A link with this rate and no added latency. A rate of zero is an outage.
    pub fn new(rate: Bitrate) -> Self {
        let link = Link {
            bits_per_second: AtomicU64::new(rate.bps()),
            latency_us: AtomicU64::new(0),
            turn: tokio::sync::Mutex::default(),
        };
        Self(Arc::new(link))
    }

    /// Changes the rate, also of what is under way.
    pub fn set_rate(&self, rate: Bitrate) {
        self.0.bits_per_second.store(rate.bps(), Ordering::Relaxed);
    }

    /// The rate now.
    pub fn rate(&self) -> Bitrate {
        Bitrate::from_bps(self.0.bits_per_second.load(Ordering::Relaxed))
    }

    /// Time from a request to the first byte.
    pub fn set_latency(&self, latency: Duration) {
        self.0.latency_us.store(latency.as_micros().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Lets `bytes` through at the link's rate.
    async fn pass(&self, bytes: u64) {
        let _turn = self.0.turn.lock().await;
        let mut remaining_bits = bytes as f64 * 8.0;
        // In small steps, so that a change of rate takes hold at once.
        while remaining_bits > 0.0 {
            let rate = self.rate().bps() as f64;
            if rate == 0.0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            let step = (remaining_bits / rate).min(0.020);
            let before = Instant::now();
            tokio::time::sleep(Duration::from_secs_f64(step)).await;
            // Timers are coarse: what really passed counts.
            remaining_bits -= before.elapsed().as_secs_f64() * rate;
        }
    }
}

/// Lets bodies through a [`Shaper`].
#[derive(Clone, Debug)]
pub struct ShapedFetcher {
    inner: Arc<dyn Fetcher>,
    shaper: Shaper,
}

impl ShapedFetcher {
    /// Puts a link before `inner`.
    pub fn new(inner: Arc<dyn Fetcher>, shaper: Shaper) -> Self {
        Self { inner, shaper }
    }
}

/// Bytes per turn on the link.
const CHUNK: u64 = 8 << 10;

impl Fetcher for ShapedFetcher {
    fn fetch(&self, request: FetchRequest, progress: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let (inner, shaper) = (self.inner.clone(), self.shaper.clone());
        Box::pin(async move {
            let started = Instant::now();
            let fetched = inner.fetch(request, Arc::new(|_| {})).await?;
            tokio::time::sleep(Duration::from_micros(shaper.0.latency_us.load(Ordering::Relaxed))).await;
            let length = fetched.body.len() as u64;
            let (mut received, mut ttfb) = (0, None);
            while received < length {
                let chunk = CHUNK.min(length - received);
                shaper.pass(chunk).await;
                received += chunk;
                let elapsed = started.elapsed();
                let ttfb = *ttfb.get_or_insert(elapsed);
                progress(Progress { received, expected: Some(length), elapsed, ttfb });
            }
            let elapsed = started.elapsed();
            Ok(Fetched { ttfb: ttfb.unwrap_or(elapsed), elapsed, ..fetched })
        })
    }
}
