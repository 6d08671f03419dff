//! Which picture stands for a time, and what has to be fetched to have it.

use super::picture::{Cut, Grid};
use super::sprites::Sprite;
use super::{MAX_SIDE, ThumbnailError};
use crate::container::{Init, bmff};
use crate::manifest::{ByteSource, InitSource, SegmentIndex, SegmentRef, Tiles};
use abr::MediaTime;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// Pictures beside each other, and on top of each other.
const MAX_TILES: u32 = 1000;
/// Pictures in one grid: more than an hour of one a second.
const MAX_TILES_IN_ALL: u32 = 4096;
/// A segment that is longer has several key frames worth being told apart, this far from each other.
const KEY_FRAME_STEP: Duration = Duration::from_secs(5);
/// A segment that is longer than this, and does not say where its key frames are, is a whole film.
const MAX_SEGMENT: Duration = Duration::from_secs(120);

/// A picture: which of the things that are fetched as one it is in, and which of those in there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) unit: u32,
    pub(super) part: u32,
}

/// A source whose list is known.
#[derive(Debug)]
pub(super) enum Plan {
    Tiles(TilePlan),
    Sprites(SpritePlan),
    KeyFrames(KeyFramePlan),
}

impl Plan {
    /// Where the picture for a time is; `None` where there is none. Times outside mean the first and the last.
    pub(super) fn slot(&self, time: MediaTime) -> Option<Slot> {
        match self {
            Self::Tiles(plan) => plan.slot(time),
            Self::Sprites(plan) => plan.slot(time),
            Self::KeyFrames(plan) => plan.slot(time),
        }
    }

    /// A time after this picture's, and one before it: those of its neighbours.
    pub(super) fn neighbours(&self, slot: Slot) -> [Option<Slot>; 2] {
        let (start, end) = self.span(slot);
        let before = (start > MediaTime::ZERO).then(|| start - Duration::from_millis(1));
        let near = |time: MediaTime| self.slot(time).filter(|near| *near != slot);
        [near(end), before.and_then(near)]
    }

    /// From when to when a picture stands.
    pub(super) fn span(&self, slot: Slot) -> (MediaTime, MediaTime) {
        match self {
            Self::Tiles(plan) => plan.span(slot),
            Self::Sprites(plan) => plan.sprites.get(slot.part as usize).map_or_else(nowhere, |it| (it.start, it.end)),
            Self::KeyFrames(plan) => plan.span(slot),
        }
    }

    /// Pictures with these spans, one per unit.
    pub(super) fn of_times(spans: impl Iterator<Item = (MediaTime, MediaTime)>) -> Self {
        let file = |unit: usize| Url::parse(&format!("data:,{unit}")).expect("a number makes an address");
        let sprites = spans.enumerate().map(|(unit, (start, end))| Sprite { start, end, url: file(unit), cut: None });
        let plan = SpritePlan::new(sprites.collect());
        Self::Sprites(SpritePlan { by_unit: true, ..plan })
    }
}

fn nowhere() -> (MediaTime, MediaTime) {
    (MediaTime::ZERO, MediaTime::ZERO)
}

/// Grids of pictures, one per segment.
#[derive(Debug)]
pub(super) struct TilePlan {
    pub(super) segments: Vec<SegmentRef>,
    pub(super) grid: Grid,
    /// How long one picture stands; absent: its share of the segment.
    each: Option<Duration>,
}

impl TilePlan {
    /// Of a list of grids. `tiles` is what the manifest says of them, `whole` how long a full grid stands, where it says
    /// that: the last one of a period may be cut.
    pub(super) fn new(index: SegmentIndex, tiles: Tiles, whole: Option<Duration>) -> Result<Self, ThumbnailError> {
        let tiles = index.tiles.unwrap_or(tiles);
        let Tiles { columns, rows, width, height, duration } = tiles;
        let limit = |what, max: u32| ThumbnailError::LimitExceeded { what, max: u64::from(max) };
        if columns == 0 || rows == 0 || columns > MAX_TILES || rows > MAX_TILES {
            return Err(limit("pictures beside each other", MAX_TILES));
        }
        if columns * rows > MAX_TILES_IN_ALL {
            return Err(limit("pictures in a grid", MAX_TILES_IN_ALL));
        }
        let mut segments = index.segments;
        segments.retain(|segment| !segment.gap && !segment.duration.is_zero());
        if segments.is_empty() {
            return Err(ThumbnailError::NothingThere);
        }
        let by_grid = whole.map(|whole| whole / (columns * rows));
        let each = duration.or(by_grid).filter(|each| !each.is_zero());
        Ok(Self { segments, grid: Grid { columns, rows, width, height }, each })
    }

