//! `lumen-qa bench abr`: every controller on every recording, as tables and plots.
//!
//! [`tables`] writes the Markdown, [`cost`] measures what a decision and a session cost on this machine, [`pictures`]
//! makes the plots. All but the cost is the same on every machine. [`formats`] is another command: how fast media and
//! manifests are read.

pub mod args;
pub mod cost;
pub mod formats;
pub mod pictures;
pub mod tables;

pub use args::BenchArgs;

use crate::exit::Exit;
use crate::sim::args::{Scenarios, Sizes};
use crate::sim::contestant::{Contestant, Contestants};
use crate::sim::experiment::{Experiment, Played, Setting};
use crate::sim::variation::Viewers;
use crate::sim::{exit_of_input, json};
use abr::sim::{Bootstrap, Outcome, ScenarioId, Utility};
use anyhow::Context as _;
use pictures::Pictures;
use std::path::Path;

/// A scenario played by everyone.
#[derive(Debug)]
pub struct Round<'a> {
    pub setting: Setting<'a>,
    pub known: Vec<Played>,
    pub unknown: Vec<Played>,
}

impl Round<'_> {
    /// What everyone made of it.
    pub fn played(&self, sizes: Sizes) -> &[Played] {
        match sizes {
            Sizes::Known => &self.known,
            Sizes::Unknown => &self.unknown,
        }
    }

    /// What one made of it.
    pub fn outcomes(&self, contestant: Contestant, sizes: Sizes) -> Option<&[Outcome]> {
        let played = self.played(sizes).iter().find(|played| played.contestant == contestant);
        played.map(|played| played.outcomes.as_slice())
    }
}

/// Runs the command. Blocks for as long as the playing takes: minutes, and an hour when the optima are not known yet.
pub fn run(args: &BenchArgs) -> anyhow::Result<Exit> {
    exit_of_input(bench(args))
}

fn bench(args: &BenchArgs) -> anyhow::Result<()> {
    let (Scenarios(scenarios), Contestants(contestants)) = (&args.scenario, &args.controller);
    let (experiment, bootstrap) =
        (args.common.experiment(Utility::ALL.to_vec(), Viewers::Patient)?, args.common.bootstrap());
    let rounds: Vec<Round<'_>> =
        scenarios.iter().map(|id| round(&experiment, *id, contestants)).collect::<anyhow::Result<_>>()?;
    let text = format!("{}{}", tables::text(&rounds, contestants, &bootstrap), cost::text(&rounds, contestants));
    print!("{text}");
    let Some(folder) = &args.out else { return Ok(()) };
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write(folder, "tables.md", &text)?;
    for sizes in [Sizes::Known, Sizes::Unknown] {
        let runs: Vec<(ScenarioId, Vec<Played>)> =
            rounds.iter().map(|round| (round.setting.scenario.id, round.played(sizes).to_vec())).collect();
        let document = serde_json::to_string_pretty(&json::document(&runs, sizes, &bootstrap))?;
        write(folder, &format!("sizes-{}.json", sizes.name()), &(document + "\n"))?;
    }
    draw(args, &experiment, &rounds, &bootstrap, folder)
}

fn round<'a>(experiment: &'a Experiment, id: ScenarioId, contestants: &[Contestant]) -> anyhow::Result<Round<'a>> {
    let setting = experiment.setting(id)?;
    let play = |sizes: Sizes| contestants.iter().map(|contestant| setting.play(*contestant, sizes.into())).collect();
    let (known, unknown) = (play(Sizes::Known), play(Sizes::Unknown));
    Ok(Round { setting, known, unknown })
}

fn draw(
    args: &BenchArgs,
    experiment: &Experiment,
    rounds: &[Round<'_>],
    bootstrap: &Bootstrap,
    folder: &Path,
) -> anyhow::Result<()> {
    let pictures = Pictures { rounds, bootstrap };
    write(folder, "shares.svg", &pictures.shares())?;
    write(folder, "stalls.svg", &pictures.stalls())?;
    let recording = args.session.as_deref().map(|name| experiment.recordings.find(name)).transpose()?;
    for round in rounds {
        if let Some(picture) = pictures.session(round, recording) {
            write(folder, &format!("session-{}.svg", round.setting.scenario.id), &picture)?;
        }
    }
    Ok(())
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
