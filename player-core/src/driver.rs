//! The only asynchronous code that owns a [`Session`]: carries out its outputs, feeds it what comes back.

use crate::command::Command;
use crate::drm::{DrmError, KeyId, KeyRing, LicenseDenied, LicenseTransport, clearkey};
use crate::event::{EventEnvelope, PlaybackEvent, SCHEMA_VERSION};
use crate::loader::{Loader, Rebase};
use crate::pipeline::{MediaPipeline, PipelineEvent};
use crate::player::{PlayerOptions, Published};
use crate::session::{Emitted, Input, Job, Output, Session, TransferId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// A licence request that fails in passing is tried this often: with doubling pauses that is a quarter of a minute,
/// a server's restart.
const LICENCE_TRIES: u32 = 6;
const LICENCE_PAUSE: Duration = Duration::from_millis(500);

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
    inputs: mpsc::UnboundedSender<Input>,
    tasks: JoinSet<()>,
    transfers: HashMap<TransferId, AbortHandle>,
    wake_at: Option<Duration>,
}

/// Plays until the session is over or nobody holds a handle any more.
pub(crate) async fn run(options: PlayerOptions, published: Published, mut commands: mpsc::Receiver<Command>) {
    // Unbounded: senders are streaming threads and transfer tasks, which must not wait; their rate is bounded by
    // frames and by progress reports.
    let (inputs, mut received) = mpsc::unbounded_channel();
    let (pipeline_events, mut pipeline_received) = mpsc::unbounded_channel::<PipelineEvent>();
    let pipeline = (options.pipeline)(pipeline_events, published.frames.clone());
    let asker = inputs.clone();
    let loader = Loader {
        fetcher: options.fetcher.clone(),
        keys: KeyRing::default(),
        limits: options.config.net.clone(),
        rebase: Rebase::new(&options.source),
        ask_for_keys: Arc::new(move |keys| {
            let _ = asker.send(Input::KeysNeeded(keys));
        }),
        knowledge: Arc::default(),
        arrange: options.arrange.clone(),
        given: Arc::new(Mutex::new(options.presentation.clone())),
    };
    loader.keys.insert(options.keys.iter().copied());
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
        inputs,
        tasks: JoinSet::new(),
        transfers: HashMap::new(),
        wake_at: None,
    };
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
        driver.session.handle(input, driver.started.elapsed(), &mut outputs);
        driver.carry_out(&mut outputs);
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
        let (transport, keys, inputs) = (self.options.licences.clone(), self.loader.keys.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let missing: Vec<KeyId> = key_ids.iter().copied().filter(|id| keys.get(*id).is_none()).collect();
            let result = match missing.is_empty() {
                true => Ok(key_ids.len()),
                false => licence(transport.as_deref(), &missing, &keys).await,
            };
            if let Err(error) = &result {
                keys.fail(error.clone());
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
        if let Some(pipeline) = self.pipeline.take() {
            // Stopping sinks takes their time and must not hold a worker.
            let _ = tokio::task::spawn_blocking(move || drop(pipeline)).await;
        }
        self.published.frames.clear();
    }
}

/// Asks for keys and puts them into the ring. Passing failures are tried again.
pub(crate) async fn licence(
    transport: Option<&dyn LicenseTransport>,
    key_ids: &[KeyId],
    keys: &KeyRing,
) -> Result<usize, DrmError> {
    let transport = transport.ok_or(DrmError::NoTransport)?;
    let mut tries = 0;
    let body = loop {
        tries += 1;
        match transport.request(clearkey::challenge(key_ids)).await {
            Err(LicenseDenied::Unreachable(reason)) if tries < LICENCE_TRIES => {
                tracing::debug!(%reason, tries, "licence request failed, trying again");
                tokio::time::sleep(LICENCE_PAUSE * 2u32.pow(tries - 1)).await;
            }
            answer => break answer?,
        }
    };
    let found = clearkey::parse_licence(&body)?;
    if let Some(missing) = key_ids.iter().find(|id| !found.iter().any(|(kid, _)| kid == *id)) {
        return Err(DrmError::MissingKey(*missing));
    }
    let count = found.len();
    keys.insert(found);
    Ok(count)
}
