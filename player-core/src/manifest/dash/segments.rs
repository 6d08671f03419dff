//! From segment information to segments.

use super::super::{
    ByteSource, IndexPart, IndexedFile, InitSource, MAX_ADDRESSES, ManifestError, SegmentCipher, SegmentRef, Timing,
};
use super::base::{resolve, source_of};
use super::info::{InfoKind, Pace, SegmentInfo, byte_range};
use super::periods::Place;
use super::protection::CryptoPeriods;
use super::query::Query;
use super::template::{Template, Values};
use super::time::{Nanos, SECOND, length, media_time, nanos};
use super::timeline::{self, Bounds, Entry};
use super::{MAX_SEGMENTS, too_many_segments};
use std::cell::Cell;
use std::time::Duration;
use url::Url;

/// Manifests round to milliseconds: what is left of a period behind the last whole segment is no segment if it is
/// shorter.
const ROUNDING: Nanos = SECOND / 1000;

/// Shorter holes between segments are rounding, or a frame that is missing: the segment before is taken to be longer.
const HOLE: Duration = Duration::from_millis(250);

/// One representation in one period.
#[derive(Debug)]
pub(super) struct Source<'e, 'a> {
    pub(super) id: &'e str,
    pub(super) bandwidth: u64,
    pub(super) base: Url,
    pub(super) info: Option<SegmentInfo<'e, 'a>>,
    pub(super) place: &'e Place,
    /// The file is the one segment: a picture, or subtitles that are not in a container.
    pub(super) whole_file: bool,
    pub(super) crypto: Option<&'e CryptoPeriods<'e>>,
    /// Added to the addresses of segments.
    pub(super) query: Option<Query>,
    /// Bytes of addresses of all segments of the manifest so far.
    pub(super) addresses: &'e Cell<usize>,
}

/// A segment before it is placed.
struct Listed {
    entry: Entry,
    source: ByteSource,
}

impl Source<'_, '_> {
    /// Its segments, or the file that lists them.
    pub(super) fn part(&self) -> Result<IndexPart, ManifestError> {
        let Some(info) = &self.info else {
            return if self.whole_file { self.one_file(0, 1) } else { self.file(None) };
        };
        match info.kind {
            InfoKind::Base if self.whole_file => {
                self.one_file(info.number("presentationTimeOffset")?.unwrap_or(0), info.timescale()?)
            }
            InfoKind::Base => self.file(Some(info)),
            InfoKind::List => self.listed(info, self.list(info)?),
            InfoKind::Template => self.listed(info, self.template(info)?),
        }
    }

    /// How long its segments are, where all but the last are of one length.
    pub(super) fn segment_length(&self) -> Option<Duration> {
        let info = self.info.as_ref()?;
        match info.pace().ok()? {
            Pace::Constant(ticks) => Some(length(nanos(i128::from(ticks), info.timescale().ok()?))),
            Pace::Timeline(_) | Pace::Single => None,
        }
    }

    fn timing(&self, offset: u64, timescale: u64) -> Timing {
        let shift = self.place.start - nanos(offset, timescale);
        Timing::Anchored {
            shift: media_time(shift),
            start: media_time(self.place.start),
            // Behind the last period there is nobody to make room for: its pictures may be a little later than the
            // manifest has reckoned.
            end: self.place.end.filter(|_| !self.place.last).map(media_time),
        }
    }

    /// A file that lists its segments itself.
    fn file(&self, info: Option<&SegmentInfo<'_, '_>>) -> Result<IndexPart, ManifestError> {
        if self.crypto.is_some() {
            return Err(ManifestError::Unsupported("encrypted segments that are listed in their file"));
        }
        let (mut index, mut init, mut offset, mut timescale) = (None, None, 0, 1);
        if let Some(info) = info {
            offset = info.number("presentationTimeOffset")?.unwrap_or(0);
            timescale = info.timescale()?;
            index = info.attribute("indexRange").map(byte_range).transpose()?;
            if let Some(element) = info.child("RepresentationIndex") {
                let source = source_of(element, &self.base)?;
                if source.url != self.base {
                    return Err(ManifestError::Unsupported("an index in a file of its own"));
                }
                index = source.range.or(index);
            }
            init = info.child("Initialization").map(|element| source_of(element, &self.base)).transpose()?;
            // The whole of the same file is no initialisation: the beginning of it will do.
            init = init.filter(|init| init.range.is_some() || init.url != self.base);
            init = init.map(|init| ByteSource { url: self.queried(init.url), ..init });
        }
        let timing = self.timing(offset, timescale);
        let duration = self.place.end.map(|end| length(end - self.place.start));
        Ok(IndexPart::File(Box::new(IndexedFile {
            url: self.queried(self.base.clone()),
            index,
            init,
            epoch: self.place.epoch,
            timing,
            duration,
        })))
    }

