//! Design tokens: the one place that makes a colour.
//!
//! The values live in `assets/tokens*.ron`, a file per theme, compiled into the binary, so that a designer changes one file and a test
//! (`tests/colour_literals.rs`) can promise that no colour hides anywhere else.

use egui::Color32;
use serde::{Deserialize, Deserializer};
use std::sync::LazyLock;

/// The colours of one theme.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    /// Behind everything.
    #[serde(deserialize_with = "colour")]
    pub(crate) ink: Color32,
    /// Cards and skeletons on ink.
    #[serde(deserialize_with = "colour")]
    pub(crate) surface_1: Color32,
    /// Sheets, menus and fields.
    #[serde(deserialize_with = "colour")]
    pub(crate) surface_2: Color32,
    /// Hairlines.
    #[serde(deserialize_with = "colour")]
    pub(crate) line: Color32,
    /// Headings and whatever has the focus.
    #[serde(deserialize_with = "colour")]
    pub(crate) text: Color32,
    /// Running text and labels.
    #[serde(deserialize_with = "colour")]
    pub(crate) text_2: Color32,
    /// Keys of tables, hints.
    #[serde(deserialize_with = "colour")]
    pub(crate) text_3: Color32,
    /// Progress, the kicker, the primary button.
    #[serde(deserialize_with = "colour")]
    pub(crate) accent: Color32,
    /// It went well.
    #[serde(deserialize_with = "colour")]
    pub(crate) good: Color32,
    /// Neutral data, the second line of a plot.
    #[serde(deserialize_with = "colour")]
    pub(crate) info: Color32,
    /// It goes on, but worse.
    #[serde(deserialize_with = "colour")]
    pub(crate) warn: Color32,
    /// It does not go on.
    #[serde(deserialize_with = "colour")]
    pub(crate) bad: Color32,
    /// Fill of a button over a picture.
    #[serde(deserialize_with = "colour")]
    pub(crate) control: Color32,
    /// The same under the pointer.
    #[serde(deserialize_with = "colour")]
    pub(crate) control_hover: Color32,
    /// A row of a menu under the pointer.
    #[serde(deserialize_with = "colour")]
    pub(crate) control_quiet: Color32,
    /// What moves in a switch.
    #[serde(deserialize_with = "colour")]
    pub(crate) knob: Color32,
    /// The focus ring and the fill of a focused button.
    #[serde(deserialize_with = "colour")]
    pub(crate) focus: Color32,
    /// Text on the focus colour and on the accent.
    #[serde(deserialize_with = "colour")]
    pub(crate) on_focus: Color32,
    /// Under raised things.
    #[serde(deserialize_with = "colour")]
    pub(crate) shadow: Color32,
    /// Around a video of another shape than the window.
    #[serde(deserialize_with = "colour")]
    pub(crate) letterbox: Color32,
    /// Gradients over the video.
    #[serde(deserialize_with = "colour")]
    pub(crate) scrim: Color32,
    /// The part of the seek bar that is neither played nor loaded.
    #[serde(deserialize_with = "colour")]
    pub(crate) bar: Color32,
    /// The loaded part.
    #[serde(deserialize_with = "colour")]
    pub(crate) bar_buffered: Color32,
    /// Cards over the video.
    #[serde(deserialize_with = "colour")]
    pub(crate) card: Color32,
    /// Ground of a small plot.
    #[serde(deserialize_with = "colour")]
    pub(crate) plot: Color32,
    /// Subtitle text.
    #[serde(deserialize_with = "colour")]
    pub(crate) subtitle: Color32,
    /// Outline of subtitle text.
    #[serde(deserialize_with = "colour")]
    pub(crate) subtitle_edge: Color32,
}

/// Vertex colour that leaves a texture as it is.
pub(crate) const UNTINTED: Color32 = Color32::WHITE;

/// Paints nothing.
pub(crate) const CLEAR: Color32 = Color32::TRANSPARENT;

/// The themes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) is_light: bool,
    pub(crate) has_high_contrast: bool,
}

impl Palette {
    /// Its colours.
    pub(crate) fn tokens(self) -> &'static Tokens {
        let Self { is_light, has_high_contrast } = self;
        &THEMES[usize::from(is_light) + 2 * usize::from(has_high_contrast)]
    }

    /// The theme for what lies over a video: never light.
    pub(crate) fn over_video(self) -> Self {
        Self { is_light: false, ..self }
    }
}

static THEMES: LazyLock<[Tokens; 4]> = LazyLock::new(|| {
    [
        include_str!("../../assets/tokens.ron"),
        include_str!("../../assets/tokens-light.ron"),
        include_str!("../../assets/tokens-contrast-dark.ron"),
        include_str!("../../assets/tokens-contrast-light.ron"),
    ]
    .map(|text| ron::from_str(text).expect("the files of tokens are compiled in and checked by a test"))
});

/// The dark theme: that of televisions, and of what is the same whatever the theme is.
pub(crate) fn dark() -> &'static Tokens {
    Palette::default().tokens()
}

