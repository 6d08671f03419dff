//! Renditions to tracks of sound and text.
//!
//! A variant names a group of renditions, and there is a group for each codec or quality. What has the same name and
//! language in several groups is one track with several representations, as long as its codec and its channels are the
//! same.

use super::codecs::{self, AudioFamily};
use super::ladder;
use super::multivariant::{Rendition, RenditionKind, Variant};
use crate::manifest::{ClosedCaptions, IndexSource, Representation, TrackGroup, TrackId, TrackKind};
use abr::{Bitrate, RungId};
use url::Url;

/// What variants say of a group of sound.
struct AudioGroup<'a> {
    id: &'a str,
    family: AudioFamily,
    codec: &'a str,
    /// The cheapest variant of it.
    cheapest: &'a Variant,
    variants: Vec<&'a Variant>,
}

/// A track in the making.
struct Track<'a> {
    family: AudioFamily,
    rendition: &'a Rendition,
    representations: Vec<Representation>,
}

/// Tracks of sound beside the picture. `variants` are in the order of bandwidth.
pub(super) fn audio(variants: &[Variant], renditions: &[Rendition]) -> Vec<TrackGroup> {
    let mut tracks = Vec::new();
    for group in audio_groups(variants) {
        let members = || members(&group, renditions);
        // Where no rendition has an address, all sound is inside the picture's segments and plays with them.
        if members().all(|rendition| rendition.url.is_none()) {
            continue;
        }
        for rendition in members() {
            // Sound inside the picture's segments, to be chosen among others, is read from the cheapest variant.
            let url = rendition.url.as_ref().unwrap_or(&group.cheapest.url);
            add(&mut tracks, &group, rendition, representation(&group, rendition, url, 0));
        }
    }
    finished(tracks)
}

/// Tracks of a presentation without a picture. `variants` are in the order of bandwidth.
pub(super) fn sound_alone(variants: &[Variant], renditions: &[Rendition]) -> Vec<TrackGroup> {
    let mut tracks = Vec::new();
    for group in audio_groups(variants) {
        for rendition in members(&group, renditions) {
            match &rendition.url {
                Some(url) => {
                    let bandwidth = group.cheapest.bandwidth;
                    add(&mut tracks, &group, rendition, representation(&group, rendition, url, bandwidth));
                }
                // Such a rendition is the variants themselves.
                None => {
                    for variant in &group.variants {
                        let own = representation(&group, rendition, &variant.url, variant.bandwidth);
                        add(&mut tracks, &group, rendition, Representation { average: rate(variant.average), ..own });
                    }
                }
            }
        }
    }
    let named = |variant: &&Variant| {
        let id = variant.audio.as_deref();
        renditions.iter().any(|rendition| rendition.kind == RenditionKind::Audio && Some(&*rendition.group) == id)
    };
    let mut rest: Vec<&Variant> = variants.iter().filter(|variant| !named(variant)).collect();
    let mut seen = std::collections::HashSet::new();
    rest.retain(|variant| seen.insert(&variant.url));
    let mut groups = finished(tracks);
    if !rest.is_empty() {
        let rungs = rest.iter().enumerate().map(|(position, variant)| ladder::rung(position, variant));
        let main = TrackGroup {
            id: TrackId(0),
            kind: TrackKind::Audio,
            language: None,
            name: "Main".to_owned(),
            default: true,
            forced: false,
            roles: Vec::new(),
            representations: rungs.collect(),
        };
        groups.insert(0, main);
    }
    groups
}

/// Tracks of text: of all groups that variants name, each once. Where no variant names one, all are offered.
pub(super) fn subtitles(variants: &[&Variant], renditions: &[Rendition]) -> Vec<TrackGroup> {
    let named = |group: &str| variants.iter().any(|variant| variant.subtitles.as_deref() == Some(group));
    let nobody = variants.iter().all(|variant| variant.subtitles.is_none());
    let mut offered: Vec<&Rendition> = Vec::new();
    for rendition in renditions.iter().filter(|rendition| rendition.kind == RenditionKind::Subtitles) {
        let same = |known: &&Rendition| is_same(known, rendition) && known.forced == rendition.forced;
        if rendition.url.is_some() && (nobody || named(&rendition.group)) && !offered.iter().any(same) {
            offered.push(rendition);
        }
    }
    offered.sort_by_key(|rendition| rank(rendition));
    let group = |rendition: &&Rendition| {
        let url = rendition.url.as_ref()?;
        Some(track(rendition, TrackKind::Text, vec![plain(url)]))
    };
    offered.iter().filter_map(group).collect()
}

