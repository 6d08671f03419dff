//! The films. One file for each: what is painted at a moment, in how many shots, and which moment makes a good still.

mod aurora;
pub(crate) mod counter;
mod deep;
mod desert;
mod harbour;
mod lamp;
mod orbit;
mod paper;
mod polder;
mod props;
mod tide;
mod train;

use super::{
    catalogue::TitleDescriptor,
    render::{Layers, Picture, View, render, smooth},
};
use serde::Deserialize;

/// What a title shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SceneKind {
    /// Hills of a dry sea bed under a low sun.
    Tide,
    /// A city by the water at night, in the rain.
    Harbour,
    /// A station above a planet, and its kitchen.
    Orbit,
    /// Flat land, big sky, windmills.
    Polder,
    /// A forest and lions cut from paper.
    Paper,
    /// Northern lights over snow.
    Aurora,
    /// Jellyfish in deep water.
    Deep,
    /// Dunes and a storm.
    Desert,
    /// A lighthouse.
    Lamp,
    /// Country seen from a night train.
    Train,
    /// A frame counter that a machine can read.
    Counter,
}

/// A point in time of a film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// Index of the shot.
    pub(crate) shot: usize,
    /// Seconds since the shot began.
    pub(crate) time: f32,
    /// How much of the shot is over, 0 to 1.
    pub(crate) share: f32,
}

/// A moment made ready for painting, seen from where the film's camera is.
pub(crate) struct Staged {
    pub(crate) view: View,
    pub(crate) layers: Box<dyn Layers>,
}

impl Staged {
    fn new(view: View, layers: impl Layers + 'static) -> Self {
        Self { view, layers: Box::new(layers) }
    }
}

/// The moment and framing of a title's artwork.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Still {
    pub(crate) moment: Moment,
    /// Scene position that a portrait is centred on.
    pub(crate) focus: (f32, f32),
    /// How much larger than in the film a portrait shows it.
    pub(crate) zoom: f32,
}

/// Seconds that a shot takes to come up and to go down.
const FADE_S: f32 = 0.6;

impl SceneKind {
    /// Number of shots; the catalogue has a chapter for each.
    #[cfg(test)]
    pub(crate) fn shot_count(self) -> usize {
        match self {
            Self::Counter => 0,
            Self::Tide | Self::Harbour | Self::Orbit | Self::Polder | Self::Paper => 3,
            Self::Aurora | Self::Deep | Self::Desert | Self::Lamp | Self::Train => 3,
        }
    }

    /// Prepares a moment; the counter has no scene and shows the tide's.
    pub(crate) fn stage(self, moment: &Moment, view: View) -> Staged {
        match self {
            Self::Tide | Self::Counter => tide::stage(moment, view),
            Self::Harbour => harbour::stage(moment, view),
            Self::Orbit => orbit::stage(moment, view),
            Self::Polder => polder::stage(moment, view),
            Self::Paper => paper::stage(moment, view),
            Self::Aurora => aurora::stage(moment, view),
            Self::Deep => deep::stage(moment, view),
            Self::Desert => desert::stage(moment, view),
            Self::Lamp => lamp::stage(moment, view),
            Self::Train => train::stage(moment, view),
        }
    }

    /// Where its artwork is taken.
    pub(crate) fn still(self) -> Still {
        let (shot, time, focus, zoom) = match self {
            Self::Tide | Self::Counter => (0, 4.0, (0.3, 0.5), 1.0),
            Self::Harbour => (0, 7.0, (0.28, 0.5), 1.0),
            Self::Orbit => (0, 9.0, (0.26, 0.5), 1.0),
            Self::Polder => (0, 6.0, (0.34, 0.5), 1.0),
            Self::Paper => (0, 8.0, (0.27, 0.5), 1.0),
            Self::Aurora => (0, 8.0, (0.3, 0.5), 1.0),
            Self::Deep => (0, 6.0, (0.3, 0.5), 1.0),
            Self::Desert => (0, 6.0, (0.3, 0.5), 1.0),
            Self::Lamp => (0, 5.15, (0.33, 0.5), 1.0),
            Self::Train => (0, 5.0, (0.3, 0.5), 1.0),
        };
        Still { moment: Moment { shot, time, share: 0.4 }, focus, zoom }
    }
}

