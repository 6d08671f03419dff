//! Titles, accounts and player states that look like the real thing, with procedural artwork.

use crate::{
    app::{Model, Msg},
    code::SignInCode,
    density::Density,
    failure::{Elsewhere, Failure},
    launch::{DEFAULT_SERVER, Launch},
    player_view::model::Menu,
    settings::Settings,
    tokens,
};
use egui::ColorImage;
use player_core::{
    Bitrate, ByteCount, ChosenDecoder, DecoderReason, InstalledDecoder, MediaTime, PlaybackState, PlayerSnapshot,
    QualityChoice, RungId, TrackId,
    event::{RungInfo, TrackInfo},
    manifest::TrackKind,
    snapshot::{DecisionNote, HistoryPoint, Stats},
    text::{Colour, Cue, CueSettings, DisplayAlign, Line, Percent, PositionAlign, Region, Span, TextAlign, TextStyle},
};
use service_api::{
    GrantId, ProfileId, TitleId,
    account::{AccountDetails, Consents, PlanTerms},
    catalog::{
        Artwork, CardShape, Chapter, Credit, Home, LibraryProgress, Protection, Row, Season, Title, TitleKind,
        TitlePage, TitleState, TitleSummary,
    },
    client::ClientError,
    identity::{Account, Device, DeviceKind, Profile},
    playback::Quality,
    problem::{Problem, ProblemCode},
    profile::{ProfileDetails, Progress},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A gradient sky, a sun and four ranges of hills, different for each `seed`.
pub(crate) fn landscape(width: usize, height: usize, seed: u64) -> ColorImage {
    let palettes: [([f32; 3], [f32; 3], [f32; 3]); 8] = [
        ([14.0, 18.0, 34.0], [255.0, 107.0, 74.0], [255.0, 205.0, 160.0]),
        ([4.0, 26.0, 30.0], [30.0, 128.0, 122.0], [150.0, 220.0, 190.0]),
        ([14.0, 8.0, 34.0], [140.0, 62.0, 196.0], [245.0, 170.0, 245.0]),
        ([6.0, 20.0, 10.0], [66.0, 128.0, 52.0], [190.0, 225.0, 130.0]),
        ([10.0, 14.0, 26.0], [64.0, 98.0, 158.0], [190.0, 190.0, 196.0]),
        ([24.0, 6.0, 8.0], [176.0, 40.0, 40.0], [255.0, 140.0, 110.0]),
        ([20.0, 16.0, 8.0], [196.0, 146.0, 60.0], [255.0, 236.0, 190.0]),
        ([8.0, 18.0, 34.0], [52.0, 138.0, 206.0], [216.0, 240.0, 255.0]),
    ];
    let (dark, glow, sun) = palettes[(seed % 8) as usize];
    let (w, h) = (width as f32, height as f32);
    let turn = seed as f32 * 1.7;
    let sun_at = (0.62 + 0.12 * (turn * 1.3).sin(), 0.40 + 0.04 * turn.cos());
    let radius = 0.115;
    let mix = |a: [f32; 3], b: [f32; 3], t: f32| -> [f32; 3] {
        std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t.clamp(0.0, 1.0))
    };
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = ((x as f32 + 0.5) / w, (y as f32 + 0.5) / h);
            let mut colour = mix(dark, glow, (v / 0.62).powf(1.6));
            let (dx, dy) = ((u - sun_at.0) * w / h, v - sun_at.1);
            let distance = (dx * dx + dy * dy).sqrt();
            colour = mix(colour, glow, 0.75 * (-distance * 4.2).exp());
            colour = mix(colour, sun, ((radius - distance) * h * 0.35 + 0.5).clamp(0.0, 1.0));
            for range in 0..4 {
                let k = range as f32;
                let base = 0.54 + 0.115 * k;
                let wave = (u * (5.0 + 1.7 * k) + turn + k * 2.1).sin() * 0.045
                    + (u * (11.0 + 3.0 * k) + turn * 2.0 + k).sin() * 0.018;
                let edge = base + wave;
                let cover = ((v - edge) * h * 0.5 + 0.5).clamp(0.0, 1.0);
                let shade = mix(mix(dark, glow, 0.42 - 0.13 * k), [6.0, 7.0, 10.0], 0.22 * k + (v - edge) * 0.8);
                colour = mix(colour, shade, cover);
            }
            pixels.push(tokens::pixel([colour[0] as u8, colour[1] as u8, colour[2] as u8, 255]));
        }
    }
    ColorImage::new([width, height], pixels)
}

