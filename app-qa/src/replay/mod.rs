//! `lumen-qa replay`: the simulator's second opinion on itself.
//!
//! Recordings are played by the player's own session over real TCP connections, through a link in this process that
//! carries what was recorded, and by the simulator. If both put the controllers in the same order, what the simulator says
//! of a controller is true of the player.
//!
//! Time is compressed: rates are multiplied and waits divided by the same factor, and the session's clock runs by it. To
//! the session it is the recording as it was; to the machine an hour is minutes. What does not scale is the machine's own
//! time: a millisecond of scheduling is `--speed` milliseconds to the session.

mod clock;
mod outcome;
mod player;
mod server;

use crate::exit::Exit;
use crate::sim::contestant::{Contestant, Contestants};
use crate::sim::exit_of_input;
use crate::sim::ladders::Ladders;
use crate::sim::recordings::Recordings;
use abr::sim::{Content, Delivery, Recording, ScenarioId, Score, SizeKnowledge, play};
use anyhow::Context as _;
use clap::Args;
use clock::Clock;
use outcome::{Outcome, Outcomes};
use player::Replay;
use server::Link;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Plays recordings over real connections with the player's own session, and compares with the simulator.
///
/// Rates and waits are scaled by --speed, so that a session of minutes takes seconds.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Folder with one folder per source and one file per recording, or with the recordings of one source.
    #[arg(long, value_name = "DIR")]
    traces: PathBuf,
    /// A ladder, or a folder with the ladder of each scenario. Default: `ladders` beside the recordings.
    #[arg(long, value_name = "FILE")]
    ladder: Option<PathBuf>,
    /// How many recordings, spread evenly over those that the scenario uses.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    count: usize,
    /// Names, separated by commas.
    #[arg(long, value_name = "NAMES", default_value = "throughput,dynamic")]
    controllers: Contestants,
    /// Scenario of docs/abr.md; one on demand, because the player plays nothing else.
    #[arg(long, value_name = "LETTER", default_value_t = ScenarioId::B)]
    scenario: ScenarioId,
    /// How much of the title is played.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    minutes: f64,
    /// How much faster than recorded time passes.
    #[arg(long, value_name = "FACTOR", default_value_t = 8.0)]
    speed: f64,
    /// Sessions at the same time. More than the machine can serve in time would measure the machine.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    sessions: usize,
    /// Write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A session may take this many times the length of what it plays, and a while on top.
const PATIENCE: u32 = 4;
const LEAST_PATIENCE: Duration = Duration::from_secs(600);

/// Runs the command.
pub async fn run(args: &ReplayArgs) -> anyhow::Result<Exit> {
    let numbers = [args.minutes, args.speed];
    let offline = args.controllers.0.contains(&Contestant::OFFLINE);
    let live = matches!(args.scenario.scenario().delivery, Delivery::Live { .. });
    if offline || live || args.sessions == 0 || numbers.iter().any(|number| !number.is_finite() || *number <= 0.0) {
        eprintln!("error: a replay needs controllers, a scenario on demand, and numbers above zero");
        return Ok(Exit::Usage);
    }
    let result = replay(args).await;
    exit_of_input(result)
}

async fn replay(args: &ReplayArgs) -> anyhow::Result<()> {
    let scenario = args.scenario.scenario();
    let recordings = Recordings::read(&args.traces)?;
    let content = Ladders::find(args.ladder.as_deref(), recordings.folder())?.content(&scenario)?;
    let segments = (args.minutes * 60.0 / content.segment().as_secs_f64()).ceil();
    let content = content.truncated(segments as usize);
    let Delivery::OnDemand { cap } = scenario.delivery else { return Ok(()) };
    let used = recordings.of(&scenario, false).0;
    let chosen = spread(&used, args.count);
    let turn = Arc::new(Semaphore::new(args.sessions));
    let mut tasks = JoinSet::new();
    for recording in chosen {
        for contestant in &args.controllers.0 {
            let job = Match {
                recording: recording.clone(),
                contestant: *contestant,
                content: content.clone(),
                cap: Duration::from_secs_f64(cap),
                speed: args.speed,
            };
            let turn = Arc::clone(&turn);
            tasks.spawn(async move {
                let _turn = turn.acquire_owned().await?;
                job.play().await
            });
        }
    }
    let mut all = Vec::new();
    while let Some(outcome) = tasks.join_next().await {
        all.push(outcome??);
    }
    let outcomes = Outcomes::new(args.controllers.0.iter().map(|contestant| contestant.name()), all);
    print!("{}", outcomes.table());
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&outcomes)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// One recording, one controller, played twice.
struct Match {
    recording: Recording,
    contestant: Contestant,
    content: Content,
    cap: Duration,
    speed: f64,
}

