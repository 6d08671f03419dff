//! The OpenGL way: one texture, allocated once per picture size, refilled for each new frame.
//!
//! Runs inside egui's paint callback on the UI thread, where the context is current. egui restores program, vertex
//! array and viewport afterwards by itself; what it expects to find unchanged (active texture, blending, row length) is
//! put back here. Pictures are drawn as they are: egui blends in gamma space and so do we.
#![expect(unsafe_code, reason = "glow marks every OpenGL call as unsafe; this file is the only one that calls it")]

use super::{fit, size_of};
use egui::{PaintCallback, Rect, Ui};
use egui_glow::{
    CallbackFn, ShaderVersion,
    glow::{self, Context, HasContext, PixelUnpackData},
};
use player_core::{
    FrameSlot, VideoFrame,
    frame::{PixelFormat, Plane},
};
use std::sync::{Arc, Mutex, PoisonError};

/// A surface that draws the frames of one player at a time.
#[derive(Debug)]
pub(crate) struct GlSurface {
    frames: Option<FrameSlot>,
    objects: Arc<Mutex<Objects>>,
}

/// What lives in the OpenGL context.
#[derive(Debug, Default)]
struct Objects {
    program: Option<Program>,
    texture: Option<Texture>,
    /// Compiling failed once: it will fail again.
    broken: bool,
}

#[derive(Debug)]
struct Program {
    program: glow::Program,
    vertices: glow::VertexArray,
    corners: glow::Buffer,
}

#[derive(Debug)]
struct Texture {
    texture: glow::Texture,
    size: (u32, u32),
    /// Which frame it holds.
    sequence: u64,
}

impl GlSurface {
    pub(crate) fn new(frames: FrameSlot) -> Self {
        Self { frames: Some(frames), objects: Arc::default() }
    }

