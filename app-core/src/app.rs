//! The application as a value: [`Model`], and [`Model::update`], which answers a [`Msg`] with [`Effect`]s.
//!
//! ```text
//!  views (screens, player_view) --Msg--> Model::update --Effect--> services (tokio), shell (window)
//!      ^                                     |   ^                      |
//!      +------------- &Model ----------------+   +--------- Msg --------+
//! ```
//!
//! `update` does no I/O, reads no clock and draws nothing, so every path through the application is a unit test.

mod browsing;
mod desktop;
mod household;
mod link;
mod mini;
mod optimistic;
mod pin;
mod preview;
mod search;
mod series;
mod settings_page;
mod suggest;
mod taste;
mod wish;

pub(crate) use self::{
    household::{AGES, COLOURS, Editor, Household, HouseholdWish, MAX_PROFILES},
    link::Link,
    pin::{PinMsg, PinScreen},
    preview::{Preview, Previews},
    search::{SearchMsg, SearchScreen},
    series::is_begun,
    settings_page::{Errand, Section, SettingsPage, SettingsWish},
    taste::{Taste, TasteWish},
    wish::{Confirm, Field, Typed, Wish},
};
use crate::{
    ask::{Ask, Told},
    code::SignInCode,
    density::Density,
    desktop::{
        address::Address,
        model::{DesktopMsg, DesktopScreen},
    },
    effect::{Effect, OpenRequest, Target},
    failure::Failure,
    language::tr,
    launch::{Launch, QualityWish},
    loadable::Loadable,
    player_view::{
        keys::KeyChoices,
        model::{Away, Phase, PlayerMsg, PlayerScreen, Source},
        text_style::TextLook,
        viewing::Viewing,
    },
    settings::Settings,
    widgets::toast::Toast,
};
use egui::ColorImage;
use player_core::DecoderChoice;
use service_api::{
    GrantId, ProfileId, TitleId,
    catalog::{Home, TitleList, TitlePage, TitleState, TitleSummary},
    identity::{Account, Profile},
};
use std::{collections::HashSet, time::Duration};
use url::Url;

pub(crate) use crate::effect::PlayFrom;

/// Home and a title that is being made are looked at again this often, in seconds.
const REFRESH: f64 = 3.0;
/// How long the focus rests on a title before its first segment is fetched, in seconds.
const REST: f64 = 0.4;

/// Where the viewer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Looking for a kept session.
    Starting,
    SignIn,
    Profiles,
    /// A profile is made or changed.
    EditProfile,
    /// The chosen profile is locked, or its PIN is chosen.
    Pin,
    Home,
    Search,
    Title,
    Settings,
    Player,
}

impl Place {
    /// Stable name, for figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::SignIn => "sign-in",
            Self::Profiles => "profiles",
            Self::EditProfile => "edit-profile",
            Self::Pin => "pin",
            Self::Home => "home",
            Self::Search => "search",
            Self::Title => "title",
            Self::Settings => "settings",
            Self::Player => "player",
        }
    }
}

/// Everything that can happen.
#[derive(Debug)]
pub(crate) enum Msg {
    // Wishes of the viewer.
    SignIn,
    CancelSignIn,
    /// With a code that is entered elsewhere: where no browser can be used.
    SignInByCode,
    OpenBrowserAgain,
    CopySignInLink,
    EditUrl(String),
    OpenUrl,
    ChooseProfile(ProfileId),
    ShowProfiles,
    ProfileMenu(bool),
    SignOut,
    ShowTitle(TitleSummary),
    /// Look at the season with this index.
    ChooseSeason(usize),
    Pin(PinMsg),
    Search(SearchMsg),
    Play {
        title: TitleSummary,
        from: PlayFrom,
    },
    /// The focus or the pointer is on this title in this frame.
    Rests(TitleId),
    GoHome,
    /// The page for those who help on the telephone.
    Diagnostics(bool),
    /// A television shows more or less of its edges.
    Overscan(i8),
    /// What stands above the rows has come into sight, or gone.
    HeroSeen(bool),
    Retry,
    Back,
    Player(PlayerMsg),
    /// About lists, profiles and the account.
    Wish(Wish),
    // Answers of the world.
    Told(Told),
    Restored(Result<Option<Account>, Failure>),
    SignInStarted(Result<Url, Failure>),
    /// A code to be entered elsewhere; the one before has expired.
    CodeGiven(SignInCode),
    SignedIn(Result<Account, Failure>),
    HomeLoaded {
        profile: ProfileId,
        answer: Box<Result<Home, Failure>>,
    },
    TitleLoaded {
        title: TitleId,
        answer: Box<Result<TitlePage, Failure>>,
    },
    Unlocked {
        profile: ProfileId,
        answer: Result<(), Failure>,
    },
    Found {
        text: String,
        answer: Result<TitleList, Failure>,
    },
    PlayerOpened {
        attempt: u64,
        answer: Result<(), Failure>,
    },
    /// The service does not let it go on.
    StreamLost {
        attempt: u64,
        failure: Failure,
    },
    /// A stream on another device was to be ended for this attempt.
    StoppedElsewhere {
        attempt: u64,
        answer: Result<(), Failure>,
    },
    /// Handled by the shell: textures are not part of the model.
    Picture {
        path: String,
        image: Option<ColorImage>,
    },
    Note(String),
    /// Nothing of this installation is left.
    WasReset,
    /// The desktop around the application, and what it is asked to open.
    Desktop(DesktopMsg),
}

