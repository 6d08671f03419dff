//! Remote controls and gamepads: what no window system hands on is read from the kernel, and becomes one kind of event.
//!
//! ```text
//!  /dev/input --evdev.rs--+                          +-- keys that a keyboard has --> egui's input
//!                         +--> RemoteEvent --> hear -+
//!  gamepads --gamepad.rs--+                          +-- Info, Subtitles, colours --> meaning --> messages
//! ```
//!
//! Each kind of device has a thread of its own; the window is woken by what they hear. While the window is not in front,
//! nothing is heard: somebody plays a game, and the film must not take part.

#[cfg(target_os = "linux")]
mod evdev;
mod gamepad;
mod key;
mod meaning;

pub(crate) use self::{
    key::RemoteKey,
    meaning::{Meaning, meaning},
};
use egui::{Event, Modifiers, RawInput};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RemoteEvent {
    /// A key went down or came up; repetitions are left out.
    Key(RemoteKey, bool),
    /// A gamepad is not there any more: its name.
    Gone(String),
    /// The battery of a gamepad is low: its name, and per cent that are left.
    Battery(String, u8),
}

/// Where a device's thread says what it hears.
#[derive(Clone)]
struct Ear {
    heard: mpsc::SyncSender<RemoteEvent>,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// The window is in front.
    listens: Arc<AtomicBool>,
    stops: Arc<AtomicBool>,
}

/// Events that wait for a window that does not look are not worth more.
const WAITING: usize = 256;

impl Ear {
    /// Hands an event on. A key that is pressed while nobody listens is not heard; its release always is.
    fn hear(&self, event: RemoteEvent) {
        let matters = !matches!(event, RemoteEvent::Key(_, true)) || self.listens.load(Ordering::Relaxed);
        if matters && self.heard.try_send(event).is_ok() {
            (self.wake)();
        }
    }

    fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }
}

/// All devices, for as long as it lives.
pub(crate) struct Remotes {
    heard: mpsc::Receiver<RemoteEvent>,
    ear: Ear,
    /// Ends the wait of the thread that reads the kernel's devices.
    #[cfg(target_os = "linux")]
    hang_up: Option<std::io::PipeWriter>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Remotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remotes").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Remotes {
    /// Begins to listen. A kind of device that cannot be read is left out, with a line in the log.
    pub(crate) fn start(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (sender, heard) = mpsc::sync_channel(WAITING);
        let ear = Ear { heard: sender, wake, listens: Arc::default(), stops: Arc::default() };
        let mut threads = Vec::new();
        let mut begin = |name: &str, run: Box<dyn FnOnce() + Send>| match std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)
        {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::warn!(%error, name, "devices are not read"),
        };
        let gamepads = ear.clone();
        begin("lumen-gamepads", Box::new(move || gamepad::listen(&gamepads)));
        #[cfg(target_os = "linux")]
        let hang_up = match std::io::pipe() {
            Ok((end, hang_up)) => {
                let remotes = ear.clone();
                begin("lumen-remotes", Box::new(move || evdev::listen(&remotes, &end, evdev::FOLDER.as_ref())));
                Some(hang_up)
            }
            Err(error) => {
                tracing::warn!(%error, "remote controls are not read");
                None
            }
        };
        Self {
            heard,
            ear,
            #[cfg(target_os = "linux")]
            hang_up,
            threads,
        }
    }

    /// Whether the window is in front.
    pub(crate) fn listen(&self, listens: bool) {
        self.ear.listens.store(listens, Ordering::Relaxed);
    }

    /// What was heard since the last call.
    pub(crate) fn heard(&self) -> Vec<RemoteEvent> {
        self.heard.try_iter().collect()
    }
}

/// Puts what a keyboard has as well among the window's own events, so that it goes their way; returns the rest.
pub(crate) fn hand_on(heard: Vec<RemoteEvent>, input: &mut RawInput) -> Vec<RemoteEvent> {
    let mut rest = Vec::new();
    for event in heard {
        if let RemoteEvent::Key(key, pressed) = &event
            && let Some(key) = key.keyboard()
        {
            let (pressed, modifiers) = (*pressed, Modifiers::NONE);
            input.events.push(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        } else {
            rest.push(event);
        }
    }
    rest
}

impl Drop for Remotes {
    fn drop(&mut self) {
        self.ear.stops.store(true, Ordering::Relaxed);
        #[cfg(target_os = "linux")]
        drop(self.hang_up.take());
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that reads devices had failed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_pressed_while_the_window_is_not_in_front() {
        let (sender, heard) = mpsc::sync_channel(WAITING);
        let ear = Ear { heard: sender, wake: Arc::new(|| {}), listens: Arc::default(), stops: Arc::default() };
        ear.hear(RemoteEvent::Key(RemoteKey::Ok, true));
        ear.hear(RemoteEvent::Key(RemoteKey::Ok, false));
        ear.listens.store(true, Ordering::Relaxed);
        ear.hear(RemoteEvent::Key(RemoteKey::Info, true));
        let all: Vec<RemoteEvent> = heard.try_iter().collect();
        assert_eq!(all, [RemoteEvent::Key(RemoteKey::Ok, false), RemoteEvent::Key(RemoteKey::Info, true)]);
        for _ in 0..10 * WAITING {
            ear.hear(RemoteEvent::Key(RemoteKey::Down, true));
        }
        assert_eq!(heard.try_iter().count(), WAITING, "a window that does not look is not waited for");
    }

    #[test]
    fn what_keyboards_have_goes_their_way() {
        let mut input = RawInput::default();
        let info = RemoteEvent::Key(RemoteKey::Info, true);
        let rest = hand_on(vec![RemoteEvent::Key(RemoteKey::Ok, true), info.clone()], &mut input);
        assert_eq!(rest, [info]);
        assert!(matches!(input.events[..], [Event::Key { key: egui::Key::Enter, pressed: true, repeat: false, .. }]));
    }

    #[test]
    fn devices_are_let_go_of_at_once() {
        let begun = std::time::Instant::now();
        drop(Remotes::start(Arc::new(|| {})));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