/// The artwork behind a path made by [`summary`]. It is painted once: screens ask for the same again and again.
pub(crate) fn artwork(path: &str, width: u32) -> Option<ColorImage> {
    static PAINTED: Mutex<BTreeMap<(String, u32), ColorImage>> = Mutex::new(BTreeMap::new());
    let key = (path.to_owned(), width);
    let known = PAINTED.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if known.is_some() {
        return known;
    }
    let image = painted(path, width)?;
    PAINTED.lock().unwrap_or_else(PoisonError::into_inner).insert(key, image.clone());
    Some(image)
}

fn painted(path: &str, width: u32) -> Option<ColorImage> {
    let (kind, seed) = path.strip_prefix("/artwork/")?.split_once('/')?;
    let seed = seed.parse().ok()?;
    let width = width as usize;
    Some(match kind {
        "poster" => landscape(width, width * 3 / 2, seed),
        _ => landscape(width, width * 9 / 16, seed),
    })
}

const NAMES: [&str; 12] = [
    "The Long Tide",
    "Glass Harbour",
    "Orbit Kitchen",
    "Low Country",
    "Paper Lions",
    "Northern Window",
    "Salt and Signal",
    "The Quiet Engine",
    "Field Notes",
    "Copper Rain",
    "Second Orchard",
    "Night Ferry",
];

pub(crate) fn summary(seed: u64) -> TitleSummary {
    let name = NAMES[(seed % 12) as usize];
    TitleSummary {
        id: TitleId(name.to_lowercase().replace(' ', "-")),
        name: name.to_owned(),
        kicker: (seed == 0).then(|| "New season".to_owned()),
        synopsis: "When the sea leaves and does not come back, a harbour pilot follows the empty bed east to find out \
                   who is keeping it."
            .to_owned(),
        year: Some(2026),
        runtime_s: Some(3112.0 + 240.0 * seed as f64),
        maturity: Some(12),
        genres: vec!["Drama".to_owned(), "Mystery".to_owned()],
        badges: vec!["1080p".to_owned(), "AAC 2.0".to_owned(), "CC".to_owned()],
        state: TitleState::Ready,
        artwork: Artwork {
            card: Some(format!("/artwork/card/{seed}")),
            poster: Some(format!("/artwork/poster/{seed}")),
            backdrop: Some(format!("/artwork/backdrop/{seed}")),
            colour: Some("#803C28".to_owned()),
        },
        progress: None,
    }
}

fn begun(seed: u64, share: f64) -> TitleSummary {
    let title = summary(seed);
    let duration_s = title.runtime_s.unwrap_or(3000.0);
    TitleSummary { progress: Some(Progress { position_s: duration_s * share, duration_s, taken_at_ms: 1 }), ..title }
}

fn preparing(seed: u64, percent: u8) -> TitleSummary {
    TitleSummary { state: TitleState::Preparing { percent }, ..summary(seed) }
}

