//! Chains the adaptation sets of one period after the other into tracks.

use super::super::{
    ByteSource, Exclusion, IndexPart, IndexSource, MAX_ADDRESSES, ManifestError, Representation, SegmentIndex,
    SegmentRef, ThumbnailTrack, TrackGroup, TrackId, TrackKind,
};
use super::adaptation::{Encoding, Purpose, Set};
use super::periods::Place;
use super::segments::close_gaps;
use super::time::{length, media_time};
use super::{MAX_SEGMENTS_IN_ALL, too_many_segments_in_all};
use abr::{Bitrate, MediaTime, RungId};
use std::sync::Arc;
use url::Url;

/// All of one period.
#[derive(Debug)]
pub(super) struct PeriodSets {
    pub(super) id: String,
    pub(super) place: Place,
    /// Which film or advertisement it is part of.
    pub(super) asset: Option<String>,
    pub(super) base: Url,
    pub(super) sets: Vec<Set>,
}

/// A track: at most one set of each period.
#[derive(Debug)]
struct Chain {
    sets: Vec<Option<Set>>,
}

impl Chain {
    /// The set that the next one should be like: the last of the same asset, else the last.
    fn model(&self, periods: &[PeriodSets], asset: Option<&String>) -> Option<&Set> {
        let known = || self.sets.iter().enumerate().rev().filter_map(|(at, set)| Some((at, set.as_ref()?)));
        let same = |at: usize| asset.is_some() && periods[at].asset.as_ref() == asset;
        known().find(|(at, _)| same(*at)).or_else(|| known().next()).map(|(_, set)| set)
    }
}

/// How much alike two sets must be, in falling order.
const LIKENESSES: [fn(&Set, &Set) -> bool; 6] = [
    |a, b| a.id.is_some() && a.id == b.id && is_twin(a, b),
    is_twin,
    |a, b| a.family == b.family && same_language(a, b) && a.roles == b.roles,
    |a, b| same_language(a, b) && a.roles == b.roles,
    |a, b| a.family == b.family && same_language(a, b),
    same_language,
];

fn is_twin(a: &Set, b: &Set) -> bool {
    let channels = a.purpose != Purpose::Play(TrackKind::Audio) || a.channels() == b.channels();
    a.purpose == b.purpose
        && a.family == b.family
        && a.language == b.language
        && a.roles == b.roles
        && a.label == b.label
        && channels
}

fn same_language(a: &Set, b: &Set) -> bool {
    let primary = |set: &Set| set.language.as_deref().map(super::super::primary_tag);
    primary(a) == primary(b)
}

fn same_purpose(a: &Set, b: &Set) -> bool {
    std::mem::discriminant(&a.purpose) == std::mem::discriminant(&b.purpose)
        && match (a.purpose, b.purpose) {
            (Purpose::Play(a), Purpose::Play(b)) | (Purpose::TrickPlay(a), Purpose::TrickPlay(b)) => a == b,
            _ => true,
        }
}

/// Joins sets of one period that differ in nothing but their representations: they are rungs of one ladder. What is
/// there twice is left out.
pub(super) fn merge(sets: Vec<Set>, excluded: &mut Vec<Exclusion>) -> Vec<Set> {
    let mut merged: Vec<Set> = Vec::new();
    for set in sets {
        let is_ladder = matches!(set.purpose, Purpose::Play(TrackKind::Video | TrackKind::Audio));
        let Some(twin) = merged.iter_mut().find(|other| is_ladder && is_twin(other, &set)) else {
            merged.push(set);
            continue;
        };
        for encoding in set.representations {
            let same = |other: &Encoding| {
                (other.bandwidth, other.width, other.height) == (encoding.bandwidth, encoding.width, encoding.height)
                    && other.codecs == encoding.codecs
            };
            if let Some(other) = twin.representations.iter().find(|other| same(other)) {
                let why = format!("it is the same as {}", other.id);
                super::exclude(excluded, format!("representation {}", encoding.id), why);
            } else {
                twin.representations.push(encoding);
            }
        }
        twin.representations.sort_by_key(|encoding| encoding.bandwidth);
    }
    merged
}

