//! What clients were told, and what they must be told next.

use super::{PATH, Shared};
use crate::desktop::now_playing::{NowPlaying, Status};
use std::collections::HashMap;
use zbus::{
    Connection,
    zvariant::{ObjectPath, Value},
};

const TRACKS: &str = "/example/lumen/track/";
const NO_TRACK: &str = "/org/mpris/MediaPlayer2/TrackList/NoTrack";

/// What clients were told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Published {
    pub(super) now: NowPlaying,
    art: Option<String>,
}

impl Published {
    pub(super) fn of(shared: &Shared) -> Self {
        let now = shared.now();
        let art = shared.art_of(now.track);
        Self { now, art }
    }

    /// Announces all that is different, in one signal for each interface.
    pub(super) async fn announce(&self, connection: &Connection, before: &Self) -> zbus::Result<()> {
        let mut changed: HashMap<&str, Value<'_>> = HashMap::new();
        let (new, old) = (&self.now, &before.now);
        if new.status != old.status {
            changed.insert("PlaybackStatus", status(new.status).into());
        }
        let metadata = metadata(self);
        if metadata != self::metadata(before) {
            changed.insert("Metadata", metadata.into());
        }
        if new.rate != old.rate {
            changed.insert("Rate", new.rate.into());
        }
        if new.volume != old.volume {
            changed.insert("Volume", new.volume.into());
        }
        for (name, is, was) in [
            ("CanGoNext", new.can_next, old.can_next),
            ("CanGoPrevious", new.can_previous, old.can_previous),
            ("CanSeek", new.can_seek, old.can_seek),
            ("CanPlay", is_there(new), is_there(old)),
            ("CanPause", is_there(new), is_there(old)),
        ] {
            if is != was {
                changed.insert(name, is.into());
            }
        }
        emit(connection, "org.mpris.MediaPlayer2.Player", changed).await?;
        if new.full_screen != old.full_screen {
            let changed = HashMap::from([("Fullscreen", new.full_screen.into())]);
            emit(connection, "org.mpris.MediaPlayer2", changed).await?;
        }
        Ok(())
    }
}

async fn emit(connection: &Connection, interface: &str, changed: HashMap<&str, Value<'_>>) -> zbus::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let invalidated: [&str; 0] = [];
    let body = (interface, changed, &invalidated[..]);
    connection.emit_signal(None::<&str>, PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body).await
}

pub(super) fn is_there(now: &NowPlaying) -> bool {
    now.status != Status::Stopped
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Stopped => "Stopped",
        Status::Paused => "Paused",
        Status::Playing => "Playing",
    }
}

pub(super) fn track_path(track: u64) -> ObjectPath<'static> {
    ObjectPath::try_from(format!("{TRACKS}{track}")).expect("letters, digits and slashes make a path")
}

pub(super) fn metadata(of: &Published) -> HashMap<String, Value<'static>> {
    let now = &of.now;
    let mut data: HashMap<String, Value<'static>> = HashMap::new();
    if !is_there(now) {
        data.insert("mpris:trackid".into(), ObjectPath::from_static_str_unchecked(NO_TRACK).into());
        return data;
    }
    data.insert("mpris:trackid".into(), track_path(now.track).into());
    data.insert("xesam:title".into(), now.title.clone().into());
    if !now.detail.is_empty() {
        data.insert("xesam:artist".into(), vec![now.detail.clone()].into());
    }
    if let Some(length) = now.length_us {
        data.insert("mpris:length".into(), length.into());
    }
    if let Some(art) = &of.art {
        data.insert("mpris:artUrl".into(), art.clone().into());
    }
    data
}
