//! One frame of the application, from input to effects, and the window around it.
//!
//! [`Shell`] needs only egui, so that tests drive it without a window; [`LumenApp`] gives it services and a window.

mod around;

#[cfg(unix)]
use crate::watchdog::Watchdog;
use crate::{
    ambient::{self, Ambient},
    app::{Model, Msg, PinMsg, Place, SearchMsg, TasteWish, Wish},
    cx::Cx,
    density::Density,
    desktop::{
        self,
        address::Address,
        crash, crash_sheet,
        host::Host,
        instance::Instance,
        model::{DesktopMsg, Sheet},
        now_playing::Remote,
        open_sheet,
        recents::Recents,
        section,
    },
    device,
    effect::Effect,
    figures::{Meter, Seen},
    focus::{Focus, FocusMap, Repeat, Step},
    language::{self, Locale, tr},
    launch::LaunchArgs,
    pictures::Pictures,
    platform::Platform,
    player_view,
    player_view::{model::PlayerMsg, previews::Previews},
    remote::{self, Meaning, RemoteEvent, Remotes},
    screens::{self, diagnostics::Combination},
    services::Services,
    settings::{Places, Settings},
    theme::{self, Theme, Type, WAKE, wake},
    tokens::{self, Palette, Tokens},
    video_surface::{self, VideoSurface},
    widgets::{
        keyboard::{KeyCap, Layout},
        spinner, toast,
    },
    window::WindowPlace,
};
use egui::{
    Context, Event, EventFilter, FocusDirection, Id, Key, Modifiers, RawInput, Rect, SystemTheme, Ui, UiBuilder,
    ViewportCommand, vec2,
};
use player_core::{Command, PlaybackState};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Model and everything that is needed to show it.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) model: Model,
    pub(crate) focus: Focus,
    pub(crate) pictures: Pictures,
    pub(crate) video: VideoSurface,
    pub(crate) previews: Previews,
    /// Time of day for the television's corner; given from outside so that pictures of it can be compared.
    pub(crate) clock: Option<String>,
    /// The arrow that is held.
    repeat: Repeat,
    pub(crate) ambient: Ambient,
    combination: Combination,
    /// Keys of remote controls that no keyboard has.
    pub(crate) remote: Vec<RemoteEvent>,
    viewport: Option<(u32, u32)>,
    /// Something was decided after it was drawn: the next frame shows it.
    owes_frame: bool,
    /// What egui's own widgets look like.
    dressed: (Palette, &'static Tokens),
    /// The language of the system.
    pub(crate) locale: Locale,
    /// What is spoken, once there was a frame.
    spoken: Option<Locale>,
}

impl Shell {
    pub(crate) fn new(model: Model) -> Self {
        let mut focus = Focus::default();
        if model.density.is_tv() {
            // Without a pointer the focus must be seen before the first key.
            focus.show_ring();
        }
        Self {
            model,
            focus,
            pictures: Pictures::default(),
            video: VideoSurface::default(),
            previews: Previews::default(),
            clock: None,
            repeat: Repeat::default(),
            ambient: Ambient::default(),
            combination: Combination::default(),
            remote: Vec::new(),
            viewport: None,
            owes_frame: false,
            dressed: (Palette::default(), tokens::dark()),
            locale: Locale::default(),
            spoken: None,
        }
    }

    /// One frame: takes the answers that came, reads input, draws, and returns what is to be done.
    pub(crate) fn frame(&mut self, ui: &mut Ui, answers: Vec<Msg>) -> Vec<Effect> {
        let ctx = ui.ctx().clone();
        // To the edges of the window, whatever margins the caller has.
        let mut whole = ui.new_child(UiBuilder::new().max_rect(self.canvas(ctx.content_rect())));
        whole.set_clip_rect(ctx.content_rect());
        let ui = &mut whole;
        let now = ctx.time();
        let mut effects = Vec::new();
        effects.extend(self.choose_language(&ctx));
        for msg in answers {
            match msg {
                Msg::Picture { path, image } => self.pictures.arrive(path, image, now),
                msg => effects.extend(self.model.update(msg, now)),
            }
        }
        // What a gesture or a timer decided must be on screen in this very frame.
        effects.extend(self.model.tick(now));
        self.pictures.begin_frame(&ctx);
        if self.focus.begin(self.screen_id(), self.focus_map()) {
            // What had the focus on the screen before may be here too, as the navigation is: it is not to be adopted.
            self.tell_egui(&ctx);
            self.repeat.clear();
        }
        effects.extend(self.rest(&ctx, now));
        let mut out = self.read_input(&ctx);
        self.repeat_held(&ctx);
        self.read_remote(&mut out);
        self.draw(ui, &mut out);
        self.previews.end_frame();
        self.tell_egui(&ctx);

        // Resting on a title is reported in every frame and changes nothing by itself.
        let changed = out.iter().any(|msg| !matches!(msg, Msg::Rests(_)));
        for msg in out {
            effects.extend(self.model.update(msg, now));
        }
        effects.extend(self.report_viewport(&ctx));
        effects.extend(self.pictures.take_wanted().into_iter().map(Effect::FetchPicture));
        self.owes_frame = changed;
        if changed {
            wake(&ctx);
        }
        if let Some(after) = self.model.next_tick(now) {
            ctx.request_repaint_after(Duration::try_from_secs_f64(after).unwrap_or_default().max(WAKE));
        }
        effects
    }

