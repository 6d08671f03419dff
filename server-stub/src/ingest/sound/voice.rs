//! Single notes.

use super::{RATE, Tone};
use std::f32::consts::TAU;

const SIZE: usize = 2048;

/// Frequency in hertz of a note that is counted in semitones, 69 being 440 Hz.
pub(crate) fn pitch(note: i32) -> f32 {
    440.0 * 2.0_f32.powf((note - 69) as f32 / 12.0)
}

/// One period of a mellow tone.
pub(crate) struct Table(Vec<f32>);

impl Table {
    /// `harmonics` partials, each as strong as 1 / n^1.7.
    pub(crate) fn new(harmonics: u32) -> Self {
        let wave = |i: usize| {
            let phase = i as f32 / SIZE as f32 * TAU;
            (1..=harmonics).map(|n| (phase * n as f32).sin() / (n as f32).powf(1.7)).sum()
        };
        Self((0..=SIZE).map(wave).collect())
    }

    fn at(&self, phase: f32) -> f32 {
        let position = phase * SIZE as f32;
        let index = position as usize % SIZE;
        self.0[index] + (self.0[index + 1] - self.0[index]) * position.fract()
    }

    /// Adds a note that rises and falls, and some of it to `send`.
    pub(crate) fn play(&self, tone: &Tone, out: &mut [[f32; 2]], send: Option<(&mut [[f32; 2]], f32)>) {
        let end = (tone.start + tone.length).min(out.len());
        let gains = [0.5 - 0.5 * tone.side.min(1.0), 0.5 + 0.5 * tone.side.max(-1.0)].map(f32::sqrt);
        let mut phase = tone.start as f32 * 0.137 % 1.0;
        let step = tone.frequency / RATE as f32;
        let mut add = |target: &mut [[f32; 2]], share: f32| {
            for (index, frame) in target[tone.start.min(end)..end].iter_mut().enumerate() {
                let rise = (index as f32 / tone.attack as f32).min(1.0);
                let left = (tone.length - index) as f32 / tone.length as f32;
                let envelope = rise * rise * (3.0 - 2.0 * rise) * (left * 1.6).min(1.0);
                let sample = self.at(phase) * envelope * tone.level * share;
                phase += step;
                phase -= phase.floor();
                frame[0] += sample * gains[0];
                frame[1] += sample * gains[1];
            }
        };
        add(out, 1.0);
        if let Some((send, share)) = send {
            add(send, share);
        }
    }
}

/// A note that is struck and rings out.
pub(crate) struct Pluck {
    pub(crate) frequency: f32,
    /// Seconds until it has fallen to a third.
    pub(crate) decay_s: f32,
    /// Share of the upper partials.
    pub(crate) bright: f32,
    pub(crate) level: f32,
    pub(crate) side: f32,
}

impl Pluck {
    /// Adds it at frame `start`, and half of it to `send`.
    pub(crate) fn play(&self, start: usize, out: &mut [[f32; 2]], send: &mut [[f32; 2]]) {
        let length = (self.decay_s * 5.0 * RATE as f32) as usize;
        let end = (start + length).min(out.len());
        let gains = [0.5 - 0.5 * self.side, 0.5 + 0.5 * self.side].map(f32::sqrt);
        // Partials as rotating vectors: one multiplication instead of a sine for each sample.
        let partials = [
            (1.0, 1.0, 1.0),
            (2.001, 0.45 * self.bright, 0.6),
            (3.003, 0.28 * self.bright, 0.4),
            (5.01, 0.12 * self.bright, 0.22),
        ];
        for (ratio, level, ring) in partials {
            let (sin, cos) = (self.frequency * ratio / RATE as f32 * TAU).sin_cos();
            let shrink = (-1.0 / (self.decay_s * ring * RATE as f32)).exp();
            let (mut re, mut im) = (0.0_f32, self.level * level);
            for index in start.min(end)..end {
                let attack = ((index - start) as f32 / 140.0).min(1.0);
                let sample = re * attack;
                for side in 0..2 {
                    out[index][side] += sample * gains[side];
                    send[index][side] += 0.5 * sample * gains[side];
                }
                (re, im) = ((re * cos + im * sin) * shrink, (im * cos - re * sin) * shrink);
            }
        }
    }
}
