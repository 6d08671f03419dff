//! The textures of one picture.

use egui_glow::glow::{self, Context, HasContext, PixelUnpackData};
use player_core::{VideoFrame, frame::PixelFormat};
use std::borrow::Cow;

/// A texture for each plane, allocated once per shape of picture and filled again for each new frame.
#[derive(Debug)]
pub(super) struct Planes {
    textures: Vec<glow::Texture>,
    shape: Shape,
    /// Which frame they hold.
    sequence: u64,
}

/// What textures are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) format: PixelFormat,
    pub(super) size: (u32, u32),
}

impl Shape {
    /// Width and height of the texture of a plane.
    fn extent(self, plane: usize) -> (i32, i32) {
        let (width, height) = self.format.extent(plane, (self.size.0 as usize, self.size.1 as usize));
        (i32::try_from(width).unwrap_or(i32::MAX), i32::try_from(height).unwrap_or(i32::MAX))
    }

    /// Internal format, format and type, as OpenGL names them.
    fn names(self, plane: usize) -> (u32, u32, u32) {
        match (self.format.components(plane), self.format.bytes()) {
            (1, 1) => (glow::R8, glow::RED, glow::UNSIGNED_BYTE),
            (1, _) => (glow::R16, glow::RED, glow::UNSIGNED_SHORT),
            (2, 1) => (glow::RG8, glow::RG, glow::UNSIGNED_BYTE),
            (2, _) => (glow::RG16, glow::RG, glow::UNSIGNED_SHORT),
            _ => (glow::RGBA8, glow::RGBA, glow::UNSIGNED_BYTE),
        }
    }
}

impl Planes {
    pub(super) fn new(gl: &Context, shape: Shape) -> Result<Self, String> {
        let mut planes = Self { textures: Vec::new(), shape, sequence: 0 };
        for plane in 0..shape.format.planes() {
            // SAFETY: the context is current in a paint callback; no data is read, the memory is only reserved.
            unsafe {
                let made = gl.create_texture();
                let texture = match made {
                    Ok(texture) => texture,
                    Err(error) => {
                        planes.free(gl);
                        return Err(error);
                    }
                };
                planes.textures.push(texture);
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
                let ((width, height), (inside, format, kind)) = (shape.extent(plane), shape.names(plane));
                let nothing = PixelUnpackData::Slice(None);
                gl.tex_image_2d(glow::TEXTURE_2D, 0, inside as i32, width, height, 0, format, kind, nothing);
            }
        }
        Ok(planes)
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) fn format(&self) -> PixelFormat {
        self.shape.format
    }

    pub(super) fn textures(&self) -> &[glow::Texture] {
        &self.textures
    }

    /// Frames of another player count from the beginning: none of them is the one that is held.
    pub(super) fn forget(&mut self) {
        self.sequence = 0;
    }

    /// Fills the textures, unless they hold this frame. A frame of another format is converted.
    pub(super) fn hold(&mut self, gl: &Context, frame: &VideoFrame) {
        if self.sequence == frame.sequence {
            return;
        }
        self.sequence = frame.sequence;
        if frame.format != self.shape.format {
            let pixels = frame.to_rgba();
            return self.fill(gl, 0, &pixels, 0);
        }
        for plane in 0..frame.planes() {
            let (rows, texels) = rows_of(frame, plane);
            self.fill(gl, plane, &rows, texels);
        }
    }

    /// Fills one texture from rows that are `row_length` groups of components apart; 0 where they follow each other.
    fn fill(&self, gl: &Context, plane: usize, pixels: &[u8], row_length: usize) {
        let ((width, height), (_, format, kind)) = (self.shape.extent(plane), self.shape.names(plane));
        let group = self.shape.format.components(plane) * self.shape.format.bytes();
        let (across, rows) = (width as usize, height as usize);
        let stride = if row_length == 0 { across } else { row_length };
        // What OpenGL would read must be there.
        if rows == 0 || pixels.len() < (stride * (rows - 1) + across) * group {
            return;
        }
        let Ok(row_length) = i32::try_from(row_length) else { return };
        // SAFETY: OpenGL reads `rows` rows of `across` groups, `stride` groups apart without alignment, and the length
        // was checked above.
        unsafe {
            gl.active_texture(glow::TEXTURE0);
            gl.bind_texture(glow::TEXTURE_2D, Some(self.textures[plane]));
            gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 1);
            gl.pixel_store_i32(glow::UNPACK_ROW_LENGTH, row_length);
            let data = PixelUnpackData::Slice(Some(pixels));
            gl.tex_sub_image_2d(glow::TEXTURE_2D, 0, 0, 0, width, height, format, kind, data);
            gl.pixel_store_i32(glow::UNPACK_ROW_LENGTH, 0);
            gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 4);
        }
    }

    pub(super) fn free(self, gl: &Context) {
        for texture in self.textures {
            // SAFETY: the texture was made in this context, which is current.
            unsafe { gl.delete_texture(texture) };
        }
    }
}

/// The rows of a plane as they lie, and how many groups of components they are apart: packed where that is no whole
/// number.
fn rows_of(frame: &VideoFrame, plane: usize) -> (Cow<'_, [u8]>, usize) {
    let group = frame.format.components(plane) * frame.format.bytes();
    let stride = frame.stride(plane);
    match stride.is_multiple_of(group) {
        true => (Cow::Borrowed(frame.plane(plane)), stride / group),
        false => (Cow::Owned(frame.rows(plane).flatten().copied().collect()), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use player_core::{MediaTime, frame::Plane};
    use std::sync::Arc;

    #[test]
    fn rows_that_are_no_whole_number_apart_are_packed() {
        let plane = |offset, stride| Plane { offset, stride };
        let memory: Arc<Vec<u8>> = Arc::new((0..40).collect());
        let frame = |chroma| {
            let planes = [plane(0, 5), plane(20, chroma), plane(0, 0)];
            VideoFrame::new(1, MediaTime::ZERO, (4, 4), PixelFormat::Nv12, planes, memory.clone()).unwrap()
        };
        let (whole, odd) = (frame(6), frame(7));
        assert_eq!(rows_of(&whole, 0).1, 5);
        let (rows, apart) = rows_of(&whole, 1);
        assert_eq!((rows.as_ref(), apart), (&memory[20..30], 3));
        let (rows, apart) = rows_of(&odd, 1);
        assert_eq!((rows.as_ref(), apart), (&[20, 21, 22, 23, 27, 28, 29, 30][..], 0));
    }
}
