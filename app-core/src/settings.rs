//! What the application remembers for its viewer, as one JSON file in the configuration folder.

use crate::{
    density::Density,
    desktop::{appearance, network::NetworkChoice},
    language::Locale,
    launch::QualityWish,
    player_view::{
        keys::KeyChoices,
        skip::SkipChoices,
        text_delay::TextDelays,
        text_style::TextLook,
        viewing::{ByProfile, Viewing},
    },
    storage,
    widgets::keyboard::Layout,
};
use player_core::DecoderChoice;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use service_api::ProfileId;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Version of the file's layout.
const VERSION: u32 = 1;
/// Profiles whose searches are read back: households share a device with guests.
const MAX_PROFILES: usize = 64;
/// Searches of each.
const MAX_SEARCHES: usize = 16;
/// Longest text of one, in bytes.
const MAX_SEARCH: usize = 256;

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
    /// Which decoder takes the pictures.
    #[serde(deserialize_with = "or_default")]
    pub(crate) decoder: DecoderChoice,
    /// `None` until the viewer chose one.
    pub(crate) quality: Option<QualityWish>,
    /// Subtitles in this language (BCP 47); `None` for no subtitles.
    pub(crate) text_language: Option<String>,
    /// Language of the application; `None` follows the system.
    #[serde(deserialize_with = "or_default")]
    pub(crate) language: Option<Locale>,
    /// What becomes of intros, recaps and credits, for profiles that chose nothing else.
    #[serde(deserialize_with = "or_default")]
    pub(crate) skip: SkipChoices,
    /// What each profile searched for on this device, the latest first.
    pub(crate) searches: BTreeMap<ProfileId, Vec<String>>,
    /// Sound in this language (BCP 47); `None` for what each title says is its own.
    pub(crate) audio_language: Option<String>,
    /// Quality and languages that profiles chose; those above are for all others.
    #[serde(deserialize_with = "or_default")]
    pub(crate) media_by_profile: ByProfile<MediaChoices>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) viewing_by_profile: ByProfile<Viewing>,
    /// How subtitles look.
    #[serde(deserialize_with = "or_default")]
    pub(crate) text_look: TextLook,
    #[serde(deserialize_with = "or_default")]
    pub(crate) text_delays: TextDelays,
    /// Keys of the player that are not as delivered.
    pub(crate) keys: KeyChoices,
    /// Who watched last.
    pub(crate) last_profile: Option<ProfileId>,
    /// The desktop around the application.
    pub(crate) desktop: DesktopSettings,
    /// Per cent of each edge that a television cuts off, at most [`Settings::OVERSCAN`].
    pub(crate) overscan: u8,
    /// Letters of the keyboard on a television; `None` until it is known whose.
    pub(crate) keyboard: Option<Layout>,
    /// A television that stands still for long shows the time of day beside a picture; otherwise it is only dimmed.
    pub(crate) ambient: bool,
}

/// What a viewer wants of what titles offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MediaChoices {
    pub(crate) quality: Option<QualityWish>,
    pub(crate) audio_language: Option<String>,
    pub(crate) text_language: Option<String>,
}

impl Settings {
    /// Most that a panel cuts off of each edge, in per cent.
    pub(crate) const OVERSCAN: u8 = 7;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            volume: 1.0,
            muted: false,
            decoder: DecoderChoice::Auto,
            quality: None,
            text_language: None,
            audio_language: None,
            media_by_profile: ByProfile::default(),
            language: None,
            skip: SkipChoices::default(),
            searches: BTreeMap::new(),
            viewing_by_profile: ByProfile::default(),
            text_look: TextLook::default(),
            text_delays: TextDelays::default(),
            keys: KeyChoices::default(),
            last_profile: None,
            desktop: DesktopSettings::default(),
            overscan: 0,
            keyboard: None,
            ambient: true,
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

    /// How a profile watches.
    pub(crate) fn viewing(&self, profile: Option<&ProfileId>) -> Viewing {
        let chosen = profile.and_then(|profile| self.viewing_by_profile.of(profile));
        chosen.unwrap_or(Viewing { skip: self.skip, ..Viewing::default() })
    }

    /// What a profile chose of what titles offer; without a profile, or a choice of its own, what holds for all others.
    pub(crate) fn media(&self, profile: Option<&ProfileId>) -> MediaChoices {
        let own = profile.and_then(|profile| self.media_by_profile.of(profile));
        own.unwrap_or_else(|| MediaChoices {
            quality: self.quality,
            audio_language: self.audio_language.clone(),
            text_language: self.text_language.clone(),
        })
    }

    /// Changes what a profile chose; without one, what holds for all that chose nothing.
    pub(crate) fn choose_media(&mut self, profile: Option<ProfileId>, change: impl FnOnce(&mut MediaChoices)) {
        let mut media = self.media(profile.as_ref());
        change(&mut media);
        if let Some(profile) = profile {
            self.media_by_profile.set(profile, media);
        } else {
            let MediaChoices { quality, audio_language, text_language } = media;
            (self.quality, self.audio_language, self.text_language) = (quality, audio_language, text_language);
        }
    }

