//! Recordings as others write them down.
//!
//! [`NetworkTrace::read`] looks at a text and decides; [`NetworkTrace::read_as`] is told. What a format does not say is
//! added: where there is no latency it is [`DEFAULT_LATENCY`], to be changed with [`NetworkTrace::with_latency`].
//!
//! | Format | A line | Where it comes from |
//! |---|---|---|
//! | [`TraceFormat::Intervals`] | `duration_ms kbps latency_ms` | ours |
//! | [`TraceFormat::Sabre`] | JSON: `[{"duration_ms": …, "bandwidth_kbps": …, "latency_ms": …}, …]` | the simulator Sabre |
//! | [`TraceFormat::Mahimahi`] | `ms`, one line for each packet of 1500 bytes | the link emulator Mahimahi, mm-link(1) |
//! | [`TraceFormat::Pensieve`] | `seconds Mbit/s` | "cooked" traces of Pensieve and its many descendants |
//! | [`TraceFormat::Oboe`] | `ms kbit/s`, two lines for each chunk | the public sessions of Oboe |
//! | [`TraceFormat::MobileLog`] | `time ms latitude longitude bytes ms` | 3G in Norway (Riiser et al.), 4G in Ghent (van der Hooft et al.) |
//! | [`TraceFormat::Webget`] | `bytes/s`, every five seconds | made of the FCC's broadband measurements, as Pensieve's authors did |
//! | [`TraceFormat::Csv`] | a header with names of columns, then rows | everybody else |

mod columns;
mod csv;
mod sabre;

use std::time::Duration;

use super::trace::{Interval, NetworkTrace, TraceError};

/// From request to first byte, where a recording does not say: a fixed line or 4G to a nearby server.
pub const DEFAULT_LATENCY: Duration = Duration::from_millis(50);

/// How a recording is written down; the module's table says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TraceFormat {
    /// Durations, rates and latencies, as [`NetworkTrace::parse`] reads them.
    Intervals,
    /// The same as JSON.
    Sabre,
    /// Times at which a packet of 1500 bytes could leave, in milliseconds; it repeats after the last.
    Mahimahi,
    /// Times in seconds and the rates until then in Mbit/s. The first line says where time begins: its rate is never
    /// used, as in the simulator that the format comes from.
    Pensieve,
    /// Beginning and end of each chunk's transfer in milliseconds, each with the transfer's rate in kbit/s. Between
    /// two transfers the rate is half-way between theirs.
    Oboe,
    /// Bytes received and milliseconds since the line before, after a clock and a position.
    MobileLog,
    /// Rates in bytes per second, one for five seconds each.
    Webget,
    /// Columns with names: a duration or a time, a rate or bytes, and maybe a latency. Names and units are listed in
    /// the source of this module.
    Csv,
}

impl TraceFormat {
    /// The format that `text` seems to be in; `None` where it is like none. Two columns are Oboe's where they come in
    /// pairs of one rate, one column is a Mahimahi file where it never falls.
    pub fn detect(text: &str) -> Option<Self> {
        let (_, first) = lines(text).next()?;
        if first.starts_with(['[', '{']) {
            return Some(Self::Sabre);
        }
        if fields(first).any(|word| word.parse::<f64>().is_err()) {
            return csv::is_header(first).then_some(Self::Csv);
        }
        match fields(first).count() {
            1 if columns::never_falls(text) => Some(Self::Mahimahi),
            1 => Some(Self::Webget),
            2 if columns::comes_in_pairs(text) => Some(Self::Oboe),
            2 => Some(Self::Pensieve),
            3 => Some(Self::Intervals),
            6 => Some(Self::MobileLog),
            _ => None,
        }
    }
}

impl NetworkTrace {
    /// Reads a recording in whatever format it seems to be.
    ///
    /// # Errors
    /// [`TraceError::Unknown`] where it is like none that is known; otherwise those of [`Self::read_as`].
    pub fn read(text: &str) -> Result<Self, TraceError> {
        if lines(text).next().is_none() {
            return Err(TraceError::Empty);
        }
        Self::read_as(text, TraceFormat::detect(text).ok_or(TraceError::Unknown)?)
    }