    /// Speaks what the settings say, from this frame on. The keyboard on the screen follows a change, but not the start:
    /// it may have been set to another language by itself.
    fn choose_language(&mut self, ctx: &Context) -> Option<Effect> {
        let wanted = self.model.settings.language.unwrap_or(self.locale);
        let theme = Theme::new(self.model.density, ctx.content_rect().width(), self.palette());
        let has_letters = |locale| language::has_letters(ctx, &theme.font(Type::Body), locale);
        self.model.lacks_letters = !has_letters(wanted);
        if self.model.lists_languages() {
            self.model.has_japanese = has_letters(Locale::Japanese);
        }
        let locale = if self.model.lacks_letters { Locale::English } else { wanted };
        language::speak(locale);
        let before = self.spoken.replace(locale).filter(|before| *before != locale)?;
        tracing::debug!(before = before.tag(), "the keys on the screen follow the language");
        self.model.settings.keyboard = Some(Layout::of_language());
        Some(Effect::SaveSettings(self.model.settings.clone()))
    }

    /// What of the window a viewer sees: a television may cut its edges off.
    fn canvas(&self, window: Rect) -> Rect {
        if !self.model.density.is_tv() {
            return window;
        }
        let cut = f32::from(self.model.settings.overscan) / 100.0;
        window.shrink2(window.size() * cut)
    }

    /// Dims what stands still for long. The key that ends it ends only that.
    fn rest(&mut self, ctx: &Context, now: f64) -> Vec<Effect> {
        if !self.model.density.is_tv() {
            return vec![];
        }
        let is_use = |event: &Event| {
            matches!(event, Event::Key { .. } | Event::Text(_) | Event::PointerMoved(_) | Event::PointerButton { .. })
        };
        let is_key = |event: &RemoteEvent| matches!(event, RemoteEvent::Key(..));
        let used = self.remote.iter().any(is_key) || ctx.input(|input| input.events.iter().any(is_use));
        let playing = |player: &player_view::model::PlayerScreen| {
            let state = player.snapshot.state;
            let goes_on = player.snapshot.wants_play && state != PlaybackState::Ended && !player.has_failed();
            state == PlaybackState::Playing || goes_on
        };
        let moves = self.model.place == Place::Player && self.model.player.as_ref().is_some_and(playing);
        let ended = if used { self.model.touched(now) } else { vec![] };
        self.ambient.only_dims = !self.model.settings.ambient;
        if self.ambient.frame(now, used, moves) {
            self.remote.retain(|event| !is_key(event));
            ctx.input_mut(|input| input.events.retain(|event| !is_use(event)));
        }
        ctx.request_repaint_after(self.ambient.next(now));
        ended
    }

    /// What a frame does but for drawing, while nobody sees the window: a series goes on, and what was asked for arrives.
    pub(crate) fn unseen(&mut self, answers: Vec<Msg>, now: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for msg in answers {
            match msg {
                Msg::Picture { path, image } => self.pictures.arrive(path, image, now),
                msg => effects.extend(self.model.update(msg, now)),
            }
        }
        effects.extend(self.model.tick(now));
        effects
    }

    /// Name of the window.
    pub(crate) fn title(&self) -> String {
        match &self.model.player {
            Some(player) if !player.heading().0.is_empty() => format!("{} – Lumen", player.heading().0),
            _ => "Lumen".to_owned(),
        }
    }

    /// What the frame showed, for those who measure.
    fn seen(&self) -> Seen {
        Seen {
            screen: self.model.place.name(),
            is_focused: self.focus.current().is_some(),
            owes_frame: self.owes_frame,
            textures: self.pictures.bytes() as u64,
        }
    }

