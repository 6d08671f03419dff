//! Media controls: MPRIS 2.2, as panels, lock screens, headsets and `playerctl` speak it.
//!
//! <https://specifications.freedesktop.org/mpris-spec/latest/>

use super::Buses;
use crate::desktop::{
    address::Address,
    host::{ArtSource, Tell},
    now_playing::{Anchor, NowPlaying, Remote, Status},
};
use player_core::command::{MAX_RATE, MIN_RATE};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::watch;
use zbus::{
    Connection, fdo,
    fdo::RequestNameFlags,
    interface,
    object_server::SignalEmitter,
    zvariant::{ObjectPath, OwnedValue, Value},
};

const PATH: &str = "/org/mpris/MediaPlayer2";
const NAME: &str = "org.mpris.MediaPlayer2.lumen";
const TRACKS: &str = "/example/lumen/track/";
const NO_TRACK: &str = "/org/mpris/MediaPlayer2/TrackList/NoTrack";

/// What the objects on the bus answer from.
#[derive(Debug)]
pub(crate) struct Shared {
    anchor: Mutex<Anchor>,
    /// The picture of the track, as a file that other programs can read: `(track, address)`.
    art: Mutex<Option<(u64, String)>>,
}

impl Shared {
    pub(crate) fn new() -> Arc<Self> {
        let anchor = Anchor::new(NowPlaying { rate: 1.0, ..NowPlaying::default() }, Instant::now());
        Arc::new(Self { anchor: Mutex::new(anchor), art: Mutex::new(None) })
    }

    pub(crate) fn anchor(&self) -> MutexGuard<'_, Anchor> {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> NowPlaying {
        self.anchor().now.clone()
    }

    fn art_of(&self, track: u64) -> Option<String> {
        let art = self.art.lock().unwrap_or_else(PoisonError::into_inner);
        art.as_ref().filter(|(of, _)| *of == track).map(|(_, address)| address.clone())
    }
}

/// Everything that the controls need from outside.
pub(crate) struct Controls {
    pub(crate) buses: Buses,
    pub(crate) shared: Arc<Shared>,
    pub(crate) tell: Tell,
    /// Counts changes; the second number counts jumps.
    pub(crate) news: watch::Receiver<(u64, u64)>,
    /// The viewer wants them.
    pub(crate) wanted: watch::Receiver<bool>,
    pub(crate) art: ArtSource,
    /// Where the picture of the track is put.
    pub(crate) art_file: PathBuf,
}

impl Controls {
    /// Offers the controls whenever they are wanted; ends when nobody can want them any more.
    pub(crate) async fn run(mut self) {
        loop {
            if self.wanted.wait_for(|wanted| *wanted).await.is_err() {
                return;
            }
            match self.offer().await {
                Ok(()) => {}
                Err(error) => tracing::info!(%error, "no media controls on this desktop"),
            }
            // Without a bus there is nothing to do until the viewer says something else.
            if self.wanted.wait_for(|wanted| !*wanted).await.is_err() {
                return;
            }
        }
    }

    async fn offer(&mut self) -> zbus::Result<()> {
        let connection = self.buses.session().await?;
        let server = connection.object_server();
        let (tell, shared) = (Arc::clone(&self.tell), Arc::clone(&self.shared));
        server.at(PATH, Root { tell: Arc::clone(&tell), shared: Arc::clone(&shared) }).await?;
        server.at(PATH, PlayerObject { tell, shared }).await?;
        take_name(&connection).await?;
        tracing::debug!("media controls are offered");
        let mut published = Published::of(&self.shared);
        let mut jumps = self.news.borrow_and_update().1;
        loop {
            tokio::select! {
                () = until_unwanted(&mut self.wanted) => return connection.close().await,
                changed = self.news.changed() => {
                    if changed.is_err() {
                        return connection.close().await;
                    }
                }
            }
            let (_, jumped) = *self.news.borrow_and_update();
            let newest = Published::of(&self.shared);
            if newest.now.track != published.now.track || newest.now.art != published.now.art {
                self.fetch_art(&connection, &newest.now);
            }
            newest.announce(&connection, &published).await?;
            published = newest;
            if jumped != jumps {
                jumps = jumped;
                let position = self.shared.anchor().position_us(Instant::now());
                PlayerObject::seeked(&SignalEmitter::new(&connection, PATH)?, position).await?;
            }
        }
    }

