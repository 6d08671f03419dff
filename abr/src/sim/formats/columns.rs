//! Formats of bare numbers in columns.

use super::{Intervals, fields, lines, number};
use crate::sim::trace::{Interval, NetworkTrace, TraceError};

/// Bits of the packet that a line of a Mahimahi file lets through.
const PACKET_BITS: f64 = 1_500.0 * 8.0;
/// Milliseconds over which packets are counted: shorter than anything a controller sees of a transfer, longer than the
/// distance of packets on all but the slowest links.
const BIN_MS: u64 = 100;
/// Seconds for which a rate of the FCC's web measurements stands.
const WEBGET_S: f64 = 5.0;
/// Below this a second column counts Mbit/s, from it on kbit/s: no chunk of Oboe's came slower.
const LEAST_OBOE_KBPS: f64 = 100.0;

/// Whether the numbers of the only column rise or stay, up to the first that is none.
pub(super) fn never_falls(text: &str) -> bool {
    lines(text).map_while(|(_, line)| number(Some(line))).is_sorted()
}

/// Whether every two lines have the same second column, and one that counts kbit/s.
pub(super) fn comes_in_pairs(text: &str) -> bool {
    let mut rates = lines(text).map(|(_, line)| fields(line).nth(1));
    while let Some(rate) = rates.next() {
        if number(rate).is_none_or(|rate| rate < LEAST_OBOE_KBPS) || rates.next() != Some(rate) {
            return false;
        }
    }
    true
}

pub(super) fn mahimahi(text: &str) -> Result<Vec<Interval>, TraceError> {
    let mut packets: Vec<u32> = Vec::new();
    let (mut last, mut last_line) = (0, 0);
    for (line, text) in lines(text) {
        let fault = |problem| TraceError::Line { line, problem };
        let ms: u64 = text.parse().map_err(|_| fault("not a time in whole milliseconds"))?;
        if ms < last {
            return Err(fault("a time before that of the line above"));
        }
        (last, last_line) = (ms, line);
        // A packet ends the millisecond that it took: that of time 100 belongs to the first 100.
        let bin = ms.saturating_sub(1) / BIN_MS;
        if bin >= NetworkTrace::MAX_INTERVALS as u64 {
            return Err(TraceError::TooLong { limit: NetworkTrace::MAX_INTERVALS });
        }
        packets.resize(packets.len().max(bin as usize + 1), 0);
        packets[bin as usize] = packets[bin as usize].saturating_add(1);
    }
    if last == 0 && !packets.is_empty() {
        return Err(TraceError::Line { line: last_line, problem: "a recording of no duration" });
    }
    let mut intervals = Intervals::default();
    for (bin, packets) in packets.into_iter().enumerate() {
        let seconds = (last - bin as u64 * BIN_MS).min(BIN_MS) as f64 / 1e3;
        intervals.push(last_line, seconds, f64::from(packets) * PACKET_BITS / seconds, None)?;
    }
    Ok(intervals.0)
}

pub(super) fn pensieve(text: &str) -> Result<Vec<Interval>, TraceError> {
    let mut intervals = Intervals::default();
    let mut before = None;
    for (line, text) in lines(text) {
        let fault = |problem| TraceError::Line { line, problem };
        let mut fields = fields(text);
        let time = number(fields.next()).ok_or(fault("no time in seconds"))?;
        let rate = number(fields.next()).ok_or(fault("no rate in Mbit/s"))? * 1e6;
        if let Some(before) = before.replace(time) {
            if time <= before {
                return Err(fault("a time that is not after the one before"));
            }
            intervals.push(line, time - before, rate, None)?;
        }
    }
    Ok(intervals.0)
}

pub(super) fn oboe(text: &str) -> Result<Vec<Interval>, TraceError> {
    let mut intervals = Intervals::default();
    // End and rate of the transfer before; beginning and rate of the one that is read.
    let mut before: Option<(f64, f64)> = None;
    let mut begun: Option<(f64, f64)> = None;
    for (line, text) in lines(text) {
        let fault = |problem| TraceError::Line { line, problem };
        let mut fields = fields(text);
        let time = number(fields.next()).ok_or(fault("no time in milliseconds"))? / 1e3;
        let rate = number(fields.next()).ok_or(fault("no rate in kbit/s"))? * 1e3;
        let Some((start, first)) = begun.take() else {
            if let Some((end, rate_before)) = before {
                if time < end {
                    return Err(fault("a transfer that begins before the end of the last"));
                }
                intervals.push(line, time - end, (rate_before + rate) / 2.0, None)?;
            }
            begun = Some((time, rate));
            continue;
        };
        if time <= start {
            return Err(fault("a transfer that ends before it begins"));
        }
        if rate != first {
            return Err(fault("another rate at the end of a transfer than at its beginning"));
        }
        intervals.push(line, time - start, rate, None)?;
        before = Some((time, rate));
    }
    Ok(intervals.0)
}

pub(super) fn mobile_log(text: &str) -> Result<Vec<Interval>, TraceError> {
    let mut intervals = Intervals::default();
    for (line, text) in lines(text) {
        let fault = |problem| TraceError::Line { line, problem };
        let mut fields = fields(text).skip(4);
        let bytes = number(fields.next()).ok_or(fault("no bytes received"))?;
        let seconds = number(fields.next()).ok_or(fault("no milliseconds since the line before"))? / 1e3;
        if seconds == 0.0 && bytes > 0.0 {
            return Err(fault("bytes received in no time"));
        }
        intervals.push(line, seconds, if seconds > 0.0 { bytes * 8.0 / seconds } else { 0.0 }, None)?;
    }
    Ok(intervals.0)
}

pub(super) fn webget(text: &str) -> Result<Vec<Interval>, TraceError> {
    let mut intervals = Intervals::default();
    for (line, text) in lines(text) {
        let rate = number(Some(text)).ok_or(TraceError::Line { line, problem: "no rate in bytes per second" })?;
        intervals.push(line, WEBGET_S, rate * 8.0, None)?;
    }
    Ok(intervals.0)
}
