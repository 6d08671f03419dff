//! Does what is wished for, when the link is free: the newest wish first, then its neighbours.

use super::fetch::{Stills, is_final};
use super::plan::{Plan, Slot};
use super::source::{Source, sources};
use super::{Shared, Thumbnail, ThumbnailError, Thumbnails};
use crate::loader::Loader;
use crate::manifest::Presentation;
use crate::player::ChangeObserver;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use url::Url;

/// Transfers at the same time: the one that is waited for, and one that was or will be.
const AT_ONCE: usize = 2;
/// Failures in a row after which another source is tried.
const MAX_FAILURES: u32 = 2;
/// Pictures that could not be had, remembered so that they are not asked for again and again.
const MAX_REFUSED: usize = 4096;

/// What a player hands over when it knows what it plays.
struct Given {
    loader: Loader,
    presentation: Arc<Presentation>,
}

/// The player's end.
pub(crate) struct Feed {
    shared: Arc<Shared>,
    given: mpsc::UnboundedSender<Given>,
}

impl Feed {
    /// The presentation is known. Once per session.
    pub(crate) fn present(&self, loader: &Loader, presentation: Arc<Presentation>) {
        let given = Given { loader: loader.clone(), presentation };
        let _ = self.given.send(given);
    }

    /// Does playback need the link for itself?
    pub(crate) fn hold(&self, held: bool) {
        let mut state = self.shared.lock();
        if std::mem::replace(&mut state.held, held) != held {
            drop(state);
            self.shared.wake.notify_one();
        }
    }
}

/// What a worker works with.
#[derive(Clone, Default)]
pub(crate) struct Tools {
    pub(crate) stills: Option<Stills>,
    /// Address of a list of sprites that the manifest does not name.
    pub(crate) list: Option<Url>,
    /// Told of new pictures.
    pub(crate) on_change: Option<ChangeObserver>,
    pub(crate) cache_bytes: usize,
}

/// Makes a handle, the end that feeds it, and what has to run for it; that ends when the feed is dropped.
pub(crate) fn start(tools: Tools) -> (Thumbnails, Feed, impl Future<Output = ()> + Send + 'static) {
    let shared = Shared::new(tools.cache_bytes);
    // One message per session.
    let (given, received) = mpsc::unbounded_channel();
    let worker = Worker {
        shared: shared.clone(),
        tools,
        received,
        loader: None,
        sources: Vec::new(),
        source: 0,
        loads: JoinSet::new(),
        running: Vec::new(),
        refused: HashSet::new(),
        not_ahead: HashSet::new(),
        failures: 0,
    };
    (Thumbnails { shared: shared.clone() }, Feed { shared, given }, worker.run())
}

/// What came of a task.
enum Done {
    Planned { source: usize, plan: Result<Plan, ThumbnailError> },
    Loaded { source: usize, slot: Slot, pictures: Result<Vec<(Slot, Thumbnail)>, ThumbnailError> },
}

/// A task under way; without a picture it reads the list.
struct Running {
    slot: Option<Slot>,
    task: AbortHandle,
}

struct Worker {
    shared: Arc<Shared>,
    tools: Tools,
    received: mpsc::UnboundedReceiver<Given>,
    loader: Option<Loader>,
    sources: Vec<Source>,
    /// The one in use.
    source: usize,
    loads: JoinSet<Done>,
    /// Oldest first.
    running: Vec<Running>,
    refused: HashSet<Slot>,
    /// Neighbours that could not be had: asked for again only if somebody points at them.
    not_ahead: HashSet<Slot>,
    failures: u32,
}

/// Others are told however the work ends.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed();
    }
}

impl Worker {
    async fn run(mut self) {
        let closing = Closing(self.shared.clone());
        loop {
            tokio::select! {
                given = self.received.recv() => match given {
                    Some(Given { loader, presentation }) => {
                        let can_decode = self.tools.stills.is_some();
                        self.sources = sources(&presentation, self.tools.list.as_ref(), can_decode);
                        self.loader = Some(loader);
                        self.use_source(0);
                    }
                    None => break,
                },
                () = closing.0.wake.notified() => {}
                Some(done) = self.loads.join_next() => match done {
                    Ok(done) => self.done(done),
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => {}
                },
            }
            self.running.retain(|running| !running.task.is_finished());
            self.go_on();
        }
    }

