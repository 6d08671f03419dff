//! The desktop's part of the settings, for whatever page shows them.

use super::model::{Change, DesktopMsg};
use crate::{
    app::Model,
    cx::{Cx, say},
    focus::FocusMap,
    language::{Locale, tr},
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, CursorIcon, Id, Pos2, Rect, Role, StrokeKind, Ui, WidgetInfo, pos2, vec2};

const LINE: f32 = 62.0;
/// Of a name with its detail below, and of both when a small window leaves no more room for details.
const TEXTS: f32 = 38.0;
const PILL: f32 = 34.0;

/// One setting: a switch, or one of a few.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) detail: &'static str,
    pub(crate) choices: Vec<Choice>,
}

/// What it can be set to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) words: &'static str,
    pub(crate) is_chosen: bool,
    pub(crate) change: Change,
}

/// All settings of this part, as they are now.
pub(crate) fn settings(model: &Model) -> Vec<Setting> {
    let now = &model.settings.desktop;
    let switch = |name, detail, is_on: bool, change: fn(bool) -> Change| {
        let choice = |words, on| Choice { words, is_chosen: is_on == on, change: change(on) };
        Setting { name, detail, choices: vec![choice(tr!("on"), true), choice(tr!("off"), false)] }
    };
    let size = |words, size| Choice { words, is_chosen: now.look.text_size == size, change: Change::TextSize(size) };
    let motion = |words, reduced| Choice {
        words,
        is_chosen: now.look.reduced_motion == reduced,
        change: Change::ReducedMotion(reduced),
    };
    let theme = |words, light| Choice { words, is_chosen: now.look.light == light, change: Change::Light(light) };
    let contrast =
        |words, high| Choice { words, is_chosen: now.look.high_contrast == high, change: Change::HighContrast(high) };
    let language = |words, locale| Choice {
        words,
        is_chosen: model.settings.language == locale,
        change: Change::Language(locale),
    };
    let languages = Locale::ALL.into_iter().map(|locale| language(model.name_of(locale), Some(locale)));
    vec![
        switch(tr!("desktop-media-keys"), tr!("desktop-media-keys-detail"), now.media_keys, Change::MediaKeys),
        switch(tr!("desktop-awake"), tr!("desktop-awake-detail"), now.keep_awake, Change::KeepAwake),
        switch(tr!("desktop-recents"), tr!("desktop-recents-detail"), now.keep_recents, Change::KeepRecents),
        Setting {
            name: tr!("desktop-theme"),
            detail: tr!("desktop-theme-detail"),
            choices: vec![
                theme(tr!("desktop-as-desktop"), None),
                theme(tr!("desktop-dark"), Some(false)),
                theme(tr!("desktop-light"), Some(true)),
            ],
        },
        Setting {
            name: tr!("desktop-contrast"),
            detail: tr!("desktop-contrast-detail"),
            choices: vec![
                contrast(tr!("desktop-as-desktop"), None),
                contrast(tr!("on"), Some(true)),
                contrast(tr!("off"), Some(false)),
            ],
        },
        Setting {
            name: tr!("desktop-text-size"),
            detail: tr!("desktop-text-size-detail"),
            choices: vec![
                size(tr!("desktop-as-desktop"), None),
                size(tr!("subtitle-size-normal"), Some(100)),
                size(tr!("subtitle-size-large"), Some(125)),
                size(tr!("subtitle-size-larger"), Some(150)),
            ],
        },
        Setting {
            name: tr!("desktop-movement"),
            detail: tr!("desktop-movement-detail"),
            choices: vec![
                motion(tr!("desktop-as-desktop"), None),
                motion(tr!("desktop-reduced"), Some(true)),
                motion(tr!("desktop-full"), Some(false)),
            ],
        },
        Setting {
            name: tr!("language"),
            detail: if model.lacks_letters { tr!("language-no-font-short") } else { tr!("language-detail") },
            choices: std::iter::once(language(tr!("language-of-system"), None)).chain(languages).collect(),
        },
    ]
}

/// Made from what it does: it stays when the words are those of another language.
fn pill_id(choice: &Choice) -> Id {
    Id::unique(("desktop-setting", choice.change))
}

/// Adds the settings to a map, each a row of its own.
pub(crate) fn focus_rows(map: FocusMap, model: &Model) -> FocusMap {
    settings(model).iter().fold(map, |map, setting| {
        map.row(
            Id::unique(("desktop-setting-row", setting.choices.first().map(|choice| choice.change))),
            setting.choices.iter().map(pill_id),
        )
    })
}

