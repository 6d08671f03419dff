//! Keeps a stream while a title is open, and says when it is lost.
//!
//! The service counts a device as watching for as long as it is heard of. A player that is paused is heard of too, so it
//! keeps its place; one whose place went to another device while it could not be heard of (asleep, offline) asks for it
//! back, in silence for as long as it is paused. Whatever the service says beyond "go on" is decided here: what passes
//! is tried again, what does not ends the watching with a reason.

use player_core::{PlaybackState, PlayerSnapshot};
use service_api::{client::ClientError, problem::ProblemCode};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Pause after a heartbeat that was not answered; it doubles up to the interval, so that a service that comes back within
/// the time of a missed heartbeat finds the stream where it was.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest interval that is believed: beyond it the viewer would not be told for too long.
const LONGEST: Duration = Duration::from_secs(300);
const SHORTEST: Duration = Duration::from_secs(1);

/// One stream at the service.
#[async_trait::async_trait]
pub trait Stream: Send + Sync {
    /// How often to be heard of; `None` if the service does not count streams.
    fn interval(&self) -> Option<Duration>;

    /// Goes on at this position, in seconds; answers how soon to be heard of again.
    ///
    /// # Errors
    /// As [`service_api::client::Client::heartbeat`].
    async fn beat(&self, position_s: f64) -> Result<Duration, ClientError>;

    /// Gets a new permission in place of one that has come to its end.
    ///
    /// # Errors
    /// As [`service_api::client::Client::start_playback`].
    async fn renew(&self) -> Result<(), ClientError>;

    /// Waits for a refusal that somebody else was told: who asked for a licence, or for media.
    async fn refused(&self) -> ClientError;
}

/// What the player is doing, as far as its stream is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Watching,
    Paused,
    /// Needs no stream until it is played again.
    Over,
}

impl Standing {
    fn of(snapshot: &PlayerSnapshot) -> Self {
        match snapshot.state {
            PlaybackState::Ended | PlaybackState::Failed => Self::Over,
            PlaybackState::Paused => Self::Paused,
            _ if snapshot.wants_play => Self::Watching,
            _ => Self::Paused,
        }
    }
}

/// What to do about an answer other than "go on".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Try again, after this time if the service names one.
    Passing(Option<Duration>),
    /// Others have all places: one may become free.
    Full,
    Final,
}

fn verdict(error: &ClientError) -> Verdict {
    match error {
        error if error.is_signed_out() => Verdict::Final,
        ClientError::Problem(problem) => match problem.code {
            ProblemCode::StreamLimit => Verdict::Full,
            _ if problem.status == 429 || problem.status >= 500 => {
                Verdict::Passing(problem.retry_after_s.map(|seconds| Duration::from_secs(seconds.into())))
            }
            _ => Verdict::Final,
        },
        // Nobody has said no.
        _ => Verdict::Passing(None),
    }
}

/// Is the permission gone by its age alone? The service forgets those that ended long ago.
pub(crate) fn has_run_out(error: &ClientError) -> bool {
    matches!(error, ClientError::Problem(problem)
        if matches!(problem.code, ProblemCode::GrantExpired | ProblemCode::NotFound))
}

/// Keeps the stream of a player. Ends only when the stream is lost, with what the service said; dropping the future stops
/// the heartbeats.
pub async fn keep(stream: &dyn Stream, player: watch::Receiver<Arc<PlayerSnapshot>>) -> ClientError {
    let interval = stream.interval().map(|interval| interval.clamp(SHORTEST, LONGEST));
    // The first one at once: a permission that was got ahead may have lost its place meanwhile.
    let mut due = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut is_lost = false;
    loop {
        let is_over = Standing::of(&player.borrow()) == Standing::Over;
        let told = tokio::select! {
            biased;
            error = stream.refused() => Some(error),
            () = until(player.clone(), |standing| (standing == Standing::Over) != is_over) => {
                due = due.min(Instant::now());
                continue;
            }
            () = until(player.clone(), |standing| standing == Standing::Watching), if is_lost && !is_over => {
                is_lost = false;
                due = Instant::now();
                continue;
            }
            () = sleep_until(due), if interval.is_some() && !is_over => None,
        };
        let answer = match told {
            Some(error) => Err(error),
            None => beat(stream, &player).await,
        };
        let error = match answer {
            Ok(next) => {
                is_lost = false;
                pause = FIRST_PAUSE;
                due = Instant::now() + next.clamp(SHORTEST, LONGEST);
                continue;
            }
            Err(error) => error,
        };
        let is_paused = Standing::of(&player.borrow()) != Standing::Watching;
        let longest = interval.unwrap_or(LONGEST);
        match verdict(&error) {
            Verdict::Passing(Some(asked)) => due = Instant::now() + asked.clamp(SHORTEST, LONGEST),
            Verdict::Passing(None) => {
                tracing::debug!(%error, "a heartbeat failed, trying again");
                due = Instant::now() + pause;
                pause = (pause * 2).min(longest.max(FIRST_PAUSE));
            }
            Verdict::Full if is_paused => {
                tracing::info!("another device has taken the stream of a paused player");
                is_lost = true;
                due = Instant::now() + longest;
            }
            Verdict::Full | Verdict::Final => return error,
        }
    }
}

async fn beat(stream: &dyn Stream, player: &watch::Receiver<Arc<PlayerSnapshot>>) -> Result<Duration, ClientError> {
    let position_s = player.borrow().position.as_secs_f64().max(0.0);
    match stream.beat(position_s).await {
        Err(error) if has_run_out(&error) => {
            stream.renew().await?;
            stream.beat(position_s).await
        }
        answer => answer,
    }
}

/// Waits until the player stands so; for ever if it is gone, because then there is nobody to be told.
async fn until(mut player: watch::Receiver<Arc<PlayerSnapshot>>, wanted: impl Fn(Standing) -> bool) {
    if player.wait_for(|snapshot| wanted(Standing::of(snapshot))).await.is_err() {
        pending().await
    }
}

#[cfg(test)]
#[path = "heartbeat_tests.rs"]
mod tests;
