//! Glyphs of the bundled icon fonts (Phosphor), by what they are used for.
//!
//! The fonts are cut to these code points (`assets/fonts/README.md`). An idle control shows the regular weight, an
//! active one the filled weight of the same code point.

use crate::language::tr;

pub(crate) const PLAY: &str = "\u{e3d0}";
pub(crate) const PAUSE: &str = "\u{e39e}";
pub(crate) const BACK_10: &str = "\u{e038}";
pub(crate) const FORWARD_10: &str = "\u{e036}";
pub(crate) const SPEAKER_HIGH: &str = "\u{e44a}";
pub(crate) const SPEAKER_LOW: &str = "\u{e44c}";
pub(crate) const SPEAKER_MUTED: &str = "\u{e45c}";
pub(crate) const AUDIO: &str = "\u{e4a2}";
pub(crate) const SUBTITLES: &str = "\u{e1a8}";
pub(crate) const STATS: &str = "\u{e628}";
pub(crate) const SETTINGS: &str = "\u{e272}";
pub(crate) const FULL_SCREEN: &str = "\u{e1d0}";
pub(crate) const LEAVE_FULL_SCREEN: &str = "\u{e1ce}";
pub(crate) const INFO: &str = "\u{e2ce}";
pub(crate) const ARROW_LEFT: &str = "\u{e058}";
pub(crate) const CARET_LEFT: &str = "\u{e138}";
pub(crate) const CARET_RIGHT: &str = "\u{e13a}";
pub(crate) const CHECK: &str = "\u{e182}";
pub(crate) const COPY: &str = "\u{e1ca}";
pub(crate) const WARNING: &str = "\u{e4e2}";
pub(crate) const LOCK: &str = "\u{e2fe}";
pub(crate) const SIGN_OUT: &str = "\u{e42a}";
pub(crate) const PEOPLE: &str = "\u{e4d6}";
pub(crate) const LINK: &str = "\u{e2e2}";
pub(crate) const OPEN_OUTSIDE: &str = "\u{e5de}";
pub(crate) const KEYBOARD: &str = "\u{e2d8}";
pub(crate) const OFFLINE: &str = "\u{e4f2}";
pub(crate) const FILM: &str = "\u{e792}";
pub(crate) const PREPARING: &str = "\u{e2b8}";
pub(crate) const RESTART: &str = BACK_10;
pub(crate) const PLUS: &str = "\u{e3d4}";
pub(crate) const THUMBS_UP: &str = "\u{e48e}";
pub(crate) const THUMBS_DOWN: &str = "\u{e48c}";
pub(crate) const REMOVE: &str = "\u{e4a6}";
pub(crate) const EDIT: &str = "\u{e3b4}";
pub(crate) const DOWNLOAD: &str = "\u{e20c}";
pub(crate) const ACCOUNT: &str = "\u{e4c4}";
pub(crate) const DEVICES: &str = "\u{eba4}";
pub(crate) const PRIVACY: &str = "\u{e40c}";
pub(crate) const SUPPORT: &str = "\u{e63a}";
pub(crate) const PLAN: &str = "\u{e1d2}";
pub(crate) const PLAYBACK: &str = "\u{e3d2}";
pub(crate) const HISTORY: &str = "\u{e1a0}";

/// Pictures of profiles, by the names that the service keeps.
pub(crate) const AVATARS: [(&str, &str); 16] = [
    ("cat", "\u{e748}"),
    ("dog", "\u{e74a}"),
    ("rabbit", "\u{eac2}"),
    ("bird", "\u{e72c}"),
    ("fish", "\u{e728}"),
    ("horse", "\u{e2b0}"),
    ("butterfly", "\u{ea6e}"),
    ("flower", "\u{e75e}"),
    ("cactus", "\u{e918}"),
    ("acorn", "\u{eb9a}"),
    ("robot", "\u{e762}"),
    ("ghost", "\u{e62a}"),
    ("rocket", "\u{e3fc}"),
    ("planet", "\u{e652}"),
    ("sailboat", "\u{e78a}"),
    ("guitar", "\u{ea8a}"),
];

/// What a picture of profiles shows.
pub(crate) fn avatar_words(name: &str) -> &'static str {
    match name {
        "cat" => tr!("avatar-cat"),
        "dog" => tr!("avatar-dog"),
        "rabbit" => tr!("avatar-rabbit"),
        "bird" => tr!("avatar-bird"),
        "fish" => tr!("avatar-fish"),
        "horse" => tr!("avatar-horse"),
        "butterfly" => tr!("avatar-butterfly"),
        "flower" => tr!("avatar-flower"),
        "cactus" => tr!("avatar-cactus"),
        "acorn" => tr!("avatar-acorn"),
        "robot" => tr!("avatar-robot"),
        "ghost" => tr!("avatar-ghost"),
        "rocket" => tr!("avatar-rocket"),
        "planet" => tr!("avatar-planet"),
        "sailboat" => tr!("avatar-sailboat"),
        _ => tr!("avatar-guitar"),
    }
}

pub(crate) const MINI_PLAYER: &str = "\u{e64c}";
pub(crate) const NEXT: &str = "\u{e5a6}";
pub(crate) const CLOSE: &str = "\u{e4f6}";
