//! Where decoded pictures become visible.
//!
//! Two ways behind one type. [`GlSurface`](gl::GlSurface) uploads into OpenGL textures that are allocated once per shape
//! of picture and drawn by a paint callback: one of RGBA, or one for each plane with a shader that knows matrix and
//! range. Which of both is decided at the start ([`path`]) by what the pipeline is asked to deliver; the surface draws
//! whatever comes. The plain way goes through an egui texture (four copies) and works wherever egui does, also in tests
//! that have no GPU.

mod gl;
mod path;

pub(crate) use gl::look;
pub use path::VideoPathWish;
pub(crate) use path::{ChosenPath, Graphics, VideoPath, choose};

use crate::{language::tr, tokens};
use egui::{ColorImage, Rect, TextureHandle, TextureOptions, Ui, Vec2, pos2};
use player_core::{FrameSlot, VideoFrame};
use std::{fmt, sync::Arc};

/// The surface of the player screen.
#[derive(Debug, Default)]
pub(crate) struct VideoSurface {
    way: Way,
    chosen: Option<ChosenPath>,
}

#[derive(Debug, Default)]
enum Way {
    /// Nothing is shown.
    #[default]
    Idle,
    /// No OpenGL: frames become egui textures.
    Texture(TextureSurface),
    Gl(gl::GlSurface),
}

/// Frames as egui textures.
struct TextureSurface {
    frames: FrameSlot,
    texture: Option<(u64, TextureHandle)>,
}

impl VideoSurface {
    /// A surface of a window that is drawn by OpenGL.
    pub(crate) fn of_gl(chosen: ChosenPath) -> Self {
        Self { way: Way::Gl(gl::GlSurface::default()), chosen: Some(chosen) }
    }

    /// Shows the frames of a player.
    pub(crate) fn attach(&mut self, frames: FrameSlot) {
        match &mut self.way {
            Way::Gl(surface) => surface.attach(frames),
            way => *way = Way::Texture(TextureSurface { frames, texture: None }),
        }
    }

    /// Shows nothing any more; memory of frames goes back to the decoder.
    pub(crate) fn detach(&mut self) {
        match &mut self.way {
            Way::Gl(surface) => surface.detach(),
            way => *way = Way::Idle,
        }
    }

    /// Frees what belongs to the OpenGL context.
    pub(crate) fn free(&mut self, gl: &egui_glow::glow::Context) {
        if let Way::Gl(surface) = &self.way {
            surface.free(gl);
        }
    }

    /// Has the textures of a film that was closed freed with this frame; once a frame, whatever is shown.
    pub(crate) fn tidy(&self, ui: &Ui) {
        if let Way::Gl(surface) = &self.way {
            surface.tidy(ui);
        }
    }

    /// Paints the newest frame into `area`, keeping its shape.
    pub(crate) fn paint(&mut self, ui: &Ui, area: Rect) {
        match &mut self.way {
            Way::Idle => {}
            Way::Texture(surface) => surface.paint(ui, area),
            Way::Gl(surface) => surface.paint(ui, area),
        }
    }

    /// How pictures come to the screen, in words.
    pub(crate) fn words(&self) -> String {
        self.chosen.as_ref().map_or_else(|| tr!("path-toolkit").to_owned(), ChosenPath::words)
    }
}

impl fmt::Debug for TextureSurface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextureSurface").field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl TextureSurface {
    fn paint(&mut self, ui: &Ui, area: Rect) {
        let Some(frame) = self.frames.latest() else { return };
        if self.texture.as_ref().is_none_or(|(sequence, _)| *sequence != frame.sequence) {
            let image = to_image(&frame);
            match &mut self.texture {
                Some((sequence, texture)) => {
                    texture.set(image, TextureOptions::LINEAR);
                    *sequence = frame.sequence;
                }
                None => {
                    let texture = ui.ctx().load_texture("video", image, TextureOptions::LINEAR);
                    self.texture = Some((frame.sequence, texture));
                }
            }
        }
        if let Some((_, texture)) = &self.texture {
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), fit(area, size_of(&frame)), uv, tokens::UNTINTED);
        }
    }
}

/// Visible size of a frame.
fn size_of(frame: &VideoFrame) -> Vec2 {
    Vec2::new(frame.width as f32, frame.height as f32)
}

/// The largest rectangle of the picture's shape in the middle of `area`, on whole points where the shapes agree.
pub(crate) fn fit(area: Rect, size: Vec2) -> Rect {
    if size.x <= 0.0 || size.y <= 0.0 {
        return area;
    }
    let scale = (area.width() / size.x).min(area.height() / size.y);
    let fitted = size * scale;
    // Bars thinner than a point are rounding, not shape.
    let snapped = Vec2::new(
        if area.width() - fitted.x < 1.0 { area.width() } else { fitted.x },
        if area.height() - fitted.y < 1.0 { area.height() } else { fitted.y },
    );
    Rect::from_center_size(area.center(), snapped)
}

/// A frame as an egui picture.
pub(crate) fn to_image(frame: &Arc<VideoFrame>) -> ColorImage {
    let size = [frame.width as usize, frame.height as usize];
    ColorImage::from_rgba_unmultiplied(size, &frame.to_rgba())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_shape() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), Vec2::new(400.0, 300.0));
        let wide = fit(area, Vec2::new(1920.0, 1080.0));
        assert_eq!((wide.width(), wide.height(), wide.center()), (400.0, 225.0, area.center()));
        let tall = fit(area, Vec2::new(9.0, 16.0));
        assert_eq!((tall.width(), tall.height()), (168.75, 300.0));
        assert_eq!(fit(area, Vec2::new(4.0, 3.0)), area);
        assert_eq!(fit(area, Vec2::ZERO), area);
    }
}
