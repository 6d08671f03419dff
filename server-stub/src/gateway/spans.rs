//! Traces as OTLP JSON in a file, one export request per line: what an OpenTelemetry collector reads with its
//! `otlpjsonfile` receiver.
//!
//! By hand rather than with the `opentelemetry` crates: they bring tonic, prost and a second HTTP client, for a line of
//! JSON whose shape the standard fixes.

use serde_json::json;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};
use tokio::sync::mpsc;

/// Spans that may wait for the disk; beyond, they are lost rather than the requests.
const WAITING: usize = 1_024;

/// A request that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// 32 hexadecimal digits, unless a proxy has named it otherwise.
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) status: u16,
    pub(crate) at_ms: i64,
    pub(crate) elapsed: Duration,
}

/// Where spans go.
#[derive(Debug)]
pub(crate) struct Spans(mpsc::Sender<Span>);

impl Spans {
    /// Opens the file for appending. The thread that writes ends with the sender.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let (sender, receiver) = mpsc::channel(WAITING);
        std::thread::Builder::new().name("spans".to_owned()).spawn(move || write(file, receiver))?;
        Ok(Self(sender))
    }

    /// Never waits.
    pub(crate) fn add(&self, span: Span) {
        // Full: the trace has a hole, which is better than a viewer who waits.
        let _ = self.0.try_send(span);
    }
}

fn write(file: File, mut spans: mpsc::Receiver<Span>) {
    let mut out = BufWriter::new(file);
    while let Some(span) = spans.blocking_recv() {
        let mut batch = vec![span];
        while let Ok(more) = spans.try_recv() {
            batch.push(more);
        }
        if let Err(error) = writeln!(out, "{}", export(&batch)).and_then(|()| out.flush()) {
            tracing::warn!(%error, "cannot write traces; no more are written");
            return;
        }
    }
}

/// `ExportTraceServiceRequest` in its JSON mapping.
fn export(spans: &[Span]) -> serde_json::Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let spans: Vec<_> = spans
        .iter()
        .map(|span| {
            let is_hex = span.id.len() == 32 && span.id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let trace = if is_hex { span.id.to_ascii_lowercase() } else { format!("{:032x}", rand::random::<u128>()) };
            let start = u128::from(span.at_ms.unsigned_abs()) * 1_000_000;
            json!({
                "traceId": trace,
                "spanId": format!("{:016x}", rand::random::<u64>()),
                "name": format!("{} {}", span.method, span.route),
                "kind": 2,
                "startTimeUnixNano": start.to_string(),
                "endTimeUnixNano": (start + span.elapsed.as_nanos()).to_string(),
                "attributes": [
                    text("http.request.method", &span.method),
                    text("http.route", &span.route),
                    text("lumen.request_id", &span.id),
                    { "key": "http.response.status_code", "value": { "intValue": span.status.to_string() } },
                ],
                "status": { "code": if span.status >= 500 { 2 } else { 0 } },
            })
        })
        .collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": [text("service.name", "lumen-server")] },
        "scopeSpans": [{ "scope": { "name": "gateway" }, "spans": spans }],
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_reach_the_file_as_otlp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("traces.json");
        let span = Span {
            id: "0af7651916cd43dd8448eb211c80319c".into(),
            method: "GET".into(),
            route: "/v1/me".into(),
            status: 200,
            at_ms: 1_780_000_000_000,
            elapsed: Duration::from_millis(3),
        };
        let (sender, receiver) = mpsc::channel(4);
        sender.try_send(span).unwrap();
        drop(sender);
        write(File::create(&path).unwrap(), receiver);
        let line: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let span = &line["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span["name"], "GET /v1/me");
        assert_eq!(span["endTimeUnixNano"], "1780000000003000000");
    }
}
