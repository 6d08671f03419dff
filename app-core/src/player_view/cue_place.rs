//! Where a cue is drawn in the picture: the settings of WebVTT, which TTML and captions speak as well.
//!
//! Lines that are columns (vertical text) are drawn as rows at the same place.

use egui::{Align, Rect, Vec2, pos2, vec2};
use player_core::text::{CueSettings, DisplayAlign, Line, LineAlign, Percent, PositionAlign, TextAlign};

/// Share of the picture's height that stays free above and below numbered lines.
const MARGIN: f32 = 0.055;
/// Cues may share this much of a line: grids of captions are a little narrower than our lines.
const OVERLAP: f32 = 0.35;

/// How text lies in its box.
pub(super) fn halign(settings: &CueSettings) -> Align {
    match settings.align {
        TextAlign::Center => Align::Center,
        // Scripts that begin on the right are laid out as a whole line, which is what counts here.
        TextAlign::Start | TextAlign::Left => Align::Min,
        TextAlign::End | TextAlign::Right => Align::Max,
    }
}

/// The box that the settings count from.
fn frame(settings: &CueSettings, picture: Rect) -> Rect {
    let Some(region) = &settings.region else { return picture };
    let min = pos2(along(picture.x_range(), region.left), along(picture.y_range(), region.top));
    Rect::from_min_size(min, picture.size() * vec2(share(region.width), share(region.height)))
}

fn share(percent: Percent) -> f32 {
    percent.get() as f32 / 100.0
}

fn along(range: egui::Rangef, percent: Percent) -> f32 {
    range.min + range.span() * share(percent)
}

/// Left and right edge of the room that a cue's lines have.
fn room(settings: &CueSettings, frame: Rect) -> (f32, f32) {
    let align = halign(settings);
    let position = settings.position.map_or(
        match align {
            Align::Min => 0.0,
            Align::Center => 0.5,
            Align::Max => 1.0,
        },
        |position| share(position).clamp(0.0, 1.0),
    );
    let anchor = match (settings.position_align, align) {
        (PositionAlign::LineLeft, _) | (PositionAlign::Auto, Align::Min) => Align::Min,
        (PositionAlign::Center, _) | (PositionAlign::Auto, Align::Center) => Align::Center,
        (PositionAlign::LineRight, _) | (PositionAlign::Auto, Align::Max) => Align::Max,
    };
    let most = match anchor {
        Align::Min => 1.0 - position,
        Align::Center => 2.0 * position.min(1.0 - position),
        Align::Max => position,
    };
    let size = settings.size.map_or(1.0, share).clamp(0.0, most);
    let left = match anchor {
        Align::Min => position,
        Align::Center => position - size / 2.0,
        Align::Max => position - size,
    };
    (frame.left() + left * frame.width(), frame.left() + (left + size) * frame.width())
}

/// How wide lines may be. Never so narrow that a word does not fit: authors mean another font.
pub(super) fn width(settings: &CueSettings, picture: Rect) -> f32 {
    let (left, right) = room(settings, frame(settings, picture));
    (right - left).max(picture.width() * 0.2)
}

/// The box of text of this size. `line` is the height of one of its lines.
pub(super) fn place(settings: &CueSettings, picture: Rect, size: Vec2, line: f32) -> Rect {
    let frame = frame(settings, picture);
    let (left, right) = room(settings, frame);
    let x = match halign(settings) {
        Align::Min => left,
        Align::Center => (left + right - size.x) / 2.0,
        Align::Max => right - size.x,
    };
    let hung = |y: f32| match settings.line_align {
        LineAlign::Start => y,
        LineAlign::Center => y - size.y / 2.0,
        LineAlign::End => y - size.y,
    };
    let margin = if settings.region.is_some() { 0.0 } else { frame.height() * MARGIN };
    let y = match settings.line {
        Some(Line::Percent(percent)) => hung(along(frame.y_range(), percent)),
        Some(Line::Number(number)) if number >= 0 => frame.top() + margin + number.min(1_000) as f32 * line,
        // The last line is -1; a cue of several lines ends in it.
        Some(Line::Number(number)) => frame.bottom() - margin - size.y - (-1 - number.max(-1_000)) as f32 * line,
        None => match settings.region.as_ref().map_or(DisplayAlign::After, |region| region.display_align) {
            DisplayAlign::Before => frame.top() + margin,
            DisplayAlign::Center => frame.center().y - size.y / 2.0,
            DisplayAlign::After => frame.bottom() - margin - size.y,
        },
    };
    inside(Rect::from_min_size(pos2(x, y), size), picture)
}

/// The box of an image: its region, else the whole picture.
pub(super) fn image(settings: &CueSettings, picture: Rect) -> Rect {
    frame(settings, picture).intersect(picture)
}

