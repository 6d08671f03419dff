//! What each part of the settings says: from the model to lines, without drawing.

use crate::{
    app::{Confirm, Errand, Field, Model, Section, SettingsWish, Wish},
    format, icons,
    language::{Locale, tr},
    player_view::skip::SkipChoice,
    screens::lines::{Line, Pill, Weight},
    settings::Settings,
};
use chrono::{DateTime, Local};
use service_api::{
    account::{AccountDetails, Consents, SupportTopic},
    catalog::SegmentKind,
    identity::{Device, DeviceKind},
    playback::Quality,
};

/// The lines of the part that is shown.
pub(super) fn lines(model: &Model) -> Vec<Line> {
    match model.settings_page.section {
        Section::Account => account(model),
        Section::Plan => plan(model),
        Section::Devices => devices(model),
        Section::Playback => playback(model),
        Section::Privacy => privacy(model),
        Section::Support => support(model),
        Section::About => about(model),
        Section::Television => television(model),
    }
}

fn fact(name: &str, value: impl Into<String>) -> Line {
    Line::Fact { name: name.to_owned(), value: value.into() }
}

fn text(words: &str) -> Line {
    Line::Text(words.to_owned())
}

fn button(icon: &'static str, words: &str, wish: Wish) -> Line {
    Line::Button { icon, words: words.to_owned(), wish, weight: Weight::Plain, is_enabled: true }
}

fn settings(wish: SettingsWish) -> Wish {
    Wish::Settings(wish)
}

fn account(model: &Model) -> Vec<Line> {
    let Some(account) = model.settings_page.account.ready() else { return Vec::new() };
    let email = if account.is_email_verified {
        account.email.clone()
    } else {
        tr!("account-email-unconfirmed", address = &account.email)
    };
    vec![
        fact(tr!("account-name"), &account.name),
        fact(tr!("account-email"), email),
        fact(tr!("part-plan"), &account.plan.name),
        fact(tr!("account-at-once"), devices_words(account.plan.streams)),
        fact(tr!("account-best-quality"), quality(account.plan.quality)),
        Line::Item {
            icon: icons::PLAN,
            name: tr!("account-plan-includes").to_owned(),
            detail: String::new(),
            verb: tr!("remedy-see-plans").to_owned(),
            wish: settings(SettingsWish::Section(Section::Plan)),
        },
        text(tr!("account-elsewhere")),
    ]
}

fn devices_words(count: u32) -> String {
    tr!("devices", count = count)
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Any | Quality::Sd => tr!("quality-sd"),
        Quality::Hd => tr!("quality-hd"),
        Quality::Uhd => tr!("quality-uhd"),
    }
}

/// What each plan allows, side by side.
fn plan(model: &Model) -> Vec<Line> {
    let Some(account) = model.settings_page.account.ready() else { return Vec::new() };
    let plans = if account.plans.is_empty() { std::slice::from_ref(&account.plan) } else { account.plans.as_slice() };
    let columns = plans.iter().map(|plan| (plan.name.clone(), plan.name == account.plan.name)).collect();
    let row = |name: &str, value: &dyn Fn(&service_api::account::PlanTerms) -> String| {
        (name.to_owned(), plans.iter().map(value).collect::<Vec<_>>())
    };
    let titles = if plans.len() > 1 { tr!("plan-all-titles") } else { tr!("plan-titles") };
    let largest = plans.len() - 1;
    let includes = |plan: &service_api::account::PlanTerms| {
        if plans.get(largest) == Some(plan) { tr!("yes") } else { tr!("plan-all-but") }.to_owned()
    };
    let rows = vec![
        row(titles, &includes),
        row(tr!("plan-at-once"), &|plan| devices_words(plan.streams)),
        row(tr!("plan-registered"), &|plan| plan.devices.to_string()),
        row(tr!("account-best-quality"), &|plan| quality(plan.quality).to_owned()),
        row(tr!("plan-offline"), &|plan| if plan.offline { tr!("yes") } else { tr!("no") }.to_owned()),
    ];
    let is_largest = plans.last().is_some_and(|plan| plan.name == account.plan.name);
    let rest = if is_largest {
        tr!("plan-largest").to_owned()
    } else {
        let name = plans.last().map_or(tr!("plan-larger"), |plan| plan.name.as_str());
        tr!("plan-needs", name = name)
    };
    let mut lines = vec![Line::Table { columns, rows }, Line::Text(rest)];
    if !is_largest {
        let ask = settings(SettingsWish::Section(Section::Support));
        lines.push(button(icons::SUPPORT, tr!("plan-ask"), ask));
    }
    lines
}

