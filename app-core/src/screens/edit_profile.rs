//! Making a profile, or changing one.

use super::lines::{self, Disc, Line, Pill, Weight};
use crate::{
    app::{AGES, COLOURS, Confirm, Editor, Field, HouseholdWish, Model, Wish},
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    language::tr,
    theme::Type,
    widgets::{avatar, text},
};
use egui::{Align2, Id, Rect, Ui, pos2, vec2};

/// Identity of the page for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("edit-profile")
}

/// The lines of the page.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    lines::focus_rows(FocusMap::default(), screen_id(), &lines_of(model))
        .starting_at(lines::field_id(Field::ProfileName))
}

/// Shows the page: what it will look like at the left, what can be changed at the right.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    let Some(editor) = &model.household.editor else { return };
    let tv = cx.theme.density.is_tv();
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let top = area.top() + metrics.top + if tv { 8.0 } else { 24.0 };
    let words = if editor.id.is_some() { tr!("profile-change") } else { tr!("profile-new") };
    let at = (pos2(left, top), Align2::LEFT_TOP);
    let heading = text::line(ui.painter(), &cx.theme, at, words, (Type::Title, tokens.text));
    say(ui, Id::unique("edit-profile-heading"), heading, words);

    let side = if tv { 190.0 } else { 260.0 };
    let radius = if tv { 58.0 } else { 76.0 };
    let centre = pos2(left + side / 2.0 - 10.0, heading.bottom() + 34.0 + radius);
    let preview = editor.preview();
    avatar::paint(ui.painter(), &cx.theme, (centre, radius), &preview, &editor.avatar);
    let place = (pos2(centre.x, centre.y + radius + 26.0), Align2::CENTER_CENTER, side - 20.0);
    text::clipped_line(ui.painter(), &cx.theme, place, &preview.name, (Type::RowTitle, tokens.text));
    let place = (pos2(centre.x, centre.y + radius + 48.0), Align2::CENTER_CENTER);
    text::line(ui.painter(), &cx.theme, place, &ceiling_words(editor.ceiling), (Type::Caption, tokens.text_3));

    let column = Rect::from_min_max(
        pos2(left + side, heading.bottom() + if tv { 14.0 } else { 26.0 }),
        pos2(area.right() - metrics.keyline, area.bottom()),
    );
    lines::view(ui, cx, column.translate(vec2(0.0, 4.0)), screen_id(), &lines_of(model));
}

/// A ceiling in words.
pub(crate) fn ceiling_words(ceiling: Option<u8>) -> String {
    match ceiling {
        None => tr!("ages-all-titles").to_owned(),
        Some(0) => tr!("ages-titles-everybody").to_owned(),
        Some(age) => tr!("ages-titles-up-to", age = age),
    }
}

fn wish(wish: HouseholdWish) -> Wish {
    Wish::Household(wish)
}

fn lines_of(model: &Model) -> Vec<Line> {
    let Some(editor) = &model.household.editor else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(failure) = &editor.failure {
        all.push(Line::Bad(failure.sentence.clone()));
    }
    all.push(Line::Field {
        field: Field::ProfileName,
        text: editor.name.clone(),
        hint: tr!("profile-name").to_owned(),
        rows: 1,
    });
    all.push(Line::Discs { name: tr!("profile-picture").to_owned(), discs: avatars(editor) });
    all.push(Line::Discs { name: tr!("profile-colour").to_owned(), discs: colours(editor) });
    all.push(Line::Switch {
        name: tr!("profile-for-child").to_owned(),
        detail: tr!("profile-for-child-detail").to_owned(),
        is_on: editor.is_kids,
        wish: wish(HouseholdWish::Kids(!editor.is_kids)),
    });
    all.push(Line::Pills { name: tr!("profile-titles-shown").to_owned(), pills: ages(editor) });
    if let Some(id) = &editor.id {
        all.extend(pin(editor, id));
    }
    all.push(Line::Button {
        icon: icons::CHECK,
        words: if editor.is_saving { tr!("saving") } else { tr!("save") }.to_owned(),
        wish: wish(HouseholdWish::Save),
        weight: Weight::Primary,
        is_enabled: editor.is_complete(),
    });
    if let Some(id) = &editor.id
        && model.account.as_ref().is_some_and(|account| account.profiles.len() > 1)
    {
        all.push(Line::Button {
            icon: icons::REMOVE,
            words: tr!("profile-remove").to_owned(),
            wish: Wish::Confirm(Confirm::RemoveProfile { profile: id.clone(), name: editor.name.clone() }),
            weight: Weight::Danger,
            is_enabled: !editor.is_saving,
        });
    }
    all
}

