//! Shapes as text.

use std::fmt::Write as _;

/// What something is painted with; each has a colour for light and one for dark surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The background.
    Paper,
    /// What must be read.
    Text,
    /// What may be read.
    Muted,
    /// Lines of the grid.
    Grid,
    /// What went wrong.
    Alarm,
    /// One of the colours that tell series apart.
    Series(usize),
}

/// Okabe and Ito's colours, which people with any colour vision can tell apart, without the yellow that no paper shows.
/// Light surroundings first. Neighbours differ in lightness as well.
const SERIES: [(&str, &str); 6] = [
    ("#d55e00", "#ff8c3a"),
    ("#0072b2", "#4fa8e0"),
    ("#009e73", "#2fc99c"),
    ("#b35a8f", "#e08fc0"),
    ("#8a6d00", "#e0b030"),
    ("#3d8fc4", "#8fd0f5"),
];

impl Ink {
    fn class(self) -> String {
        match self {
            Self::Paper => "paper".into(),
            Self::Text => "text".into(),
            Self::Muted => "muted".into(),
            Self::Grid => "grid".into(),
            Self::Alarm => "alarm".into(),
            Self::Series(index) => format!("s{}", index % SERIES.len()),
        }
    }

    /// On light and on dark surroundings.
    fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Paper => ("#ffffff", "#14181f"),
            Self::Text => ("#1c2128", "#e8edf3"),
            Self::Muted => ("#59636e", "#9aa5b1"),
            Self::Grid => ("#d8dee4", "#333b46"),
            Self::Alarm => ("#c1121f", "#ff6b6b"),
            Self::Series(index) => SERIES[index % SERIES.len()],
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let fixed = [Self::Paper, Self::Text, Self::Muted, Self::Grid, Self::Alarm];
        fixed.into_iter().chain((0..SERIES.len()).map(Self::Series))
    }
}

/// Which end of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub ink: Ink,
    pub width: f64,
    /// Length of dashes; `None` for a line without gaps.
    pub dash: Option<f64>,
}

/// Points are in pixels, to the right and down from the upper left corner.
pub type Point = (f64, f64);

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    pub fn right(self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(self) -> f64 {
        self.top + self.height
    }
}

/// A picture that is being written.
#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
    clips: usize,
}

/// Of text without a size of its own.
pub const TEXT_SIZE: f64 = 12.0;

impl Svg {
    /// An empty picture of that size in pixels.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new(), clips: 0 }
    }

    /// A line of text; `at` is on its base line.
    pub fn text(&mut self, at: Point, anchor: Anchor, ink: Ink, text: &str) {
        self.sized_text(at, anchor, ink, TEXT_SIZE, text);
    }

    /// A heading.
    pub fn heading(&mut self, at: Point, text: &str) {
        self.sized_text(at, Anchor::Start, Ink::Text, TEXT_SIZE + 2.0, text);
    }

    fn sized_text(&mut self, (x, y): Point, anchor: Anchor, ink: Ink, size: f64, text: &str) {
        let (paint, anchor, text) = (fill(ink), anchor.name(), escaped(text));
        self.push(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" {paint}>{text}</text>"#
        ));
    }

    /// A text that runs upwards, as beside an axis.
    pub fn upright_text(&mut self, (x, y): Point, text: &str) {
        let (paint, text) = (fill(Ink::Muted), escaped(text));
        self.push(format_args!(
            r#"<text transform="translate({x:.1} {y:.1}) rotate(-90)" font-size="{TEXT_SIZE}" text-anchor="middle" {paint}>{text}</text>"#
        ));
    }

    /// A line from point to point.
    pub fn polyline(&mut self, points: &[Point], stroke: Stroke) {
        let mut list = String::new();
        for (x, y) in points {
            // Writing to a String cannot fail.
            let _ = write!(list, "{x:.1},{y:.1} ");
        }
        let (class, colour) = (stroke.ink.class(), stroke.ink.colours().0);
        let dash = stroke.dash.map_or_else(String::new, |dash| format!(r#" stroke-dasharray="{dash}""#));
        self.push(format_args!(
            r#"<polyline points="{}" fill="none" class="l-{class}" stroke="{colour}" stroke-width="{}"{dash}/>"#,
            list.trim_end(),
            stroke.width,
        ));
    }

    /// A filled shape; `about` is what a pointer over it is told.
    pub fn polygon(&mut self, points: &[Point], ink: Ink, opacity: f64, about: &str) {
        let list: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let (paint, about) = (fill(ink), escaped(about));
        self.push(format_args!(
            r#"<polygon points="{}" fill-opacity="{opacity}" {paint}><title>{about}</title></polygon>"#,
            list.join(" "),
        ));
    }

    /// A filled circle; `about` is what a pointer over it is told.
    pub fn circle(&mut self, (x, y): Point, radius: f64, ink: Ink, about: &str) {
        let (paint, about) = (fill(ink), escaped(about));
        self.push(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" {paint}><title>{about}</title></circle>"#
        ));
    }

    /// What `draw` draws is cut off outside of `area`.
    pub fn clipped(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        self.clips += 1;
        let (name, Area { left, top, width, height }) = (self.clips, area);
        self.push(format_args!(
            r#"<clipPath id="c{name}"><rect x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}"/></clipPath>"#
        ));
        self.push(format_args!(r#"<g clip-path="url(#c{name})">"#));
        draw(self);
        self.push(format_args!("</g>"));
    }

    /// The file.
    pub fn finish(self, title: &str) -> String {
        let Self { width, height, body, .. } = self;
        let paper = fill(Ink::Paper);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" font-family=\"system-ui, sans-serif\">\n<title>{}</title>\n{}\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"8\" {paper}/>\n{body}</svg>\n",
            escaped(title),
            dark_style(),
        )
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "{element}");
    }
}

/// Light colours are attributes of each shape, so that programs without style sheets show them.
fn fill(ink: Ink) -> String {
    format!(r#"class="f-{}" fill="{}""#, ink.class(), ink.colours().0)
}

fn dark_style() -> String {
    let rules: String = Ink::all()
        .map(|ink| {
            let (class, colour) = (ink.class(), ink.colours().1);
            format!(".f-{class}{{fill:{colour}}}.l-{class}{{stroke:{colour}}}")
        })
        .collect();
    format!("<style>@media (prefers-color-scheme: dark){{{rules}}}</style>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_text() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text((1.0, 2.0), Anchor::Start, Ink::Text, "<script>&");
        let file = svg.finish("a < b");
        assert!(file.contains("&lt;script&gt;&amp;</text>") && file.contains("<title>a &lt; b</title>"), "{file}");
        assert!(file.starts_with("<svg ") && file.ends_with("</svg>\n"));
    }

    #[test]
    fn every_ink_has_a_colour_for_the_dark() {
        for ink in Ink::all() {
            assert!(dark_style().contains(&format!(".f-{}{{fill:#", ink.class())), "{ink:?}");
            let (light, dark) = ink.colours();
            assert_ne!(light, dark);
        }
    }
}