impl Match {
    async fn play(self) -> anyhow::Result<Outcome> {
        let Self { recording, contestant, content, cap, speed } = self;
        let name = format!("{}/{}", recording.source, recording.name);
        let mut controller = contestant.controller().context("the optimum is no controller")?;
        let delivery = Delivery::OnDemand { cap: cap.as_secs_f64() };
        let simulated = play(&recording.trace, &content, delivery, SizeKnowledge::Known, &mut *controller);
        let length = content.segment() * u32::try_from(content.segments())?;
        let link = Link { trace: recording.trace, content: content.clone(), clock: Clock::new(speed) };
        let replay = Replay {
            link: Arc::new(link),
            controller: contestant.name().to_owned(),
            cap,
            patience: length * PATIENCE + LEAST_PATIENCE,
        };
        let played = replay.play().await.with_context(|| format!("{name} with {contestant}"))?;
        Ok(Outcome {
            recording: name,
            controller: contestant.name().to_owned(),
            replayed: Score::of(&played, &content).into(),
            simulated: Score::of(&simulated, &content).into(),
        })
    }
}

/// `count` of the items, evenly over all of them.
fn spread<'a, T>(items: &[&'a T], count: usize) -> Vec<&'a T> {
    let count = count.min(items.len());
    (0..count).map(|index| items[(2 * index + 1) * items.len() / (2 * count)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::sim::{Interval, NetworkTrace};

    #[test]
    fn recordings_are_taken_from_everywhere() {
        let numbers: Vec<u32> = (0..10).collect();
        let items: Vec<&u32> = numbers.iter().collect();
        assert_eq!(spread(&items, 2), [&2, &7]);
        assert_eq!(spread(&items, 99).len(), 10);
        assert_eq!(spread::<u32>(&[], 3), Vec::<&u32>::new());
    }

    /// A link between two rungs that lie far apart: to choose another one, a machine must be late by several times what a
    /// segment takes.
    fn game(speed: f64) -> Match {
        let trace = NetworkTrace::new([Interval { seconds: 10.0, rate: 12e6, latency: 0.05 }]).unwrap();
        let rung = |(index, kbps): (usize, u64)| abr::Rung {
            id: abr::RungId(index as u16),
            bitrate: abr::Bitrate::from_kbps(kbps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        };
        let rungs = [500_u64, 4_000, 32_000].into_iter().enumerate().map(rung).collect();
        let bits = vec![vec![1e6, 8e6, 64e6]; 10];
        Match {
            recording: Recording { source: "made".into(), name: "up".into(), trace },
            contestant: "throughput".parse().unwrap(),
            content: Content::new(Duration::from_secs(2), rungs, &bits).unwrap(),
            cap: Duration::from_secs(12),
            speed,
        }
    }

    #[tokio::test]
    async fn a_steady_link_gives_the_simulators_session_over_real_connections() {
        let mut spoiled = Vec::new();
        // A busy machine can spoil a replay, and never makes a wrong one right; the slower it is, the less the machine
        // matters.
        for speed in [10.0, 3.0, 1.0] {
            let outcome = game(speed).play().await.unwrap();
            if (outcome.replayed.mbps - outcome.simulated.mbps).abs() < 0.2 {
                return;
            }
            spoiled.push(outcome);
        }
        panic!("{spoiled:?}");
    }
}