fn devices(model: &Model) -> Vec<Line> {
    let Some(devices) = model.settings_page.devices.ready() else { return Vec::new() };
    let item = |device: &Device| {
        let is_ending = model.settings_page.ending.contains(&device.id);
        let used = if device.is_current {
            tr!("device-this").to_owned()
        } else {
            tr!("device-last-used", day = day(device.last_used_at_s))
        };
        Line::Item {
            icon: if device.kind == DeviceKind::Browser { icons::OPEN_OUTSIDE } else { icons::DEVICES },
            name: device.name.clone(),
            detail: tr!("device-signed-in", used = used, day = day(device.signed_in_at_s)),
            verb: match (is_ending, device.is_current) {
                (true, _) | (_, true) => String::new(),
                _ => tr!("sign-out").to_owned(),
            },
            wish: Wish::Confirm(Confirm::EndDevice { device: device.id.clone(), name: device.name.clone() }),
        }
    };
    let mut lines = vec![text(tr!("devices-why"))];
    lines.extend(devices.iter().map(item));
    lines
}

/// A day as people write it.
fn day(seconds: f64) -> String {
    let time = DateTime::from_timestamp_millis((seconds * 1000.0) as i64).unwrap_or_default().with_timezone(&Local);
    format::date(&time.date_naive())
}

fn playback(model: &Model) -> Vec<Line> {
    let (media, viewing) = (model.media(), model.viewing());
    let skip = |name: &str, kind, chosen| Line::Pills {
        name: name.to_owned(),
        pills: [
            (SkipChoice::None, tr!("skip-play")),
            (SkipChoice::Ask, tr!("skip-offer")),
            (SkipChoice::Auto, tr!("skip-auto")),
        ]
        .map(|(choice, words)| Pill {
            words: words.to_owned(),
            is_chosen: choice == chosen,
            wish: settings(SettingsWish::Skip(kind, choice)),
        })
        .to_vec(),
    };
    let subtitles = media.text_language.as_deref().map_or_else(|| tr!("off").to_owned(), format::language);
    let mut lines = vec![
        Line::Switch {
            name: tr!("autoplay").to_owned(),
            detail: tr!("autoplay-detail").to_owned(),
            is_on: viewing.autoplay_next,
            wish: settings(SettingsWish::Autoplay(!viewing.autoplay_next)),
        },
        Line::Item {
            icon: icons::SUBTITLES,
            name: tr!("subtitles").to_owned(),
            detail: tr!("subtitles-detail").to_owned(),
            verb: subtitles,
            wish: settings(SettingsWish::NextLanguage),
        },
        skip(tr!("intros"), SegmentKind::Intro, viewing.skip.intro),
        skip(tr!("recaps"), SegmentKind::Recap, viewing.skip.recap),
        skip(tr!("credits"), SegmentKind::Credits, viewing.skip.credits),
        Line::Pills { name: tr!("language").to_owned(), pills: languages(model) },
    ];
    if model.lacks_letters {
        lines.push(Line::Bad(tr!("language-no-font").to_owned()));
    }
    lines
}

/// The languages of the application, each by its own name; those who cannot read this one find theirs.
fn languages(model: &Model) -> Vec<Pill> {
    let pill = |words: &str, language| Pill {
        words: words.to_owned(),
        is_chosen: model.settings.language == language,
        wish: settings(SettingsWish::Language(language)),
    };
    let all = Locale::ALL.into_iter().map(|locale| pill(model.name_of(locale), Some(locale)));
    std::iter::once(pill(tr!("language-of-system"), None)).chain(all).collect()
}

