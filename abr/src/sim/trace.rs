//! A recorded network: bandwidth and latency over time, repeating when it ends.

use std::time::Duration;

/// Why a recording cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// A line that is not what the format says.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It is like nothing that is known.
    #[error("the recording is in no format that is known")]
    Unknown,
    /// There is no interval in it.
    #[error("the recording is empty")]
    Empty,
    /// Nothing would ever arrive.
    #[error("the recording has no bandwidth at all")]
    NoBandwidth,
    /// More than any recording of a session has.
    #[error("the recording has more than {limit} intervals")]
    TooLong {
        /// The limit.
        limit: usize,
    },
}

/// One stretch of constant conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// How long it lasts, in seconds; positive.
    pub seconds: f64,
    /// Bits per second; may be zero.
    pub rate: f64,
    /// Seconds from request to first byte for requests made in it.
    pub latency: f64,
}

/// Bandwidth and latency as piecewise constant functions of time.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkTrace {
    /// End of each interval, in seconds since the beginning.
    ends: Vec<f64>,
    /// Bits that could have arrived by the end of each interval.
    totals: Vec<f64>,
    rates: Vec<f64>,
    latencies: Vec<f64>,
    /// Whether the latency never changes.
    steady: bool,
}

impl NetworkTrace {
    /// A day at 50 ms a line; what is longer is not a recording of sessions.
    pub const MAX_INTERVALS: usize = 2_000_000;

    /// From intervals in order.
    ///
    /// # Errors
    /// [`TraceError`] where there are none or too many, one is not finite or not positive, or nothing ever arrives.
    pub fn new(intervals: impl IntoIterator<Item = Interval>) -> Result<Self, TraceError> {
        let mut trace =
            Self { ends: Vec::new(), totals: Vec::new(), rates: Vec::new(), latencies: Vec::new(), steady: true };
        let (mut end, mut total) = (0.0, 0.0);
        for (index, interval) in intervals.into_iter().enumerate() {
            let Interval { seconds, rate, latency } = interval;
            let finite = seconds.is_finite() && rate.is_finite() && latency.is_finite();
            if !finite || seconds <= 0.0 || rate < 0.0 || latency < 0.0 {
                return Err(TraceError::Line { line: index + 1, problem: "is not a positive time and a rate" });
            }
            if index == Self::MAX_INTERVALS {
                return Err(TraceError::TooLong { limit: Self::MAX_INTERVALS });
            }
            end += seconds;
            total += seconds * rate;
            trace.ends.push(end);
            trace.totals.push(total);
            trace.rates.push(rate);
            trace.steady &= trace.latencies.last().is_none_or(|before| *before == latency);
            trace.latencies.push(latency);
        }
        match total {
            _ if trace.ends.is_empty() => Err(TraceError::Empty),
            total if total > 0.0 => Ok(trace),
            _ => Err(TraceError::NoBandwidth),
        }
    }

