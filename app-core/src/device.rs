//! Which device this is: what the service counts streams by, and what its owner reads in the list of devices.

use crate::{density::Density, storage};
use serde::{Deserialize, Serialize};
use service_api::playback::{DeviceClass, PlaybackDevice};
use std::{fs, io::Read, path::Path};
use uuid::Uuid;

/// Longest name, in characters; the service takes no more.
const MAX_NAME: usize = 64;
/// Longest host name that is read, in bytes.
const MAX_HOST: u64 = 256;

/// What is kept of it. Unknown members are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    version: u32,
    id: String,
    /// As chosen; empty means by the name of the machine.
    name: String,
}

/// The device of this installation: its identity is made once and kept in `path`. `chosen` is a name that was given now;
/// it is kept too. Blocks on the disk.
///
/// Without a file that can be written the identity lasts as long as the process: to the service it is another device
/// each time, which is a nuisance and no reason not to watch.
pub(crate) fn of_installation(path: &Path, density: Density, chosen: Option<&str>) -> PlaybackDevice {
    let before = read(path);
    let mut kept = before.clone();
    if !is_identity(&kept.id) {
        // Random, and nothing of the machine in it.
        kept.id = Uuid::new_v4().to_string();
    }
    if let Some(name) = chosen.and_then(presentable) {
        kept.name = name;
    }
    kept.version = 1;
    if kept != before {
        let written = serde_json::to_vec_pretty(&kept).map_err(std::io::Error::other);
        if let Err(error) = written.and_then(|bytes| storage::write_atomically(path, &bytes)) {
            tracing::warn!(%error, "this device could not be remembered");
        }
    }
    let name = presentable(&kept.name).unwrap_or_else(|| named_by_host(density, host().as_deref()));
    let class = if density.is_tv() { DeviceClass::Tv } else { DeviceClass::Desktop };
    PlaybackDevice { id: Some(kept.id), name: Some(name), class, ..PlaybackDevice::default() }
}

fn read(path: &Path) -> Kept {
    let bytes = match storage::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(%error, "what this device is called cannot be read");
            None
        }
    };
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// What the service takes as an identity.
fn is_identity(id: &str) -> bool {
    (1..=MAX_NAME).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// A name as it can be shown, if there is anything left of it.
fn presentable(name: &str) -> Option<String> {
    let name: String = name.trim().chars().filter(|character| !character.is_control()).take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}

fn named_by_host(density: Density, host: Option<&str>) -> String {
    let app = if density.is_tv() { "Lumen TV" } else { "Lumen" };
    let name = host.map(|host| format!("{app} on {host}"));
    name.as_deref().and_then(presentable).unwrap_or_else(|| app.to_owned())
}

/// The machine's own name, as its owner knows it.
fn host() -> Option<String> {
    let line = |path: &str| {
        let mut text = String::new();
        fs::File::open(path).ok()?.take(MAX_HOST).read_to_string(&mut text).ok()?;
        presentable(text.lines().next()?)
    };
    let of_environment = ["COMPUTERNAME", "HOSTNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = line("/proc/sys/kernel/hostname").or_else(|| line("/etc/hostname"));
    name.or_else(|| of_environment.as_deref().and_then(presentable)).filter(|name| name != "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_and_chosen_name_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/device.json");
        let first = of_installation(&path, Density::Tv, None);
        assert_eq!(first.class, DeviceClass::Tv);
        assert!(first.name.as_ref().unwrap().starts_with("Lumen TV"));
        assert_eq!(of_installation(&path, Density::Tv, None), first);
        let named = of_installation(&path, Density::Tv, Some(" Living room \n"));
        assert_eq!((&named.id, named.name.as_deref()), (&first.id, Some("Living room")));
        assert_eq!(of_installation(&path, Density::Tv, None), named);
        let other = of_installation(&folder.path().join("other.json"), Density::Desktop, None);
        assert_ne!(other.id, first.id);
        assert_eq!(other.class, DeviceClass::Desktop);
    }

    #[test]
    fn damaged_file_gives_a_device_that_the_service_takes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.json");
        for content in ["", "{", "[]", r#"{"id":"a b","name":" "}"#, r#"{"id":""}"#] {
            std::fs::write(&path, content).unwrap();
            let device = of_installation(&path, Density::Desktop, Some("\u{7}"));
            assert!(is_identity(device.id.as_deref().unwrap()), "{content}");
            assert!(device.name.is_some_and(|name| name.starts_with("Lumen")));
        }
        // No file can be made inside a file.
        let nowhere = of_installation(&path.join("device.json"), Density::Desktop, Some("Desk"));
        assert!(is_identity(nowhere.id.as_deref().unwrap()));
        assert_eq!(nowhere.name.as_deref(), Some("Desk"));
    }

    #[test]
    fn names_fit_into_the_list() {
        assert_eq!(named_by_host(Density::Desktop, Some("workstation")), "Lumen on workstation");
        assert_eq!(named_by_host(Density::Tv, None), "Lumen TV");
        assert_eq!(presentable(&"é".repeat(90)).unwrap().chars().count(), MAX_NAME);
    }
}
