//! Media controls: MPRIS 2.2, as panels, lock screens, headsets and `playerctl` speak it.
//!
//! <https://specifications.freedesktop.org/mpris-spec/latest/>

mod objects;
mod published;

use self::{
    objects::{PlayerObject, Root},
    published::Published,
};
use super::Buses;
use crate::desktop::{
    host::{ArtSource, Tell},
    now_playing::{Anchor, NowPlaying},
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::watch;
use zbus::{Connection, fdo::RequestNameFlags, object_server::SignalEmitter};

const PATH: &str = "/org/mpris/MediaPlayer2";
const NAME: &str = "org.mpris.MediaPlayer2.lumen";

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
        // What changes from here on is announced, though somebody may have read it already: not the other way round.
        let mut jumps = self.news.borrow_and_update().1;
        let mut published = Published::of(&self.shared);
        let server = connection.object_server();
        let (tell, shared) = (Arc::clone(&self.tell), Arc::clone(&self.shared));
        server.at(PATH, Root { tell: Arc::clone(&tell), shared: Arc::clone(&shared) }).await?;
        server.at(PATH, PlayerObject { tell, shared }).await?;
        take_name(&connection).await?;
        tracing::debug!("media controls are offered");
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