    /// A file that is one segment and lasts as long as the period.
    fn one_file(&self, offset: u64, timescale: u64) -> Result<IndexPart, ManifestError> {
        let end = self.place.end.ok_or(ManifestError::Unsupported("a file without a duration"))?;
        Ok(IndexPart::Known(vec![SegmentRef {
            number: 0,
            start: media_time(self.place.start),
            duration: length(end - self.place.start),
            source: self.base_file(),
            init: None,
            epoch: self.place.epoch,
            timing: self.timing(offset, timescale),
            gap: false,
            cipher: None,
        }]))
    }

    /// Counts an address that is kept.
    fn keep(&self, url: Url) -> Result<Url, ManifestError> {
        let url = self.queried(url);
        self.spend(url.as_str().len())?;
        Ok(url)
    }

    fn queried(&self, url: Url) -> Url {
        match &self.query {
            Some(query) => query.apply(url),
            None => url,
        }
    }

    fn spend(&self, bytes: usize) -> Result<(), ManifestError> {
        self.addresses.set(self.addresses.get().saturating_add(bytes));
        if self.addresses.get() > MAX_ADDRESSES {
            return Err(ManifestError::LimitExceeded { what: "bytes of addresses", max: MAX_ADDRESSES });
        }
        Ok(())
    }

