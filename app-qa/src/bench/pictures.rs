//! The plots of docs/abr.md.

use super::Round;
use super::tables::best_other;
use crate::plot::series::Series;
use crate::plot::session::{self, Course};
use crate::plot::shares::{SharePanel, shares};
use crate::plot::stalls::{StallPanel, stalls};
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
        let other = best_other(round, Utility::Linear)?;
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

/// The recording on which our lead is in the middle of all, so that the plot shows neither luck nor misfortune.
fn typical<'a>(round: &Round<'a>, other: Contestant) -> Option<&'a Recording> {
    let of = |contestant| round.known.iter().find(|played| played.contestant == contestant);
    let lead = |(own, other): (&Outcome, &Outcome)| own.score.qoe_lin - other.score.qoe_lin;
    let (own, other) = (of(Contestant::OURS)?, of(other)?);
    let leads = own.outcomes.iter().zip(&other.outcomes).map(lead);
    let mut ranked: Vec<(f64, &Recording)> = leads.zip(round.setting.recordings.iter().copied()).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.get(ranked.len() / 2).map(|(_, recording)| *recording)
}
