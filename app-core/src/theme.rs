//! Fonts, type scale and egui style, made from the tokens and the density.

use crate::{
    density::{Density, Metrics},
    tokens::{self, Palette, Tokens},
};
use egui::{
    Color32, Context, FontData, FontDefinitions, FontFamily, FontId, Style,
    epaint::text::TextFormat,
    style::{ScrollStyle, WidgetVisuals},
};
use std::{sync::Arc, time::Duration};

/// Roles of text. Sizes and weights are chosen here, never where the text is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// The name of the application in the navigation.
    Logo,
    /// Name of the title on the hero and on its page.
    Hero,
    /// A code that is read across a room and typed elsewhere.
    Code,
    /// Heading of a sheet or page.
    Title,
    /// Heading of a row.
    RowTitle,
    /// Running text.
    Body,
    /// The same, for navigation and facts.
    BodyMedium,
    /// The same, for buttons and what is chosen.
    BodyStrong,
    /// Under a card.
    Label,
    /// Under the focused card.
    LabelStrong,
    /// Second line of a label, keys of a table.
    Caption,
    /// Boxed marks and the kicker.
    Badge,
}

/// What every view needs to draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    pub(crate) tokens: &'static Tokens,
    /// Colours of the page around, where something over a video stands on one.
    pub(crate) page: &'static Tokens,
    palette: Palette,
    pub(crate) density: Density,
    pub(crate) metrics: Metrics,
}

impl Theme {
    pub(crate) fn new(density: Density, width: f32, palette: Palette) -> Self {
        // A room in which a television is watched is dark.
        let palette = if density.is_tv() { Palette::default() } else { palette };
        let tokens = palette.tokens();
        Self { tokens, page: tokens, palette, density, metrics: density.metrics(width) }
    }

    /// For what lies over a video: dark in every theme.
    pub(crate) fn over_video(self) -> Self {
        Self { tokens: self.palette.over_video().tokens(), ..self }
    }

    /// Must pictures step back further behind the text on them? Dark text on a dark picture has nothing to stand on,
    /// and high contrast was asked for.
    pub(crate) fn needs_firm_ground(&self) -> bool {
        self.palette.is_light || self.palette.has_high_contrast
    }

    /// Size and weight of a role.
    pub(crate) fn font(&self, role: Type) -> FontId {
        let tv = self.density.is_tv();
        let (desktop_size, tv_size, family) = match role {
            Type::Logo => (21.0, 19.5, DISPLAY_BOLD),
            Type::Hero => (52.0, 44.0, DISPLAY_BOLD),
            Type::Code => (44.0, 50.0, DISPLAY_BOLD),
            Type::Title => (26.0, 28.0, DISPLAY_BOLD),
            Type::RowTitle => (17.0, 17.0, SEMI_BOLD),
            Type::Body => (15.0, 15.5, REGULAR),
            Type::BodyMedium => (15.0, 15.5, MEDIUM),
            Type::BodyStrong => (15.0, 15.5, SEMI_BOLD),
            Type::Label => (13.0, 13.0, MEDIUM),
            Type::LabelStrong => (13.0, 13.5, SEMI_BOLD),
            Type::Caption => (12.0, 12.5, MEDIUM),
            Type::Badge => (11.0, 10.5, SEMI_BOLD),
        };
        FontId::new(if tv { tv_size } else { desktop_size }, FontFamily::Name(family.into()))
    }

    /// Role and colour as a text format, with the tracking and leading of the role.
    pub(crate) fn format(&self, role: Type, colour: Color32) -> TextFormat {
        let font_id = self.font(role);
        let size = font_id.size;
        let (tracking, leading) = match role {
            Type::Hero => (-0.02, 1.05),
            Type::Code => (0.08, 1.15),
            Type::Title | Type::Logo => (-0.01, 1.15),
            Type::Body => (0.0, 1.28),
            Type::Badge => (0.01, 1.2),
            _ => (0.0, 1.25),
        };
        let mut format = TextFormat::simple(font_id, colour);
        format.extra_letter_spacing = tracking * size;
        format.line_height = Some((leading * size).round());
        format
    }
}

const REGULAR: &str = "inter";
const MEDIUM: &str = "inter-medium";
const SEMI_BOLD: &str = "inter-semibold";
const DISPLAY_BOLD: &str = "inter-display-bold";
const ICONS: &str = "icons";
const ICONS_FILL: &str = "icons-fill";