pub(crate) fn home() -> Home {
    Home {
        hero: Some(begun(0, 0.37)),
        rows: vec![
            Row {
                id: "continue".into(),
                heading: "Continue watching".into(),
                shape: CardShape::Wide,
                items: vec![
                    begun(1, 0.55),
                    begun(2, 0.4),
                    begun(3, 0.8),
                    begun(4, 0.66),
                    begun(5, 0.25),
                    begun(6, 0.1),
                ],
            },
            Row {
                id: "drama".into(),
                heading: "Drama".into(),
                shape: CardShape::Poster,
                items: (0..12).map(|i| if i == 2 { preparing(i, 42) } else { summary(i) }).collect(),
            },
            Row {
                id: "documentary".into(),
                heading: "Documentary".into(),
                shape: CardShape::Wide,
                items: vec![preparing(9, 0), summary(7), summary(8), summary(10), summary(11)],
            },
            Row {
                id: "because-glass-harbour".into(),
                heading: "Because you watched Glass Harbour".into(),
                shape: CardShape::Wide,
                items: [7, 9, 11, 8, 10].map(summary).to_vec(),
            },
        ],
        library: Some(LibraryProgress { ready: 6, total: 10 }),
    }
}

pub(crate) fn title() -> Title {
    Title {
        summary: begun(0, 0.37),
        description: "The water went out on a Tuesday, and by Friday the gulls had stopped waiting for it.\n\nFour tides later she has a ledger of names, a radio that only speaks \
                      at noon, and a town that would rather not know."
            .to_owned(),
        credits: [("Director", "Ines Albrecht"), ("Writer", "Tomas Reyl"), ("Music", "Ada Fenn")]
            .map(|(part, name)| Credit { part: part.into(), name: name.into() })
            .to_vec(),
        audio_languages: vec!["en".into(), "de".into()],
        subtitle_languages: vec!["en".into(), "de".into(), "fr".into()],
        protection: Protection::Cbcs,
        chapters: chapters(),
        segments: Vec::new(),
        more_like_this: (5..11).map(summary).collect(),
    }
}

/// The same as the service tells it.
pub(crate) fn page() -> TitlePage {
    TitlePage { title: title(), kind: TitleKind::Film, seasons: Vec::new(), episode: None, trailer: None }
}

/// A series of two seasons; the second episode was begun.
pub(crate) fn series() -> TitlePage {
    let episode = |number: u64, share: Option<f64>| {
        let progress = share.map(|share| Progress { position_s: share * 1500.0, duration_s: 1500.0, taken_at_ms: 0 });
        let id = TitleId::from(format!("episode-{number}").as_str());
        TitleSummary { id, name: format!("Part {number}"), kicker: None, progress, ..summary(number) }
    };
    let first = vec![episode(1, Some(1.0)), episode(2, Some(0.4)), episode(3, None)];
    let second = vec![episode(4, None), episode(5, None)];
    let seasons = vec![Season { number: 1, episodes: first }, Season { number: 2, episodes: second }];
    TitlePage { kind: TitleKind::Series, seasons, ..page() }
}

pub(crate) fn chapters() -> Vec<Chapter> {
    [
        (0.0, "Low water"),
        (248.0, "The pilot"),
        (682.0, "Eastward"),
        (1457.0, "The ledger"),
        (2173.0, "Noon"),
        (2890.0, "High water"),
    ]
    .map(|(start_s, name)| Chapter { start_s, name: name.into() })
    .to_vec()
}

pub(crate) fn account() -> Account {
    let profile = |id: &str, name: &str, colour: &str, ceiling| Profile {
        id: ProfileId::from(id),
        name: name.into(),
        colour: colour.into(),
        maturity_ceiling: ceiling,
    };
    Account {
        id: service_api::AccountId::from("account"),
        email: "mira@example.com".into(),
        plan: "Premium".into(),
        profiles: vec![
            profile("mira", "Mira", "#2F6BEA", None),
            profile("jon", "Jon", "#E0503A", None),
            profile("kids", "Kids", "#F5C04E", Some(6)),
        ],
    }
}

