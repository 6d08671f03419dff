//! What is to be fetched for a plan, and for a picture of it.

use super::picture::{self, MAX_FILE};
use super::plan::{KeyFramePlan, KeyFrames, Parts, Plan, Slot, SpritePlan, TilePlan};
use super::source::Source;
use super::sprites::{join, sprites};
use super::{MAX_SIDE, Thumbnail, ThumbnailError};
use crate::container::{self, ContainerError, Demuxed, Init, MediaStream, Sample, SampleCipher, TrackFormat, bmff, ts};
use crate::loader::{Loader, blocking};
use crate::manifest::{ByteSource, CipherMethod, InitSource, SegmentRef, Tiles, TrackKind};
use crate::net::FetchError;
use crate::pipeline::StillDecoder;
use crate::session::LoadFailure;
use crate::session::timeline::{Timelines, place};
use abr::MediaTime;
use bytes::Bytes;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Bytes of a segment that are asked for first: the key frame of a small rung is among them.
const LEAD: u64 = 96 << 10;
/// Bytes of a list of sprites.
const MAX_LIST: u64 = 4 << 20;
/// Bytes of one key frame: of one in the best quality there is, several times over.
const MAX_KEY_FRAME: u32 = 16 << 20;
/// A plain file that is longer is looked at by its tables.
const PLAIN: Duration = Duration::from_secs(10);
/// Initialisations remembered.
const MAX_INITS: usize = 16;
/// A key frame that begins this much later than was asked for is still the one that was meant: manifests round.
const ROUNDING: Duration = Duration::from_millis(50);

/// What decodes key frames.
pub(super) type Stills = Arc<dyn StillDecoder>;

/// A key frame in the clear, and what it needs.
struct KeyFrame {
    format: Arc<TrackFormat>,
    sample: Sample,
}

impl Loader {
    /// Reads the list of a source.
    pub(super) async fn plan(&self, source: &Source) -> Result<Plan, ThumbnailError> {
        match source {
            Source::Tiles(track) => {
                let index = self.list(&track.index).await?;
                let (columns, rows, width, height) = (track.columns, track.rows, track.width, track.height);
                let tiles = Tiles { columns, rows, width, height, duration: None };
                TilePlan::new(index, tiles, track.whole).map(Plan::Tiles)
            }
            Source::SpriteList(files) => {
                let mut found = Vec::new();
                for file in files {
                    let fetched = self.fetch(file.clone(), MAX_LIST, Arc::new(|_| {})).await?;
                    join(&mut found, blocking(move || sprites(&fetched.body, &fetched.url)).await?)?;
                }
                Ok(Plan::Sprites(SpritePlan::new(found)))
            }
            Source::KeyFrames(index) => {
                let index = self.list(index).await?;
                if let [only] = &index.segments[..]
                    && (only.init.is_none() && only.source.range.is_none() && only.cipher.is_none())
                    && only.duration > PLAIN
                {
                    let url = only.source.url.clone();
                    let Some(moov) = self.moov(&url).await? else { return Err(ThumbnailError::NothingThere) };
                    let table = blocking(move || bmff::KeyFrameTable::parse(&moov)).await;
                    return KeyFramePlan::of_table(url, table.map_err(LoadFailure::Container)?).map(Plan::KeyFrames);
                }
                KeyFramePlan::of_segments(index).map(Plan::KeyFrames)
            }
        }
    }

    /// Fetches what a picture is in, and makes all pictures that are in it.
    pub(super) async fn pictures(
        &self,
        plan: &Plan,
        slot: Slot,
        stills: Option<&Stills>,
    ) -> Result<Vec<(Slot, Thumbnail)>, ThumbnailError> {
        match plan {
            Plan::Tiles(tiles) => {
                let segment = tiles.segments.get(slot.unit as usize).ok_or(ThumbnailError::NothingThere)?;
                let whole = segment.cipher.as_ref().filter(|cipher| cipher.method == CipherMethod::Whole);
                let parts = tiles.parts(slot.unit).ok_or(ThumbnailError::NothingThere)?;
                let fetched = self.fetch(parts.source.clone(), MAX_FILE, Arc::new(|_| {})).await?;
                let body = match whole {
                    Some(cipher) => self.decrypt_whole(fetched.body, cipher).await?,
                    None => fetched.body,
                };
                cut(body, parts, slot).await
            }
            Plan::Sprites(list) => {
                let parts = list.parts(slot.unit).ok_or(ThumbnailError::NothingThere)?;
                let fetched = self.fetch(parts.source.clone(), MAX_FILE, Arc::new(|_| {})).await?;
                cut(fetched.body, parts, slot).await
            }
            Plan::KeyFrames(frames) => {
                let span = plan.span(slot);
                let stills = stills.ok_or(ThumbnailError::NoSource)?.clone();
                let KeyFrame { format, sample } = self.key_frame(frames, slot, span.0).await?;
                let made = blocking(move || {
                    let frame = stills.decode(&format, &sample, MAX_SIDE)?;
                    // Its own time; it may be earlier than what it stands for.
                    picture::of_frame((sample.pts, span.1), &frame)
                });
                Ok(vec![(slot, made.await?)])
            }
        }
    }

