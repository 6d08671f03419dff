//! Captions inside the picture's samples, of both kinds: which there are, and their cues.

use super::Cue;
use super::cea608::{CaptionChannel, Cea608Decoder};
use super::cea708::Cea708Decoder;
use crate::container::{MediaStream, Sample, es};
use crate::manifest::{SegmentRef, TrackId, TrackKind};
use abr::MediaTime;
use std::fmt;
use std::time::Duration;

/// Segments are one behind the other if what the lists say differs by no more than this: they round.
const ROUNDING: Duration = Duration::from_millis(100);
/// Caption tracks have their identifiers from here on, whatever else a presentation offers: a service keeps its own
/// when it is found out late, or when the list of tracks changes.
const FIRST_TRACK: u16 = 0xff00;
/// Services of CTA-708 are numbered up to this.
const LAST_SERVICE: u8 = 63;

/// One of the texts that travel together in the picture's user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaptionService {
    /// A channel of CTA-608.
    Line21(CaptionChannel),
    /// A service of CTA-708, 1 to 63.
    Digital(u8),
}

impl CaptionService {
    /// By the names of HLS: `CC1` to `CC4`, `SERVICE1` to `SERVICE63`.
    pub fn parse(name: &str) -> Option<Self> {
        let number = |text: &str| text.parse::<u8>().ok();
        match name.strip_prefix("SERVICE") {
            Some(service) => Self::digital(number(service)?),
            None => Self::line21(number(name.strip_prefix("CC")?)?),
        }
    }

    /// Channel 1 to 4.
    pub fn line21(number: u8) -> Option<Self> {
        CaptionChannel::ALL.get(usize::from(number).checked_sub(1)?).copied().map(Self::Line21)
    }

    /// Service 1 to 63.
    pub fn digital(number: u8) -> Option<Self> {
        (1..=LAST_SERVICE).contains(&number).then_some(Self::Digital(number))
    }

    /// The track that this service is, in every presentation.
    pub fn track(self) -> TrackId {
        let place = match self {
            Self::Line21(channel) => channel as u16,
            Self::Digital(number) => CaptionChannel::ALL.len() as u16 + u16::from(number),
        };
        TrackId(FIRST_TRACK + place)
    }

    /// The service behind a track.
    pub fn of_track(track: TrackId) -> Option<Self> {
        let place = u8::try_from(track.0.checked_sub(FIRST_TRACK)?).ok()?;
        let channels = CaptionChannel::ALL.len() as u8;
        if place < channels { Self::line21(place + 1) } else { Self::digital(place - channels) }
    }
}

impl fmt::Display for CaptionService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line21(channel) => write!(f, "CC{}", *channel as u8 + 1),
            Self::Digital(number) => write!(f, "Service {number}"),
        }
    }
}

/// Reads the captions of segments in their order.
#[derive(Debug, Default)]
pub(crate) struct CaptionDecoder {
    line21: Cea608Decoder,
    digital: Cea708Decoder,
    /// Epoch and end of what was read last.
    read: Option<(u32, MediaTime)>,
}

impl CaptionDecoder {
    /// Cues of a segment's streams, whose samples are decrypted and at the presentation's times.
    ///
    /// What was on the screens goes on if the segment follows the one before without a discontinuity; else all begins
    /// anew. Cues that reach over segments come in pieces.
    pub(crate) fn read(&mut self, segment: &SegmentRef, streams: &[MediaStream]) -> Vec<(CaptionService, Cue)> {
        let follows = self.read.is_some_and(|(epoch, end)| {
            epoch == segment.epoch && (segment.start - end).nanos().unsigned_abs() <= ROUNDING.as_nanos() as u64
        });
        if !follows {
            *self = Self::default();
        }
        self.read = Some((segment.epoch, segment.end()));
        let mut triplets: Vec<(MediaTime, [u8; 3])> = Vec::new();
        let mut until = None;
        for MediaStream { format, samples, .. } in streams.iter().filter(|stream| stream.kind == TrackKind::Video) {
            until = until.max(samples.iter().map(|sample| sample.pts + sample.duration).max());
            let data = if samples.iter().any(|sample| sample.hidden) {
                // What is not seen says nothing either.
                let shown: Vec<Sample> = samples.iter().filter(|sample| !sample.hidden).cloned().collect();
                es::caption_data(&format.codec, &shown)
            } else {
                es::caption_data(&format.codec, samples)
            };
            triplets.extend(data.into_iter().flat_map(|(time, all)| all.into_iter().map(move |one| (time, one))));
        }
        let Some(until) = until else { return Vec::new() };
        let line21 = self.line21.decode(&triplets, until).into_iter();
        let digital = self.digital.decode(&triplets, until).into_iter();
        line21
            .map(|(channel, cue)| (CaptionService::Line21(channel), cue))
            .chain(digital.map(|(number, cue)| (CaptionService::Digital(number), cue)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_names_and_tracks_of_their_own() {
        for (name, shown, service) in [
            ("CC1", "CC1", CaptionService::Line21(CaptionChannel::Cc1)),
            ("CC4", "CC4", CaptionService::Line21(CaptionChannel::Cc4)),
            ("SERVICE1", "Service 1", CaptionService::Digital(1)),
            ("SERVICE63", "Service 63", CaptionService::Digital(63)),
        ] {
            assert_eq!(CaptionService::parse(name), Some(service));
            assert_eq!(service.to_string(), shown);
            assert_eq!(CaptionService::of_track(service.track()), Some(service));
        }
        for name in ["", "CC", "CC0", "CC5", "SERVICE0", "SERVICE64", "SERVICE300", "TEXT1"] {
            assert_eq!(CaptionService::parse(name), None, "{name}");
        }
        for track in [0, FIRST_TRACK - 1, FIRST_TRACK + 4, FIRST_TRACK + 68, u16::MAX] {
            assert_eq!(CaptionService::of_track(TrackId(track)), None, "{track}");
        }
    }
}
