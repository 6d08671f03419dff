//! Effects, carried out: the service's client, the player, the files. Owns the tokio runtime and all its tasks.
//!
//! Nothing here blocks the window's thread: each effect becomes a task, each answer a message and one wake-up.

mod household;
mod pictures;
mod positions;
mod reset;
mod sign_in;
mod streams;

use crate::{
    app::{Msg, PlayFrom},
    density::Density,
    desktop::{host::Link, network::Network, recents::Recents},
    effect::{Effect, OpenRequest, Target},
    failure::Failure,
    language::tr,
    networks::Networks,
    platform::Budget,
    progress::{self, Journal, Key},
    refusal::{explain, failure},
    settings::{Places, Settings},
    video_surface::VideoPath,
};
pub use crate::{
    heartbeat::{Stream, keep},
    permit::Permit,
};
use player_core::drm::{CdmOptions, KeySystems};
use player_core::{
    ByteCount, Command, LicenseTransport, MediaTime, Player, PlayerConfig, PlayerHandle, PlayerOptions, Preloader,
    SourceRefresh,
    config::NetConfig,
    net::{CachedFetcher, Fetcher, HttpFetcher, LocalFetcher},
    pipeline::{
        PipelineFactory,
        gst::{GstPipeline, GstStills, leave_out_undecodable},
    },
    player::Arranger,
    thumbnails::ThumbnailOptions,
};
use service_api::{
    GrantId, ProfileId, TitleId,
    client::{Client, ClientError, default_store, default_tv_store},
    playback::{PlaybackDevice, PlaybackGrant, PlaybackRequest, PlaybackStart},
};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    runtime::Runtime,
    sync::{Semaphore, oneshot, watch},
    task::{AbortHandle, JoinHandle, JoinSet},
};
use url::Url;

/// Pictures fetched at the same time: enough for a row, few enough to leave the network to the video.
const PICTURES_AT_ONCE: usize = 6;
/// A grant is reused only if it lasts at least this much longer.
const GRANT_MARGIN: Duration = Duration::from_secs(60);
/// Settings are written this long after the last change: volume keys come in bursts.
const SETTINGS_DELAY: Duration = Duration::from_millis(400);
/// How long closing waits for the last position to be saved.
const FAREWELL: Duration = Duration::from_secs(3);
/// A preview plays for half a minute: it needs no more of the buffer than this part, one in so many, and no larger pictures.
const PREVIEW_SHARE: u64 = 4;
const PREVIEW_SIZE: (u32, u32) = (854, 480);
/// Wakes the window from any thread.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// Everything outside the model.
#[derive(Debug)]
pub(crate) struct Services {
    shared: Arc<Shared>,
    settings: watch::Sender<Option<Settings>>,
    places: Places,
    density: Density,
    received: mpsc::Receiver<Msg>,
    // Last, so that it goes down after what uses it.
    runtime: Runtime,
}

/// What tasks share.
struct Shared {
    client: Result<Client, ClientError>,
    answers: mpsc::Sender<Msg>,
    wake: Wake,
    journal: Arc<Journal>,
    networks: Networks,
    budget: Budget,
    fetcher: CachedFetcher,
    preloader: Preloader,
    pipeline: PipelineFactory,
    /// Looked for when the first title is opened.
    key_systems: tokio::sync::OnceCell<KeySystems>,
    pictures: Semaphore,
    state: Mutex<State>,
}

/// What tasks change.
#[derive(Debug, Default)]
struct State {
    /// This one, as the service knows it.
    device: PlaybackDevice,
    tasks: JoinSet<()>,
    sign_in: Option<AbortHandle>,
    opening: Option<AbortHandle>,
    session: Option<Session>,
    /// Sessions that are over, until their positions are saved.
    closing: Vec<JoinHandle<()>>,
    grants: HashMap<TitleId, PlaybackGrant>,
    /// The newest permission that was got ahead: the service counts it as a stream.
    ahead: Option<GrantId>,
}

