//! Figures as programs read them.
//!
//! ```text
//! {"scenarios": {"A": {"throughput": {"overall": FIGURES, "sources": {"oboe": FIGURES, …}}, …}, …},
//!  "stress":    the same for the recordings that are reported apart,
//!  "sizes": "known", "seed": 1}
//! FIGURES = {"n": 119, "qoe_lin": 1.1, "qoe_lin_low": 1.0, "qoe_lin_high": 1.2, …}
//! ```
//! A figure that means nothing, such as the share of an optimum below zero, is `null` and has no interval.

use super::args::Sizes;
use super::experiment::Played;
use abr::sim::{Bootstrap, Figure, Outcome, Report, ScenarioId, Summary};
use serde_json::{Map, Value, json};

/// The document of a run.
pub fn document(runs: &[(ScenarioId, Vec<Played>)], sizes: Sizes, bootstrap: &Bootstrap) -> Value {
    json!({
        "scenarios": part(runs, bootstrap, |played| &played.outcomes),
        "stress": part(runs, bootstrap, |played| &played.stress),
        "sizes": sizes.name(),
        "seed": bootstrap.seed,
    })
}

/// Scenarios, controllers and sources of one kind of outcomes; those without recordings are left out.
fn part(
    runs: &[(ScenarioId, Vec<Played>)],
    bootstrap: &Bootstrap,
    outcomes: impl Fn(&Played) -> &Vec<Outcome>,
) -> Map<String, Value> {
    let scenario = |(id, played): &(ScenarioId, Vec<Played>)| {
        let played = played.iter().filter(|played| !outcomes(played).is_empty());
        let controllers: Map<String, Value> = played
            .map(|played| (played.contestant.to_string(), report(&Report::of(outcomes(played), bootstrap))))
            .collect();
        (!controllers.is_empty()).then(|| (id.to_string(), Value::Object(controllers)))
    };
    runs.iter().filter_map(scenario).collect()
}

fn report(report: &Report) -> Value {
    let sources: Map<String, Value> =
        report.sources.iter().map(|(name, summary)| (name.clone(), figures(summary))).collect();
    json!({ "overall": figures(&report.overall), "sources": sources })
}

fn figures(summary: &Summary) -> Value {
    let mut object = Map::from_iter([("n".to_owned(), summary.n.into())]);
    for figure in Figure::ALL {
        let (key, estimate) = (figure.key(), summary.get(figure));
        object.insert(key.to_owned(), estimate.map_or(Value::Null, |estimate| estimate.value.into()));
        if let Some(estimate) = estimate {
            object.insert(format!("{key}_low"), estimate.low.into());
            object.insert(format!("{key}_high"), estimate.high.into());
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::contestant::Contestant;
    use abr::sim::{Best, Score, Utility};

    fn played() -> Played {
        let score = Score { qoe_lin: 0.75, kbps: 900.0, played: 120.0, bits: 1e6, stalls: 1, ..Score::default() };
        let mut best = Best::default();
        best.set(Utility::Linear, 1.0);
        let outcome = Outcome { source: "train".into(), name: "a".into(), score, best };
        Played { contestant: "bola".parse().unwrap(), outcomes: vec![outcome], stress: Vec::new() }
    }

    #[test]
    fn the_shape_is_the_documented_one() {
        let document = document(&[(ScenarioId::A, vec![played()])], Sizes::Known, &Bootstrap::default());
        let train = &document["scenarios"]["A"]["bola"]["sources"]["train"];
        assert_eq!(train, &document["scenarios"]["A"]["bola"]["overall"]);
        for key in ["qoe_lin", "qoe_log", "kbps", "stall_ratio", "stalls_per_hour", "switches_per_minute", "startup_s"]
        {
            assert!(train[key].is_number(), "{key}");
        }
        assert_eq!(
            (&train["n"], &train["share_of_optimum"], &train["wasted_ratio"]),
            (&json!(1), &json!(0.75), &json!(0.0))
        );
        assert_eq!((&train["share_log"], train.get("share_log_low")), (&Value::Null, None));
        assert_eq!(document["stress"], json!({}));
        assert_eq!(Contestant::OFFLINE.to_string(), "offline");
    }
}
