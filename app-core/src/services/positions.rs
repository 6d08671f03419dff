//! Positions: watched while a title plays, kept on this device first and then sent.

use super::{Services, Shared, now_ms, now_s};
use crate::{
    networks::Lesson,
    progress::{self, Keeper, Key},
};
use player_core::{Command, PlayerHandle};
use service_api::{
    ProfileId, TitleId,
    client::{Client, ClientError},
    problem::ProblemCode,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// How long a page waits for the position of the title that was just left. A server that is slower than that is told
/// from the journal later.
const SAVED_WITHIN: Duration = Duration::from_secs(2);

impl Services {
    pub(super) fn send_unsent(&self, profile: ProfileId) {
        self.with_client(|shared, client| async move {
            let journal = Arc::clone(&shared.journal);
            for (title, progress) in journal.unsent(&profile) {
                shared.send_progress(&client, &profile, &title, progress).await;
            }
        });
    }
}

impl Shared {
    /// Waits, but not for long, until the positions of closed players are saved: the page that a viewer comes back to
    /// must know them.
    pub(super) async fn positions_saved(&self) {
        let closing = std::mem::take(&mut self.lock().closing);
        let saved = async {
            for task in closing {
                let _ = task.await;
            }
        };
        let _ = tokio::time::timeout(SAVED_WITHIN, saved).await;
    }

    /// Watches a player, and keeps its position (unless nobody is to know that it played) and what it learns of the
    /// network, until told to stop; then ends the
    /// player.
    pub(super) async fn keep_position(
        self: Arc<Self>,
        handle: PlayerHandle,
        key: Option<Key>,
        lesson: Option<Lesson>,
        (credits, mut stopped): (watch::Receiver<Option<f64>>, oneshot::Receiver<()>),
    ) {
        let started = Instant::now();
        let mut keeper = Keeper::default();
        let mut told = None;
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        // A service that does not answer holds up neither the journal nor the end of the player.
        let mut sending: Option<JoinHandle<()>> = None;
        loop {
            let last = tokio::select! {
                _ = ticks.tick() => false,
                _ = &mut stopped => true,
            };
            let snapshot = handle.snapshot();
            if last {
                handle.send(Command::Stop);
            }
            let due = keeper.observe(&snapshot, started.elapsed().as_secs_f64());
            let (journal, send) = if last { (keeper.has_begun(), keeper.has_begun()) } else { (due.journal, due.send) };
            let progress = progress::progress_of(&snapshot, *credits.borrow(), now_ms()).filter(|_| journal || send);
            if let (Some(progress), Some(key)) = (progress, &key) {
                self.journal_entry(key, progress).await;
                let is_free = last || sending.as_ref().is_none_or(JoinHandle::is_finished);
                if let (true, Key::Title(profile, title), Ok(client)) = (send && is_free, key, &self.client) {
                    let (shared, client) = (Arc::clone(&self), client.clone());
                    let (profile, title) = (profile.clone(), title.clone());
                    sending = Some(tokio::spawn(async move {
                        shared.send_progress(&client, &profile, &title, progress).await;
                    }));
                }
            }
            if last {
                handle.closed().await;
            }
            let learnt = handle.snapshot().network;
            if let (Some(network), Some(lesson)) = (learnt.filter(|_| learnt != told), &lesson) {
                self.networks.learn(lesson, &network, now_s());
                self.save_networks().await;
                told = learnt;
            }
            if last {
                if let Some(sending) = sending {
                    // What it panics of was told by the hook.
                    let _ = sending.await;
                }
                return;
            }
        }
    }

    async fn save_networks(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        match tokio::task::spawn_blocking(move || shared.networks.save()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what was learnt of the network was not kept"),
            Err(error) => tracing::warn!(%error, "what was learnt of the network was not kept"),
        }
    }

    async fn journal_entry(&self, key: &Key, progress: service_api::profile::Progress) {
        let (journal, key) = (Arc::clone(&self.journal), key.clone());
        if let Err(error) = tokio::task::spawn_blocking(move || journal.record(&key, progress)).await {
            tracing::warn!(%error, "a position was not kept");
        }
    }

    async fn send_progress(
        &self,
        client: &Client,
        profile: &ProfileId,
        title: &TitleId,
        progress: service_api::profile::Progress,
    ) {
        let answer = client.save_progress(profile, title, &progress).await;
        let settled = match &answer {
            Ok(()) => true,
            // The service will never take it: do not offer it again for ever.
            Err(ClientError::Problem(problem)) => matches!(
                problem.code,
                ProblemCode::NotFound | ProblemCode::InvalidRequest | ProblemCode::Forbidden | ProblemCode::TooLarge
            ),
            Err(_) => false,
        };
        if let Err(error) = answer {
            tracing::info!(%title, %error, "a position could not be sent, it stays in the journal");
        }
        if settled {
            let key = Key::Title(profile.clone(), title.clone());
            let journal = Arc::clone(&self.journal);
            let written = tokio::task::spawn_blocking(move || journal.mark_sent(&key, progress.taken_at_ms)).await;
            if let Err(error) = written {
                tracing::warn!(%error, "the journal was not updated");
            }
        }
    }
}