    pub(crate) fn attach(&mut self, frames: FrameSlot) {
        // Sequences of another player start over; its first frame must not be taken for the one we hold.
        if let Some(texture) = &mut self.lock().texture {
            texture.sequence = 0;
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

    pub(crate) fn free(&mut self, gl: &Context) {
        self.lock().free(gl);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const VERTEX: &str = "
    IN vec2 corner;
    OUT vec2 uv;
    void main() {
        uv = vec2(corner.x, 1.0 - corner.y);
        gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
    }";

const FRAGMENT: &str = "
    uniform sampler2D picture;
    IN vec2 uv;
    void main() {
        COLOUR = vec4(SAMPLE(picture, uv).rgb, 1.0);
    }";

impl Objects {
    fn draw(&mut self, gl: &Context, frame: &VideoFrame) {
        if self.broken {
            return;
        }
        if self.program.is_none() {
            match Program::new(gl) {
                Ok(program) => self.program = Some(program),
                Err(error) => {
                    tracing::error!(%error, "the video surface cannot be set up");
                    self.broken = true;
                    return;
                }
            }
        }
        if self.texture.as_ref().is_none_or(|texture| texture.size != (frame.width, frame.height)) {
            if let Some(old) = self.texture.take() {
                // SAFETY: the texture belongs to this context, which is current in a paint callback.
                unsafe { gl.delete_texture(old.texture) };
            }
            match Texture::new(gl, (frame.width, frame.height)) {
                Ok(texture) => self.texture = Some(texture),
                Err(error) => {
                    tracing::error!(%error, "no texture for the video");
                    self.broken = true;
                    return;
                }
            }
        }
        let (Some(program), Some(texture)) = (&self.program, &mut self.texture) else { return };
        if texture.sequence != frame.sequence {
            texture.upload(gl, frame);
        }
        program.draw(gl, texture);
    }

    fn free(&mut self, gl: &Context) {
        // SAFETY: all objects were made in this context, which is current while the application is closing.
        unsafe {
            if let Some(Program { program, vertices, corners }) = self.program.take() {
                gl.delete_program(program);
                gl.delete_vertex_array(vertices);
                gl.delete_buffer(corners);
            }
            if let Some(texture) = self.texture.take() {
                gl.delete_texture(texture.texture);
            }
        }
    }
}

impl Program {
    fn new(gl: &Context) -> Result<Self, String> {
        let version = ShaderVersion::get(gl);
        let modern = version.is_new_shader_interface();
        let precision = if version.is_embedded() { "precision mediump float;\n" } else { "" };
        let words = |source: &str, vertex: bool| {
            let (input, output) = match (modern, vertex) {
                (true, _) => ("in", "out"),
                (false, true) => ("attribute", "varying"),
                (false, false) => ("varying", "varying"),
            };
            let (declared, colour) =
                if modern && !vertex { ("out vec4 colour;\n", "colour") } else { ("", "gl_FragColor") };
            let sample = if modern { "texture" } else { "texture2D" };
            let body =
                source.replace("IN", input).replace("OUT", output).replace("COLOUR", colour).replace("SAMPLE", sample);
            format!("{}\n{precision}{declared}{body}", version.version_declaration())
        };
        // SAFETY: the context is current in a paint callback; every object is checked before it is used, and the
        // buffer holds exactly the four pairs of floats that the attribute describes.
        unsafe {
            let program = gl.create_program()?;
            for (kind, source) in
                [(glow::VERTEX_SHADER, words(VERTEX, true)), (glow::FRAGMENT_SHADER, words(FRAGMENT, false))]
            {
                let shader = gl.create_shader(kind)?;
                gl.shader_source(shader, &source);
                gl.compile_shader(shader);
                if !gl.get_shader_compile_status(shader) {
                    return Err(gl.get_shader_info_log(shader));
                }
                gl.attach_shader(program, shader);
                gl.delete_shader(shader);
            }
            gl.bind_attrib_location(program, 0, "corner");
            gl.link_program(program);
            if !gl.get_program_link_status(program) {
                return Err(gl.get_program_info_log(program));
            }
            let corners = gl.create_buffer()?;
            let vertices = gl.create_vertex_array()?;
            gl.bind_vertex_array(Some(vertices));
            gl.bind_buffer(glow::ARRAY_BUFFER, Some(corners));
            let strip: [f32; 8] = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
            let bytes: Vec<u8> = strip.iter().flat_map(|corner| corner.to_ne_bytes()).collect();
            gl.buffer_data_u8_slice(glow::ARRAY_BUFFER, &bytes, glow::STATIC_DRAW);
            gl.enable_vertex_attrib_array(0);
            gl.vertex_attrib_pointer_f32(0, 2, glow::FLOAT, false, 8, 0);
            gl.bind_vertex_array(None);
            Ok(Self { program, vertices, corners })
        }
    }

    fn draw(&self, gl: &Context, texture: &Texture) {
        // SAFETY: program, vertices and texture belong to this context, which is current in a paint callback.
        unsafe {
            gl.use_program(Some(self.program));
            gl.active_texture(glow::TEXTURE0);
            gl.bind_texture(glow::TEXTURE_2D, Some(texture.texture));
            gl.disable(glow::BLEND);
            gl.bind_vertex_array(Some(self.vertices));
            gl.draw_arrays(glow::TRIANGLE_STRIP, 0, 4);
            gl.bind_vertex_array(None);
            gl.enable(glow::BLEND);
        }
    }
}

impl Texture {
    fn new(gl: &Context, (width, height): (u32, u32)) -> Result<Self, String> {
        // SAFETY: the context is current in a paint callback; no data is read, the memory is only reserved.
        unsafe {
            let texture = gl.create_texture()?;
            gl.active_texture(glow::TEXTURE0);
            gl.bind_texture(glow::TEXTURE_2D, Some(texture));
            for (name, value) in [
                (glow::TEXTURE_MIN_FILTER, glow::LINEAR),
                (glow::TEXTURE_MAG_FILTER, glow::LINEAR),
                (glow::TEXTURE_WRAP_S, glow::CLAMP_TO_EDGE),
                (glow::TEXTURE_WRAP_T, glow::CLAMP_TO_EDGE),
            ] {
                gl.tex_parameter_i32(glow::TEXTURE_2D, name, value as i32);
            }
            gl.tex_image_2d(
                glow::TEXTURE_2D,
                0,
                glow::RGBA8 as i32,
                width as i32,
                height as i32,
                0,
                glow::RGBA,
                glow::UNSIGNED_BYTE,
                PixelUnpackData::Slice(None),
            );
            Ok(Self { texture, size: (width, height), sequence: 0 })
        }
    }

    fn upload(&mut self, gl: &Context, frame: &VideoFrame) {
        let packed;
        let (pixels, stride) = match frame.format {
            PixelFormat::Rgba if frame.stride(0).is_multiple_of(4) => (frame.plane(0), frame.stride(0)),
            _ => {
                packed = frame.to_rgba();
                (packed.as_slice(), frame.width as usize * 4)
            }
        };
        let plane = Plane { offset: 0, stride };
        let rows = frame.height as usize;
        if pixels.len() < plane.stride * (rows - 1) + frame.width as usize * 4 {
            return;
        }
        // SAFETY: OpenGL reads `rows` rows of `width` pixels, `stride` bytes apart, and the length was checked above.
        unsafe {
            gl.active_texture(glow::TEXTURE0);
            gl.bind_texture(glow::TEXTURE_2D, Some(self.texture));
            gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 4);
            gl.pixel_store_i32(glow::UNPACK_ROW_LENGTH, (plane.stride / 4) as i32);
            gl.tex_sub_image_2d(
                glow::TEXTURE_2D,
                0,
                0,
                0,
                frame.width as i32,
                frame.height as i32,
                glow::RGBA,
                glow::UNSIGNED_BYTE,
                PixelUnpackData::Slice(Some(pixels)),
            );
            gl.pixel_store_i32(glow::UNPACK_ROW_LENGTH, 0);
        }
        self.sequence = frame.sequence;
    }
}

/// What draws, in the words of its driver.
pub(crate) fn renderer_of(gl: &glow::Context) -> String {
    // SAFETY: the context is current where eframe hands it out, and the name is one that every OpenGL knows.
    unsafe { gl.get_parameter_string(glow::RENDERER) }
}
