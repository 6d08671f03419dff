//! Remote controls as the kernel sees them: infrared, radio, Bluetooth and HDMI-CEC receivers are all event devices.
//!
//! Devices come and go; the folder is looked at every two seconds. They are read, never grabbed: what a window system
//! makes of their other keys stays as it is.

use super::{Ear, RemoteEvent, RemoteKey};
use ::evdev::{Device, EventSummary, KeyCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    collections::{HashMap, HashSet},
    io::{ErrorKind, PipeReader},
    path::{Path, PathBuf},
};

/// Where the kernel has them.
pub(super) const FOLDER: &str = "/dev/input";
/// The folder is looked at this often, in seconds.
const LOOK: i64 = 2;
/// Devices read at the same time. A folder with more is not one of input devices.
const MOST: usize = 64;

/// Reads all remote controls until `end` is closed at its other side.
pub(super) fn listen(ear: &Ear, end: &PipeReader, folder: &Path) {
    let mut devices: HashMap<PathBuf, Device> = HashMap::new();
    // Keyboards, mice, and what may not be read. They are looked at again when they have gone and come.
    let mut others: HashSet<PathBuf> = HashSet::new();
    while !ear.stops() {
        look(folder, &mut devices, &mut others);
        let names: Vec<PathBuf> = devices.keys().cloned().collect();
        let mut waits: Vec<PollFd<'_>> = vec![PollFd::new(end, PollFlags::IN)];
        waits
            .extend(names.iter().filter_map(|name| devices.get(name)).map(|device| PollFd::new(device, PollFlags::IN)));
        match poll(&mut waits, Some(&Timespec { tv_sec: LOOK, tv_nsec: 0 })) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "remote controls are not read any more");
                return;
            }
        }
        if !waits[0].revents().is_empty() {
            return;
        }
        let ready: Vec<bool> = waits[1..].iter().map(|wait| !wait.revents().is_empty()).collect();
        drop(waits);
        for (name, _) in names.iter().zip(ready).filter(|(_, ready)| *ready) {
            if devices.get_mut(name).is_some_and(|device| !read(ear, device)) {
                tracing::info!(device = %name.display(), "a remote control has gone");
                devices.remove(name);
            }
        }
    }
}

/// Opens what is new in the folder and forgets what has gone.
fn look(folder: &Path, devices: &mut HashMap<PathBuf, Device>, others: &mut HashSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        devices.clear();
        return;
    };
    let is_event = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("event"));
    let found: HashSet<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_event).take(MOST).collect();
    others.retain(|path| found.contains(path));
    devices.retain(|path, _| found.contains(path));
    for path in found {
        if devices.contains_key(&path) || others.contains(&path) {
            continue;
        }
        match Device::open(&path).and_then(|device| device.set_nonblocking(true).map(|()| device)) {
            Ok(device) if is_remote(&device) => {
                tracing::info!(device = %path.display(), name = device.name().unwrap_or("?"), "a remote control");
                devices.insert(path, device);
            }
            Ok(_) => {
                others.insert(path);
            }
            Err(error) => {
                tracing::debug!(%error, device = %path.display(), "not to be read");
                others.insert(path);
            }
        }
    }
}

/// Has it any key that would be lost otherwise?
fn is_remote(device: &Device) -> bool {
    device.supported_keys().is_some_and(|keys| RemoteKey::kernel_codes().any(|code| keys.contains(KeyCode(code))))
}

/// Hands on what a device says; `false` if it is gone.
fn read(ear: &Ear, device: &mut Device) -> bool {
    match device.fetch_events() {
        Ok(events) => {
            for event in events {
                if let EventSummary::Key(_, code, value @ (0 | 1)) = event.destructure()
                    && let Some(key) = RemoteKey::of_kernel(code.0)
                {
                    ear.hear(RemoteEvent::Key(key, value == 1));
                }
            }
            true
        }
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{Arc, atomic::AtomicBool, mpsc},
        time::Duration,
    };

    fn ear() -> (Ear, mpsc::Receiver<RemoteEvent>) {
        let (sender, heard) = mpsc::sync_channel(64);
        let listens = Arc::new(AtomicBool::new(true));
        (Ear { heard: sender, wake: Arc::new(|| {}), listens, stops: Arc::default() }, heard)
    }

    #[test]
    fn files_that_are_no_devices_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["event0", "event1", "mouse0", "by-id"] {
            std::fs::write(folder.path().join(name), "not a device").unwrap();
        }
        let (mut devices, mut others) = (HashMap::new(), HashSet::new());
        look(folder.path(), &mut devices, &mut others);
        assert_eq!((devices.len(), others.len()), (0, 2));
        std::fs::remove_file(folder.path().join("event0")).unwrap();
        look(folder.path(), &mut devices, &mut others);
        assert_eq!(others.len(), 1);
        look(&folder.path().join("none"), &mut devices, &mut others);
        assert!(devices.is_empty());
    }

    /// A remote control made by the kernel, plugged in while the thread runs. Needs `/dev/uinput`, and the right to it.
    #[test]
    fn keys_of_a_virtual_remote_are_heard() {
        use ::evdev::{AttributeSet, EventType, InputEvent, uinput::VirtualDevice};
        let keys: AttributeSet<KeyCode> = [KeyCode::KEY_OK, KeyCode::KEY_INFO, KeyCode::KEY_A].into_iter().collect();
        let built = VirtualDevice::builder().and_then(|builder| builder.name("Lumen test").with_keys(&keys)?.build());
        let mut remote = match built {
            Ok(remote) => remote,
            Err(error) => {
                println!("skipped: /dev/uinput cannot be used here ({error})");
                return;
            }
        };
        let (ear, heard) = ear();
        let (end, hang_up) = std::io::pipe().unwrap();
        let thread = std::thread::spawn(move || listen(&ear, &end, FOLDER.as_ref()));
        let press = |code: KeyCode, value| InputEvent::new(EventType::KEY.0, code.0, value);
        // The device node may need a moment; keys pressed before it is read are not heard.
        let mut first = None;
        for _ in 0..40 {
            remote.emit(&[press(KeyCode::KEY_OK, 1)]).unwrap();
            remote.emit(&[press(KeyCode::KEY_OK, 0)]).unwrap();
            if let Ok(event) = heard.recv_timeout(Duration::from_millis(250)) {
                first = Some(event);
                break;
            }
        }
        assert_eq!(first, Some(RemoteEvent::Key(RemoteKey::Ok, true)));
        assert_eq!(heard.recv_timeout(Duration::from_secs(5)), Ok(RemoteEvent::Key(RemoteKey::Ok, false)));
        for (code, value) in [(KeyCode::KEY_A, 1), (KeyCode::KEY_A, 0), (KeyCode::KEY_INFO, 1), (KeyCode::KEY_INFO, 2)]
        {
            remote.emit(&[press(code, value)]).unwrap();
        }
        assert_eq!(heard.recv_timeout(Duration::from_secs(5)), Ok(RemoteEvent::Key(RemoteKey::Info, true)));
        drop(hang_up);
        thread.join().unwrap();
        assert_eq!(heard.try_iter().count(), 0, "letters are the window's, repetitions nobody's");
    }
}
