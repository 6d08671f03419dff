//! The running desktop around the application.

#[cfg(target_os = "linux")]
use super::{
    linux::{
        Buses,
        awake::{self, Activity, OnBus},
        mpris::{Controls, Shared},
        portal,
    },
    now_playing::Status,
};
use super::{network::Network, now_playing::NowPlaying};
use crate::{app::Msg, desktop::model::DesktopMsg};
use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};
use tokio::{runtime::Handle, sync::watch, task::JoinSet};
use url::Url;

/// Sends a message to the model and wakes the window; from any thread, returns at once.
pub(crate) type Tell = Arc<dyn Fn(Msg) + Send + Sync>;

/// Gets the bytes of a picture by its path at the service; `None` if that fails.
pub(crate) type ArtSource = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>> + Send + Sync>;

/// What the host needs of the application.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) runtime: Handle,
    pub(crate) tell: Tell,
    pub(crate) art: ArtSource,
    /// Where the picture of what is playing is put for other programs.
    pub(crate) art_file: PathBuf,
}

/// What the viewer allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) media_keys: bool,
    pub(crate) keep_awake: bool,
}

/// The desktop. Dropping it takes back all that was asked of it.
pub(crate) struct Host {
    link: Link,
    #[cfg(target_os = "linux")]
    shared: Arc<Shared>,
    #[cfg(target_os = "linux")]
    buses: Buses,
    news: watch::Sender<(u64, u64)>,
    media_keys: watch::Sender<bool>,
    #[cfg(target_os = "linux")]
    activity: watch::Sender<Activity>,
    tasks: JoinSet<()>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

impl Host {
    /// Begins to talk with the desktop, in the background.
    pub(crate) fn start(link: Link, (server, network): (Url, Network)) -> Self {
        let (news, media_keys) = (watch::Sender::new((0, 0)), watch::Sender::new(false));
        let mut host = Self {
            link,
            #[cfg(target_os = "linux")]
            shared: Shared::new(),
            #[cfg(target_os = "linux")]
            buses: Buses::default(),
            news,
            media_keys,
            #[cfg(target_os = "linux")]
            activity: watch::Sender::new(Activity::Idle),
            tasks: JoinSet::new(),
        };
        host.spawn_all();
        host.ask_for_proxy(server, network);
        host
    }

    #[cfg(target_os = "linux")]
    fn spawn_all(&mut self) {
        let controls = Controls {
            buses: self.buses.clone(),
            shared: Arc::clone(&self.shared),
            tell: Arc::clone(&self.link.tell),
            news: self.news.subscribe(),
            wanted: self.media_keys.subscribe(),
            art: Arc::clone(&self.link.art),
            art_file: self.link.art_file.clone(),
        };
        self.tasks.spawn_on(controls.run(), &self.link.runtime);
        let keeper = awake::keep(self.activity.subscribe(), OnBus::new(self.buses.clone()));
        self.tasks.spawn_on(keeper, &self.link.runtime);
        let follower = portal::follow_appearance(self.buses.clone(), Arc::clone(&self.link.tell));
        self.tasks.spawn_on(follower, &self.link.runtime);
    }

    #[cfg(not(target_os = "linux"))]
    fn spawn_all(&mut self) {}

    /// The desktop may have a proxy of which the environment does not know. Connections that are made before it answers
    /// go without.
    fn ask_for_proxy(&mut self, server: Url, network: Network) {
        if !network.asks_desktop() {
            return;
        }
        #[cfg(target_os = "linux")]
        {
            let buses = self.buses.clone();
            let task = async move {
                match portal::proxy_for(&buses, &server).await {
                    Ok(proxy) => network.learn(proxy),
                    Err(error) => tracing::debug!(%error, "the desktop names no proxy"),
                }
            };
            self.tasks.spawn_on(task, &self.link.runtime);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = server;
    }

    /// Tells what is playing, who sees it, and what is allowed. Called in every frame; returns at once.
    pub(crate) fn publish(&self, now: NowPlaying, is_seen: bool, allowed: Allowed) {
        self.media_keys.send_if_modified(|wanted| std::mem::replace(wanted, allowed.media_keys) != allowed.media_keys);
        #[cfg(target_os = "linux")]
        {
            let activity = match now.status {
                Status::Playing if is_seen && allowed.keep_awake => Activity::Watching,
                Status::Stopped => Activity::Idle,
                _ => Activity::Paused,
            };
            self.activity.send_if_modified(|old| std::mem::replace(old, activity) != activity);
            let news = self.shared.anchor().follow(now, std::time::Instant::now());
            if news.changed || news.jumped {
                self.news.send_modify(|(changes, jumps)| {
                    *changes = changes.wrapping_add(1);
                    *jumps = jumps.wrapping_add(u64::from(news.jumped));
                });
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (now, is_seen, allowed.keep_awake);
    }

    /// Lets the viewer choose a file; answered with [`DesktopMsg::Chosen`].
    pub(crate) fn choose_file(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        let tell = Arc::clone(&self.link.tell);
        #[cfg(target_os = "linux")]
        let asked = {
            let buses = self.buses.clone();
            async move { portal::choose_file(&buses).await.map_err(|error| error.to_string()) }
        };
        #[cfg(not(target_os = "linux"))]
        let asked = async { Err::<Option<Url>, String>("there is none on this system".to_owned()) };
        let task = async move {
            let answer: Result<Option<Url>, String> = asked.await;
            if let Err(error) = &answer {
                tracing::info!(%error, "no dialog for files");
            }
            tell(DesktopMsg::Chosen(answer.map_err(drop)).into());
        };
        self.tasks.spawn_on(task, &self.link.runtime);
    }
}
