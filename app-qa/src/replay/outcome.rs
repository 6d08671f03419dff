//! What both had to say, side by side.

use abr::sim::Score;
use serde::Serialize;
use std::cmp::Ordering;
use std::fmt::Write as _;

/// The figures that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Figures {
    pub(super) qoe_lin: f64,
    pub(super) qoe_log: f64,
    pub(super) mbps: f64,
    pub(super) stalled_s: f64,
}

impl From<Score> for Figures {
    fn from(score: Score) -> Self {
        Self { qoe_lin: score.qoe_lin, qoe_log: score.qoe_log, mbps: score.kbps / 1e3, stalled_s: score.stalled }
    }
}

/// One recording with one controller.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Outcome {
    pub(super) recording: String,
    pub(super) controller: String,
    /// Over real connections.
    pub(super) replayed: Figures,
    /// By the simulator.
    pub(super) simulated: Figures,
}

/// All of them, and what they come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Outcomes {
    means: Vec<Outcome>,
    /// Whether the means of QoE_lin put the controllers in the same order.
    same_ranking: bool,
    /// Pairs of controllers on one recording that the simulator tells apart, and how many of them the replay puts in the
    /// same order.
    pairs: usize,
    pairs_agreed: usize,
    outcomes: Vec<Outcome>,
}

/// Share of the better one's magnitude below which two sessions are called equal: less is the machine's own noise.
const EQUAL: f64 = 0.02;

impl Outcomes {
    /// Controllers in the order in which they are to be listed.
    pub(super) fn new<'a>(controllers: impl Iterator<Item = &'a str>, mut outcomes: Vec<Outcome>) -> Self {
        outcomes.sort_by(|a, b| (&a.recording, &a.controller).cmp(&(&b.recording, &b.controller)));
        let means: Vec<Outcome> = controllers.map(|controller| mean(controller, &outcomes)).collect();
        let order = |figures: fn(&Outcome) -> &Figures| {
            let mut names: Vec<(&str, f64)> =
                means.iter().map(|outcome| (outcome.controller.as_str(), figures(outcome).qoe_lin)).collect();
            names.sort_by(|a, b| b.1.total_cmp(&a.1));
            names.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let same_ranking = order(|outcome| &outcome.replayed) == order(|outcome| &outcome.simulated);
        let (pairs, pairs_agreed) = agreement(&outcomes);
        Self { same_ranking, pairs, pairs_agreed, means, outcomes }
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        let recordings = self.outcomes.len() / self.means.len().max(1);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "Means over {recordings} recordings; QoE_lin, QoE_log, Mbit/s, stalled seconds\n");
        let _ = writeln!(text, "| Controller | replayed over TCP | simulated |");
        let _ = writeln!(text, "|---|---|---|");
        for Outcome { controller, replayed, simulated, .. } in &self.means {
            let _ = writeln!(text, "| {controller} | {} | {} |", cell(replayed), cell(simulated));
        }
        let ranking = if self.same_ranking { "the same" } else { "not the same" };
        let _ = writeln!(text, "\nRanking by QoE_lin: {ranking}");
        let _ = writeln!(
            text,
            "Pairs of controllers on one recording that the simulator tells apart: {}, in the same order: {}",
            self.pairs, self.pairs_agreed
        );
        text
    }
}

fn cell(figures: &Figures) -> String {
    let Figures { qoe_lin, qoe_log, mbps, stalled_s } = figures;
    format!("{qoe_lin:.3}, {qoe_log:.3}, {mbps:.2}, {stalled_s:.1}")
}

fn mean(controller: &str, outcomes: &[Outcome]) -> Outcome {
    let own: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.controller == controller).collect();
    let count = own.len().max(1) as f64;
    let mean = |figures: fn(&Outcome) -> &Figures| {
        let of = |figure: fn(&Figures) -> f64| own.iter().map(|outcome| figure(figures(outcome))).sum::<f64>() / count;
        Figures {
            qoe_lin: of(|figures| figures.qoe_lin),
            qoe_log: of(|figures| figures.qoe_log),
            mbps: of(|figures| figures.mbps),
            stalled_s: of(|figures| figures.stalled_s),
        }
    };
    Outcome {
        recording: "mean".to_owned(),
        controller: controller.to_owned(),
        replayed: mean(|outcome| &outcome.replayed),
        simulated: mean(|outcome| &outcome.simulated),
    }
}

/// Pairs that the simulator tells apart, and those of them that are replayed in the same order.
fn agreement(outcomes: &[Outcome]) -> (usize, usize) {
    let (mut pairs, mut agreed) = (0, 0);
    for (index, one) in outcomes.iter().enumerate() {
        for other in outcomes[index + 1..].iter().take_while(|other| other.recording == one.recording) {
            let simulated = order(&one.simulated, &other.simulated);
            let replayed = one.replayed.qoe_lin.total_cmp(&other.replayed.qoe_lin);
            if simulated != Ordering::Equal {
                pairs += 1;
                agreed += usize::from(simulated == replayed);
            }
        }
    }
    (pairs, agreed)
}

fn order(one: &Figures, other: &Figures) -> Ordering {
    let (one, other) = (one.qoe_lin, other.qoe_lin);
    let close = (one - other).abs() <= EQUAL * one.abs().max(other.abs());
    if close { Ordering::Equal } else { one.total_cmp(&other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(recording: &str, controller: &str, replayed: f64, simulated: f64) -> Outcome {
        let figures = |qoe_lin| Figures { qoe_lin, ..Figures::default() };
        Outcome {
            recording: recording.into(),
            controller: controller.into(),
            replayed: figures(replayed),
            simulated: figures(simulated),
        }
    }

    #[test]
    fn agreement_is_counted_where_there_is_a_difference() {
        let all = vec![
            outcome("b", "x", 1.0, 1.5),
            outcome("a", "x", 2.0, 2.2),
            outcome("a", "y", 1.0, 1.0),
            outcome("b", "y", 1.2, 1.49),
            outcome("c", "x", 3.0, 1.0),
            outcome("c", "y", 2.0, 2.0),
        ];
        let outcomes = Outcomes::new(["x", "y"].into_iter(), all);
        assert_eq!((outcomes.pairs, outcomes.pairs_agreed), (2, 1), "on b the simulator sees no difference");
        assert!(outcomes.same_ranking);
        let table = outcomes.table();
        assert!(table.contains("Means over 3 recordings") && table.contains("| x | 2.000, "), "{table}");
        assert!(table.contains("apart: 2, in the same order: 1"), "{table}");
    }
}
