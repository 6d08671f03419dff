//! What the session tells a controller, and what it makes of the answers, in virtual time.

use super::*;
use crate::snapshot::PlayerSnapshot;
use crate::testing::{Harness, Link, ManifestBuilder};
use abr::{
    AbrContext, AbrController, Bitrate, InFlight, PlaybackPlan, RememberedNetwork, RungId, ThroughputEstimate,
    TransferSample,
};
use std::sync::{Arc, Mutex};

const SECOND: Duration = Duration::from_secs(1);

/// What a controller was told.
#[derive(Debug, Default)]
struct Told {
    plans: Vec<(usize, Duration, Duration)>,
    samples: Vec<TransferSample>,
    /// How far transfers were before each sample.
    progress: Vec<Vec<TransferSample>>,
    coming: Vec<TransferSample>,
    asked: Vec<Asked>,
    flights: Vec<InFlight>,
}

#[derive(Debug)]
struct Asked {
    now: Duration,
    remaining: Option<u32>,
    /// Sizes of the next segment, and how many segments are foreseen.
    sizes: usize,
    foreseen: usize,
    throughput: Option<ThroughputEstimate>,
}

/// Rung and wish to wait for the decision with this number, at this time.
type Script = Box<dyn Fn(usize, Duration) -> (u16, Option<Duration>) + Send>;

/// Notes what it is told and decides as it was told to.
struct Spy {
    told: Arc<Mutex<Told>>,
    script: Script,
    watches: bool,
    /// Gives up for this rung what has waited so long for its first byte.
    patience: Option<Duration>,
}

impl std::fmt::Debug for Spy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spy")
    }
}

impl AbrController for Spy {
    fn prepare(&mut self, plan: &PlaybackPlan<'_>) {
        self.told.lock().unwrap().plans.push((plan.ladder.len(), plan.segment_duration, plan.buffer_target));
    }

    fn observe(&mut self, sample: &TransferSample) {
        let mut told = self.told.lock().unwrap();
        let coming = std::mem::take(&mut told.coming);
        told.progress.push(coming);
        told.samples.push(*sample);
    }

    fn progressed(&mut self, so_far: &TransferSample) {
        self.told.lock().unwrap().coming.push(*so_far);
    }

    fn watches_transfers(&self) -> bool {
        self.watches
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let mut told = self.told.lock().unwrap();
        let (rung, not_before) = (self.script)(told.asked.len(), ctx.now);
        told.asked.push(Asked {
            now: ctx.now,
            remaining: ctx.remaining,
            sizes: ctx.upcoming.first().map_or(0, |segment| segment.bytes.len()),
            foreseen: ctx.upcoming.len(),
            throughput: ctx.throughput,
        });
        Decision { not_before, ..Decision::fixed(ctx, RungId(rung)) }
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        self.told.lock().unwrap().flights.push(*in_flight);
        let late = in_flight.ttfb.is_none() && self.patience.is_some_and(|patience| in_flight.elapsed >= patience);
        (late && in_flight.rung > RungId(0)).then(|| Decision::fixed(ctx, RungId(0)))
    }

    fn name(&self) -> &'static str {
        "spy"
    }
}

impl Spy {
    fn new(script: impl Fn(usize, Duration) -> (u16, Option<Duration>) + Send + 'static) -> Self {
        Self { told: Arc::default(), script: Box::new(script), watches: true, patience: None }
    }

    /// A session with the spy in the controller's place from the first playlist on.
    fn plays(self, manifest: ManifestBuilder, link: Link) -> (Harness, Arc<Mutex<Told>>) {
        let told = Arc::clone(&self.told);
        let video = manifest.presentation().tracks[0].clone();
        let mut harness = Harness::new(PlayerConfig::default(), manifest, link, MediaTime::ZERO);
        harness.send(Command::Play);
        assert!(harness.run_until(10 * SECOND, |snapshot| !snapshot.rungs.is_empty()));
        harness.session.chooser = QualityChooser::with_controller(Box::new(self), None, &video);
        (harness, told)
    }
}

fn steady(kbps: u64) -> Link {
    Link::new(move |_| kbps * 1000)
}

fn ended(snapshot: &PlayerSnapshot) -> bool {
    snapshot.state == PlaybackState::Ended
}

fn first_rung(harness: &Harness) -> Option<u16> {
    harness.events.iter().find_map(|emitted| match &emitted.event {
        PlaybackEvent::QualityDecided { decision, .. } => Some(decision.rung.0),
        _ => None,
    })
}

