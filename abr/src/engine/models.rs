//! What was learned, compiled in.
//!
//! The files are made by `lumen-qa train abr` from recordings; `models/README.md` says from which and how. They are read
//! while the crate is compiled, so a damaged file is an error of the compiler and nothing at run time.

use super::advantage::Advantage;
use super::dense::ModelError;
use super::policy::Policy;
use super::rate_forecast::RateForecast;
use super::worth::Worth;

/// A network from its file, or the end of the function: `?` is not for constants yet.
macro_rules! read {
    ($network:ty, $file:expr) => {
        match <$network>::from_bytes($file) {
            Ok(network) => network,
            Err(error) => return Err(error),
        }
    };
}

/// The networks that a controller decides by.
#[derive(Clone, Debug)]
pub struct Models {
    pub(crate) rate: RateForecast,
    /// Where segments appear as time goes by.
    pub(crate) live: Worth,
    /// Where all of them are there.
    pub(crate) on_demand: Worth,
    /// What their scores lack, likewise.
    pub(crate) advantage_live: Advantage,
    pub(crate) advantage_on_demand: Advantage,
    /// What the scores of going on with a transfer and of what could replace it lack.
    pub(crate) abandonment_live: Advantage,
    pub(crate) abandonment_on_demand: Advantage,
}

/// The networks as files, each by its name in `models/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles(pub(crate) [Vec<u8>; ModelFiles::NAMES.len()]);

impl ModelFiles {
    /// Their names.
    pub const NAMES: [&str; 7] = [
        "rate.bin",
        "live.bin",
        "on_demand.bin",
        "advantage_live.bin",
        "advantage_on_demand.bin",
        "abandonment_live.bin",
        "abandonment_on_demand.bin",
    ];

    /// From what `read` gives for each name.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn read<E>(mut read: impl FnMut(&str) -> Result<Vec<u8>, E>) -> Result<Self, E> {
        let mut files: [Vec<u8>; Self::NAMES.len()] = Default::default();
        for (file, name) in files.iter_mut().zip(Self::NAMES) {
            *file = read(name)?;
        }
        Ok(Self(files))
    }

    /// Names and contents.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        Self::NAMES.into_iter().zip(self.0.iter().map(Vec::as_slice))
    }
}

impl Models {
    /// From files that were learned elsewhere.
    ///
    /// # Errors
    /// [`ModelError`] where one is damaged or of another shape.
    pub fn new(files: &ModelFiles) -> Result<Self, ModelError> {
        Self::from_bytes(files.0.each_ref().map(Vec::as_slice))
    }

    /// How to decide in either world.
    pub(crate) const fn policy(&self, live: bool) -> Policy<'_> {
        let (worth, advantage, abandonment) = if live {
            (&self.live, &self.advantage_live, &self.abandonment_live)
        } else {
            (&self.on_demand, &self.advantage_on_demand, &self.abandonment_on_demand)
        };
        Policy { rate: &self.rate, worth, advantage: Some(advantage), abandonment: Some(abandonment) }
    }

    const fn from_bytes(files: [&[u8]; ModelFiles::NAMES.len()]) -> Result<Self, ModelError> {
        Ok(Self {
            rate: read!(RateForecast, files[0]),
            live: read!(Worth, files[1]),
            on_demand: read!(Worth, files[2]),
            advantage_live: read!(Advantage, files[3]),
            advantage_on_demand: read!(Advantage, files[4]),
            abandonment_live: read!(Advantage, files[5]),
            abandonment_on_demand: read!(Advantage, files[6]),
        })
    }
}

/// The files in `models/`, in the order of [`ModelFiles::NAMES`].
pub(crate) const COMPILED_IN: [&[u8]; ModelFiles::NAMES.len()] = [
    include_bytes!("../../models/rate.bin"),
    include_bytes!("../../models/live.bin"),
    include_bytes!("../../models/on_demand.bin"),
    include_bytes!("../../models/advantage_live.bin"),
    include_bytes!("../../models/advantage_on_demand.bin"),
    include_bytes!("../../models/abandonment_live.bin"),
    include_bytes!("../../models/abandonment_on_demand.bin"),
];

/// The compiled-in networks.
pub(crate) static MODELS: Models = match Models::from_bytes(COMPILED_IN) {
    Ok(models) => models,
    Err(_) => panic!("a file in models/ is malformed"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_by_name_and_damage_is_told() {
        let position = |name: &str| ModelFiles::NAMES.iter().position(|known| *known == name);
        let compiled_in = |name: &str| position(name).map(|at| COMPILED_IN[at].to_vec()).ok_or(());
        let files = ModelFiles::read(compiled_in).unwrap();
        assert!(Models::new(&files).is_ok());
        assert!(files.iter().all(|(name, bytes)| compiled_in(name).unwrap() == bytes));
        assert_eq!(ModelFiles::read(|name| if name == "live.bin" { Err("gone") } else { Ok(vec![]) }), Err("gone"));
        for at in 0..ModelFiles::NAMES.len() {
            let mut damaged = files.clone();
            damaged.0[at].pop();
            assert!(Models::new(&damaged).is_err(), "{}", ModelFiles::NAMES[at]);
        }
    }
}
