//! Tables with a header.

use super::{Intervals, lines, number};
use crate::sim::trace::{Interval, TraceError};

/// What a column tells, with the factor that makes seconds or bit/s of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    /// How long the row stands.
    Duration(f64),
    /// Since when the row stands: until the next; the last as long as the one before it.
    Time(f64),
    /// The rate.
    Rate(f64),
    /// Bytes that came since the row before.
    Bytes,
    /// From request to first byte.
    Latency(f64),
}

/// The names that are understood, after [`plain`]: with their units wherever there could be a doubt.
const COLUMNS: [(&str, Column); 38] = [
    ("duration_ms", Column::Duration(1e-3)),
    ("duration_s", Column::Duration(1.0)),
    ("interval_ms", Column::Duration(1e-3)),
    ("interval_s", Column::Duration(1.0)),
    ("time_ms", Column::Time(1e-3)),
    ("timestamp_ms", Column::Time(1e-3)),
    ("elapsed_ms", Column::Time(1e-3)),
    ("time", Column::Time(1.0)),
    ("time_s", Column::Time(1.0)),
    ("timestamp", Column::Time(1.0)),
    ("timestamp_s", Column::Time(1.0)),
    ("elapsed_s", Column::Time(1.0)),
    ("seconds", Column::Time(1.0)),
    ("bandwidth_bps", Column::Rate(1.0)),
    ("bandwidth_kbps", Column::Rate(1e3)),
    ("bandwidth_mbps", Column::Rate(1e6)),
    ("throughput_bps", Column::Rate(1.0)),
    ("throughput_kbps", Column::Rate(1e3)),
    ("throughput_mbps", Column::Rate(1e6)),
    ("download_kbps", Column::Rate(1e3)),
    ("download_mbps", Column::Rate(1e6)),
    ("rate_kbps", Column::Rate(1e3)),
    ("rate_mbps", Column::Rate(1e6)),
    ("dl_bitrate", Column::Rate(1e3)),
    ("bps", Column::Rate(1.0)),
    ("kbps", Column::Rate(1e3)),
    ("mbps", Column::Rate(1e6)),
    ("bytes_sec", Column::Rate(8.0)),
    ("bytes_per_second", Column::Rate(8.0)),
    ("bytes", Column::Bytes),
    ("bytes_received", Column::Bytes),
    ("latency", Column::Latency(1e-3)),
    ("latency_ms", Column::Latency(1e-3)),
    ("latency_s", Column::Latency(1.0)),
    ("rtt", Column::Latency(1e-3)),
    ("rtt_ms", Column::Latency(1e-3)),
    ("rtt_s", Column::Latency(1.0)),
    ("ping_ms", Column::Latency(1e-3)),
];

/// Seconds that a row stands where no column tells: such logs have one every second.
const ROW_S: f64 = 1.0;

/// Whether a line names a column with a rate or with bytes.
pub(super) fn is_header(line: &str) -> bool {
    Header::of(line).is_some()
}

/// Which columns matter: the first of each kind.
struct Header {
    separator: char,
    duration: Option<(usize, f64)>,
    time: Option<(usize, f64)>,
    /// Bit/s, or bytes where there is no factor.
    amount: (usize, Option<f64>),
    latency: Option<(usize, f64)>,
}

impl Header {
    fn of(line: &str) -> Option<Self> {
        let separator = *[',', ';', '\t'].iter().max_by_key(|separator| line.matches(**separator).count())?;
        let (mut duration, mut time, mut rate, mut bytes, mut latency) = (None, None, None, None, None);
        for (index, name) in line.split(separator).enumerate() {
            let name = plain(name);
            let slot = match COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, column)| *column) {
                Some(Column::Duration(factor)) => (&mut duration, factor),
                Some(Column::Time(factor)) => (&mut time, factor),
                Some(Column::Rate(factor)) => (&mut rate, factor),
                Some(Column::Bytes) => (&mut bytes, 8.0),
                Some(Column::Latency(factor)) => (&mut latency, factor),
                None => continue,
            };
            slot.0.get_or_insert((index, slot.1));
        }
        let rate = rate.map(|(index, factor)| (index, Some(factor)));
        let amount = rate.or(bytes.map(|(index, _)| (index, None)))?;
        Some(Self { separator, duration, time, amount, latency })
    }

    fn row(&self, line: usize, text: &str) -> Result<Row, TraceError> {
        let fault = |problem| TraceError::Line { line, problem };
        let fields: Vec<&str> = text.split(self.separator).map(|field| field.trim().trim_matches('"')).collect();
        let value = |(index, factor): (usize, f64)| number(fields.get(index).copied()).map(|value| value * factor);
        let optional = |column: Option<(usize, f64)>, problem| match column {
            Some(column) => value(column).map(Some).ok_or(fault(problem)),
            None => Ok(None),
        };
        Ok(Row {
            line,
            duration: optional(self.duration, "no duration")?,
            time: optional(self.time, "no time")?,
            amount: value((self.amount.0, self.amount.1.unwrap_or(8.0))).ok_or(fault("no rate"))?,
            latency: optional(self.latency, "no latency")?,
        })
    }
}

