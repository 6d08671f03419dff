//! Who plays.

use abr::{AbrController, CONTROLLER_NAMES};
use std::fmt;
use std::str::FromStr;

/// A controller by its name, or whoever knows the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contestant(&'static str);

impl Contestant {
    /// The offline optimum. It is no controller: nobody could ship it.
    pub const OFFLINE: Self = Self("offline");

    /// The one that the player uses unless told otherwise.
    pub const OURS: Self = Self(CONTROLLER_NAMES[0]);

    /// All controllers, ours first.
    pub fn controllers() -> impl Iterator<Item = Self> {
        CONTROLLER_NAMES.into_iter().map(Self)
    }

    /// A fresh one; `None` for the offline optimum.
    pub fn controller(self) -> Option<Box<dyn AbrController>> {
        abr::controller_by_name(self.0)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl FromStr for Contestant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::controllers().chain([Self::OFFLINE]).find(|contestant| contestant.0 == text);
        found.ok_or_else(|| {
            format!("there are {}, `{}` for the optimum and `all`", CONTROLLER_NAMES.join(", "), Self::OFFLINE)
        })
    }
}

/// One or more, as on a command line: `throughput,bola`, `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contestants(pub Vec<Contestant>);

impl FromStr for Contestants {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Vec::new();
        for name in text.split(',').map(str::trim) {
            let named: Vec<Contestant> = match name {
                "all" => Contestant::controllers().chain([Contestant::OFFLINE]).collect(),
                name => vec![name.parse()?],
            };
            all.extend(named);
        }
        Ok(Self(distinct(all)))
    }
}

/// Keeps the first of equals.
pub fn distinct<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    list.into_iter().fold(Vec::new(), |mut kept, item| {
        if !kept.contains(&item) {
            kept.push(item);
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_controllers_and_the_optimum() {
        let Contestants(list) = "bola,offline,bola".parse().unwrap();
        assert_eq!(list, ["bola".parse().unwrap(), Contestant::OFFLINE]);
        let Contestants(all) = "all".parse().unwrap();
        assert_eq!((all[0], all.len()), (Contestant::OURS, CONTROLLER_NAMES.len() + 1));
        assert!("oracle".parse::<Contestants>().unwrap_err().contains("there are "));
    }

    #[test]
    fn only_the_optimum_is_no_controller() {
        assert!(Contestant::OFFLINE.controller().is_none());
        assert!(Contestant::controllers().all(|contestant| contestant.controller().is_some()));
    }
}
