//! Line 21 captions (CTA-608) as they travel in the picture's user data: two fields, two channels in each.
//!
//! A channel has a screen that is shown and one that is written in secret; pop-on captions swap the two, roll-up and
//! paint-on captions write where everybody looks. A row becomes a cue of its own when it is erased, moved or replaced.
//! What comes in between changes the row's text, but not its cue: a row that is typed letter by letter is shown whole
//! from its first letter, a moment early, which reads better and keeps cues few.

mod channel;
mod charset;
mod screen;
#[cfg(test)]
mod tests;

use super::Cue;
use abr::MediaTime;
use channel::Channel;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Control codes are sent twice, in frames that follow each other; field 1 of 24 frames a second has 42 ms between.
const REPETITION: Duration = Duration::from_millis(70);

/// One of the four caption channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptionChannel {
    Cc1,
    Cc2,
    Cc3,
    Cc4,
}

impl CaptionChannel {
    /// In the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Cc1, Self::Cc2, Self::Cc3, Self::Cc4];
}

/// A decoder of all channels. It remembers what is on the screens from call to call; begin anew after a seek.
#[derive(Clone, Debug, Default)]
pub struct Cea608Decoder {
    fields: [Field; 2],
}

#[derive(Clone, Debug, Default)]
struct Field {
    channels: [Channel; 2],
    /// Which of the two is spoken to.
    current: usize,
    /// The last pair, if it was a control code that has not been repeated yet.
    control: Option<(MediaTime, [u8; 2])>,
    /// Extended data services share field 2 and are not captions.
    services: bool,
}

impl Cea608Decoder {
    /// Reads triplets of `cc_data` (marker, valid flag and type; two bytes with parity) in the order of presentation.
    /// Those of CTA-708 are passed over.
    ///
    /// `until` is the end of the segment: what is still to be seen then becomes cues up to there and is continued by
    /// the next call, so [`super::merge_touching`] should see the cues of both.
    pub fn decode(&mut self, triplets: &[(MediaTime, [u8; 3])], until: MediaTime) -> Vec<(CaptionChannel, Cue)> {
        for (time, [head, first, second]) in triplets {
            let (valid, kind) = (head & 0x04 != 0, head & 0x03);
            // Extended data services are in field 2 alone; the same codes in field 1 are noise.
            let noise = kind == 0 && (0x01..=0x0f).contains(&(first & 0x7f));
            if valid && kind < 2 && !noise {
                // Parity is not checked: some writers do not set it, and transport has checks of its own.
                self.fields[usize::from(kind)].pair(*time, [first & 0x7f, second & 0x7f]);
            }
        }
        let channels = self.fields.iter_mut().flat_map(|field| field.channels.iter_mut());
        let mut cues: Vec<_> = CaptionChannel::ALL
            .into_iter()
            .zip(channels)
            .flat_map(|(name, channel)| channel.finish(until).into_iter().map(move |cue| (name, cue)))
            .collect();
        cues.sort_unstable();
        cues
    }
}

impl Field {
    fn pair(&mut self, time: MediaTime, [first, second]: [u8; 2]) {
        match first {
            // Padding between the two halves of a repetition does not part them.
            0x00 if second == 0 => {}
            0x01..=0x0f => self.services = first != 0x0f,
            0x10..=0x1f => {
                let repeated = self
                    .control
                    .is_some_and(|(before, pair)| pair == [first, second] && time.duration_since(before) <= REPETITION);
                if repeated {
                    self.control = None;
                    return;
                }
                self.control = Some((time, [first, second]));
                self.services = false;
                self.current = usize::from(first >> 3 & 1);
                self.channels[self.current].control(time, first & 0x17, second);
            }
            _ if self.services => {}
            _ => {
                self.control = None;
                for byte in [first, second].into_iter().filter(|byte| *byte >= 0x20) {
                    self.channels[self.current].write(time, charset::basic(byte));
                }
            }
        }
    }
}
