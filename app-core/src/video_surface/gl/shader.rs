//! The programs' words, for each OpenGL that egui runs on.

use egui_glow::ShaderVersion;
use player_core::frame::PixelFormat;

/// What a program draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One texture of colours.
    Rgba,
    /// Luma and two of chroma.
    Apart,
    /// Luma, and one with both of chroma.
    Beside,
}

impl Kind {
    pub(super) fn of(format: PixelFormat) -> Self {
        match format.planes() {
            1 => Self::Rgba,
            2 => Self::Beside,
            _ => Self::Apart,
        }
    }
}

const VERTEX: &str = "
    IN vec2 corner;
    OUT vec2 uv;
    void main() {
        uv = vec2(corner.x, 1.0 - corner.y);
        gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
    }";

/// Textures of the planes are `plane_0` and so on.
const COLOURS: &str = "
    uniform sampler2D plane_0;
    IN vec2 uv;
    void main() {
        COLOUR = vec4(SAMPLE(plane_0, uv).rgb, 1.0);
    }";

/// Chroma lies elsewhere than luma: `sited` has scale and shift. Between numbers it is interpolated, as the textures'
/// filters do it.
const NUMBERS: &str = "
    uniform sampler2D plane_0;
    uniform sampler2D plane_1;
    uniform sampler2D plane_2;
    uniform mat3 matrix;
    uniform vec3 offset;
    uniform vec4 sited;
    IN vec2 uv;
    void main() {
        vec2 at = uv * sited.xy + sited.zw;
        vec3 numbers = vec3(SAMPLE(plane_0, uv).r, CHROMA);
        COLOUR = vec4(clamp(matrix * numbers + offset, 0.0, 1.0), 1.0);
    }";

/// The words of vertex and fragment shader.
pub(super) fn words(kind: Kind, version: ShaderVersion) -> [String; 2] {
    let fragment = match kind {
        Kind::Rgba => COLOURS.to_owned(),
        Kind::Apart => NUMBERS.replace("CHROMA", "SAMPLE(plane_1, at).r, SAMPLE(plane_2, at).r"),
        Kind::Beside => NUMBERS.replace("CHROMA", "SAMPLE(plane_1, at).rg").replace("uniform sampler2D plane_2;", ""),
    };
    [in_dialect(VERTEX, version, true), in_dialect(&fragment, version, false)]
}

fn in_dialect(source: &str, version: ShaderVersion, is_vertex: bool) -> String {
    let modern = version.is_new_shader_interface();
    // Every device of OpenGL ES 3 has the high precision that sums of sixteen bits need.
    let precision = match (version.is_embedded(), modern) {
        (false, _) => "",
        (true, true) => "precision highp float;\n",
        (true, false) => "precision mediump float;\n",
    };
    let (input, output) = match (modern, is_vertex) {
        (true, _) => ("in", "out"),
        (false, true) => ("attribute", "varying"),
        (false, false) => ("varying", "varying"),
    };
    let (declared, colour) = if modern && !is_vertex { ("out vec4 colour;\n", "colour") } else { ("", "gl_FragColor") };
    let sample = if modern { "texture" } else { "texture2D" };
    let body = source.replace("IN", input).replace("OUT", output).replace("COLOUR", colour).replace("SAMPLE", sample);
    format!("{}\n{precision}{declared}{body}", version.version_declaration())
}

/// Scale and shift from places in the picture to places in its chroma, both from 0 to 1.
///
/// Across, the first number of halved chroma stands where the first of luma does (type 0 of ITU-T H.264 and H.265, what
/// streams mean that say nothing else); down, it stands between two.
pub(super) fn sited(format: PixelFormat, (width, height): (u32, u32)) -> [f32; 4] {
    let (across, down) = format.chroma();
    let (chroma_width, chroma_height) = format.extent(1, (width as usize, height as usize));
    let scale = |luma: u32, by: usize, chroma: usize| luma as f32 / (by * chroma.max(1)) as f32;
    let shift = if across == 2 { 0.25 / chroma_width.max(1) as f32 } else { 0.0 };
    [scale(width, across, chroma_width), scale(height, down, chroma_height), shift, 0.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halved_chroma_stands_with_the_even_columns_and_between_two_rows() {
        // Middle of the third column and the second row of 8 x 4: the second number across; a quarter of a number above
        // the middle of the first row of chroma.
        let [scale_x, scale_y, shift_x, shift_y] = sited(PixelFormat::I420, (8, 4));
        let (x, y) = (2.5 / 8.0 * scale_x + shift_x, 1.0 / 4.0 * scale_y + shift_y);
        assert!((x * 4.0 - 1.5).abs() < 1e-6 && (y * 2.0 - 0.5).abs() < 1e-6, "{x} {y}");
        // Odd sizes have a number more than half.
        let [scale_x, ..] = sited(PixelFormat::I420, (7, 5));
        assert!((scale_x - 7.0 / 8.0).abs() < 1e-6);
        assert_eq!(sited(PixelFormat::I444, (7, 5)), [1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn no_placeholder_is_left_in_any_dialect() {
        for version in [ShaderVersion::Gl120, ShaderVersion::Gl140, ShaderVersion::Es100, ShaderVersion::Es300] {
            for kind in [Kind::Rgba, Kind::Apart, Kind::Beside] {
                for words in words(kind, version) {
                    assert!(words.starts_with("#version"));
                    for left in ["IN ", "OUT ", "COLOUR", "SAMPLE", "CHROMA"] {
                        assert!(!words.contains(left), "{left} in {words}");
                    }
                }
            }
        }
    }
}
