//! Media playlists to [`SegmentIndex`], in one pass from top to bottom.

use super::attributes::Attributes;
use super::events::DateRanges;
use super::keys::{ActiveKeys, Applied};
use super::lines::{Line, lines};
use super::variables::Scope;
use super::{PlaylistContext, number, resolve};
use crate::manifest::{
    ByteSource, CipherMethod, InitSource, MAX_ADDRESSES, ManifestError, Protection, SegmentIndex, SegmentRef, Tiles,
    Timing,
};
use abr::MediaTime;
use std::collections::HashSet;
use std::time::Duration;
use url::Url;

/// Segments of one playlist. Twelve hours of two-second segments have 21,600.
const MAX_SEGMENTS: usize = 100_000;
/// No segment lasts longer. Subtitles of a whole film are often one.
const MAX_SEGMENT: Duration = Duration::from_secs(48 * 3600);
/// Pictures beside each other in a grid.
const MAX_TILES: u32 = 1000;

/// Reads a media playlist.
pub(super) fn read(text: &str, context: PlaylistContext<'_>) -> Result<SegmentIndex, ManifestError> {
    let mut reader = Reader::new(text, context);
    for line in lines(text) {
        match line {
            Line::Tag(name, value) => reader.tag(name, value)?,
            Line::Uri(uri) => reader.segment(uri)?,
        }
    }
    reader.finish()
}

#[derive(Debug)]
struct Reader<'a> {
    base: &'a Url,
    scope: Scope<'a>,
    media_sequence: u64,
    /// Of the next segment.
    epoch: u32,
    target_duration: Option<Duration>,
    keys: ActiveKeys,
    /// What the keys amount to; found out when a segment needs it.
    applied: Option<Applied>,
    init: Option<InitSource>,
    /// Is it ISO media? Known by the initialisation, which MPEG-TS seldom has.
    boxes: bool,
    /// Where a byte range without a start goes on.
    previous: Option<ByteSource>,
    next: Pending,
    start: MediaTime,
    addresses: usize,
    segments: Vec<SegmentRef>,
    protections: Vec<Protection>,
    known_protections: HashSet<Protection>,
    dates: DateRanges,
    tiles: Option<Tiles>,
}

