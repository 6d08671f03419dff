//! Multivariant playlists: reads their tags. What becomes of variants and renditions is told in `ladder` and
//! `renditions`.

use super::attributes::Attributes;
use super::lines::{Line, lines};
use super::variables::Scope;
use super::{PlaylistContext, codecs, events, keys, ladder, renditions, resolve};
use crate::manifest::{
    DynamicRange, Exclusion, IndexSource, ManifestError, Presentation, Protection, ThumbnailTrack, TimedEvent, TrackId,
};
use crate::text::captions::CaptionService;
use url::Url;

/// Variants, renditions and whatever else has a line of its own. Four codecs of eight rungs with eight audio groups
/// have 256 variants.
const MAX_ENTRIES: usize = 2048;
/// Tags of one line each. In others variables may be anything.
const KNOWN_TAGS: [&str; 6] = [
    "#EXT-X-MEDIA",
    "#EXT-X-I-FRAME-STREAM-INF",
    "#EXT-X-IMAGE-STREAM-INF",
    "#EXT-X-SESSION-KEY",
    "#EXT-X-SESSION-DATA",
    "#EXT-X-CONTENT-STEERING",
];
/// Longest name in an exclusion.
const MAX_NAME: usize = 200;

/// One `EXT-X-STREAM-INF` or `EXT-X-I-FRAME-STREAM-INF`.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) url: Url,
    /// As the playlist names it, for exclusions.
    pub(super) name: String,
    /// Bits per second, never zero: what is not declared counts as the cheapest there is.
    pub(super) bandwidth: u64,
    pub(super) average: Option<u64>,
    pub(super) codecs: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frame_rate: Option<f32>,
    pub(super) range: DynamicRange,
    pub(super) score: Option<f64>,
    pub(super) audio: Option<String>,
    pub(super) subtitles: Option<String>,
    pub(super) pathway: Option<String>,
    /// Why another one is to be preferred, if there is another one.
    pub(super) reserve: Option<&'static str>,
}

impl Variant {
    /// Without CODECS and RESOLUTION a variant is taken to have a picture: most have.
    pub(super) fn has_picture(&self) -> bool {
        self.width > 0 || self.codecs.is_empty() || codecs::video_family(&self.codecs).is_some()
    }

    /// Out of the running, and why.
    pub(super) fn excluded(&self, why: impl Into<String>) -> Exclusion {
        Exclusion { what: self.name.clone(), why: why.into() }
    }
}

/// One `EXT-X-MEDIA`.
#[derive(Clone, Debug)]
pub(super) struct Rendition {
    pub(super) kind: RenditionKind,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) language: Option<String>,
    pub(super) default: bool,
    pub(super) autoselect: bool,
    pub(super) forced: bool,
    pub(super) characteristics: Vec<String>,
    /// Zero where unknown.
    pub(super) channels: u16,
    /// Absent where it is inside the variant's own segments.
    pub(super) url: Option<Url>,
    /// Which of the captions inside the picture's samples it is.
    pub(super) captions: Option<CaptionService>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RenditionKind {
    Audio,
    Video,
    Subtitles,
    /// Inside the picture's samples: whoever reads those finds them.
    ClosedCaptions,
}

/// All that a multivariant playlist says.
#[derive(Debug)]
pub(super) struct Multivariant {
    variants: Vec<Variant>,
    i_frames: Vec<Variant>,
    renditions: Vec<Rendition>,
    thumbnails: Vec<ThumbnailTrack>,
    protections: Vec<Protection>,
    events: Vec<TimedEvent>,
    excluded: Vec<Exclusion>,
    /// The pathway to start with, by `EXT-X-CONTENT-STEERING`.
    pathway: Option<String>,
    variables: super::Variables,
}