#[test]
fn a_controller_hears_the_plan_once_and_of_each_picture_segment_once() {
    let manifest = ManifestBuilder { segments: 8, ..ManifestBuilder::default() };
    let (mut harness, told) = Spy::new(|_, _| (2, None)).plays(manifest, steady(4_000));
    assert!(harness.run_until(60 * SECOND, ended));
    let told = told.lock().unwrap();
    assert_eq!(told.plans, [(5, 4 * SECOND, PlayerConfig::default().buffer.target)]);
    assert_eq!(told.samples.len(), 8);
    // The first segment was chosen before the spy came.
    for sample in &told.samples[1..] {
        let kbps = sample.rate().unwrap().bps() / 1000;
        assert!((3_900..=4_100).contains(&kbps), "the whole link, with sound and without: {sample:?}");
        assert!(sample.bytes.bytes() > 700_000, "{sample:?}");
        assert_eq!(sample.ttfb.as_millis() / 10, 4, "{sample:?}");
    }
    assert!(told.samples.is_sorted_by_key(|sample| sample.finished_at));
}

#[test]
fn a_controller_knows_what_is_still_to_come() {
    let manifest = ManifestBuilder { segments: 20, playlists: false, sizes: true, ..ManifestBuilder::default() };
    let (mut harness, told) = Spy::new(|_, _| (1, None)).plays(manifest, steady(8_000));
    assert!(harness.run_until(120 * SECOND, ended));
    let told = told.lock().unwrap();
    let remaining: Vec<u32> = told.asked.iter().filter_map(|asked| asked.remaining).collect();
    // The first was asked for before the spy came.
    assert_eq!(remaining, (1..=19).rev().collect::<Vec<_>>());
    assert!(told.asked.iter().all(|asked| asked.sizes == 5), "one size for each rung");
    assert_eq!(told.asked.iter().map(|asked| asked.foreseen).max(), Some(16));
}

#[test]
fn without_byte_ranges_segments_are_foreseen_without_sizes() {
    let manifest = ManifestBuilder { segments: 6, ..ManifestBuilder::default() };
    let (mut harness, told) = Spy::new(|_, _| (1, None)).plays(manifest, steady(8_000));
    assert!(harness.run_until(60 * SECOND, ended));
    assert!(told.lock().unwrap().asked.iter().all(|asked| asked.sizes == 0 && asked.foreseen > 0));
}

#[test]
fn a_second_title_starts_with_what_the_first_has_learnt() {
    let mut config = PlayerConfig::default();
    config.abr.controller = "throughput".into();
    let play = |config: &PlayerConfig| {
        let mut harness = Harness::new(config.clone(), ManifestBuilder::default(), steady(8_000), MediaTime::ZERO);
        harness.send(Command::Play);
        harness.run_for(9 * SECOND);
        harness.send(Command::Stop);
        harness
    };
    let first = play(&config);
    let network = first.snapshot.network.expect("it has measured");
    assert!(network.estimate.mean.bps() > 6_000_000 && network.ttfb.is_some(), "{network:?}");
    let mut memory = abr::NetworkMemory::new();
    memory.remember("here", &network.estimate, network.ttfb, 1_700_000_000);
    config.abr.remembered = memory.recall("here", 1_700_000_600);
    let second = play(&config);
    assert_eq!((first_rung(&first), first_rung(&second)), (Some(0), Some(4)), "{}", second.story());
}

#[test]
fn a_configured_rate_is_a_memory_too() {
    let mut config = PlayerConfig::default();
    config.abr.controller = "throughput".into();
    config.abr.remembered = Some(RememberedNetwork::of_rate(Bitrate::from_kbps(1_800)));
    let mut harness = Harness::new(config, ManifestBuilder::default(), steady(8_000), MediaTime::ZERO);
    harness.run_for(SECOND / 2);
    assert_eq!(first_rung(&harness), Some(2));
}

#[test]
fn a_seek_keeps_what_is_known_of_the_network() {
    let (mut harness, told) = Spy::new(|_, _| (1, None)).plays(ManifestBuilder::default(), steady(8_000));
    harness.run_for(5 * SECOND);
    let before = told.lock().unwrap().asked.len();
    harness.send(Command::Seek { to: MediaTime::from_secs_f64(90.0) });
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.position > MediaTime::from_secs_f64(90.0)));
    let told = told.lock().unwrap();
    assert!(told.asked[before].throughput.is_some() && told.plans.len() == 1, "{:?}", told.asked);
}

#[test]
fn a_wish_to_wait_is_granted_and_then_asked_about_again() {
    // From the fourth decision on each segment is waited for once.
    let script = |count: usize, now: Duration| (1, (count > 3 && count.is_multiple_of(2)).then(|| now + SECOND * 3));
    let (mut harness, told) = Spy::new(script).plays(ManifestBuilder::default(), steady(20_000));
    harness.run_for(30 * SECOND);
    let told = told.lock().unwrap();
    let gaps: Vec<Duration> = told.asked.windows(2).map(|pair| pair[1].now - pair[0].now).collect();
    assert!(gaps.len() > 8 && gaps[4..].iter().step_by(2).all(|gap| *gap >= 3 * SECOND), "{gaps:?}");
    assert!(gaps[4..].iter().step_by(2).all(|gap| *gap < 4 * SECOND), "and not longer: {gaps:?}");
    assert_eq!(harness.snapshot.stats.stalls, 0);
}