    async fn key_frame(&self, plan: &KeyFramePlan, slot: Slot, at: MediaTime) -> Result<KeyFrame, ThumbnailError> {
        match &plan.frames {
            KeyFrames::Listed { url, table } => {
                let listed = table.frames.get(slot.unit as usize).ok_or(ThumbnailError::NothingThere)?;
                if listed.size > MAX_KEY_FRAME {
                    return Err(ThumbnailError::LimitExceeded { what: "key frame", max: MAX_KEY_FRAME.into() });
                }
                let format = table.format(listed).map_err(LoadFailure::Container)?;
                let source = ByteSource { url: url.clone(), range: Some((listed.at, u64::from(listed.size))) };
                let fetched = self.fetch(source, u64::from(MAX_KEY_FRAME), Arc::new(|_| {})).await?;
                let sample = Sample {
                    pts: listed.time,
                    dts: listed.time,
                    duration: Duration::ZERO,
                    keyframe: true,
                    hidden: false,
                    data: fetched.body,
                    protection: None,
                };
                Ok(KeyFrame { format, sample })
            }
            KeyFrames::InSegments(segments) => {
                let segment = segments.get(slot.unit as usize).ok_or(ThumbnailError::NothingThere)?;
                let init = self.init_of(plan, segment).await?;
                let first = slot.part == 0;
                if let Some(found) = self.leading_key_frame(segment, init.clone(), first).await? {
                    return Ok(found);
                }
                let fetched = self.fetch(segment.source.clone(), self.limits.max_segment_bytes, Arc::new(|_| {}));
                let body = fetched.await?.body;
                let body = match segment.cipher.as_ref().filter(|cipher| cipher.method == CipherMethod::Whole) {
                    Some(cipher) => self.decrypt_whole(body, cipher).await?,
                    None => body,
                };
                let found = self.choose(segment, body, init, (at, false)).await?;
                found.ok_or(ThumbnailError::NothingThere)
            }
        }
    }

    /// The key frame at the beginning of a segment, from no more of it than needed; `None` if that cannot be.
    async fn leading_key_frame(
        &self,
        segment: &SegmentRef,
        init: Option<Arc<Init>>,
        first: bool,
    ) -> Result<Option<KeyFrame>, ThumbnailError> {
        let is_whole = segment.cipher.as_ref().is_some_and(|cipher| cipher.method == CipherMethod::Whole);
        let (start, length) = segment.source.range.unwrap_or((0, ByteSource::TO_THE_END));
        // What a playlist of key frames lists is short, and may end in the middle of what boxes claim.
        let is_short = length <= LEAD;
        if is_whole || (!first && !is_short) {
            return Ok(None);
        }
        let source = ByteSource { url: segment.source.url.clone(), range: Some((start, length.min(LEAD))) };
        let body = match self.fetch(source, LEAD, Arc::new(|_| {})).await {
            Ok(fetched) => fetched.body,
            // Servers without ranges send everything, or nothing.
            Err(LoadFailure::Fetch(FetchError::TooLarge { .. } | FetchError::WrongRange | FetchError::Status(416))) => {
                return Ok(None);
            }
            Err(failure) => return Err(failure.into()),
        };
        match self.choose(segment, body, init, (segment.start, true)).await {
            Err(ThumbnailError::Load(_)) if !is_short => Ok(None),
            found => found,
        }
    }

