//! The plots of docs/abr.md.

use super::Round;
use super::tables::best_other;
use crate::plot::series::Series;
use crate::plot::session::{self, Course};
use crate::plot::shares::{SharePanel, shares};
use crate::plot::stalls::{StallPanel, stalls};
use crate::sim::args::Sizes;
use crate::sim::contestant::Contestant;
use crate::sim::experiment::Played;
use abr::sim::{Bootstrap, Figure, Outcome, Recording, Report, Session, SizeKnowledge, Summary, Utility};

/// Makes plots from what was played with known sizes.
#[derive(Clone, Copy, Debug)]
pub struct Pictures<'a> {
    pub rounds: &'a [Round<'a>],
    pub bootstrap: &'a Bootstrap,
}

impl Pictures<'_> {
    /// Everyone but the optimum: it is the edge of the plot. Ours first, if it played.
    fn shown(&self) -> Vec<Contestant> {
        let played = self.rounds.first().map_or(&[][..], |round| &round.known);
        let mut shown: Vec<Contestant> = played.iter().map(|played| played.contestant).collect();
        shown.retain(|contestant| *contestant != Contestant::OFFLINE);
        shown.sort_by_key(|contestant| *contestant != Contestant::OURS);
        shown
    }

    fn series(&self) -> Series {
        Series::new(self.shown().into_iter().map(Contestant::name))
    }

    /// The reports of a round in the order of the series.
    fn reports(&self, round: &Round<'_>) -> Vec<Report> {
        let of = |contestant: &Contestant| round.known.iter().find(|played: &&Played| played.contestant == *contestant);
        let report = |played: &Played| Report::of(&played.outcomes, self.bootstrap);
        self.shown().iter().filter_map(of).map(report).collect()
    }

    /// Share of the optimum per source.
    pub fn shares(&self) -> String {
        let share = |summary: &Summary| Some(summary.get(Figure::Share(Utility::Linear))?.value);
        let panel = |round: &Round<'_>| {
            let reports = self.reports(round);
            let sources = reports.first().map_or(&[][..], |report| &report.sources);
            let row = |(index, (source, _)): (usize, &(String, Summary))| {
                (source.clone(), reports.iter().map(|report| share(&report.sources[index].1)).collect())
            };
            let mut rows: Vec<_> = sources.iter().enumerate().map(row).collect();
            rows.push(("all".to_owned(), reports.iter().map(|report| share(&report.overall)).collect()));
            SharePanel { title: round.setting.scenario.name.to_owned(), rows }
        };
        shares(&self.series(), &self.rounds.iter().map(panel).collect::<Vec<_>>())
    }

    /// Stalls against bitrate.
    pub fn stalls(&self) -> String {
        let point = |report: &Report| {
            let figure = |figure| report.overall.get(figure).map(|estimate| estimate.value);
            Some((figure(Figure::StallRatio)?, figure(Figure::Kbps)?))
        };
        let panel = |round: &Round<'_>| StallPanel {
            title: round.setting.scenario.name.to_owned(),
            points: self.reports(round).iter().map(point).collect(),
        };
        stalls(&self.series(), &self.rounds.iter().map(panel).collect::<Vec<_>>())
    }

    /// One session of ours, of the best of the others, and of the optimum; `None` where there is nothing to compare.
    pub fn session(&self, round: &Round<'_>, recording: Option<&Recording>) -> Option<String> {
        let other = best_other(&round.known, Utility::Linear)?;
        let recording = recording.or_else(|| typical(round, other))?;
        let contestants = [Contestant::OURS, other, Contestant::OFFLINE];
        let sessions: Vec<Session> = contestants
            .iter()
            .map(|contestant| round.setting.session(recording, *contestant, SizeKnowledge::Known))
            .collect();
        let courses: Vec<Course<'_>> = contestants
            .iter()
            .zip(&sessions)
            .map(|(contestant, session)| Course { name: contestant.name(), session })
            .collect();
        let title = format!("{}: {}/{}", round.setting.scenario.name, recording.source, recording.name);
        Some(session::session(&title, &recording.trace, &round.setting.content, &courses))
    }
}

/// The recording on which both reach most nearly what they reach overall, so that the plot shows neither luck nor
/// misfortune.
fn typical<'a>(round: &Round<'a>, other: Contestant) -> Option<&'a Recording> {
    let outcomes = |contestant| round.outcomes(contestant, Sizes::Known);
    let (own, other) = (outcomes(Contestant::OURS)?, outcomes(other)?);
    let (own_share, other_share) = (overall_share(own), overall_share(other));
    let distance = |own: &Outcome, other: &Outcome| {
        Some((share(own)? - own_share).abs() + (share(other)? - other_share).abs())
            .filter(|distance| distance.is_finite())
    };
    let distances = own.iter().zip(other).zip(&round.setting.recordings);
    distances
        .filter_map(|((own, other), recording)| Some((distance(own, other)?, *recording)))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, recording)| recording)
}

/// Of the optimum of QoE_lin, on one recording.
fn share(outcome: &Outcome) -> Option<f64> {
    outcome.best.lin.filter(|best| *best > 0.0).map(|best| outcome.score.qoe_lin / best)
}

fn overall_share(outcomes: &[Outcome]) -> f64 {
    let best: f64 = outcomes.iter().filter_map(|outcome| outcome.best.lin).sum();
    outcomes.iter().map(|outcome| outcome.score.qoe_lin).sum::<f64>() / best
}
