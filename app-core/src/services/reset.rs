//! Nothing of this installation is left: tokens, positions, what was learnt, caches, its identity.

use super::{Services, now_ms};
use crate::{app::Msg, device, settings::Places};
use std::{fs, io, path::Path, sync::Arc};

impl Services {
    /// Forgets everything, then says so. What the service knows stays there.
    pub(super) fn factory_reset(&self) {
        let shared = Arc::clone(&self.shared);
        let (places, density) = (self.places.clone(), self.density);
        self.spawn(async move {
            shared.close_player();
            // The positions of what was just watched are sent first: they are the viewer's, not the device's.
            shared.positions_saved().await;
            shared.end_ahead().await;
            if let Ok(client) = &shared.client
                && let Err(error) = client.sign_out().await
            {
                tracing::warn!(%error, "the kept session could not be forgotten");
            }
            shared.journal.clear();
            shared.networks.clear();
            let wiped = tokio::task::spawn_blocking(move || {
                for error in wipe(&places) {
                    tracing::warn!(%error, "something was not forgotten");
                }
                // From now on it is another device.
                device::of_installation(places.device_of(density), density, None)
            });
            match wiped.await {
                Ok(device) => shared.lock().device = device,
                Err(error) => tracing::error!(%error, "not everything was forgotten"),
            }
            tracing::info!(at_ms = now_ms(), "reset to what it was when it was new");
            shared.tell(Msg::WasReset);
        });
    }
}

/// Removes what the application has written; returns what could not be removed. The log is emptied and goes on.
fn wipe(places: &Places) -> Vec<io::Error> {
    let mut errors = Vec::new();
    let mut remove = |result: io::Result<()>| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => errors.push(error),
        _ => {}
    };
    for file in [
        &places.settings,
        &places.journal,
        &places.networks,
        &places.device,
        &places.television,
        &places.recents,
        &places.window,
        &places.art,
    ] {
        remove(fs::remove_file(file));
    }
    remove(fs::remove_dir_all(&places.crashes));
    remove(empty(&places.log));
    let folder = places.log.parent().map(fs::read_dir);
    let name = places.log.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for old in folder.into_iter().flatten().flatten().flatten() {
        // `lumen.log.2` and so on.
        let number = old.file_name().to_string_lossy().strip_prefix(&format!("{name}.")).map(str::to_owned);
        if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
            remove(fs::remove_file(old.path()));
        }
    }
    errors
}

fn empty(file: &Path) -> io::Result<()> {
    fs::File::options().write(true).truncate(true).open(file).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_and_what_is_not_ours_is() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::within(folder.path());
        assert_eq!(wipe(&places).len(), 0, "there is nothing yet");
        let files = [&places.settings, &places.journal, &places.device, &places.television, &places.log];
        for file in files {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "something").unwrap();
        }
        fs::create_dir_all(&places.crashes).unwrap();
        fs::write(places.crashes.join("1.txt"), "a report").unwrap();
        let beside = |name: &str| places.log.with_file_name(name);
        for name in ["lumen.log.1", "lumen.log.3", "lumen.log.txt", "other.log.1"] {
            fs::write(beside(name), "lines").unwrap();
        }
        assert!(wipe(&places).is_empty());
        assert_eq!(fs::read(&places.log).unwrap(), b"");
        for gone in [&places.settings, &places.television, &places.crashes, &beside("lumen.log.1")] {
            assert!(!gone.exists(), "{}", gone.display());
        }
        assert!(!beside("lumen.log.3").exists());
        assert!(beside("lumen.log.txt").exists() && beside("other.log.1").exists());
    }
}
