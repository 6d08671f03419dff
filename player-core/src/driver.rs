//! The only asynchronous code that owns a [`Session`]: carries out its outputs, feeds it what comes back.

use crate::command::Command;
use crate::drm::{KeyId, KeyRing, KeySystemChoice, Licensing};
use crate::event::{EventEnvelope, PlaybackEvent, SCHEMA_VERSION};
use crate::loader::{Loader, Rebase};
use crate::manifest::Presentation;
use crate::pipeline::{MediaPipeline, PipelineEvent};
use crate::player::{PlayerOptions, Published};
use crate::session::{Content, Emitted, Input, Job, Loaded, Output, Session, TransferId};
use crate::thumbnails::Feed;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// What a running session needs of the world.
pub(crate) struct Driver {
    session: Session,
    started: Instant,
    id: uuid::Uuid,
    sequence: u64,
    loader: Loader,
    options: PlayerOptions,
    pipeline: Option<Box<dyn MediaPipeline>>,
    published: Published,
    thumbnails: Feed,
    /// Read as soon as playback does not need the link for itself.
    chapters_of: Option<Arc<Presentation>>,
    inputs: mpsc::UnboundedSender<Input>,
    tasks: JoinSet<()>,
    transfers: HashMap<TransferId, AbortHandle>,
    wake_at: Option<Duration>,
}

/// Plays until the session is over or nobody holds a handle any more.
pub(crate) async fn run(
    mut options: PlayerOptions,
    published: Published,
    thumbnails: Feed,
    mut commands: mpsc::Receiver<Command>,
) {
    // Unbounded: senders are streaming threads and transfer tasks, which must not wait; their rate is bounded by
    // frames and by progress reports.
    let (inputs, mut received) = mpsc::unbounded_channel();
    let (pipeline_events, mut pipeline_received) = mpsc::unbounded_channel::<PipelineEvent>();
    let pipeline = (options.pipeline)(pipeline_events, published.frames.clone());
    let asker = inputs.clone();
    let keys = KeyRing::default();
    keys.give(options.keys.iter().copied());
    let licensing = Arc::new(Licensing::new(options.key_systems.clone(), options.licences.clone(), keys));
    let loader = Loader {
        fetcher: options.fetcher.clone(),
        licensing,
        limits: options.config.net.clone(),
        rebase: Rebase::new(&options.source),
        ask_for_keys: Arc::new(move |keys| {
            let _ = asker.send(Input::KeysNeeded(keys));
        }),
        knowledge: Arc::default(),
        arrange: options.arrange.clone(),
        given: Arc::new(Mutex::new(options.presentation.take())),
    };
    let session =
        Session::new(options.config.clone(), options.source.clone(), options.start, options.refresh.is_some());
    let mut driver = Driver {
        session,
        started: options.requested_at,
        id: uuid::Uuid::new_v4(),
        sequence: 0,
        loader,
        options,
        pipeline: Some(pipeline),
        published,
        thumbnails,
        chapters_of: None,
        inputs,
        tasks: JoinSet::new(),
        transfers: HashMap::new(),
        wake_at: None,
    };
    let licensing = driver.loader.licensing.clone();
    driver.tasks.spawn(async move { licensing.keep_renewed().await });
    let mut outputs = Vec::new();
    driver.session.start(&mut outputs);
    driver.carry_out(&mut outputs);
    loop {
        let wake = driver.wake_at.map(|at| tokio::time::Instant::from_std(driver.started + at));
        let input = tokio::select! {
            biased;
            command = commands.recv() => Input::Command(command.unwrap_or(Command::Stop)),
            Some(event) = pipeline_received.recv() => Input::Pipeline(event),
            Some(input) = received.recv() => input,
            Some(ended) = driver.tasks.join_next() => {
                if let Err(error) = ended.map_err(|error| error.try_into_panic()) && let Ok(panic) = error {
                    std::panic::resume_unwind(panic);
                }
                continue;
            }
            () = tokio::time::sleep_until(wake.unwrap_or_else(tokio::time::Instant::now)), if wake.is_some() => {
                driver.wake_at = None;
                Input::Wake
            }
        };
        let stop = matches!(input, Input::Command(Command::Stop));
        driver.note_presentation(&input);
        driver.session.handle(input, driver.started.elapsed(), &mut outputs);
        driver.carry_out(&mut outputs);
        driver.use_spare_time();
        if stop {
            break;
        }
    }
    driver.close().await;
}