    /// Gets the picture in its own time and then announces it. Pictures of tracks that are gone are not announced.
    fn fetch_art(&self, connection: &Connection, now: &NowPlaying) {
        let Some(path) = now.art.clone() else { return };
        let (track, file) = (now.track, self.art_file.clone());
        let (shared, connection, asked) = (Arc::clone(&self.shared), connection.clone(), (self.art)(path));
        // Ends by itself: the client has time limits.
        tokio::spawn(async move {
            let Some(bytes) = asked.await else { return };
            let Ok(Some(address)) = tokio::task::spawn_blocking(move || keep_art(&file, track, &bytes)).await else {
                return;
            };
            let before = Published::of(&shared);
            if before.now.track != track {
                return;
            }
            *shared.art.lock().unwrap_or_else(PoisonError::into_inner) = Some((track, address));
            if let Err(error) = Published::of(&shared).announce(&connection, &before).await {
                tracing::debug!(%error, "the picture was not announced");
            }
        });
    }
}

/// The viewer has switched them off, or the application ends.
async fn until_unwanted(wanted: &mut watch::Receiver<bool>) {
    let _ = wanted.wait_for(|wanted| !*wanted).await;
}

/// Writes the picture; panels read it as a file. Another name for each track, because panels remember pictures by name;
/// the file before it goes.
fn keep_art(file: &Path, track: u64, bytes: &[u8]) -> Option<String> {
    let folder = file.parent()?;
    let prefix = format!("{}-", file.file_name()?.to_str()?);
    let path = folder.join(format!("{prefix}{track}"));
    let written = crate::storage::write_atomically(&path, bytes);
    written.inspect_err(|error| tracing::debug!(%error, "the picture was not kept")).ok()?;
    for old in std::fs::read_dir(folder).ok()?.flatten() {
        let is_old = old.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) && old.path() != path;
        if is_old {
            // Whoever looks at it still has it open.
            let _ = std::fs::remove_file(old.path());
        }
    }
    url::Url::from_file_path(path).ok().map(String::from)
}

/// A second window has a name of its own, as the specification says.
async fn take_name(connection: &Connection) -> zbus::Result<()> {
    let flags = RequestNameFlags::DoNotQueue.into();
    match connection.request_name_with_flags(NAME, flags).await {
        Err(zbus::Error::NameTaken) => {
            let own = format!("{NAME}.instance{}", std::process::id());
            connection.request_name_with_flags(own, flags).await.map(drop)
        }
        answer => answer.map(drop),
    }
}

/// What clients were told.
#[derive(Clone, Debug, PartialEq)]
struct Published {
    now: NowPlaying,
    art: Option<String>,
}

impl Published {
    fn of(shared: &Shared) -> Self {
        let now = shared.now();
        let art = shared.art_of(now.track);
        Self { now, art }
    }

    /// Announces all that is different, in one signal for each interface.
    async fn announce(&self, connection: &Connection, before: &Self) -> zbus::Result<()> {
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

fn is_there(now: &NowPlaying) -> bool {
    now.status != Status::Stopped
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Stopped => "Stopped",
        Status::Paused => "Paused",
        Status::Playing => "Playing",
    }
}

fn track_path(track: u64) -> ObjectPath<'static> {
    ObjectPath::try_from(format!("{TRACKS}{track}")).expect("letters, digits and slashes make a path")
}

fn metadata(of: &Published) -> HashMap<String, Value<'static>> {
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

/// The application.
struct Root {
    tell: Tell,
    shared: Arc<Shared>,
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
struct PlayerObject {
    tell: Tell,
    shared: Arc<Shared>,
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
    async fn seeked(emitter: &SignalEmitter<'_>, position: i64) -> zbus::Result<()>;

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