/// Shows the settings in a column of `width` from `at` on, each `line` high; returns its lower edge.
fn desktop_section(ui: &Ui, cx: &mut Cx<'_>, model: &Model, at: Pos2, (width, line): (f32, f32)) -> f32 {
    let tokens = cx.theme.tokens;
    let mut top = at.y;
    for setting in settings(model) {
        let place = if line < TEXTS {
            (pos2(at.x, top + line / 2.0), Align2::LEFT_CENTER)
        } else {
            (pos2(at.x, top + (line - TEXTS) / 2.0), Align2::LEFT_TOP)
        };
        let name = text::line(ui.painter(), &cx.theme, place, setting.name, (Type::BodyMedium, tokens.text));
        say(ui, Id::unique(("desktop-name", setting.name)), name, &format!("{}. {}", setting.name, setting.detail));
        let mut right = at.x + width;
        for choice in setting.choices.iter().rev() {
            right = pill(ui, cx, &setting, choice, pos2(right, top + (line - PILL) / 2.0)) - 6.0;
        }
        if line >= TEXTS {
            let detail = (pos2(at.x, name.bottom() + 2.0), Align2::LEFT_TOP, right - 10.0 - at.x);
            text::fitted_line(ui.painter(), &cx.theme, detail, setting.detail, (Type::Caption, tokens.text_3));
        }
        top += line;
    }
    top
}

/// One choice, its right edge at `right_top`; returns its left edge.
fn pill(ui: &Ui, cx: &mut Cx<'_>, setting: &Setting, choice: &Choice, right_top: Pos2) -> f32 {
    let tokens = cx.theme.tokens;
    let galley = text::galley(ui.painter(), &cx.theme, choice.words, (Type::Label, tokens.text), f32::INFINITY, 1);
    let width = galley.size().x + 26.0;
    let rect = Rect::from_min_size(right_top - vec2(width, 0.0), vec2(width, PILL));
    let spoken = format!("{}: {}", setting.name, choice.words);
    let info = || WidgetInfo::selected(Role::RadioButton, true, choice.is_chosen, &spoken);
    let touch = cx.touch(ui, pill_id(choice), rect, info);
    let (fill, ink) = match (choice.is_chosen, touch.is_raised()) {
        (true, _) => (tokens.focus, tokens.on_focus),
        (false, true) => (tokens.control_hover, tokens.text),
        (false, false) => (tokens.control_quiet, tokens.text_2),
    };
    ui.painter().rect_filled(rect, PILL / 2.0, fill);
    if touch.focused {
        ui.painter().rect_stroke(rect.expand(3.0), PILL / 2.0 + 3.0, (2.0, tokens.accent), StrokeKind::Inside);
    }
    let at = (rect.center(), Align2::CENTER_CENTER);
    text::line(ui.painter(), &cx.theme, at, choice.words, (Type::LabelStrong, ink));
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated && !choice.is_chosen {
        cx.send(DesktopMsg::Set(choice.change).into());
    }
    rect.left()
}

fn close_id() -> Id {
    Id::unique("desktop-settings-close")
}

/// Identity of the sheet for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("desktop-settings")
}

/// The settings, then the button that closes the sheet. It traps the focus.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    focus_rows(FocusMap::default(), model).row(Id::unique("desktop-settings-buttons"), [close_id()])
}

/// The settings on a sheet of their own, above everything else: where nobody is signed in there is no other page.
pub(crate) fn sheet(ui: &Ui, cx: &mut Cx<'_>, model: &Model) {
    let tokens = cx.theme.tokens;
    let count = settings(model).len() as f32;
    let card = super::sheet::card(ui, cx, vec2(820.0, 150.0 + count * LINE));
    let line = ((card.height() - 150.0) / count).min(LINE);
    let at = pos2(card.left() + 28.0, card.top() + 24.0);
    let heading =
        text::line(ui.painter(), &cx.theme, (at, Align2::LEFT_TOP), tr!("desktop"), (Type::Title, tokens.text));
    say(ui, Id::unique("desktop-heading"), heading, tr!("desktop-settings"));
    let bottom = desktop_section(ui, cx, model, pos2(at.x, heading.bottom() + 10.0), (card.width() - 56.0, line));
    let label = Label::new(Kind::Plain, tr!("done"));
    if button::labelled(ui, cx, close_id(), pos2(at.x, bottom + 10.0), &label).1 {
        cx.send(DesktopMsg::Close.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{density::Density, testing::fixtures::at_home};

    #[test]
    fn exactly_one_choice_of_each_setting_is_what_is_set() {
        let mut model = at_home(Density::Desktop);
        for step in 0..4 {
            for setting in settings(&model) {
                let chosen = setting.choices.iter().filter(|choice| choice.is_chosen).count();
                assert_eq!(chosen, 1, "{}", setting.name);
            }
            // Each choice is what it says once it is made.
            let changes: Vec<_> =
                settings(&model).iter().filter_map(|setting| setting.choices.get(step).map(|c| c.change)).collect();
            for change in changes {
                model.update(DesktopMsg::Set(change).into(), 0.0);
                let all = settings(&model);
                assert!(all.iter().flat_map(|s| &s.choices).any(|c| c.change == change && c.is_chosen), "{change:?}");
            }
        }
    }
}