impl Driver {
    fn carry_out(&mut self, outputs: &mut Vec<Output>) {
        let mut changed = false;
        for output in outputs.drain(..) {
            match output {
                Output::Fetch { id, job } => self.fetch(id, job),
                Output::Cancel(id) => {
                    if let Some(task) = self.transfers.remove(&id) {
                        task.abort();
                    }
                }
                Output::Pipeline(command) => {
                    if let Some(pipeline) = &self.pipeline {
                        pipeline.send(command);
                    }
                }
                Output::RequestLicence { key_ids } => self.request_licence(key_ids),
                Output::RefreshSource => self.refresh_source(),
                Output::Emit(emitted) => {
                    changed = true;
                    self.emit(emitted);
                }
                Output::WakeAt(at) => self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at))),
            }
        }
        if changed {
            self.published.publish();
            if let Some(wake) = &self.options.on_change {
                wake();
            }
        }
    }

    /// What is offered is of interest to more than playback.
    fn note_presentation(&mut self, input: &Input) {
        if let Input::Loaded(_, Loaded { content: Content::Manifest(presentation), .. }) = input {
            let presentation = Arc::new(Presentation::clone(presentation));
            self.thumbnails.present(&self.loader, presentation.clone());
            self.chapters_of = Some(presentation);
        }
    }

    /// Pictures for the seek bar and chapters may use the link while playback has enough.
    fn use_spare_time(&mut self) {
        let spares = self.session.spares_link();
        self.thumbnails.hold(!spares);
        if let Some(presentation) = self.chapters_of.take_if(|_| spares) {
            let (loader, inputs) = (self.loader.clone(), self.inputs.clone());
            self.tasks.spawn(async move {
                let chapters = loader.chapters(&presentation).await;
                if !chapters.is_empty() {
                    let _ = inputs.send(Input::Chapters(chapters));
                }
            });
        }
    }

    fn fetch(&mut self, id: TransferId, job: Job) {
        let (loader, inputs, reports) = (self.loader.clone(), self.inputs.clone(), self.inputs.clone());
        let progress = Arc::new(move |progress| {
            let _ = reports.send(Input::Progress(id, progress));
        });
        let task = self.tasks.spawn(async move {
            let input = match loader.carry_out(job, progress).await {
                Ok(loaded) => Input::Loaded(id, loaded),
                Err(failure) => Input::LoadFailed(id, failure),
            };
            let _ = inputs.send(input);
        });
        self.transfers.retain(|_, task| !task.is_finished());
        self.transfers.insert(id, task);
    }

    fn request_licence(&mut self, key_ids: Vec<KeyId>) {
        let (licensing, inputs) = (self.loader.licensing.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let choices = inputs.clone();
            let tell = move |choice: &KeySystemChoice| {
                let (key_system, reason) = (choice.id(), choice.reason.clone());
                let _ = choices.send(Input::KeySystemChosen { key_system, reason });
            };
            let result = licensing.request(&key_ids, &tell).await;
            if let Err(error) = &result {
                licensing.keys().fail(error.clone());
            }
            let _ = inputs.send(Input::Licence(result));
        });
    }

    fn refresh_source(&mut self) {
        let Some(refresh) = self.options.refresh.clone() else { return };
        let (rebase, inputs) = (self.loader.rebase.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let result = refresh.refresh().await.map(|manifest| rebase.renew(&manifest));
            let _ = inputs.send(Input::SourceRefreshed(result));
        });
    }

    fn emit(&mut self, emitted: Emitted) {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let envelope = EventEnvelope {
            v: SCHEMA_VERSION,
            session: self.id,
            seq: self.sequence,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            since_load: emitted.since_load,
            position: emitted.position,
            buffered: emitted.buffered,
            event: emitted.event,
        };
        self.sequence += 1;
        if envelope.event == PlaybackEvent::FirstFrame {
            tracing::info!(ms = envelope.since_load.as_millis() as u64, "first frame");
        }
        tracing::debug!(session = %self.id, event = ?envelope.event, "playback");
        self.published.apply(&envelope);
        if let Some(observe) = &self.options.on_event {
            observe(&envelope);
        }
    }

    /// Cancels what runs and waits until outputs are free again.
    async fn close(mut self) {
        self.tasks.shutdown().await;
        let licensing = self.loader.licensing.clone();
        // Modules take their time to close, and must not hold a worker either.
        let _ = tokio::task::spawn_blocking(move || licensing.close()).await;
        if let Some(pipeline) = self.pipeline.take() {
            // Stopping sinks takes their time and must not hold a worker.
            let _ = tokio::task::spawn_blocking(move || drop(pipeline)).await;
        }
        self.published.frames.clear();
    }
}