#[test]
fn whoever_only_wants_to_wait_starves_nobody() {
    let script = |_, _| (1, Some(Duration::from_secs(1_000_000)));
    let (mut harness, _) = Spy::new(script).plays(ManifestBuilder::default(), steady(20_000));
    assert!(harness.run_until(200 * SECOND, ended), "{}", harness.story());
    assert_eq!(harness.snapshot.stats.stalls, 0, "{}", harness.story());
}

#[test]
fn a_controller_hears_how_a_transfer_comes_in() {
    let spy = Spy::new(|_, _| (2, None));
    let (mut harness, told) = spy.plays(ManifestBuilder::default(), steady(2_000));
    harness.run_for(20 * SECOND);
    let told = told.lock().unwrap();
    assert!(told.progress.len() > 3 && told.progress.iter().all(|reports| reports.len() > 5), "{:?}", told.progress);
    for (reports, sample) in told.progress.iter().zip(&told.samples) {
        assert!(reports.is_sorted_by_key(|report| (report.bytes, report.elapsed)), "{reports:?}");
        assert!(reports.iter().all(|report| report.bytes <= sample.bytes && report.elapsed <= sample.elapsed));
    }
}

#[test]
fn transfers_are_watched_only_for_those_who_watch_and_not_too_often() {
    let flights = |watches| {
        let spy = Spy { watches, ..Spy::new(|_, _| (4, None)) };
        let (mut harness, told) = spy.plays(ManifestBuilder::default(), steady(7_000));
        harness.run_for(20 * SECOND);
        told.lock().unwrap().flights.len()
    };
    assert_eq!(flights(false), 0);
    assert!((100..=400).contains(&flights(true)), "{}", flights(true));
}

#[test]
fn a_segment_of_which_nothing_comes_can_be_given_up() {
    let mut link = steady(6_000);
    link.rtt = 3 * SECOND;
    let spy = Spy { patience: Some(2 * SECOND), ..Spy::new(|_, _| (3, None)) };
    let manifest = ManifestBuilder { segments: 4, playlists: false, ..ManifestBuilder::default() };
    let (mut harness, told) = spy.plays(manifest, link);
    assert!(harness.run_until(120 * SECOND, ended), "{}", harness.story());
    let told = told.lock().unwrap();
    assert_eq!(harness.snapshot.stats.abandoned, 3, "each once but the first: {}", harness.story());
    let waited: Vec<Duration> = told.samples.iter().filter(|s| s.body_time().is_zero()).map(|s| s.ttfb).collect();
    assert!(waited.len() <= 3 && waited.iter().all(|wait| *wait >= 2 * SECOND && *wait < 3 * SECOND), "{waited:?}");
    assert_eq!(told.samples.len(), 3 + 3, "the controller hears of what it gave up");
}

#[test]
fn low_quality_that_waits_is_fetched_again_and_every_picture_comes_once() {
    let script = |count, _| (if count < 7 { 0 } else { 3 }, None);
    let (mut harness, _) = Spy::new(script).plays(ManifestBuilder::default(), steady(20_000));
    assert!(harness.run_until(200 * SECOND, ended), "{}", harness.story());
    let replaced: Vec<(u64, usize)> = harness
        .events
        .iter()
        .filter_map(|emitted| match emitted.event {
            PlaybackEvent::SegmentsReplaced { number, count, .. } => Some((number, count)),
            _ => None,
        })
        .collect();
    assert_eq!(replaced.len(), 1, "once: {replaced:?}");
    let (number, count) = replaced[0];
    assert!((2..=4).contains(&count), "{replaced:?}");
    assert!(harness.fetched.contains(&format!("v3/{number}.m4s")), "{:?}", harness.fetched);
    assert!(harness.fetched.contains(&format!("v0/{number}.m4s")), "{:?}", harness.fetched);
    // The pipeline itself insists on decode order.
    assert_eq!((harness.snapshot.stats.frames_shown, harness.snapshot.stats.stalls), (1200, 0));
}

#[test]
fn a_viewers_own_choice_is_not_second_guessed() {
    let script = |count, _| (if count < 7 { 0 } else { 3 }, None);
    let (mut harness, _) = Spy::new(script).plays(ManifestBuilder::default(), steady(20_000));
    harness.send(Command::SetQuality { choice: QualityChoice::Fixed(RungId(0)) });
    harness.run_for(60 * SECOND);
    assert!(!harness.story().contains("SegmentsReplaced"));
}