/// What a row says, in seconds and bits.
struct Row {
    line: usize,
    duration: Option<f64>,
    time: Option<f64>,
    amount: f64,
    latency: Option<f64>,
}

/// `"Bandwidth (kbps)"` and `Mbit/s` as `bandwidth_kbps` and `mbps`.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase().replace("bit/s", "bps");
    lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

pub(super) fn read(text: &str) -> Result<Vec<Interval>, TraceError> {
    let mut rows = lines(text);
    let (line, first) = rows.next().ok_or(TraceError::Empty)?;
    let problem = "no header with a column for the rate";
    let header = Header::of(first).ok_or(TraceError::Line { line, problem })?;
    let rows = rows.map(|(line, text)| header.row(line, text)).collect::<Result<Vec<_>, _>>()?;
    let durations = durations(&header, &rows)?;
    let mut intervals = Intervals::default();
    for (row, seconds) in rows.iter().zip(durations) {
        let rate = match header.amount.1 {
            Some(_) => row.amount,
            None if seconds > 0.0 => row.amount / seconds,
            None => 0.0,
        };
        intervals.push(row.line, seconds, rate, row.latency)?;
    }
    Ok(intervals.0)
}

/// How long each row stands.
fn durations(header: &Header, rows: &[Row]) -> Result<Vec<f64>, TraceError> {
    if header.duration.is_some() || header.time.is_none() {
        return Ok(rows.iter().map(|row| row.duration.unwrap_or(ROW_S)).collect());
    }
    let mut steps = Vec::with_capacity(rows.len());
    for pair in rows.windows(2) {
        let step = pair[1].time.unwrap_or_default() - pair[0].time.unwrap_or_default();
        if step <= 0.0 {
            return Err(TraceError::Line { line: pair[1].line, problem: "a time that is not after the one before" });
        }
        steps.push(step);
    }
    // Bytes came before their row's time and a rate holds after it: what is missing is the first step or the last.
    let counts_bytes = header.amount.1.is_none();
    let missing = if counts_bytes { steps.first() } else { steps.last() }.copied().unwrap_or(ROW_S);
    if !rows.is_empty() {
        steps.insert(if counts_bytes { 0 } else { steps.len() }, missing);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(f64, f64, f64)> {
        let rows = read(text).unwrap();
        rows.iter().map(|row| (row.seconds, row.rate / 1e6, row.latency)).collect()
    }

    #[test]
    fn columns_are_found_by_name_and_unit() {
        assert_eq!(
            rows("\"Time (ms)\";\"Operator\";\"Bandwidth [Mbit/s]\";RTT\n0;x;1;30\n500;\"y\";2;40\n"),
            [(0.5, 1.0, 0.03), (0.5, 2.0, 0.04)]
        );
        assert_eq!(rows("duration_s,kbps\n2,500\n"), [(2.0, 0.5, 0.05)]);
        assert_eq!(rows("Throughput_Mbps\n7\n9\n"), [(1.0, 7.0, 0.05), (1.0, 9.0, 0.05)]);
        assert_eq!(
            rows("time\tbytes\n10\t125000\n11\t250000\n13\t250000"),
            [(1.0, 1.0, 0.05), (1.0, 2.0, 0.05), (2.0, 1.0, 0.05)]
        );
    }

    #[test]
    fn a_header_names_an_amount() {
        assert!(is_header("time,mbps") && is_header("Bytes_Received"));
        assert!(!is_header("time,latency_ms") && !is_header("speed"));
    }
}