/// A running player and the task that keeps its position.
#[derive(Debug)]
struct Session {
    attempt: u64,
    handle: PlayerHandle,
    stop: oneshot::Sender<()>,
    /// Where the last credits begin, in seconds.
    credits: watch::Sender<Option<f64>>,
    keeper: JoinHandle<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Services {
    /// Starts the runtime. `server` is where the catalog is; to it, the television is another app.
    ///
    /// # Errors
    /// If threads or TLS cannot be set up.
    pub(crate) fn start(
        server: &Url,
        places: &Places,
        (density, device, budget): (Density, PlaybackDevice, Budget),
        (network, video): (&Network, VideoPath),
        wake: Wake,
    ) -> anyhow::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(3).thread_name("lumen").enable_all().build()?;
        let (answers, received) = mpsc::channel();
        let limits = NetConfig::default();
        let http = HttpFetcher::by_way_of(&limits, &network.for_media())?;
        let fetcher = CachedFetcher::new(Arc::new(http), budget.ahead);
        let preloader = Preloader::new(fetcher.clone(), limits);
        let client = if density.is_tv() {
            Client::for_tv_by_way_of(server.clone(), default_tv_store(server), &network.for_service())
        } else {
            Client::by_way_of(server.clone(), default_store(server), &network.for_service())
        };
        if let Err(error) = &client {
            tracing::error!(%error, "the service cannot be used");
        }
        let shared = Arc::new(Shared {
            client,
            answers,
            wake,
            journal: Arc::new(Journal::open(places.journal.clone())),
            networks: Networks::open(places.networks.clone()),
            budget,
            fetcher,
            preloader,
            key_systems: tokio::sync::OnceCell::new(),
            pipeline: GstPipeline::factory(video.output()),
            pictures: Semaphore::new(PICTURES_AT_ONCE),
            state: Mutex::new(State { device, ..State::default() }),
        });
        let (settings, changes) = watch::channel(None);
        let services = Self { shared, settings, places: places.clone(), density, received, runtime };
        services.spawn(write_settings(changes, places.settings.clone()));
        Ok(services)
    }

    /// Answers that came since the last call.
    pub(crate) fn answers(&self) -> Vec<Msg> {
        self.received.try_iter().collect()
    }

    /// The player of an attempt, once it is open.
    pub(crate) fn player(&self, attempt: u64) -> Option<PlayerHandle> {
        let state = self.shared.lock();
        state.session.as_ref().filter(|session| session.attempt == attempt).map(|session| session.handle.clone())
    }

    /// Carries out one effect; window effects are not for here.
    pub(crate) fn execute(&self, effect: Effect) {
        match effect {
            Effect::Restore => self.answer(
                |shared| async move {
                    let client = shared.client()?;
                    client.restore().await.map_err(|error| failure(&error))
                },
                Msg::Restored,
            ),
            Effect::BeginSignIn => self.begin_sign_in(),
            Effect::BeginCodeSignIn => self.begin_code_sign_in(),
            Effect::CancelSignIn => {
                if let Some(task) = self.shared.lock().sign_in.take() {
                    task.abort();
                }
            }
            Effect::OpenBrowser(url) => self.open_browser(url),
            Effect::SignOut => {
                self.with_client(|shared, client| async move {
                    shared.end_ahead().await;
                    if let Err(error) = client.sign_out().await {
                        tracing::warn!(%error, "signing out did not reach the service");
                    }
                });
            }
            Effect::LoadHome(profile) => {
                let asked = profile.clone();
                self.answer(
                    |shared| async move {
                        shared.positions_saved().await;
                        shared.client()?.home(&asked).await.map_err(|error| failure(&error))
                    },
                    move |answer| Msg::HomeLoaded { profile, answer: Box::new(answer) },
                );
            }
            Effect::LoadTitle { profile, title } => {
                let asked = title.clone();
                self.answer(
                    |shared| async move {
                        shared.positions_saved().await;
                        let answer = shared.client()?.title_page(&asked, profile.as_ref()).await;
                        answer.map_err(|error| failure(&error))
                    },
                    move |answer| Msg::TitleLoaded { title, answer: Box::new(answer) },
                );
            }
            Effect::Unlock { profile, pin } => {
                let asked = profile.clone();
                self.answer(
                    |shared| async move {
                        shared.client()?.unlock_profile(&asked, &pin).await.map_err(|error| failure(&error))
                    },
                    move |answer| Msg::Unlocked { profile, answer },
                );
            }
            Effect::Search { profile, text } => {
                let asked = text.clone();
                self.answer(
                    |shared| async move {
                        shared.client()?.search(&profile, &asked).await.map_err(|error| failure(&error))
                    },
                    move |answer| Msg::Found { text, answer },
                );
            }
            Effect::Prefetch { .. } if self.shared.budget.ahead == 0 => {}
            Effect::Prefetch { profile, title } => {
                self.with_client(|shared, client| async move {
                    if let Err(error) = shared.prefetch(&client, profile, title.clone()).await {
                        tracing::debug!(%title, %error, "nothing was fetched ahead");
                    }
                });
            }
            Effect::SendUnsent(profile) => self.send_unsent(profile),
            Effect::FetchPicture(request) => self.fetch_picture(request),
            Effect::OpenPlayer(request) => self.open_player(request),
            Effect::Player(command) => {
                if let Some(session) = &self.shared.lock().session {
                    session.handle.send(command);
                }
            }
            Effect::Credits { attempt, from_s } => {
                if let Some(session) = self.shared.lock().session.as_ref().filter(|session| session.attempt == attempt)
                {
                    session.credits.send_replace(Some(from_s));
                }
            }
            Effect::ClosePlayer => {
                // One that is still being opened is not wanted any more either.
                if let Some(opening) = self.shared.lock().opening.take() {
                    opening.abort();
                }
                self.shared.close_player();
            }
            Effect::StopElsewhere { attempt, grant } => self.stop_elsewhere(attempt, grant),
            Effect::SaveSettings(settings) => {
                self.settings.send_replace(Some(settings));
            }
            Effect::FactoryReset(settings) => {
                self.settings.send_replace(Some(settings));
                self.factory_reset();
            }
            Effect::Ask(ask) => self.ask(ask),
            Effect::Copy(_) | Effect::FullScreen(_) | Effect::Quit | Effect::Desktop(_) => {}
        }
    }