    fn screen_id(&self) -> Id {
        match self.model.desktop.top() {
            Some(Sheet::Crash(_)) => return crash_sheet::screen_id(),
            Some(Sheet::Settings) => return section::screen_id(),
            Some(Sheet::Open(_)) => return open_sheet::screen_id(),
            None => {}
        }
        match (&self.model.confirm, self.model.keys) {
            // Each question has its own focus: who presses OK twice has not answered two.
            (Some(confirm), _) => return Id::unique(("confirm", confirm.question())),
            (None, Some(field)) => return Id::unique(("keys-for", field)),
            (None, None) => {}
        }
        let screen = match self.model.place {
            Place::Starting => Id::unique("starting"),
            Place::SignIn => screens::sign_in::screen_id(&self.model),
            Place::Profiles => screens::profiles::screen_id(),
            Place::EditProfile => screens::edit_profile::screen_id(),
            Place::Settings => screens::settings::screen_id(),
            Place::Pin => screens::pin::screen_id(),
            Place::Search => screens::search::screen_id(),
            Place::Home => screens::home::screen_id(),
            Place::Title => self.model.title_page().map_or(Id::NULL, screens::title::screen_id),
            Place::Player => player_view::screen_id(),
        };
        // What opens above a screen has its own focus, and closing it gives the screen its own back.
        match &self.model.player {
            _ if self.model.diagnostics => screen.with("diagnostics"),
            Some(player) if self.model.place == Place::Player => player_view::layer_id(player),
            _ if self.model.profile_menu => screen.with("profile-menu"),
            _ => screen,
        }
    }

    /// What the focus can reach now.
    pub(crate) fn focus_map(&self) -> FocusMap {
        if self.model.diagnostics {
            return screens::diagnostics::focus_map();
        }
        match self.model.desktop.top() {
            Some(Sheet::Crash(_)) => return crash_sheet::focus_map(),
            Some(Sheet::Settings) => return section::focus_map(&self.model),
            Some(Sheet::Open(_)) => return open_sheet::focus_map(&self.model),
            None => {}
        }
        match (&self.model.confirm, self.model.keys) {
            (Some(_), _) => return screens::dialog::focus_map(),
            (None, Some(_)) => return screens::keys::focus_map(),
            (None, None) => {}
        }
        let map = match self.model.place {
            Place::Starting => FocusMap::default(),
            Place::SignIn => screens::sign_in::focus_map(&self.model),
            Place::Profiles => screens::profiles::focus_map(&self.model),
            Place::EditProfile => screens::edit_profile::focus_map(&self.model),
            Place::Settings => screens::settings::focus_map(&self.model),
            Place::Pin => screens::pin::focus_map(),
            Place::Search => screens::search::focus_map(&self.model),
            Place::Home => screens::home::focus_map(&self.model),
            Place::Title => screens::title::focus_map(&self.model),
            Place::Player => self.model.player.as_ref().map(player_view::focus_map).unwrap_or_default(),
        };
        match self.model.mini() {
            Some(_) => map.row(player_view::mini::row_id(), player_view::mini::ids()),
            None => map,
        }
    }

    /// Keys and pointer of this frame. egui's own focus movement is switched off; a screen reader's is adopted.
    fn read_input(&mut self, ctx: &Context) -> Vec<Msg> {
        ctx.memory_mut(|memory| memory.move_focus(FocusDirection::None));
        if let Some(id) = ctx.memory(|memory| memory.focused())
            && Some(id) != self.focus.current()
            && self.focus.contains(id)
        {
            self.focus.take(id);
        }
        let mut out = Vec::new();
        out.extend(self.read_drops(ctx));
        let is_covered = self.model.diagnostics || self.model.desktop.top().is_some();
        if self.model.place == Place::Player && !is_covered {
            out.extend(player_view::input::read(ctx, &self.model, &mut self.focus));
        }
        let fields = [screens::sign_in::field_id(), screens::search::field_id(), open_sheet::field_id()];
        let typing = self.focus.current().is_some_and(|id| fields.contains(&id) || screens::lines::is_field(id));
        if !typing && !is_covered {
            out.extend(player_view::input::read_mini(ctx, &self.model));
        }
        // A keyboard at a television types at once, wherever the focus is.
        let types =
            self.model.density.is_tv() && self.model.place == Place::Search && !self.model.profile_menu && !is_covered;
        let mut pasted = None;
        let now = ctx.time();
        ctx.input_mut(|input| {
            input.events.retain(|event| match event {
                Event::PointerMoved(_) | Event::MouseWheel { .. } => {
                    self.focus.hide_ring();
                    true
                }
                Event::Paste(text) if !typing => {
                    pasted = Some(text.clone());
                    false
                }
                Event::Text(letters) if !typing && !is_covered && screens::search::begins(&self.model, letters) => {
                    self.focus.take(screens::search::field_id());
                    out.push(Msg::Search(SearchMsg::Typed(letters.clone())));
                    false
                }
                Event::Text(text) if types => {
                    out.push(Msg::Search(SearchMsg::Typed(text.clone())));
                    false
                }
                Event::Key { key: Key::Space, .. } if types && !self.model.search.text.is_empty() => false,
                Event::Key { key: Key::Backspace, pressed, .. } if types && !self.model.search.text.is_empty() => {
                    if *pressed {
                        out.push(Msg::Search(SearchMsg::Key(KeyCap::Erase)));
                    }
                    false
                }
                Event::Key { key, pressed, repeat, modifiers, .. } => {
                    !self.handle_key(*key, (*pressed, *repeat), (*modifiers, now), typing, &mut out)
                }
                _ => true,
            });
        });
        if let Some(text) = pasted {
            if let Some(address) = Address::pasted(&text) {
                out.push(DesktopMsg::Open(address).into());
            } else if self.model.place == Place::SignIn && self.model.desktop.top().is_none() {
                out.push(Msg::EditUrl(text.trim().to_owned()));
                self.focus.take(screens::sign_in::field_id());
            }
        }
        out
    }