/// The sign-in screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SignInScreen {
    pub(crate) step: SignInStep,
    pub(crate) failure: Option<Failure>,
    /// Address of a stream to be watched without signing in.
    pub(crate) url: String,
    pub(crate) url_problem: Option<String>,
}

/// How far signing in has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum SignInStep {
    #[default]
    Idle,
    /// The server is asked for its sign-in page.
    Starting,
    /// The browser has it.
    Waiting(Url),
    /// A code is shown, until this time of the interface's clock.
    Code { code: SignInCode, until: f64 },
}

/// The page of one title.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TitleScreen {
    pub(crate) summary: TitleSummary,
    pub(crate) document: Loadable<TitlePage>,
    pub(crate) loaded_at: f64,
    /// Of a series; until one is chosen it is where the viewer is.
    pub(crate) chosen_season: Option<usize>,
}

/// The whole application.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) density: Density,
    pub(crate) server: Url,
    pub(crate) place: Place,
    pub(crate) account: Option<Account>,
    pub(crate) profile: Option<Profile>,
    pub(crate) profile_menu: bool,
    pub(crate) sign_in: SignInScreen,
    pub(crate) pin: Option<PinScreen>,
    pub(crate) search: SearchScreen,
    pub(crate) taste: Taste,
    pub(crate) household: Household,
    pub(crate) settings_page: SettingsPage,
    /// Asked about before it is done.
    pub(crate) confirm: Option<Confirm>,
    /// The field that the keys on the screen type into.
    pub(crate) keys: Option<Field>,
    pub(crate) home: Loadable<Home>,
    pub(crate) home_loaded_at: f64,
    /// On a television: the title that the focus rested on last, which stands above the rows.
    pub(crate) hero: Option<TitleId>,
    /// Title pages, the visible one last: "more like this" stacks them.
    pub(crate) titles: Vec<TitleScreen>,
    pub(crate) player: Option<PlayerScreen>,
    /// Of playback, kept from title to title; 1 is normal.
    pub(crate) speed: f64,
    pub(crate) toast: Option<Toast>,
    pub(crate) settings: Settings,
    pub(crate) full_screen: bool,
    pub(crate) desktop: DesktopScreen,
    pub(crate) diagnostics: bool,
    /// The way to the service.
    pub(crate) link: Link,
    /// What moves above the rows.
    pub(crate) previews: Previews,
    /// The language that is wanted has letters that no font here has: English is spoken instead.
    pub(crate) lacks_letters: bool,
    /// Some font here has the letters of Japanese. Found out where the languages are listed.
    pub(crate) has_japanese: bool,
    /// Where the first title page was opened.
    came_from_search: bool,
    /// Back at the top was pressed once, until this time.
    leaving_until: f64,
    launch: Launch,
    resting: Option<(TitleId, f64)>,
    rests_now: bool,
    /// Titles whose beginning is here already.
    prefetched: HashSet<TitleId>,
    attempts: u64,
}

impl Model {
    /// The state at start and what must happen first.
    pub(crate) fn new(density: Density, launch: Launch, settings: Settings) -> (Self, Vec<Effect>) {
        let mut model = Self {
            density,
            server: launch.server.clone(),
            place: Place::Starting,
            account: None,
            profile: None,
            profile_menu: false,
            sign_in: SignInScreen::default(),
            pin: None,
            search: SearchScreen::default(),
            taste: Taste::default(),
            household: Household::default(),
            settings_page: SettingsPage::default(),
            confirm: None,
            keys: None,
            home: Loadable::Absent,
            home_loaded_at: 0.0,
            hero: None,
            titles: Vec::new(),
            player: None,
            speed: 1.0,
            toast: None,
            settings,
            full_screen: launch.full_screen,
            desktop: DesktopScreen::default(),
            diagnostics: false,
            link: Link::default(),
            previews: Previews::default(),
            lacks_letters: false,
            has_japanese: false,
            came_from_search: false,
            leaving_until: 0.0,
            launch,
            resting: None,
            rests_now: false,
            prefetched: HashSet::new(),
            attempts: 0,
        };
        let mut effects = vec![Effect::Restore];
        if let Some(url) = model.launch.url.clone() {
            let from = model.launch.start.map_or(PlayFrom::Resume, PlayFrom::At);
            effects.push(model.play_url(url, from));
        }
        (model, effects)
    }

