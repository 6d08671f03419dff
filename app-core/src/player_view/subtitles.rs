//! Subtitles, drawn by us: crisp at any size, outlined so that they can be read on any picture.

use super::model::PlayerScreen;
use crate::{cx::Cx, cx::say, theme::Type};
use egui::{Align, Color32, FontId, Id, Rect, Ui, Vec2, epaint::text::LayoutJob, epaint::text::TextFormat, pos2, vec2};

/// Lines shown at once: more would cover the picture.
const LINES: usize = 4;

/// Shows the active cues at the lower edge, `lift` above it.
pub(crate) fn view(ui: &Ui, cx: &Cx<'_>, area: Rect, player: &PlayerScreen, lift: f32) {
    let lines: Vec<&str> = player
        .snapshot
        .cues
        .iter()
        .flat_map(|cue| cue.lines.iter())
        .map(String::as_str)
        .filter(|l| !l.is_empty())
        .collect();
    if lines.is_empty() || player.has_failed() {
        return;
    }
    let lines = &lines[lines.len().saturating_sub(LINES)..];
    let words = lines.join("\n");
    // A fixed share of the picture's height, as on film; never too small to read.
    let size = (area.height() * 0.044).clamp(15.0, 44.0);
    let margin = area.height() * 0.055;
    let width = area.width() * 0.84;
    let layout = |colour: Color32| {
        let font = FontId::new(size, cx.theme.font(Type::BodyStrong).family);
        let mut format = TextFormat::simple(font, colour);
        format.line_height = Some((size * 1.25).round());
        let mut job = LayoutJob::single_section(words.clone(), format);
        job.halign = Align::Center;
        job.wrap.max_width = width;
        job.wrap.max_rows = LINES;
        ui.painter().layout_job(job)
    };
    let text = layout(cx.theme.tokens.subtitle);
    let edge = layout(cx.theme.tokens.subtitle_edge);
    let bottom = area.bottom() - margin.max(lift + 6.0);
    let top = pos2(area.center().x, bottom - text.size().y);
    let reach = (size * 0.065).max(1.2);
    let painter = ui.painter();
    for step in 0..8 {
        let angle = step as f32 * std::f32::consts::FRAC_PI_4;
        painter.galley(top + reach * vec2(angle.cos(), angle.sin()), edge.clone(), cx.theme.tokens.subtitle_edge);
    }
    let soft = cx.theme.tokens.subtitle_edge.gamma_multiply(0.35);
    painter.galley_with_override_text_color(top + Vec2::splat(reach * 1.9), edge, soft);
    painter.galley(top, text.clone(), cx.theme.tokens.subtitle);
    let rect = Rect::from_min_size(top - vec2(text.size().x / 2.0, 0.0), text.size());
    say(ui, Id::unique("player-subtitles"), rect, &words);
}
