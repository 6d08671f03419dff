//! placeholder
use crate::ladder::{Ladder, RungId};
use crate::units::ByteCount;
pub(super) fn qualities(ladder: &Ladder, sizes: &[Vec<(RungId, ByteCount)>]) -> Vec<f64> {
    let mut out = Vec::new();
    for row in sizes {
        for (rung, _) in ladder.iter().zip(row) {
            out.push(3.0 * (rung.bitrate.bps() as f64 / 1e5).ln() + 8.0);
        }
    }
    out
}