/// What tags have said of the next segment.
#[derive(Debug, Default)]
struct Pending {
    duration: Option<Duration>,
    /// Length, and where it starts.
    range: Option<(u64, Option<u64>)>,
    gap: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &str, context: PlaylistContext<'a>) -> Self {
        // Their place is before the first segment; where a packager puts them behind it, they are meant all the same.
        let header = |wanted| {
            let value = lines(text).find_map(|line| match line {
                Line::Tag(name, value) if name == wanted => number::integer(value),
                _ => None,
            });
            value.unwrap_or_default()
        };
        Self {
            base: context.base,
            scope: Scope::new(context),
            media_sequence: header("#EXT-X-MEDIA-SEQUENCE"),
            epoch: u32::try_from(header("#EXT-X-DISCONTINUITY-SEQUENCE")).unwrap_or(u32::MAX),
            target_duration: None,
            keys: ActiveKeys::default(),
            applied: None,
            init: None,
            boxes: false,
            previous: None,
            next: Pending::default(),
            start: MediaTime::ZERO,
            addresses: 0,
            segments: Vec::new(),
            protections: Vec::new(),
            known_protections: HashSet::new(),
            dates: DateRanges::default(),
            tiles: None,
        }
    }

    fn tag(&mut self, name: &str, value: &str) -> Result<(), ManifestError> {
        match name {
            "#EXTINF" => {
                // The title may be anything, commas included.
                let duration = value.split(',').next().unwrap_or_default();
                let duration = number::seconds(duration).filter(|duration| *duration <= MAX_SEGMENT);
                let impossible = ManifestError::NotAPlaylist("a segment has an impossible duration");
                self.next.duration = Some(duration.ok_or(impossible)?);
            }
            "#EXT-X-BYTERANGE" => {
                self.next.range = Some(range(value).ok_or(ManifestError::NotAPlaylist("a byte range that is none"))?);
            }
            "#EXT-X-GAP" => self.next.gap = true,
            "#EXT-X-DISCONTINUITY" => self.epoch = self.epoch.saturating_add(1),
            "#EXT-X-KEY" => {
                let attributes = Attributes::parse(value, &self.scope)?;
                if self.keys.add(value, &attributes, self.base)? {
                    self.applied = None;
                }
            }
            "#EXT-X-MAP" => self.map(value)?,
            "#EXT-X-TARGETDURATION" => {
                self.target_duration = number::seconds(value).filter(|duration| *duration <= MAX_SEGMENT);
            }
            "#EXT-X-DEFINE" => self.scope.define(value)?,
            "#EXT-X-PROGRAM-DATE-TIME" => self.dates.clock(self.start, value),
            "#EXT-X-DATERANGE" => self.dates.add(&Attributes::parse(value, &self.scope)?, self.base)?,
            "#EXT-X-TILES" if self.tiles.is_none() => self.tiles = tiles(&Attributes::parse(value, &self.scope)?),
            _ => {}
        }
        Ok(())
    }

    fn map(&mut self, value: &str) -> Result<(), ManifestError> {
        let attributes = Attributes::parse(value, &self.scope)?;
        let uri = attributes.text("URI").ok_or(ManifestError::NotAPlaylist("an initialisation without an address"))?;
        let url = resolve(self.base, uri)?;
        let range = match attributes.text("BYTERANGE") {
            None => None,
            Some(text) => {
                let (length, start) = range(text).ok_or(ManifestError::NotAPlaylist("a byte range that is none"))?;
                Some((start.unwrap_or_default(), length))
            }
        };
        self.boxes = !url.path().to_ascii_lowercase().ends_with(".ts");
        self.applied = None;
        // A key that nobody can take is reported by the segments that need it.
        let cipher = match self.keys.applied(self.boxes).ok().and_then(|applied| applied.cipher) {
            Some((CipherMethod::Whole, key)) => Some(key.init_cipher()?),
            _ => None,
        };
        let init = InitSource { source: ByteSource { url, range }, cipher };
        if self.init.as_ref() != Some(&init) {
            // In one file, an initialisation lies between what it separates.
            self.previous = None;
            self.init = Some(init);
        }
        Ok(())
    }

    fn segment(&mut self, uri: &str) -> Result<(), ManifestError> {
        if self.segments.len() >= MAX_SEGMENTS {
            return Err(ManifestError::LimitExceeded { what: "segments", max: MAX_SEGMENTS });
        }
        let Pending { duration, range, gap } = std::mem::take(&mut self.next);
        let duration = duration.or(self.target_duration);
        let duration = duration.ok_or(ManifestError::NotAPlaylist("a segment without a duration"))?;
        let url = resolve(self.base, &self.scope.substitute(uri)?)?;
        let source = self.source(url, range)?;
        let number = self.media_sequence.saturating_add(self.segments.len() as u64);
        // What is not fetched needs no key.
        let cipher = if gap { None } else { self.applied()?.cipher.clone() };
        let cipher = cipher.map(|(method, key)| key.cipher(method, number));
        self.previous = Some(source.clone());
        let segment = SegmentRef {
            number,
            start: self.start,
            duration,
            source,
            init: self.init.clone(),
            epoch: self.epoch,
            timing: Timing::Listed,
            gap,
            cipher,
        };
        self.addresses = self.addresses.saturating_add(segment.address_bytes());
        if self.addresses > MAX_ADDRESSES {
            return Err(ManifestError::LimitExceeded { what: "bytes of addresses", max: MAX_ADDRESSES });
        }
        self.segments.push(segment);
        self.start += duration;
        Ok(())
    }

    /// A byte range without a start goes on where the previous segment ended, if that was a part of the same resource.
    fn source(&self, url: Url, range: Option<(u64, Option<u64>)>) -> Result<ByteSource, ManifestError> {
        let range = match range {
            None => None,
            Some((length, Some(start))) => Some((start, length)),
            Some((length, None)) => {
                let before = self.previous.as_ref().filter(|previous| previous.url == url).and_then(|last| last.range);
                let (start, before) = before.ok_or(ManifestError::NotAPlaylist("a byte range without a start"))?;
                let start = start.checked_add(before).filter(|start| start.checked_add(length).is_some());
                Some((start.ok_or(ManifestError::NotAPlaylist("a byte range that is none"))?, length))
            }
        };
        Ok(ByteSource { url, range })
    }

    fn applied(&mut self) -> Result<&Applied, ManifestError> {
        let applied = match self.applied.take() {
            Some(applied) => applied,
            None => {
                let applied = self.keys.applied(self.boxes)?;
                for protection in &applied.protections {
                    if self.known_protections.insert(protection.clone()) {
                        self.protections.push(protection.clone());
                    }
                }
                applied
            }
        };
        Ok(self.applied.insert(applied))
    }

    fn finish(self) -> Result<SegmentIndex, ManifestError> {
        if self.segments.is_empty() {
            return Err(ManifestError::Empty);
        }
        if self.start == MediaTime::ZERO {
            return Err(ManifestError::NotAPlaylist("its segments have no duration"));
        }
        let events = self.dates.events();
        Ok(SegmentIndex { segments: self.segments, protections: self.protections, events, tiles: self.tiles })
    }
}

/// `length[@start]`: at least one byte, and no end beyond what 64 bits can count.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (length, start) = match text.split_once('@') {
        Some((length, start)) => (length, Some(start.trim().parse::<u64>().ok()?)),
        None => (text, None),
    };
    let length = length.trim().parse::<u64>().ok().filter(|length| *length > 0)?;
    start.unwrap_or_default().checked_add(length)?;
    Some((length, start))
}

/// `EXT-X-TILES`, with which packagers describe playlists of pictures.
fn tiles(attributes: &Attributes<'_>) -> Option<Tiles> {
    let (columns, rows) = attributes.size("LAYOUT");
    let (width, height) = attributes.size("RESOLUTION");
    let duration = attributes.text("DURATION").and_then(number::seconds).filter(|duration| !duration.is_zero());
    let sound = (1..=MAX_TILES).contains(&columns) && (1..=MAX_TILES).contains(&rows);
    sound.then_some(Tiles { columns, rows, width, height, duration })
}