    /// Files from other programs. Of several the first is played.
    fn read_drops(&self, ctx: &Context) -> Option<Msg> {
        let (hovers, dropped) = ctx.input(|input| {
            let dropped = input.raw.dropped_files.first().map(|file| file.path().to_string_lossy().into_owned());
            (!input.raw.hovered_files.is_empty(), dropped)
        });
        if let Some(path) = dropped {
            let opened = Address::parse(&path).map(DesktopMsg::Open).map(Msg::from);
            return Some(opened.unwrap_or_else(Msg::Note));
        }
        (hovers != self.model.desktop.dragging).then(|| DesktopMsg::Dragging(hovers).into())
    }

    /// Returns whether the key was meant for us.
    fn handle_key(
        &mut self,
        key: Key,
        (pressed, repeat): (bool, bool),
        (modifiers, now): (Modifiers, f64),
        typing: bool,
        out: &mut Vec<Msg>,
    ) -> bool {
        if modifiers.command && key == Key::O && !self.model.density.is_tv() {
            if pressed && !repeat {
                out.push(DesktopMsg::ShowOpen.into());
            }
            return true;
        }
        if modifiers.ctrl || modifiers.alt || modifiers.command {
            return false;
        }
        // In a field they move the cursor; a remote control has no other keys to leave it with.
        let walks = !typing || self.model.density.is_tv();
        let step = match key {
            Key::ArrowUp => Some(Step::Up),
            Key::ArrowDown => Some(Step::Down),
            Key::ArrowLeft if walks => Some(Step::Left),
            Key::ArrowRight if walks => Some(Step::Right),
            Key::Tab if modifiers.shift => Some(Step::Previous),
            Key::Tab => Some(Step::Next),
            _ => None,
        };
        let hidden = self.model.density.is_tv() && self.model.place != Place::Player && !self.model.diagnostics;
        if hidden && pressed && !repeat && self.combination.press(key, now) {
            out.push(Msg::Diagnostics(true));
            return true;
        }
        let is_covered = self.model.diagnostics || self.model.desktop.top().is_some();
        if self.model.place == Place::Pin && !is_covered && self.pin_key(key, pressed, out) {
            return true;
        }
        match key {
            _ if step.is_some() => match step {
                Some(step) if pressed && !repeat => {
                    self.step(step);
                    self.repeat.press(step, now);
                    if self.model.place == Place::Player {
                        out.push(Msg::Player(PlayerMsg::Activity));
                    }
                }
                Some(step) if !pressed => self.repeat.release(step),
                _ => {}
            },
            Key::Enter => {
                if pressed && !repeat {
                    self.focus.activate();
                }
            }
            Key::Space if !typing => {
                if pressed && !repeat {
                    self.focus.activate();
                }
            }
            Key::Escape | Key::BrowserBack => {
                if pressed && !repeat {
                    self.back(out);
                }
            }
            Key::Backspace if !typing => {
                if pressed && !repeat {
                    self.back(out);
                }
            }
            Key::Plus if !typing && self.model.place != Place::Player => {
                if pressed && !repeat {
                    out.push(Msg::Wish(Wish::Taste(TasteWish::ToggleResting)));
                }
            }
            Key::F11 => {
                if pressed && !repeat {
                    out.push(Msg::Player(PlayerMsg::ToggleFullScreen));
                }
            }
            _ => return false,
        }
        true
    }

    /// Back: at home the television first climbs to the start of the row and to the navigation.
    fn back(&mut self, out: &mut Vec<Msg>) {
        let climbs = self.model.density.is_tv() && self.model.place == Place::Home && !self.model.diagnostics;
        if !(climbs && self.focus.climb()) {
            out.push(Msg::Back);
        }
    }

