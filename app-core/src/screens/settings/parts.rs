//! What each part of the settings says: from the model to lines, without drawing.

use crate::{
    app::{Confirm, Errand, Field, Model, Section, SettingsWish, Wish},
    format, icons,
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
    let email =
        if account.is_email_verified { account.email.clone() } else { format!("{} (not confirmed)", account.email) };
    vec![
        fact("Name", &account.name),
        fact("E-mail", email),
        fact("Plan", &account.plan.name),
        fact("At the same time", devices_words(account.plan.streams)),
        fact("Best quality", quality(account.plan.quality)),
        Line::Item {
            icon: icons::PLAN,
            name: "What the plan includes".to_owned(),
            detail: String::new(),
            verb: "See plans".to_owned(),
            wish: settings(SettingsWish::Section(Section::Plan)),
        },
        text("Name, e-mail and password are changed on the account page of the service, in a browser"),
    ]
}

fn devices_words(count: u32) -> String {
    if count == 1 { "one device".to_owned() } else { format!("{count} devices") }
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Any | Quality::Sd => "up to 576p",
        Quality::Hd => "up to 1080p",
        Quality::Uhd => "up to 4K",
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
    let titles = if plans.len() > 1 { "All titles of the catalog" } else { "Titles" };
    let largest = plans.len() - 1;
    let includes = |plan: &service_api::account::PlanTerms| {
        if plans.get(largest) == Some(plan) { "Yes" } else { "All but those marked" }.to_owned()
    };
    let rows = vec![
        row(titles, &includes),
        row("Watching at the same time", &|plan| devices_words(plan.streams)),
        row("Registered devices", &|plan| plan.devices.to_string()),
        row("Best quality", &|plan| quality(plan.quality).to_owned()),
        row("Keep titles for offline", &|plan| if plan.offline { "Yes" } else { "No" }.to_owned()),
    ];
    let is_largest = plans.last().is_some_and(|plan| plan.name == account.plan.name);
    let rest = if is_largest {
        "You have the largest plan: every title of the catalog is yours to watch".to_owned()
    } else {
        let name = plans.last().map_or("a larger plan", |plan| plan.name.as_str());
        format!("Titles marked {name} need that plan. Whoever runs the service changes plans: ask under Support")
    };
    let mut lines = vec![Line::Table { columns, rows }, Line::Text(rest)];
    if !is_largest {
        let ask = settings(SettingsWish::Section(Section::Support));
        lines.push(button(icons::SUPPORT, "Ask for another plan", ask));
    }
    lines
}

fn devices(model: &Model) -> Vec<Line> {
    let Some(devices) = model.settings_page.devices.ready() else { return Vec::new() };
    let item = |device: &Device| {
        let is_ending = model.settings_page.ending.contains(&device.id);
        let used = if device.is_current {
            "This device".to_owned()
        } else {
            format!("Last used {}", day(device.last_used_at_s))
        };
        Line::Item {
            icon: if device.kind == DeviceKind::Browser { icons::OPEN_OUTSIDE } else { icons::DEVICES },
            name: device.name.clone(),
            detail: format!("{used}, signed in {}", day(device.signed_in_at_s)),
            verb: match (is_ending, device.is_current) {
                (true, _) | (_, true) => String::new(),
                _ => "Sign out".to_owned(),
            },
            wish: Wish::Confirm(Confirm::EndDevice { device: device.id.clone(), name: device.name.clone() }),
        }
    };
    let mut lines = vec![text(
        "Where your account is signed in. A device that you do not know: sign it out, then change your password",
    )];
    lines.extend(devices.iter().map(item));
    lines
}

/// A day as people write it.
fn day(seconds: f64) -> String {
    let time = DateTime::from_timestamp_millis((seconds * 1000.0) as i64).unwrap_or_default().with_timezone(&Local);
    time.format("%-d %B %Y").to_string()
}