/// What all periods together offer.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) tracks: Vec<TrackGroup>,
    pub(super) trick_play: Vec<TrackGroup>,
    pub(super) thumbnails: Vec<ThumbnailTrack>,
}

/// Chains and sorts: H.264 and AAC first, then what the author prefers, then as the manifest has it.
pub(super) fn tracks(mut periods: Vec<PeriodSets>) -> Result<Tracks, ManifestError> {
    let mut chains = chain(&mut periods);
    let order = |chain: &Chain| {
        let first = chain.sets.iter().flatten().next();
        first.map(|set| (kind_rank(set.purpose), set.family, std::cmp::Reverse(set.priority)))
    };
    chains.sort_by_key(order);
    // What a track is called is decided by what is its own.
    let own: Vec<Option<usize>> = chains.iter().map(|chain| longest(chain, &periods)).collect();
    fill(&mut chains);
    let mut all = Tracks::default();
    let (mut budget, mut addresses) = (MAX_SEGMENTS_IN_ALL, MAX_ADDRESSES);
    for (mut chain, own) in chains.into_iter().zip(own) {
        let Some(model) = longest(&chain, &periods) else { continue };
        let rungs = chain.sets[model].as_ref().map_or(0, |set| set.representations.len());
        let has_files = has_files(&chain);
        let sources: Vec<IndexSource> = (0..rungs)
            .map(|rung| {
                let parts = parts(&mut chain, &periods, rung, rungs);
                let length =
                    |part: &Arc<IndexPart>| if let IndexPart::Known(known) = &**part { known.len() } else { 1 };
                budget = budget.checked_sub(parts.iter().map(length).sum()).ok_or_else(too_many_segments_in_all)?;
                // A part that several rungs share is copied.
                addresses = addresses
                    .checked_sub(parts.iter().map(|part| part.address_bytes()).sum())
                    .ok_or(ManifestError::LimitExceeded { what: "bytes of addresses", max: MAX_ADDRESSES })?;
                Ok(index(parts, has_files))
            })
            .collect::<Result<_, ManifestError>>()?;
        let set_of = |at: usize| chain.sets[at].as_ref();
        let (Some(own), Some(set)) = (own.and_then(set_of), set_of(model)) else { continue };
        if let Purpose::Thumbnails { columns, rows } = set.purpose {
            let tracks = set.representations.iter().zip(sources).map(|(encoding, index)| ThumbnailTrack {
                width: encoding.width / columns.max(1),
                height: encoding.height / rows.max(1),
                columns,
                rows,
                whole: encoding.whole,
                index,
            });
            all.thumbnails.extend(tracks);
            continue;
        }
        let (list, kind) = match set.purpose {
            Purpose::Play(kind) => (&mut all.tracks, kind),
            Purpose::TrickPlay(kind) => (&mut all.trick_play, kind),
            Purpose::Thumbnails { .. } => continue,
        };
        let id = TrackId(u16::try_from(list.len()).unwrap_or(u16::MAX));
        let representations = set.representations.iter().zip(sources).enumerate();
        let representations = representations.map(|(rung, (encoding, index))| representation(rung, encoding, index));
        list.push(TrackGroup {
            id,
            kind,
            language: own.language.clone(),
            name: name(own, list),
            default: false,
            forced: kind == TrackKind::Text && (own.has_role("forced-subtitle") || own.has_role("forced_subtitle")),
            roles: own.roles.clone(),
            representations: representations.collect(),
        });
    }
    mark_defaults(&mut all.tracks);
    Ok(all)
}

fn kind_rank(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Play(TrackKind::Video) | Purpose::TrickPlay(TrackKind::Video) => 0,
        Purpose::Play(TrackKind::Audio) | Purpose::TrickPlay(TrackKind::Audio) => 1,
        Purpose::Play(TrackKind::Text) | Purpose::TrickPlay(TrackKind::Text) => 2,
        Purpose::Thumbnails { .. } => 3,
    }
}