    /// What remote controls and gamepads said since the last frame.
    fn read_remote(&mut self, out: &mut Vec<Msg>) {
        for event in std::mem::take(&mut self.remote) {
            match event {
                RemoteEvent::Gone(name) => out.push(Msg::Note(tr!("note-disconnected", name = name))),
                RemoteEvent::Battery(name, left) => {
                    out.push(Msg::Note(tr!("note-battery", name = name, left = left)));
                }
                RemoteEvent::Key(key, pressed) => match remote::meaning(&self.model, key, pressed) {
                    Some(Meaning::Tell(msg)) => out.push(*msg),
                    Some(Meaning::Walk(step, count)) => (0..count).for_each(|_| self.step(step)),
                    None => {}
                },
            }
        }
    }

    /// Steps that a held arrow has made since the last frame.
    fn repeat_held(&mut self, ctx: &Context) {
        let Some(held) = self.repeat.held() else { return };
        if !ctx.input(|input| input.key_down(key_of(held))) {
            // Its release was never heard: the window was not in front then.
            self.repeat.clear();
            return;
        }
        let now = ctx.time();
        if let Some((step, count)) = self.repeat.due(now, self.focus.count()) {
            (0..count).for_each(|_| self.step(step));
        }
        if let Some(at) = self.repeat.due_at() {
            ctx.request_repaint_after(Duration::try_from_secs_f64(at - now).unwrap_or_default().max(WAKE));
        }
    }

    /// Digits of a keyboard or a remote control.
    fn pin_key(&mut self, key: Key, pressed: bool, out: &mut Vec<Msg>) -> bool {
        use Key::{Num0, Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9};
        const DIGITS: [Key; 10] = [Num0, Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9];
        let digit = (0_u8..).zip(DIGITS).find(|(_, of)| *of == key).map(|(digit, _)| PinMsg::Digit(digit));
        let erases = key == Key::Backspace && self.model.pin.as_ref().is_some_and(|pin| pin.count() > 0);
        let Some(msg) = digit.or(erases.then_some(PinMsg::Erase)) else { return false };
        if pressed {
            // Enter must give the PIN, not the digit that the focus happens to be on.
            self.focus.take(screens::pin::submit_id());
            out.push(Msg::Pin(msg));
        }
        true
    }

    fn step(&mut self, step: Step) {
        // The first key after the pointer was used only brings the ring back where it was.
        let first = !self.focus.ring_is_shown() && !matches!(step, Step::Next | Step::Previous);
        if first && self.focus.current().is_some() && self.model.place != Place::Player {
            self.focus.show_ring();
            return;
        }
        self.focus.step(step);
    }

    /// The theme, as the viewer or the desktop wants it.
    pub(crate) fn palette(&self) -> Palette {
        match self.model.density.is_tv() {
            true => Palette::default(),
            false => self.model.settings.desktop.look.palette(&self.model.desktop.appearance),
        }
    }

    /// Has egui's own widgets follow the theme: over a video they are dark like everything there.
    fn dress(&mut self, ui: &mut Ui, tokens: &'static Tokens) {
        let palette = self.palette();
        if self.dressed.0 == palette && std::ptr::eq(self.dressed.1, tokens) {
            return;
        }
        if self.dressed.0.is_light != palette.is_light {
            let frame = if palette.is_light { SystemTheme::Light } else { SystemTheme::Dark };
            ui.ctx().send_viewport_cmd(ViewportCommand::SetTheme(frame));
        }
        self.dressed = (palette, tokens);
        theme::dress(ui.ctx(), palette, tokens);
        let style = ui.ctx().global_style();
        ui.set_style(style);
        wake(ui.ctx());
    }