    /// Takes one message; `now` is the interface's clock in seconds.
    pub(crate) fn update(&mut self, msg: Msg, now: f64) -> Vec<Effect> {
        let mut effects = self.follow_link(&msg, now);
        effects.extend(self.take(msg, now));
        effects
    }

    fn take(&mut self, msg: Msg, now: f64) -> Vec<Effect> {
        match msg {
            Msg::SignIn => self.begin_sign_in(),
            Msg::SignInByCode => {
                self.sign_in.step = SignInStep::Starting;
                vec![Effect::BeginCodeSignIn]
            }
            Msg::CancelSignIn => {
                self.sign_in.step = SignInStep::Idle;
                vec![Effect::CancelSignIn]
            }
            Msg::OpenBrowserAgain => match &self.sign_in.step {
                SignInStep::Waiting(url) => vec![Effect::OpenBrowser(url.clone())],
                _ => vec![],
            },
            Msg::CopySignInLink => match &self.sign_in.step {
                SignInStep::Waiting(url) => {
                    let link = url.to_string();
                    self.notify(tr!("note-link-copied"), now);
                    vec![Effect::Copy(link)]
                }
                _ => vec![],
            },
            Msg::EditUrl(url) => {
                self.sign_in.url = url;
                self.sign_in.url_problem = None;
                vec![]
            }
            Msg::OpenUrl => match Address::parse(&self.sign_in.url) {
                Ok(address) => self.open_address(address, now),
                Err(problem) => {
                    self.sign_in.url_problem = Some(problem);
                    vec![]
                }
            },
            Msg::ChooseProfile(id) => {
                let chosen = self.account.as_ref().and_then(|a| a.profiles.iter().find(|p| p.id == id)).cloned();
                match chosen {
                    Some(profile) if self.household.is_managing => {
                        self.update_household(HouseholdWish::Edit(profile.id))
                    }
                    Some(profile) => self.enter_home(profile),
                    None => vec![],
                }
            }
            Msg::ShowProfiles => {
                self.profile_menu = false;
                self.titles.clear();
                self.household.is_managing = false;
                self.place = Place::Profiles;
                vec![Effect::Ask(Ask::Household)]
            }
            Msg::ProfileMenu(open) => {
                self.profile_menu = open;
                vec![]
            }
            Msg::SignOut => self.sign_out(),
            Msg::ShowTitle(summary) => {
                // From under the player.
                let mut effects = if self.place == Place::Player { self.leave_player() } else { Vec::new() };
                effects.extend(self.show_title(summary));
                effects
            }
            Msg::ChooseSeason(season) => self.choose_season(season),
            Msg::Pin(msg) => self.update_pin(msg),
            Msg::Search(msg) => self.update_search(msg, now),
            Msg::Unlocked { profile, answer } => self.unlocked(&profile, answer),
            Msg::Found { text, answer } => self.found(&text, answer, now),
            Msg::Play { title, from } if self.place == Place::Player => self.play_instead(title, from),
            Msg::Play { title, from } => self.play_title(title, from),
            Msg::Rests(title) => {
                self.rests_now = true;
                if self.resting.as_ref().is_none_or(|(id, _)| *id != title) {
                    self.resting = Some((title, now));
                }
                vec![]
            }
            Msg::GoHome => {
                self.titles.clear();
                self.place = Place::Home;
                self.load_home()
            }
            Msg::Diagnostics(open) => {
                self.diagnostics = open;
                vec![]
            }
            Msg::Overscan(by) => {
                self.settings.overscan = self.settings.overscan.saturating_add_signed(by).min(Settings::OVERSCAN);
                vec![Effect::SaveSettings(self.settings.clone())]
            }
            Msg::HeroSeen(is_seen) => {
                self.previews.hero_is_seen = is_seen;
                vec![]
            }
            Msg::Retry => self.retry(now),
            Msg::Back => self.back(now),
            Msg::Player(msg) => self.update_player(msg, now),
            Msg::Wish(wish) => self.update_wish(wish, now),
            Msg::Told(told) => self.told(told, now),
            Msg::Restored(answer) => self.restored(answer),
            Msg::SignInStarted(answer) => match answer {
                Ok(url) if self.sign_in.step == SignInStep::Starting => {
                    self.sign_in.step = SignInStep::Waiting(url.clone());
                    vec![Effect::OpenBrowser(url)]
                }
                Ok(_) => vec![Effect::CancelSignIn],
                Err(failure) => {
                    self.sign_in.step = SignInStep::Idle;
                    self.sign_in.failure = Some(failure);
                    vec![]
                }
            },
            Msg::CodeGiven(code) => {
                if matches!(self.sign_in.step, SignInStep::Starting | SignInStep::Code { .. }) {
                    let until = now + code.lasts.as_secs_f64();
                    self.sign_in.step = SignInStep::Code { code, until };
                    return vec![];
                }
                vec![Effect::CancelSignIn]
            }
            Msg::SignedIn(answer) => {
                self.sign_in.step = SignInStep::Idle;
                match answer {
                    Ok(account) => self.signed_in(account),
                    Err(failure) => {
                        self.sign_in.failure = Some(failure);
                        vec![]
                    }
                }
            }
            Msg::HomeLoaded { profile, answer } => self.home_loaded(&profile, *answer, now),
            Msg::TitleLoaded { title, answer } => self.title_loaded(&title, *answer, now),
            Msg::PlayerOpened { attempt, answer } => {
                let is_preview = self.previews.shown.as_ref().is_some_and(|shown| shown.attempt == attempt);
                if let Some(failure) = answer.as_ref().err().filter(|_| !is_preview) {
                    self.remember_failure(failure);
                }
                if let Some(player) = self.player.as_mut().filter(|player| player.attempt == attempt) {
                    let is_open = answer.is_ok();
                    player.opened(answer);
                    // What was pressed while it was being opened had nobody to hear it.
                    return if is_open { player.wishes().map(Effect::Player).to_vec() } else { vec![] };
                }
                if answer.is_err() { self.preview_refused(attempt) } else { vec![] }
            }
            Msg::StreamLost { attempt, failure } => self.stream_lost(attempt, failure),
            Msg::StoppedElsewhere { attempt, answer } => self.stopped_elsewhere(attempt, answer),
            Msg::Picture { .. } => vec![],
            Msg::WasReset => self.take(Msg::Restored(Ok(None)), now),
            Msg::Desktop(msg) => self.update_desktop(msg, now),
            Msg::Note(text) => {
                self.notify(&text, now);
                vec![]
            }
        }
    }

