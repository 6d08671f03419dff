//! MPEG-DASH (ISO/IEC 23009-1, DASH-IF IOP) to [`Presentation`].
//!
//! A manifest is read into elements (`xml`, which takes what is not well-formed), periods get their places on the
//! timeline (`periods`), adaptation sets their segments (`adaptation`, `segments`), and sets of all periods are
//! chained into tracks (`groups`). A part that cannot be played is left out with a reason; the rest plays.
//!
//! The period of a segment is its epoch. Times are whole nanoseconds throughout.

mod adaptation;
mod base;
mod captions;
mod codecs;
mod descriptors;
mod events;
mod groups;
mod info;
#[cfg(test)]
mod limit_tests;
mod links;
mod periods;
mod protection;
mod query;
mod segments;
#[cfg(test)]
mod stream_tests;
mod template;
#[cfg(test)]
mod tests;
mod time;
mod timeline;
mod xml;

pub use links::{MAX_LINK_ROUNDS, remote_links, resolve_links};
pub use segments::close_gaps;

use super::{Exclusion, IndexPart, ManifestError, Presentation, TimedEvent};
use adaptation::{Context, Findings};
use base::base_of;
use groups::PeriodSets;
use periods::{Place, Whole};
use time::Nanos;
use url::Url;
use xml::Element;

/// Segments of one representation: more than two days of two seconds each.
const MAX_SEGMENTS: usize = 100_000;
/// Segments of all representations and tracks.
const MAX_SEGMENTS_IN_ALL: usize = 400_000;
/// A day with an advertisement break every three minutes.
const MAX_PERIODS: usize = 1000;
/// Adaptation sets in all periods.
const MAX_SETS: usize = 4096;
/// Representations of all adaptation sets.
const MAX_REPRESENTATIONS: usize = 8192;
/// Elements looked at for the sake of representations that inherit them: ten thousand lines of a timeline for each of a
/// hundred representations are a hundredth of it.
const MAX_INHERITED: usize = 100_000_000;
/// Announcements that differ: a key for each of a few tracks in a few dozen periods.
const MAX_PROTECTIONS: usize = 256;
/// Words about what was left out.
const MAX_EXCLUSIONS: usize = 256;
/// Bytes of a name that is repeated with whatever inherits it.
const MAX_NAME: usize = 1024;

/// Does this begin as an MPD does?
pub fn is_mpd(text: &[u8]) -> bool {
    let head = &text[..text.len().min(4096)];
    // A namespace prefix stands between, or zeros (UTF-16).
    let letters: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
    let is_name = |name: &[u8]| letters.windows(name.len()).any(|window| window == name);
    is_name(b"<MPD") || (is_name(b":MPD") && is_name(b"urn:mpeg:dash:schema:mpd"))
}

/// Reads an MPD. `base` is its address after redirects. Of a live stream, what is listed is taken as it stands.
pub fn presentation(text: &[u8], base: &Url) -> Result<Presentation, ManifestError> {
    let text = xml::decode(text);
    let roots = xml::parse(&text)?;
    let mpd = roots.iter().find(|root| root.name == "MPD").ok_or(ManifestError::NotAPlaylist("there is no MPD"))?;
    if let Err(property) = descriptors::essentials(&[mpd]) {
        tracing::info!(property, "the manifest demands what is not known");
        return Err(ManifestError::Unsupported("an essential property of the whole manifest"));
    }
    let whole = Whole::of(mpd);
    let mut read = Read::of(mpd, base, whole, 0)?;
    if whole.dynamic {
        // A live stream's clock counts from long ago: the presentation begins with what is there.
        match read.beginning() {
            Some(beginning) => read = Read::of(mpd, base, whole, beginning)?,
            None => return Err(ManifestError::Unsupported("live streams")),
        }
    }
    let Read { periods, events, findings } = read;
    let Findings { excluded, protections, error, .. } = findings;
    let tracks = groups::tracks(periods)?;
    if tracks.tracks.is_empty() && tracks.thumbnails.is_empty() {
        return Err(error.unwrap_or(ManifestError::Empty));
    }
    Ok(Presentation {
        protections,
        trick_play: tracks.trick_play,
        thumbnails: tracks.thumbnails,
        events,
        closed_captions: captions::announced(&tracks.tracks),
        mirrors: base::mirrors(mpd, base),
        excluded,
        ..Presentation::of(tracks.tracks)
    })
}