    fn draw(&mut self, ui: &mut Ui, out: &mut Vec<Msg>) {
        let area = ui.max_rect();
        let page = Theme::new(self.model.density, area.width(), self.palette());
        let theme = if self.model.place == Place::Player { page.over_video() } else { page };
        self.dress(ui, theme.tokens);
        let mut cx = Cx {
            theme,
            focus: &mut self.focus,
            pictures: &mut self.pictures,
            previews: &mut self.previews,
            clock: self.clock.clone(),
            taste: &self.model.taste,
            covered: self.model.mini().map(|_| player_view::mini::place(area)),
            out,
        };
        match self.model.place {
            _ if self.model.diagnostics => screens::diagnostics::view(ui, &mut cx, &self.model),
            Place::Starting => {
                ui.painter().rect_filled(area, 0.0, theme.tokens.ink);
                spinner::paint(ui.painter(), area.center(), 22.0, theme.tokens.text_2);
            }
            Place::SignIn => screens::sign_in::view(ui, &mut cx, &self.model),
            Place::Profiles => screens::profiles::view(ui, &mut cx, &self.model),
            Place::EditProfile => screens::edit_profile::view(ui, &mut cx, &self.model),
            Place::Settings => screens::settings::view(ui, &mut cx, &self.model),
            Place::Pin => screens::pin::view(ui, &mut cx, &self.model),
            Place::Search => screens::search::view(ui, &mut cx, &self.model),
            Place::Home => screens::home::view(ui, &mut cx, &self.model, &mut self.video),
            Place::Title => screens::title::view(ui, &mut cx, &self.model),
            Place::Player => {
                if let Some(player) = &self.model.player {
                    player_view::view(ui, &mut cx, player, self.model.full_screen, &mut self.video);
                }
            }
        }
        self.video.tidy(ui);
        if let Some(player) = self.model.mini() {
            cx.theme = page.over_video();
            player_view::mini::view(ui, &mut cx, player, &mut self.video);
            cx.theme = theme;
        }
        if let Some(field) = self.model.keys {
            screens::keys::view(ui, &mut cx, area, &self.model, field);
        }
        if let Some(confirm) = &self.model.confirm {
            screens::dialog::view(ui, &mut cx, area, confirm);
        }
        match self.model.desktop.top() {
            Some(Sheet::Crash(report)) => crash_sheet::view(ui, &mut cx, report),
            Some(Sheet::Settings) => section::sheet(ui, &mut cx, &self.model),
            Some(Sheet::Open(open)) => open_sheet::view(ui, &mut cx, &self.model, open),
            None => {}
        }
        if self.model.desktop.dragging {
            open_sheet::drop_hint(ui, &cx);
        }
        if let Some(words) = self.model.link_words(ui.ctx().time()) {
            screens::link::view(ui, &cx, area, (&words, self.model.link.is_away()));
        }
        if let Some(message) = &self.model.toast {
            // Above the player's controls, whether they are shown or not: a message does not jump.
            let floor = if self.model.place == Place::Player { 90.0 } else { 0.0 };
            let room = Rect::from_min_max(area.min, area.max - vec2(0.0, floor));
            toast::view(ui, &cx, room, message);
        }
        let art = self.model.home.ready().and_then(|home| home.hero.as_ref()).map(|hero| &hero.artwork);
        let art = art.and_then(|art| Some((art.card.as_deref().or(art.backdrop.as_deref())?, art.colour.as_deref())));
        ambient::view(ui, &mut cx, (self.ambient.calm(), ui.ctx().time()), art);
    }

    /// Tells egui who has the focus, for screen readers, and keeps it from moving the focus itself.
    fn tell_egui(&self, ctx: &Context) {
        let Some(id) = self.focus.current() else { return };
        ctx.memory_mut(|memory| {
            memory.request_focus(id);
            let all = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
            memory.set_focus_lock_filter(id, all);
        });
    }

    /// The player does not fetch pictures far above what the window can show.
    fn report_viewport(&mut self, ctx: &Context) -> Option<Effect> {
        let Some(player) = &self.model.player else {
            self.viewport = None;
            return None;
        };
        // A session that is still being opened would miss it.
        let open = player.phase == player_view::model::Phase::Open;
        let window = ctx.content_rect().size();
        let seen = if self.model.mini().is_some() { player_view::mini::size(window) } else { window };
        let size = seen * ctx.pixels_per_point();
        let (width, height) = (size.x.round() as u32, size.y.round() as u32);
        if !open || self.viewport == Some((width, height)) {
            return None;
        }
        self.viewport = Some((width, height));
        Some(Effect::Player(Command::SetViewport { width, height }))
    }
}

/// The key that makes a step.
fn key_of(step: Step) -> Key {
    match step {
        Step::Up => Key::ArrowUp,
        Step::Down => Key::ArrowDown,
        Step::Left => Key::ArrowLeft,
        Step::Right => Key::ArrowRight,
        Step::Next | Step::Previous => Key::Tab,
    }
}

/// The window.
#[derive(Debug)]
pub(crate) struct LumenApp {
    shell: Shell,
    services: Services,
    answers: Vec<Msg>,
    pending: Vec<Effect>,
    /// The attempt whose frames the surface shows.
    attached: Option<u64>,
    shown_title: String,
    /// Whether the window filled the screen when that was looked at last.
    was_full: Option<bool>,
    /// The interface's clock at the last frame, and when that was: its own clock stands still while nothing is drawn.
    drawn_at: (f64, Instant),
    screenshot: Option<Screenshot>,
    host: Host,
    allows_media_keys: bool,
    /// Where reports are.
    crashes: PathBuf,
    place: WindowPlace,
    /// Of a television; a desktop leaves gamepads to games.
    remotes: Option<Remotes>,
    #[cfg(unix)]
    watchdog: Option<Watchdog>,
    /// When somebody measures.
    meter: Option<Meter>,
}

/// A picture of the window to be taken.
#[derive(Clone, Debug)]
struct Screenshot {
    file: PathBuf,
    after: f64,
}