    /// The last key frame at or before a time, else the first, decrypted. Of a `lead` only what is whole is looked at.
    async fn choose(
        &self,
        segment: &SegmentRef,
        body: Bytes,
        init: Option<Arc<Init>>,
        (at, lead): (MediaTime, bool),
    ) -> Result<Option<KeyFrame>, ThumbnailError> {
        let cipher = match &segment.cipher {
            Some(cipher) if cipher.method == CipherMethod::Samples => {
                Some(SampleCipher { key: self.content_key_at(&cipher.key).await?, iv: cipher.iv })
            }
            _ => None,
        };
        let segment = segment.clone();
        let whole = body.clone();
        let chosen = blocking(move || {
            let init = init.as_deref();
            let is_all = segment.source.stated_length() == Some(body.len() as u64);
            let demuxed = match init {
                // A playlist of key frames cuts MP4 fragments and transport streams where the key frame ends.
                Some(Init::Bmff(_)) if lead => container::demux_key_frames(&body, init, cipher.as_ref()),
                _ if lead && ts::is_ts(&body) => {
                    let mut demuxed = container::demux_key_frames(&body, init, cipher.as_ref());
                    if let (Ok(demuxed), false) = (&mut demuxed, is_all) {
                        // The last picture of a beginning may go on behind it.
                        demuxed.streams.iter_mut().for_each(|stream| drop(stream.samples.pop()));
                    }
                    demuxed
                }
                _ if lead && !is_all => {
                    Err(ContainerError::Unsupported("the beginning of such a segment alone".into()))
                }
                _ => container::demux(&body, init, cipher.as_ref()),
            };
            demuxed.map(|demuxed| key_frame_at(&segment, demuxed, at))
        });
        let Some(stream) = chosen.await.map_err(LoadFailure::Container)? else { return Ok(None) };
        let format = stream.format.clone();
        let clear = self.decrypt(Demuxed { streams: vec![stream], ..Demuxed::default() }, &whole).await?;
        let sample = clear.streams.into_iter().flat_map(|stream| stream.samples).next();
        Ok(sample.map(|sample| KeyFrame { format, sample }))
    }

    async fn init_of(&self, plan: &KeyFramePlan, segment: &SegmentRef) -> Result<Option<Arc<Init>>, ThumbnailError> {
        let Some(source) = &segment.init else { return Ok(None) };
        let known = |inits: &[(InitSource, Arc<Init>)]| {
            inits.iter().find(|(known, _)| known == source).map(|(_, init)| init.clone())
        };
        if let Some(init) = known(&plan.inits.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(Some(init));
        }
        let init = self.init(source.clone()).await?;
        let mut inits = plan.inits.lock().unwrap_or_else(PoisonError::into_inner);
        if inits.len() == MAX_INITS {
            inits.remove(0);
        }
        inits.push((source.clone(), init.clone()));
        Ok(Some(init))
    }
}

/// The picture of `wanted` first, then its neighbours: a file may have more than are made of it.
async fn cut(body: Bytes, mut parts: Parts, wanted: Slot) -> Result<Vec<(Slot, Thumbnail)>, ThumbnailError> {
    parts.cuts.sort_by_key(|(slot, ..)| slot.part.abs_diff(wanted.part));
    blocking(move || picture::thumbnails(&body, &parts.cuts)).await
}

/// The stream of the picture with one key frame in it, on the presentation's timeline.
fn key_frame_at(segment: &SegmentRef, demuxed: Demuxed, at: MediaTime) -> Option<MediaStream> {
    // Each segment is placed for itself: pictures need not be exact to the frame, and the clock of an epoch may not be
    // known yet.
    let shift = Timelines::default().shift(segment, &demuxed, None);
    let videos = demuxed.streams.into_iter().filter(|stream| stream.kind == TrackKind::Video);
    let mut best: Option<MediaStream> = None;
    for mut stream in videos {
        place(&mut stream.samples, segment, shift);
        for sample in stream.samples.into_iter().filter(|sample| sample.keyframe) {
            let is_later =
                best.as_ref().and_then(|best| best.samples.first()).is_some_and(|best| best.pts <= sample.pts);
            if best.is_none() || (is_later && sample.pts <= at + ROUNDING) {
                let (kind, format) = (stream.kind, stream.format.clone());
                best = Some(MediaStream { kind, format, samples: vec![sample] });
            }
        }
    }
    best
}

/// Errors of parts of a presentation that will not be better a second time.
pub(super) fn is_final(error: &ThumbnailError) -> bool {
    !matches!(error, ThumbnailError::Load(_))
}

impl From<ContainerError> for ThumbnailError {
    fn from(error: ContainerError) -> Self {
        LoadFailure::Container(error).into()
    }
}
