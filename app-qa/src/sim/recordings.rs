//! Recordings by source, and which of them no controller can play.

use super::input::{InputError, entries, read_text, read_trace};
use super::variation::Network;
use abr::sim::{Recording, Scenario};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Names the recordings that are reported apart.
const STRESS_LIST: &str = "STRESS.txt";

/// All recordings below a folder.
#[derive(Clone, Debug)]
pub struct Recordings {
    folder: PathBuf,
    all: Vec<Recording>,
    stress: HashSet<(String, String)>,
}

impl Recordings {
    /// Reads `folder`: one folder per source with one file per recording, or the recordings of one source. The list of
    /// those to report apart may lie in it, beside it or above it.
    pub fn read(folder: &Path) -> Result<Self, InputError> {
        let unreadable = |cause| InputError::Unreadable { path: folder.to_owned(), cause };
        let folder = folder.canonicalize().map_err(unreadable)?;
        let sources: Vec<PathBuf> = entries(&folder)?.into_iter().filter(|path| path.is_dir()).collect();
        let sources = if sources.is_empty() { vec![folder.clone()] } else { sources };
        let mut all = Vec::new();
        for source in sources {
            read_source(&source, &mut all)?;
        }
        if all.is_empty() {
            return Err(InputError::NoRecordings { path: folder });
        }
        let list = folder.ancestors().take(3).map(|place| place.join(STRESS_LIST)).find(|path| path.is_file());
        let stress = list.map_or_else(|| Ok(HashSet::new()), |list| read_stress_list(&list))?;
        Ok(Self { folder, all, stress })
    }

    /// The same, changed.
    pub fn varied(mut self, network: Network, seed: u64) -> Result<Self, InputError> {
        network.apply(&mut self.all, &self.folder, seed)?;
        Ok(self)
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them.
    pub fn all(&self) -> &[Recording] {
        &self.all
    }

    /// Those that belong into a scenario: first those that count, then those that are reported apart.
    pub fn of(&self, scenario: &Scenario, every_source: bool) -> (Vec<&Recording>, Vec<&Recording>) {
        let used = self.all.iter().filter(|recording| every_source || scenario.uses(&recording.source));
        used.partition(|recording| !self.is_stress(recording))
    }

    /// The one called `source/name`.
    pub fn find(&self, name: &str) -> Result<&Recording, InputError> {
        let found = self.all.iter().find(|recording| {
            let rest = name.strip_prefix(&recording.source).and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| rest == recording.name || rest.strip_suffix(".txt") == Some(&recording.name))
        });
        found.ok_or_else(|| InputError::UnknownRecording(name.to_owned()))
    }

    /// Whether it is reported apart.
    pub fn is_stress(&self, recording: &Recording) -> bool {
        self.stress.contains(&(recording.source.clone(), recording.name.clone()))
    }
}

fn read_source(folder: &Path, found: &mut Vec<Recording>) -> Result<(), InputError> {
    let source = file_name(folder);
    for path in entries(folder)?.into_iter().filter(|path| is_recording(path)) {
        let name = file_name(&path);
        let name = name.strip_suffix(".txt").unwrap_or(&name).to_owned();
        found.push(Recording { source: source.clone(), name, trace: read_trace(&path)? });
    }
    Ok(())
}

/// Everything but what describes the recordings.
fn is_recording(path: &Path) -> bool {
    let name = file_name(path);
    let about = name.starts_with('.') || name == STRESS_LIST || name.ends_with(".md") || name.starts_with("LICENSE");
    path.is_file() && !about
}

/// Lines of `source recording kind`.
fn read_stress_list(path: &Path) -> Result<HashSet<(String, String)>, InputError> {
    let text = read_text(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [source, name, ..] => Ok((source.to_owned(), name.to_owned())),
            _ => Err(InputError::StressList { path: path.to_owned(), line: index + 1 }),
        })
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::sim::ScenarioId;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const LINE: &str = "1000 3000 20\n";

    #[test]
    fn folders_are_sources_and_the_stress_list_may_lie_above() {
        let folder = folder(&[
            ("dev/train/b.txt", LINE),
            ("dev/train/a.txt.txt", LINE),
            ("dev/lumos5g/c", LINE),
            ("dev/train/.hidden", "nonsense"),
            ("dev/README.md", "nonsense"),
            ("STRESS.txt", "train b fast\n"),
        ]);
        let recordings = Recordings::read(&folder.path().join("dev")).unwrap();
        let names = |list: Vec<&Recording>| -> Vec<String> {
            list.iter().map(|recording| format!("{}/{}", recording.source, recording.name)).collect()
        };
        let (counted, apart) = recordings.of(&ScenarioId::A.scenario(), false);
        assert_eq!((names(counted), names(apart)), (vec!["train/a.txt".into()], vec!["train/b".into()]));
        let (counted, _) = recordings.of(&ScenarioId::A.scenario(), true);
        assert_eq!(names(counted), ["lumos5g/c", "train/a.txt"]);
        assert_eq!(recordings.find("train/b.txt").unwrap().name, "b");
        assert_eq!(
            recordings.find("train/d").unwrap_err().to_string(),
            "there is no recording train/d in what --traces names"
        );

        let one = Recordings::read(&folder.path().join("dev/train")).unwrap();
        assert_eq!(names(one.of(&ScenarioId::E.scenario(), false).0), ["train/a.txt"]);
    }

    #[test]
    fn what_is_not_as_it_should_be_is_named() {
        let error = Recordings::read(Path::new("/nonexistent")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read /nonexistent");
        let empty = folder(&[("train/README.md", "")]);
        assert!(Recordings::read(empty.path()).unwrap_err().to_string().starts_with("there are no recordings in /"));
        let broken = folder(&[("train/a.txt", LINE), ("STRESS.txt", "train a\n\nalone\n")]);
        let error = Recordings::read(broken.path()).unwrap_err().to_string();
        assert!(error.ends_with("STRESS.txt: line 3: write `source recording kind`"), "{error}");
    }
}
