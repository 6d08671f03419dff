//! The tables of docs/abr.md.

use super::Round;
use crate::sim::args::Sizes;
use crate::sim::contestant::Contestant;
use crate::sim::experiment::Played;
use crate::sim::figures;
use crate::sim::table::Table;
use abr::sim::{Bootstrap, Estimate, Figure, Report, Summary, Utility, lead};
use std::collections::BTreeMap;

/// All tables as Markdown.
pub fn text(rounds: &[Round<'_>], contestants: &[Contestant], bootstrap: &Bootstrap) -> String {
    let reports = Reports::of(rounds, contestants, bootstrap);
    let mut text = String::new();
    for utility in Utility::ALL {
        text += &section(&format!("Ahead of the others, {}", name(utility)), &reports.verdicts(utility));
    }
    for utility in Utility::ALL {
        for sizes in [Sizes::Known, Sizes::Unknown] {
            let title = format!("Share of the optimum of {} in per cent, sizes {}", name(utility), sizes.name());
            text += &section(&title, &reports.shares(utility, sizes));
        }
    }
    for (index, round) in rounds.iter().enumerate() {
        let scenario = round.setting.scenario.name;
        text += &section(&format!("{scenario}, sizes known"), &reports.viewing(index));
        for utility in Utility::ALL {
            let title = format!("{scenario}: share of the optimum of {} in per cent by source", name(utility));
            text += &section(&title, &reports.by_source(index, utility));
        }
    }
    text
}

/// A heading and a table.
pub fn section(title: &str, table: &Table) -> String {
    format!("### {title}\n\n{}\n", table.markdown())
}

/// As in the names of figures.
fn name(utility: Utility) -> &'static str {
    figures::heading(Figure::Qoe(utility))
}

/// Everything summed up once.
struct Reports<'a> {
    rounds: &'a [Round<'a>],
    contestants: &'a [Contestant],
    bootstrap: &'a Bootstrap,
    /// By the index of the round, then whether sizes were known, then in the order of contestants.
    known: Vec<Vec<Report>>,
    unknown: Vec<Vec<Report>>,
}

/// Ours beside the best of the others.
struct Verdict {
    best: Contestant,
    best_share: Option<f64>,
    own_share: Option<f64>,
    /// As a part of the optimum.
    lead: Option<Estimate>,
    /// In units of the QoE.
    qoe_lead: f64,
    /// The source on which ours is furthest behind or least ahead, and by how much.
    worst: Option<(String, f64)>,
}