fn pin(editor: &Editor, id: &service_api::ProfileId) -> Vec<Line> {
    let choose = |words: &str, detail: &str| Line::Item {
        icon: icons::LOCK,
        name: tr!("profile-pin").to_owned(),
        detail: detail.to_owned(),
        verb: words.to_owned(),
        wish: wish(HouseholdWish::ChoosePin),
    };
    if !editor.has_pin {
        return vec![choose(tr!("profile-pin-choose"), tr!("profile-pin-none"))];
    }
    let remove = Confirm::RemovePin { profile: id.clone(), name: editor.name.clone() };
    vec![
        choose(tr!("profile-pin-change"), tr!("profile-pin-asked")),
        Line::Button {
            icon: icons::LOCK,
            words: tr!("profile-pin-remove").to_owned(),
            wish: Wish::Confirm(remove),
            weight: Weight::Plain,
            is_enabled: true,
        },
    ]
}

fn avatars(editor: &Editor) -> Vec<Disc> {
    let initial = ("", tr!("profile-initial"));
    let pictures = icons::AVATARS.iter().map(|(name, _)| (*name, icons::avatar_words(name)));
    std::iter::once(initial)
        .chain(pictures)
        .map(|(avatar, name)| Disc {
            name: tr!("profile-picture-is", name = name.to_lowercase()),
            colour: editor.colour.clone(),
            avatar: if avatar.is_empty() { initial_of(&editor.name) } else { avatar.to_owned() },
            is_chosen: editor.avatar == avatar,
            wish: wish(HouseholdWish::Avatar(avatar.to_owned())),
        })
        .collect()
}

/// Stands for the initial on a disc.
fn initial_of(name: &str) -> String {
    let letter: String = name.trim().chars().next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    if letter.is_empty() { "A".to_owned() } else { letter }
}

fn colours(editor: &Editor) -> Vec<Disc> {
    let names = [
        tr!("colour-blue"),
        tr!("colour-red"),
        tr!("colour-yellow"),
        tr!("colour-green"),
        tr!("colour-violet"),
        tr!("colour-pink"),
        tr!("colour-teal"),
        tr!("colour-grey"),
    ];
    COLOURS
        .iter()
        .zip(names)
        .map(|(colour, name)| Disc {
            name: tr!("profile-colour-is", name = name.to_lowercase()),
            colour: (*colour).to_owned(),
            avatar: String::new(),
            is_chosen: editor.colour.eq_ignore_ascii_case(colour),
            wish: wish(HouseholdWish::Colour((*colour).to_owned())),
        })
        .collect()
}

fn ages(editor: &Editor) -> Vec<Pill> {
    let mut ages: Vec<Option<u8>> = AGES.map(Some).to_vec();
    // One that was set elsewhere.
    if editor.ceiling.is_some() && !ages.contains(&editor.ceiling) {
        ages.push(editor.ceiling);
        ages.sort_unstable();
    }
    if !editor.is_kids {
        ages.push(None);
    }
    let words = |age: Option<u8>| match age {
        None => tr!("ages-all").to_owned(),
        Some(0) => tr!("ages-everybody").to_owned(),
        Some(age) => tr!("ages-up-to", age = age),
    };
    ages.into_iter()
        .map(|age| Pill {
            words: words(age),
            is_chosen: editor.ceiling == age,
            wish: wish(HouseholdWish::Ceiling(age)),
        })
        .collect()
}
