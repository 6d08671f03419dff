//! The two objects on the bus: they answer from [`Shared`] and pass wishes on.

use super::{
    Shared,
    published::{Published, is_there, metadata, status, track_path},
};
use crate::desktop::{address::Address, host::Tell, now_playing::Remote};
use player_core::command::{MAX_RATE, MIN_RATE};
use std::{collections::HashMap, sync::Arc, time::Instant};
use zbus::{
    fdo, interface,
    object_server::SignalEmitter,
    zvariant::{ObjectPath, OwnedValue, Value},
};

/// The application.
pub(super) struct Root {
    pub(super) tell: Tell,
    pub(super) shared: Arc<Shared>,
}

impl Root {
    fn ask(&self, remote: Remote) {
        (self.tell)(remote.into());
    }
}

#[interface(name = "org.mpris.MediaPlayer2", introspection_docs = false)]
impl Root {
    fn raise(&self) {
        self.ask(Remote::Raise);
    }

    fn quit(&self) {
        self.ask(Remote::Quit);
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_quit(&self) -> bool {
        true
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_raise(&self) -> bool {
        true
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn has_track_list(&self) -> bool {
        false
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_set_fullscreen(&self) -> bool {
        true
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn fullscreen(&self) -> bool {
        self.shared.now().full_screen
    }

    #[zbus(property)]
    fn set_fullscreen(&self, on: bool) {
        self.ask(Remote::FullScreen(on));
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn identity(&self) -> &'static str {
        "Lumen"
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn desktop_entry(&self) -> &'static str {
        crate::window::APP_ID
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn supported_uri_schemes(&self) -> Vec<&'static str> {
        vec!["http", "https", "file", "lumen"]
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn supported_mime_types(&self) -> Vec<&'static str> {
        crate::desktop::MIME_TYPES.to_vec()
    }
}

/// The player. Changes are announced by [`Published::announce`], all at once.
pub(super) struct PlayerObject {
    pub(super) tell: Tell,
    pub(super) shared: Arc<Shared>,
}

impl PlayerObject {
    fn ask(&self, remote: Remote) {
        (self.tell)(remote.into());
    }
}

#[interface(name = "org.mpris.MediaPlayer2.Player", introspection_docs = false)]
impl PlayerObject {
    fn next(&self) {
        self.ask(Remote::Next);
    }

    fn previous(&self) {
        self.ask(Remote::Previous);
    }

    fn pause(&self) {
        self.ask(Remote::Pause);
    }

    fn play_pause(&self) {
        self.ask(Remote::PlayPause);
    }

    fn stop(&self) {
        self.ask(Remote::Stop);
    }

    fn play(&self) {
        self.ask(Remote::Play);
    }

    fn seek(&self, offset: i64) {
        self.ask(Remote::SeekBy(offset));
    }

    /// What belongs to a track that is gone, or lies outside of it, is ignored, as specified.
    fn set_position(&self, track_id: ObjectPath<'_>, position: i64) {
        let now = self.shared.now();
        let is_inside = (0..=now.length_us.unwrap_or(0)).contains(&position);
        if is_there(&now) && is_inside && track_id == track_path(now.track) {
            self.ask(Remote::SeekTo { track: now.track, position_us: position });
        }
    }

    fn open_uri(&self, uri: &str) -> fdo::Result<()> {
        let address = Address::pasted(uri).ok_or_else(|| fdo::Error::InvalidArgs("cannot be opened".to_owned()))?;
        self.ask(Remote::Open(address));
        Ok(())
    }

    #[zbus(signal)]
    pub(super) async fn seeked(emitter: &SignalEmitter<'_>, position: i64) -> zbus::Result<()>;

    #[zbus(property(emits_changed_signal = "false"))]
    fn playback_status(&self) -> &'static str {
        status(self.shared.now().status)
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn rate(&self) -> f64 {
        self.shared.now().rate
    }

    #[zbus(property)]
    fn set_rate(&self, rate: f64) {
        // As specified, 0 is what clients say who mean a pause.
        self.ask(if rate == 0.0 { Remote::Pause } else { Remote::Rate(rate) });
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn metadata(&self) -> fdo::Result<HashMap<String, OwnedValue>> {
        let owned = |(name, value): (String, Value<'static>)| Some((name, OwnedValue::try_from(value).ok()?));
        Ok(metadata(&Published::of(&self.shared)).into_iter().filter_map(owned).collect())
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn volume(&self) -> f64 {
        self.shared.now().volume
    }

    #[zbus(property)]
    fn set_volume(&self, volume: f64) {
        self.ask(Remote::Volume(volume));
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn position(&self) -> i64 {
        self.shared.anchor().position_us(Instant::now())
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn minimum_rate(&self) -> f64 {
        MIN_RATE
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn maximum_rate(&self) -> f64 {
        MAX_RATE
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn can_go_next(&self) -> bool {
        self.shared.now().can_next
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn can_go_previous(&self) -> bool {
        self.shared.now().can_previous
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn can_play(&self) -> bool {
        is_there(&self.shared.now())
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn can_pause(&self) -> bool {
        is_there(&self.shared.now())
    }

    #[zbus(property(emits_changed_signal = "false"))]
    fn can_seek(&self) -> bool {
        self.shared.now().can_seek
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_control(&self) -> bool {
        true
    }
}