    /// Saves what must be saved and ends all tasks.
    pub(crate) fn shut_down(&self) {
        self.shared.close_player();
        let closing = std::mem::take(&mut self.shared.lock().closing);
        self.runtime.block_on(async {
            let all = async {
                for task in closing {
                    let _ = task.await;
                }
                self.shared.end_ahead().await;
            };
            if tokio::time::timeout(FAREWELL, all).await.is_err() {
                tracing::warn!("the player did not close in time");
            }
        });
        let settings = self.settings.borrow().clone();
        if let Some(settings) = settings
            && let Err(error) = settings.save(&self.places.settings)
        {
            tracing::warn!(%error, "settings could not be saved");
        }
        self.shared.lock().tasks.abort_all();
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut state = self.shared.lock();
        while state.tasks.try_join_next().is_some() {}
        state.tasks.spawn_on(task, self.runtime.handle())
    }

    /// Asks something and sends the answer as a message.
    fn answer<T, F>(
        &self,
        ask: impl FnOnce(Arc<Shared>) -> F,
        message: impl FnOnce(Result<T, Failure>) -> Msg + Send + 'static,
    ) where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let asked = ask(Arc::clone(&self.shared));
        self.spawn(async move {
            let answer = asked.await;
            shared.tell(message(answer));
        });
    }

    fn with_client<F>(&self, task: impl FnOnce(Arc<Shared>, Client) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Ok(client) = &self.shared.client {
            self.spawn(task(Arc::clone(&self.shared), client.clone()));
        }
    }

    /// What the desktop needs of us. `art_file` is where the picture of what is playing is put.
    pub(crate) fn link(&self, art_file: std::path::PathBuf) -> Link {
        let (answers, wake) = (self.shared.answers.clone(), Arc::clone(&self.shared.wake));
        let client = self.shared.client.clone().ok();
        Link {
            runtime: self.runtime.handle().clone(),
            tell: Arc::new(move |msg| {
                // Fails only while the window is closing.
                let _ = answers.send(msg);
                wake();
            }),
            art: Arc::new(move |path| {
                let client = client.clone();
                Box::pin(async move { client?.picture(&path).await.ok() })
            }),
            art_file,
        }
    }

    /// Keeps what was opened lately.
    pub(crate) fn save_recents(&self, recents: Recents) {
        let path = self.places.recents.clone();
        self.spawn(async move {
            if let Ok(Err(error)) = tokio::task::spawn_blocking(move || recents.save(&path)).await {
                tracing::warn!(%error, "what was opened lately was not kept");
            }
        });
    }

    fn open_browser(&self, url: Url) {
        let shared = Arc::clone(&self.shared);
        self.spawn(async move {
            // May wait for the browser to start.
            let opened = tokio::task::spawn_blocking(move || webbrowser::open(url.as_str())).await;
            let failed = match opened {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            tracing::warn!(error = failed, "no browser could be opened");
            shared.tell(Msg::Note(tr!("note-no-browser").to_owned()));
        });
    }

    fn open_player(&self, request: OpenRequest) {
        let requested_at = Instant::now();
        // At once: what is opened may take its time, or fail, and nothing is to be heard behind it.
        self.shared.close_player();
        let shared = Arc::clone(&self.shared);
        let runtime = self.runtime.handle().clone();
        let task = self.spawn(async move {
            let attempt = request.attempt;
            let answer = shared.open(request, requested_at, &runtime).await;
            shared.tell(Msg::PlayerOpened { attempt, answer });
        });
        if let Some(old) = self.shared.lock().opening.replace(task) {
            old.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Result<&Client, Failure> {
        self.client.as_ref().map_err(failure)
    }

    fn tell(&self, msg: Msg) {
        // Fails only while the window is closing.
        let _ = self.answers.send(msg);
        (self.wake)();
    }

    /// Permission to play: one got ahead if it lasts, a new one otherwise. A device has one stream, which the newest
    /// permission takes from those before: they are of no use any more.
    async fn grant(&self, client: &Client, request: &PlaybackRequest) -> Result<PlaybackGrant, ClientError> {
        let kept = std::mem::take(&mut self.lock().grants).remove(&request.title);
        match kept.filter(|grant| remaining(grant) > GRANT_MARGIN) {
            Some(grant) => Ok(grant),
            None => client.start_playback(&self.start_of(request)).await,
        }
    }

    fn device(&self) -> PlaybackDevice {
        self.lock().device.clone()
    }

    fn start_of(&self, request: &PlaybackRequest) -> PlaybackStart {
        PlaybackStart { request: request.clone(), device: self.device() }
    }

    async fn prefetch(&self, client: &Client, profile: ProfileId, title: TitleId) -> anyhow::Result<()> {
        let request = PlaybackRequest { title: title.clone(), profile: profile.clone() };
        let grant = self.grant(client, &request).await?;
        let manifest = client.absolute(&grant.manifest)?;
        let local = self.journal.latest(&Key::Title(profile, title.clone()));
        let start = progress::newer(local, grant.progress).map_or(0.0, |progress| progress.resume_at_s());
        {
            let mut state = self.lock();
            state.ahead = Some(grant.id.clone());
            state.grants.insert(title, grant);
        }
        let throughput = self.networks.expected(now_s()).map(|network| network.estimate.low);
        self.preloader.preload(&manifest, MediaTime::from_secs_f64(start), throughput).await?;
        Ok(())
    }

    async fn open(
        self: &Arc<Self>,
        request: OpenRequest,
        requested_at: Instant,
        runtime: &tokio::runtime::Handle,
    ) -> Result<(), Failure> {
        let mut config = PlayerConfig {
            text_language: request.text_language.clone(),
            audio_language: request.audio_language.clone(),
            ..PlayerConfig::default()
        };
        let budget = if request.is_preview { self.budget.buffer / PREVIEW_SHARE } else { self.budget.buffer };
        config.buffer.budget = ByteCount::new(budget);
        let (remembered, lesson) = self.networks.begin(now_s());
        config.abr.remembered = remembered;
        let mut fetcher: Arc<dyn Fetcher> = Arc::new(self.fetcher.clone());
        let mut permit = None;
        let mut is_local = false;
        let (key, options) = match &request.target {
            Target::Url(url) => {
                let key = Key::Stream(url.clone());
                let start = start_at(request.from, self.journal.latest(&key).map(|p| p.resume_at_s()));
                if let Some(local) = LocalFetcher::beside(url, Arc::clone(&fetcher)) {
                    (fetcher, is_local) = (Arc::new(local), true);
                }
                let options = PlayerOptions::new(url.clone(), fetcher, Arc::clone(&self.pipeline));
                (key, PlayerOptions { start, ..options })
            }
            Target::Title { profile, title } => {
                let client = self.client()?.clone();
                let ask = PlaybackRequest { title: title.clone(), profile: profile.clone() };
                let grant = match self.grant(&client, &ask).await {
                    Ok(grant) => grant,
                    Err(error) => return Err(explain(&client, self.device().id.as_deref(), &error).await),
                };
                let manifest = client.absolute(&grant.manifest).map_err(|error| failure(&error))?;
                let key = Key::Title(profile.clone(), title.clone());
                let known = progress::newer(self.journal.latest(&key), grant.progress);
                let start = start_at(request.from, known.map(|progress| progress.resume_at_s()));
                let held = Arc::new(Permit::new(client, self.start_of(&ask), grant));
                let licences: Arc<dyn LicenseTransport> = held.clone();
                let refresh: Arc<dyn SourceRefresh> = held.clone();
                permit = Some(held);
                let options = PlayerOptions::new(manifest, fetcher, Arc::clone(&self.pipeline));
                (key, PlayerOptions { start, licences: Some(licences), refresh: Some(refresh), ..options })
            }
        };
        let wake = Arc::clone(&self.wake);
        let arrange: Arranger = Arc::new(leave_out_undecodable);
        let installed = || KeySystems::installed(CdmOptions::from_environment());
        let key_systems = self.key_systems.get_or_init(installed).await.clone();
        let thumbnails = ThumbnailOptions { stills: Some(Arc::new(GstStills)), ..ThumbnailOptions::default() };
        let options = PlayerOptions {
            config,
            requested_at,
            on_change: Some(wake),
            arrange: Some(arrange),
            key_systems,
            thumbnails,
            ..options
        };
        let handle = Player::spawn(runtime, options);
        handle.send(Command::SetRate { rate: request.speed });
        handle.send(Command::SetVolume { volume: request.volume });
        handle.send(Command::SetMuted { muted: request.muted });
        handle.send(Command::SetDecoder { choice: request.decoder.clone() });
        if request.text_delay != 0 {
            handle.send(Command::SetTextDelay { millis: request.text_delay });
        }
        if request.is_preview {
            let (width, height) = PREVIEW_SIZE;
            handle.send(Command::SetViewport { width, height });
        }
        handle.send(Command::Play);
        let (stop, stopped) = oneshot::channel();
        let (credits, known_credits) = watch::channel(None);
        let (shared, player, attempt) = (Arc::clone(self), handle.clone(), request.attempt);
        let keeper = runtime.spawn(async move {
            // A disk says nothing about the network.
            let lesson = (!is_local).then_some(lesson);
            let key = (!request.is_preview).then_some(key);
            let position = Arc::clone(&shared).keep_position(player.clone(), key, lesson, (known_credits, stopped));
            let Some(permit) = permit else { return position.await };
            tokio::select! {
                () = position => {}
                () = shared.keep_stream(&permit, &player, attempt) => {}
            }
            permit.end().await;
        });
        self.close_player();
        self.lock().session = Some(Session { attempt: request.attempt, handle, stop, credits, keeper });
        Ok(())
    }

    /// Ends the running session; its position is saved in the background.
    fn close_player(&self) {
        let mut state = self.lock();
        if let Some(session) = state.session.take() {
            let _ = session.stop.send(());
            state.closing.retain(|task| !task.is_finished());
            state.closing.push(session.keeper);
        }
    }
}

fn start_at(from: PlayFrom, resume_s: Option<f64>) -> MediaTime {
    match from {
        PlayFrom::Resume => MediaTime::from_secs_f64(resume_s.unwrap_or(0.0)),
        PlayFrom::Start => MediaTime::ZERO,
        PlayFrom::At(time) => MediaTime::from_duration(time),
    }
}

/// How much longer a grant is good, by our clock: a wrong clock only costs an early renewal.
fn remaining(grant: &PlaybackGrant) -> Duration {
    Duration::from_millis(grant.expires_at_ms.saturating_sub(now_ms()).max(0).unsigned_abs())
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn now_s() -> u64 {
    now_ms().max(0).unsigned_abs() / 1000
}

/// Writes settings a moment after they changed.
async fn write_settings(mut changes: watch::Receiver<Option<Settings>>, path: std::path::PathBuf) {
    while changes.changed().await.is_ok() {
        tokio::time::sleep(SETTINGS_DELAY).await;
        let Some(settings) = changes.borrow_and_update().clone() else { continue };
        let path = path.clone();
        let written = tokio::task::spawn_blocking(move || settings.save(&path)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "settings could not be saved");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playback_starts_where_it_was_asked_to() {
        assert_eq!(start_at(PlayFrom::Resume, Some(7.0)), MediaTime::from_millis(7000));
        assert_eq!(start_at(PlayFrom::Resume, None), MediaTime::ZERO);
        assert_eq!(start_at(PlayFrom::Start, Some(7.0)), MediaTime::ZERO);
        assert_eq!(start_at(PlayFrom::At(Duration::from_secs(9)), Some(7.0)), MediaTime::from_millis(9000));
    }
}
