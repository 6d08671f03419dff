//! Playback is over before its time: one sentence, one action, one code; the rest unfolds.

use super::{
    model::{Phase, PlayerMsg, PlayerScreen},
    view::announce,
};
use crate::{
    app::{Msg, Section, SettingsWish, Wish},
    cx::{Cx, say},
    failure::{Elsewhere, Remedy},
    focus::FocusMap,
    icons,
    language::{self, tr},
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text, toast,
    },
};
use egui::{Align2, Id, Rect, Sense, Ui, accesskit::Live, pos2, vec2};

fn id(name: &str) -> Id {
    Id::unique(("player-error", name))
}

/// The action, the way back and the details.
pub(crate) fn focus_map(player: &PlayerScreen) -> FocusMap {
    let remedy = describe(player).remedy;
    let mut buttons = vec![id("action")];
    if remedy != Remedy::GoBack {
        buttons.push(id("back"));
    }
    let mut details = vec![id("details")];
    if player.details {
        details.push(id("copy"));
    }
    let mut map = FocusMap::default();
    for index in 0..elsewhere(player).len() {
        map = map.row(stop_id(index).with("row"), [stop_id(index)]);
    }
    map.row(id("buttons"), buttons).row(id("more"), details).starting_at(id("action"))
}

/// Ends the stream of that number on another device.
fn stop_id(index: usize) -> Id {
    Id::unique(("player-error-stop", index))
}

/// Streams on other devices that stand in the way.
fn elsewhere(player: &PlayerScreen) -> &[Elsewhere] {
    match &player.phase {
        Phase::Failed(failure) => &failure.elsewhere,
        _ => &[],
    }
}

struct Described {
    sentence: String,
    code: String,
    remedy: Remedy,
}

fn describe(player: &PlayerScreen) -> Described {
    match (&player.phase, &player.snapshot.error) {
        (Phase::Failed(failure), _) => {
            Described { sentence: failure.sentence.clone(), code: failure.code.clone(), remedy: failure.remedy }
        }
        (_, Some(error)) => Described {
            sentence: language::foreign(error.code.sentence()),
            code: format!("E{}", error.code.number()),
            remedy: match error.code.remedy() {
                player_core::error::Remedy::TryAgain => Remedy::TryAgain,
                player_core::error::Remedy::SignIn => Remedy::SignIn,
                player_core::error::Remedy::GoBack => Remedy::GoBack,
            },
        },
        _ => Described {
            sentence: tr!("playback-stopped").to_owned(),
            code: "E9001".to_owned(),
            remedy: Remedy::TryAgain,
        },
    }
}

/// Shows the card in the middle.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen) {
    let tokens = cx.theme.tokens;
    let described = describe(player);
    ui.painter().rect_filled(area, 0.0, tokens.scrim.gamma_multiply(0.6));
    let width = 480.0_f32.min(area.width() - 32.0);
    let inner = width - 64.0;
    let sentence = text::galley(ui.painter(), &cx.theme, &described.sentence, (Type::RowTitle, tokens.text), inner, 4);
    let details = player.details.then(|| {
        text::galley(ui.painter(), &cx.theme, &player.error_details(), (Type::Caption, tokens.text_2), inner - 24.0, 8)
    });
    let button_height = cx.theme.metrics.button_height;
    let others = elsewhere(player);
    let stops = others.len() as f32 * (button_height + 10.0);
    let fold = details.as_ref().map_or(0.0, |galley| galley.size().y + 36.0);
    let height = 92.0 + sentence.size().y + 24.0 + stops + button_height + 20.0 + 24.0 + fold + 24.0;
    let card = Rect::from_center_size(area.center(), vec2(width, height));
    ui.interact(card, id("card"), Sense::CLICK);
    let painter = ui.painter();
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 16.0));
    painter.rect(card, 16.0, tokens.surface_1, (1.0, tokens.line), egui::StrokeKind::Inside);
    let left = card.left() + 32.0;
    text::icon(painter, pos2(left + 15.0, card.top() + 48.0), icons::WARNING, 32.0, tokens.bad);
    let words = text::place(painter, (pos2(left, card.top() + 80.0), Align2::LEFT_TOP), &sentence);
    say(ui, id("sentence"), words, &described.sentence);
    announce(ui, id("sentence"), Live::Assertive);

    let mut top = words.bottom() + 24.0;
    for (index, other) in others.iter().enumerate() {
        let words = tr!("error-stop-device", device = &other.device);
        let label = Label::new(Kind::Plain, &words);
        let size = vec2(button::width(ui, cx, &label).min(inner), button_height);
        let rect = Rect::from_min_size(pos2(left, top), size);
        if button::labelled_in(ui, cx, stop_id(index), rect, &label) {
            cx.send(Msg::Player(PlayerMsg::StopElsewhere(other.grant.clone())));
        }
        top = rect.bottom() + 10.0;
    }
    let label = Label::new(Kind::Primary, described.remedy.label());
    let (first, pressed) = button::labelled(ui, cx, id("action"), pos2(left, top), &label);
    if pressed {
        let settings = |section| Msg::Wish(Wish::Settings(SettingsWish::Open(section)));
        cx.send(match described.remedy {
            Remedy::TryAgain => Msg::Player(PlayerMsg::Retry),
            Remedy::SignIn => Msg::Player(PlayerMsg::SignIn),
            Remedy::GoBack => Msg::Player(PlayerMsg::Leave),
            Remedy::SeePlans => settings(Section::Plan),
            Remedy::SeeDevices => settings(Section::Devices),
        });
    }
    if described.remedy != Remedy::GoBack {
        let label = Label::new(Kind::Plain, tr!("back"));
        let (_, pressed) = button::labelled(ui, cx, id("back"), pos2(first.right() + 12.0, top), &label);
        if pressed {
            cx.send(Msg::Player(PlayerMsg::Leave));
        }
    }
    top = first.bottom() + 20.0;
    let code = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(left, top + 12.0), Align2::LEFT_CENTER),
        &described.code,
        (Type::Caption, tokens.text_3),
    );
    say(ui, id("code"), code, &tr!("error-code", code = &described.code));
    let fold_label = if player.details { tr!("error-hide-details") } else { tr!("error-details") };
    let label = Label::new(Kind::Quiet, fold_label);
    let size = vec2(button::width(ui, cx, &label), 28.0);
    let rect = Rect::from_min_size(pos2(card.right() - 24.0 - size.x, top - 2.0), size);
    if button::labelled_in(ui, cx, id("details"), rect, &label) {
        cx.send(Msg::Player(PlayerMsg::ToggleDetails));
    }
    if let Some(galley) = details {
        let box_rect = Rect::from_min_size(pos2(left, top + 34.0), vec2(inner, galley.size().y + 20.0));
        ui.painter().rect_filled(box_rect, 8.0, tokens.ink);
        let words = text::place(ui.painter(), (box_rect.min + vec2(12.0, 10.0), Align2::LEFT_TOP), &galley);
        say(ui, id("details-text"), words, &player.error_details());
        let rect = Rect::from_min_size(box_rect.right_top() + vec2(-34.0, 4.0), vec2(30.0, 30.0));
        if button::round(ui, cx, id("copy"), rect, (icons::COPY, tr!("error-copy-details"))) {
            cx.send(Msg::Player(PlayerMsg::CopyDetails));
        }
    }
}
