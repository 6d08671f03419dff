//! A compiled program and the square that it fills.

use super::{
    planes::Planes,
    shader::{self, Kind},
};
use egui_glow::{
    ShaderVersion,
    glow::{self, Context, HasContext},
};
use player_core::VideoFrame;

#[derive(Debug)]
pub(super) struct Program {
    program: glow::Program,
    vertices: glow::VertexArray,
    corners: glow::Buffer,
}

impl Program {
    pub(super) fn new(gl: &Context, kind: Kind) -> Result<Self, String> {
        let [vertex, fragment] = shader::words(kind, ShaderVersion::get(gl));
        // SAFETY: the context is current in a paint callback; every object is checked before it is used, and the
        // buffer holds exactly the four pairs of floats that the attribute describes.
        unsafe {
            let program = gl.create_program()?;
            for (kind, source) in [(glow::VERTEX_SHADER, vertex), (glow::FRAGMENT_SHADER, fragment)] {
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

    /// Fills the viewport with a frame that was uploaded.
    pub(super) fn draw(&self, gl: &Context, planes: &Planes, frame: &VideoFrame) {
        // SAFETY: program, vertices and textures belong to this context, which is current in a paint callback; the
        // matrix has nine numbers. A uniform that a program does not have is `None`, which OpenGL ignores.
        unsafe {
            gl.use_program(Some(self.program));
            let uniform = |name| gl.get_uniform_location(self.program, name);
            for (unit, texture) in (0u8..).zip(planes.textures()) {
                gl.active_texture(glow::TEXTURE0 + u32::from(unit));
                gl.bind_texture(glow::TEXTURE_2D, Some(*texture));
                gl.uniform_1_i32(uniform(["plane_0", "plane_1", "plane_2"][usize::from(unit)]).as_ref(), unit.into());
            }
            if planes.format().planes() > 1 {
                let format = planes.format();
                let conversion = frame.colour.conversion(format.bits());
                // What a texture says of a number is a share of all that its bytes can say.
                let all = if format.bytes() == 2 { f32::from(u16::MAX) } else { f32::from(u8::MAX) };
                let share = all / f32::from(format.highest());
                let matrix = conversion.matrix.map(|row| row.map(|part| part * share));
                gl.uniform_matrix_3_f32_slice(uniform("matrix").as_ref(), false, columns(matrix).as_flattened());
                let [red, green, blue] = conversion.offset;
                gl.uniform_3_f32(uniform("offset").as_ref(), red, green, blue);
                let [x, y, right, down] = shader::sited(format, (frame.width, frame.height));
                gl.uniform_4_f32(uniform("sited").as_ref(), x, y, right, down);
            }
            gl.disable(glow::BLEND);
            gl.bind_vertex_array(Some(self.vertices));
            gl.draw_arrays(glow::TRIANGLE_STRIP, 0, 4);
            gl.bind_vertex_array(None);
            gl.enable(glow::BLEND);
            gl.active_texture(glow::TEXTURE0);
        }
    }

    pub(super) fn free(self, gl: &Context) {
        // SAFETY: the objects were made in this context, which is current.
        unsafe {
            gl.delete_program(self.program);
            gl.delete_vertex_array(self.vertices);
            gl.delete_buffer(self.corners);
        }
    }
}

/// OpenGL has matrices by columns; those of OpenGL ES 2 cannot be turned on the way there.
fn columns(rows: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    [0, 1, 2].map(|column| rows.map(|row| row[column]))
}
