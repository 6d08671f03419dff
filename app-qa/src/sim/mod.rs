//! `lumen-qa sim`: controllers on recordings of networks, in virtual time.
//!
//! The simulator itself is [`abr::sim`] and does no I/O. Here is what it needs around it: [`input`] reads what others
//! wrote, [`experiment`] plays it (with the optima of [`cache`]), [`mod@json`] and [`figures`] say what came out, and
//! [`detail`] shows one session with the reason of every decision.

pub mod args;
pub mod cache;
pub mod contestant;
pub mod detail;
pub mod experiment;
pub mod figures;
pub mod input;
pub mod json;
pub mod ladders;
mod progress;
pub mod recordings;
pub mod table;
pub mod variation;
mod witness;

pub use args::SimArgs;

use crate::exit::Exit;
use abr::sim::{Bootstrap, Delivery, Report, ScenarioId, Summary};
use anyhow::Context as _;
use args::{Scenarios, Sizes};
use contestant::Contestants;
use detail::Detail;
use experiment::{Experiment, Played, Setting};
use input::InputError;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Runs the command. Blocks for as long as the playing takes.
pub fn run(args: &SimArgs) -> anyhow::Result<Exit> {
    exit_of_input(match &args.session {
        Some(name) => show_session(args, name),
        None => show_figures(args),
    })
}

/// Wrong input is the caller's to correct, and is said with another exit code than what else may fail.
pub fn exit_of_input(result: anyhow::Result<()>) -> anyhow::Result<Exit> {
    match result {
        Ok(()) => Ok(Exit::Pass),
        Err(error) => match error.downcast_ref::<InputError>().map(InputError::exit) {
            Some(exit) => {
                eprintln!("error: {error:#}");
                Ok(exit)
            }
            None => Err(error),
        },
    }
}

fn show_figures(args: &SimArgs) -> anyhow::Result<()> {
    let (Scenarios(scenarios), Contestants(contestants)) = (&args.scenario, &args.controller);
    let (experiment, bootstrap) = (args.experiment(args.utilities())?, args.common.bootstrap());
    let quiet = args.json.as_deref().is_some_and(is_stdout);
    let mut runs: Vec<(ScenarioId, Vec<Played>)> = Vec::new();
    for id in scenarios {
        let setting = experiment.setting(*id)?;
        let played: Vec<Played> =
            contestants.iter().map(|contestant| setting.play(*contestant, args.sizes.into())).collect();
        if !quiet {
            print!("{}", scenario_text(&setting, &played, args.sizes, &bootstrap));
        }
        runs.push((*id, played));
    }
    args.json.as_deref().map_or(Ok(()), |path| write_json(path, &json::document(&runs, args.sizes, &bootstrap)))
}

fn show_session(args: &SimArgs, name: &str) -> anyhow::Result<()> {
    let (Scenarios(scenarios), Contestants(contestants)) = (&args.scenario, &args.controller);
    // Nothing is compared with the optimum here.
    let experiment: Experiment = args.experiment(Vec::new())?;
    let recording = experiment.recordings.find(name)?;
    let quiet = args.json.as_deref().is_some_and(is_stdout);
    let mut documents = Map::new();
    for id in scenarios {
        let setting = experiment.setting(*id)?;
        let mut sessions = Map::new();
        for contestant in contestants {
            let detail = Detail::of(&setting, recording, *contestant, args.sizes.into());
            if !quiet {
                println!("{}", detail.text());
            }
            sessions.insert(contestant.to_string(), detail.json());
        }
        documents.insert(id.to_string(), Value::Object(sessions));
    }
    let document = json!({ "session": name, "sizes": args.sizes.name(), "scenarios": documents });
    args.json.as_deref().map_or(Ok(()), |path| write_json(path, &document))
}

/// One scenario in tables: overall, by source, and the recordings apart.
fn scenario_text(setting: &Setting<'_>, played: &[Played], sizes: Sizes, bootstrap: &Bootstrap) -> String {
    let reports: Vec<Report> = played.iter().map(|played| Report::of(&played.outcomes, bootstrap)).collect();
    let stress: Vec<Report> = played.iter().map(|played| Report::of(&played.stress, bootstrap)).collect();
    let names = || played.iter().map(|played| played.contestant.name());
    let section = |title: &str, summaries: Vec<&Summary>| {
        let n = summaries.first().map_or(0, |summary| summary.n);
        let rows: Vec<(&str, &Summary)> = names().zip(summaries).collect();
        format!("{title} ({n} recordings)\n{}\n", figures::table(&rows).text())
    };
    let mut text = format!("{}\n\n", headline(setting, sizes));
    if setting.recordings.is_empty() {
        text += "no recording belongs into this scenario; --all-sources plays them all the same\n\n";
    } else {
        text += &section("overall", reports.iter().map(|report| &report.overall).collect());
    }
    let sources = reports.first().map_or(&[][..], |report| &report.sources);
    for (index, (source, _)) in sources.iter().enumerate() {
        text += &section(source, reports.iter().map(|report| &report.sources[index].1).collect());
    }
    if !setting.stress.is_empty() {
        text += &section("apart: no controller can play these", stress.iter().map(|report| &report.overall).collect());
    }
    text
}

/// `A-envivio-vod60: 48 segments of 4 s in 6 rungs, 60 s of buffer, sizes known; figures ± half of their 95 % interval`.
fn headline(setting: &Setting<'_>, sizes: Sizes) -> String {
    let Setting { scenario, content, .. } = setting;
    let delivery = match scenario.delivery {
        Delivery::OnDemand { cap } => format!("{cap} s of buffer"),
        Delivery::Live { behind } => format!("live, {behind} segments behind"),
    };
    format!(
        "{}: {} segments of {} s in {} rungs, {delivery}, sizes {}; figures ± half of their 95 % interval",
        scenario.name,
        content.segments(),
        content.segment().as_secs_f64(),
        content.ladder().len(),
        sizes.name(),
    )
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn write_json(path: &Path, document: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document)? + "\n";
    if is_stdout(path) {
        print!("{text}");
        return Ok(());
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
