//! Variants to ladders: one track per codec, because decoders are not changed in mid-play.

use super::codecs::{self, VideoFamily};
use super::multivariant::Variant;
use crate::manifest::{DynamicRange, Exclusion, IndexSource, Representation, TrackGroup, TrackId, TrackKind};
use crate::manifest::{MAX_MIRRORS, Mirror};
use abr::{Bitrate, RungId};
use std::collections::HashSet;

/// Leaves out what should not be played as long as there is something else: other pathways to the same media, and
/// variants with reservations. What remains is in the order of bandwidth.
pub(super) fn choose(mut variants: Vec<Variant>, pathway: Option<&str>, excluded: &mut Vec<Exclusion>) -> Vec<Variant> {
    // By default the pathway is ".".
    let pathway_of = |variant: &Variant| variant.pathway.clone().unwrap_or_else(|| ".".to_owned());
    let steered = pathway.filter(|wish| variants.iter().any(|variant| pathway_of(variant) == *wish)).map(str::to_owned);
    if let Some(pathway) = steered.or_else(|| variants.first().map(pathway_of)) {
        prefer(&mut variants, excluded, |variant| (pathway_of(variant) != pathway).then_some("it is another pathway"));
    }
    prefer(&mut variants, excluded, |variant| variant.reserve);
    variants.sort_by_key(|variant| variant.bandwidth);
    variants
}

/// Places where what was chosen is to be had as well: variants that differ in their address and pathway alone.
pub(super) fn mirrors(chosen: &[Variant], offered: &[Variant]) -> Vec<Mirror> {
    fn looks(variant: &Variant) -> (u64, u32, u32, &str) {
        (variant.bandwidth, variant.width, variant.height, &variant.codecs)
    }
    let mut mirrors = Vec::new();
    for variant in chosen {
        let alike = offered.iter().filter(|other| other.url != variant.url && looks(other) == looks(variant));
        let elsewhere = |other: &&Variant| {
            let groups = (&other.audio, &other.subtitles) == (&variant.audio, &variant.subtitles);
            other.pathway != variant.pathway || groups && other.url.origin() != variant.url.origin()
        };
        for other in alike.filter(elsewhere) {
            let mirror = Mirror::of_playlists(&variant.url, &other.url);
            if mirrors.len() < MAX_MIRRORS && !mirrors.contains(&mirror) {
                mirrors.push(mirror);
            }
        }
    }
    mirrors
}

/// Removes what has something against it, unless that is everything.
fn prefer(
    variants: &mut Vec<Variant>,
    excluded: &mut Vec<Exclusion>,
    against: impl Fn(&Variant) -> Option<&'static str>,
) {
    if variants.iter().any(|variant| against(variant).is_none()) {
        excluded.extend(variants.iter().filter_map(|variant| Some(variant.excluded(against(variant)?))));
        variants.retain(|variant| against(variant).is_none());
    }
}

/// One group for each codec and dynamic range, H.264 first, its rungs in the order of bandwidth. `variants` are in that
/// order. The first group is the one that plays by default.
///
/// Codecs that are only supplemental (Dolby Vision over HEVC) count as what they supplement: its decoder shows them.
pub(super) fn groups(variants: &[Variant], excluded: &mut Vec<Exclusion>) -> Vec<TrackGroup> {
    let mut keys: Vec<(VideoFamily, u8)> = variants.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut groups = Vec::with_capacity(keys.len());
    for wanted in keys {
        let mut rungs: Vec<&Variant> = variants.iter().filter(|variant| key(variant) == wanted).collect();
        // The same address twice is a variant of another audio group; it adds no rung.
        let mut seen = HashSet::new();
        rungs.retain(|variant| seen.insert(&variant.url));
        without_dominated(&mut rungs, excluded);
        let default = groups.is_empty();
        groups.push(TrackGroup {
            id: TrackId(0),
            kind: TrackKind::Video,
            language: None,
            name: if default { "Main".to_owned() } else { name(wanted, rungs[0].range) },
            default,
            forced: false,
            roles: Vec::new(),
            representations: rungs.iter().enumerate().map(|(position, variant)| rung(position, variant)).collect(),
        });
    }
    groups
}

/// Without CODECS a variant is taken for H.264: most are.
fn key(variant: &Variant) -> (VideoFamily, u8) {
    let missing = if variant.codecs.is_empty() { VideoFamily::H264 } else { VideoFamily::Other };
    // CODECS that name sound only are wrong where there is a picture.
    let only_sound = variant.width > 0 && codecs::names(&variant.codecs).all(|name| codecs::audio(name).is_some());
    let family = codecs::video_family(&variant.codecs);
    let family = family.unwrap_or(if only_sound { VideoFamily::H264 } else { missing });
    let range = match variant.range {
        DynamicRange::Sdr => 0,
        DynamicRange::Hlg => 1,
        DynamicRange::Pq => 2,
    };
    (family, range)
}

fn name((family, _): (VideoFamily, u8), range: DynamicRange) -> String {
    let range = match range {
        DynamicRange::Sdr => "",
        DynamicRange::Hlg => " HLG",
        DynamicRange::Pq => " PQ",
    };
    format!("{}{range}", family.name())
}

/// With scores, nobody wants a rung that costs more than another and is worth less. Scores count only where every rung
/// of a group has one.
fn without_dominated(rungs: &mut Vec<&Variant>, excluded: &mut Vec<Exclusion>) {
    if rungs.iter().any(|rung| rung.score.is_none()) {
        return;
    }
    let score = |rung: &Variant| rung.score.unwrap_or_default();
    rungs.sort_by(|a, b| a.bandwidth.cmp(&b.bandwidth).then(score(b).total_cmp(&score(a))));
    let mut best = f64::NEG_INFINITY;
    rungs.retain(|rung| {
        let worth = score(rung) >= best;
        best = best.max(score(rung));
        if !worth {
            excluded.push(rung.excluded("a cheaper variant has a higher score"));
        }
        worth
    });
}

/// A variant as a representation.
pub(super) fn rung(position: usize, variant: &Variant) -> Representation {
    Representation {
        id: RungId(u16::try_from(position).unwrap_or(u16::MAX)),
        bitrate: Bitrate::from_bps(variant.bandwidth),
        average: variant.average.map(Bitrate::from_bps),
        width: variant.width,
        height: variant.height,
        frame_rate: variant.frame_rate,
        channels: 0,
        codecs: variant.codecs.clone(),
        dynamic_range: variant.range,
        index: IndexSource::Playlist(variant.url.clone()),
    }
}
