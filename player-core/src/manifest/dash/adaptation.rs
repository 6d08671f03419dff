//! Adaptation sets of one period: what they are for, and their representations.

use super::super::{DynamicRange, Exclusion, IndexPart, ManifestError, Protection, TrackKind};
use super::base::base_of;
use super::codecs::{Family, kind_of};
use super::descriptors::{self, Essentials};
use super::info::{SegmentInfo, whole};
use super::periods::Place;
use super::protection::{self, CryptoPeriods};
use super::query::Query;
use super::segments::Source;
use super::xml::Element;
use super::{MAX_PROTECTIONS, MAX_SEGMENTS_IN_ALL, exclude, short, too_many_segments_in_all};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What a set is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Play(TrackKind),
    TrickPlay(TrackKind),
    Thumbnails { columns: u32, rows: u32 },
}

/// Interchangeable representations of one period and one codec family.
#[derive(Clone, Debug)]
pub(super) struct Set {
    pub(super) purpose: Purpose,
    pub(super) family: Family,
    /// As the manifest numbers it.
    pub(super) id: Option<String>,
    pub(super) language: Option<String>,
    pub(super) label: Option<String>,
    pub(super) roles: Vec<String>,
    /// The author's wish; higher is better.
    pub(super) priority: u64,
    /// Ids of periods whose set of the same id it continues.
    pub(super) continues: Vec<String>,
    /// At least one, ordered by bitrate.
    pub(super) representations: Vec<Encoding>,
}

/// One representation in one period.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    pub(super) id: String,
    pub(super) bandwidth: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frame_rate: Option<f32>,
    pub(super) channels: u16,
    pub(super) codecs: String,
    pub(super) dynamic_range: DynamicRange,
    /// How long a segment is, where all but the last are of one length.
    pub(super) whole: Option<Duration>,
    pub(super) part: Arc<IndexPart>,
}

impl Set {
    pub(super) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// Of sound; the most that any representation has.
    pub(super) fn channels(&self) -> u16 {
        self.representations.iter().map(|encoding| encoding.channels).max().unwrap_or(0)
    }
}

/// What is collected from all periods on the way.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) excluded: Vec<Exclusion>,
    pub(super) protections: Vec<Protection>,
    /// Segments of all representations so far.
    pub(super) segments: usize,
    /// Bytes of the addresses of these segments.
    pub(super) addresses: Cell<usize>,
    /// Why the first representation was left out.
    pub(super) error: Option<ManifestError>,
}

impl Findings {
    fn exclude(&mut self, what: String, why: impl Into<String>) {
        exclude(&mut self.excluded, what, why);
    }

    fn announce(&mut self, protection: Protection) {
        if self.protections.len() < MAX_PROTECTIONS && !self.protections.contains(&protection) {
            self.protections.push(protection);
        }
    }
}

/// An adaptation set and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'e, 'a> {
    pub(super) mpd: &'e Element<'a>,
    /// Address of the MPD.
    pub(super) manifest: &'e Url,
    pub(super) period: &'e Element<'a>,
    pub(super) set: &'e Element<'a>,
    pub(super) place: &'e Place,
    /// Base address of the period.
    pub(super) base: &'e Url,
}

impl Context<'_, '_> {
    /// For messages.
    fn name(&self) -> String {
        let id = self.set.attribute("id").or_else(|| self.set.attribute("contentType"));
        format!("adaptation set {} of period {}", id.unwrap_or("without a name"), self.place.epoch + 1)
    }
}

/// Reads an adaptation set: one [`Set`] for each codec family in it. What cannot be played goes to `findings`.
pub(super) fn read(context: Context<'_, '_>, findings: &mut Findings) -> Result<Vec<Set>, ManifestError> {
    let Context { mpd, manifest, period, set, place, base } = context;
    if let Err(property) = descriptors::essentials(&[set]) {
        findings.exclude(context.name(), format!("it demands {property}, which is not known"));
        return Ok(Vec::new());
    }
    let crypto = match CryptoPeriods::of(&[set, period]) {
        Ok(crypto) => crypto,
        Err(error) => {
            findings.exclude(context.name(), error.to_string());
            findings.error.get_or_insert(error);
            return Ok(Vec::new());
        }
    };
    let set_base = base_of(set, base);
    let mut sets: Vec<Set> = Vec::new();
    // Read once, with the first representation that is kept.
    let mut announced_by_set = Some(set);
    for representation in set.all("Representation") {
        let id = representation.attribute("id").unwrap_or_default();
        let name = || format!("representation {id} of {}", context.name());
        let kept = Kept::of(set, representation);
        let (purpose, family, whole_file) = match kept {
            Ok(kept) => (kept.purpose, kept.family, kept.whole_file),
            Err(why) => {
                findings.exclude(name(), why);
                continue;
            }
        };
        let bandwidth = representation.attribute("bandwidth").and_then(|text| whole(text).ok()).unwrap_or(0);
        let source = Source {
            id,
            bandwidth,
            base: base_of(representation, &set_base),
            info: SegmentInfo::of(&[representation, set, period]),
            place,
            whole_file,
            crypto: crypto.as_ref(),
            query: Query::of(&[representation, set, period, mpd], manifest),
            addresses: &findings.addresses,
        };
        let segment_length = source.segment_length();
        let part = match source.part() {
            Ok(IndexPart::Known(segments)) if segments.is_empty() => {
                findings.exclude(name(), "it lists nothing");
                continue;
            }
            Ok(part) => part,
            // Limits are there for the whole manifest.
            Err(error @ ManifestError::LimitExceeded { .. }) => return Err(error),
            Err(error) => {
                findings.exclude(name(), error.to_string());
                findings.error.get_or_insert(error);
                continue;
            }
        };
        if let IndexPart::Known(segments) = &part {
            findings.segments += segments.len();
            if findings.segments > MAX_SEGMENTS_IN_ALL {
                return Err(too_many_segments_in_all());
            }
        }
        let of_set = announced_by_set.take().and_then(|holder| protection::announced(holder, &set_base));
        let own = protection::announced(representation, &set_base);
        let announced = of_set.into_iter().chain(own);
        let says =
            |found: &Protection| !found.key_ids.is_empty() || found.licence_url.is_some() || !found.systems.is_empty();
        for found in announced.filter(says) {
            findings.announce(found);
        }
        let encoding = Encoding { whole: segment_length, ..encoding(representation, set, bandwidth, part) };
        match sets.iter_mut().find(|set| (set.purpose, set.family) == (purpose, family)) {
            Some(set) => set.representations.push(encoding),
            None => sets.push(empty_set(set, purpose, family, encoding)),
        }
    }
    for set in &mut sets {
        set.representations.sort_by_key(|encoding| encoding.bandwidth);
    }
    Ok(sets)
}