/// The same profiles, whole: Jon's is locked.
pub(crate) fn household() -> Vec<ProfileDetails> {
    let details = |profile: Profile| ProfileDetails {
        avatar: if profile.id.as_str() == "kids" { "rabbit".into() } else { String::new() },
        language: String::new(),
        kids: profile.id.as_str() == "kids",
        has_pin: profile.id.as_str() == "jon",
        profile,
    };
    account().profiles.into_iter().map(details).collect()
}

pub(crate) fn account_details() -> AccountDetails {
    let plan = |name: &str, streams, devices, quality, offline| PlanTerms {
        name: name.into(),
        streams,
        devices,
        quality,
        offline,
    };
    let plans = vec![plan("Basic", 2, 6, Quality::Hd, false), plan("Premium", 4, 12, Quality::Uhd, true)];
    AccountDetails {
        id: account().id,
        name: "Mira Albrecht".into(),
        email: account().email,
        is_email_verified: true,
        has_password: true,
        plan: plans[1].clone(),
        plans,
        consents: Consents::default(),
    }
}

/// Where the account is signed in: here, on a television, and in a browser.
pub(crate) fn devices() -> Vec<Device> {
    let device = |id: &str, kind, name: &str, signed_in_at_s| Device {
        id: id.into(),
        kind,
        name: name.into(),
        signed_in_at_s,
        last_used_at_s: signed_in_at_s + 400_000.0,
        is_current: id == "here",
    };
    vec![
        device("here", DeviceKind::App, "Lumen on Linux", 1_790_000_000.0),
        device("tv", DeviceKind::App, "Living room TV", 1_780_000_000.0),
        device("web", DeviceKind::Browser, "Firefox on Windows", 1_789_000_000.0),
    ]
}

/// The menus that hang on the player's bar.
pub(crate) const BAR_MENUS: [Menu; 8] = [
    Menu::Audio,
    Menu::Subtitles,
    Menu::TextLook,
    Menu::Settings,
    Menu::Quality,
    Menu::Speed,
    Menu::Skipping,
    Menu::Decoder,
];

pub(crate) fn launch() -> Launch {
    Launch {
        url: None,
        server: DEFAULT_SERVER.parse().unwrap(),
        title: None,
        stats: false,
        start: None,
        quality: None,
        decoder: None,
        full_screen: false,
    }
}

/// At the sign-in screen, after no session was found.
pub(crate) fn signed_out(density: Density) -> Model {
    let (mut model, _) = Model::new(density, launch(), Settings::default());
    model.update(Msg::Restored(Ok(None)), 0.0);
    model
}

/// A code to sign in with, as a server gives one out.
pub(crate) fn code(text: &str) -> SignInCode {
    let page = url::Url::parse("https://tv.lumen.example/device").unwrap();
    let with_code = page.join(&format!("?user_code={text}")).unwrap();
    SignInCode::new(text, page, &with_code, Duration::from_secs(600))
}

/// All places are taken by others.
pub(crate) fn occupied() -> Failure {
    let tv = Elsewhere { device: "Living room TV".into(), grant: GrantId::from("grant") };
    Failure {
        sentence: "Jon is watching on Living room TV – stop there to watch here, or upgrade your plan".into(),
        code: "stream-limit".into(),
        elsewhere: vec![tv],
        ..failure()
    }
}

/// At the choice of profiles.
pub(crate) fn choosing(density: Density) -> Model {
    let (mut model, _) = Model::new(density, launch(), Settings::default());
    model.update(Msg::Restored(Ok(Some(account()))), 0.0);
    model
}

/// At home, with everything loaded.
pub(crate) fn at_home(density: Density) -> Model {
    let mut model = choosing(density);
    model.update(Msg::ChooseProfile(ProfileId::from("mira")), 0.0);
    let answer = Box::new(Ok(home()));
    model.update(Msg::HomeLoaded { profile: ProfileId::from("mira"), answer }, 0.0);
    model
}

/// On the page of a series.
pub(crate) fn at_series(density: Density) -> Model {
    let mut model = at_home(density);
    model.update(Msg::ShowTitle(summary(0)), 0.0);
    model.update(Msg::TitleLoaded { title: summary(0).id, answer: Box::new(Ok(series())) }, 0.0);
    model
}