    /// Lets time pass: refreshes, rests and gestures that are due. Called once a frame, after its messages.
    pub(crate) fn tick(&mut self, now: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.toast.as_ref().is_some_and(|toast| toast.is_over(now)) {
            self.toast = None;
        }
        if !std::mem::take(&mut self.rests_now) {
            self.resting = None;
        }
        // While something plays nothing is got ahead: a device has one stream.
        if let (Some((title, since)), Some(profile), None) = (&self.resting, &self.profile, &self.player)
            && now - since >= REST
            && !self.prefetched.contains(title)
        {
            self.prefetched.insert(title.clone());
            effects.push(Effect::Prefetch { profile: profile.id.clone(), title: title.clone() });
        }
        if let Some((title, since)) = self.resting.as_ref().filter(|_| self.hero_follows())
            && now - since >= REST
        {
            self.hero = Some(title.clone());
        }
        if self.place == Place::Home && matches!(self.home, Loadable::Absent) {
            // Something has made it anew, as another age limit, while another page was shown.
            effects.extend(self.load_home());
        }
        effects.extend(self.tick_search(now));
        effects.extend(self.tick_link(now));
        effects.extend(self.tick_preview(now));
        // A service that is away is asked by the link.
        let refreshes = self.place == Place::Home && self.home_is_unfinished() && !self.link.is_away();
        if refreshes && now - self.home_loaded_at >= REFRESH {
            effects.extend(self.load_home());
        }
        if self.place == Place::Title
            && let Some(page) = self.titles.last_mut()
            && !page.summary.state.is_ready()
            && !page.document.is_loading()
            && now - page.loaded_at >= REFRESH
        {
            page.document.start();
            effects.push(browsing::load_title(self.profile.as_ref(), page.summary.id.clone()));
        }
        effects.extend(self.end_foreign_mini());
        if let Some(player) = &mut self.player {
            let credits = player.credits_at().filter(|_| player.phase == Phase::Open);
            if credits != player.told_credits {
                player.told_credits = credits;
                effects.extend(credits.map(|from_s| Effect::Credits { attempt: player.attempt, from_s }));
            }
            let (commands, away) = player.tick(now);
            effects.extend(commands.into_iter().map(Effect::Player));
            match away {
                Some(Away::Ended) => effects.extend(self.after_end(now)),
                Some(Away::Next { asked }) => effects.extend(self.play_next(asked, now)),
                Some(Away::Esc) | None => {}
            }
        }
        effects
    }

