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
use std::collections::BTreeMap;

/// A decoder of all services. It remembers their windows from call to call; begin anew after a seek.
#[derive(Clone, Debug, Default)]
pub struct Cea708Decoder {
    packets: Packets,
    /// By number, 1 to 63; made when something is said to them.
    services: BTreeMap<u8, Service>,
}

impl Cea708Decoder {
    /// Reads triplets of `cc_data` (marker, valid flag and type; two bytes) in the order of presentation. Those of
    /// CTA-608 are passed over. Cues come with the number of their service, 1 to 63; number 1 is the primary one.
    ///
    /// `until` is the end of the segment: what is still to be seen then becomes cues up to there and is continued by
    /// the next call, so [`super::merge_touching`] should see the cues of both.
    pub fn decode(&mut self, triplets: &[(MediaTime, [u8; 3])], until: MediaTime) -> Vec<(u8, Cue)> {
        for (time, triplet) in triplets {
            if let Some(packet) = self.packets.push(*triplet) {
                for (number, block) in packet::blocks(&packet) {
                    self.services.entry(number).or_default().carry_out(*time, block);
                }
            }
        }
        let services = self.services.iter_mut();
        let mut cues: Vec<_> = services
            .flat_map(|(number, service)| service.finish(until).into_iter().map(|cue| (*number, cue)))
            .collect();
        cues.sort_unstable();
        cues
    }
}
