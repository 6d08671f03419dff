//! Streams under a virtual clock.

use super::*;
use crate::testing::fixtures::problem;
use player_core::MediaTime;
use service_api::problem::Problem;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};
use tokio::{task::JoinHandle, time::sleep};

const EVERY: Duration = Duration::from_secs(30);

type Answer = Result<Duration, ClientError>;

/// Answers as told, then with "go on"; notes when it was asked, in seconds since the start, and where the player was.
struct FakeStream {
    started: Instant,
    answers: Mutex<VecDeque<Answer>>,
    renewals: Mutex<VecDeque<Result<(), ClientError>>>,
    beats: Mutex<Vec<(u64, f64)>>,
    refusal: watch::Sender<Option<ClientError>>,
    interval: Option<Duration>,
}

impl FakeStream {
    fn answering(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            answers: Mutex::new(answers.into_iter().collect()),
            renewals: Mutex::default(),
            beats: Mutex::default(),
            refusal: watch::Sender::new(None),
            interval: Some(EVERY),
        })
    }

    fn times(&self) -> Vec<u64> {
        self.beats.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    fn say(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().unwrap().extend(answers);
    }
}

#[async_trait::async_trait]
impl Stream for FakeStream {
    fn interval(&self) -> Option<Duration> {
        self.interval
    }

    async fn beat(&self, position_s: f64) -> Answer {
        let at = self.started.elapsed().as_secs();
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).push((at, position_s));
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(EVERY))
    }

    async fn renew(&self) -> Result<(), ClientError> {
        self.renewals.lock().unwrap().pop_front().unwrap_or_else(|| panic!("nothing is to be renewed"))
    }

    async fn refused(&self) -> ClientError {
        let mut refusal = self.refusal.subscribe();
        let told = refusal.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        self.refusal.send_replace(None);
        told
    }
}

/// A player that does as it is told.
struct FakePlayer(watch::Sender<Arc<PlayerSnapshot>>);

impl FakePlayer {
    fn playing() -> Self {
        let snapshot = PlayerSnapshot { state: PlaybackState::Playing, wants_play: true, ..PlayerSnapshot::initial() };
        Self(watch::Sender::new(Arc::new(snapshot)))
    }

    fn is(&self, state: PlaybackState, position_s: f64) {
        let (wants_play, position) = (state == PlaybackState::Playing, MediaTime::from_secs_f64(position_s));
        let snapshot = PlayerSnapshot { state, wants_play, position, ..PlayerSnapshot::initial() };
        self.0.send_replace(Arc::new(snapshot));
    }

    fn keep(&self, stream: &Arc<FakeStream>) -> JoinHandle<ClientError> {
        let (stream, player) = (Arc::clone(stream), self.0.subscribe());
        tokio::spawn(async move { keep(&*stream, player).await })
    }
}

fn code(error: ClientError) -> ProblemCode {
    match error {
        ClientError::Problem(problem) => problem.code,
        other => panic!("{other}"),
    }
}

fn refused(code: ProblemCode, status: u16) -> Answer {
    Err(problem(code, status))
}

fn later(seconds: u32) -> Answer {
    let ClientError::Problem(problem) = problem(ProblemCode::RateLimited, 429) else { unreachable!() };
    Err(ClientError::Problem(Problem { retry_after_s: Some(seconds), ..problem }))
}

async fn seconds(seconds: u64) {
    sleep(Duration::from_millis(seconds * 1000 + 1)).await;
}