fn privacy(model: &Model) -> Vec<Line> {
    let Some(account) = model.settings_page.account.ready() else { return Vec::new() };
    let consents = account.consents;
    let mut lines = vec![
        Line::Heading(tr!("privacy-agreed").to_owned()),
        Line::Switch {
            name: tr!("privacy-suggestions").to_owned(),
            detail: tr!("privacy-suggestions-detail").to_owned(),
            is_on: consents.recommendations,
            wish: settings(SettingsWish::Consent(Consents { recommendations: !consents.recommendations, ..consents })),
        },
        Line::Switch {
            name: tr!("privacy-details").to_owned(),
            detail: tr!("privacy-details-detail").to_owned(),
            is_on: consents.diagnostics,
            wish: settings(SettingsWish::Consent(Consents { diagnostics: !consents.diagnostics, ..consents })),
        },
        Line::Heading(tr!("privacy-kept").to_owned()),
    ];
    lines.extend(export(model));
    if !model.searches().is_empty() {
        let forget = Wish::Confirm(Confirm::ForgetSearches);
        lines.push(button(icons::HISTORY, tr!("privacy-forget"), forget));
    }
    lines.push(Line::Heading(tr!("privacy-leave").to_owned()));
    lines.extend(erasing(model, account));
    lines
}

fn export(model: &Model) -> Vec<Line> {
    let page = &model.settings_page;
    let is_under_way = page.export == Errand::UnderWay;
    let words = if is_under_way { tr!("export-collecting") } else { tr!("export-save") };
    let mut lines = vec![Line::Button {
        icon: icons::DOWNLOAD,
        words: words.to_owned(),
        wish: settings(SettingsWish::Export),
        weight: Weight::Plain,
        is_enabled: !is_under_way,
    }];
    match &page.export {
        Errand::Done(path) => lines.push(Line::Good(tr!("export-saved", path = path.display().to_string()))),
        Errand::Failed(failure) => lines.push(Line::Bad(failure.sentence.clone())),
        Errand::Idle | Errand::UnderWay => {
            lines.push(text(tr!("export-what")));
        }
    }
    lines
}

fn erasing(model: &Model, account: &AccountDetails) -> Vec<Line> {
    let page = &model.settings_page;
    if !page.is_erasing {
        let begin = settings(SettingsWish::BeginErasing(true));
        return vec![button(icons::REMOVE, tr!("erase-begin"), begin)];
    }
    let mut lines = Vec::new();
    if account.has_password {
        lines.push(text(tr!("erase-password")));
        lines.push(Line::Field {
            field: Field::Password,
            text: page.password().to_owned(),
            hint: tr!("erase-password-hint").to_owned(),
            rows: 1,
        });
    } else {
        lines.push(text(tr!("erase-ten-minutes")));
    }
    if let Errand::Failed(failure) = &page.erasure {
        lines.push(Line::Bad(failure.sentence.clone()));
    }
    let is_under_way = page.erasure == Errand::UnderWay;
    lines.push(Line::Button {
        icon: icons::REMOVE,
        words: if is_under_way { tr!("erase-under-way") } else { tr!("erase-for-ever") }.to_owned(),
        wish: Wish::Confirm(Confirm::Erase),
        weight: Weight::Danger,
        is_enabled: !is_under_way && (!account.has_password || !page.password().is_empty()),
    });
    lines.push(button(icons::ARROW_LEFT, tr!("erase-keep"), settings(SettingsWish::BeginErasing(false))));
    lines
}