/// Reads a multivariant playlist from top to bottom. Tags may come in any order.
pub(super) fn read(text: &str, context: PlaylistContext<'_>) -> Result<Multivariant, ManifestError> {
    let base = context.base;
    let mut scope = Scope::new(context);
    let mut read = Multivariant {
        variants: Vec::new(),
        i_frames: Vec::new(),
        renditions: Vec::new(),
        thumbnails: Vec::new(),
        protections: Vec::new(),
        events: Vec::new(),
        excluded: Vec::new(),
        pathway: None,
        variables: super::Variables::default(),
    };
    // The attributes of a variant wait for the line with its address.
    let mut pending: Option<&str> = None;
    for (entries, line) in lines(text).enumerate() {
        if entries >= 2 * MAX_ENTRIES {
            return Err(ManifestError::LimitExceeded { what: "variants and renditions", max: MAX_ENTRIES });
        }
        match line {
            Line::Tag("#EXT-X-DEFINE", list) => scope.define(list)?,
            Line::Tag("#EXT-X-STREAM-INF", list) => {
                if let Some(forgotten) = pending.replace(list) {
                    read.exclude(forgotten, "it has no address");
                }
            }
            Line::Tag(name, list) if KNOWN_TAGS.contains(&name) => {
                let attributes = Attributes::parse(list, &scope)?;
                read.tag(name, &attributes, base);
            }
            Line::Tag(..) => {}
            Line::Uri(uri) => {
                let uri = scope.substitute(uri)?;
                match (pending.take(), resolve(base, &uri)) {
                    (Some(list), Ok(url)) => {
                        let attributes = Attributes::parse(list, &scope)?;
                        read.variants.push(variant(&attributes, url, &uri));
                    }
                    (Some(_), Err(_)) => read.exclude(&uri, "its address cannot be resolved"),
                    (None, _) => {}
                }
            }
        }
    }
    if let Some(forgotten) = pending {
        read.exclude(forgotten, "it has no address");
    }
    read.variables = scope.into_variables();
    Ok(read)
}

impl Multivariant {
    fn tag(&mut self, name: &str, attributes: &Attributes<'_>, base: &Url) {
        let address = attributes.text("URI");
        let url = address.and_then(|uri| resolve(base, uri).ok());
        match (name, url) {
            ("#EXT-X-MEDIA", url) => match rendition(attributes, url) {
                Some(rendition) if rendition.url.is_none() && address.is_some() => {
                    self.exclude(&rendition.name, "its address cannot be resolved");
                }
                Some(rendition) => self.renditions.push(rendition),
                None => self.exclude(attributes.text("NAME").unwrap_or("rendition"), "its type is not known"),
            },
            ("#EXT-X-I-FRAME-STREAM-INF", Some(url)) => {
                let name = address.unwrap_or_default().to_owned();
                self.i_frames.push(variant(attributes, url, &name));
            }
            ("#EXT-X-IMAGE-STREAM-INF", Some(url)) => self.thumbnails.push(thumbnails(attributes, url)),
            ("#EXT-X-I-FRAME-STREAM-INF" | "#EXT-X-IMAGE-STREAM-INF", None) => {
                self.exclude(address.unwrap_or(name), "its address cannot be resolved");
            }
            // A key that cannot be taken is no reason to stop here: media may offer another, or be in the clear.
            ("#EXT-X-SESSION-KEY", _) => {
                let announced = keys::announced(attributes, base);
                self.protections.extend(announced.filter(|announced| !self.protections.contains(announced)));
            }
            ("#EXT-X-SESSION-DATA", _) => self.events.extend(events::session_data(attributes, base)),
            ("#EXT-X-CONTENT-STEERING", _) => self.pathway = attributes.string("PATHWAY-ID"),
            _ => {}
        }
    }

    fn exclude(&mut self, what: &str, why: &str) {
        self.excluded.push(Exclusion { what: what.chars().take(MAX_NAME).collect(), why: why.to_owned() });
    }

    /// Tracks of all that was read.
    pub(super) fn presentation(mut self) -> Result<Presentation, ManifestError> {
        let unresolved = !self.excluded.is_empty();
        let offered: Vec<Variant> = self.variants.clone();
        let chosen = ladder::choose(self.variants, self.pathway.as_deref(), &mut self.excluded);
        let mirrors = ladder::mirrors(&chosen, &offered);
        let (pictures, sounds): (Vec<_>, Vec<_>) = chosen.into_iter().partition(Variant::has_picture);
        let mut tracks = Vec::new();
        if pictures.is_empty() {
            tracks.extend(renditions::sound_alone(&sounds, &self.renditions));
        } else {
            self.excluded.extend(sounds.iter().map(|variant| variant.excluded("it has no picture")));
            tracks.extend(ladder::groups(&pictures, &mut self.excluded));
            tracks.extend(renditions::audio(&pictures, &self.renditions));
        }
        if tracks.is_empty() {
            return Err(if unresolved { ManifestError::BadAddress } else { ManifestError::Empty });
        }
        let variants: Vec<_> = pictures.iter().chain(&sounds).collect();
        tracks.extend(renditions::subtitles(&variants, &self.renditions));
        let angles = self.renditions.iter().filter(|rendition| rendition.kind == RenditionKind::Video);
        let angles = angles.filter(|angle| angle.url.is_some() && !angle.default);
        let angles = angles.map(|angle| Exclusion { what: angle.name.clone(), why: "it is another angle".to_owned() });
        self.excluded.extend(angles);
        number(&mut tracks);
        // Their own exclusions would only repeat those of the variants.
        let i_frames = ladder::choose(self.i_frames, self.pathway.as_deref(), &mut Vec::new());
        let mut trick_play = ladder::groups(&i_frames, &mut Vec::new());
        number(&mut trick_play);
        Ok(Presentation {
            protections: self.protections,
            trick_play,
            thumbnails: self.thumbnails,
            events: self.events,
            closed_captions: renditions::closed_captions(&self.renditions),
            mirrors,
            excluded: self.excluded,
            variables: self.variables,
            ..Presentation::of(tracks)
        })
    }
}

