//! Controllers by name: our own ([`crate::engine`]) and those of other people, as yardsticks.
//!
//! Each of the latter is written from what its authors published, in our own words; its module names the source, gives
//! the formulas and says where ours differs. They keep to what the original may know: most estimate the link by
//! themselves from [`AbrController::observe`], and the throughput of the context, which our [`crate::BandwidthMeter`]
//! measured, is used by the plain throughput rule, and by those of the reference player until their first sample.
//!
//! To add a controller, implement [`AbrController`] in a file here and add a line to [`controller_by_name`] and
//! [`CONTROLLER_NAMES`].

mod bba;
mod bola;
mod bola_e;
mod dash_js;
mod dynamic;
mod exoplayer;
mod hls_js;
mod l2a;
mod lol_plus;
mod plain;
mod reference_2018;
mod robust_mpc;
mod shaka;
mod soda;
mod throughput;

pub use bba::BbaController;
pub use bola::BolaController;
pub use bola_e::BolaEController;
pub use dash_js::DashJsController;
pub use dynamic::DynamicController;
pub use exoplayer::ExoPlayerController;
pub use hls_js::HlsJsController;
pub use l2a::L2aController;
pub use lol_plus::LolPlusController;
pub use robust_mpc::RobustMpcController;
pub use shaka::ShakaController;
pub use soda::SodaController;
pub use throughput::ThroughputController;

use crate::controller::AbrController;
use crate::engine::LumenController;

/// The names that [`controller_by_name`] knows; the first is the default.
pub const CONTROLLER_NAMES: [&str; 14] = [
    "lumen",
    "dynamic",
    "throughput",
    "bba",
    "bola",
    "bola-e",
    "robust-mpc",
    "soda",
    "dash.js",
    "hls.js",
    "shaka",
    "exoplayer",
    "l2a",
    "lol-plus",
];

/// A fresh controller of that name; `None` where there is none.
pub fn controller_by_name(name: &str) -> Option<Box<dyn AbrController>> {
    Some(match name {
        "lumen" => Box::new(LumenController::new()),
        "dynamic" => Box::new(DynamicController::new()),
        "throughput" => Box::new(ThroughputController::new()),
        "bba" => Box::new(BbaController::new()),
        "bola" => Box::new(BolaController::new()),
        "bola-e" => Box::new(BolaEController::new()),
        "robust-mpc" => Box::new(RobustMpcController::new()),
        "soda" => Box::new(SodaController::new()),
        "dash.js" => Box::new(DashJsController::new()),
        "hls.js" => Box::new(HlsJsController::new()),
        "shaka" => Box::new(ShakaController::new()),
        "exoplayer" => Box::new(ExoPlayerController::new()),
        "l2a" => Box::new(L2aController::new()),
        "lol-plus" => Box::new(LolPlusController::new()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_makes_its_controller() {
        for name in CONTROLLER_NAMES {
            assert_eq!(controller_by_name(name).unwrap().name(), name);
        }
        assert!(controller_by_name("oracle").is_none());
    }
}