impl<'a> Reports<'a> {
    fn of(rounds: &'a [Round<'a>], contestants: &'a [Contestant], bootstrap: &'a Bootstrap) -> Self {
        let sum_up = |sizes: Sizes| {
            let round = |round: &Round<'_>| {
                round.played(sizes).iter().map(|played| Report::of(&played.outcomes, bootstrap)).collect()
            };
            rounds.iter().map(round).collect()
        };
        Self { rounds, contestants, bootstrap, known: sum_up(Sizes::Known), unknown: sum_up(Sizes::Unknown) }
    }

    fn reports(&self, sizes: Sizes) -> &[Vec<Report>] {
        match sizes {
            Sizes::Known => &self.known,
            Sizes::Unknown => &self.unknown,
        }
    }

    /// Ours and the best of the others, scenario by scenario.
    fn verdicts(&self, utility: Utility) -> Table {
        let qoe = format!("ahead by, {}", name(utility));
        let headings = ["scenario", "sizes", "ours %", "best other %", "is", "ahead by %", &qoe, "least on a source"];
        let mut table = Table::new(headings);
        for (index, round) in self.rounds.iter().enumerate() {
            for sizes in [Sizes::Known, Sizes::Unknown] {
                let Some(verdict) = self.verdict(index, utility, sizes) else { continue };
                let interval = |Estimate { value, low, high }| {
                    format!("{:+.1} ({:+.1} to {:+.1})", value * 100.0, low * 100.0, high * 100.0)
                };
                table.push([
                    round.setting.scenario.name.to_owned(),
                    sizes.name().to_owned(),
                    verdict.own_share.map_or_else(nothing, percent),
                    verdict.best_share.map_or_else(nothing, percent),
                    verdict.best.to_string(),
                    verdict.lead.map_or_else(nothing, interval),
                    format!("{:+.3}", verdict.qoe_lead),
                    verdict.worst.map_or_else(nothing, |(source, by)| format!("{source} {:+.1}", by * 100.0)),
                ]);
            }
        }
        table
    }

    fn verdict(&self, index: usize, utility: Utility, sizes: Sizes) -> Option<Verdict> {
        let round = &self.rounds[index];
        let best = best_other(round.played(sizes), utility)?;
        let summary = |contestant: Contestant| {
            let position = self.contestants.iter().position(|other| *other == contestant)?;
            Some(&self.reports(sizes)[index][position].overall)
        };
        let (own, other) = (summary(Contestant::OURS)?, summary(best)?);
        let qoe = |summary: &Summary| Some(summary.get(Figure::Qoe(utility))?.value);
        let (outcomes, others) = (round.outcomes(Contestant::OURS, sizes)?, round.outcomes(best, sizes)?);
        let leads = self.leads_by_source(index, utility, sizes);
        Some(Verdict {
            best,
            best_share: share(other, utility),
            own_share: share(own, utility),
            lead: lead(outcomes, others, utility, self.bootstrap),
            qoe_lead: qoe(own)? - qoe(other)?,
            worst: leads.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)),
        })
    }

    /// Of each source, our share less that of whoever is best on it.
    fn leads_by_source(&self, index: usize, utility: Utility, sizes: Sizes) -> Vec<(String, f64)> {
        let reports = &self.reports(sizes)[index];
        let of = |contestant: &Contestant| self.contestants.iter().position(|other| other == contestant);
        let Some(own) = of(&Contestant::OURS).map(|position| &reports[position]) else { return Vec::new() };
        let all = self.contestants.iter().zip(reports);
        let others: Vec<&Report> =
            all.filter(|(contestant, _)| is_other(**contestant)).map(|(_, report)| report).collect();
        let lead = |(position, (source, summary)): (usize, &'_ (String, Summary))| {
            let shares = others.iter().filter_map(|report| share(&report.sources[position].1, utility));
            Some((source.clone(), share(summary, utility)? - shares.max_by(f64::total_cmp)?))
        };
        own.sources.iter().enumerate().filter_map(lead).collect()
    }

    /// Contestants down, scenarios across.
    fn shares(&self, utility: Utility, sizes: Sizes) -> Table {
        let names = self.rounds.iter().map(|round| round.setting.scenario.name);
        let mut table = Table::new(std::iter::once("controller").chain(names));
        for (position, contestant) in self.contestants.iter().enumerate() {
            let cells =
                self.reports(sizes).iter().map(|reports| cell(&reports[position].overall, Figure::Share(utility)));
            table.push(std::iter::once(contestant.to_string()).chain(cells));
        }
        table
    }

    /// Contestants down, what a viewer notices across.
    fn viewing(&self, index: usize) -> Table {
        let rows: Vec<(&str, &Summary)> = self
            .contestants
            .iter()
            .zip(&self.known[index])
            .map(|(contestant, report)| (contestant.name(), &report.overall))
            .collect();
        figures::table(&rows)
    }

    /// Contestants down, sources across, and below by how much ours is ahead of the best of the others.
    fn by_source(&self, index: usize, utility: Utility) -> Table {
        let reports = &self.known[index];
        let sources = reports.first().map_or(&[][..], |report| &report.sources);
        let headings = sources.iter().map(|(source, summary)| format!("{source} ({})", summary.n));
        let mut table = Table::new(std::iter::once("controller".to_owned()).chain(headings));
        for (contestant, report) in self.contestants.iter().zip(reports) {
            let cells = report.sources.iter().map(|(_, summary)| cell(summary, Figure::Share(utility)));
            table.push(std::iter::once(contestant.to_string()).chain(cells));
        }
        for sizes in [Sizes::Known, Sizes::Unknown] {
            let leads: BTreeMap<String, f64> = self.leads_by_source(index, utility, sizes).into_iter().collect();
            let cells = sources
                .iter()
                .map(|(source, _)| leads.get(source).map_or_else(nothing, |by| format!("{:+.1}", by * 100.0)));
            table.push(std::iter::once(format!("ours ahead, sizes {}", sizes.name())).chain(cells));
        }
        table
    }
}

/// Neither ours nor the optimum.
fn is_other(contestant: Contestant) -> bool {
    contestant != Contestant::OURS && contestant != Contestant::OFFLINE
}

/// Whoever of the others has the most QoE. The optimum is the same for all, so its share ranks them in the same way.
pub fn best_other(played: &[Played], utility: Utility) -> Option<Contestant> {
    let sum = |played: &Played| played.outcomes.iter().map(|outcome| outcome.score.qoe(utility)).sum::<f64>();
    let others = played.iter().filter(|played| is_other(played.contestant) && !played.outcomes.is_empty());
    others.max_by(|a, b| sum(a).total_cmp(&sum(b))).map(|played| played.contestant)
}

fn share(summary: &Summary, utility: Utility) -> Option<f64> {
    summary.get(Figure::Share(utility)).map(|estimate| estimate.value)
}

fn cell(summary: &Summary, figure: Figure) -> String {
    summary.get(figure).map_or_else(nothing, |estimate| figures::value(figure, estimate))
}

fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// Where there is no figure.
fn nothing() -> String {
    "–".to_owned()
}
