//! The card of the next episode: its picture, what it is, and a button that fills while the seconds run.

use super::{
    controls,
    keys::Action,
    model::{PlayerMsg, PlayerScreen},
    next_up::{COUNTDOWN, Card},
    view::announce,
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        picture::{self, Art},
        text, toast,
    },
};
use egui::{Align2, CornerRadius, Id, Rect, Sense, Ui, accesskit::Live, pos2, vec2};

/// Identity of the button that begins it.
pub(crate) fn play_id() -> Id {
    Id::unique("player-next-play")
}

fn cancel_id() -> Id {
    Id::unique("player-next-cancel")
}

/// Is it one of the card's buttons?
pub(crate) fn has(id: Option<Id>) -> bool {
    id == Some(play_id()) || id == Some(cancel_id())
}

/// The buttons of the card, as a row.
pub(crate) fn focus_map(map: FocusMap) -> FocusMap {
    map.row(Id::unique("player-next"), [play_id(), cancel_id()])
}

/// What the card says.
struct Words {
    kicker: &'static str,
    play: String,
    cancel: &'static str,
}

fn words(card: Card) -> Words {
    match card {
        Card::StillWatching => Words {
            kicker: tr!("still-watching"),
            play: tr!("next-keep-watching").to_owned(),
            cancel: tr!("next-i-am-done"),
        },
        Card::Offer { left: Some(left) } => Words {
            kicker: tr!("next-episode"),
            play: tr!("next-play-in", seconds = left.ceil().max(0.0) as u32),
            cancel: tr!("next-watch-credits"),
        },
        Card::Offer { left: None } => {
            Words { kicker: tr!("next-episode"), play: tr!("next-play-now").to_owned(), cancel: tr!("next-not-now") }
        }
    }
}

/// Shows the card; `osd` is how visible the controls are, which it makes room for.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, osd: f32) {
    let Some(card) = player.next_card() else { return };
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let words = words(card);
    let asks = card == Card::StillWatching;
    let shown = motion::follow_from(ui.ctx(), Id::unique("player-next-card"), 0.0, 1.0, time::SHEET);
    let next = player.next_up.episode.as_ref().and_then(|episode| episode.summary.as_deref());

    let padding = 14.0;
    let thumb = next.map_or(egui::Vec2::ZERO, |_| if tv { vec2(128.0, 72.0) } else { vec2(160.0, 90.0) });
    let gap = if thumb.x > 0.0 { 16.0 } else { 0.0 };
    let labels = [Label::new(Kind::Primary, &words.play).icon(icons::PLAY), Label::new(Kind::Plain, words.cancel)];
    // Seconds change the words, and nothing else.
    let ten = tr!("next-play-in", seconds = 10);
    let widest = Label { text: &ten, ..labels[0] };
    let play_width = button::width(ui, cx, &labels[0]).max(button::width(ui, cx, &widest));
    let cancel_width = button::width(ui, cx, &labels[1]);
    let inner = (play_width + 10.0 + cancel_width).max(if tv { 250.0 } else { 280.0 });
    let height = cx.theme.metrics.button_height;
    let texts = 62.0;
    let size = vec2(padding * 2.0 + thumb.x + gap + inner, padding * 2.0 + (texts + height).max(thumb.y));
    let bottom = area.bottom() - 28.0 - (controls::height(cx) - 12.0) * osd;
    let right = area.right() - controls::keyline(cx);
    let rect = if asks {
        ui.painter().rect_filled(area, 0.0, tokens.scrim.gamma_multiply(0.55 * shown));
        Rect::from_center_size(area.center(), size)
    } else {
        Rect::from_min_max(pos2(right - size.x, bottom - size.y), pos2(right, bottom))
    };
    let rect = rect.translate(vec2(0.0, 10.0 * (1.0 - shown)));

    // Swallows clicks beside the buttons.
    ui.interact(rect, Id::unique("player-next-ground"), Sense::CLICK);
    let painter = ui.painter();
    painter.add(toast::shadow(tokens.shadow).as_shape(rect, 14.0));
    painter.rect(rect, 14.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    let mut left = rect.left() + padding;
    if let Some(next) = next {
        let top = rect.center().y - thumb.y / 2.0;
        let art = Art {
            path: next.artwork.card.as_deref(),
            colour: next.artwork.colour.as_deref(),
            radius: CornerRadius::same(8),
            brightness: 1.0,
            keep: vec2(0.5, 0.5),
        };
        picture::paint(ui, cx, painter, Rect::from_min_size(pos2(left, top), thumb), &art);
        left += thumb.x + gap;
    }
    let top = rect.top() + padding;
    let kicker = text::line(
        painter,
        &cx.theme,
        (pos2(left, top + 2.0), Align2::LEFT_TOP),
        words.kicker,
        (Type::LabelStrong, tokens.accent),
    );
    let name = next.map_or("", |next| next.name.as_str());
    let detail = next.and_then(|next| next.kicker.as_deref()).unwrap_or_default();
    let line = text::clipped_line(
        painter,
        &cx.theme,
        (pos2(left, kicker.bottom() + 4.0), Align2::LEFT_TOP, inner),
        if name.is_empty() { tr!("next-continue-series") } else { name },
        (Type::RowTitle, tokens.text),
    );
    if !detail.is_empty() {
        let at = (pos2(left + inner, kicker.center().y), Align2::RIGHT_CENTER, inner * 0.55);
        text::clipped_line(painter, &cx.theme, at, detail, (Type::Caption, tokens.text_3));
    }
    let spoken = format!("{}: {name}", words.kicker);
    say(ui, Id::unique("player-next-words"), kicker.union(line), spoken.trim_end_matches(": "));
    announce(ui, Id::unique("player-next-words"), Live::Polite);
    buttons(ui, cx, pos2(left, rect.bottom() - padding - height), (&labels, [play_width, cancel_width]), card, player);
}

fn buttons(
    ui: &Ui,
    cx: &mut Cx<'_>,
    at: egui::Pos2,
    (labels, widths): (&[Label<'_>; 2], [f32; 2]),
    card: Card,
    player: &PlayerScreen,
) {
    let height = cx.theme.metrics.button_height;
    let play = Rect::from_min_size(at, vec2(widths[0], height));
    if button::labelled_in(ui, cx, play_id(), play, &labels[0]) {
        cx.send(Msg::Player(PlayerMsg::NextEpisode));
    }
    if let Card::Offer { left: Some(left) } = card {
        // Runs out under the button, as that of skipping does.
        let share = (left / COUNTDOWN).clamp(0.0, 1.0) as f32;
        let line = Rect::from_min_size(pos2(play.left() + 10.0, play.bottom() - 6.0), vec2(play.width() - 20.0, 2.5));
        let done = Rect::from_min_size(line.min, vec2(line.width() * (1.0 - share), line.height()));
        let tokens = cx.theme.tokens;
        ui.painter().rect_filled(line, 1.25, tokens.on_focus.gamma_multiply(0.25));
        ui.painter().rect_filled(done, 1.25, tokens.on_focus);
    }
    let cancel = Rect::from_min_size(pos2(play.right() + 10.0, at.y), vec2(widths[1], height));
    if button::labelled_in(ui, cx, cancel_id(), cancel, &labels[1]) {
        cx.send(Msg::Player(PlayerMsg::CancelNext));
    }
    if !cx.theme.density.is_tv() {
        let zone = ui.interact(play, play_id().with("hint"), Sense::hover());
        zone.on_hover_text(player.keys.tooltip(tr!("next-episode"), Action::NextEpisode));
    }
}