#[tokio::test(start_paused = true)]
async fn stream_is_kept_while_playing_and_while_paused_and_not_after_the_end() {
    let (stream, player) = (FakeStream::answering([]), FakePlayer::playing());
    let kept = player.keep(&stream);
    player.is(PlaybackState::Playing, 7.5);
    seconds(60).await;
    player.is(PlaybackState::Paused, 60.0);
    seconds(60).await;
    assert_eq!(*stream.beats.lock().unwrap(), [(0, 7.5), (30, 7.5), (60, 7.5), (90, 60.0), (120, 60.0)]);
    player.is(PlaybackState::Ended, 90.0);
    seconds(600).await;
    assert_eq!(stream.times().len(), 5, "what has ended takes no place");
    player.is(PlaybackState::Playing, 0.0);
    seconds(1).await;
    assert_eq!(stream.times().last(), Some(&720), "and asks for it as soon as it is played again");
    assert!(!kept.is_finished());
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn the_service_sets_the_pace() {
    let (stream, player) =
        (FakeStream::answering([Ok(Duration::from_secs(10)), Ok(Duration::ZERO)]), FakePlayer::playing());
    let kept = player.keep(&stream);
    seconds(41).await;
    assert_eq!(stream.times(), [0, 10, 11, 41]);
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn service_that_is_away_is_asked_again_and_playback_goes_on() {
    let away = || refused(ProblemCode::Internal, 503);
    let (stream, player) =
        (FakeStream::answering([away(), away(), away(), away(), away(), away()]), FakePlayer::playing());
    let kept = player.keep(&stream);
    seconds(150).await;
    // Pauses double up to the interval: nothing is lost by it, and the service is not flooded when it comes back.
    assert_eq!(stream.times(), [0, 2, 6, 14, 30, 60, 90, 120, 150]);
    stream.say([later(20), refused(ProblemCode::Internal, 500)]);
    seconds(60).await;
    assert_eq!(stream.times()[9..], [180, 200, 202]);
    assert!(!kept.is_finished());
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn refusals_while_playing_end_the_watching_with_their_reason() {
    for (said, status) in [
        (ProblemCode::StreamLimit, 403),
        (ProblemCode::Revoked, 403),
        (ProblemCode::DeviceLimit, 403),
        (ProblemCode::NotAvailableNow, 403),
        (ProblemCode::NotAvailableHere, 451),
        (ProblemCode::NotEntitled, 403),
        (ProblemCode::Unauthenticated, 401),
    ] {
        let (stream, player) = (FakeStream::answering([Ok(EVERY), refused(said, status)]), FakePlayer::playing());
        assert_eq!(code(player.keep(&stream).await.unwrap()), said);
        assert_eq!(stream.times(), [0, 30]);
    }
}

#[tokio::test(start_paused = true)]
async fn paused_player_gets_its_stream_back_in_silence() {
    let full = || refused(ProblemCode::StreamLimit, 403);
    let (stream, player) = (FakeStream::answering([Ok(EVERY), full(), full()]), FakePlayer::playing());
    let kept = player.keep(&stream);
    player.is(PlaybackState::Paused, 10.0);
    seconds(100).await;
    assert_eq!(stream.times(), [0, 30, 60, 90], "asked for until a place was free");
    player.is(PlaybackState::Playing, 10.0);
    seconds(10).await;
    assert_eq!(stream.times().len(), 4, "it has its place: resuming needs no question");
    assert!(!kept.is_finished());
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn resuming_asks_at_once_and_tells_what_it_hears() {
    let full = || refused(ProblemCode::StreamLimit, 403);
    let (stream, player) = (FakeStream::answering([Ok(EVERY), full(), full()]), FakePlayer::playing());
    let kept = player.keep(&stream);
    player.is(PlaybackState::Paused, 10.0);
    seconds(40).await;
    assert!(!kept.is_finished(), "nobody is disturbed while the picture stands still");
    player.is(PlaybackState::Playing, 10.0);
    assert_eq!(code(kept.await.unwrap()), ProblemCode::StreamLimit);
    assert_eq!(stream.times(), [0, 30, 40]);
}

#[tokio::test(start_paused = true)]
async fn what_was_stopped_from_elsewhere_is_told_also_to_a_paused_player() {
    let (stream, player) = (FakeStream::answering([refused(ProblemCode::Revoked, 403)]), FakePlayer::playing());
    player.is(PlaybackState::Paused, 1.0);
    assert_eq!(code(player.keep(&stream).await.unwrap()), ProblemCode::Revoked);
}

#[tokio::test(start_paused = true)]
async fn permission_that_has_run_out_is_renewed_and_a_refused_renewal_is_told() {
    let over = || refused(ProblemCode::GrantExpired, 410);
    let (stream, player) =
        (FakeStream::answering([over(), Ok(EVERY), refused(ProblemCode::NotFound, 404)]), FakePlayer::playing());
    let away = ClientError::Problem(Problem { status: 503, ..as_problem(ProblemCode::Internal) });
    stream.renewals.lock().unwrap().extend([Ok(()), Err(away), Err(problem(ProblemCode::NotAvailableNow, 403))]);
    let kept = player.keep(&stream);
    seconds(29).await;
    assert_eq!(stream.times(), [0, 0]);
    // The second renewal is not answered at first.
    stream.say([over()]);
    assert_eq!(code(kept.await.unwrap()), ProblemCode::NotAvailableNow);
    assert_eq!(stream.times(), [0, 0, 30, 32]);
}

fn as_problem(code: ProblemCode) -> Problem {
    match problem(code, 500) {
        ClientError::Problem(problem) => problem,
        _ => unreachable!(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_player_was_refused_counts_as_an_answer() {
    let (stream, player) = (FakeStream::answering([]), FakePlayer::playing());
    let kept = player.keep(&stream);
    seconds(5).await;
    stream.refusal.send_replace(Some(problem(ProblemCode::Revoked, 403)));
    assert_eq!(code(kept.await.unwrap()), ProblemCode::Revoked);
    assert_eq!(stream.times(), [0]);
}

#[tokio::test(start_paused = true)]
async fn service_without_streams_hears_nothing() {
    let stream = FakeStream::answering([]);
    let mut quiet = Arc::into_inner(stream).unwrap();
    quiet.interval = None;
    let (stream, player) = (Arc::new(quiet), FakePlayer::playing());
    let kept = player.keep(&stream);
    seconds(600).await;
    assert!(stream.times().is_empty());
    stream.refusal.send_replace(Some(problem(ProblemCode::NotEntitled, 403)));
    assert_eq!(code(kept.await.unwrap()), ProblemCode::NotEntitled);
}