    /// How long each picture of a segment stands.
    fn each(&self, segment: &SegmentRef) -> Duration {
        let share = segment.duration / (self.grid.columns * self.grid.rows);
        self.each.unwrap_or(share).max(Duration::from_millis(1))
    }

    /// Pictures in a segment. The last grid may be filled in part.
    pub(super) fn count(&self, segment: &SegmentRef) -> u32 {
        let filled = segment.duration.as_nanos().div_ceil(self.each(segment).as_nanos());
        u32::try_from(filled).unwrap_or(u32::MAX).clamp(1, self.grid.columns * self.grid.rows)
    }

    fn slot(&self, time: MediaTime) -> Option<Slot> {
        let unit = position_at(&self.segments, time)?;
        let segment = &self.segments[unit];
        let into = time.duration_since(segment.start).as_nanos() / self.each(segment).as_nanos();
        let part = u32::try_from(into).unwrap_or(u32::MAX).min(self.count(segment) - 1);
        Some(Slot { unit: u32::try_from(unit).ok()?, part })
    }

    fn span(&self, slot: Slot) -> (MediaTime, MediaTime) {
        let Some(segment) = self.segments.get(slot.unit as usize) else { return nowhere() };
        let each = self.each(segment);
        let start = segment.start + each.saturating_mul(slot.part);
        let is_last = slot.part + 1 >= self.count(segment);
        (start, if is_last { segment.end().max(start) } else { start + each })
    }
}

/// The last segment that begins at or before a time, else the first.
fn position_at(segments: &[SegmentRef], time: MediaTime) -> Option<usize> {
    let after = segments.partition_point(|segment| segment.start <= time);
    (!segments.is_empty()).then(|| after.saturating_sub(1))
}

/// Parts of pictures, listed one by one.
#[derive(Debug)]
pub(super) struct SpritePlan {
    /// By their time.
    pub(super) sprites: Vec<Sprite>,
    /// The pictures that they are cut from; what is fetched as one.
    pub(super) files: Vec<Url>,
    of_file: Vec<u32>,
    /// Slots are numbered by unit alone.
    by_unit: bool,
}

impl SpritePlan {
    pub(super) fn new(mut sprites: Vec<Sprite>) -> Self {
        sprites.sort_by_key(|sprite| sprite.start);
        let mut files: Vec<Url> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let of_file = sprites.iter().map(|sprite| {
            *known.entry(sprite.url.clone()).or_insert_with(|| {
                files.push(sprite.url.clone());
                files.len() as u32 - 1
            })
        });
        let of_file = of_file.collect();
        Self { sprites, files, of_file, by_unit: false }
    }

    fn slot(&self, time: MediaTime) -> Option<Slot> {
        let after = self.sprites.partition_point(|sprite| sprite.start <= time);
        let part = u32::try_from(after.saturating_sub(1)).ok()?;
        let unit = *self.of_file.get(part as usize)?;
        Some(Slot { unit, part: if self.by_unit { 0 } else { part } })
    }

    /// The sprites of one file, with their numbers.
    pub(super) fn of(&self, unit: u32) -> impl Iterator<Item = (u32, &Sprite)> {
        let numbered = self.sprites.iter().enumerate().map(|(part, sprite)| (part as u32, sprite));
        numbered.filter(move |(part, _)| self.of_file.get(*part as usize) == Some(&unit))
    }
}

/// Key frames, to be decoded.
#[derive(Debug)]
pub(super) struct KeyFramePlan {
    pub(super) frames: KeyFrames,
    /// Initialisations that have been read; few, since all segments share one or some.
    pub(super) inits: Mutex<Vec<(InitSource, Arc<Init>)>>,
}

/// Where key frames are.
#[derive(Debug)]
pub(super) enum KeyFrames {
    /// At the beginning of segments, and within the long ones.
    InSegments(Vec<SegmentRef>),
    /// Where a plain file's tables say.
    Listed { url: Url, table: Box<bmff::KeyFrameTable> },
}