impl LumenApp {
    /// Sets up egui, services and the model.
    ///
    /// # Errors
    /// If the services cannot be started.
    pub(crate) fn new(
        cc: &eframe::CreationContext<'_>,
        density: Density,
        args: &LaunchArgs,
        (instance, meter): (Option<Instance>, Option<Meter>),
    ) -> anyhow::Result<Self> {
        let places = Places::of_user();
        let mut settings = Settings::load(&places.settings);
        crate::theme::install(&cc.egui_ctx);
        cc.egui_ctx.add_font_provider(Arc::new(language::Fonts::begin()));
        let ctx = cc.egui_ctx.clone();
        let device = device::of_installation(places.device_of(density), density, args.device_name.as_deref());
        let platform = args.platform.unwrap_or_else(Platform::detect);
        let budget = platform.budget();
        tracing::info!(?platform, ?budget, "what this machine can afford");
        if let Some(overscan) = args.overscan {
            settings.overscan = overscan.min(Settings::OVERSCAN);
        }
        let waker = ctx.clone();
        let remotes = density.is_tv().then(|| Remotes::start(Arc::new(move || wake(&waker))));
        let network = around::network_of(args, &settings)?;
        let wake_up = Arc::new(move || wake(&ctx));
        let graphics = cc.gl.as_deref().map(video_surface::look);
        let chosen = video_surface::choose(args.video_path, graphics.as_ref());
        tracing::info!(path = chosen.path.words(), renderer = chosen.renderer, "how pictures come to the screen");
        if let Some(remark) = chosen.remark.map(language::text) {
            tracing::warn!("{remark}");
        }
        let ways = (&network, chosen.path);
        let services = Services::start(&args.server, &places, (density, device, budget), ways, wake_up)?;
        let video = if graphics.is_some() { VideoSurface::of_gl(chosen) } else { VideoSurface::default() };
        let locale = Locale::wanted(None);
        language::speak(settings.language.unwrap_or(locale));
        settings.keyboard.get_or_insert_with(Layout::of_language);
        let (mut model, mut pending) = Model::new(density, args.launch(), settings);
        model.previews.are_affordable = budget.previews;
        pending.extend(model.begin_on_desktop(Recents::load(&places.recents), desktop::drops_are_delivered()));
        model.desktop.crash = crash::unseen(&places.crashes).filter(|_| !density.is_tv() && args.screenshot.is_none());
        let link = services.link(places.art.clone());
        if let Some(instance) = instance {
            let tell = Arc::clone(&link.tell);
            instance.listen(move |open| {
                tell(open.map_or(DesktopMsg::Raise, |address| DesktopMsg::Remote(Remote::Open(address))).into());
            });
        }
        let host = Host::start(link, (args.server.clone(), network));
        let screenshot = args.screenshot.clone().map(|file| Screenshot { file, after: args.after });
        Ok(Self {
            shell: Shell { pictures: Pictures::within(&budget), video, locale, ..Shell::new(model) },
            services,
            answers: Vec::new(),
            pending,
            attached: None,
            drawn_at: (0.0, Instant::now()),
            was_full: None,
            shown_title: String::new(),
            screenshot,
            host,
            allows_media_keys: !args.no_media_keys,
            crashes: places.crashes,
            place: WindowPlace::default(),
            remotes,
            #[cfg(unix)]
            watchdog: Watchdog::of_environment(),
            meter,
        })
    }

    fn execute(&mut self, ctx: &Context, effect: Effect) {
        match effect {
            Effect::Copy(text) => ctx.copy_text(text),
            Effect::FullScreen(on) => ctx.send_viewport_cmd(ViewportCommand::Fullscreen(on)),
            Effect::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Effect::Desktop(effect) => self.execute_desktop(ctx, effect),
            effect => self.services.execute(effect),
        }
    }

    /// Takes over the newest state of the player and shows its frames.
    fn follow_player(&mut self) {
        let preview = self.shell.model.previews.shown.as_ref().map(|preview| preview.attempt);
        let attempt = self.shell.model.player.as_ref().map(|player| player.attempt).or(preview);
        let handle = attempt.and_then(|attempt| self.services.player(attempt));
        match (&handle, attempt) {
            (Some(handle), Some(attempt)) => {
                if self.attached != Some(attempt) {
                    self.shell.video.attach(handle.frames());
                    self.shell.previews.attach(handle.thumbnails());
                    self.attached = Some(attempt);
                }
                if let Some(player) = &mut self.shell.model.player {
                    player.snapshot = handle.snapshot();
                    if let Some(frame) = handle.frames().latest() {
                        player.frames.see(&frame);
                    }
                } else if let Some(preview) = &mut self.shell.model.previews.shown {
                    preview.snapshot = handle.snapshot();
                }
            }
            _ if self.attached.is_some() => {
                self.shell.video.detach();
                self.shell.previews.detach();
                self.attached = None;
            }
            _ => {}
        }
    }

