//! Splice information (SCTE 35): when advertisements begin and end.

use super::clock::Clock;
use crate::container::es::CLOCK_RATE;
use crate::manifest::TimedEvent;
use abr::MediaTime;
use bytes::Bytes;

const SCHEME: &str = "urn:scte:scte35:2013:bin";

/// A splice section and what could be read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    section: Bytes,
    event: Option<u32>,
    /// When it happens, in 33 bits; otherwise at once.
    at: Option<u64>,
    /// In ticks.
    duration: Option<u64>,
    /// Time of the stream where the section was.
    seen: Option<i64>,
}

impl Splice {
    /// `None` if it is none. Encrypted commands and those that are not known have no time.
    pub(super) fn parse(section: &[u8], clock: &Clock) -> Option<Self> {
        const SPLICE_INFO: u8 = 0xfc;
        const SPLICE_INSERT: u8 = 5;
        const TIME_SIGNAL: u8 = 6;
        if *section.first()? != SPLICE_INFO || section.len() < 18 {
            return None;
        }
        let encrypted = section[4] & 0x80 != 0;
        let adjustment = u64::from(section[4] & 1) << 32 | u64::from(be32(&section[5..9]));
        let (command, mut rest) = (section[13], &section[14..]);
        let mut splice = Self {
            section: Bytes::copy_from_slice(section),
            event: None,
            at: None,
            duration: None,
            seen: clock.last(),
        };
        match command {
            _ if encrypted => {}
            TIME_SIGNAL => splice.at = time(&mut rest).flatten(),
            SPLICE_INSERT => {
                splice.insert(rest);
            }
            _ => {}
        }
        splice.at = splice.at.map(|at| at + adjustment);
        Some(splice)
    }

    /// Reads an insertion as far as it goes.
    fn insert(&mut self, command: &[u8]) -> Option<()> {
        let (header, mut rest) = command.split_first_chunk::<6>()?;
        self.event = Some(be32(header));
        // Cancelled: no more follows.
        if header[4] & 0x80 != 0 {
            return None;
        }
        let (whole_program, has_duration, immediate) =
            (header[5] & 0x40 != 0, header[5] & 0x20 != 0, header[5] & 0x10 != 0);
        if whole_program && !immediate {
            self.at = time(&mut rest)?;
        } else if !whole_program {
            let (count, behind) = rest.split_first()?;
            rest = behind;
            for _ in 0..*count {
                rest = rest.get(1..)?;
                if !immediate {
                    let at = time(&mut rest)?;
                    self.at = self.at.or(at);
                }
            }
        }
        if has_duration {
            let duration = rest.first_chunk::<5>()?;
            self.duration = Some(u64::from(duration[0] & 1) << 32 | u64::from(be32(&duration[1..])));
        }
        Some(())
    }

    /// The event at its media time. `first` is where the segment begins, `shift` what is added to all its times.
    pub(super) fn event(self, first: i64, shift: i64) -> TimedEvent {
        let mut clock = Clock::default();
        let seen = self.seen.unwrap_or(first);
        // Negative only before the first timestamp, from which on times are shifted above zero.
        let near = clock.advance(seen.rem_euclid(1 << super::TIMESTAMP_BITS) as u64);
        let ticks = self.at.map_or(seen, |at| seen + clock.near(at) - near);
        TimedEvent {
            scheme: SCHEME.into(),
            value: String::new(),
            id: self.event.map(|id| id.to_string()).unwrap_or_default(),
            start: MediaTime::from_ticks(ticks + shift, CLOCK_RATE),
            duration: self
                .duration
                .map(|ticks| MediaTime::from_ticks(ticks, CLOCK_RATE).duration_since(MediaTime::ZERO)),
            payload: self.section,
        }
    }

    /// For tests of the reading alone.
    #[cfg(test)]
    fn read(&self) -> (Option<u32>, Option<u64>, Option<std::time::Duration>) {
        let duration = self.duration.map(|ticks| std::time::Duration::from_secs(ticks) / CLOCK_RATE);
        (self.event, self.at, duration)
    }
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// `splice_time()`: outer `None` at the end of the data, inner `None` if it names no time.
fn time(data: &mut &[u8]) -> Option<Option<u64>> {
    let first = *data.first()?;
    if first & 0x80 == 0 {
        *data = &data[1..];
        return Some(None);
    }
    let (bytes, rest) = data.split_first_chunk::<5>()?;
    *data = rest;
    Some(Some(u64::from(first & 1) << 32 | u64::from(be32(&bytes[1..]))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The example of SCTE 35, section 14.2: an insertion for a minute.
    const INSERT: &str =
        "fc302f000000000000fffff014054800008f7feffe7369c02efe0052ccf500000000000a0008435545490000013562dba30a";
    /// Section 14.1: a time signal.
    const SIGNAL: &str = "fc3034000000000000fffff00506fe72bd0050001e021c435545494800008e7fcf0001a599b00808000000002ca0a18a3402009ac9d17e";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn times_of_splices_are_read() {
        let clock = Clock::default();
        let insert = Splice::parse(&bytes(INSERT), &clock).unwrap();
        assert_eq!(insert.read(), (Some(0x4800_008f), Some(0x7369c02e), Some(Duration::from_nanos(60_293_566_666))));
        let signal = Splice::parse(&bytes(SIGNAL), &clock).unwrap();
        assert_eq!(signal.read(), (None, Some(0x72bd_0050), None));
        let event = insert.event(0x7369_0000, 90_000);
        assert_eq!(event.start, MediaTime::from_ticks(0x7369_c02e + 90_000, CLOCK_RATE));
        assert_eq!((event.id.as_str(), event.payload.len()), ("1207959695", 50));
    }

    #[test]
    fn conformance_08_a_splice_behind_the_wrap_is_behind() {
        let mut clock = Clock::default();
        clock.advance((1 << 33) - 90_000);
        let mut section = bytes(SIGNAL);
        section[15..19].copy_from_slice(&90_000u32.to_be_bytes());
        let event = Splice::parse(&section, &clock).unwrap().event(0, 0);
        assert_eq!(event.start, MediaTime::from_ticks((1i64 << 33) + 90_000, CLOCK_RATE));
    }

    #[test]
    fn what_is_cut_short_has_no_time() {
        let clock = Clock::default();
        let whole = bytes(INSERT);
        for length in 0..whole.len() {
            Splice::parse(&whole[..length], &clock);
        }
        assert_eq!(Splice::parse(&whole[..17], &clock), None);
    }
}
