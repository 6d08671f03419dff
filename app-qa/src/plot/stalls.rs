//! What is paid for bitrate: stalls.

use super::axes::{Axes, round_up};
use super::series::Series;
use super::svg::{Area, Svg};

/// One scenario.
#[derive(Clone, Debug)]
pub struct StallPanel {
    pub title: String,
    /// Of each series the share of time stalled, between zero and one, and the mean bitrate in kbit/s.
    pub points: Vec<Option<(f64, f64)>>,
}

const WIDTH: f64 = 1060.0;
const COLUMNS: usize = 3;
const PANEL: (f64, f64) = (WIDTH / COLUMNS as f64, 300.0);

/// Three panels side by side, as many rows of them as it takes.
pub fn stalls(series: &Series, panels: &[StallPanel]) -> String {
    let rows = panels.len().div_ceil(COLUMNS) as f64;
    let legend = series.legend_height(WIDTH - 40.0);
    let mut svg = Svg::new(WIDTH, rows * PANEL.1 + legend + 30.0);
    for (index, panel) in panels.iter().enumerate() {
        let (column, row) = ((index % COLUMNS) as f64, (index / COLUMNS) as f64);
        draw(&mut svg, series, panel, (column * PANEL.0, row * PANEL.1));
    }
    series.legend(&mut svg, (20.0, rows * PANEL.1 + 24.0), WIDTH - 40.0);
    svg.finish("Stalls against bitrate: better is up and to the left")
}

fn draw(svg: &mut Svg, series: &Series, panel: &StallPanel, (left, top): (f64, f64)) {
    let points = || panel.points.iter().flatten();
    let rates = || points().map(|(_, kbps)| kbps / 1e3);
    let (lowest, highest) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let room = (highest - lowest).max(highest * 0.05) * 0.12;
    let axes = Axes {
        area: Area { left: left + 66.0, top: top + 40.0, width: PANEL.0 - 90.0, height: PANEL.1 - 96.0 },
        x: (0.0, round_up(most_stalled(panel) * 100.0)),
        y: if lowest.is_finite() { (lowest - room, highest + room) } else { (0.0, 1.0) },
        x_label: "time stalled, %",
        y_label: "mean bitrate, Mbit/s",
        x_numbers: true,
        y_numbers: true,
    };
    svg.heading((left + 16.0, top + 22.0), &panel.title);
    axes.draw(svg);
    for index in series.drawing_order() {
        if let Some((stalled, kbps)) = panel.points.get(index).copied().flatten() {
            let about = format!("{}: {:.2} % stalled, {kbps:.0} kbit/s", series.name(index), stalled * 100.0);
            let at = (axes.x_scale().at_or_edge(stalled * 100.0), axes.y_scale().at(kbps / 1e3));
            series.mark(svg, index, at, &about);
        }
    }
}

/// End of the axis: where a few stall far more than the others, they are drawn at the edge.
fn most_stalled(panel: &StallPanel) -> f64 {
    let mut stalled: Vec<f64> = panel.points.iter().flatten().map(|(stalled, _)| *stalled).collect();
    stalled.sort_by(f64::total_cmp);
    let median = stalled.get(stalled.len() / 2).copied().unwrap_or_default();
    stalled.last().copied().unwrap_or_default().min(3.0 * median).max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mark_for_each_controller() {
        let points = vec![Some((0.01, 2_000.0)), None, Some((0.05, 2_500.0))];
        let panels = [StallPanel { title: "A".into(), points }, StallPanel { title: "B".into(), points: Vec::new() }];
        let file = stalls(&Series::new(["ours", "bola", "bba"]), &panels);
        assert!(file.contains("ours: 1.00 % stalled, 2000 kbit/s") && file.contains("bba: 5.00 % stalled"));
        assert!(!file.contains("NaN") && !file.contains("inf"));
    }
}