    fn follow_window(&mut self, ctx: &Context) {
        // Of this frame, both: the window's own rectangle lags behind a change of scale, which would be made twice then.
        let cut = 1.0 - 2.0 * f32::from(self.shell.model.settings.overscan) / 100.0;
        let height = ctx.content_rect().height() * ctx.pixels_per_point() * cut;
        if let Some(scale) = self.shell.model.density.pixels_per_point(height)
            && (ctx.pixels_per_point() - scale).abs() > 0.001
        {
            ctx.set_pixels_per_point(scale);
        }
        // The window may have come up as it was left, and its manager may change it as well. A wish of ours takes its time.
        if let Some(is_full) = ctx.input(|input| input.viewport().fullscreen)
            && self.was_full != Some(is_full)
        {
            self.was_full = Some(is_full);
            self.shell.model.full_screen = is_full;
        }
        let title = self.shell.title();
        if title != self.shown_title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.shown_title = title;
        }
        if self.shell.model.density.is_tv() {
            let now = chrono::Local::now();
            self.shell.clock = Some(now.format("%H:%M").to_string());
            let seconds = 60 - u64::from(chrono::Timelike::second(&now)).min(59);
            ctx.request_repaint_after(Duration::from_secs(seconds));
        }
    }

    /// Takes the picture that was asked for on the command line, saves it and closes the window.
    fn take_screenshot(&mut self, ctx: &Context) {
        let Some(screenshot) = &self.screenshot else { return };
        let now = ctx.time();
        if now < screenshot.after {
            ctx.request_repaint_after(
                Duration::try_from_secs_f64(screenshot.after - now).unwrap_or_default().max(WAKE),
            );
            return;
        }
        let file = screenshot.file.clone();
        let closing = ctx.clone();
        self.screenshot = None;
        ctx.request_screenshot(move |image| {
            match save_png(&file, &image) {
                Ok(()) => tracing::info!(file = %file.display(), "picture saved"),
                Err(error) => tracing::error!(%error, file = %file.display(), "picture not saved"),
            }
            closing.send_viewport_cmd(ViewportCommand::Close);
        });
        wake(ctx);
    }
}

fn save_png(file: &std::path::Path, image: &egui::ColorImage) -> anyhow::Result<()> {
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let (width, height) = (u32::try_from(image.size[0])?, u32::try_from(image.size[1])?);
    let rgb = image::RgbImage::from_raw(width, height, bytes)
        .ok_or_else(|| anyhow::anyhow!("the picture has another size than it says"))?;
    rgb.save_with_format(file, image::ImageFormat::Png)?;
    Ok(())
}

impl eframe::App for LumenApp {
    /// Also called while the window is hidden, when no frame is drawn.
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        let begun = self.meter.as_ref().map(Meter::begin);
        for effect in std::mem::take(&mut self.pending) {
            self.execute(ctx, effect);
        }
        let now = self.drawn_at.0 + self.drawn_at.1.elapsed().as_secs_f64();
        #[cfg(unix)]
        if let Some(after) = self.watchdog.as_mut().and_then(|watchdog| watchdog.alive(now)) {
            ctx.request_repaint_after(after);
        }
        self.place.bring_back(ctx, frame);
        self.follow_player();
        self.follow_desktop(ctx);
        if ctx.input(|input| input.viewport().visible() == Some(false)) {
            let answers = std::mem::take(&mut self.answers);
            for effect in self.shell.unseen(answers, now) {
                self.execute(ctx, effect);
            }
            if let Some(after) = self.shell.model.next_tick(now) {
                ctx.request_repaint_after(Duration::try_from_secs_f64(after).unwrap_or_default().max(WAKE));
            }
        }
        if let (Some(meter), Some(begun)) = (&self.meter, begun) {
            meter.spent(begun, None);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let begun = self.meter.as_ref().map(Meter::begin);
        let ctx = ui.ctx().clone();
        self.drawn_at = (ctx.time(), Instant::now());
        self.follow_window(&ctx);
        self.follow_appearance(&ctx);
        self.follow_player();
        let answers = std::mem::take(&mut self.answers);
        for effect in self.shell.frame(ui, answers) {
            self.execute(&ctx, effect);
        }
        self.take_screenshot(&ctx);
        if let (Some(meter), Some(begun)) = (&self.meter, begun) {
            meter.spent(begun, Some(self.shell.seen()));
        }
    }

    fn raw_input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        if let Some(remotes) = &self.remotes {
            remotes.listen(input.focused);
            self.shell.remote.extend(remote::hand_on(remotes.heard(), input));
        }
    }

    fn on_exit(&mut self, gl: Option<&eframe::glow::Context>) {
        if let Some(gl) = gl {
            self.shell.video.free(gl);
        }
        self.services.execute(Effect::SaveSettings(self.shell.model.settings.clone()));
        self.services.shut_down();
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        self.shell.palette().tokens().ink.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}
