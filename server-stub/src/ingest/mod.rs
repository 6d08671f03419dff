//! The demo library: films that this crate paints, scores, encodes, packages and encrypts by itself.
//!
//! Three nouns. A **descriptor** ([`TitleDescriptor`]) is what is known about a title before anything is made. The
//! **library** ([`Library`]) is a folder in which every title is absent, being made or ready, and only ready ones are
//! ever handed out. The **key source** ([`KeySource`]) is the server's side of encryption: the library asks for a key,
//! encrypts, and remembers nothing but the key's identifier.
//!
//! How a title comes to be, one file per step:
//!
//! ```text
//! scene/ paints frames with render/ ─┐
//!                                    ├─> encode.rs runs ffmpeg ─> package/ cuts CMAF, encrypts, writes playlists
//! sound/ plays the score ────────────┘         (partial folder)         └─> library.rs renames: now it is served
//! ```
//!
//! Pictures for the catalogue (artwork.rs) come from the same scenes and are made first, because a home screen with
//! empty cards looks broken and one with films that are still being made does not.

mod artwork;
mod catalogue;
mod encode;
mod error;
mod key;
mod ladder;
mod library;
mod lock;
mod package;
mod paths;
mod produce;
mod reference;
mod render;
mod scene;
mod sound;
mod state;
mod subtitles;
mod thumbnails;
pub mod timecode;

pub use catalogue::{Cue, Plan, TitleDescriptor, catalogue};
pub use error::IngestError;
pub use key::{ContentKey, KeyError, KeySource};
pub use ladder::LadderProfile;
#[cfg(test)]
pub(crate) use library::GENERATOR;
pub use library::{Library, LibraryOptions};
pub use reference::Reference;
pub use scene::SceneKind;
pub use sound::ScoreKind;
pub use state::{LibraryState, MediaState, TitleMedia};
