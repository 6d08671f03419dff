//! A panel with numbers along its lower and left side.

use super::svg::{Anchor, Area, Ink, Point, Stroke, Svg};

/// From figures to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `from` is drawn at `start`, `to` at `end`; the two figures differ.
    pub fn new((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, start, end }
    }

    /// Where a figure is drawn, inside of the panel or not.
    pub fn at(&self, figure: f64) -> f64 {
        self.start + (figure - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    /// Where a figure is drawn; at the edge if it is outside.
    pub fn at_or_edge(&self, figure: f64) -> f64 {
        self.at(figure.clamp(self.from, self.to))
    }

    /// Round numbers within, about `count` of them.
    fn ticks(&self, count: f64) -> Vec<f64> {
        let step = round_step((self.to - self.from) / count);
        let (first, last) = ((self.from / step - 1e-6).ceil() as i64, (self.to / step + 1e-6).floor() as i64);
        (first..=last).map(|index| index as f64 * step).collect()
    }
}

/// The next of 1, 2, 5, 10, 20, …
fn round_step(least: f64) -> f64 {
    let decade = 10f64.powf(least.max(1e-12).log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * decade)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(10.0 * decade)
}

/// The least multiple of a round number that is not below `figure`: the end of an axis that begins with zero.
pub fn round_up(figure: f64) -> f64 {
    let step = round_step(figure.max(1e-9) / 5.0);
    (figure / step - 1e-9).ceil().max(1.0) * step
}

/// What the two axes are.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    pub area: Area,
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub x_label: &'a str,
    pub y_label: &'a str,
    /// Whether numbers stand below the x axis.
    pub x_numbers: bool,
    /// Whether numbers stand beside the y axis, or whoever draws puts names there.
    pub y_numbers: bool,
}

const GRID: Stroke = Stroke { ink: Ink::Grid, width: 1.0, dash: None };

impl Axes<'_> {
    /// Horizontal.
    pub fn x_scale(&self) -> Scale {
        Scale::new(self.x, (self.area.left, self.area.right()))
    }

    /// Vertical, upwards.
    pub fn y_scale(&self) -> Scale {
        Scale::new(self.y, (self.area.bottom(), self.area.top))
    }

    /// Where a pair of figures is drawn.
    pub fn point(&self, x: f64, y: f64) -> Point {
        (self.x_scale().at(x), self.y_scale().at(y))
    }

    /// Draws grid, numbers and labels.
    pub fn draw(&self, svg: &mut Svg) {
        let area = self.area;
        for tick in self.x_scale().ticks((area.width / 70.0).max(2.0)) {
            let x = self.x_scale().at(tick);
            svg.polyline(&[(x, area.top), (x, area.bottom())], GRID);
            if self.x_numbers {
                svg.text((x, area.bottom() + 16.0), Anchor::Middle, Ink::Muted, &number(tick));
            }
        }
        if self.y_numbers {
            for tick in self.y_scale().ticks((area.height / 40.0).max(2.0)) {
                let y = self.y_scale().at(tick);
                svg.polyline(&[(area.left, y), (area.right(), y)], GRID);
                svg.text((area.left - 6.0, y + 4.0), Anchor::End, Ink::Muted, &number(tick));
            }
        }
        let middle = area.left + area.width / 2.0;
        svg.text((middle, area.bottom() + 32.0), Anchor::Middle, Ink::Muted, self.x_label);
        svg.upright_text((area.left - 46.0, area.top + area.height / 2.0), self.y_label);
    }
}

/// Without zeros that say nothing.
fn number(figure: f64) -> String {
    let text = format!("{figure:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let ticks = |from, to, count| Scale::new((from, to), (0.0, 1.0)).ticks(count);
        assert_eq!(ticks(0.0, 100.0, 5.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(37.0, 100.0, 6.0), [40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.0, 0.0, 2.0), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(-1.0, 1.0, 4.0).map_to_text(), ["-1", "-0.5", "0", "0.5", "1"]);
        assert_eq!((round_up(0.5), round_up(9.3), round_up(5_000.0)), (0.5, 10.0, 5_000.0));
        assert!(round_up(0.0) > 0.0);
    }

    trait MapToText {
        fn map_to_text(&self) -> Vec<String>;
    }

    impl MapToText for Vec<f64> {
        fn map_to_text(&self) -> Vec<String> {
            self.iter().map(|tick| number(*tick)).collect()
        }
    }

    #[test]
    fn figures_outside_are_drawn_at_the_edge() {
        let scale = Scale::new((40.0, 100.0), (0.0, 600.0));
        assert_eq!((scale.at(70.0), scale.at_or_edge(-5.0), scale.at_or_edge(200.0)), (300.0, 0.0, 600.0));
    }
}