/// At a profile that is locked.
pub(crate) fn at_pin(density: Density) -> Model {
    let mut model = choosing(density);
    model.update(Msg::ChooseProfile(ProfileId::from("mira")), 0.0);
    let locked = Failure { code: "pin-required".into(), ..failure() };
    model.update(Msg::HomeLoaded { profile: ProfileId::from("mira"), answer: Box::new(Err(locked)) }, 0.0);
    model
}

/// On the page of a title.
pub(crate) fn at_title(density: Density) -> Model {
    let mut model = at_home(density);
    model.update(Msg::ShowTitle(begun(0, 0.37)), 0.0);
    model.update(Msg::TitleLoaded { title: title().summary.id, answer: Box::new(Ok(page())) }, 0.0);
    model
}

/// In the player, with the given state.
pub(crate) fn playing(density: Density, snapshot: PlayerSnapshot) -> Model {
    let mut model = at_title(density);
    let summary = TitleSummary { kicker: Some("S1 E3 · The pilot's ledger".into()), ..title().summary };
    model.update(Msg::Play { title: summary, from: crate::app::PlayFrom::Resume }, 0.0);
    let player = model.player.as_mut().unwrap();
    player.chapters = chapters();
    player.opened(Ok(()));
    player.snapshot = snapshot.into();
    model
}

pub(crate) fn failure() -> Failure {
    Failure::unreachable("no connection at /v1/me")
}

/// Well into a title, on the fourth of six rungs.
pub(crate) fn snapshot() -> PlayerSnapshot {
    let sizes = [(426, 240, 400), (640, 360, 800), (854, 480, 1_600), (1280, 720, 3_200), (1920, 1080, 5_800)];
    let rungs: Vec<RungInfo> = sizes
        .iter()
        .enumerate()
        .map(|(i, (width, height, kbps))| RungInfo {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            width: *width,
            height: *height,
            codecs: "avc1.640028,mp4a.40.2".into(),
        })
        .collect();
    let track = |id, kind, language: &str, name: &str| TrackInfo {
        id: TrackId(id),
        kind,
        language: Some(language.into()),
        name: name.into(),
    };
    PlayerSnapshot {
        state: PlaybackState::Playing,
        wants_play: true,
        position: MediaTime::from_millis(1_152_000),
        duration: Some(MediaTime::from_millis(3_112_000)),
        buffered: Duration::from_secs(62),
        rungs,
        quality: QualityChoice::Auto,
        shown_rung: Some(RungId(3)),
        loading_rung: Some(RungId(4)),
        tracks: vec![
            track(0, TrackKind::Video, "und", ""),
            track(1, TrackKind::Audio, "en", "English"),
            track(2, TrackKind::Audio, "de", "Deutsch"),
            track(3, TrackKind::Text, "en", "English"),
            track(4, TrackKind::Text, "de", "German"),
        ],
        selected_audio: Some(TrackId(1)),
        selected_text: Some(TrackId(3)),
        volume: 1.0,
        stats: Stats {
            time_to_first_frame: Some(Duration::from_millis(412)),
            throughput: Some(Bitrate::from_kbps(18_400)),
            safe_throughput: Some(Bitrate::from_kbps(9_100)),
            bytes: ByteCount::new(612_000_000),
            segments: 412,
            switches: 5,
            ttfb: Some(Duration::from_millis(38)),
            frames_shown: 14_212,
            frames_dropped: 3,
            video_decoder: Some("avdec_h264".into()),
            video_decoder_chosen: Some(ChosenDecoder {
                is_hardware: false,
                reason: DecoderReason::NoHardware,
                installed: ["avdec_h264", "openh264dec"]
                    .map(|name| InstalledDecoder { name: name.to_owned(), is_hardware: false })
                    .to_vec(),
            }),
            audio_decoder: Some("avdec_aac".into()),
            protocol: Some(player_core::net::Protocol::Http2),
            ..Stats::default()
        },
        decisions: [DecisionNote {
            at: MediaTime::from_millis(1_148_000),
            rung: RungId(3),
            sentence: "1080p → 720p: low estimate 4.1 Mbit/s is less than the 5.8 needed, buffer 6.4 s".into(),
        }]
        .into(),
        history: (0..120)
            .map(|i| {
                let t = i as f32 / 120.0;
                HistoryPoint {
                    since_load: Duration::from_millis(500 * i),
                    buffered: Duration::from_secs_f32(18.0 + 9.0 * (t * 9.0).sin() + 3.0 * (t * 21.0).cos()),
                    shown_rung: Some(RungId(match i {
                        0..14 => 1,
                        14..36 => 2,
                        36..76 => 4,
                        76..90 => 2,
                        _ => 3,
                    })),
                    throughput: Some(Bitrate::from_kbps((5_200.0 + 1_700.0 * (t * 14.0).sin()) as u64)),
                }
            })
            .collect(),
        ..PlayerSnapshot::initial()
    }
}

