//! Music for the films: slow chords, a plucked line, a bass, weather, all from a few numbers for each title.

mod room;
mod score;
mod voice;

use super::render::noise::unit;
use room::Room;
use score::{Score, Weather};
use serde::Deserialize;
use voice::{Pluck, Table, pitch};

/// Samples per second.
pub(crate) const RATE: u32 = 48_000;

/// Which piece is played; named after the films.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreKind {
    Tide,
    Harbour,
    Orbit,
    Polder,
    Paper,
    Aurora,
    Deep,
    Desert,
    Lamp,
    Train,
    /// A short tone at every full second, for checks of picture against sound.
    Pips,
}

/// Plays `kind` for `seconds` as interleaved stereo, 16-bit little-endian.
pub(crate) fn play(kind: ScoreKind, seconds: f64) -> Vec<u8> {
    let frames = (seconds * f64::from(RATE)).round() as usize;
    let mut mix = match kind.score() {
        Some(score) => perform(&score, frames),
        None => pips(frames),
    };
    let fade = RATE as usize;
    for (index, frame) in mix.iter_mut().enumerate() {
        let edge = index.min(frames - 1 - index);
        // Pips are exact; music comes and goes.
        let gain = if kind == ScoreKind::Pips { 1.0 } else { (edge as f32 / (fade as f32 * 1.2)).min(1.0) };
        *frame = frame.map(|sample| (sample * gain).tanh() * 0.92);
    }
    mix.iter().flatten().flat_map(|sample| ((sample * 32_000.0) as i16).to_le_bytes()).collect()
}

fn pips(frames: usize) -> Vec<[f32; 2]> {
    (0..frames)
        .map(|index| {
            let within = index % RATE as usize;
            let t = within as f32 / RATE as f32;
            let sample = if t < 0.08 {
                0.35 * (t * 1000.0 * std::f32::consts::TAU).sin() * (1.0 - t / 0.08).min(t * 400.0).min(1.0)
            } else {
                0.0
            };
            [sample, sample]
        })
        .collect()
}

fn perform(score: &Score, frames: usize) -> Vec<[f32; 2]> {
    let mut dry = vec![[0.0_f32; 2]; frames];
    let mut wet = vec![[0.0_f32; 2]; frames];
    let bar = (score.bar_s * RATE as f32) as usize;
    let pad = Table::new(score.pad_harmonics);
    let bars = frames.div_ceil(bar);
    for number in 0..bars {
        let chord = score.chords[number % score.chords.len()];
        let start = number * bar;
        for (voice, &note) in chord.iter().enumerate() {
            let side = (voice as f32 / (chord.len() - 1) as f32) * 1.2 - 0.6;
            for (detune, level) in [(1.0, 0.6), (1.0042, 0.4)] {
                let tone = Tone {
                    frequency: pitch(score.root + note) * detune,
                    start,
                    length: bar + bar / 2,
                    attack: bar / 2,
                    level: score.pad * level / chord.len() as f32,
                    side,
                };
                pad.play(&tone, &mut dry, Some((&mut wet, 0.7)));
            }
        }
        let bass = Tone {
            frequency: pitch(score.root + chord[0] - 12),
            start,
            length: bar,
            attack: RATE as usize / 20,
            level: score.bass,
            side: 0.0,
        };
        Table::new(2).play(&bass, &mut dry, None);
        plucks(score, number as u32, start, &chord, &mut dry, &mut wet);
    }
    weather(score, &mut dry, &mut wet);
    let mut room = Room::new(score.room);
    for (dry, wet) in dry.iter_mut().zip(&wet) {
        let echo = room.step(*wet);
        for side in 0..2 {
            dry[side] += echo[side];
        }
    }
    dry
}

/// One held note.
pub(crate) struct Tone {
    pub(crate) frequency: f32,
    /// In frames from the start of the piece.
    pub(crate) start: usize,
    pub(crate) length: usize,
    pub(crate) attack: usize,
    pub(crate) level: f32,
    /// -1 is left, 1 is right.
    pub(crate) side: f32,
}

