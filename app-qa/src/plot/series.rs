//! One mark for each controller, the same in every plot.

use super::svg::{Anchor, Ink, Point, Svg};

/// Names in the order of their marks; the first is ours and drawn larger.
#[derive(Clone, Debug)]
pub struct Series(Vec<String>);

/// The first colour is ours alone; the others and five shapes tell twenty-five more apart.
const COLOURS: usize = 5;

impl Series {
    /// Ours first.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of one.
    pub fn name(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    /// The mark of one; `about` is what a pointer over it is told.
    pub fn mark(&self, svg: &mut Svg, index: usize, at: Point, about: &str) {
        let Some(other) = index.checked_sub(1) else { return svg.circle(at, 6.5, Ink::Series(0), about) };
        let ink = Ink::Series(1 + other % COLOURS);
        match other / COLOURS {
            0 => svg.circle(at, SIZE, ink, about),
            shape => svg.polygon(&outline(shape, at), ink, 1.0, about),
        }
    }

    /// The marks in an order in which ours ends on top.
    pub fn drawing_order(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.0.len()).rev()
    }

    /// Height of the legend in a picture of that width.
    pub fn legend_height(&self, width: f64) -> f64 {
        self.0.len().div_ceil(columns(width)) as f64 * LINE
    }

    /// All marks with their names, row by row.
    pub fn legend(&self, svg: &mut Svg, (left, top): Point, width: f64) {
        let columns = columns(width);
        for (index, name) in self.0.iter().enumerate() {
            let x = left + (index % columns) as f64 * COLUMN;
            let y = top + (index / columns) as f64 * LINE;
            self.mark(svg, index, (x + 8.0, y - 4.0), name);
            svg.text((x + 20.0, y), Anchor::Start, Ink::Text, name);
        }
    }
}

/// Radius of a mark that is not ours.
const SIZE: f64 = 4.0;

/// Width and height of an entry of the legend; the longest names have some fifteen letters.
const COLUMN: f64 = 130.0;
const LINE: f64 = 20.0;

fn columns(width: f64) -> usize {
    ((width / COLUMN) as usize).max(1)
}

/// Square, triangle, diamond, triangle upside down.
fn outline(shape: usize, (x, y): Point) -> Vec<Point> {
    let (near, far) = (SIZE * 0.9, SIZE * 1.3);
    match shape % 4 {
        1 => vec![(x - near, y - near), (x + near, y - near), (x + near, y + near), (x - near, y + near)],
        2 => vec![(x, y - far), (x + far, y + near), (x - far, y + near)],
        3 => vec![(x, y - far), (x + far, y), (x, y + far), (x - far, y)],
        _ => vec![(x, y + far), (x + far, y - near), (x - far, y - near)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_in_colour_or_shape() {
        let series = Series::new((0..24).map(|index| index.to_string()));
        let mark = |index| {
            let mut svg = Svg::new(1.0, 1.0);
            series.mark(&mut svg, index, (0.0, 0.0), "");
            svg.finish("")
        };
        let marks: std::collections::HashSet<String> = (0..24).map(mark).collect();
        assert_eq!(marks.len(), 24);
    }
}