impl KeyFramePlan {
    /// Of a list of segments, each of which begins with a key frame.
    pub(super) fn of_segments(index: SegmentIndex) -> Result<Self, ThumbnailError> {
        let mut segments = index.segments;
        segments.retain(|segment| !segment.gap && segment.duration <= MAX_SEGMENT);
        if segments.is_empty() {
            return Err(ThumbnailError::NothingThere);
        }
        Ok(Self { frames: KeyFrames::InSegments(segments), inits: Mutex::default() })
    }

    /// Of the tables of a plain file.
    pub(super) fn of_table(url: Url, table: bmff::KeyFrameTable) -> Result<Self, ThumbnailError> {
        if table.frames.is_empty() {
            return Err(ThumbnailError::NothingThere);
        }
        Ok(Self { frames: KeyFrames::Listed { url, table: Box::new(table) }, inits: Mutex::default() })
    }

    fn slot(&self, time: MediaTime) -> Option<Slot> {
        let (unit, part) = match &self.frames {
            KeyFrames::InSegments(segments) => {
                let unit = position_at(segments, time)?;
                let segment = &segments[unit];
                // The last part is not shorter than the others.
                let parts = segment.duration.as_nanos() / KEY_FRAME_STEP.as_nanos();
                let into = time.duration_since(segment.start).as_nanos() / KEY_FRAME_STEP.as_nanos();
                (unit, u32::try_from(into.min(parts.saturating_sub(1))).ok()?)
            }
            KeyFrames::Listed { table, .. } => {
                let after = table.frames.partition_point(|frame| frame.time <= time);
                (after.saturating_sub(1), 0)
            }
        };
        Some(Slot { unit: u32::try_from(unit).ok()?, part })
    }

    fn span(&self, slot: Slot) -> (MediaTime, MediaTime) {
        let unit = slot.unit as usize;
        match &self.frames {
            KeyFrames::InSegments(segments) => {
                let Some(segment) = segments.get(unit) else { return nowhere() };
                let start = segment.start + KEY_FRAME_STEP.saturating_mul(slot.part);
                let rest = segment.end().duration_since(start);
                (start, if rest < KEY_FRAME_STEP * 2 { segment.end() } else { start + KEY_FRAME_STEP })
            }
            KeyFrames::Listed { table, .. } => {
                let Some(frame) = table.frames.get(unit) else { return nowhere() };
                let next = table.frames.get(unit + 1).map(|next| next.time);
                (frame.time, next.unwrap_or(frame.time + KEY_FRAME_STEP))
            }
        }
    }
}

/// Where the parts of a fetched picture are, and what they stand for.
pub(super) struct Parts {
    pub(super) source: ByteSource,
    pub(super) cuts: Vec<(Slot, (MediaTime, MediaTime), Cut)>,
}

impl TilePlan {
    /// All pictures of a segment.
    pub(super) fn parts(&self, unit: u32) -> Option<Parts> {
        let segment = self.segments.get(unit as usize)?;
        let cuts = (0..self.count(segment)).map(|part| {
            let slot = Slot { unit, part };
            (slot, self.span(slot), Cut::Tile(self.grid, part))
        });
        Some(Parts { source: segment.source.clone(), cuts: cuts.collect() })
    }
}

impl SpritePlan {
    /// All pictures of a file.
    pub(super) fn parts(&self, unit: u32) -> Option<Parts> {
        let url = self.files.get(unit as usize)?.clone();
        let cuts = self.of(unit).map(|(part, sprite)| {
            let cut = sprite.cut.map_or(Cut::Whole, Cut::Rectangle);
            (Slot { unit, part }, (sprite.start, sprite.end), cut)
        });
        Some(Parts { source: ByteSource { url, range: None }, cuts: cuts.collect() })
    }
}

/// Size to which a picture is brought: not above [`MAX_SIDE`], its shape kept.
pub(super) fn fitting((width, height): (u32, u32)) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= MAX_SIDE {
        return (width, height);
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(MAX_SIDE) / u64::from(longest);
        u32::try_from(side).unwrap_or(MAX_SIDE).max(1)
    };
    (scaled(width), scaled(height))
}