/// Identifiers are positions.
fn number(tracks: &mut [crate::manifest::TrackGroup]) {
    for (position, track) in tracks.iter_mut().enumerate() {
        track.id = TrackId(u16::try_from(position).unwrap_or(u16::MAX));
    }
}

fn variant(attributes: &Attributes<'_>, url: Url, name: &str) -> Variant {
    let (width, height) = attributes.size("RESOLUTION");
    let average = attributes.integer("AVERAGE-BANDWIDTH").filter(|rate| *rate > 0);
    Variant {
        url,
        name: name.chars().take(MAX_NAME).collect(),
        bandwidth: attributes.integer("BANDWIDTH").filter(|rate| *rate > 0).or(average).unwrap_or(1),
        average,
        codecs: attributes.string("CODECS").unwrap_or_default(),
        width,
        height,
        frame_rate: attributes.decimal("FRAME-RATE").map(|rate| rate as f32).filter(|rate| *rate > 0.0),
        range: match attributes.text("VIDEO-RANGE") {
            Some(range) if range.eq_ignore_ascii_case("PQ") => DynamicRange::Pq,
            Some(range) if range.eq_ignore_ascii_case("HLG") => DynamicRange::Hlg,
            _ => DynamicRange::Sdr,
        },
        score: attributes.decimal("SCORE").filter(|score| *score >= 0.0),
        audio: attributes.string("AUDIO"),
        subtitles: attributes.string("SUBTITLES"),
        pathway: attributes.string("PATHWAY-ID"),
        reserve: reserve(attributes),
    }
}

/// What speaks against a variant. HDCP-LEVEL does not: it warns of outputs that a licence may refuse, and the licences
/// taken here refuse none.
fn reserve(attributes: &Attributes<'_>) -> Option<&'static str> {
    let flat = |layout: &str| layout.split('/').all(|part| matches!(part.trim(), "CH-MONO" | "PROJ-RECT" | ""));
    if attributes.text("REQ-VIDEO-LAYOUT").is_some_and(|layouts| !layouts.split(',').all(flat)) {
        return Some("its picture is for two eyes or for a sphere");
    }
    // Formats that are not in the list are free.
    let restricted = attributes.text("ALLOWED-CPC").is_some_and(|list| {
        list.split(',').any(|entry| entry.rsplit_once(':').is_some_and(|(format, _)| keys::takes_format(format)))
    });
    restricted.then_some("its keys are for devices with certified content protection")
}

fn rendition(attributes: &Attributes<'_>, url: Option<Url>) -> Option<Rendition> {
    let kind = match &*attributes.text("TYPE")?.to_ascii_uppercase() {
        "AUDIO" => RenditionKind::Audio,
        "VIDEO" => RenditionKind::Video,
        "SUBTITLES" => RenditionKind::Subtitles,
        "CLOSED-CAPTIONS" => RenditionKind::ClosedCaptions,
        _ => return None,
    };
    let language = attributes.string("LANGUAGE");
    let name = attributes.string("NAME").or_else(|| language.clone()).unwrap_or_else(|| "Unnamed".to_owned());
    let characteristics = attributes.text("CHARACTERISTICS").unwrap_or_default();
    let default = attributes.yes("DEFAULT");
    Some(Rendition {
        kind,
        group: attributes.string("GROUP-ID").unwrap_or_default(),
        name,
        language,
        default,
        autoselect: default || attributes.yes("AUTOSELECT"),
        forced: attributes.yes("FORCED"),
        characteristics: codecs::names(characteristics).map(str::to_owned).collect(),
        // "16/JOC" and "-/…" carry more than a number.
        channels: attributes.integer("CHANNELS").and_then(|channels| u16::try_from(channels).ok()).unwrap_or_default(),
        url,
        captions: attributes.text("INSTREAM-ID").and_then(CaptionService::parse),
    })
}

/// The playlist of pictures tells more of them than the multivariant playlist does.
fn thumbnails(attributes: &Attributes<'_>, url: Url) -> ThumbnailTrack {
    let (width, height) = attributes.size("RESOLUTION");
    let (columns, rows) = attributes.size("LAYOUT");
    let (columns, rows) = (columns.clamp(1, 1000), rows.clamp(1, 1000));
    ThumbnailTrack { width, height, columns, rows, whole: None, index: IndexSource::Playlist(url) }
}
