//! A real OpenGL without a window: Mesa's own device, drawing into a texture that is read back.

use super::*;
use glutin::{
    api::egl::{context::PossiblyCurrentContext, device::Device, display::Display},
    config::{ConfigSurfaceTypes, ConfigTemplateBuilder},
    context::{ContextApi, ContextAttributesBuilder},
    display::GlDisplay as _,
    prelude::*,
};
use player_core::{MediaTime, colour::ColourDescription, frame::Plane};

/// A context on Mesa's software device, and the picture that it draws into.
struct Bench {
    gl: Context,
    objects: Objects,
    // Last: what was made in it goes first.
    _context: PossiblyCurrentContext,
}

impl Bench {
    fn new() -> Self {
        let mut devices = Device::query_devices().expect("libEGL of Mesa is installed");
        let device = devices.find(|device| device.extensions().contains("EGL_MESA_device_software"));
        let device = device.expect("Mesa draws without a graphics card");
        let template = ConfigTemplateBuilder::new().with_surface_type(ConfigSurfaceTypes::empty()).build();
        let attributes = ContextAttributesBuilder::new().with_context_api(ContextApi::OpenGl(None)).build(None);
        // SAFETY: no window and no display of the system is involved; display and context live as long as the bench.
        unsafe {
            let display = Display::with_device(&device, None).unwrap();
            let config = display.find_configs(template).unwrap().next().unwrap();
            let context = display.create_context(&config, &attributes).unwrap();
            let context = context.treat_as_possibly_current();
            context.make_current_surfaceless().unwrap();
            let gl = Context::from_loader_function_cstr(|name| display.get_proc_address(name));
            Self { gl, objects: Objects::default(), _context: context }
        }
    }

    /// Draws a frame in its own size and reads it back, as rows of RGBA from the top.
    fn drawn(&mut self, frame: &VideoFrame) -> Vec<u8> {
        let gl = &self.gl;
        let (width, height) = (frame.width as i32, frame.height as i32);
        let mut pixels = vec![0; frame.width as usize * frame.height as usize * 4];
        // SAFETY: the context is current on this thread, and the buffer has the size that is read.
        unsafe {
            let target = gl.create_texture().unwrap();
            gl.bind_texture(glow::TEXTURE_2D, Some(target));
            let nothing = glow::PixelUnpackData::Slice(None);
            let (inside, kind) = (glow::RGBA8 as i32, glow::UNSIGNED_BYTE);
            gl.tex_image_2d(glow::TEXTURE_2D, 0, inside, width, height, 0, glow::RGBA, kind, nothing);
            let buffer = gl.create_framebuffer().unwrap();
            gl.bind_framebuffer(glow::FRAMEBUFFER, Some(buffer));
            let (to, of) = (glow::COLOR_ATTACHMENT0, glow::TEXTURE_2D);
            gl.framebuffer_texture_2d(glow::FRAMEBUFFER, to, of, Some(target), 0);
            assert_eq!(gl.check_framebuffer_status(glow::FRAMEBUFFER), glow::FRAMEBUFFER_COMPLETE);
            gl.viewport(0, 0, width, height);
            gl.enable(glow::BLEND);
            self.objects.draw(gl, frame);
            let read = glow::PixelPackData::Slice(Some(&mut pixels));
            gl.read_pixels(0, 0, width, height, glow::RGBA, kind, read);
            gl.bind_framebuffer(glow::FRAMEBUFFER, None);
            gl.delete_framebuffer(buffer);
            gl.delete_texture(target);
            assert_eq!(gl.get_error(), glow::NO_ERROR);
        }
        // OpenGL begins at the bottom.
        let row = frame.width as usize * 4;
        pixels.chunks_exact(row).rev().flatten().copied().collect()
    }
}