    /// Begins with a source, or goes over to it. What runs for another is of no use any more.
    fn use_source(&mut self, source: usize) {
        self.running.drain(..).for_each(|running| running.task.abort());
        self.source = source;
        self.refused.clear();
        self.not_ahead.clear();
        self.failures = 0;
        let mut state = self.shared.lock();
        state.plan = None;
        state.cache.clear();
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Planned { source, plan } if source == self.source => match plan {
                Ok(plan) => {
                    self.shared.lock().plan = Some(Arc::new(plan));
                }
                Err(error) => {
                    tracing::debug!(%error, "a source of thumbnails is of no use");
                    self.use_source(source + 1);
                }
            },
            Done::Loaded { source, slot, pictures } if source == self.source => match pictures {
                Ok(pictures) => {
                    self.failures = 0;
                    self.keep(slot, pictures);
                }
                Err(error) => self.failed(slot, error),
            },
            Done::Planned { .. } | Done::Loaded { .. } => {}
        }
    }

    /// The one that was asked for comes last: it is the newest, and what makes room is the oldest.
    fn keep(&mut self, slot: Slot, mut pictures: Vec<(Slot, Thumbnail)>) {
        pictures.sort_by_key(|(made, _)| *made == slot);
        if !pictures.iter().any(|(made, _)| *made == slot) {
            self.failed(slot, ThumbnailError::OutsidePicture);
        }
        {
            let mut state = self.shared.lock();
            for (made, picture) in pictures {
                state.cache.insert(made, Arc::new(picture));
            }
        }
        self.tell();
    }

    fn failed(&mut self, slot: Slot, error: ThumbnailError) {
        tracing::debug!(%error, ?slot, "no thumbnail");
        for known in [&mut self.refused, &mut self.not_ahead] {
            if known.len() >= MAX_REFUSED {
                known.clear();
            }
        }
        let is_wanted = {
            let state = self.shared.lock();
            state.wanted.is_some_and(|wanted| state.slot(wanted.time) == Some(slot))
        };
        if !is_wanted {
            // A neighbour that nobody has asked for says little about the source.
            self.not_ahead.insert(slot);
            return;
        }
        self.failures += 1;
        if self.failures >= MAX_FAILURES && self.source + 1 < self.sources.len() {
            return self.use_source(self.source + 1);
        }
        // What could not be fetched may be there the next time that somebody points at it.
        if is_final(&error) || self.failures >= MAX_FAILURES {
            self.refused.insert(slot);
        }
        self.shared.lock().failure = Some(error);
        self.tell();
    }

    fn tell(&self) {
        self.shared.changed();
        if let Some(observe) = &self.tools.on_change {
            observe();
        }
    }

    /// Starts what is due.
    fn go_on(&mut self) {
        let Some(loader) = self.loader.clone() else { return };
        let (held, wanted, plan, failed) = {
            let state = self.shared.lock();
            (state.held, state.wanted, state.plan.clone(), state.failure.is_some())
        };
        if held {
            return;
        }
        let Some(plan) = plan else {
            let Some(source) = self.sources.get(self.source).cloned() else {
                if wanted.is_some() && !failed {
                    self.shared.lock().failure = Some(ThumbnailError::NoSource);
                    self.tell();
                }
                return;
            };
            // The list is read before anybody asks: then the first picture is one transfer away.
            if self.running.iter().all(|running| running.slot.is_some()) {
                let number = self.source;
                self.spawn(None, async move { Done::Planned { source: number, plan: loader.plan(&source).await } });
            }
            return;
        };
        let Some(wanted) = wanted.filter(|_| !failed) else { return };
        let Some(slot) = plan.slot(wanted.time) else {
            self.shared.lock().failure = Some(ThumbnailError::NothingThere);
            return self.tell();
        };
        if self.refused.contains(&slot) {
            self.shared.lock().failure = Some(ThumbnailError::NothingThere);
            return self.tell();
        }
        if !self.shared.lock().cache.contains(slot) {
            self.load(&loader, &plan, slot, true);
            return;
        }
        for near in plan.neighbours(slot).into_iter().flatten() {
            // What lies in the same file has come along, as far as it is there.
            let came_along = !matches!(*plan, Plan::KeyFrames(_)) && near.unit == slot.unit;
            let is_here = came_along || self.shared.lock().cache.contains(near);
            let is_refused = self.refused.contains(&near) || self.not_ahead.contains(&near);
            if !is_here && !is_refused && self.running.len() < AT_ONCE {
                self.load(&loader, &plan, near, false);
            }
        }
    }

    fn load(&mut self, loader: &Loader, plan: &Arc<Plan>, slot: Slot, urgent: bool) {
        // Pictures that lie in one file come together.
        let together = |other: Slot| match **plan {
            Plan::KeyFrames(_) => other == slot,
            Plan::Tiles(_) | Plan::Sprites(_) => other.unit == slot.unit,
        };
        if self.running.iter().any(|running| running.slot.is_some_and(together)) {
            return;
        }
        if self.running.len() >= AT_ONCE {
            if !urgent {
                return;
            }
            self.running.remove(0).task.abort();
        }
        let (loader, plan, stills) = (loader.clone(), plan.clone(), self.tools.stills.clone());
        let source = self.source;
        self.spawn(Some(slot), async move {
            let pictures = loader.pictures(&plan, slot, stills.as_ref()).await;
            Done::Loaded { source, slot, pictures }
        });
    }

    fn spawn(&mut self, slot: Option<Slot>, work: impl Future<Output = Done> + Send + 'static) {
        let task = self.loads.spawn(work);
        self.running.push(Running { slot, task });
    }
}
