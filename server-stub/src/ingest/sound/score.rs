//! The pieces, as numbers.

use super::ScoreKind;

/// What is heard behind the music.
pub(super) enum Weather {
    None,
    Waves,
    Rain,
    Wind,
    Rails,
    Water,
}

pub(super) struct Score {
    /// Note that chords are counted from, 69 being 440 Hz.
    pub(super) root: i32,
    /// Semitones above the root; the first is also the bass.
    pub(super) chords: &'static [[i32; 4]],
    pub(super) bar_s: f32,
    pub(super) pad: f32,
    pub(super) pad_harmonics: u32,
    pub(super) bass: f32,
    pub(super) pluck: f32,
    /// Plucked steps in a bar, and how many of them sound.
    pub(super) steps: u32,
    pub(super) density: f32,
    pub(super) ring_s: f32,
    pub(super) bright: f32,
    pub(super) room: f32,
    pub(super) weather: Weather,
    pub(super) seed: u32,
}

/// What most pieces share.
const CALM: Score = Score {
    root: 48,
    chords: &[[0, 7, 12, 16]],
    bar_s: 5.0,
    pad: 0.42,
    pad_harmonics: 7,
    bass: 0.16,
    pluck: 0.13,
    steps: 8,
    density: 0.5,
    ring_s: 0.7,
    bright: 0.6,
    room: 0.7,
    weather: Weather::None,
    seed: 1,
};

impl ScoreKind {
    /// The piece, or nothing for test tones.
    pub(super) fn score(self) -> Option<Score> {
        Some(match self {
            Self::Pips => return None,
            Self::Tide => Score {
                root: 50,
                chords: &[[0, 7, 12, 15], [-4, 3, 8, 12], [3, 10, 15, 19], [-2, 5, 10, 14]],
                weather: Weather::Waves,
                seed: 11,
                ..CALM
            },
            Self::Harbour => Score {
                root: 45,
                chords: &[[0, 7, 10, 15], [5, 12, 15, 20], [-2, 5, 8, 14], [3, 10, 14, 17]],
                bar_s: 4.4,
                steps: 12,
                density: 0.34,
                bright: 0.9,
                ring_s: 1.1,
                weather: Weather::Rain,
                seed: 22,
                ..CALM
            },
            Self::Orbit => Score {
                root: 53,
                chords: &[[0, 4, 7, 14], [9, 12, 16, 19], [5, 9, 12, 16], [7, 11, 14, 17]],
                bar_s: 3.2,
                pad: 0.30,
                steps: 8,
                density: 0.72,
                ring_s: 0.32,
                bright: 1.0,
                room: 0.45,
                seed: 33,
                ..CALM
            },
            Self::Polder => Score {
                root: 55,
                chords: &[[0, 7, 12, 16], [5, 9, 12, 17], [-3, 4, 9, 12], [-5, 2, 7, 11]],
                bar_s: 4.8,
                density: 0.6,
                ring_s: 0.5,
                weather: Weather::Wind,
                seed: 44,
                ..CALM
            },
            Self::Paper => Score {
                root: 57,
                chords: &[[0, 3, 7, 12], [5, 8, 12, 15], [-2, 2, 5, 10], [3, 7, 10, 15]],
                bar_s: 2.8,
                pad: 0.26,
                pluck: 0.17,
                steps: 8,
                density: 0.78,
                ring_s: 0.26,
                bright: 0.8,
                room: 0.35,
                seed: 55,
                ..CALM
            },
            Self::Aurora => Score {
                root: 47,
                chords: &[[0, 7, 14, 19], [-4, 3, 10, 15], [-7, 0, 7, 12], [-2, 5, 12, 17]],
                bar_s: 7.0,
                pad: 0.50,
                pad_harmonics: 9,
                density: 0.28,
                ring_s: 1.6,
                room: 1.0,
                weather: Weather::Wind,
                seed: 66,
                ..CALM
            },
            Self::Deep => Score {
                root: 43,
                chords: &[[0, 7, 11, 16], [-3, 4, 9, 14], [5, 12, 16, 21], [2, 9, 14, 17]],
                bar_s: 8.0,
                pad: 0.52,
                pad_harmonics: 4,
                density: 0.24,
                ring_s: 1.9,
                bright: 0.3,
                room: 1.0,
                weather: Weather::Water,
                seed: 77,
                ..CALM
            },
            Self::Desert => Score {
                root: 46,
                chords: &[[0, 7, 12, 13], [1, 8, 13, 17], [0, 5, 12, 16], [-2, 5, 10, 13]],
                bar_s: 5.6,
                density: 0.42,
                bright: 1.2,
                ring_s: 0.9,
                weather: Weather::Wind,
                seed: 88,
                ..CALM
            },
            Self::Lamp => Score {
                root: 52,
                chords: &[[0, 7, 12, 15], [-4, 3, 8, 15], [-7, 0, 5, 12], [-5, 2, 7, 10]],
                bar_s: 6.0,
                density: 0.36,
                ring_s: 1.2,
                room: 0.9,
                weather: Weather::Waves,
                seed: 99,
                ..CALM
            },
            Self::Train => Score {
                root: 49,
                chords: &[[0, 7, 12, 16], [-3, 4, 9, 16], [-5, 2, 7, 14], [5, 9, 12, 19]],
                bar_s: 2.963,
                pad: 0.32,
                steps: 8,
                density: 0.62,
                ring_s: 0.4,
                room: 0.5,
                weather: Weather::Rails,
                seed: 110,
                ..CALM
            },
        })
    }
}
