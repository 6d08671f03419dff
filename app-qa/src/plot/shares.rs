//! How much of the optimum each controller reaches, source by source.

use super::axes::Axes;
use super::series::Series;
use super::svg::{Anchor, Area, Ink, Stroke, Svg};

/// One scenario.
#[derive(Clone, Debug)]
pub struct SharePanel {
    pub title: String,
    /// The name of a source, and of each series its share between zero and one, if it has one.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}

const WIDTH: f64 = 1060.0;
const PANEL: f64 = WIDTH / 2.0;
/// Left of a panel's axes: names of sources.
const NAMES: f64 = 150.0;
const ROW: f64 = 30.0;
/// Marks of one source lie on lanes, or those that reach the same would hide each other.
const LANES: usize = 5;
const LANE: f64 = 4.5;
/// Above and below the rows of a panel: its title, and the numbers.
const ABOVE: f64 = 34.0;
const BELOW: f64 = 44.0;
/// Shares below are drawn at the edge: there is nothing to compare down there.
const LEAST: f64 = 20.0;

/// Two panels side by side, as many rows of them as it takes.
pub fn shares(series: &Series, panels: &[SharePanel]) -> String {
    let height = |pair: &[SharePanel]| {
        let rows = pair.iter().map(|panel| panel.rows.len()).max().unwrap_or_default();
        ABOVE + ROW * rows as f64 + BELOW
    };
    let legend = series.legend_height(WIDTH - 40.0);
    let total: f64 = panels.chunks(2).map(height).sum::<f64>() + legend + 30.0;
    let mut svg = Svg::new(WIDTH, total);
    let mut top = 0.0;
    for pair in panels.chunks(2) {
        for (index, panel) in pair.iter().enumerate() {
            draw(&mut svg, series, panel, (index as f64 * PANEL, top));
        }
        top += height(pair);
    }
    series.legend(&mut svg, (20.0, top + 24.0), WIDTH - 40.0);
    svg.finish("Share of the offline optimum by source")
}

fn draw(svg: &mut Svg, series: &Series, panel: &SharePanel, (left, top): (f64, f64)) {
    let area = Area {
        left: left + NAMES,
        top: top + ABOVE,
        width: PANEL - NAMES - 24.0,
        height: ROW * panel.rows.len() as f64,
    };
    let shares = panel.rows.iter().flat_map(|(_, shares)| shares.iter().flatten());
    let least = shares.fold(100.0, |least: f64, share| least.min(share * 100.0 - 2.0));
    let axes = Axes {
        area,
        x: (least.max(LEAST), 100.0),
        y: (0.0, panel.rows.len() as f64),
        x_label: "share of the optimum, %",
        y_label: "",
        x_numbers: true,
        y_numbers: false,
    };
    svg.heading((left + 16.0, top + 22.0), &panel.title);
    axes.draw(svg);
    for (index, (source, shares)) in panel.rows.iter().enumerate() {
        let y = area.top + ROW * (index as f64 + 0.5);
        let border = Stroke { ink: Ink::Grid, width: 1.0, dash: None };
        svg.polyline(&[(area.left, y + ROW / 2.0), (area.right(), y + ROW / 2.0)], border);
        svg.text((area.left - 8.0, y + 4.0), Anchor::End, Ink::Text, source);
        for number in series.drawing_order() {
            if let Some(share) = shares.get(number).copied().flatten() {
                let about = format!("{source}, {}: {:.1} %", series.name(number), share * 100.0);
                series.mark(svg, number, (axes.x_scale().at_or_edge(share * 100.0), y + lane(number)), &about);
            }
        }
    }
}

/// Ours in the middle.
fn lane(number: usize) -> f64 {
    let middle = LANES / 2;
    ((number + middle) % LANES) as f64 * LANE - middle as f64 * LANE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measured_share_is_marked_and_told() {
        let rows = vec![("train".to_owned(), vec![Some(0.9), None, Some(-0.5)])];
        let panels = vec![SharePanel { title: "A".into(), rows }; 3];
        let file = shares(&Series::new(["ours", "bola", "bba"]), &panels);
        assert_eq!(file.matches("train, ours: 90.0 %").count(), 3);
        assert_eq!((file.matches("train, bba: -50.0 %").count(), file.matches("train, bola").count()), (3, 0));
    }
}