fn empty_set(set: &Element<'_>, purpose: Purpose, family: Family, encoding: Encoding) -> Set {
    let component = set.child("ContentComponent");
    let language = set.attribute("lang").or_else(|| component?.attribute("lang"));
    let label = set.child("Label").or_else(|| set.child("GroupLabel")).map(Element::text);
    let mut roles = descriptors::roles(set);
    roles.extend(component.map(descriptors::roles).unwrap_or_default());
    Set {
        purpose,
        family,
        id: set.attribute("id").map(str::to_owned),
        language: language.map(|tag| short(tag.trim())).filter(|tag| !tag.is_empty()),
        label: label
            .or_else(|| set.attribute("label").map(str::to_owned))
            .map(|label| short(&label))
            .filter(|label| !label.is_empty()),
        roles,
        priority: set.attribute("selectionPriority").and_then(|text| whole(text).ok()).unwrap_or(1),
        continues: descriptors::continues(set),
        representations: vec![encoding],
    }
}

fn encoding(representation: &Element<'_>, set: &Element<'_>, bandwidth: u64, part: IndexPart) -> Encoding {
    let holders = [representation, set];
    let attribute = |name: &str| holders.iter().find_map(|holder| holder.attribute(name));
    let pixels = |name: &str| attribute(name).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    Encoding {
        id: representation.attribute("id").unwrap_or_default().to_owned(),
        bandwidth,
        width: pixels("width"),
        height: pixels("height"),
        frame_rate: attribute("frameRate").and_then(frame_rate),
        channels: descriptors::channels(&holders),
        codecs: short(attribute("codecs").unwrap_or_default().trim()),
        dynamic_range: descriptors::dynamic_range(&holders),
        whole: None,
        part: Arc::new(part),
    }
}

/// A number or a fraction.
fn frame_rate(text: &str) -> Option<f32> {
    let (above, below) = text.split_once('/').unwrap_or((text, "1"));
    let rate = above.trim().parse::<f32>().ok()? / below.trim().parse::<f32>().ok()?;
    Some(rate).filter(|rate| rate.is_finite() && *rate > 0.0)
}

/// A representation that can be used.
struct Kept {
    purpose: Purpose,
    family: Family,
    whole_file: bool,
}

impl Kept {
    /// The error says for people why it cannot.
    fn of(set: &Element<'_>, representation: &Element<'_>) -> Result<Self, String> {
        let holders = [representation, set];
        let attribute = |name: &str| holders.iter().find_map(|holder| holder.attribute(name));
        let mime = attribute("mimeType").unwrap_or_default().trim().to_ascii_lowercase();
        let codecs = attribute("codecs").unwrap_or_default();
        let Essentials { trick_mode, tiles } = descriptors::essentials(&holders)
            .map_err(|property| format!("it demands {property}, which is not known"))?;
        if representation.attribute("dependencyId").is_some_and(|id| !id.trim().is_empty()) {
            return Err("it is an addition to another".to_owned());
        }
        let content = attribute("contentType").or_else(|| set.child("ContentComponent")?.attribute("contentType"));
        if content == Some("image") || mime.starts_with("image/") {
            let (columns, rows) = tiles.unwrap_or((1, 1));
            let purpose = Purpose::Thumbnails { columns, rows };
            return Ok(Self { purpose, family: Family::Image, whole_file: true });
        }
        // What is in it counts more than what is written on it.
        let by_codec = kind_of(codecs);
        let by_name = |name: &str| match name {
            "video" => Some(TrackKind::Video),
            "audio" => Some(TrackKind::Audio),
            "text" => Some(TrackKind::Text),
            _ => None,
        };
        let by_mime = match &*mime {
            "application/ttml+xml" | "application/x-subrip" => Some(TrackKind::Text),
            mime => by_name(mime.split('/').next().unwrap_or_default()),
        };
        let kind = by_codec.or(content.and_then(by_name)).or(by_mime);
        let kind = kind.ok_or_else(|| format!("it is {mime} {codecs}, which is neither seen, heard nor read"))?;
        let is_sidecar = kind == TrackKind::Text && !mime.ends_with("/mp4") && !mime.ends_with("/webm");
        let family = if is_sidecar { Some(Family::Text) } else { Family::of(kind, codecs, &mime) };
        let family = family.ok_or_else(|| format!("there is no decoder for {codecs}"))?;
        let purpose = if trick_mode { Purpose::TrickPlay(kind) } else { Purpose::Play(kind) };
        Ok(Self { purpose, family, whole_file: is_sidecar })
    }
}