    /// Reads lines of `duration_ms bandwidth_kbps latency_ms`; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// [`TraceError`], with the number of the line at fault.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut intervals = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            if intervals.len() == Self::MAX_INTERVALS {
                return Err(TraceError::TooLong { limit: Self::MAX_INTERVALS });
            }
            let fault = |problem| TraceError::Line { line: line_number, problem };
            let mut numbers = line.split_whitespace().map(str::parse::<f64>);
            let mut next = || numbers.next().and_then(Result::ok).filter(|n| n.is_finite() && *n >= 0.0);
            let interval = Interval {
                seconds: next().ok_or(fault("no duration in milliseconds"))? / 1e3,
                rate: next().ok_or(fault("no bandwidth in kbit/s"))? * 1e3,
                latency: next().ok_or(fault("no latency in milliseconds"))? / 1e3,
            };
            if interval.seconds <= 0.0 {
                return Err(fault("a duration of zero"));
            }
            intervals.push(interval);
        }
        Self::new(intervals)
    }

    /// After this long the recording begins anew, in seconds.
    pub fn period(&self) -> f64 {
        self.ends.last().copied().unwrap_or(1.0)
    }

    /// Mean bandwidth over one period, in bits per second.
    pub fn mean_rate(&self) -> f64 {
        self.bits_per_period() / self.period()
    }

    /// How long it lasts before it repeats.
    pub fn duration(&self) -> Duration {
        Duration::try_from_secs_f64(self.period()).unwrap_or(Duration::MAX)
    }

    /// The intervals of one period, in order.
    pub fn intervals(&self) -> impl Iterator<Item = Interval> + '_ {
        let starts = std::iter::once(0.0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .zip(self.rates.iter().zip(&self.latencies))
            .map(|((start, end), (rate, latency))| Interval { seconds: end - start, rate: *rate, latency: *latency })
    }

    /// Seconds from request to first byte for a request at `time` (seconds).
    pub fn latency_at(&self, time: f64) -> f64 {
        let within = time - (time / self.period()).floor() * self.period();
        self.latencies[self.interval_at(within)]
    }

    /// The request at `time` or later whose first byte comes first, and when that comes: both in seconds. It is the one
    /// at `time` unless the latency is about to fall by more than the wait.
    pub fn best_request(&self, time: f64) -> (f64, f64) {
        let mut best = (time, time + self.latency_at(time));
        if self.steady {
            return best;
        }
        let periods = (time / self.period()).floor();
        let first = self.interval_at(time - periods * self.period()) + 1;
        for index in first..=first + self.ends.len() {
            let (repeats, within) = (index / self.ends.len(), index % self.ends.len());
            let start = if within == 0 { 0.0 } else { self.ends[within - 1] };
            let request = (periods + repeats as f64) * self.period() + start;
            if request >= best.1 {
                break;
            }
            // Rounding may put the beginning of an interval into the one before.
            let first_byte = request + self.latencies[within].max(self.latency_at(request));
            if request > time && first_byte < best.1 {
                best = (request, first_byte);
            }
        }
        best
    }

    /// Bits that could have arrived from zero until `time` (seconds).
    pub fn bits_until(&self, time: f64) -> f64 {
        let periods = (time / self.period()).floor();
        let within = time - periods * self.period();
        let index = self.interval_at(within);
        let before = if index == 0 { 0.0 } else { self.totals[index - 1] };
        let start = if index == 0 { 0.0 } else { self.ends[index - 1] };
        periods * self.bits_per_period() + before + (within - start).max(0.0) * self.rates[index]
    }

    /// The earliest time (seconds) by which `bits` could have arrived since zero: the inverse of [`Self::bits_until`].
    pub fn time_of(&self, bits: f64) -> f64 {
        let periods = (bits / self.bits_per_period()).floor();
        let within = bits - periods * self.bits_per_period();
        let index = self.totals.partition_point(|total| *total < within).min(self.ends.len() - 1);
        let before = if index == 0 { 0.0 } else { self.totals[index - 1] };
        let start = if index == 0 { 0.0 } else { self.ends[index - 1] };
        let rate = self.rates[index];
        // Without bandwidth nothing is asked of this interval but its beginning.
        let inside = if rate > 0.0 { (within - before) / rate } else { 0.0 };
        periods * self.period() + start + inside
    }

    fn bits_per_period(&self) -> f64 {
        self.totals.last().copied().unwrap_or(1.0)
    }

    fn interval_at(&self, within: f64) -> usize {
        self.ends.partition_point(|end| *end <= within).min(self.ends.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_times_are_inverse_across_repeats_and_gaps() {
        let trace = NetworkTrace::parse("1000 1000 20\n500 0 40\n1000 3000 60\n").unwrap();
        assert_eq!(trace.bits_until(0.5), 500e3);
        assert_eq!(trace.bits_until(1.25), 1e6);
        assert_eq!(trace.bits_until(2.5), 4e6);
        assert_eq!(trace.bits_until(5.0), 8e6);
        assert_eq!(trace.time_of(4.5e6), 3.0);
        assert_eq!(trace.time_of(1e6), 1.0);
        assert!((trace.time_of(1e6 + 3.0) - 1.500_001).abs() < 1e-9);
        for tenth in 0..100 {
            let time = f64::from(tenth) * 0.1;
            assert!(trace.time_of(trace.bits_until(time)) <= time + 1e-9);
        }
        assert_eq!(trace.latency_at(1.2), 0.04);
        assert_eq!(trace.latency_at(2.5 + 0.1), 0.02);
        assert_eq!(trace.mean_rate(), 1.6e6);
    }

    #[test]
    fn the_best_request_waits_for_a_lower_latency() {
        let trace = NetworkTrace::parse("1000 1000 500\n1000 1000 20\n1000 1000 3000\n").unwrap();
        assert_eq!(trace.best_request(0.0), (0.0, 0.5));
        assert_eq!(trace.best_request(0.9), (1.0, 1.02));
        assert_eq!(trace.best_request(2.9), (3.0, 3.5), "after the end it begins anew");
        assert_eq!(trace.best_request(2.0), (3.0, 3.5));
        let steady = NetworkTrace::parse("1000 1000 20\n1000 0 20\n").unwrap();
        assert_eq!(steady.best_request(0.99), (0.99, 1.01));
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        assert_eq!(NetworkTrace::parse("# nothing\n\n"), Err(TraceError::Empty));
        assert_eq!(NetworkTrace::parse("1000 0 20"), Err(TraceError::NoBandwidth));
        let fault = |text| NetworkTrace::parse(text).unwrap_err().to_string();
        assert_eq!(fault("1000 100 20\n1000 abc 20"), "line 2: no bandwidth in kbit/s");
        assert_eq!(fault("1000 100"), "line 1: no latency in milliseconds");
        assert_eq!(fault("0 100 20"), "line 1: a duration of zero");
        assert_eq!(fault("1000 -5 20"), "line 1: no bandwidth in kbit/s");
        assert_eq!(fault("1000 NaN 20"), "line 1: no bandwidth in kbit/s");
        assert_eq!(fault("1000 inf 20"), "line 1: no bandwidth in kbit/s");
    }
}