    /// Reads a recording in a known format.
    ///
    /// # Errors
    /// [`TraceError`], with the number of the line at fault.
    pub fn read_as(text: &str, format: TraceFormat) -> Result<Self, TraceError> {
        let intervals = match format {
            TraceFormat::Intervals => return Self::parse(text),
            TraceFormat::Sabre => sabre::read(text)?,
            TraceFormat::Mahimahi => columns::mahimahi(text)?,
            TraceFormat::Pensieve => columns::pensieve(text)?,
            TraceFormat::Oboe => columns::oboe(text)?,
            TraceFormat::MobileLog => columns::mobile_log(text)?,
            TraceFormat::Webget => columns::webget(text)?,
            TraceFormat::Csv => csv::read(text)?,
        };
        Self::new(intervals)
    }

    /// The same with another latency, all the time.
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Self {
        let intervals = self.intervals().map(|interval| Interval { latency: latency.as_secs_f64(), ..interval });
        Self::new(intervals).expect("it was a recording before, and no latency makes it another")
    }
}

/// Lines that say something, with their numbers counted from one.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines
        .map(|(index, line)| (index + 1, line.split('#').next().unwrap_or_default().trim()))
        .filter(|(_, line)| !line.is_empty())
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|field| !field.is_empty())
}

/// Intervals in the making, with the limits of what a recording may have.
#[derive(Default)]
struct Intervals(Vec<Interval>);

impl Intervals {
    /// The fastest link and the longest interval: 10 Tbit/s, and 115 days.
    const MAX_RATE: f64 = 1e13;
    const MAX_SECONDS: f64 = 1e7;

    /// Adds an interval of a rate in bit/s, found in `line`; one without any duration adds nothing.
    fn push(&mut self, line: usize, seconds: f64, rate: f64, latency: Option<f64>) -> Result<(), TraceError> {
        let latency = latency.unwrap_or(DEFAULT_LATENCY.as_secs_f64());
        if rate > Self::MAX_RATE {
            return Err(TraceError::Line { line, problem: "a rate that no link has" });
        }
        if seconds > Self::MAX_SECONDS || latency > Self::MAX_SECONDS {
            return Err(TraceError::Line { line, problem: "a time longer than any recording" });
        }
        if self.0.len() == NetworkTrace::MAX_INTERVALS {
            return Err(TraceError::TooLong { limit: NetworkTrace::MAX_INTERVALS });
        }
        if seconds > 0.0 {
            self.0.push(Interval { seconds, rate, latency });
        }
        Ok(())
    }
}