/// All periods, before they are chained.
struct Read {
    periods: Vec<PeriodSets>,
    events: Vec<TimedEvent>,
    findings: Findings,
}

impl Read {
    /// `origin` becomes the zero of the timeline.
    fn of(mpd: &Element<'_>, base: &Url, whole: Whole, origin: Nanos) -> Result<Self, ManifestError> {
        let manifest = base;
        let base = base_of(mpd, base);
        let mut read = Self { periods: Vec::new(), events: Vec::new(), findings: Findings::default() };
        let placed = periods::place(mpd, whole, origin, &mut read.findings.excluded)?;
        let (mut sets, mut representations, mut inherited) = (0, 0, 0usize);
        for (period, place) in placed {
            for set in period.all("AdaptationSet") {
                let own = set.all("Representation").count();
                sets += 1;
                representations += own;
                inherited = inherited.saturating_add((own + 1).saturating_mul(heirlooms(set) + heirlooms(period)));
            }
            if sets > MAX_SETS {
                return Err(ManifestError::LimitExceeded { what: "adaptation sets", max: MAX_SETS });
            }
            if inherited > MAX_INHERITED {
                return Err(ManifestError::LimitExceeded { what: "inherited elements", max: MAX_INHERITED });
            }
            if representations > MAX_REPRESENTATIONS {
                return Err(ManifestError::LimitExceeded { what: "representations", max: MAX_REPRESENTATIONS });
            }
            read.period((mpd, manifest), period, place, &base)?;
        }
        Ok(read)
    }

    fn period<'a>(
        &mut self,
        (mpd, manifest): (&Element<'a>, &Url),
        period: &Element<'a>,
        place: Place,
        base: &Url,
    ) -> Result<(), ManifestError> {
        let id = period.attribute("id").unwrap_or_default().to_owned();
        if let Err(property) = descriptors::essentials(&[period]) {
            let why = format!("it demands {property}, which is not known");
            exclude(&mut self.findings.excluded, format!("period {id}"), why);
            return Ok(());
        }
        events::collect(period, &place, &mut self.events)?;
        let base = base_of(period, base);
        let mut sets = Vec::new();
        for set in period.all("AdaptationSet").filter(|set| !links::resolves_to_zero(set)) {
            let context = Context { mpd, manifest, period, set, place: &place, base: &base };
            sets.extend(adaptation::read(context, &mut self.findings)?);
        }
        let asset = period.child("AssetIdentifier").map(|asset| {
            let part = |name: &str| asset.attribute(name).unwrap_or_default();
            format!("{} {}", part("schemeIdUri"), part("value"))
        });
        let sets = groups::merge(sets, &mut self.findings.excluded);
        self.periods.push(PeriodSets { id, place, asset, base, sets });
        Ok(())
    }

    /// Where the first segment begins that can be seen or heard.
    fn beginning(&self) -> Option<Nanos> {
        let of_period = |period: &PeriodSets| {
            let encodings = period.sets.iter().flat_map(|set| &set.representations);
            let first = encodings.filter_map(|encoding| match &*encoding.part {
                IndexPart::Known(segments) => segments.first().map(|segment| Nanos::from(segment.start.nanos())),
                IndexPart::File(_) => Some(period.place.start),
            });
            first.min()
        };
        self.periods.iter().find_map(of_period)
    }
}

/// Elements in `holder` that each representation below it looks through.
fn heirlooms(holder: &Element<'_>) -> usize {
    let lines = holder.children.iter().filter(|child| child.name.starts_with("Segment"));
    let timelines = lines.map(|info| info.children.iter().map(|child| 1 + child.children.len()).sum::<usize>());
    holder.children.len() + timelines.sum::<usize>()
}

/// Adds a word about what is left out, while there is room.
fn exclude(excluded: &mut Vec<Exclusion>, what: String, why: impl Into<String>) {
    if excluded.len() < MAX_EXCLUSIONS {
        excluded.push(Exclusion { what: short(&what), why: short(&why.into()) });
    }
}

/// The beginning of a name.
fn short(name: &str) -> String {
    name[..name.floor_char_boundary(MAX_NAME)].to_owned()
}

fn too_many_segments() -> ManifestError {
    ManifestError::LimitExceeded { what: "segments", max: MAX_SEGMENTS }
}

fn too_many_segments_in_all() -> ManifestError {
    ManifestError::LimitExceeded { what: "segments of all tracks", max: MAX_SEGMENTS_IN_ALL }
}