/// For each period, the sets go to the chains that they resemble most; those that resemble none begin one.
fn chain(periods: &mut [PeriodSets]) -> Vec<Chain> {
    let count = periods.len();
    let mut chains: Vec<Chain> = Vec::new();
    for at in 0..count {
        let mut sets: Vec<Option<Set>> = std::mem::take(&mut periods[at].sets).into_iter().map(Some).collect();
        let asset = periods[at].asset.clone();
        let continued = |chain: &Chain, set: &Set| {
            set.continues.iter().any(|period| {
                let before = periods.iter().position(|other| other.id == *period && !period.is_empty());
                let model = before.and_then(|before| chain.sets[before].as_ref());
                model.is_some_and(|model| model.id == set.id && set.id.is_some())
            })
        };
        let mut chosen: Vec<Option<usize>> = vec![None; sets.len()];
        let mut taken = vec![false; chains.len()];
        for level in 0..=LIKENESSES.len() {
            for (set, choice) in sets.iter().zip(&mut chosen) {
                let (Some(set), None) = (set, &choice) else { continue };
                *choice = chains.iter().enumerate().position(|(index, chain)| {
                    let Some(model) = chain.model(periods, asset.as_ref()).filter(|_| !taken[index]) else {
                        return false;
                    };
                    let alike = match level.checked_sub(1) {
                        None => continued(chain, set),
                        Some(level) => LIKENESSES[level](model, set),
                    };
                    alike && same_purpose(model, set)
                });
                if let Some(index) = *choice {
                    taken[index] = true;
                }
            }
        }
        for (set, choice) in sets.iter_mut().zip(chosen) {
            match choice {
                Some(index) => chains[index].sets[at] = set.take(),
                None => {
                    let mut sets = vec![None; count];
                    sets[at] = set.take();
                    chains.push(Chain { sets });
                }
            }
        }
    }
    chains
}

/// Pictures and sound go on in periods that have nothing alike: with what those periods have, the same language first.
/// `chains` are in the order of preference.
fn fill(chains: &mut [Chain]) {
    let count = chains.first().map_or(0, |chain| chain.sets.len());
    for at in 0..count {
        for index in 0..chains.len() {
            if chains[index].sets[at].is_some() {
                continue;
            }
            let Some(own) = chains[index].sets.iter().flatten().next() else { continue };
            if !matches!(own.purpose, Purpose::Play(TrackKind::Video | TrackKind::Audio)) {
                continue;
            }
            let score = |set: &Set| {
                let alike = same_language(own, set) as u8 * 8 + (own.family == set.family) as u8 * 4;
                alike + set.has_role("main") as u8 * 2
            };
            let others = chains.iter().filter_map(|chain| chain.sets[at].as_ref()).filter(|set| same_purpose(own, set));
            // The first of the best.
            let best = others.rev().max_by_key(|set| score(set)).cloned();
            chains[index].sets[at] = best;
        }
    }
}

/// The period whose ladder a track has: the longest, because most is seen of it.
fn longest(chain: &Chain, periods: &[PeriodSets]) -> Option<usize> {
    let known = chain.sets.iter().enumerate().filter(|(_, set)| set.is_some()).map(|(at, _)| at);
    let length = |at: usize| periods[at].place.end.map_or(0, |end| end - periods[at].place.start);
    known.rev().max_by_key(|at| length(*at))
}

/// One rung in all periods. Where a period has fewer or more, it takes the nearest by rank.
fn parts(chain: &mut Chain, periods: &[PeriodSets], rung: usize, rungs: usize) -> Vec<Arc<IndexPart>> {
    let mut parts: Vec<Arc<IndexPart>> = Vec::new();
    for (at, set) in chain.sets.iter_mut().enumerate() {
        match set {
            // As many: each is taken once, and need not be copied.
            Some(set) if set.representations.len() == rungs => {
                let nothing = Arc::new(IndexPart::Known(Vec::new()));
                parts.push(std::mem::replace(&mut set.representations[rung].part, nothing));
            }
            Some(set) => {
                let last = set.representations.len() - 1;
                let rank = match rungs - 1 {
                    0 => last,
                    steps => (rung * last * 2 + steps) / (steps * 2),
                };
                parts.push(set.representations[rank.min(last)].part.clone());
            }
            // A track that begins later has time before it. Holes further on are closed below.
            None if parts.is_empty() => parts.extend(nothing(&periods[at]).map(Arc::new)),
            None => {}
        }
    }
    parts
}