fn playback(model: &Model) -> Vec<Line> {
    let (set, viewing) = (&model.settings, model.viewing());
    let skip = |name: &str, kind, chosen| Line::Pills {
        name: name.to_owned(),
        pills: [
            (SkipChoice::None, "Play them"),
            (SkipChoice::Ask, "Offer to skip"),
            (SkipChoice::Auto, "Skip by itself"),
        ]
        .map(|(choice, words)| Pill {
            words: words.to_owned(),
            is_chosen: choice == chosen,
            wish: settings(SettingsWish::Skip(kind, choice)),
        })
        .to_vec(),
    };
    let subtitles = set.text_language.as_deref().map_or_else(|| "Off".to_owned(), format::language);
    vec![
        Line::Switch {
            name: "Play the next episode".to_owned(),
            detail: "By itself, when one has ended".to_owned(),
            is_on: viewing.autoplay_next,
            wish: settings(SettingsWish::Autoplay(!viewing.autoplay_next)),
        },
        Line::Item {
            icon: icons::SUBTITLES,
            name: "Subtitles".to_owned(),
            detail: "Shown from the start, where a title has them".to_owned(),
            verb: subtitles,
            wish: settings(SettingsWish::NextLanguage),
        },
        skip("Intros", SegmentKind::Intro, viewing.skip.intro),
        skip("Recaps", SegmentKind::Recap, viewing.skip.recap),
        skip("Credits", SegmentKind::Credits, viewing.skip.credits),
    ]
}

fn privacy(model: &Model) -> Vec<Line> {
    let Some(account) = model.settings_page.account.ready() else { return Vec::new() };
    let consents = account.consents;
    let mut lines = vec![
        Line::Heading("What you agree to".to_owned()),
        Line::Switch {
            name: "Suggestions from what was watched".to_owned(),
            detail: "Rows such as “Because you watched”; off, they are not made".to_owned(),
            is_on: consents.recommendations,
            wish: settings(SettingsWish::Consent(Consents { recommendations: !consents.recommendations, ..consents })),
        },
        Line::Switch {
            name: "Technical details for support".to_owned(),
            detail: "Attached to requests from the start; you see them before they are sent".to_owned(),
            is_on: consents.diagnostics,
            wish: settings(SettingsWish::Consent(Consents { diagnostics: !consents.diagnostics, ..consents })),
        },
        Line::Heading("What is kept about you".to_owned()),
    ];
    lines.extend(export(model));
    if !model.searches().is_empty() {
        let forget = Wish::Confirm(Confirm::ForgetSearches);
        lines.push(button(icons::HISTORY, "Forget what was searched", forget));
    }
    lines.push(Line::Heading("Leave".to_owned()));
    lines.extend(erasing(model, account));
    lines
}

fn export(model: &Model) -> Vec<Line> {
    let page = &model.settings_page;
    let is_under_way = page.export == Errand::UnderWay;
    let words = if is_under_way { "Collecting…" } else { "Save a copy of my data" };
    let mut lines = vec![Line::Button {
        icon: icons::DOWNLOAD,
        words: words.to_owned(),
        wish: settings(SettingsWish::Export),
        weight: Weight::Plain,
        is_enabled: !is_under_way,
    }];
    match &page.export {
        Errand::Done(path) => lines.push(Line::Good(format!("Saved as {}", path.display()))),
        Errand::Failed(failure) => lines.push(Line::Bad(failure.sentence.clone())),
        Errand::Idle | Errand::UnderWay => {
            lines.push(text("One file with your account, profiles, lists, ratings, positions, devices and requests"));
        }
    }
    lines
}

fn erasing(model: &Model, account: &AccountDetails) -> Vec<Line> {
    let page = &model.settings_page;
    if !page.is_erasing {
        let begin = settings(SettingsWish::BeginErasing(true));
        return vec![button(icons::REMOVE, "Erase my account", begin)];
    }
    let mut lines = Vec::new();
    if account.has_password {
        lines.push(text("Enter your password: whoever holds this device is not always you"));
        lines.push(Line::Field {
            field: Field::Password,
            text: page.password().to_owned(),
            hint: "Password".to_owned(),
            rows: 1,
        });
    } else {
        lines.push(text("This is possible for ten minutes after signing in: your account has no password to ask for"));
    }
    if let Errand::Failed(failure) = &page.erasure {
        lines.push(Line::Bad(failure.sentence.clone()));
    }
    let is_under_way = page.erasure == Errand::UnderWay;
    lines.push(Line::Button {
        icon: icons::REMOVE,
        words: if is_under_way { "Erasing…" } else { "Erase for ever" }.to_owned(),
        wish: Wish::Confirm(Confirm::Erase),
        weight: Weight::Danger,
        is_enabled: !is_under_way && (!account.has_password || !page.password().is_empty()),
    });
    lines.push(button(icons::ARROW_LEFT, "Keep my account", settings(SettingsWish::BeginErasing(false))));
    lines
}

