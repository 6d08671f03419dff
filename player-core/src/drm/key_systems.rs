//! The key systems of this device, and which of them a presentation is played with.

use super::clearkey::ClearKey;
use super::{DrmError, KeySystem, KeySystemId, SystemId};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Which content decryption module to load, and what of it to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdmOptions {
    /// An OpenCDM library. `None`: `libocdm.so`, wherever the system looks for libraries.
    pub library: Option<PathBuf>,
    /// Key systems that the library is asked for, by name, and the system id of their `pssh` boxes.
    pub systems: Vec<(String, SystemId)>,
    /// The library lacks `opencdm_session_decrypt_v2`, and its `opencdm_session_decrypt` takes IV and key id and no
    /// scheme. Not to be found out at run time: calling the wrong form would be memory corruption.
    pub plain_decrypt: bool,
    /// A module that does not answer for this long is given up. Shorter than any viewer waits.
    pub patience: Duration,
}

impl Default for CdmOptions {
    fn default() -> Self {
        let systems = [
            ("com.widevine.alpha", SystemId::WIDEVINE),
            ("com.microsoft.playready", SystemId::PLAYREADY),
            ("com.apple.fps", SystemId::FAIRPLAY),
        ];
        Self {
            library: None,
            systems: systems.map(|(name, system)| (name.to_owned(), system)).into(),
            plain_decrypt: false,
            patience: Duration::from_secs(8),
        }
    }
}

impl CdmOptions {
    /// As the environment says: `LUMEN_OCDM` is the library's path, `LUMEN_OCDM_DECRYPT=plain` its older form of
    /// `opencdm_session_decrypt`.
    pub fn from_environment() -> Self {
        let library = std::env::var_os("LUMEN_OCDM").filter(|path| !path.is_empty()).map(PathBuf::from);
        let plain_decrypt = std::env::var_os("LUMEN_OCDM_DECRYPT").is_some_and(|form| form == "plain");
        Self { library, plain_decrypt, ..Self::default() }
    }
}

/// Key systems in order of preference, Clear Key first. Cloning shares them.
#[derive(Clone, Debug)]
pub struct KeySystems {
    systems: Arc<[Arc<dyn KeySystem>]>,
    /// Why there is no vendor's system.
    absence: Option<Arc<str>>,
}

impl Default for KeySystems {
    /// Clear Key alone.
    fn default() -> Self {
        Self { systems: Arc::new([Arc::new(ClearKey)]), absence: None }
    }
}

/// What a presentation is played with, and why.
#[derive(Clone, Debug)]
pub struct KeySystemChoice {
    pub system: Arc<dyn KeySystem>,
    /// In words, for a log.
    pub reason: String,
    /// It was not offered, and is tried because there is a licence server.
    pub(crate) is_guess: bool,
}

impl KeySystemChoice {
    pub fn id(&self) -> KeySystemId {
        self.system.id()
    }
}

impl KeySystems {
    /// Clear Key, and these behind it in their order.
    pub fn with(vendors: impl IntoIterator<Item = Arc<dyn KeySystem>>) -> Self {
        let clear: Arc<dyn KeySystem> = Arc::new(ClearKey);
        Self { systems: std::iter::once(clear).chain(vendors).collect(), absence: None }
    }

    /// What is installed here: Clear Key, and the systems of an OpenCDM library if there is one. Loads it; what it
    /// does not answer in time is not offered. That there is none is no error: it is said where it matters.
    pub async fn installed(options: CdmOptions) -> Self {
        #[cfg(all(feature = "opencdm", target_os = "linux"))]
        {
            let (found, answer) = tokio::sync::oneshot::channel();
            let patience = options.patience;
            // A thread of its own: one that never comes back must not keep a pool, or the program, from ending.
            let started = std::thread::Builder::new().name("opencdm-load".into()).spawn(move || {
                let _ = found.send(super::opencdm::systems(&options));
            });
            let found = match started {
                Ok(_) => tokio::time::timeout(patience, answer).await,
                Err(_) => return Self::without("no thread could be started for libocdm"),
            };
            match found {
                Ok(Ok(Ok(vendors))) => Self::with(vendors),
                Ok(Ok(Err(why))) => Self::without(&why.to_string()),
                Ok(Err(_)) | Err(_) => Self::without("libocdm does not answer"),
            }
        }
        #[cfg(not(all(feature = "opencdm", target_os = "linux")))]
        {
            let _ = options;
            Self::without("built without OpenCDM")
        }
    }