/// Two lines of subtitles.
pub(crate) fn cue() -> Cue {
    let lines = vec!["She said the tide keeps books,".into(), "and that somebody must read them.".into()];
    Cue::plain(MediaTime::from_millis(1_150_000), MediaTime::from_millis(1_154_000), lines)
}

/// A cue at the usual place, one of a caption grid, one with styles at the top, and an image in a region.
pub(crate) fn styled_cues() -> Vec<Cue> {
    let at = |settings: CueSettings, spans: Vec<Vec<Span>>| {
        let lines = spans.iter().map(|line| line.iter().map(|span| span.text.as_str()).collect()).collect();
        let (start, end) = (MediaTime::from_millis(1_150_000), MediaTime::from_millis(1_154_000));
        Cue { settings, spans, ..Cue::plain(start, end, lines) }
    };
    let span = |text: &str, style: TextStyle| Span { text: text.to_owned(), style };
    let plain = TextStyle::default();
    let usual = at(CueSettings::default(), vec![vec![span("and that somebody", plain)]]);
    let grid = CueSettings {
        line: Some(Line::Percent(Percent::new(74.0))),
        position: Some(Percent::new(12.5)),
        position_align: PositionAlign::LineLeft,
        align: TextAlign::Left,
        ..CueSettings::default()
    };
    let ground = TextStyle { background: Some(Colour([0, 0, 0, 200])), ..plain };
    let grid = at(grid, vec![vec![span("GONE OUT", ground)]]);
    let red = TextStyle { colour: Some(Colour::rgb(255, 80, 80)), underline: true, ..plain };
    let styled = vec![
        span("red", red),
        span(", ", plain),
        span("bold", TextStyle { bold: true, ..plain }),
        span(" and ", plain),
        span("slanted", TextStyle { italic: true, ..plain }),
    ];
    let top = at(CueSettings { line: Some(Line::Number(0)), ..CueSettings::default() }, vec![styled]);
    let region = Region {
        top: Percent::new(40.0),
        left: Percent::new(45.0),
        width: Percent::new(10.0),
        height: Percent::new(10.0),
        display_align: DisplayAlign::After,
        scroll: false,
    };
    let mut png = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbaImage::from_fn(16, 9, |x, _| image::Rgba([255, 255, 255, (x * 16) as u8]));
    pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut picture = at(CueSettings { region: Some(region), ..CueSettings::default() }, Vec::new());
    picture.image = Some(png.into_inner().into());
    vec![usual, grid, top, picture]
}

/// A refusal by the service, titled "No".
pub(crate) fn problem(code: ProblemCode, status: u16) -> ClientError {
    let title = "No".into();
    ClientError::Problem(Problem { code, title, status, detail: None, request_id: None, retry_after_s: None })
}
