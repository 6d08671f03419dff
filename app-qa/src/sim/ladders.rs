//! Which ladder a scenario is played with.

use super::input::{InputError, read_content};
use abr::sim::{Content, Scenario};
use std::path::{Path, PathBuf};

/// Where ladders come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ladders {
    /// One for every scenario.
    File(PathBuf),
    /// One file per ladder, by the name that the scenario has for it.
    Folder(PathBuf),
}

impl Ladders {
    /// What was asked for, or the folder `ladders` beside or above the recordings.
    pub fn find(asked: Option<&Path>, recordings: &Path) -> Result<Self, InputError> {
        match asked {
            Some(path) if path.is_dir() => Ok(Self::Folder(path.to_owned())),
            Some(path) => Ok(Self::File(path.to_owned())),
            None => {
                let mut places = recordings.ancestors().take(3).map(|place| place.join("ladders"));
                let found = places.find(|place| place.is_dir());
                found.map(Self::Folder).ok_or_else(|| InputError::NoLadders { path: recordings.to_owned() })
            }
        }
    }

    /// The ladder of a scenario.
    pub fn content(&self, scenario: &Scenario) -> Result<Content, InputError> {
        read_content(&self.path(scenario))
    }

    /// Its file.
    pub fn path(&self, scenario: &Scenario) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Folder(folder) => folder.join(scenario.ladder).with_extension("txt"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::sim::ScenarioId;

    #[test]
    fn a_folder_has_one_for_each_scenario_and_a_file_is_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let (dev, ladders) = (folder.path().join("dev"), folder.path().join("ladders"));
        let missing = Ladders::find(None, &dev).unwrap_err().to_string();
        assert!(missing.ends_with("say where they are with --ladder"), "{missing}");
        std::fs::create_dir(&ladders).unwrap();
        let found = Ladders::find(None, &dev).unwrap();
        assert_eq!(found, Ladders::Folder(ladders.clone()));
        assert_eq!(found.path(&ScenarioId::C.scenario()), ladders.join("bbb10.txt"));
        let file = Ladders::find(Some(&ladders.join("mine.txt")), &dev).unwrap();
        assert_eq!(file.path(&ScenarioId::C.scenario()), ladders.join("mine.txt"));
    }
}
