//! Figures as people read them.

use super::table::Table;
use abr::sim::{Estimate, Figure, Summary, Utility};

/// The heading of a figure's column.
pub fn heading(figure: Figure) -> &'static str {
    match figure {
        Figure::Qoe(Utility::Linear) => "QoE_lin",
        Figure::Qoe(Utility::Log) => "QoE_log",
        Figure::Qoe(Utility::Ssim) => "QoE_ssim",
        Figure::Share(Utility::Linear) => "share %",
        Figure::Share(Utility::Log) => "share_log %",
        Figure::Share(Utility::Ssim) => "share_ssim %",
        Figure::Kbps => "kbit/s",
        Figure::StallRatio => "stalled %",
        Figure::StallsPerHour => "stalls/h",
        Figure::SwitchesPerMinute => "switches/min",
        Figure::Startup => "start s",
        Figure::WastedRatio => "wasted %",
    }
}

/// By what a figure is multiplied, and with how many decimals it is written.
fn scale(figure: Figure) -> (f64, usize) {
    match figure {
        Figure::Qoe(_) => (1.0, 3),
        Figure::Share(_) => (100.0, 1),
        Figure::Kbps => (1.0, 0),
        Figure::StallRatio | Figure::WastedRatio => (100.0, 2),
        Figure::StallsPerHour | Figure::SwitchesPerMinute => (1.0, 1),
        Figure::Startup => (1.0, 2),
    }
}

/// The figure alone: `83.2`.
pub fn value(figure: Figure, estimate: Estimate) -> String {
    let (factor, decimals) = scale(figure);
    format!("{:.decimals$}", estimate.value * factor)
}

/// The figure with half the length of its interval: `83.2 ±1.1`.
pub fn value_and_interval(figure: Figure, estimate: Estimate) -> String {
    let (factor, decimals) = scale(figure);
    let half = (estimate.high - estimate.low) / 2.0 * factor;
    format!("{:.decimals$} ±{half:.decimals$}", estimate.value * factor)
}

/// The columns that any of the rows has something for.
fn measured(rows: &[(&str, &Summary)]) -> Vec<Figure> {
    Figure::ALL.into_iter().filter(|figure| rows.iter().any(|(_, summary)| summary.get(*figure).is_some())).collect()
}

/// One row for each summary, one column for each figure.
pub fn table(rows: &[(&str, &Summary)]) -> Table {
    let figures = measured(rows);
    let mut table = Table::new(std::iter::once("").chain(figures.iter().map(|figure| heading(*figure))));
    for (name, summary) in rows {
        let cell = |figure: &Figure| {
            summary.get(*figure).map_or_else(|| "–".to_owned(), |estimate| value_and_interval(*figure, estimate))
        };
        table.push(std::iter::once((*name).to_owned()).chain(figures.iter().map(cell)));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_per_cent_with_half_their_interval() {
        let estimate = Estimate { value: 0.8316, low: 0.82, high: 0.84 };
        assert_eq!(value_and_interval(Figure::Share(Utility::Linear), estimate), "83.2 ±1.0");
        assert_eq!(value(Figure::Kbps, Estimate { value: 1234.5678, low: 0.0, high: 0.0 }), "1235");
    }
}