/// Captions inside the picture's samples, each service once.
pub(super) fn closed_captions(renditions: &[Rendition]) -> Vec<ClosedCaptions> {
    let mut all: Vec<ClosedCaptions> = Vec::new();
    for rendition in renditions.iter().filter(|rendition| rendition.kind == RenditionKind::ClosedCaptions) {
        let Some(service) = rendition.captions else { continue };
        if all.iter().all(|known| known.service != service) {
            let (language, name) = (rendition.language.clone(), rendition.name.clone());
            all.push(ClosedCaptions { service, language, name });
        }
    }
    all
}

/// Groups that variants name, by preference of their codec, then the cheapest first.
fn audio_groups(variants: &[Variant]) -> Vec<AudioGroup<'_>> {
    let mut groups: Vec<AudioGroup<'_>> = Vec::new();
    for variant in variants {
        let Some(id) = variant.audio.as_deref() else { continue };
        match groups.iter_mut().find(|group| group.id == id) {
            Some(group) => group.variants.push(variant),
            None => {
                // Without CODECS it is taken for AAC: most are.
                let (family, codec) = codecs::audio(&variant.codecs).unwrap_or((AudioFamily::Aac, ""));
                groups.push(AudioGroup { id, family, codec, cheapest: variant, variants: vec![variant] });
            }
        }
    }
    groups.sort_by_key(|group| (group.family, group.cheapest.bandwidth));
    groups
}

fn members<'a>(group: &AudioGroup<'_>, renditions: &'a [Rendition]) -> impl Iterator<Item = &'a Rendition> {
    renditions.iter().filter(move |rendition| rendition.kind == RenditionKind::Audio && rendition.group == group.id)
}

/// Adds to the track it belongs to, or begins one. The same address in several groups is one representation.
fn add<'a>(tracks: &mut Vec<Track<'a>>, group: &AudioGroup<'_>, rendition: &'a Rendition, new: Representation) {
    let mut same = tracks.iter().filter(|track| is_same(track.rendition, rendition));
    if same.any(|track| track.representations.iter().any(|known| known.index == new.index)) {
        return;
    }
    let fits = |track: &&mut Track<'_>| {
        let channels = (track.rendition.channels, rendition.channels);
        let alike = channels.0 == channels.1 || channels.0 == 0 || channels.1 == 0;
        track.family == group.family && alike && is_same(track.rendition, rendition)
    };
    match tracks.iter_mut().find(fits) {
        Some(track) => track.representations.push(new),
        None => tracks.push(Track { family: group.family, rendition, representations: vec![new] }),
    }
}

fn is_same(a: &Rendition, b: &Rendition) -> bool {
    (&a.name, &a.language, &a.characteristics) == (&b.name, &b.language, &b.characteristics)
}

/// The author's default, then what may be chosen for the viewer, then what only the viewer chooses.
fn rank(rendition: &Rendition) -> u8 {
    match rendition {
        Rendition { default: true, .. } => 0,
        Rendition { autoselect: true, .. } => 1,
        _ => 2,
    }
}

fn finished(mut tracks: Vec<Track<'_>>) -> Vec<TrackGroup> {
    tracks.sort_by_key(|track| (track.family, rank(track.rendition)));
    let groups = tracks.into_iter().map(|Track { rendition, mut representations, .. }| {
        representations.sort_by_key(|representation| representation.bitrate);
        for (position, representation) in representations.iter_mut().enumerate() {
            representation.id = RungId(u16::try_from(position).unwrap_or(u16::MAX));
        }
        track(rendition, TrackKind::Audio, representations)
    });
    groups.collect()
}

fn track(rendition: &Rendition, kind: TrackKind, representations: Vec<Representation>) -> TrackGroup {
    TrackGroup {
        id: TrackId(0),
        kind,
        language: rendition.language.clone(),
        name: rendition.name.clone(),
        default: rendition.default,
        forced: rendition.forced,
        roles: rendition.characteristics.clone(),
        representations,
    }
}

fn representation(group: &AudioGroup<'_>, rendition: &Rendition, url: &Url, bandwidth: u64) -> Representation {
    let (bitrate, codecs) = (Bitrate::from_bps(bandwidth), group.codec.to_owned());
    Representation { bitrate, channels: rendition.channels, codecs, ..plain(url) }
}

fn rate(bits: Option<u64>) -> Option<Bitrate> {
    bits.map(Bitrate::from_bps)
}

/// Of which the address is all that is known.
fn plain(url: &Url) -> Representation {
    Representation::of(IndexSource::Playlist(url.clone()))
}