    fn values(&self) -> Values<'_> {
        Values { representation: self.id, bandwidth: self.bandwidth, ..Values::default() }
    }

    fn template(&self, info: &SegmentInfo<'_, '_>) -> Result<Vec<Listed>, ManifestError> {
        let Some(media) = info.attribute("media") else {
            let alone = self.entries(info, Some(1))?;
            return Ok(alone.into_iter().map(|entry| Listed { entry, source: self.base_file() }).collect());
        };
        let template = Template::parse(media);
        let alone = (!template.tells_segments_apart()).then_some(1);
        let listed = self.entries(info, alone)?.into_iter().map(|entry| {
            let Entry { time, number, sub_number, .. } = entry;
            let address = template.fill(&Values { number, time, sub_number, ..self.values() });
            Ok(Listed { entry, source: ByteSource { url: self.keep(resolve(&self.base, &address)?)?, range: None } })
        });
        listed.collect()
    }

    fn base_file(&self) -> ByteSource {
        ByteSource { url: self.queried(self.base.clone()), range: None }
    }

    fn list(&self, info: &SegmentInfo<'_, '_>) -> Result<Vec<Listed>, ManifestError> {
        let urls = info.segment_urls();
        if urls.len() > MAX_SEGMENTS {
            return Err(too_many_segments());
        }
        let listed = self.entries(info, Some(urls.len() as u64))?.into_iter().zip(urls).map(|(entry, element)| {
            let url = element.attribute("media").map_or(Ok(self.base.clone()), |media| resolve(&self.base, media))?;
            let range = element.attribute("mediaRange").map(byte_range).transpose()?;
            Ok(Listed { entry, source: ByteSource { url: self.keep(url)?, range } })
        });
        listed.collect()
    }

    /// Media time at which the period begins. A timeline that lies outside of the period altogether was written without
    /// one: then it is where the timeline begins.
    fn offset(&self, info: &SegmentInfo<'_, '_>) -> Result<u64, ManifestError> {
        let stated = info.number("presentationTimeOffset")?.unwrap_or(0);
        let (Pace::Timeline(timeline), Some(end), None) = (info.pace()?, self.place.end, self.place.edge) else {
            return Ok(stated);
        };
        let (first, last) = timeline::extent(timeline)?;
        let timescale = info.timescale()?;
        let is_later = nanos(i128::from(first) - i128::from(stated), timescale) >= end - self.place.start;
        let is_outside = is_later || last.is_some_and(|last| last <= stated);
        if is_outside {
            tracing::warn!(representation = self.id, "a timeline lies outside of its period");
        }
        Ok(if is_outside { first } else { stated })
    }

    /// When segments begin and end. `at_most` is their number where it is known.
    fn entries(&self, info: &SegmentInfo<'_, '_>, at_most: Option<u64>) -> Result<Vec<Entry>, ManifestError> {
        let timescale = info.timescale()?;
        let offset = self.offset(info)?;
        let first_number = info.number("startNumber")?.unwrap_or(1);
        let last_number = info.number("endNumber")?;
        let Place { start, end, edge, .. } = *self.place;
        let ticks = |time: Nanos| (time - start).max(0).saturating_mul(i128::from(timescale)).div_euclid(SECOND);
        let mut entries = match info.pace()? {
            Pace::Timeline(timeline) => {
                let media_time = |time: Nanos| {
                    let length = (time - start).max(0).saturating_mul(i128::from(timescale)) as u128;
                    let time = length.div_ceil(SECOND as u128).saturating_add(u128::from(offset));
                    u64::try_from(time).unwrap_or(u64::MAX)
                };
                let end = end.map(|end| media_time(end - ROUNDING));
                let edge = edge.map(|(_, to)| media_time(to));
                timeline::expand(timeline, Bounds { first_number, last_number, end, edge })?
            }
            Pace::Constant(duration) => {
                let every = i128::from(duration);
                let whole = |count: i128| u64::try_from(count).unwrap_or(u64::MAX);
                // The first segment may begin beside the period, and the last end before it.
                let (before, beyond) = (info.difference("eptDelta")?, info.difference("pdDelta")?);
                let by_end = end.map(|end| {
                    let length = ticks(end - ROUNDING);
                    whole(
                        (length.min(length + i128::from(before) + i128::from(beyond)) - i128::from(before)) / every + 1,
                    )
                });
                // Of a stream that goes on, segments are there once they are complete.
                let by_edge = edge.map(|(_, to)| whole(ticks(to) / every));
                let by_number = last_number.map(|last| last.saturating_add(1).saturating_sub(first_number));
                let count = [by_end, by_edge, by_number, at_most].into_iter().flatten().min();
                let count = count.ok_or(ManifestError::Unsupported("numbered segments without an end"))?;
                let first = edge.map_or(0, |(from, _)| whole(ticks(from) / every));
                if count.saturating_sub(first) > MAX_SEGMENTS as u64 {
                    return Err(too_many_segments());
                }
                let entry = |position: u64| {
                    // Times count from the period's beginning, whatever the media's own clock says.
                    let start = offset.saturating_add_signed(before).saturating_add(position.saturating_mul(duration));
                    let number = first_number.saturating_add(position);
                    Entry { start, duration, time: start, number, sub_number: 1 }
                };
                (first..count).map(entry).collect()
            }
            Pace::Single => {
                let end = end.ok_or(ManifestError::Unsupported("a segment without a duration"))?;
                let duration = u64::try_from(ticks(end)).unwrap_or(u64::MAX).max(1);
                vec![Entry { start: offset, duration, time: offset, number: first_number, sub_number: 1 }]
            }
        };
        if let Some(at_most) = at_most {
            entries.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
        }
        Ok(entries)
    }

    fn init(&self, info: &SegmentInfo<'_, '_>) -> Result<Option<InitSource>, ManifestError> {
        let source = match (info.attribute("initialization"), info.child("Initialization")) {
            (Some(template), _) => {
                let address = Template::parse(template).fill(&self.values());
                Some(ByteSource { url: resolve(&self.base, &address)?, range: None })
            }
            (None, Some(element)) => Some(source_of(element, &self.base)?),
            (None, None) => None,
        };
        let queried = |source: ByteSource| ByteSource { url: self.queried(source.url), ..source };
        Ok(source.map(|source| InitSource { source: queried(source), cipher: None }))
    }

    /// Segments on the presentation's timeline, without what lies outside the period.
    fn listed(&self, info: &SegmentInfo<'_, '_>, listed: Vec<Listed>) -> Result<IndexPart, ManifestError> {
        let timescale = info.timescale()?;
        let offset = self.offset(info)?;
        let init = self.init(info)?;
        let timing = self.timing(offset, timescale);
        let shift = self.place.start - nanos(offset, timescale);
        let init_bytes = init.as_ref().map_or(0, |init| init.source.url.as_str().len());
        let mut segments = Vec::with_capacity(listed.len());
        for (position, Listed { entry, source }) in listed.into_iter().enumerate() {
            let begin = i128::from(entry.start);
            let start = (shift + nanos(begin, timescale)).max(self.place.start);
            let end = shift + nanos(begin + i128::from(entry.duration), timescale);
            let end = self.place.end.map_or(end, |last| end.min(last));
            if end <= start {
                continue;
            }
            let cipher: Option<SegmentCipher> = self
                .crypto
                .map(|crypto| crypto.cipher(position as u64, entry.number, &self.base))
                .transpose()?
                .flatten();
            self.spend(init_bytes + cipher.as_ref().map_or(0, |cipher| cipher.key.as_str().len()))?;
            segments.push(SegmentRef {
                number: entry.number,
                start: media_time(start),
                duration: length(end - start),
                source,
                init: init.clone(),
                epoch: self.place.epoch,
                timing,
                gap: false,
                cipher,
            });
        }
        Ok(IndexPart::Known(segments))
    }
}

/// Makes each segment end where the next begins: overlaps are cut, short holes are stretched over, long ones become
/// gaps. Segments that begin no later than the one before are dropped, and the rest is numbered from zero.
pub fn close_gaps(segments: Vec<SegmentRef>) -> Vec<SegmentRef> {
    let mut closed: Vec<SegmentRef> = Vec::with_capacity(segments.len());
    for segment in segments {
        if let Some(last) = closed.last_mut() {
            if segment.start <= last.start {
                continue;
            }
            let hole = segment.start.duration_since(last.end());
            if hole <= HOLE {
                last.duration = segment.start.duration_since(last.start);
            } else {
                let gap = gap(last, last.end(), hole);
                closed.push(gap);
            }
        }
        closed.push(segment);
    }
    for (number, segment) in closed.iter_mut().enumerate() {
        segment.number = number as u64;
    }
    closed
}

/// Time in which nothing is there, beside `neighbour`.
pub(super) fn gap(neighbour: &SegmentRef, start: abr::MediaTime, duration: Duration) -> SegmentRef {
    SegmentRef { start, duration, init: None, gap: true, cipher: None, ..neighbour.clone() }
}
