//! Which way pictures take to the screen.
//!
//! ```text
//! rgba   decoder ─► videoconvert ─► RGBA texture                     where drawing is done by the processor
//! yuv    decoder ─► a texture per plane ─► shader: matrix, range     where there is a graphics card
//! ```

use crate::language::{self, key, tr};
use clap::ValueEnum;
use player_core::pipeline::gst::{GstOutput, Pixels};

/// What was asked for by `--video-path`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VideoPathWish {
    /// What suits this machine
    #[default]
    Auto,
    /// Convert on the processor, upload RGBA
    Rgba,
    /// Upload what the decoder has, convert in a shader
    Yuv,
    /// Share textures with the decoder; not in this build
    Gl,
}

/// The way that pictures take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VideoPath {
    Rgba,
    Yuv,
}

/// What draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Graphics {
    /// In the words of its driver.
    pub(crate) renderer: String,
    /// Are there textures of one and of two components, which planes need? OpenGL 3.0 and OpenGL ES 3.0 have them.
    pub(crate) takes_planes: bool,
}

/// The way, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChosenPath {
    pub(crate) path: VideoPath,
    /// The key of a sentence, where it is not what was asked for.
    pub(crate) remark: Option<&'static str>,
    pub(crate) renderer: Option<String>,
}

/// Names of renderers that are programs.
const SOFTWARE: [&str; 5] = ["llvmpipe", "softpipe", "swrast", "swiftshader", "software rasterizer"];

const NO_SHARING: &str = key!("path-no-sharing");
const NO_PLANES: &str = key!("path-no-planes");
const NO_GRAPHICS: &str = key!("path-no-graphics");

impl Graphics {
    /// Is everything drawn by the processor? There a shader costs more than converting.
    pub(crate) fn is_software(&self) -> bool {
        let name = self.renderer.to_ascii_lowercase();
        SOFTWARE.iter().any(|software| name.contains(software))
    }
}

/// Chooses by what is there and what was asked for.
pub(crate) fn choose(wish: VideoPathWish, graphics: Option<&Graphics>) -> ChosenPath {
    let suits = match graphics {
        Some(graphics) if graphics.takes_planes && !graphics.is_software() => VideoPath::Yuv,
        _ => VideoPath::Rgba,
    };
    let (path, remark) = match (wish, graphics) {
        (VideoPathWish::Auto, _) => (suits, None),
        (VideoPathWish::Gl, _) => (suits, Some(NO_SHARING)),
        (VideoPathWish::Rgba, _) => (VideoPath::Rgba, None),
        (VideoPathWish::Yuv, None) => (VideoPath::Rgba, Some(NO_GRAPHICS)),
        (VideoPathWish::Yuv, Some(graphics)) if graphics.takes_planes => (VideoPath::Yuv, None),
        (VideoPathWish::Yuv, Some(_)) => (VideoPath::Rgba, Some(NO_PLANES)),
    };
    ChosenPath { path, remark, renderer: graphics.map(|graphics| graphics.renderer.clone()) }
}

impl VideoPath {
    /// What the player is to deliver.
    pub(crate) fn output(self) -> GstOutput {
        match self {
            Self::Rgba => GstOutput::default(),
            Self::Yuv => GstOutput { pixels: Pixels::Planes, ..GstOutput::default() },
        }
    }

    /// As `--video-path` and the stats overlay name it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Rgba => tr!("path-rgba"),
            Self::Yuv => tr!("path-yuv"),
        }
    }
}

impl ChosenPath {
    /// For people: the way, what draws, and what was not followed.
    pub(crate) fn words(&self) -> String {
        let parts = [Some(self.path.words()), self.renderer.as_deref(), self.remark.map(language::text)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graphics(renderer: &str, takes_planes: bool) -> Graphics {
        Graphics { renderer: renderer.to_owned(), takes_planes }
    }

    #[test]
    fn the_way_suits_what_draws() {
        let chosen = |wish, graphics: Option<&Graphics>| {
            let chosen = choose(wish, graphics);
            (chosen.path, chosen.remark)
        };
        let card = graphics("AMD Radeon 780M (radeonsi, gfx1103_r1)", true);
        let old = graphics("Mali-400 MP", false);
        assert_eq!(chosen(VideoPathWish::Auto, Some(&card)), (VideoPath::Yuv, None));
        assert_eq!(chosen(VideoPathWish::Rgba, Some(&card)), (VideoPath::Rgba, None));
        assert_eq!(chosen(VideoPathWish::Auto, Some(&old)), (VideoPath::Rgba, None));
        assert_eq!(chosen(VideoPathWish::Yuv, Some(&old)), (VideoPath::Rgba, Some(NO_PLANES)));
        assert_eq!(chosen(VideoPathWish::Auto, None), (VideoPath::Rgba, None));
        assert_eq!(chosen(VideoPathWish::Yuv, None), (VideoPath::Rgba, Some(NO_GRAPHICS)));
        for software in ["llvmpipe (LLVM 15.0.6, 256 bits)", "softpipe", "Mesa DRI swrast", "Google SwiftShader"] {
            let software = graphics(software, true);
            assert_eq!(chosen(VideoPathWish::Auto, Some(&software)), (VideoPath::Rgba, None));
            assert_eq!(chosen(VideoPathWish::Yuv, Some(&software)), (VideoPath::Yuv, None), "forced");
        }
    }

    #[test]
    fn what_this_build_cannot_do_is_said_and_the_way_is_what_suits() {
        for graphics in [graphics("Intel Iris", true), graphics("llvmpipe", true)] {
            let chosen = choose(VideoPathWish::Gl, Some(&graphics));
            assert_eq!(chosen.path, choose(VideoPathWish::Auto, Some(&graphics)).path);
            assert!(
                chosen.words().ends_with(language::text(NO_SHARING)) && chosen.words().contains(&graphics.renderer)
            );
        }
    }
}