fn index(parts: Vec<Arc<IndexPart>>, has_files: bool) -> IndexSource {
    let parts = parts.into_iter().map(Arc::unwrap_or_clone);
    if has_files {
        return IndexSource::Parts(parts.collect());
    }
    let segments: Vec<SegmentRef> = parts
        .flat_map(|part| match part {
            IndexPart::Known(segments) => segments,
            IndexPart::File(_) => Vec::new(),
        })
        .collect();
    IndexSource::Known(Arc::new(SegmentIndex { segments: close_gaps(segments), ..SegmentIndex::default() }))
}

/// Does any rung have files? Rungs of one track are all of one sort, so that a controller knows as much of each.
fn has_files(chain: &Chain) -> bool {
    let encodings = chain.sets.iter().flatten().flat_map(|set| &set.representations);
    encodings.into_iter().any(|encoding| matches!(*encoding.part, IndexPart::File(_)))
}

/// A period without this track.
fn nothing(period: &PeriodSets) -> Option<IndexPart> {
    let Place { epoch, start, end, .. } = period.place;
    let gap = SegmentRef {
        number: 0,
        start: media_time(start),
        duration: length(end? - start),
        source: ByteSource { url: period.base.clone(), range: None },
        init: None,
        epoch,
        timing: super::super::Timing::Anchored {
            shift: MediaTime::ZERO,
            start: media_time(start),
            end: end.map(media_time),
        },
        gap: true,
        cipher: None,
    };
    Some(IndexPart::Known(vec![gap]))
}

fn representation(rung: usize, encoding: &Encoding, index: IndexSource) -> Representation {
    Representation {
        id: RungId(u16::try_from(rung).unwrap_or(u16::MAX)),
        bitrate: Bitrate::from_bps(encoding.bandwidth),
        average: None,
        width: encoding.width,
        height: encoding.height,
        frame_rate: encoding.frame_rate,
        channels: encoding.channels,
        codecs: encoding.codecs.clone(),
        dynamic_range: encoding.dynamic_range,
        index,
    }
}

/// The author's label, else the language with what makes it special; a codec where nothing else tells tracks apart.
fn name(set: &Set, others: &[TrackGroup]) -> String {
    let special = set.roles.iter().filter(|role| !role.contains(' ') && !matches!(&***role, "main" | "subtitle"));
    let words: Vec<&str> = set.language.as_deref().into_iter().chain(special.map(String::as_str)).collect();
    let name = set.label.clone().unwrap_or_else(|| if words.is_empty() { "Main".to_owned() } else { words.join(", ") });
    let is_taken = others.iter().any(|other| other.name == name && same_kind(other.kind, set.purpose));
    if is_taken { format!("{name} ({})", set.family.name()) } else { name }
}

fn same_kind(kind: TrackKind, purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Play(own) | Purpose::TrickPlay(own) if own == kind)
}

/// Of each of picture and sound, the first that its author calls the main one, else the first. Text is not shown
/// unless somebody wants it.
fn mark_defaults(tracks: &mut [TrackGroup]) {
    for kind in [TrackKind::Video, TrackKind::Audio] {
        let of_kind = || tracks.iter().enumerate().filter(move |(_, track)| track.kind == kind);
        let main = of_kind().find(|(_, track)| track.roles.iter().any(|role| role == "main"));
        if let Some(at) = main.or_else(|| of_kind().next()).map(|(at, _)| at) {
            tracks[at].default = true;
        }
    }
}