/// A film: a scene and the times at which its shots begin.
#[derive(Clone, Debug)]
pub(crate) struct Film {
    pub(crate) scene: SceneKind,
    /// Seconds, rising, beginning with 0.
    pub(crate) starts: Vec<f32>,
    pub(crate) duration_s: f32,
    pub(crate) frame_rate: u32,
}

impl Film {
    /// The film of a title: its shots begin where its chapters do.
    pub(crate) fn of(title: &TitleDescriptor) -> Self {
        Self {
            scene: title.scene,
            starts: title.chapters.iter().map(|chapter| chapter.start_s as f32).collect(),
            duration_s: title.duration_s as f32,
            frame_rate: title.frame_rate,
        }
    }

    /// Which shot is on at `seconds`, and how bright it is.
    fn moment(&self, seconds: f32) -> (Moment, f32) {
        let shot = self.starts.iter().rposition(|start| *start <= seconds).unwrap_or(0);
        let start = self.starts.get(shot).copied().unwrap_or(0.0);
        let end = self.starts.get(shot + 1).copied().unwrap_or(self.duration_s);
        let time = seconds - start;
        // The very first frame is what a preview shows: it comes up from dim, not from black.
        let floor = if shot == 0 { 0.45 } else { 0.0 };
        let light = (floor + (1.0 - floor) * smooth(0.0, FADE_S, time + 0.05)) * smooth(0.0, FADE_S, end - seconds);
        (Moment { shot, time, share: time / (end - start) }, light)
    }

    /// Paints a frame over the whole of `picture`.
    pub(crate) fn paint(&self, frame: u32, picture: &mut Picture) {
        let (moment, light) = self.moment(frame as f32 / self.frame_rate as f32);
        let staged = self.scene.stage(&moment, View::new(picture.width(), picture.height()));
        render(&*staged.layers, &staged.view, light, picture);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [SceneKind; 10] = [
        SceneKind::Tide,
        SceneKind::Harbour,
        SceneKind::Orbit,
        SceneKind::Polder,
        SceneKind::Paper,
        SceneKind::Aurora,
        SceneKind::Deep,
        SceneKind::Desert,
        SceneKind::Lamp,
        SceneKind::Train,
    ];

    fn film(scene: SceneKind) -> Film {
        Film { scene, starts: vec![0.0, 10.0, 20.0], duration_s: 30.0, frame_rate: 24 }
    }

    #[test]
    fn every_shot_of_every_film_has_light_and_shade_and_repeats_exactly() {
        for scene in ALL {
            for shot in 0..scene.shot_count() {
                let mut picture = Picture::new(160, 90);
                film(scene).paint(shot as u32 * 240 + 100, &mut picture);
                let luma = &picture.bytes()[..160 * 90];
                let (min, max) = (luma.iter().min().unwrap(), luma.iter().max().unwrap());
                assert!(max - min > 60, "{scene:?} {shot}: {min} to {max}");
                let mut again = Picture::new(160, 90);
                film(scene).paint(shot as u32 * 240 + 100, &mut again);
                assert_eq!(picture.bytes(), again.bytes(), "{scene:?} {shot}");
            }
        }
    }

    #[test]
    fn pictures_move() {
        for scene in ALL {
            let (mut one, mut two) = (Picture::new(160, 90), Picture::new(160, 90));
            film(scene).paint(60, &mut one);
            film(scene).paint(84, &mut two);
            assert_ne!(one.bytes(), two.bytes(), "{scene:?}");
        }
    }

    #[test]
    fn shots_fade_out_and_in() {
        let film = film(SceneKind::Tide);
        assert!(film.moment(0.0).1 > 0.4);
        assert_eq!(film.moment(5.0).1, 1.0);
        assert!(film.moment(9.99).1 < 0.01);
        assert_eq!(film.moment(10.0).0.shot, 1);
        assert!(film.moment(29.99).1 < 0.01);
    }
}