/// A frame of this format whose numbers come from `luma` and `chroma`, of the format's depth, with gaps between rows.
fn frame_of(
    sequence: u64,
    format: PixelFormat,
    colour: ColourDescription,
    (width, height): (usize, usize),
    number: &dyn Fn(usize, usize, usize) -> u16,
) -> VideoFrame {
    let (gap, shift) = (6, if format == PixelFormat::P010 { 6 } else { 0 });
    let mut memory: Vec<u8> = Vec::new();
    let mut planes = [Plane { offset: 0, stride: 0 }; 3];
    for (index, plane) in planes.iter_mut().enumerate().take(format.planes()) {
        let (across, rows) = format.extent(index, (width, height));
        let components = format.components(index);
        let row = across * components * format.bytes();
        *plane = Plane { offset: memory.len(), stride: row + gap * components * format.bytes() };
        for y in 0..rows {
            for x in 0..across {
                for component in 0..components {
                    // Of one plane of RGBA: red, green, blue, opaque.
                    let stored = match (format, component) {
                        (PixelFormat::Rgba, 3) => 255,
                        _ => number(index + component, x, y) << shift,
                    };
                    memory.extend(&stored.to_le_bytes()[..format.bytes()]);
                }
            }
            memory.resize(plane.offset + (y + 1) * plane.stride, 0xEE);
        }
    }
    let size = (width as u32, height as u32);
    let mut frame = VideoFrame::new(sequence, MediaTime::ZERO, size, format, planes, Arc::new(memory)).unwrap();
    frame.colour = colour;
    frame
}

/// Blocks of many colours, each of `BLOCK` pixels.
const BLOCK: usize = 16;

fn blocks(format: PixelFormat, colour: ColourDescription) -> VideoFrame {
    let (across, down) = format.chroma();
    let step = 1u16 << (format.bits() - 8);
    frame_of(1, format, colour, (8 * BLOCK, 6 * BLOCK), &|plane, x, y| {
        let (x, y) = if plane == 0 { (x, y) } else { (x * across, y * down) };
        let (column, row) = ((x / BLOCK) as u16, (y / BLOCK) as u16);
        let eight_bits = match plane {
            0 => 16 + (column * 29 + row * 7) % 220,
            1 => 40 + (column * 53 + row * 31) % 176,
            _ => 40 + (column * 17 + row * 83) % 176,
        };
        eight_bits * step + (column + row) % step
    })
}

#[test]
fn pictures_of_the_shader_are_those_of_the_processor() {
    use PixelFormat::*;
    let mut bench = Bench::new();
    for format in [I420, Nv12, I420P10, P010, I420P12, I422, I422P10, I444, I444P10, Rgba] {
        for matrix in [1, 6, 9] {
            for full_range in [false, true] {
                let colour = ColourDescription { full_range, ..ColourDescription::of(1, 1, matrix) };
                let frame = blocks(format, colour);
                let (drawn, expected) = (bench.drawn(&frame), frame.to_rgba());
                let row = frame.width as usize * 4;
                let mut worst = 0;
                for (at, (found, expected)) in drawn.iter().zip(&expected).enumerate() {
                    let (x, y) = (at % row / 4 % BLOCK, at / row % BLOCK);
                    // Between blocks chroma is interpolated here and repeated there.
                    if (3..BLOCK - 3).contains(&x) && (3..BLOCK - 3).contains(&y) {
                        worst = worst.max(found.abs_diff(*expected));
                    }
                }
                assert!(worst <= 2, "{format:?} {matrix} {full_range}: {worst} of 255");
                assert!(drawn.chunks_exact(4).any(|pixel| pixel[0].abs_diff(pixel[2]) > 60), "there are colours");
            }
        }
    }
}

