//! One set of screens, two densities.
//!
//! A desktop is read from an arm's length and pointed at; a television is read from three metres and steered with
//! five keys. Everything that differs because of that stands here as a number, so that no screen asks "am I a TV?"
//! to find out how large something is.

/// How far away the viewer sits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// Mouse and keyboard, points as the desktop defines them.
    #[default]
    Desktop,
    /// A canvas 540 units high whatever the panel, remote or arrow keys.
    Tv,
}

impl Density {
    /// Height of the television canvas in its own units.
    pub const TV_HEIGHT: f32 = 540.0;

    /// Is this the ten-foot density?
    pub fn is_tv(self) -> bool {
        self == Self::Tv
    }

    /// Scale from units to physical pixels for a panel `height_px` high; `None` leaves it to the desktop.
    pub fn pixels_per_point(self, height_px: f32) -> Option<f32> {
        self.is_tv().then(|| (height_px / Self::TV_HEIGHT).max(0.5))
    }

    /// The sizes of this density in a window `width` units wide.
    pub fn metrics(self, width: f32) -> Metrics {
        match self {
            Self::Desktop => Metrics {
                // Wide windows keep their content within 1680 units: longer rows tire the eye.
                keyline: (width * 0.04).clamp(20.0, 64.0).max((width - 1680.0) / 2.0),
                top: 20.0,
                nav_height: 36.0,
                gutter: 20.0,
                wide_card: 248.0,
                poster_card: 168.0,
                button_height: 44.0,
                icon: 22.0,
                card_radius: 8.0,
                row_gap: 36.0,
            },
            Self::Tv => Metrics {
                keyline: 58.0,
                top: 25.0,
                nav_height: 30.0,
                gutter: 16.0,
                wide_card: 168.0,
                poster_card: 118.0,
                button_height: 38.0,
                icon: 19.0,
                card_radius: 7.0,
                row_gap: 18.0,
            },
        }
    }
}

/// Sizes in units of the density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Left and right edge of the content.
    pub keyline: f32,
    /// Upper edge of the navigation.
    pub top: f32,
    /// Height of the navigation pills.
    pub nav_height: f32,
    /// Between two cards.
    pub gutter: f32,
    /// Width of a 16:9 card.
    pub wide_card: f32,
    /// Width of a 2:3 card.
    pub poster_card: f32,
    /// Height of a large button.
    pub button_height: f32,
    /// Size of a control's icon.
    pub icon: f32,
    /// Corner radius of a card.
    pub card_radius: f32,
    /// Between the labels of one row and the heading of the next.
    pub row_gap: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_television_shows_the_same_picture_on_every_panel() {
        for height in [720.0, 1080.0, 2160.0] {
            assert_eq!(Density::Tv.pixels_per_point(height).map(|ppp| height / ppp), Some(540.0));
        }
        assert_eq!(Density::Desktop.pixels_per_point(1080.0), None);
    }

    #[test]
    fn wide_windows_keep_their_content_together() {
        assert_eq!(Density::Desktop.metrics(3440.0).keyline, 880.0);
        assert_eq!(Density::Desktop.metrics(400.0).keyline, 20.0);
    }
}
