//! What the application remembers for its viewer, as one JSON file in the configuration folder.

use crate::{launch::QualityWish, player_view::skip::SkipChoices, storage, widgets::keyboard::Layout};
use serde::{Deserialize, Serialize};
use service_api::ProfileId;
use std::path::{Path, PathBuf};

/// Version of the file's layout.
const VERSION: u32 = 1;

/// Everything that is remembered. Unknown fields are ignored, missing ones have their default, wrong values are
/// brought into range: a damaged file must never keep anybody from watching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) version: u32,
    /// Linear gain, 0 to 1.
    pub(crate) volume: f32,
    /// Sound off, whatever the volume.
    pub(crate) muted: bool,
    /// `None` until the viewer chose one.
    pub(crate) quality: Option<QualityWish>,
    /// Subtitles in this language (BCP 47); `None` for no subtitles.
    pub(crate) text_language: Option<String>,
    /// What becomes of intros, recaps and credits.
    pub(crate) skip: SkipChoices,
    /// Who watched last.
    pub(crate) last_profile: Option<ProfileId>,
    /// Per cent of each edge that a television cuts off, at most [`Settings::OVERSCAN`].
    pub(crate) overscan: u8,
    /// Letters of the keyboard on a television; `None` until it is known whose.
    pub(crate) keyboard: Option<Layout>,
    /// What was searched and found, the newest first.
    pub(crate) searches: Vec<RecentSearch>,
    /// Size of the window in points.
    pub(crate) window: Option<[f32; 2]>,
}

/// A search that led somewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecentSearch {
    pub(crate) profile: ProfileId,
    pub(crate) text: String,
}

impl Settings {
    /// Most that a panel cuts off of each edge, in per cent.
    pub(crate) const OVERSCAN: u8 = 7;
    /// Searches remembered, of all profiles together.
    pub(crate) const SEARCHES: usize = 48;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            volume: 1.0,
            muted: false,
            quality: None,
            text_language: None,
            skip: SkipChoices::default(),
            last_profile: None,
            overscan: 0,
            keyboard: None,
            searches: Vec::new(),
            window: None,
        }
    }
}

impl Settings {
    /// Reads the file; defaults where it is missing or damaged (which is logged).
    pub(crate) fn load(path: &Path) -> Self {
        let settings = match storage::read(path) {
            Ok(None) => Self::default(),
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, "settings cannot be read, starting with defaults");
                Self::default()
            }),
            Err(error) => {
                tracing::warn!(%error, "settings cannot be opened, starting with defaults");
                Self::default()
            }
        };
        settings.validated()
    }

    fn validated(mut self) -> Self {
        self.version = VERSION;
        self.volume = if self.volume.is_finite() { self.volume.clamp(0.0, 1.0) } else { 1.0 };
        self.text_language = self.text_language.filter(|tag| !tag.is_empty() && tag.len() <= 35 && tag.is_ascii());
        let sane = |side: f32| side.is_finite() && (200.0..=16_384.0).contains(&side);
        self.overscan = self.overscan.min(Self::OVERSCAN);
        self.searches.truncate(Self::SEARCHES);
        self.searches.retain(|search| search.text.chars().count() <= 64);
        self.window = self.window.filter(|[width, height]| sane(*width) && sane(*height));
        self
    }

    /// Writes the file.
    ///
    /// # Errors
    /// As the file system reports.
    pub(crate) fn save(&self, path: &Path) -> std::io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        storage::write_atomically(path, &bytes)
    }
}

/// Where the application keeps its files.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) settings: PathBuf,
    pub(crate) journal: PathBuf,
    pub(crate) networks: PathBuf,
    /// Which device this is.
    pub(crate) device: PathBuf,
    /// The same for the player of televisions: another app to the service, which may run on the same machine.
    pub(crate) television: PathBuf,
}

impl Places {
    /// The folders of the XDG base directory specification; the current folder if there is no home.
    pub(crate) fn of_user() -> Self {
        match directories::ProjectDirs::from("", "", "lumen") {
            Some(folders) => Self {
                settings: folders.config_dir().join("settings.json"),
                journal: folders.data_local_dir().join("positions.json"),
                networks: folders.data_local_dir().join("networks.json"),
                device: folders.data_local_dir().join("device.json"),
                television: folders.data_local_dir().join("television.json"),
            },
            None => Self {
                settings: "lumen-settings.json".into(),
                journal: "lumen-positions.json".into(),
                networks: "lumen-networks.json".into(),
                device: "lumen-device.json".into(),
                television: "lumen-television.json".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let settings = Settings { volume: 0.4, quality: Some(QualityWish::Height(720)), ..Settings::default() };
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path), settings);
    }

    #[test]
    fn a_damaged_file_gives_usable_settings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for content in ["", "{", "[]", r#"{"volume": 1e9, "window": [-4, 1e12], "text_language": "\u0000é", "new": 1}"#]
        {
            std::fs::write(&path, content).unwrap();
            let settings = Settings::load(&path);
            assert_eq!((settings.volume, settings.window), (1.0, None), "{content}");
            assert_eq!(settings.text_language, None);
        }
    }
}