#[test]
fn chroma_stands_with_the_even_columns() {
    let mut bench = Bench::new();
    let colour = ColourDescription::of(1, 1, 1);
    let (width, height) = (64usize, 16usize);
    for format in [PixelFormat::I420, PixelFormat::Nv12, PixelFormat::I422] {
        // Blue difference grows across, by four for each number.
        let frame = frame_of(1, format, colour, (width, height), &|plane, x, _| match plane {
            0 => 120,
            1 => 64 + 4 * x as u16,
            _ => 128,
        });
        let drawn = bench.drawn(&frame);
        let conversion = colour.conversion(8);
        for x in 2..width - 2 {
            // A number stands at each even column, and half-way between two stands an odd one.
            let blue = 64.0 + 2.0 * x as f32;
            let expected = conversion.rgb([120.0, blue, 128.0].map(|number| number / 255.0));
            let at = (height / 2 * width + x) * 4;
            for (found, expected) in drawn[at..at + 3].iter().zip(expected) {
                let off = (f32::from(*found) - (expected * 255.0).clamp(0.0, 255.0)).abs();
                assert!(off <= 1.5, "{format:?}, column {x}: {off}");
            }
        }
    }
}

#[test]
fn textures_are_kept_from_frame_to_frame_and_freed_with_the_film() {
    let mut bench = Bench::new();
    let colour = ColourDescription::of(1, 1, 1);
    // Odd sizes: chroma has a column and a row more than half.
    let plain = |sequence, luma| {
        frame_of(sequence, PixelFormat::I420, colour, (33, 17), &|plane, _, _| if plane == 0 { luma } else { 128 })
    };
    let first = bench.drawn(&plain(1, 235));
    assert!(first.chunks_exact(4).all(|pixel| pixel == [255; 4]), "to the last column and row");
    let held = bench.objects.planes.as_ref().unwrap().textures().to_vec();
    assert_eq!(held.len(), 3);
    let second = bench.drawn(&plain(2, 16));
    assert!(second.chunks_exact(4).all(|pixel| pixel == [0, 0, 0, 255]));
    assert_eq!(bench.objects.planes.as_ref().unwrap().textures(), held, "no texture is made for another frame");
    // The same number again is the same frame, until another player begins to count.
    assert_eq!(bench.drawn(&plain(2, 235)), second);
    bench.objects.planes.as_mut().unwrap().forget();
    assert_eq!(bench.drawn(&plain(2, 235)), first);
    // SAFETY: the context is current on this thread; these calls only read its state.
    unsafe {
        let gl = &bench.gl;
        assert!(gl.is_enabled(glow::BLEND));
        assert_eq!(gl.get_parameter_i32(glow::ACTIVE_TEXTURE) as u32, glow::TEXTURE0);
        assert_eq!(gl.get_parameter_i32(glow::UNPACK_ROW_LENGTH), 0);
        assert_eq!(gl.get_parameter_i32(glow::UNPACK_ALIGNMENT), 4);
        assert_eq!(gl.get_parameter_i32(glow::VERTEX_ARRAY_BINDING), 0);
        assert!(held.iter().all(|texture| gl.is_texture(*texture)));
        bench.objects.free_planes(gl);
        assert!(held.iter().all(|texture| !gl.is_texture(*texture)));
        assert_eq!(gl.get_error(), glow::NO_ERROR);
    }
    assert_eq!(bench.drawn(&plain(3, 235)), first, "and another film can begin");
}

#[test]
fn what_a_context_cannot_upload_is_converted_before() {
    let mut bench = Bench::new();
    let frame = blocks(PixelFormat::I420P10, ColourDescription::of(9, 1, 9));
    for abilities in [Abilities { planes: true, deep: false }, Abilities { planes: false, deep: false }] {
        bench.objects.abilities = Some(abilities);
        assert_eq!(bench.drawn(&frame), frame.to_rgba());
        assert_eq!(bench.objects.planes.as_ref().unwrap().format(), PixelFormat::Rgba);
        bench.objects.planes.as_mut().unwrap().forget();
    }
}

#[test]
fn the_renderer_is_named() {
    let bench = Bench::new();
    let graphics = look(&bench.gl);
    assert!(graphics.is_software() && graphics.takes_planes, "{graphics:?}");
}