    /// When [`Model::tick`] has something to do next, in seconds from `now`; `None` if only input can change anything.
    pub(crate) fn next_tick(&self, now: f64) -> Option<f64> {
        let mut due = Vec::new();
        due.extend(self.toast.as_ref().map(|toast| toast.posted_at + Toast::LIFE));
        if let Some((title, since)) = &self.resting
            && ((self.player.is_none() && !self.prefetched.contains(title))
                || (self.hero_follows() && self.hero.as_ref() != Some(title)))
        {
            due.push(since + REST);
        }
        if self.place == Place::Search {
            due.extend(self.search.due());
        }
        if self.place == Place::Home && self.home_is_unfinished() && !self.home.is_loading() && !self.link.is_away() {
            due.push(self.home_loaded_at + REFRESH);
        }
        if self.place == Place::Title
            && let Some(page) = self.titles.last()
            && !page.summary.state.is_ready()
            && !page.document.is_loading()
        {
            due.push(page.loaded_at + REFRESH);
        }
        if let (Place::SignIn, SignInStep::Code { until, .. }) = (self.place, &self.sign_in.step)
            && *until > now
        {
            // The seconds that are left.
            due.push(now + (until - now).fract().max(0.05));
        }
        due.extend(self.player.as_ref().and_then(|player| player.next_tick(now)));
        due.extend(self.link_due(now));
        due.extend(self.preview_due(now));
        due.into_iter().map(|at| (at - now).max(0.0)).min_by(f64::total_cmp)
    }

    /// Does what stands above the rows follow the focus?
    fn hero_follows(&self) -> bool {
        self.density.is_tv() && self.place == Place::Home
    }