fn support(model: &Model) -> Vec<Line> {
    let page = &model.settings_page;
    let topics = [
        (SupportTopic::Playback, tr!("support-playback")),
        (SupportTopic::Account, tr!("support-account")),
        (SupportTopic::Feedback, tr!("support-feedback")),
    ];
    let mut lines = vec![
        Line::Pills {
            name: tr!("support-about").to_owned(),
            pills: topics
                .map(|(topic, words)| Pill {
                    words: words.to_owned(),
                    is_chosen: topic == page.topic,
                    wish: settings(SettingsWish::Topic(topic)),
                })
                .to_vec(),
        },
        Line::Field {
            field: Field::Message,
            text: page.message.clone(),
            hint: tr!("support-hint").to_owned(),
            rows: 4,
        },
        Line::Switch {
            name: tr!("support-attach").to_owned(),
            detail: if page.attaches { tr!("support-attached") } else { tr!("support-attach-detail") }.to_owned(),
            is_on: page.attaches,
            wish: settings(SettingsWish::Attach(!page.attaches)),
        },
    ];
    if page.attaches {
        lines.push(Line::Block(model.diagnostics()));
    }
    let is_under_way = page.support == Errand::UnderWay;
    lines.push(Line::Button {
        icon: icons::SUPPORT,
        words: if is_under_way { tr!("sending") } else { tr!("send") }.to_owned(),
        wish: settings(SettingsWish::SendSupport),
        weight: Weight::Primary,
        is_enabled: !is_under_way && !page.message.trim().is_empty(),
    });
    match &page.support {
        Errand::Done(reference) => {
            lines.push(Line::Good(tr!("support-thanks", reference = reference)));
        }
        Errand::Failed(failure) => lines.push(Line::Bad(tr!("support-failed", why = &failure.sentence))),
        Errand::Idle | Errand::UnderWay => {}
    }
    lines
}

fn television(model: &Model) -> Vec<Line> {
    let set = &model.settings;
    let previews = if model.previews.are_affordable {
        let on = model.viewing().previews;
        Line::Switch {
            name: tr!("previews").to_owned(),
            detail: tr!("previews-detail").to_owned(),
            is_on: on,
            wish: settings(SettingsWish::Previews(!on)),
        }
    } else {
        fact(tr!("previews"), tr!("previews-not-here"))
    };
    let edges = (0..=Settings::OVERSCAN).map(|per_cent| Pill {
        words: tr!("percent", amount = per_cent),
        is_chosen: per_cent == set.overscan,
        wish: settings(SettingsWish::Overscan(per_cent)),
    });
    vec![
        Line::Pills { name: tr!("edges-free").to_owned(), pills: edges.collect() },
        previews,
        Line::Switch {
            name: tr!("ambient").to_owned(),
            detail: tr!("ambient-detail").to_owned(),
            is_on: set.ambient,
            wish: settings(SettingsWish::Ambient(!set.ambient)),
        },
        Line::Item {
            icon: icons::KEYBOARD,
            name: tr!("keyboard").to_owned(),
            detail: tr!("keyboard-detail").to_owned(),
            verb: set.keyboard.unwrap_or_default().name().to_owned(),
            wish: settings(SettingsWish::NextKeyboard),
        },
        Line::Button {
            icon: icons::REMOVE,
            words: tr!("reset").to_owned(),
            wish: Wish::Confirm(Confirm::Reset),
            weight: Weight::Danger,
            is_enabled: true,
        },
    ]
}

fn about(model: &Model) -> Vec<Line> {
    let density = if model.density.is_tv() { tr!("about-for-television") } else { tr!("about-for-desktop") };
    vec![
        fact("Lumen", format!("{} {density}", env!("CARGO_PKG_VERSION"))),
        fact(tr!("about-server"), model.server.host_str().unwrap_or(tr!("unknown"))),
        fact(tr!("about-licence"), tr!("about-licence-lumen")),
        Line::Heading(tr!("about-made-with").to_owned()),
        fact("Inter", tr!("about-inter")),
        fact("Phosphor", tr!("about-phosphor")),
        fact("egui", tr!("about-egui")),
        fact("GStreamer", tr!("about-gstreamer")),
        text(tr!("about-licences")),
    ]
}