/// Icon font at `size`.
pub(crate) fn icon_font(size: f32, filled: bool) -> FontId {
    FontId::new(size, FontFamily::Name(if filled { ICONS_FILL } else { ICONS }.into()))
}

/// Installs the bundled fonts and the style of the few egui widgets that are used as they are (text fields, tooltips).
pub(crate) fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    dress(ctx, Palette::default(), tokens::dark());
    ctx.all_styles_mut(style);
    // The keyboard zoom of egui would fight with the canvas of a television and with `+` as a shortcut.
    ctx.options_mut(|options| {
        options.zoom_with_keyboard = false;
        options.max_passes = std::num::NonZeroUsize::MIN;
    });
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let bundled: [(&str, &'static [u8]); 6] = [
        (REGULAR, include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        (MEDIUM, include_bytes!("../../assets/fonts/Inter-Medium.otf")),
        (SEMI_BOLD, include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        (DISPLAY_BOLD, include_bytes!("../../assets/fonts/InterDisplay-Bold.otf")),
        (ICONS, include_bytes!("../../assets/fonts/Phosphor-Regular-subset.ttf")),
        (ICONS_FILL, include_bytes!("../../assets/fonts/Phosphor-Fill-subset.ttf")),
    ];
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (name, bytes) in bundled {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        let mut family = vec![name.to_owned()];
        if !name.starts_with(ICONS) {
            family.extend(fallback.iter().cloned());
        }
        fonts.families.insert(FontFamily::Name(name.into()), family);
    }
    fonts.families.entry(FontFamily::Proportional).or_default().insert(0, REGULAR.to_owned());
    fonts
}

/// Gives the widgets of egui these colours, and fonts the weight that suits the theme.
pub(crate) fn dress(ctx: &Context, palette: Palette, tokens: &Tokens) {
    ctx.set_theme(if palette.is_light { egui::Theme::Light } else { egui::Theme::Dark });
    ctx.all_styles_mut(|style| colours(style, tokens));
}

fn colours(style: &mut Style, tokens: &Tokens) {
    let widget = |visuals: &mut WidgetVisuals, fill: Color32| {
        visuals.bg_fill = fill;
        visuals.weak_bg_fill = fill;
        visuals.bg_stroke = egui::Stroke::new(1.0, tokens.line);
        visuals.fg_stroke = egui::Stroke::new(1.0, tokens.text);
        visuals.corner_radius = 8.0.into();
        visuals.expansion = 0.0;
    };
    let visuals = &mut style.visuals;
    visuals.panel_fill = tokens.ink;
    visuals.window_fill = tokens.surface_2;
    visuals.extreme_bg_color = tokens.surface_2;
    visuals.window_stroke = egui::Stroke::new(1.0, tokens.line);
    visuals.selection.bg_fill = tokens.accent.gamma_multiply(0.45);
    visuals.selection.stroke = egui::Stroke::new(1.5, tokens.focus);
    visuals.text_cursor.stroke.color = tokens.accent;
    widget(&mut visuals.widgets.noninteractive, tokens.surface_1);
    widget(&mut visuals.widgets.inactive, tokens.surface_2);
    widget(&mut visuals.widgets.hovered, tokens.surface_2);
    widget(&mut visuals.widgets.active, tokens.surface_2);
    widget(&mut visuals.widgets.open, tokens.surface_2);
    visuals.widgets.noninteractive.fg_stroke.color = tokens.text_2;
}

fn style(style: &mut Style) {
    style.animation_time = ANIMATION_TIME;
    style.spacing.scroll = ScrollStyle::thin();
    style.interaction.tooltip_delay = 0.5;
    style.interaction.selectable_labels = false;
}

/// How long egui's own widgets take to change, in seconds; 0 where nothing shall move, which stills our springs as well.
pub(crate) const ANIMATION_TIME: f32 = 0.1;

/// Asks for one more frame soon. `Context::request_repaint` would schedule two, which doubles the cost of video.
pub(crate) fn wake(ctx: &Context) {
    ctx.request_repaint_after(WAKE);
}

/// The smallest delay that egui does not treat as "now, twice".
pub(crate) const WAKE: Duration = Duration::from_micros(100);
