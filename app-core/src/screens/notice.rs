//! A whole page that says why there is nothing else: one sentence, one action, one code.

use crate::{
    app::{Msg, Section, SettingsWish, Wish},
    cx::{Cx, say},
    failure::Failure,
    icons,
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, Id, Rect, Ui, pos2};

/// Identity of the action.
pub(crate) fn action_id() -> Id {
    Id::unique("notice-action")
}

/// Shows the failure in the middle of `area`.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, failure: &Failure) {
    let tokens = cx.theme.tokens;
    let centre = area.center();
    text::icon(ui.painter(), pos2(centre.x, centre.y - 92.0), icons::OFFLINE, 44.0, tokens.text_3);
    let sentence = text::centred_paragraph(
        ui.painter(),
        &cx.theme,
        (pos2(centre.x, centre.y - 48.0), 460.0),
        &failure.sentence,
        (Type::RowTitle, tokens.text),
    );
    say(ui, Id::unique("notice-sentence"), sentence, &failure.sentence);
    let label = Label::new(Kind::Primary, failure.remedy.label());
    let width = button::width(ui, cx, &label);
    let at = pos2(centre.x - width / 2.0, sentence.bottom() + 22.0);
    let (rect, pressed) = button::labelled(ui, cx, action_id(), at, &label);
    if pressed {
        cx.send(match failure.remedy {
            crate::failure::Remedy::TryAgain => Msg::Retry,
            crate::failure::Remedy::SignIn => Msg::SignIn,
            crate::failure::Remedy::GoBack => Msg::Back,
            crate::failure::Remedy::SeePlans => Msg::Wish(Wish::Settings(SettingsWish::Open(Section::Plan))),
            crate::failure::Remedy::SeeDevices => Msg::Wish(Wish::Settings(SettingsWish::Open(Section::Devices))),
        });
    }
    text::line(
        ui.painter(),
        &cx.theme,
        (pos2(centre.x, rect.bottom() + 22.0), Align2::CENTER_CENTER),
        &failure.code,
        (Type::Caption, tokens.text_3),
    );
}