    fn validated(mut self) -> Self {
        self.version = VERSION;
        self.volume = if self.volume.is_finite() { self.volume.clamp(0.0, 1.0) } else { 1.0 };
        let is_tag = |tag: &String| !tag.is_empty() && tag.len() <= 35 && tag.is_ascii();
        self.text_language = self.text_language.filter(is_tag);
        self.audio_language = self.audio_language.filter(is_tag);
        self.media_by_profile.validate(|media| {
            media.text_language = media.text_language.take().filter(is_tag);
            media.audio_language = media.audio_language.take().filter(is_tag);
        });
        while self.searches.len() > MAX_PROFILES {
            self.searches.pop_last();
        }
        for searches in self.searches.values_mut() {
            searches.retain(|text| !text.is_empty() && text.len() <= MAX_SEARCH);
            searches.truncate(MAX_SEARCHES);
        }
        self.desktop = self.desktop.validated();
        self.overscan = self.overscan.min(Self::OVERSCAN);
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

/// How the application behaves on its desktop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DesktopSettings {
    /// The desktop's media keys and controls steer the player. On, because that is what they are for.
    pub(crate) media_keys: bool,
    /// The screen stays on while something is watched. On, because nobody moves the pointer then.
    pub(crate) keep_awake: bool,
    /// What was opened lately is kept. On: it can be cleared, and switched off.
    pub(crate) keep_recents: bool,
    pub(crate) look: appearance::Choice,
    pub(crate) network: NetworkChoice,
}

impl Default for DesktopSettings {
    fn default() -> Self {
        Self {
            media_keys: true,
            keep_awake: true,
            keep_recents: true,
            look: appearance::Choice::default(),
            network: NetworkChoice::default(),
        }
    }
}

impl DesktopSettings {
    fn validated(self) -> Self {
        Self { look: self.look.validated(), ..self }
    }
}

/// A part of the file that is damaged has its default: the rest of the file is not lost for it.
fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_else(|error| {
        tracing::warn!(%error, "a part of the settings cannot be read and has its default");
        T::default()
    }))
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
    /// What was opened lately.
    pub(crate) recents: PathBuf,
    /// Where the window was.
    pub(crate) window: PathBuf,
    /// What is logged.
    pub(crate) log: PathBuf,
    /// Folder of the reports of crashes.
    pub(crate) crashes: PathBuf,
    /// The picture of what is playing, for the desktop.
    pub(crate) art: PathBuf,
}

impl Places {
    /// Where the identity of this device is kept.
    pub(crate) fn device_of(&self, density: Density) -> &Path {
        if density.is_tv() { &self.television } else { &self.device }
    }

    /// All in one folder.
    #[cfg(test)]
    pub(crate) fn within(folder: &Path) -> Self {
        let at = |name: &str| folder.join(name);
        Self {
            settings: at("settings.json"),
            journal: at("positions.json"),
            networks: at("networks.json"),
            device: at("device.json"),
            television: at("television.json"),
            recents: at("recent.json"),
            window: at("window.ron"),
            log: at("lumen.log"),
            crashes: at("crashes"),
            art: at("now-playing"),
        }
    }

    /// The folders of the XDG base directory specification; the current folder if there is no home.
    pub(crate) fn of_user() -> Self {
        match directories::ProjectDirs::from("", "", "lumen") {
            Some(folders) => Self {
                settings: folders.config_dir().join("settings.json"),
                journal: folders.data_local_dir().join("positions.json"),
                networks: folders.data_local_dir().join("networks.json"),
                device: folders.data_local_dir().join("device.json"),
                television: folders.data_local_dir().join("television.json"),
                recents: state(&folders).join("recent.json"),
                window: state(&folders).join("window.ron"),
                log: state(&folders).join("lumen.log"),
                crashes: state(&folders).join("crashes"),
                art: folders.cache_dir().join("now-playing"),
            },
            None => Self {
                settings: "lumen-settings.json".into(),
                journal: "lumen-positions.json".into(),
                networks: "lumen-networks.json".into(),
                device: "lumen-device.json".into(),
                television: "lumen-television.json".into(),
                recents: "lumen-recent.json".into(),
                window: "lumen-window.ron".into(),
                log: "lumen.log".into(),
                crashes: "lumen-crashes".into(),
                art: "lumen-now-playing".into(),
            },
        }
    }
}

/// What is worth keeping and nobody would miss; systems without a folder for that have it with the data.
fn state(folders: &directories::ProjectDirs) -> &Path {
    folders.state_dir().unwrap_or_else(|| folders.data_local_dir())
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
        for content in [
            "",
            "{",
            "[]",
            r#"{"volume": 1e9, "desktop": {"look": {"text_size": 9000}}, "text_language": "\u0000é", "new": 1}"#,
        ] {
            std::fs::write(&path, content).unwrap();
            let settings = Settings::load(&path);
            assert_eq!(settings.volume, 1.0, "{content}");
            assert!(settings.desktop.media_keys && settings.desktop.look.text_size.is_none_or(|size| size == 150));
            assert_eq!(settings.text_language, None);
        }
    }

    #[test]
    fn a_damaged_part_does_not_cost_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let content = r#"{"volume": 0.25, "skip": {"intro": "perhaps"}, "language": "tlh", "text_look": {"size": "large", "edge": 7},
            "text_delays": {}, "viewing_by_profile": {"mira": {"autoplay_next": "no"}}, "keys": {"mute": ["Z"], "fly": 1}}"#;
        std::fs::write(&path, content).unwrap();
        let settings = Settings::load(&path);
        assert_eq!(
            (settings.volume, settings.skip, settings.text_look, settings.language),
            (0.25, Default::default(), Default::default(), None)
        );
        assert!(!settings.keys.is_empty());
        assert_eq!(settings.viewing(Some(&"mira".into())), Viewing::default());
    }
}
