//! Subtitles, drawn by us: crisp at any size, outlined so that they can be read on any picture.
//!
//! The viewer chose the look (`text_style.rs`); while that is being done there is something to see, if need be a sample.
//! Cues that do not say where they want to be gather at the lower edge. The others are drawn where they say
//! (`cue_place.rs`), images in place of text are in `cue_image.rs`.

use super::{
    controls, cue_image, cue_place,
    model::{Menu, PlayerScreen},
    text_style::{TextColour, TextEdge, TextGround, TextLook, TextPlace},
};
use crate::{
    cx::Cx,
    cx::say,
    language::{self, key},
    theme::Type,
    tokens, video_surface,
};
use egui::{
    Align, Color32, FontId, Galley, Id, Rect, Stroke, Ui, Vec2, epaint::text::LayoutJob, epaint::text::TextFormat,
    pos2, vec2,
};
use player_core::text::{Colour, Cue, CueSettings, TextStyle};
use std::sync::Arc;

/// Lines shown at once at the lower edge: more would cover the picture.
const LINES: usize = 4;
/// Lines of a cue that has a place of its own: as many as captions may have.
const MOST_LINES: usize = 15;

/// What is shown to choose a look by when nobody speaks.
const SAMPLE: &str = key!("subtitle-sample");
/// Upper edge of the picture that the heading takes while the controls are there, in points.
const HEADING: f32 = 76.0;

/// Letters of one style.
type Piece<'a> = (&'a str, TextStyle);

/// Lines laid out twice: to be read, and in the colour of their edge.
struct Block {
    text: Arc<Galley>,
    edge: Arc<Galley>,
    halign: Align,
}

/// How text is set in this window.
struct Setter<'a, 'b> {
    ui: &'a Ui,
    cx: &'a Cx<'b>,
    /// Of letters, in points.
    size: f32,
    look: TextLook,
}

/// Shows the active cues; `osd` is how visible the controls are, which they make room for.
pub(crate) fn view(ui: &Ui, cx: &Cx<'_>, area: Rect, player: &PlayerScreen, osd: f32) {
    if player.has_failed() {
        return;
    }
    let lift = controls::height(cx) * osd;
    let picture = picture(area, player);
    let (images, texts): (Vec<&Cue>, Vec<&Cue>) = player.snapshot.cues.iter().partition(|cue| cue.image.is_some());
    for (cue, texture) in images.iter().zip(cue_image::textures(ui.ctx(), &images)) {
        if let Some(texture) = texture {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), cue_place::image(&cue.settings, picture), whole, tokens::UNTINTED);
        }
    }
    // A fixed share of the picture's height, as on film; never too small to read.
    let look = player.look;
    let size = (area.height() * 0.044).clamp(15.0, 44.0) * look.size.factor();
    let setter = Setter { ui, cx, size, look };
    let (usual, placed): (Vec<&Cue>, Vec<&Cue>) = texts.iter().partition(|cue| cue.settings.is_default());
    let mut lines: Vec<Vec<Piece<'_>>> = usual.into_iter().flat_map(lines_of).collect();
    lines.drain(..lines.len().saturating_sub(LINES));
    if lines.is_empty() && player.menu == Some(Menu::TextLook) {
        lines.push(vec![(language::text(SAMPLE), TextStyle::default())]);
    }
    let mut blocks: Vec<(Block, Rect)> = Vec::new();
    if !lines.is_empty() {
        let block = setter.block(&lines, Align::Center, area.width() * 0.84, LINES);
        let size = block.text.size();
        let y = match look.place {
            TextPlace::Bottom => area.bottom() - (area.height() * 0.055).max(lift + 6.0) - size.y,
            TextPlace::Higher => area.bottom() - (area.height() * 0.2).max(lift + 6.0) - size.y,
            TextPlace::Top => area.top() + (area.height() * 0.055).max(HEADING * osd),
        };
        let top = pos2(area.center().x - size.x / 2.0, y);
        let rect = Rect::from_min_size(top, block.text.size());
        blocks.push((block, rect));
    }
    let first_placed = blocks.len();
    for cue in placed {
        let lines = lines_of(cue);
        if !lines.is_empty() {
            let taken: Vec<Rect> = blocks.iter().map(|(_, rect)| *rect).collect();
            blocks.push(setter.placed(&lines, &cue.settings, picture, &taken));
        }
    }
    // Controls push all of them up by the same, so that they keep their order.
    let lowest = blocks[first_placed..].iter().map(|(_, rect)| rect.bottom()).fold(area.top(), f32::max);
    let push = (lowest - (area.bottom() - lift - 6.0)).max(0.0);
    for (_, rect) in &mut blocks[first_placed..] {
        if lift > 0.0 && rect.center().y > area.center().y {
            *rect = rect.translate(vec2(0.0, -push));
        }
    }
    for (block, rect) in &blocks {
        setter.paint(block, *rect);
    }
    if let Some(all) = blocks.iter().map(|(_, rect)| *rect).reduce(Rect::union) {
        let words: Vec<&str> = blocks.iter().map(|(block, _)| block.text.text()).collect();
        say(ui, Id::unique("player-subtitles"), all, &words.join("\n"));
    }
}

