//! MPEG-DASH (ISO/IEC 23009-1) to [`Presentation`].

use super::{ManifestError, Presentation};
use url::Url;

/// Does this begin as an MPD does?
pub fn is_mpd(text: &[u8]) -> bool {
    let head = &text[..text.len().min(4096)];
    head.windows(4).any(|window| window == b"<MPD")
}

/// Reads an MPD. `base` is its address after redirects.
pub fn presentation(_text: &[u8], _base: &Url) -> Result<Presentation, ManifestError> {
    Err(ManifestError::Unsupported("MPEG-DASH"))
}