    fn without(why: &str) -> Self {
        tracing::debug!(why, "no content decryption module");
        Self { absence: Some(why.into()), ..Self::default() }
    }

    /// Names, in order of preference.
    pub fn ids(&self) -> impl Iterator<Item = KeySystemId> + '_ {
        self.systems.iter().map(|system| system.id())
    }

    /// Is there more than Clear Key?
    pub(crate) fn has_vendor(&self) -> bool {
        self.systems.len() > 1
    }

    /// The first of these systems that is among what is offered. Where nothing is said, Clear Key asks by key ids; and
    /// where nothing offered is here, too, if somebody gave a licence server (`may_guess`).
    ///
    /// # Errors
    /// [`DrmError::NoKeySystem`] with what was offered.
    pub fn choose(&self, offered: &[SystemId], may_guess: bool) -> Result<KeySystemChoice, DrmError> {
        let chosen = self.systems.iter().find_map(|system| {
            let takes = system.capabilities().systems;
            offered.iter().find(|offer| takes.contains(offer)).map(|offer| (system.clone(), offer))
        });
        if let Some((system, offer)) = chosen {
            return Ok(KeySystemChoice { system, reason: format!("offered as {offer}"), is_guess: false });
        }
        let clear = || Arc::clone(&self.systems[0]);
        if offered.is_empty() {
            let reason = "no system is named: asked by key ids".to_owned();
            return Ok(KeySystemChoice { system: clear(), reason, is_guess: false });
        }
        if may_guess {
            let reason = format!("{} not installed here: asked by key ids", names(offered));
            return Ok(KeySystemChoice { system: clear(), reason, is_guess: true });
        }
        Err(self.none_of(offered))
    }

    /// None of these can be used here.
    pub(crate) fn none_of(&self, offered: &[SystemId]) -> DrmError {
        let why = self.absence.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        DrmError::NoKeySystem(names(offered) + &why)
    }
}

/// Names of systems, each once, in order.
fn names(offered: &[SystemId]) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in offered.iter().map(ToString::to_string) {
        if !names.contains(&name) && names.len() < 8 {
            names.push(name);
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{KeySystemCapabilities, LicenseSession, ProtectionInit};
    use super::*;

    #[derive(Debug)]
    struct Vendor;

    impl KeySystem for Vendor {
        fn id(&self) -> KeySystemId {
            KeySystemId("com.widevine.alpha".into())
        }

        fn capabilities(&self) -> KeySystemCapabilities {
            KeySystemCapabilities { systems: vec![SystemId::WIDEVINE], ..ClearKey.capabilities() }
        }

        fn open(&self, _init: &ProtectionInit) -> Result<Box<dyn LicenseSession>, DrmError> {
            Err(DrmError::NoTransport)
        }
    }

    #[test]
    fn clear_key_comes_first_then_what_is_installed_then_a_reason() {
        use SystemId as S;
        let both = KeySystems::with([Arc::new(Vendor) as Arc<dyn KeySystem>]);
        let chosen = |systems: &KeySystems, offered: &[S], guess| systems.choose(offered, guess).map(|c| c.id().0);
        let clear = || Ok("org.w3.clearkey".into());
        assert_eq!(chosen(&both, &[S::WIDEVINE, S::COMMON], false), clear());
        assert_eq!(chosen(&both, &[S::PLAYREADY, S::WIDEVINE], false), Ok("com.widevine.alpha".into()));
        assert_eq!(chosen(&both, &[], false), clear());
        assert_eq!(chosen(&both, &[S::PLAYREADY], true), clear());
        let refused = DrmError::NoKeySystem("PlayReady, FairPlay Streaming".into());
        assert_eq!(chosen(&both, &[S::PLAYREADY, S::FAIRPLAY, S::PLAYREADY], false), Err(refused));
        let alone = KeySystems::without("libocdm.so is not there");
        let refused = DrmError::NoKeySystem("Widevine (libocdm.so is not there)".into());
        assert_eq!(chosen(&alone, &[S::WIDEVINE], false), Err(refused));
    }
}