/// Where the picture is in the window, as far as its shape is known.
fn picture(area: Rect, player: &PlayerScreen) -> Rect {
    let rung = player.snapshot.shown_rung.and_then(|rung| player.snapshot.rung(rung));
    let size = rung.map_or(Vec2::ZERO, |rung| vec2(rung.width as f32, rung.height as f32));
    video_surface::fit(area, size)
}

/// Lines of a cue in pieces of one style, without the empty ones.
fn lines_of(cue: &Cue) -> Vec<Vec<Piece<'_>>> {
    let lines: Vec<Vec<Piece<'_>>> = if cue.spans.is_empty() {
        cue.lines.iter().map(|line| vec![(line.as_str(), TextStyle::default())]).collect()
    } else {
        cue.spans.iter().map(|line| line.iter().map(|span| (span.text.as_str(), span.style)).collect()).collect()
    };
    lines.into_iter().filter(|line| line.iter().any(|(text, _)| !text.is_empty())).collect()
}

impl Setter<'_, '_> {
    /// Height of a line, in points.
    fn line(&self) -> f32 {
        (self.size * 1.25).round()
    }

    fn block(&self, lines: &[Vec<Piece<'_>>], halign: Align, width: f32, rows: usize) -> Block {
        let layout = |edge: bool| {
            let mut job = LayoutJob::default();
            for (text, style) in joined(lines) {
                job.append(&text, 0.0, self.format(style, edge));
            }
            job.halign = halign;
            job.wrap.max_width = width;
            job.wrap.max_rows = rows;
            self.ui.painter().layout_job(job)
        };
        Block { text: layout(false), edge: layout(true), halign }
    }

    /// Colour of letters that have none of their own.
    fn ink(&self) -> Color32 {
        let tokens = self.cx.theme.tokens;
        match self.look.colour {
            TextColour::White => tokens.subtitle,
            TextColour::Yellow => tokens.warn,
            TextColour::Green => tokens.good,
            TextColour::Blue => tokens.info,
        }
    }

    fn format(&self, style: TextStyle, edge: bool) -> TextFormat {
        let tokens = self.cx.theme.tokens;
        let chosen = |colour: Option<Colour>, usual: Color32| colour.map_or(usual, |colour| tokens::pixel(colour.0));
        let colour = if edge { tokens.subtitle_edge } else { chosen(style.colour, self.ink()) };
        let family = self.cx.theme.font(if style.bold { Type::Title } else { Type::BodyStrong }).family;
        let size = if style.ruby { self.size * 0.6 } else { self.size };
        let mut format = TextFormat::simple(FontId::new(size, family), colour);
        format.line_height = Some(self.line());
        format.italics = style.italic;
        if style.underline {
            format.underline = Stroke::new((self.size * 0.06).max(1.0), colour);
        }
        // Text on a ground of its own needs no edge: the ground covers it.
        if !edge {
            format.background = chosen(style.background, tokens::CLEAR);
        }
        format
    }

    /// A cue where it wants to be, or as near to it as others let it.
    fn placed(&self, lines: &[Vec<Piece<'_>>], settings: &CueSettings, picture: Rect, taken: &[Rect]) -> (Block, Rect) {
        let width = cue_place::width(settings, picture);
        let block = self.block(lines, cue_place::halign(settings), width, MOST_LINES);
        let rect = cue_place::place(settings, picture, block.text.size(), self.line());
        let rect = cue_place::clear_of(taken, rect, picture, self.line());
        (block, rect)
    }

    fn paint(&self, block: &Block, rect: Rect) {
        let painter = self.ui.painter();
        let colour = self.cx.theme.tokens.subtitle_edge;
        let top = match block.halign {
            Align::Min => rect.left_top(),
            Align::Center => rect.center_top(),
            Align::Max => rect.right_top(),
        };
        let reach = (self.size * 0.065).max(1.2);
        self.ground(block, top);
        if self.look.edge == TextEdge::Outline {
            for step in 0..8 {
                let angle = step as f32 * std::f32::consts::FRAC_PI_4;
                painter.galley(top + reach * vec2(angle.cos(), angle.sin()), block.edge.clone(), colour);
            }
        }
        let shadow = match self.look.edge {
            TextEdge::Outline => 0.35,
            TextEdge::Shadow => 0.85,
            TextEdge::None => 0.0,
        };
        if shadow > 0.0 {
            painter.galley_with_override_text_color(
                top + Vec2::splat(reach * 1.9),
                block.edge.clone(),
                colour.gamma_multiply(shadow),
            );
        }
        painter.galley(top, block.text.clone(), self.cx.theme.tokens.subtitle);
    }
}

impl Setter<'_, '_> {
    /// What the viewer wants behind the lines, each as wide as it is.
    fn ground(&self, block: &Block, top: egui::Pos2) {
        let share = match self.look.ground {
            TextGround::None => return,
            TextGround::Shaded => 0.6,
            TextGround::Solid => 1.0,
        };
        let colour = self.cx.theme.tokens.subtitle_edge.gamma_multiply(share);
        let margin = vec2(self.size * 0.3, 0.0);
        for row in &block.text.rows {
            let rect = row.rect().translate(top.to_vec2());
            if rect.width() > 0.5 {
                self.ui.painter().rect_filled(rect.expand2(margin), self.size * 0.12, colour);
            }
        }
    }
}

/// Lines as text with line feeds, in pieces that are as long as their style lasts.
fn joined(lines: &[Vec<Piece<'_>>]) -> Vec<(String, TextStyle)> {
    let mut all: Vec<(String, TextStyle)> = Vec::new();
    for line in lines {
        if let Some((text, _)) = all.last_mut() {
            text.push('\n');
        }
        for (text, style) in line {
            match all.last_mut().filter(|(_, last)| last == style) {
                Some((last, _)) => last.push_str(text),
                None => all.push(((*text).to_owned(), *style)),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use player_core::{MediaTime, text::Span};

    #[test]
    fn lines_are_joined_by_their_style() {
        let italic = TextStyle { italic: true, ..TextStyle::default() };
        let span = |text: &str, style| Span { text: text.to_owned(), style };
        let plain = TextStyle::default();
        let cue = Cue {
            spans: vec![vec![span("a ", plain), span("b", italic)], vec![], vec![span("c", italic)]],
            ..Cue::plain(MediaTime::ZERO, MediaTime::ZERO, vec!["a b".into(), "c".into()])
        };
        assert_eq!(joined(&lines_of(&cue)), [("a ".to_owned(), plain), ("b\nc".to_owned(), italic)]);
        let cue = Cue::plain(MediaTime::ZERO, MediaTime::ZERO, vec!["a".into(), String::new(), "b".into()]);
        assert_eq!(joined(&lines_of(&cue)), [("a\nb".to_owned(), plain)]);
    }
}
