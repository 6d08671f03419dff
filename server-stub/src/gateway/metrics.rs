//! What the server has done so far, for Prometheus (text format 0.0.4).

use crate::delivery::Answer;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper ends of the buckets of times, in seconds.
const BUCKETS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Counters. They have as many series as there are routes and statuses, whatever clients send.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    connections_open: AtomicU64,
    connections_total: AtomicU64,
    connections_refused: AtomicU64,
    accept_failures: AtomicU64,
    rate_limited: AtomicU64,
    panics: AtomicU64,
    /// Media that the connection has answered by itself: 200, 206, 304.
    media: [AtomicU64; 3],
    media_bytes: AtomicU64,
    routed: Mutex<BTreeMap<(String, String, u16), Series>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Series {
    count: u64,
    seconds: f64,
    buckets: [u64; BUCKETS.len()],
}

impl Metrics {
    pub(crate) fn opened_connection(&self) {
        self.connections_open.fetch_add(1, Relaxed);
        self.connections_total.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed_connection(&self) {
        self.connections_open.fetch_sub(1, Relaxed);
    }

    pub(crate) fn refused_connection(&self) {
        self.connections_refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn accept_failed(&self) {
        self.accept_failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn rate_limited(&self) {
        self.rate_limited.fetch_add(1, Relaxed);
    }

    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn quick(&self, answer: &Answer) {
        let slot = match answer.status.as_u16() {
            200 => 0,
            206 => 1,
            _ => 2,
        };
        self.media[slot].fetch_add(1, Relaxed);
        if answer.has_body {
            self.media_bytes.fetch_add(answer.length, Relaxed);
        }
    }

    /// `route` is the template, never the address.
    pub(crate) fn routed(&self, method: &str, route: &str, status: u16, elapsed: Duration) {
        let mut routed = self.routed.lock().unwrap_or_else(PoisonError::into_inner);
        // Methods are the client's words.
        let method = if matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") {
            method
        } else {
            "other"
        };
        let series = routed.entry((route.to_owned(), method.to_owned(), status)).or_default();
        series.count += 1;
        series.seconds += elapsed.as_secs_f64();
        for (bucket, end) in series.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(elapsed.as_secs_f64() <= end);
        }
    }

    /// The page that Prometheus reads. `titles` are those that can be watched and all there are.
    pub(crate) fn render(&self, titles: (u32, u32)) -> String {
        let mut text = String::new();
        let get = |value: &AtomicU64| value.load(Relaxed);
        let simple = [
            ("lumen_connections_open", "gauge", get(&self.connections_open)),
            ("lumen_connections_total", "counter", get(&self.connections_total)),
            ("lumen_connections_refused_total", "counter", get(&self.connections_refused)),
            ("lumen_accept_failures_total", "counter", get(&self.accept_failures)),
            ("lumen_rate_limited_total", "counter", get(&self.rate_limited)),
            ("lumen_panics_total", "counter", get(&self.panics)),
            ("lumen_media_bytes_total", "counter", get(&self.media_bytes)),
            ("lumen_titles_ready", "gauge", titles.0.into()),
            ("lumen_titles", "gauge", titles.1.into()),
        ];
        let mut line = |content: std::fmt::Arguments<'_>| {
            text.write_fmt(content).expect("writing to a string cannot fail");
            text.push('\n');
        };
        for (name, kind, value) in simple {
            line(format_args!("# TYPE {name} {kind}\n{name} {value}"));
        }
        line(format_args!("# TYPE lumen_media_answers_total counter"));
        for (status, value) in [200, 206, 304].into_iter().zip(&self.media) {
            line(format_args!("lumen_media_answers_total{{status=\"{status}\"}} {}", get(value)));
        }
        line(format_args!("# TYPE lumen_request_seconds histogram"));
        let routed = self.routed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((route, method, status), series) in routed {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            for (end, count) in BUCKETS.iter().zip(series.buckets) {
                line(format_args!("lumen_request_seconds_bucket{{{labels},le=\"{end}\"}} {count}"));
            }
            line(format_args!("lumen_request_seconds_bucket{{{labels},le=\"+Inf\"}} {}", series.count));
            line(format_args!("lumen_request_seconds_sum{{{labels}}} {}", series.seconds));
            line(format_args!("lumen_request_seconds_count{{{labels}}} {}", series.count));
        }
        text
    }
}
