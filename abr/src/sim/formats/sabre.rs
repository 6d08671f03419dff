//! The network files of the simulator Sabre.

use serde::Deserialize;

use super::Intervals;
use crate::sim::trace::{Interval, TraceError};

#[derive(Deserialize)]
struct Period {
    duration_ms: Amount,
    bandwidth_kbps: Amount,
    latency_ms: Amount,
}

/// Checked while it is read, because only then the number of its line is known.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Amount(f64);

impl TryFrom<f64> for Amount {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        // 10 Tbit/s in kbit/s, and 115 days in milliseconds.
        if (0.0..=1e10).contains(&value) { Ok(Self(value)) } else { Err("a value out of range") }
    }
}

pub(super) fn read(text: &str) -> Result<Vec<Interval>, TraceError> {
    let text = text.trim_start_matches('\u{feff}');
    let problem = "not an object with duration_ms, bandwidth_kbps and latency_ms";
    let periods: Vec<Period> =
        serde_json::from_str(text).map_err(|error| TraceError::Line { line: error.line(), problem })?;
    let mut intervals = Intervals::default();
    for Period { duration_ms, bandwidth_kbps, latency_ms } in periods {
        // Whatever could be wrong with it but its number was found while it was read.
        intervals.push(0, duration_ms.0 / 1e3, bandwidth_kbps.0 * 1e3, Some(latency_ms.0 / 1e3))?;
    }
    Ok(intervals.0)
}