fn plucks(score: &Score, bar: u32, start: usize, chord: &[i32; 4], dry: &mut [[f32; 2]], wet: &mut [[f32; 2]]) {
    let steps = score.steps;
    let step = (score.bar_s * RATE as f32) as usize / steps as usize;
    for index in 0..steps {
        let key = bar * 64 + index;
        if unit(key, score.seed) > score.density {
            continue;
        }
        let choice = (unit(key, score.seed + 1) * 6.0) as usize;
        let note = chord[choice % 4] + 12 * (1 + (choice / 4) as i32);
        let late = (unit(key, score.seed + 2) * 0.012 * RATE as f32) as usize;
        let pluck = Pluck {
            frequency: pitch(score.root + note),
            decay_s: score.ring_s,
            bright: score.bright,
            level: score.pluck * (0.6 + 0.4 * unit(key, score.seed + 3)),
            side: unit(key, score.seed + 4) * 1.4 - 0.7,
        };
        pluck.play(start + index as usize * step + late, dry, wet);
    }
}

fn weather(score: &Score, dry: &mut [[f32; 2]], wet: &mut [[f32; 2]]) {
    let (level, cut, swell_s, depth) = match score.weather {
        Weather::None => return,
        Weather::Waves => (0.20, 0.045, 7.0, 0.85),
        Weather::Rain => (0.055, 0.45, 11.0, 0.25),
        Weather::Wind => (0.24, 0.018, 9.0, 0.7),
        Weather::Rails => (0.16, 0.03, 3.1, 0.3),
        Weather::Water => (0.17, 0.012, 6.0, 0.5),
    };
    let mut state = [[0.0_f32; 2]; 2];
    for (index, (dry, wet)) in dry.iter_mut().zip(wet).enumerate() {
        let t = index as f32 / RATE as f32;
        for side in 0..2 {
            let white = unit(index as u32, 900 + side as u32) * 2.0 - 1.0;
            let phase = t / swell_s * std::f32::consts::TAU + side as f32 * 0.9;
            let swell = 1.0 - depth * (0.5 + 0.5 * phase.sin()) * (0.7 + 0.3 * (phase * 0.37).cos());
            let cut = cut * (0.5 + 0.8 * swell);
            // Two poles: softer than white noise, without a whistle.
            state[0][side] += (white - state[0][side]) * cut;
            state[1][side] += (state[0][side] - state[1][side]) * (cut * 2.0).min(1.0);
            let mut sample = state[1][side] * level * swell / cut.sqrt();
            if matches!(score.weather, Weather::Rails) {
                let beat = (t * 1.35).fract();
                let knock = [0.0, 0.16]
                    .iter()
                    .map(|at| if beat > *at { (-(beat - at) * 38.0).exp() } else { 0.0 })
                    .sum::<f32>();
                sample *= 0.55 + 2.4 * knock;
            }
            dry[side] += sample;
            wet[side] += sample * 0.15;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(kind: ScoreKind, seconds: f64) -> Vec<i16> {
        play(kind, seconds).chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    #[test]
    fn every_piece_is_audible_and_does_not_clip() {
        use ScoreKind::{Aurora, Deep, Desert, Harbour, Lamp, Orbit, Paper, Polder, Tide, Train};
        for kind in [Tide, Harbour, Orbit, Polder, Paper, Aurora, Deep, Desert, Lamp, Train] {
            let samples = samples(kind, 8.0);
            assert_eq!(samples.len(), 8 * 2 * RATE as usize);
            let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            let power = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64;
            assert!(peak < 31_000, "{kind:?} {peak}");
            assert!((600.0..9_000.0).contains(&power.sqrt()), "{kind:?} {}", power.sqrt());
        }
    }

    #[test]
    fn pips_begin_on_the_second() {
        let samples = samples(ScoreKind::Pips, 3.0);
        let second = |index: usize| &samples[index * 2 * RATE as usize..];
        for index in 0..3 {
            assert!(second(index)[..4000].iter().any(|sample| sample.unsigned_abs() > 5_000));
            assert!(second(index)[2 * 5_000..2 * 40_000].iter().all(|sample| *sample == 0));
        }
    }
}
