//! The code that a device without a browser shows, as text and as a picture for a phone.

use qrcode::{EcLevel, QrCode};
use service_api::client::DeviceCode;
use std::{fmt, time::Duration};
use url::Url;

/// Longest address that becomes a picture: beyond it the squares are too small to be read across a room.
const MAX_ADDRESS: usize = 300;

/// A code to sign in with, as it is shown.
#[derive(Clone, PartialEq)]
pub(crate) struct SignInCode {
    /// What a person types, such as `BCDF-GHJK`.
    pub(crate) text: String,
    /// Where it is typed.
    pub(crate) page: Url,
    /// The same with the code in it; `None` if it does not fit.
    pub(crate) picture: Option<Squares>,
    pub(crate) lasts: Duration,
}

impl SignInCode {
    pub(crate) fn of(code: &DeviceCode) -> Self {
        Self::new(code.user_code(), code.page().clone(), code.page_with_code(), code.expires_in())
    }

    pub(crate) fn new(text: &str, page: Url, page_with_code: &Url, lasts: Duration) -> Self {
        Self { text: text.to_owned(), page, picture: Squares::of(page_with_code), lasts }
    }

    /// The page as people type it: without what browsers fill in.
    pub(crate) fn address(&self) -> String {
        let address = self.page.as_str();
        address.strip_prefix("https://").unwrap_or(address).trim_end_matches('/').to_owned()
    }
}

impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Until it is used the code is a secret.
        f.debug_struct("SignInCode").field("page", &self.page.as_str()).finish_non_exhaustive()
    }
}

/// A QR code: rows of dark and light squares, without the quiet zone around them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Squares {
    side: usize,
    dark: Vec<bool>,
}

impl Squares {
    /// Light squares that readers expect on each side.
    pub(crate) const QUIET: usize = 4;

    fn of(address: &Url) -> Option<Self> {
        let text = address.as_str();
        if text.len() > MAX_ADDRESS {
            return None;
        }
        Self::new(text)
    }

    /// Any text, of at most some hundred bytes; `None` if it does not fit.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        Self::new(text)
    }

    fn new(text: &str) -> Option<Self> {
        // Medium: what a glossy television reflects is a few squares.
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let dark = code.to_colors().into_iter().map(|colour| colour == qrcode::Color::Dark).collect();
        Some(Self { side: code.width(), dark })
    }

    /// Squares in a row, and rows.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    /// Column and row of the dark ones.
    pub(crate) fn dark(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.dark.iter().enumerate().filter(|(_, dark)| **dark).map(|(index, _)| (index % self.side, index / self.side))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(page: &str) -> SignInCode {
        let page: Url = page.parse().unwrap();
        let with_code = page.join("?user_code=BCDF-GHJK").unwrap();
        SignInCode::new("BCDF-GHJK", page, &with_code, Duration::from_secs(600))
    }

    #[test]
    fn address_is_short_and_the_code_is_not_printed() {
        let code = code("https://tv.lumen.example/device");
        assert_eq!(code.address(), "tv.lumen.example/device");
        assert!(!format!("{code:?}").contains("BCDF"));
        assert_eq!(self::code("http://127.0.0.1:7800/device").address(), "http://127.0.0.1:7800/device");
    }

    #[test]
    fn picture_has_the_three_marks_of_a_qr_code() {
        let squares = code("https://tv.lumen.example/device").picture.unwrap();
        let side = squares.side();
        let dark: std::collections::HashSet<_> = squares.dark().collect();
        for (x, y) in [(0, 0), (side - 7, 0), (0, side - 7)] {
            let ring =
                (0..7).all(|i| [(i, 0), (i, 6), (0, i), (6, i)].iter().all(|(a, b)| dark.contains(&(x + a, y + b))));
            let gap =
                (1..6).all(|i| [(i, 1), (i, 5), (1, i), (5, i)].iter().all(|(a, b)| !dark.contains(&(x + a, y + b))));
            assert!(ring && gap && dark.contains(&(x + 3, y + 3)), "mark at {x}, {y}");
        }
        let long = format!("https://tv.lumen.example/{}", "a".repeat(MAX_ADDRESS));
        assert!(code(&long).picture.is_none());
    }
}
