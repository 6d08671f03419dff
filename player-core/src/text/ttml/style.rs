//! Styles: what an element says, what it refers to, what it inherits.

use super::tree::Element;
use crate::text::{Colour, DisplayAlign, TextAlign, TextStyle, Vertical};
use std::collections::HashMap;

/// Styles that refer to styles that refer to styles.
const MAX_REFERENCES: usize = 8;

/// What an element or a style says; the rest is inherited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Specified {
    pub(super) colour: Option<Colour>,
    pub(super) background: Option<Colour>,
    pub(super) italic: Option<bool>,
    pub(super) bold: Option<bool>,
    pub(super) underline: Option<bool>,
    pub(super) ruby: Option<bool>,
    pub(super) text_align: Option<TextAlign>,
    pub(super) display_align: Option<DisplayAlign>,
    pub(super) vertical: Option<Vertical>,
    pub(super) origin: Option<String>,
    pub(super) extent: Option<String>,
    pub(super) hidden: Option<bool>,
}

impl Specified {
    /// What `other` says counts more.
    pub(super) fn overlay(&mut self, other: &Self) {
        macro_rules! take {
            ($($field:ident),*) => { $(if other.$field.is_some() { self.$field.clone_from(&other.$field); })* };
        }
        take!(colour, background, italic, bold, underline, ruby, text_align, display_align, vertical);
        take!(origin, extent, hidden);
    }

    pub(super) fn text_style(&self) -> TextStyle {
        TextStyle {
            bold: self.bold.unwrap_or(false),
            italic: self.italic.unwrap_or(false),
            underline: self.underline.unwrap_or(false),
            ruby: self.ruby.unwrap_or(false),
            colour: self.colour,
            background: self.background.filter(|colour| colour.0[3] > 0),
        }
    }

    /// The attributes of the element itself.
    fn own(element: &Element) -> Self {
        let mut specified = Self::default();
        for (name, value) in &element.attributes {
            let value = value.trim();
            match name.as_str() {
                "color" => specified.colour = Colour::parse(value),
                "backgroundColor" => specified.background = Colour::parse(value),
                "fontStyle" => specified.italic = Some(matches!(value, "italic" | "oblique")),
                "fontWeight" => specified.bold = Some(value == "bold"),
                "textDecoration" => specified.underline = underline(value),
                "ruby" => specified.ruby = Some(matches!(value, "text" | "textContainer")),
                "textAlign" => specified.text_align = text_align(value),
                "displayAlign" => specified.display_align = display_align(value),
                "writingMode" => specified.vertical = Some(vertical(value)),
                "origin" => specified.origin = Some(value.to_owned()),
                "extent" => specified.extent = Some(value.to_owned()),
                "display" => specified.hidden = Some(value == "none"),
                "visibility" => specified.hidden = Some(value == "hidden"),
                _ => {}
            }
        }
        specified
    }
}

fn underline(value: &str) -> Option<bool> {
    value.split_whitespace().find_map(|word| match word {
        "underline" => Some(true),
        "noUnderline" | "none" => Some(false),
        _ => None,
    })
}

fn text_align(value: &str) -> Option<TextAlign> {
    Some(match value {
        "left" => TextAlign::Left,
        "right" => TextAlign::Right,
        "start" => TextAlign::Start,
        "end" => TextAlign::End,
        "center" => TextAlign::Center,
        _ => return None,
    })
}

fn display_align(value: &str) -> Option<DisplayAlign> {
    Some(match value {
        "before" => DisplayAlign::Before,
        "center" => DisplayAlign::Center,
        "after" => DisplayAlign::After,
        _ => return None,
    })
}

fn vertical(value: &str) -> Vertical {
    match value {
        "tbrl" | "tb" => Vertical::RightToLeft,
        "tblr" => Vertical::LeftToRight,
        _ => Vertical::Horizontal,
    }
}

/// The styles of a document by their names.
#[derive(Debug, Default)]
pub(super) struct Styles<'a> {
    by_id: HashMap<&'a str, &'a Element>,
    initial: Specified,
}

impl<'a> Styles<'a> {
    /// `styling` is the element of this name in the head.
    pub(super) fn of(styling: Option<&'a Element>) -> Self {
        let mut styles = Self::default();
        for element in styling.into_iter().flat_map(Element::elements) {
            match element.name.as_str() {
                "style" => {
                    if let Some(id) = element.attribute("id") {
                        styles.by_id.insert(id, element);
                    }
                }
                "initial" => styles.initial.overlay(&Specified::own(element)),
                _ => {}
            }
        }
        styles
    }

    /// What holds where nobody says anything.
    pub(super) fn initial(&self) -> &Specified {
        &self.initial
    }

    /// What an element says: the styles that it names in their order, styles within it, its own attributes.
    pub(super) fn specified(&self, element: &Element) -> Specified {
        let mut budget = MAX_REFERENCES * 8;
        self.resolved(element, 0, &mut budget)
    }

    fn resolved(&self, element: &Element, depth: usize, budget: &mut usize) -> Specified {
        let mut specified = Specified::default();
        if depth < MAX_REFERENCES {
            for id in element.attribute("style").unwrap_or_default().split_whitespace() {
                // Styles may name themselves, and each other many times over.
                if *budget == 0 {
                    break;
                }
                *budget -= 1;
                if let Some(style) = self.by_id.get(id) {
                    specified.overlay(&self.resolved(style, depth + 1, budget));
                }
            }
        }
        if element.name == "region" {
            for style in element.elements().filter(|child| child.name == "style") {
                specified.overlay(&self.resolved(style, MAX_REFERENCES, budget));
            }
        }
        specified.overlay(&Specified::own(element));
        specified
    }
}