/// Moved so that as much as possible is to be seen.
fn inside(rect: Rect, picture: Rect) -> Rect {
    let x = rect.left().min(picture.right() - rect.width()).max(picture.left());
    let y = rect.top().min(picture.bottom() - rect.height()).max(picture.top());
    Rect::from_min_size(pos2(x, y), rect.size())
}

/// Moves a box away from those that are there: up from the lower half of the picture, down from the upper one.
pub(super) fn clear_of(taken: &[Rect], mut rect: Rect, picture: Rect, line: f32) -> Rect {
    let upwards = rect.center().y > picture.center().y;
    // Each step passes one of them for good.
    for _ in taken {
        let hit = taken.iter().find(|other| {
            let shared = other.intersect(rect);
            shared.width() > 0.0 && shared.height() > line * OVERLAP
        });
        let Some(hit) = hit else { break };
        let y = if upwards { hit.top() - rect.height() } else { hit.bottom() };
        rect = Rect::from_min_size(pos2(rect.left(), y), rect.size());
    }
    rect
}

#[cfg(test)]
mod tests {
    use super::*;
    use player_core::text::Region;

    const PICTURE: Rect = Rect { min: pos2(100.0, 0.0), max: pos2(1100.0, 600.0) };
    const SIZE: Vec2 = Vec2::new(200.0, 60.0);
    const LINE: f32 = 30.0;

    fn percent(value: f64) -> Option<Percent> {
        Some(Percent::new(value))
    }

    fn placed(settings: &CueSettings) -> (i32, i32) {
        let rect = place(settings, PICTURE, SIZE, LINE);
        (rect.left().round() as i32, rect.top().round() as i32)
    }

    #[test]
    fn text_is_put_where_its_settings_say() {
        let plain = CueSettings::default;
        assert_eq!(placed(&plain()), (500, 507));
        assert_eq!(placed(&CueSettings { align: TextAlign::Start, ..plain() }), (100, 507));
        assert_eq!(placed(&CueSettings { align: TextAlign::Right, ..plain() }), (900, 507));
        assert_eq!(placed(&CueSettings { position: percent(25.0), ..plain() }), (250, 507));
        assert_eq!(placed(&CueSettings { line: Some(Line::Number(0)), ..plain() }), (500, 33));
        assert_eq!(placed(&CueSettings { line: Some(Line::Number(-2)), ..plain() }), (500, 477));
        assert_eq!(placed(&CueSettings { line: Some(Line::Number(i32::MIN)), ..plain() }), (500, 0));
        let half = Some(Line::Percent(Percent::new(50.0)));
        assert_eq!(placed(&CueSettings { line: half, ..plain() }), (500, 300));
        assert_eq!(placed(&CueSettings { line: half, line_align: LineAlign::Center, ..plain() }), (500, 270));
        assert_eq!(placed(&CueSettings { line: half, line_align: LineAlign::End, ..plain() }), (500, 240));
        let left = CueSettings { position: percent(10.0), position_align: PositionAlign::LineLeft, ..plain() };
        assert_eq!(placed(&CueSettings { align: TextAlign::Left, ..left }), (200, 507), "as captions have it");
        let top = Some(Line::Percent(Percent::new(-40.0)));
        assert_eq!(placed(&CueSettings { line: top, ..plain() }), (500, 0), "it stays in the picture");
    }

    #[test]
    fn text_in_a_region_gathers_where_the_region_says() {
        let region = |display_align| Region {
            top: Percent::new(10.0),
            left: Percent::new(20.0),
            width: Percent::new(50.0),
            height: Percent::new(20.0),
            display_align,
            scroll: false,
        };
        let settings = |align| CueSettings { region: Some(region(align)), ..CueSettings::default() };
        assert_eq!(placed(&settings(DisplayAlign::Before)), (450, 60));
        assert_eq!(placed(&settings(DisplayAlign::Center)), (450, 90));
        assert_eq!(placed(&settings(DisplayAlign::After)), (450, 120));
        let shown = image(&settings(DisplayAlign::After), PICTURE);
        assert_eq!(shown, Rect::from_min_size(pos2(300.0, 60.0), vec2(500.0, 120.0)));
    }

    #[test]
    fn cues_make_room_for_each_other() {
        let first = Rect::from_min_size(pos2(300.0, 500.0), SIZE);
        let second = clear_of(&[first], first, PICTURE, LINE);
        assert_eq!(second.min, pos2(300.0, 440.0));
        assert_eq!(clear_of(&[first, second], first, PICTURE, LINE).min, pos2(300.0, 380.0));
        let touching = first.translate(vec2(0.0, 55.0));
        assert_eq!(clear_of(&[first], touching, PICTURE, LINE), touching);
        let upper = Rect::from_min_size(pos2(300.0, 30.0), SIZE);
        assert_eq!(clear_of(&[upper], upper, PICTURE, LINE).min, pos2(300.0, 90.0));
    }
}
