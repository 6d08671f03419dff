//! How things should look: what the desktop says, and what the viewer says instead.

use crate::tokens::Palette;
use serde::{Deserialize, Serialize};

/// Limits of the size of text, in per cent.
pub(crate) const TEXT_SIZES: std::ops::RangeInclusive<u16> = 100..=150;

/// What the desktop says; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Appearance {
    /// As a factor; 1 is normal.
    pub(crate) text_scale: Option<f64>,
    /// As few movements as possible.
    pub(crate) reduced_motion: Option<bool>,
    /// `true` for dark.
    pub(crate) prefers_dark: Option<bool>,
    /// Colours that are far apart.
    pub(crate) high_contrast: Option<bool>,
}

impl Appearance {
    /// Where desktops say it, by namespace and key.
    pub(crate) const KEYS: [(&'static str, &'static str); 6] = [
        ("org.freedesktop.appearance", "color-scheme"),
        ("org.freedesktop.appearance", "contrast"),
        ("org.gnome.desktop.a11y.interface", "high-contrast"),
        ("org.freedesktop.appearance", "reduced-motion"),
        ("org.gnome.desktop.interface", "enable-animations"),
        ("org.gnome.desktop.interface", "text-scaling-factor"),
    ];

    /// Takes over one value; those that mean nothing are left out.
    pub(crate) fn learn(&mut self, namespace: &str, key: &str, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        match (namespace, key) {
            ("org.freedesktop.appearance", "color-scheme") if value != 0.0 => self.prefers_dark = Some(value == 1.0),
            ("org.freedesktop.appearance", "contrast") | ("org.gnome.desktop.a11y.interface", "high-contrast") => {
                self.high_contrast = Some(value == 1.0 || self.high_contrast == Some(true));
            }
            ("org.freedesktop.appearance", "reduced-motion") => {
                self.reduced_motion = Some(value == 1.0 || self.reduced_motion == Some(true));
            }
            ("org.gnome.desktop.interface", "enable-animations") => {
                self.reduced_motion = Some(value == 0.0 || self.reduced_motion == Some(true));
            }
            ("org.gnome.desktop.interface", "text-scaling-factor") if value > 0.0 => self.text_scale = Some(value),
            _ => {}
        }
    }
}

/// What the viewer chose; `None` follows the desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    /// In per cent, within [`TEXT_SIZES`].
    pub(crate) text_size: Option<u16>,
    pub(crate) reduced_motion: Option<bool>,
    pub(crate) light: Option<bool>,
    pub(crate) high_contrast: Option<bool>,
}

impl Choice {
    /// The theme: dark where nobody says anything.
    pub(crate) fn palette(&self, desktop: &Appearance) -> Palette {
        let told = desktop.prefers_dark.map(|dark| !dark);
        Palette {
            is_light: self.light.or(told).unwrap_or(false),
            has_high_contrast: self.high_contrast.or(desktop.high_contrast).unwrap_or(false),
        }
    }

    /// Factor for everything that is read.
    pub(crate) fn text_scale(&self, desktop: &Appearance) -> f32 {
        let told = desktop.text_scale.map(|scale| scale * 100.0);
        let per_cent = self.text_size.map(f64::from).or(told).unwrap_or(100.0);
        (per_cent.clamp(f64::from(*TEXT_SIZES.start()), f64::from(*TEXT_SIZES.end())) / 100.0) as f32
    }

    pub(crate) fn reduces_motion(&self, desktop: &Appearance) -> bool {
        self.reduced_motion.or(desktop.reduced_motion).unwrap_or(false)
    }

    pub(crate) fn validated(mut self) -> Self {
        self.text_size = self.text_size.map(|size| size.clamp(*TEXT_SIZES.start(), *TEXT_SIZES.end()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_viewer_has_the_last_word_and_the_desktop_the_one_before() {
        let mut desktop = Appearance::default();
        let follows = Choice::default();
        assert_eq!((follows.text_scale(&desktop), follows.reduces_motion(&desktop)), (1.0, false));
        for (key, value) in [("text-scaling-factor", Some(1.25)), ("enable-animations", Some(0.0))] {
            desktop.learn("org.gnome.desktop.interface", key, value);
        }
        desktop.learn("org.freedesktop.appearance", "reduced-motion", Some(0.0));
        desktop.learn("org.freedesktop.appearance", "color-scheme", Some(2.0));
        assert_eq!(desktop.prefers_dark, Some(false));
        assert_eq!((follows.text_scale(&desktop), follows.reduces_motion(&desktop)), (1.25, true));
        let own = Choice { text_size: Some(150), reduced_motion: Some(false), ..Choice::default() };
        assert_eq!((own.text_scale(&desktop), own.reduces_motion(&desktop)), (1.5, false));
    }

    #[test]
    fn the_theme_is_what_the_viewer_chose_else_what_the_desktop_says_else_dark() {
        let mut desktop = Appearance::default();
        let follows = Choice::default();
        assert_eq!(follows.palette(&desktop), Palette::default());
        desktop.learn("org.freedesktop.appearance", "color-scheme", Some(0.0));
        assert_eq!(desktop.prefers_dark, None, "no preference");
        desktop.learn("org.freedesktop.appearance", "color-scheme", Some(2.0));
        desktop.learn("org.freedesktop.appearance", "contrast", Some(1.0));
        // A desktop that knows only one of both does not take the other back.
        desktop.learn("org.gnome.desktop.a11y.interface", "high-contrast", Some(0.0));
        assert_eq!(follows.palette(&desktop), Palette { is_light: true, has_high_contrast: true });
        let own = Choice { light: Some(false), high_contrast: Some(false), ..Choice::default() };
        assert_eq!(own.palette(&desktop), Palette::default());
        let light = Choice { light: Some(true), ..Choice::default() };
        assert!(light.palette(&Appearance::default()).is_light);
    }

    #[test]
    fn strange_values_are_brought_into_range() {
        let mut desktop = Appearance::default();
        for value in [None, Some(f64::NAN), Some(-1.0), Some(0.0)] {
            desktop.learn("org.gnome.desktop.interface", "text-scaling-factor", value);
            assert_eq!(desktop.text_scale, None, "{value:?}");
        }
        desktop.learn("org.gnome.desktop.interface", "text-scaling-factor", Some(9.0));
        assert_eq!(Choice::default().text_scale(&desktop), 1.5);
        desktop.learn("elsewhere", "color-scheme", Some(1.0));
        assert_eq!(desktop.prefers_dark, None);
        assert_eq!(Choice { text_size: Some(900), ..Choice::default() }.validated().text_size, Some(150));
    }
}
