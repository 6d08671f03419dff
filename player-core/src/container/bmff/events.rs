//! Messages between fragments: `emsg` (ISO/IEC 23009-1, section 5.10.3.3).

use super::boxes::{BoxRef, Reader};
use crate::container::ContainerError;
use crate::manifest::TimedEvent;
use abr::MediaTime;
use bytes::Bytes;
use std::collections::HashSet;
use std::time::Duration;

/// Messages of one call. More than that is noise: the rest is dropped, for they are no reason to stop playing.
const MAX_EVENTS: usize = 1_024;
/// `event_duration` of an event whose end is not known.
const UNKNOWN: u32 = u32::MAX;

/// Collects messages, each of which may be repeated any number of times.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    events: Vec<TimedEvent>,
    seen: HashSet<(String, String, u32)>,
    /// Events of the current segment whose `start` still counts from its beginning.
    relative: Vec<usize>,
    /// When the first sample of the current segment is shown.
    segment_start: Option<MediaTime>,
}

impl EventReader {
    /// Reads a message. One that cannot be read is left out.
    pub(super) fn read(&mut self, media: &Bytes, emsg: &BoxRef<'_>) {
        if self.events.len() < MAX_EVENTS
            && let Ok((event, id, relative)) = message(media, emsg)
            && self.seen.insert((event.scheme.clone(), event.value.clone(), id))
        {
            if relative {
                self.relative.push(self.events.len());
            }
            self.events.push(event);
        }
    }

    /// Samples of the current segment are shown from this time on.
    pub(super) fn samples_at(&mut self, earliest: Option<MediaTime>) {
        self.segment_start = [self.segment_start, earliest].into_iter().flatten().min();
    }

    /// Another segment begins, unless the current one has not had a sample yet.
    pub(super) fn segment_begins(&mut self) {
        if self.segment_start.is_some() {
            self.place();
        }
    }

    pub(super) fn finish(mut self) -> Vec<TimedEvent> {
        self.place();
        self.events
    }

    fn place(&mut self) {
        let start = self.segment_start.take().unwrap_or(MediaTime::ZERO);
        for position in self.relative.drain(..) {
            self.events[position].start += start;
        }
    }
}

/// An event, its number, and whether its start counts from the beginning of the segment.
fn message(media: &Bytes, emsg: &BoxRef<'_>) -> Result<(TimedEvent, u32, bool), ContainerError> {
    let (version, _, mut reader) = Reader::full(emsg.payload, "emsg")?;
    let texts = |reader: &mut Reader<'_>| Ok::<_, ContainerError>((reader.text()?, reader.text()?));
    let (scheme, value, timescale, start, duration, id) = match version {
        0 => {
            let (scheme, value) = texts(&mut reader)?;
            (scheme, value, reader.u32()?, u64::from(reader.u32()?), reader.u32()?, reader.u32()?)
        }
        1 => {
            let (timescale, start) = (reader.u32()?, reader.u64()?);
            let (duration, id) = (reader.u32()?, reader.u32()?);
            let (scheme, value) = texts(&mut reader)?;
            (scheme, value, timescale, start, duration, id)
        }
        _ => return Err(reader.malformed()),
    };
    let length = MediaTime::from_ticks(duration, timescale).nanos();
    let event = TimedEvent {
        scheme,
        value,
        id: id.to_string(),
        start: MediaTime::from_ticks(start, timescale),
        duration: (duration != UNKNOWN).then(|| Duration::from_nanos(length.unsigned_abs())),
        payload: media.slice(emsg.end() - reader.rest().len()..emsg.end()),
    };
    Ok((event, id, version == 0))
}