    /// The title above the rows: the one that the focus rested on, as long as it is there, or the one of the service.
    pub(crate) fn hero<'a>(&self, home: &'a Home) -> Option<&'a TitleSummary> {
        let rested = self.hero.as_ref().filter(|_| home.hero.is_some()).and_then(|id| {
            home.hero.iter().chain(home.rows.iter().flat_map(|row| &row.items)).find(|title| title.id == *id)
        });
        rested.or(home.hero.as_ref())
    }

    /// The title page that is shown.
    pub(crate) fn title_page(&self) -> Option<&TitleScreen> {
        self.titles.last()
    }

    fn home_is_unfinished(&self) -> bool {
        match self.home.ready() {
            Some(home) => {
                home.library.is_some() || home.rows.iter().flat_map(|row| &row.items).any(|t| !t.state.is_ready())
            }
            None => false,
        }
    }

    fn notify(&mut self, text: &str, now: f64) {
        self.toast = Some(Toast { text: text.to_owned(), posted_at: now });
    }

    // Signing in and out.

    fn begin_sign_in(&mut self) -> Vec<Effect> {
        self.place = if self.place == Place::Player { Place::Player } else { Place::SignIn };
        self.sign_in.failure = None;
        self.sign_in.step = SignInStep::Starting;
        // A television has no browser, and no keyboard to use one with.
        vec![if self.density.is_tv() { Effect::BeginCodeSignIn } else { Effect::BeginSignIn }]
    }

    fn restored(&mut self, answer: Result<Option<Account>, Failure>) -> Vec<Effect> {
        match answer {
            Ok(Some(account)) => self.signed_in(account),
            Ok(None) => {
                // At the start, and when a television asked again by itself.
                let waits = self.sign_in.failure.is_some() && self.sign_in.step == SignInStep::Idle;
                let is_first = self.place == Place::Starting || (self.place == Place::SignIn && waits);
                self.leave_start();
                // There is one thing to do here, and it needs no question.
                if is_first && self.density.is_tv() { self.begin_sign_in() } else { vec![] }
            }
            Err(failure) => {
                self.sign_in.failure = Some(failure);
                self.leave_start();
                vec![]
            }
        }
    }

    fn leave_start(&mut self) {
        if self.place == Place::Starting {
            self.place = Place::SignIn;
        }
    }

    fn signed_in(&mut self, account: Account) -> Vec<Effect> {
        self.sign_in.failure = None;
        let only = (account.profiles.len() == 1).then(|| account.profiles[0].clone());
        let last = self.settings.last_profile.clone();
        let known = account.profiles.iter().find(|profile| Some(&profile.id) == last.as_ref()).cloned();
        self.account = Some(account);
        // A title named on the command line is wanted now, not after a question.
        let chosen = only.or(if self.launch.title.is_some() { known } else { None });
        if self.place == Place::Player {
            let mut effects = vec![Effect::Ask(Ask::Household)];
            effects.extend(chosen.map(|profile| self.watch_as(profile)).into_iter().flatten());
            return effects;
        }
        match chosen {
            Some(profile) => self.enter_home(profile),
            None => {
                self.place = Place::Profiles;
                vec![Effect::Ask(Ask::Household)]
            }
        }
    }

    /// Begins to watch as a profile, wherever the viewer is.
    fn watch_as(&mut self, profile: Profile) -> Vec<Effect> {
        let mut effects = vec![Effect::SendUnsent(profile.id.clone()), Effect::Ask(Ask::List(profile.id.clone()))];
        if self.profile.as_ref() != Some(&profile) {
            self.home = Loadable::Absent;
            self.hero = None;
            self.search = SearchScreen::default();
            self.taste = Taste::default();
        }
        if self.settings.last_profile.as_ref() != Some(&profile.id) {
            self.settings.last_profile = Some(profile.id.clone());
            effects.push(Effect::SaveSettings(self.settings.clone()));
        }
        self.profile = Some(profile);
        effects
    }

    fn enter_home(&mut self, profile: Profile) -> Vec<Effect> {
        let mut effects = self.watch_as(profile);
        if self.place != Place::Profiles {
            // Without the choice of profiles nobody has asked yet.
            effects.push(Effect::Ask(Ask::Household));
        }
        self.place = Place::Home;
        self.titles.clear();
        effects.extend(self.load_home());
        if let Some(id) = self.launch.title.take() {
            let from = self.launch.start.map_or(PlayFrom::Resume, PlayFrom::At);
            let summary = placeholder(&id);
            effects.extend(self.show_title(summary.clone()));
            effects.extend(self.play_title(summary, from));
        }
        effects
    }

    /// As if it had never been used. What was told to the service stays there.
    fn factory_reset(&mut self) -> Vec<Effect> {
        let launch = Launch { url: None, title: None, start: None, ..self.launch.clone() };
        let settings = Settings { keyboard: self.settings.keyboard, ..Settings::default() };
        let (fresh, _) = Self::new(self.density, launch, settings);
        *self = Self { previews: self.previews.anew(), attempts: self.attempts, ..fresh };
        vec![Effect::ClosePlayer, Effect::FactoryReset(self.settings.clone())]
    }

    fn sign_out(&mut self) -> Vec<Effect> {
        self.account = None;
        self.profile = None;
        self.profile_menu = false;
        self.home = Loadable::Absent;
        self.search = SearchScreen::default();
        self.taste = Taste::default();
        self.household = Household::default();
        self.settings_page = SettingsPage::default();
        (self.pin, self.confirm, self.keys) = (None, None, None);
        self.titles.clear();
        self.prefetched.clear();
        self.settings.last_profile = None;
        self.settings.searches.clear();
        self.place = Place::SignIn;
        self.sign_in = SignInScreen::default();
        vec![Effect::SignOut, Effect::SaveSettings(self.settings.clone())]
    }

    /// The server has ended the session.
    fn session_lost(&mut self, failure: Failure) {
        self.account = None;
        self.profile = None;
        self.home = Loadable::Absent;
        self.taste = Taste::default();
        self.household = Household::default();
        self.settings_page = SettingsPage::default();
        (self.pin, self.confirm, self.keys) = (None, None, None);
        self.titles.clear();
        if self.place != Place::Player {
            self.place = Place::SignIn;
        }
        self.sign_in.failure = Some(failure);
    }

    fn retry(&mut self, now: f64) -> Vec<Effect> {
        match self.place {
            Place::SignIn if self.sign_in.failure.is_some() => self.begin_sign_in(),
            Place::Home => self.load_home(),
            Place::Search => {
                self.search_again(now);
                vec![]
            }
            Place::Title => match self.titles.last_mut() {
                Some(page) => {
                    page.document = Loadable::Loading;
                    vec![browsing::load_title(self.profile.as_ref(), page.summary.id.clone())]
                }
                None => vec![],
            },
            Place::Player => self.reopen_player(),
            Place::Settings => self.retry_settings(),
            _ => vec![],
        }
    }

    fn back(&mut self, now: f64) -> Vec<Effect> {
        if std::mem::take(&mut self.diagnostics) {
            return vec![];
        }
        if let Some(effects) = self.close_sheet() {
            return effects;
        }
        if std::mem::take(&mut self.profile_menu) || self.close_above() {
            return vec![];
        }
        match self.place {
            Place::Player => self.update_player(PlayerMsg::Back, now),
            Place::Title => {
                self.titles.pop();
                if self.titles.is_empty() && self.came_from_search {
                    self.place = Place::Search;
                } else if self.titles.is_empty() {
                    self.place = Place::Home;
                    return self.load_home();
                }
                vec![]
            }
            Place::Pin => {
                self.leave_pin();
                vec![]
            }
            Place::EditProfile | Place::Settings => self.leave_page(),
            Place::Profiles if self.household.is_managing => {
                self.household.is_managing = false;
                vec![]
            }
            Place::Search => {
                self.place = Place::Home;
                self.load_home()
            }
            Place::Profiles if self.profile.is_some() => {
                self.place = Place::Home;
                vec![]
            }
            Place::SignIn if self.sign_in.step != SignInStep::Idle => self.update(Msg::CancelSignIn, now),
            _ if self.density.is_tv() => {
                if now < self.leaving_until {
                    return vec![Effect::Quit];
                }
                self.leaving_until = now + Toast::LIFE;
                self.notify(tr!("note-press-back-again"), now);
                vec![]
            }
            _ if self.full_screen => self.set_full_screen(false),
            _ => vec![],
        }
    }

    fn set_full_screen(&mut self, on: bool) -> Vec<Effect> {
        self.full_screen = on;
        vec![Effect::FullScreen(on)]
    }

    // Playing.

    fn play_title(&mut self, title: TitleSummary, from: PlayFrom) -> Vec<Effect> {
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return vec![] };
        if !title.state.is_ready() {
            return vec![];
        }
        // What was fetched ahead is used up by playing.
        self.prefetched.remove(&title.id);
        let known = self
            .titles
            .last()
            .and_then(|page| page.document.ready())
            .filter(|page| page.title.summary.id == title.id)
            .cloned();
        let mut effects = Vec::new();
        if known.is_none() {
            effects.push(browsing::load_title(self.profile.as_ref(), title.id.clone()));
        }
        effects.push(self.open(Source::Title { summary: Box::new(title), profile }, from));
        if let (Some(player), Some(known)) = (&mut self.player, known) {
            // Not its texts: where it was chosen they may say more, as which episode it is.
            player.around.learn(&known.title.summary.id, &known);
            player.chapters = known.title.chapters;
            player.skips.segments = known.title.segments;
            player.follow_up(known.episode.and_then(|episode| episode.next));
        }
        effects.extend(self.learn_next(None));
        effects.extend(self.learn_season());
        effects
    }

    fn play_url(&mut self, url: Url, from: PlayFrom) -> Effect {
        self.open(Source::Url(url), from)
    }

    fn open(&mut self, source: Source, from: PlayFrom) -> Effect {
        self.attempts += 1;
        // From the player it leads where the title before would have led.
        let before = self.player.as_ref().filter(|_| self.place == Place::Player);
        let returns_to = before.map_or(self.place, |player| player.returns_to);
        let mut player = PlayerScreen::new(source, self.attempts, self.density, returns_to);
        let media = self.settings.media(player.profile());
        let wish = self.launch.quality.or(media.quality);
        player.view_as(self.settings.viewing(player.profile()));
        player.bind(self.settings.keys.clone());
        player.look = self.settings.text_look;
        player.text_delay = self.settings.text_delays.of(&player.source);
        player.stats = self.launch.stats;
        player.quality_wish = wish;
        player.from = from;
        player.speed = self.speed;
        player.volume = self.settings.volume;
        player.muted = self.settings.muted;
        player.decoder = self.decoder();
        let request = self.open_request(&player);
        self.player = Some(player);
        self.place = Place::Player;
        Effect::OpenPlayer(request)
    }

    /// The decoder that is wanted: what was said at the start comes before what is remembered.
    fn decoder(&self) -> DecoderChoice {
        self.launch.decoder.clone().unwrap_or_else(|| self.settings.decoder.clone())
    }

    fn open_request(&self, player: &PlayerScreen) -> OpenRequest {
        let media = self.settings.media(player.profile());
        OpenRequest {
            attempt: player.attempt,
            target: match &player.source {
                Source::Title { summary, profile } => {
                    Target::Title { profile: profile.clone(), title: summary.id.clone() }
                }
                Source::Url(url) => Target::Url(url.clone()),
            },
            from: player.from,
            speed: self.speed,
            volume: self.settings.volume,
            muted: self.settings.muted,
            audio_language: media.audio_language,
            text_language: media.text_language,
            text_delay: player.text_delay,
            decoder: player.decoder.clone(),
            is_preview: false,
        }
    }

    /// Begins again after a failure, from where it stopped.
    fn reopen_player(&mut self) -> Vec<Effect> {
        self.attempts += 1;
        let attempts = self.attempts;
        let Some(player) = &mut self.player else { return vec![] };
        player.restart(attempts);
        let request = self.player.as_ref().map(|player| self.open_request(player));
        let mut effects = vec![Effect::ClosePlayer];
        effects.extend(request.map(Effect::OpenPlayer));
        effects
    }

    /// Ends the session at once: what is not to be watched is not to be fetched either. The page stays, and says why.
    fn stream_lost(&mut self, attempt: u64, failure: Failure) -> Vec<Effect> {
        let Some(player) = self.player.as_mut().filter(|player| player.attempt == attempt) else {
            return self.preview_refused(attempt);
        };
        player.opened(Err(failure.clone()));
        self.remember_failure(&failure);
        vec![Effect::ClosePlayer]
    }

    fn stop_elsewhere(&mut self, grant: GrantId) -> Vec<Effect> {
        let Some(player) = self.player.as_mut().filter(|player| player.has_failed()) else { return vec![] };
        player.phase = Phase::Opening;
        vec![Effect::StopElsewhere { attempt: player.attempt, grant }]
    }

    fn stopped_elsewhere(&mut self, attempt: u64, answer: Result<(), Failure>) -> Vec<Effect> {
        let Some(player) = self.player.as_mut().filter(|player| player.attempt == attempt) else { return vec![] };
        match answer {
            Ok(()) => self.reopen_player(),
            Err(failure) => {
                player.opened(Err(failure));
                vec![]
            }
        }
    }

    fn update_player(&mut self, msg: PlayerMsg, now: f64) -> Vec<Effect> {
        match msg {
            PlayerMsg::ToggleFullScreen => return self.set_full_screen(!self.full_screen),
            PlayerMsg::Retry => return self.reopen_player(),
            PlayerMsg::StopElsewhere(grant) => return self.stop_elsewhere(grant),
            PlayerMsg::SignIn => {
                let mut effects = self.leave_player();
                effects.extend(self.begin_sign_in());
                return effects;
            }
            PlayerMsg::Leave => return self.leave_player(),
            PlayerMsg::Minimise => return self.minimise(),
            PlayerMsg::Maximise => return self.maximise(),
            _ => {}
        }
        let Some(player) = &mut self.player else { return vec![] };
        let reaction = player.update(msg, now);
        let profile = player.profile().cloned();
        self.speed = player.speed;
        if reaction.settings.as_ref().is_some_and(|change| matches!(change, SettingsChange::Decoder(_))) {
            // Who chooses here has thought better of what was said at the start.
            self.launch.decoder = None;
        }
        let mut effects: Vec<Effect> = reaction.commands.into_iter().map(Effect::Player).collect();
        effects.extend(reaction.copy.map(Effect::Copy));
        if let Some(note) = reaction.note {
            self.notify(&note, now);
        }
        if let Some(change) = reaction.settings {
            let before = self.settings.clone();
            change.apply(&mut self.settings, profile);
            if before != self.settings {
                effects.push(Effect::SaveSettings(self.settings.clone()));
            }
        }
        match reaction.away {
            Some(Away::Esc) if self.full_screen && !self.density.is_tv() => {
                effects.extend(self.set_full_screen(false));
            }
            Some(Away::Ended) => effects.extend(self.after_end(now)),
            Some(Away::Next { asked }) => effects.extend(self.play_next(asked, now)),
            Some(Away::Esc) => effects.extend(self.leave_player()),
            None => {}
        }
        effects
    }

    fn leave_player(&mut self) -> Vec<Effect> {
        let Some(player) = self.player.take() else { return vec![] };
        let mut effects = vec![Effect::ClosePlayer];
        // What was watched is known here before the server tells.
        if let (Source::Title { summary, .. }, Some(progress)) = (&player.source, player.progress_hint()) {
            for page in self.titles.iter_mut().filter(|page| page.summary.id == summary.id) {
                page.summary.progress = Some(progress);
            }
        }
        // From its corner it leaves what is looked at as it is.
        if self.place == Place::Player {
            effects.extend(self.go_behind(player.returns_to));
        }
        effects
    }
}