/// Reads `#RRGGBB` or `#RRGGBBAA`; anything else is `None`. Servers send the first form for artwork and avatars.
pub(crate) fn parse_hex(text: &str) -> Option<Color32> {
    let digits = text.strip_prefix('#')?;
    if !digits.is_ascii() || !matches!(digits.len(), 6 | 8) {
        return None;
    }
    let byte = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16).ok();
    let alpha = if digits.len() == 8 { byte(6)? } else { u8::MAX };
    Some(Color32::from_rgba_unmultiplied(byte(0)?, byte(2)?, byte(4)?, alpha))
}

/// A mixture of two opaque colours in gamma space; `share` is the weight of `over`, 0 to 1.
pub(crate) fn mix(under: Color32, over: Color32, share: f32) -> Color32 {
    let lane = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
    Color32::from_rgba_premultiplied(
        lane(under.r(), over.r()),
        lane(under.g(), over.g()),
        lane(under.b(), over.b()),
        lane(under.a(), over.a()),
    )
}

/// One opaque pixel from a decoded video or picture.
pub(crate) fn pixel(rgba: [u8; 4]) -> Color32 {
    Color32::from_rgba_unmultiplied(rgba[0], rgba[1], rgba[2], rgba[3])
}

fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color32, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    parse_hex(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not #RRGGBB or #RRGGBBAA")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_file_is_complete() {
        assert_eq!(dark().ink.to_array(), [0x0B, 0x0D, 0x12, 0xFF]);
    }

    #[test]
    fn colours_from_outside_are_checked() {
        assert_eq!(parse_hex("#ff6b4a").map(|c| c.to_array()), Some([255, 107, 74, 255]));
        for wrong in ["", "#", "ff6b4a", "#ff6b4", "#ff6b4g", "#ff6b4a0", "#ééé", "#ff6b4a001"] {
            assert_eq!(parse_hex(wrong), None, "{wrong}");
        }
    }

    const PALETTES: [Palette; 4] = [
        Palette { is_light: false, has_high_contrast: false },
        Palette { is_light: true, has_high_contrast: false },
        Palette { is_light: false, has_high_contrast: true },
        Palette { is_light: true, has_high_contrast: true },
    ];

    /// Relative luminance and contrast of WCAG 2.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |c: Color32| {
            let lane = |v: u8| {
                let v = f32::from(v) / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * lane(c.r()) + 0.7152 * lane(c.g()) + 0.0722 * lane(c.b())
        };
        let (x, y) = (luminance(a), luminance(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    /// What is seen of a colour that covers its ground in part.
    fn over(ground: Color32, cover: Color32) -> Color32 {
        let [r, g, b, alpha] = cover.to_array();
        let rest = 1.0 - f32::from(alpha) / 255.0;
        let lane = |cover: u8, ground: u8| (f32::from(cover) + f32::from(ground) * rest).round().min(255.0) as u8;
        Color32::from_rgb(lane(r, ground.r()), lane(g, ground.g()), lane(b, ground.b()))
    }

    #[test]
    fn text_is_readable_on_its_ground_in_every_theme() {
        for palette in PALETTES {
            let t = palette.tokens();
            // WCAG 2.2: 1.4.3, and 1.4.6 where high contrast was asked for.
            let least = if palette.has_high_contrast { 7.0 } else { 4.5 };
            let grounds = [t.ink, t.surface_1, t.surface_2];
            let mut pairs = vec![("focus", t.on_focus, t.focus), ("accent", t.on_focus, t.accent)];
            for ground in grounds {
                let texts = [t.text, t.text_2, t.text_3, t.accent, t.good, t.info, t.warn, t.bad];
                pairs.extend(texts.map(|text| ("ground", text, ground)));
                pairs.extend([t.text, t.text_2].map(|text| ("quiet control", text, over(ground, t.control_quiet))));
                pairs.extend([t.text, t.text_2].map(|text| ("control", text, over(ground, t.control))));
                pairs.push(("control under the pointer", t.text, over(ground, t.control_hover)));
            }
            // Cards over pictures, on the darkest and the lightest.
            for picture in [Color32::BLACK, Color32::WHITE] {
                pairs.push(("card", t.text, over(picture, t.card)));
            }
            for (on, text, ground) in pairs {
                let found = contrast(text, ground);
                assert!(found >= least, "{palette:?}: {text:?} on {on} {ground:?} has {found:.2}");
            }
        }
    }

    #[test]
    fn what_can_be_touched_stands_out_in_every_theme() {
        for palette in PALETTES {
            let t = palette.tokens();
            // WCAG 2.2: 1.4.11.
            for ground in [t.ink, t.surface_1, t.surface_2] {
                assert!(contrast(t.focus, ground) >= 3.0, "{palette:?}: the ring on {ground:?}");
                assert!(contrast(t.accent, ground) >= 3.0, "{palette:?}: progress on {ground:?}");
                let line = contrast(over(ground, t.line), ground);
                assert!(!palette.has_high_contrast || line >= 3.0, "{palette:?}: lines on {ground:?} have {line:.2}");
            }
            let off = over(t.surface_1, t.control_hover);
            assert!(contrast(t.knob, off) >= 1.3 && contrast(t.knob, t.accent) >= 1.9, "{palette:?}: the switch");
        }
    }

    #[test]
    fn nothing_over_a_video_is_light() {
        for palette in PALETTES {
            let over = palette.over_video();
            assert!(!over.is_light && over.has_high_contrast == palette.has_high_contrast);
            assert!(contrast(over.tokens().ink, Color32::BLACK) < 1.2);
        }
    }
}
