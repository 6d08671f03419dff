//! The OpenGL way: a texture for each plane of the picture, allocated once per shape, refilled for each new frame.
//!
//! Runs inside egui's paint callback on the UI thread, where the context is current. egui restores program, vertex
//! array and viewport afterwards by itself; what it expects to find unchanged (active texture, blending, row length) is
//! put back here. Pictures are drawn as they are: egui blends in gamma space and so do we.
#![expect(unsafe_code, reason = "glow marks every OpenGL call as unsafe; this folder is the only one that calls it")]

mod planes;
mod program;
mod shader;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use super::{fit, path::Graphics, size_of};
use egui::{PaintCallback, Rect, Ui, Vec2};
use egui_glow::{
    CallbackFn,
    glow::{self, Context, HasContext},
};
use planes::{Planes, Shape};
use player_core::{FrameSlot, VideoFrame, frame::PixelFormat};
use program::Program;
use shader::Kind;
use std::sync::{Arc, Mutex, PoisonError};

/// A surface that draws the frames of one player at a time.
#[derive(Debug, Default)]
pub(crate) struct GlSurface {
    frames: Option<FrameSlot>,
    objects: Arc<Mutex<Objects>>,
}

/// What lives in the OpenGL context.
#[derive(Debug, Default)]
struct Objects {
    abilities: Option<Abilities>,
    /// By [`Kind`].
    programs: [Compiled; 3],
    planes: Option<Planes>,
    /// No texture can be had: it will not be had the next time either.
    broken: bool,
}

#[derive(Debug, Default)]
enum Compiled {
    #[default]
    NotYet,
    Ready(Program),
    /// It failed once: it will fail again.
    Refused,
}

/// Which textures the context has.
#[derive(Clone, Copy, Debug)]
struct Abilities {
    /// Of one and two components.
    planes: bool,
    /// Of two bytes a component.
    deep: bool,
}

impl Abilities {
    fn of(gl: &Context) -> Self {
        let version = gl.version();
        let planes = version.major >= 3;
        let deep = !version.is_embedded || gl.supported_extensions().contains("GL_EXT_texture_norm16");
        Self { planes, deep: planes && deep }
    }

    /// Can pictures of this format be uploaded as they are?
    fn take(self, format: PixelFormat) -> bool {
        format == PixelFormat::Rgba || if format.bytes() == 2 { self.deep } else { self.planes }
    }
}

impl GlSurface {
    pub(crate) fn attach(&mut self, frames: FrameSlot) {
        // Sequences of another player start over; its first frame must not be taken for the one we hold.
        if let Some(planes) = &mut self.lock().planes {
            planes.forget();
        }
        self.frames = Some(frames);
    }

    pub(crate) fn detach(&mut self) {
        self.frames = None;
    }

    pub(crate) fn paint(&self, ui: &Ui, area: Rect) {
        let Some(frame) = self.frames.as_ref().and_then(FrameSlot::latest) else { return };
        let objects = Arc::clone(&self.objects);
        let rect = fit(area, size_of(&frame));
        let draw = CallbackFn::new(move |_, painter| {
            objects.lock().unwrap_or_else(PoisonError::into_inner).draw(painter.gl(), &frame);
        });
        ui.painter().add(PaintCallback { rect, callback: Arc::new(draw) });
    }

    /// Frees the textures of a film that is over, where the context is current: in a callback that paints nothing.
    pub(crate) fn tidy(&self, ui: &Ui) {
        if self.frames.is_some() || self.lock().planes.is_none() {
            return;
        }
        let objects = Arc::clone(&self.objects);
        let free = CallbackFn::new(move |_, painter| {
            objects.lock().unwrap_or_else(PoisonError::into_inner).free_planes(painter.gl());
        });
        let rect = Rect::from_min_size(ui.max_rect().min, Vec2::splat(1.0));
        ui.painter().add(PaintCallback { rect, callback: Arc::new(free) });
    }

    /// Frees everything. The context must be current.
    pub(crate) fn free(&self, gl: &Context) {
        let mut objects = self.lock();
        objects.free_planes(gl);
        for program in &mut objects.programs {
            if let Compiled::Ready(program) = std::mem::take(program) {
                program.free(gl);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Objects {
    fn draw(&mut self, gl: &Context, frame: &VideoFrame) {
        let abilities = *self.abilities.get_or_insert_with(|| Abilities::of(gl));
        let wanted = if abilities.take(frame.format) { Kind::of(frame.format) } else { Kind::Rgba };
        let Some(kind) = self.compiled(gl, wanted) else { return };
        let format = if kind == Kind::Rgba { PixelFormat::Rgba } else { frame.format };
        let shape = Shape { format, size: (frame.width, frame.height) };
        if self.planes.as_ref().is_none_or(|planes| planes.shape() != shape) {
            self.free_planes(gl);
            if self.broken {
                return;
            }
            match Planes::new(gl, shape) {
                Ok(planes) => self.planes = Some(planes),
                Err(error) => {
                    tracing::error!(%error, "no texture for the video");
                    self.broken = true;
                }
            }
        }
        if let (Compiled::Ready(program), Some(planes)) = (&self.programs[kind as usize], &mut self.planes) {
            planes.hold(gl, frame);
            program.draw(gl, planes, frame);
        }
    }

    /// Compiles what is wanted; where a driver refuses it, what draws plain colours.
    fn compiled(&mut self, gl: &Context, wanted: Kind) -> Option<Kind> {
        [wanted, Kind::Rgba].into_iter().find(|kind| {
            let slot = &mut self.programs[*kind as usize];
            if matches!(slot, Compiled::NotYet) {
                *slot = match Program::new(gl, *kind) {
                    Ok(program) => Compiled::Ready(program),
                    Err(error) => {
                        tracing::error!(%error, ?kind, "a program of the video surface was refused");
                        Compiled::Refused
                    }
                };
            }
            matches!(slot, Compiled::Ready(_))
        })
    }

    fn free_planes(&mut self, gl: &Context) {
        if let Some(planes) = self.planes.take() {
            planes.free(gl);
        }
    }
}

/// What draws, and what it can.
pub(crate) fn look(gl: &Context) -> Graphics {
    // SAFETY: the context is current where eframe hands it out, and the name is one that every OpenGL knows.
    let renderer = unsafe { gl.get_parameter_string(glow::RENDERER) };
    Graphics { renderer, takes_planes: Abilities::of(gl).planes }
}
