//! Captions inside the picture's samples: all services are read along, so that a viewer who chooses one sees it at once.

use super::text_track::CueStore;
use crate::container::MediaStream;
use crate::event::TrackInfo;
use crate::manifest::{ClosedCaptions, SegmentRef, TrackKind};
use crate::text::Cue;
use crate::text::captions::{CaptionDecoder, CaptionService};
use abr::MediaTime;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Segments of different rungs are the same if they begin no further apart than this: lists round.
const ROUNDING: Duration = Duration::from_millis(100);

/// What is known of the captions of a presentation.
#[derive(Debug, Default)]
pub(super) struct Captions {
    announced: Vec<ClosedCaptions>,
    decoder: CaptionDecoder,
    /// Where the segments begin that have been read.
    read: BTreeSet<MediaTime>,
    cues: BTreeMap<CaptionService, CueStore>,
}

impl Captions {
    /// Of a presentation that announces these; others are found when they speak.
    pub(super) fn new(announced: Vec<ClosedCaptions>) -> Self {
        Self { announced, ..Self::default() }
    }

    /// Reads along with a segment of the picture. Says whether there is a service now that nobody knew of.
    ///
    /// What is fetched again, in another rung or after a seek, says the same again and is passed over: what a decoder
    /// makes of a segment alone may lack what was written before it.
    pub(super) fn read(&mut self, segment: &SegmentRef, streams: &[MediaStream]) -> bool {
        let near = segment.start - ROUNDING..=segment.start + ROUNDING;
        if self.read.range(near).next().is_some() {
            return false;
        }
        self.read.insert(segment.start);
        let known = self.tracks().count();
        let mut spoken: BTreeMap<CaptionService, Vec<Cue>> = BTreeMap::new();
        for (service, cue) in self.decoder.read(segment, streams) {
            spoken.entry(service).or_default().push(cue);
        }
        for (service, cues) in spoken {
            self.cues.entry(service).or_default().add(cues);
        }
        self.tracks().count() > known
    }

    /// Tracks to choose from: what is announced, then what was found besides.
    pub(super) fn tracks(&self) -> impl Iterator<Item = TrackInfo> {
        let info = |service: CaptionService, language: Option<String>, name: String| TrackInfo {
            id: service.track(),
            kind: TrackKind::Text,
            language,
            name,
        };
        let announced = self.announced.iter();
        let found = self.cues.keys().filter(|service| self.announced.iter().all(|known| known.service != **service));
        announced
            .map(move |known| info(known.service, known.language.clone(), known.name.clone()))
            .chain(found.map(move |service| info(*service, None, service.to_string())))
    }

    /// Is there such a service?
    pub(super) fn offers(&self, service: CaptionService) -> bool {
        self.tracks().any(|track| track.id == service.track())
    }

    /// Cues of a service to be seen at a position.
    pub(super) fn active(&self, service: CaptionService, position: MediaTime) -> impl Iterator<Item = &Cue> {
        self.cues.get(&service).into_iter().flat_map(move |cues| cues.active(position))
    }
}
