//! Digital television captions (CTA-708) as they travel in the picture's user data.
//!
//! `packet` puts the channel packets of DTVCC together and finds the blocks of a service in them, `service` carries out
//! their commands on eight windows, `window` is what text is written in. A window becomes a cue when what is to be
//! seen in it goes, or a line is added; text that is added to a line in view does not make a new cue.

mod charset;
mod packet;
mod service;
#[cfg(test)]
mod tests;
mod window;

use super::Cue;
use abr::MediaTime;
use packet::Packets;
use service::Service;

/// A decoder of one service. It remembers its windows from call to call; begin anew after a seek.
#[derive(Clone, Debug)]
pub struct Cea708Decoder {
    number: u8,
    packets: Packets,
    service: Service,
}

impl Default for Cea708Decoder {
    /// Of the primary caption service.
    fn default() -> Self {
        Self::new(1)
    }
}

impl Cea708Decoder {
    /// Of the service with this number, 1 to 63.
    pub fn new(number: u8) -> Self {
        Self { number, packets: Packets::default(), service: Service::default() }
    }

    /// Reads triplets of `cc_data` (marker, valid flag and type; two bytes) in the order of presentation. Those of
    /// CTA-608 are passed over.
    ///
    /// `until` is the end of the segment: what is still to be seen then becomes cues up to there and is continued by
    /// the next call, so [`super::merge_touching`] should see the cues of both.
    pub fn decode(&mut self, triplets: &[(MediaTime, [u8; 3])], until: MediaTime) -> Vec<Cue> {
        for (time, triplet) in triplets {
            if let Some(packet) = self.packets.push(*triplet) {
                for block in packet::blocks(&packet, self.number) {
                    self.service.carry_out(*time, block);
                }
            }
        }
        let mut cues = self.service.finish(until);
        cues.sort_unstable();
        cues
    }
}
