//! Regions: from lengths in several units to parts of the picture.

use super::style::{Specified, Styles};
use super::tree::Element;
use crate::text::{CueSettings, DisplayAlign, Percent, Region, TextAlign};
use std::collections::HashMap;

/// Regions of one document.
const MAX_REGIONS: usize = 1_000;

/// What lengths are parts of.
#[derive(Clone, Copy, Debug)]
struct Root {
    pixels: Option<(f64, f64)>,
    cells: (f64, f64),
}

/// The regions of a document by their names, with the styles that they give to what is in them.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    root: Root,
    regions: HashMap<&'a str, Specified>,
}

impl<'a> Layout<'a> {
    /// `layout` is the element of this name in the head.
    pub(super) fn of(root: &'a Element, layout: Option<&'a Element>, styles: &Styles<'_>) -> Self {
        let regions = layout.into_iter().flat_map(Element::elements).filter(|element| element.name == "region");
        let named = regions.filter_map(|region| {
            let mut specified = styles.initial().clone();
            specified.overlay(&styles.specified(region));
            // It is the box's and not the text's.
            specified.background = None;
            Some((region.attribute("id")?, specified))
        });
        let regions = named.take(MAX_REGIONS).collect();
        let pixels = root.attribute("extent").and_then(|extent| pair(extent, |length| number(length, "px")));
        let cells = root.attribute("cellResolution").and_then(|cells| pair(cells, |count| count.parse().ok()));
        let positive = |(x, y): &(f64, f64)| *x > 0.0 && *y > 0.0;
        let cells = cells.filter(positive).unwrap_or((32.0, 15.0));
        Self { root: Root { pixels: pixels.filter(positive), cells }, regions }
    }

    pub(super) fn region(&self, id: &str) -> Option<&Specified> {
        self.regions.get(id)
    }

    /// Where text of this style is drawn. A box needs both a place and a size; else it is where subtitles usually are.
    pub(super) fn settings(&self, style: &Specified) -> CueSettings {
        let lengths = |text: &Option<String>| {
            let text = text.as_deref()?;
            let (x, y) = text.split_once(char::is_whitespace)?;
            Some((self.root.part(x, 0)?, self.root.part(y.trim(), 1)?))
        };
        let region = match (lengths(&style.origin), lengths(&style.extent)) {
            (Some((left, top)), Some((width, height))) => Some(Region {
                left: Percent::new(left),
                top: Percent::new(top),
                width: Percent::new(width),
                height: Percent::new(height),
                display_align: style.display_align.unwrap_or(DisplayAlign::Before),
                scroll: false,
            }),
            _ => None,
        };
        // The initial value within a region is where the script begins; without one it is the player's choice.
        let align = style.text_align.unwrap_or(if region.is_some() { TextAlign::Start } else { TextAlign::Center });
        CueSettings { region, vertical: style.vertical.unwrap_or_default(), align, ..CueSettings::default() }
    }
}

impl Root {
    /// A length in percent of the picture's width (axis 0) or height (axis 1).
    fn part(&self, length: &str, axis: usize) -> Option<f64> {
        let of = |(x, y): (f64, f64)| if axis == 0 { x } else { y };
        number(length, "%")
            .or_else(|| Some(number(length, "px")? * 100.0 / of(self.pixels?)))
            .or_else(|| Some(number(length, "c")? * 100.0 / of(self.cells)))
            .or_else(|| number(length, if axis == 0 { "rw" } else { "rh" }))
    }
}

fn number(length: &str, unit: &str) -> Option<f64> {
    length.strip_suffix(unit)?.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn pair(text: &str, read: impl Fn(&str) -> Option<f64>) -> Option<(f64, f64)> {
    let (x, y) = text.trim().split_once(char::is_whitespace)?;
    Some((read(x)?, read(y.trim())?))
}
