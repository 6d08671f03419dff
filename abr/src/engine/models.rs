//! What was learned, compiled in.
//!
//! The files are made by `lumen-qa train abr` from recordings; `models/README.md` says from which and how. They are read
//! while the crate is compiled, so a damaged file is an error of the compiler and nothing at run time.

use super::advantage::Advantage;
use super::dense::ModelError;
use super::policy::Policy;
use super::rate_forecast::RateForecast;
use super::worth::Worth;

/// The networks that a controller decides by.
#[derive(Clone, Debug)]
pub(crate) struct Models {
    pub(crate) rate: RateForecast,
    /// Where segments appear as time goes by.
    pub(crate) live: Worth,
    /// Where all of them are there.
    pub(crate) on_demand: Worth,
    /// What their scores lack, likewise.
    pub(crate) advantage_live: Advantage,
    pub(crate) advantage_on_demand: Advantage,
}

impl Models {
    /// How to decide in either world.
    pub(crate) const fn policy(&self, live: bool) -> Policy<'_> {
        let (worth, advantage) =
            if live { (&self.live, &self.advantage_live) } else { (&self.on_demand, &self.advantage_on_demand) };
        Policy { rate: &self.rate, worth, advantage: Some(advantage) }
    }
}

/// The compiled-in networks.
pub(crate) static MODELS: Models = match read() {
    Ok(models) => models,
    Err(_) => panic!("a file in models/ is malformed"),
};

const fn read() -> Result<Models, ModelError> {
    let rate = match RateForecast::from_bytes(include_bytes!("../../models/rate.bin")) {
        Ok(rate) => rate,
        Err(error) => return Err(error),
    };
    let live = match Worth::from_bytes(include_bytes!("../../models/live.bin")) {
        Ok(live) => live,
        Err(error) => return Err(error),
    };
    let on_demand = match Worth::from_bytes(include_bytes!("../../models/on_demand.bin")) {
        Ok(on_demand) => on_demand,
        Err(error) => return Err(error),
    };
    let advantage_live = match Advantage::from_bytes(include_bytes!("../../models/advantage_live.bin")) {
        Ok(advantage) => advantage,
        Err(error) => return Err(error),
    };
    match Advantage::from_bytes(include_bytes!("../../models/advantage_on_demand.bin")) {
        Ok(advantage_on_demand) => Ok(Models { rate, live, on_demand, advantage_live, advantage_on_demand }),
        Err(error) => Err(error),
    }
}