/// A number that is neither negative nor infinite nor missing.
fn number(field: Option<&str>) -> Option<f64> {
    field?.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(seconds, Mbit/s)` of each interval.
    fn read(text: &str) -> Vec<(f64, f64)> {
        let round = |x: f64| (x * 1e6).round() / 1e6;
        let trace = NetworkTrace::read(text).unwrap();
        trace.intervals().map(|interval| (round(interval.seconds), round(interval.rate / 1e6))).collect()
    }

    fn fault(text: &str) -> String {
        NetworkTrace::read(text).unwrap_err().to_string()
    }

    #[test]
    fn every_format_is_recognised_and_read() {
        use TraceFormat::*;
        let sabre = r#"[{"duration_ms": 1500, "bandwidth_kbps": 800, "latency_ms": 30},
                        {"duration_ms": 500, "bandwidth_kbps": 0, "latency_ms": 30}]"#;
        for (text, format, intervals) in [
            ("1500 800 30\n500 0 30\n", Intervals, vec![(1.5, 0.8), (0.5, 0.0)]),
            (sabre, Sabre, vec![(1.5, 0.8), (0.5, 0.0)]),
            ("1\n1\n2\n150\n", Mahimahi, vec![(0.1, 0.36), (0.05, 0.24)]),
            ("0.0 9.9\n0.5 1.25\n2.0 0.5\n", Pensieve, vec![(0.5, 1.25), (1.5, 0.5)]),
            ("7.0 4000\n320.0 4000\n408.0 2000\n673.0 2000\n", Oboe, vec![(0.313, 4.0), (0.088, 3.0), (0.265, 2.0)]),
            (
                "1289406399 549692 59.85 10.78 125000 1000\n1289406400 550772 nan -1 0 1080\n",
                MobileLog,
                vec![(1.0, 1.0), (1.08, 0.0)],
            ),
            ("1453121790686 39287 51.03 3.73 2500000 1000\n", MobileLog, vec![(1.0, 20.0)]),
            ("125000.0\n250000.0\n100000.0\n", Webget, vec![(5.0, 1.0), (5.0, 2.0), (5.0, 0.8)]),
            ("time_s,bandwidth_mbps\n0,1\n2,3\n3,4\n", Csv, vec![(2.0, 1.0), (1.0, 3.0), (1.0, 4.0)]),
        ] {
            assert_eq!(TraceFormat::detect(text), Some(format), "{text}");
            assert_eq!(read(text), intervals, "{text}");
        }
    }

    #[test]
    fn what_is_like_nothing_is_said_to_be() {
        assert_eq!(fault(""), "the recording is empty");
        assert_eq!(fault("\u{feff}# nothing\n \n"), "the recording is empty");
        for text in ["hello world", "1 2 3 4", "<html>", "a,b\n1,2", "\0\0\0", "1 2 3 4 5 6 7"] {
            assert_eq!(fault(text), "the recording is in no format that is known", "{text}");
        }
    }

    #[test]
    fn latency_is_added_and_can_be_changed() {
        let trace = NetworkTrace::read("1\n").unwrap();
        assert_eq!(trace.latency_at(0.0), 0.05);
        assert_eq!(trace.with_latency(Duration::from_millis(120)).latency_at(0.0), 0.12);
    }

    #[test]
    fn hostile_text_is_refused_with_its_line() {
        for (text, error) in [
            ("1\n99999999999999999\n", "the recording has more than 2000000 intervals"),
            ("0\n0\n", "line 2: a recording of no duration"),
            ("1\n1e3\n", "line 2: not a time in whole milliseconds"),
            ("0 1\n1 NaN\n", "line 2: no rate in Mbit/s"),
            ("0 1\n1 1\n1 1\n", "line 3: a time that is not after the one before"),
            ("5 1\n", "the recording is empty"),
            ("0 900\n1 900\n1 800\n1 800\n", "line 4: a transfer that ends before it begins"),
            ("1 1 1 1 x 1000\n1 1 1 1 5 1000\n", "the recording is in no format that is known"),
            ("1 1 1 1 5 1000\n1 1 1 1 -5 1000\n", "line 2: no bytes received"),
            ("1 1 1 1 5 1000\n1 1 1 1 5\n", "line 2: no milliseconds since the line before"),
            ("1 1 1 1 5 0\n", "line 1: bytes received in no time"),
            ("5\n4\ninf\n", "line 3: no rate in bytes per second"),
            ("1e308\n1e308\n1e307", "line 1: a rate that no link has"),
            ("time_s,mbps\n0,1\n0,2\n", "line 3: a time that is not after the one before"),
            ("time_s,mbps\n0,1\n1\n", "line 3: no rate"),
            ("mbps;latency_ms\n3;-1", "line 2: no latency"),
            ("[{\"duration_ms\": 1}]", "line 1: not an object with duration_ms, bandwidth_kbps and latency_ms"),
            ("[", "line 1: not an object with duration_ms, bandwidth_kbps and latency_ms"),
            ("0 1\n1e300 1\n", "line 2: a time longer than any recording"),
            ("[\n{\"duration_ms\": 0, \"bandwidth_kbps\": 1, \"latency_ms\": 1}]", "the recording is empty"),
            (
                "[{\"duration_ms\": 1, \"bandwidth_kbps\": 1e308, \"latency_ms\": 1}]",
                "line 1: not an object with duration_ms, bandwidth_kbps and latency_ms",
            ),
        ] {
            assert_eq!(fault(text), error, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(NetworkTrace::read(&deep).is_err());
    }
}