fn support(model: &Model) -> Vec<Line> {
    let page = &model.settings_page;
    let topics = [
        (SupportTopic::Playback, "Something does not play"),
        (SupportTopic::Account, "Account and plan"),
        (SupportTopic::Feedback, "What I think"),
    ];
    let mut lines = vec![
        Line::Pills {
            name: "What is it about?".to_owned(),
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
            hint: "What happened, and what did you expect?".to_owned(),
            rows: 4,
        },
        Line::Switch {
            name: "Attach technical details".to_owned(),
            detail: if page.attaches { "This and nothing else:" } else { "You see them before they are sent" }
                .to_owned(),
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
        words: if is_under_way { "Sending…" } else { "Send" }.to_owned(),
        wish: settings(SettingsWish::SendSupport),
        weight: Weight::Primary,
        is_enabled: !is_under_way && !page.message.trim().is_empty(),
    });
    match &page.support {
        Errand::Done(reference) => {
            lines.push(Line::Good(format!("Thank you. Your request is {reference}: name it if you write again")));
        }
        Errand::Failed(failure) => lines.push(Line::Bad(format!("{}. What you wrote is still here", failure.sentence))),
        Errand::Idle | Errand::UnderWay => {}
    }
    lines
}

fn television(model: &Model) -> Vec<Line> {
    let set = &model.settings;
    let previews = if model.previews.are_affordable {
        let on = model.viewing().previews;
        Line::Switch {
            name: "Previews".to_owned(),
            detail: "A title that rests above the rows begins to move, without sound".to_owned(),
            is_on: on,
            wish: settings(SettingsWish::Previews(!on)),
        }
    } else {
        fact("Previews", "off, this TV has too little memory for them")
    };
    let edges = (0..=Settings::OVERSCAN).map(|per_cent| Pill {
        words: format!("{per_cent} %"),
        is_chosen: per_cent == set.overscan,
        wish: settings(SettingsWish::Overscan(per_cent)),
    });
    vec![
        Line::Pills {
            name: "Edges left free, until the whole frame around this page is seen".to_owned(),
            pills: edges.collect(),
        },
        previews,
        Line::Switch {
            name: "Ambient mode".to_owned(),
            detail: "After ten minutes of rest the time of day beside a picture; off, the screen is only dimmed"
                .to_owned(),
            is_on: set.ambient,
            wish: settings(SettingsWish::Ambient(!set.ambient)),
        },
        Line::Item {
            icon: icons::KEYBOARD,
            name: "Keys on the screen".to_owned(),
            detail: "Letters for searching".to_owned(),
            verb: set.keyboard.unwrap_or_default().name().to_owned(),
            wish: settings(SettingsWish::NextKeyboard),
        },
        Line::Button {
            icon: icons::REMOVE,
            words: "Factory reset".to_owned(),
            wish: Wish::Confirm(Confirm::Reset),
            weight: Weight::Danger,
            is_enabled: true,
        },
    ]
}

fn about(model: &Model) -> Vec<Line> {
    let density = if model.density.is_tv() { "for televisions" } else { "for the desktop" };
    vec![
        fact("Lumen", format!("{} {density}", env!("CARGO_PKG_VERSION"))),
        fact("Server", model.server.host_str().unwrap_or("unknown")),
        fact("Licence", "MIT or Apache-2.0, as you like"),
        Line::Heading("What it is made with".to_owned()),
        fact("Inter", "SIL Open Font Licence 1.1, The Inter Project Authors"),
        fact("Phosphor", "MIT, Phosphor Icons"),
        fact("egui", "MIT or Apache-2.0, Emil Ernerfeldt and others"),
        fact("GStreamer", "LGPL 2.1 or later, used as it is installed"),
        text("The licences of all libraries come with the source, in Cargo.lock"),
    ]
}
