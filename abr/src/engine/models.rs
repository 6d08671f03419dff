//! What was learned, compiled in.
//!
//! The files are made by `lumen-qa train abr` from recordings; `models/README.md` says from which and how. They are read
//! while the crate is compiled, so a damaged file is an error of the compiler and nothing at run time.

use super::dense::ModelError;
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
}

impl Models {
    /// What a state is worth in either world.
    pub(crate) fn worth(&self, live: bool) -> &Worth {
        if live { &self.live } else { &self.on_demand }
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
    match Worth::from_bytes(include_bytes!("../../models/on_demand.bin")) {
        Ok(on_demand) => Ok(Models { rate, live, on_demand }),
        Err(error) => Err(error),
    }
}
