//! The body: containers in each other, times that count from their parents', text that inherits its style.

use super::TtmlError;
use super::image::{self, Images, Inline};
use super::layout::Layout;
use super::style::{Specified, Styles};
use super::time::Clock;
use super::tree::{Element, Node};
use crate::text::style::StyledLines;
use crate::text::{Cue, TextStyle};
use abr::MediaTime;

/// Cues of one document.
const MAX_CUES: usize = 20_000;
/// Pieces of text in one paragraph, and moments at which they come and go.
const MAX_PIECES: usize = 2_000;
const MAX_MOMENTS: usize = 200;
/// Text of all cues in bytes: paragraphs whose parts come and go are repeated in many.
const MAX_OUTPUT: usize = 16 << 20;
/// Text of one paragraph in bytes.
const MAX_TEXT: usize = 8_192;

/// From when to when an element is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    begin: MediaTime,
    end: MediaTime,
}

/// What an element hands down.
#[derive(Clone, Debug)]
struct Context {
    interval: Interval,
    /// Said by the body and what is in it, without the region's part.
    style: Specified,
    region: Option<String>,
    preserve: bool,
}

/// A stretch of text with one style, or a line break.
struct Piece<'a> {
    interval: Interval,
    style: TextStyle,
    preserve: bool,
    /// `None` breaks the line.
    text: Option<&'a str>,
}

struct Walk<'a> {
    clock: Clock,
    styles: Styles<'a>,
    layout: Layout<'a>,
    inline: Inline,
    images: &'a Images,
    cues: Vec<Cue>,
    /// Bytes of text in them.
    output: usize,
}

/// All cues of a document.
pub(super) fn cues(root: &Element, images: &Images) -> Result<Vec<Cue>, TtmlError> {
    let head = root.child("head");
    let part = |name: &str| head.and_then(|head| head.child(name));
    let styles = Styles::of(part("styling"));
    let layout = Layout::of(root, part("layout"), &styles);
    let Some(body) = root.child("body") else { return Ok(Vec::new()) };
    let parents: Vec<&Element> = head.into_iter().chain(body.elements()).collect();
    let inline = image::inline(&parents);
    let mut walk = Walk { clock: Clock::of(root), styles, layout, inline, images, cues: Vec::new(), output: 0 };
    let all = Interval { begin: MediaTime::ZERO, end: MediaTime::MAX };
    let context =
        Context { interval: all, style: Specified::default(), region: None, preserve: preserves(root, false) };
    walk.element(body, &context, MediaTime::ZERO)?;
    Ok(walk.cues)
}

/// `xml:space`, which is inherited.
fn preserves(element: &Element, inherited: bool) -> bool {
    element.attribute("space").map_or(inherited, |space| space == "preserve")
}

impl<'a> Walk<'a> {
    /// `sync` is what the element's `begin` counts from: its parent's, or in a sequence the end of its sibling. Gives
    /// the element's end.
    fn element(&mut self, element: &'a Element, outer: &Context, sync: MediaTime) -> Result<MediaTime, TtmlError> {
        let interval = self.interval(element, outer.interval, sync);
        let mut style = outer.style.clone();
        style.overlay(&self.styles.specified(element));
        let context = Context {
            interval,
            style,
            region: element.attribute("region").map_or_else(|| outer.region.clone(), |id| Some(id.to_owned())),
            preserve: preserves(element, outer.preserve),
        };
        match element.name.as_str() {
            "body" | "div" => {
                if let Some(image) = image::of(element, &self.inline, self.images) {
                    let settings = self.layout.settings(&self.placed(&context));
                    let Interval { begin, end } = interval;
                    self.push(Cue { start: begin, end, settings, image: Some(image), ..Cue::default() })?;
                }
                let sequence = element.attribute("timeContainer") == Some("seq");
                let mut sync = interval.begin;
                for child in element.elements().filter(|child| matches!(child.name.as_str(), "div" | "p")) {
                    let end = self.element(child, &context, sync)?;
                    if sequence {
                        sync = end;
                    }
                }
            }
            "p" => self.paragraph(element, &context)?,
            _ => {}
        }
        Ok(interval.end)
    }

    /// `dur` and `end` may both be there; the earlier counts. Nothing outlasts its parent.
    fn interval(&self, element: &Element, outer: Interval, sync: MediaTime) -> Interval {
        let time = |name: &str| element.attribute(name).and_then(|text| self.clock.time(text));
        let begin = sync + time("begin").unwrap_or(MediaTime::ZERO);
        let by_duration = time("dur").map(|dur| begin + dur);
        let by_end = time("end").map(|end| sync + end);
        let end = by_duration.into_iter().chain(by_end).fold(outer.end, MediaTime::min);
        Interval { begin: begin.max(outer.begin), end }
    }