/// A title of which only the id is known yet.
fn placeholder(id: &TitleId) -> TitleSummary {
    TitleSummary {
        id: id.clone(),
        name: String::new(),
        kicker: None,
        synopsis: String::new(),
        year: None,
        runtime_s: None,
        maturity: None,
        genres: Vec::new(),
        badges: Vec::new(),
        state: TitleState::Ready,
        artwork: Default::default(),
        progress: None,
    }
}

/// A change of the settings that came from the player.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SettingsChange {
    Volume {
        volume: f32,
        muted: bool,
    },
    Quality(Option<QualityWish>),
    TextLanguage(Option<String>),
    AudioLanguage(String),
    /// How subtitles look, and how late those of a title come, in milliseconds.
    Text {
        look: TextLook,
        source: Source,
        delay: i32,
    },
    Viewing {
        profile: ProfileId,
        viewing: Viewing,
    },
    Keys(KeyChoices),
    Decoder(DecoderChoice),
}

impl SettingsChange {
    /// `watching` is who made it; nobody where no account is needed.
    fn apply(self, settings: &mut Settings, watching: Option<ProfileId>) {
        match self {
            Self::Volume { volume, muted } => {
                settings.volume = volume;
                settings.muted = muted;
            }
            Self::Quality(quality) => settings.choose_media(watching, |media| media.quality = quality),
            Self::TextLanguage(language) => settings.choose_media(watching, |media| media.text_language = language),
            Self::AudioLanguage(language) => {
                settings.choose_media(watching, |media| media.audio_language = Some(language));
            }
            Self::Text { look, source, delay } => {
                settings.text_look = look;
                settings.text_delays.set(&source, delay);
            }
            Self::Viewing { profile, viewing } => settings.viewing_by_profile.set(profile, viewing),
            Self::Keys(keys) => settings.keys = keys,
            Self::Decoder(decoder) => settings.decoder = decoder,
        }
    }
}

/// Longest time between two looks at the player while it plays: the clock on screen shows seconds.
pub(crate) const CLOCK_STEP: Duration = Duration::from_millis(250);

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