    /// The style with what the region gives, which counts less than all in the body.
    fn placed(&self, context: &Context) -> Specified {
        let region = context.region.as_deref().and_then(|id| self.layout.region(id));
        let mut style = region.unwrap_or(self.styles.initial()).clone();
        let (origin, extent) = (style.origin.clone(), style.extent.clone());
        style.overlay(&context.style);
        // A region's place is its own business, unless there is none and the element says it (IMSC allows that).
        if region.is_some() {
            (style.origin, style.extent) = (origin, extent);
        }
        style
    }

    fn paragraph(&mut self, element: &'a Element, context: &Context) -> Result<(), TtmlError> {
        let placed = self.placed(context);
        if placed.hidden == Some(true) {
            return Ok(());
        }
        let mut pieces = Vec::new();
        self.pieces(element, context, &mut pieces)?;
        let settings = self.layout.settings(&placed);
        for interval in moments(&pieces, context.interval)? {
            let there =
                |piece: &&Piece<'_>| piece.interval.begin <= interval.begin && interval.end <= piece.interval.end;
            let lines = lines(pieces.iter().filter(there));
            let cue = Cue { start: interval.begin, end: interval.end, settings: settings.clone(), ..Cue::default() };
            let cue = cue.with_spans(lines.finish());
            if !cue.lines.is_empty() {
                self.push(cue)?;
            }
        }
        Ok(())
    }

    /// Collects the text of a paragraph or span.
    fn pieces(&self, element: &'a Element, context: &Context, pieces: &mut Vec<Piece<'a>>) -> Result<(), TtmlError> {
        let placed = self.placed(context);
        if placed.hidden == Some(true) {
            return Ok(());
        }
        let (interval, style, preserve) = (context.interval, placed.text_style(), context.preserve);
        for node in &element.children {
            match node {
                Node::Text(text) => pieces.push(Piece { interval, style, preserve, text: Some(text) }),
                Node::Element(child) if child.name == "br" => {
                    pieces.push(Piece { interval, style, preserve, text: None });
                }
                Node::Element(child) if child.name == "span" => {
                    let mut style = context.style.clone();
                    style.overlay(&self.styles.specified(child));
                    let inner = Context {
                        interval: self.interval(child, interval, interval.begin),
                        style,
                        region: context.region.clone(),
                        preserve: preserves(child, preserve),
                    };
                    self.pieces(child, &inner, pieces)?;
                }
                Node::Element(_) => {}
            }
            if pieces.len() > MAX_PIECES {
                return Err(TtmlError::LimitExceeded { what: "pieces of a paragraph", max: MAX_PIECES });
            }
        }
        Ok(())
    }

    fn push(&mut self, cue: Cue) -> Result<(), TtmlError> {
        if cue.end <= cue.start {
            return Ok(());
        }
        if self.cues.len() == MAX_CUES {
            return Err(TtmlError::LimitExceeded { what: "cues", max: MAX_CUES });
        }
        self.output += cue.lines.iter().map(String::len).sum::<usize>();
        if self.output > MAX_OUTPUT {
            return Err(TtmlError::LimitExceeded { what: "bytes of text", max: MAX_OUTPUT });
        }
        self.cues.push(cue);
        Ok(())
    }
}

/// Stretches of a paragraph's time in which nothing comes or goes.
fn moments(pieces: &[Piece<'_>], outer: Interval) -> Result<Vec<Interval>, TtmlError> {
    let mut moments: Vec<MediaTime> =
        pieces.iter().flat_map(|piece| [piece.interval.begin, piece.interval.end]).collect();
    moments.extend([outer.begin, outer.end]);
    moments.retain(|moment| (outer.begin..=outer.end).contains(moment));
    moments.sort_unstable();
    moments.dedup();
    if moments.len() > MAX_MOMENTS {
        return Err(TtmlError::LimitExceeded { what: "moments of a paragraph", max: MAX_MOMENTS });
    }
    Ok(moments.windows(2).map(|pair| Interval { begin: pair[0], end: pair[1] }).collect())
}

/// White space becomes one space, also across pieces, unless it is to be preserved.
fn lines<'p, 'a: 'p>(pieces: impl Iterator<Item = &'p Piece<'a>>) -> StyledLines {
    let mut lines = StyledLines::default();
    let (mut spaced, mut budget) = (true, MAX_TEXT);
    for piece in pieces {
        let Some(text) = piece.text else {
            lines.break_line();
            spaced = true;
            continue;
        };
        if text.len() > budget {
            break;
        }
        budget -= text.len();
        if piece.preserve {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    lines.break_line();
                }
                lines.push(line.trim_end_matches('\r'), piece.style);
            }
            spaced = false;
            continue;
        }
        let mut dense = String::with_capacity(text.len());
        for letter in text.chars() {
            let space = matches!(letter, ' ' | '\t' | '\r' | '\n');
            if !(space && spaced) {
                dense.push(if space { ' ' } else { letter });
            }
            spaced = space;
        }
        lines.push(&dense, piece.style);
    }
    lines
}
