//! Draws egui's triangles on the CPU, so that tests see what viewers see on any machine.
//!
//! egui's output is a list of triangle meshes with vertex colours, premultiplied alpha and one texture each, blended in
//! gamma space and clipped to rectangles. That is all there is to implement. Paint callbacks (OpenGL) are skipped: the
//! tests use the texture path of the video surface.

use egui::{
    Context, FullOutput, Pos2, TextureId, TexturesDelta,
    epaint::{ImageData, ImageDelta, Mesh, Primitive, textures::TextureOptions},
};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};
use std::collections::HashMap;

#[derive(Debug)]
struct Texture {
    size: [usize; 2],
    /// Premultiplied, gamma encoded.
    pixels: Vec<[u8; 4]>,
    nearest: bool,
}

/// Textures of one harness, and the way to turn its output into a picture.
#[derive(Debug, Default)]
pub(crate) struct Rasteriser {
    textures: HashMap<TextureId, Texture>,
    leaving: Vec<TextureId>,
}

impl TestRenderer for Rasteriser {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        // What a frame frees is still painted in that frame.
        for id in std::mem::take(&mut self.leaving) {
            self.textures.remove(&id);
        }
        for (id, deltas) in delta.set.drain() {
            for delta in &deltas {
                self.apply(id, delta);
            }
        }
        self.leaving.extend(delta.free.drain());
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.content_rect().size() * scale;
        let mut canvas = Canvas::new(size.x.round() as usize, size.y.round() as usize);
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = clipped.primitive else { continue };
            let Some(texture) = self.textures.get(&mesh.texture_id) else {
                return Err(format!("texture {:?} was never uploaded", mesh.texture_id));
            };
            let clip = clipped.clip_rect;
            let clip = [
                (clip.min.x * scale).round().max(0.0) as usize,
                (clip.min.y * scale).round().max(0.0) as usize,
                (clip.max.x * scale).round().clamp(0.0, canvas.width as f32) as usize,
                (clip.max.y * scale).round().clamp(0.0, canvas.height as f32) as usize,
            ];
            canvas.draw(&mesh, texture, clip, scale);
        }
        Ok(canvas.into_image())
    }
}

impl Rasteriser {
    fn apply(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let pixels: Vec<[u8; 4]> = image.pixels.iter().map(|pixel| pixel.to_array()).collect();
        match delta.pos {
            None => {
                let nearest = delta.options.magnification == TextureOptions::NEAREST.magnification;
                self.textures.insert(id, Texture { size: image.size, pixels, nearest });
            }
            Some([left, top]) => {
                if let Some(texture) = self.textures.get_mut(&id) {
                    for (row, line) in pixels.chunks(image.size[0]).enumerate() {
                        let at = (top + row) * texture.size[0] + left;
                        texture.pixels[at..at + line.len()].copy_from_slice(line);
                    }
                }
            }
        }
    }
}

impl Texture {
    /// Colour at a texture coordinate, 0 to 1 per channel.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let [width, height] = self.size;
        let at = |x: f32, y: f32| {
            let x = (x.max(0.0) as usize).min(width - 1);
            let y = (y.max(0.0) as usize).min(height - 1);
            self.pixels[y * width + x].map(|lane| f32::from(lane) / 255.0)
        };
        if width == 1 && height == 1 {
            return at(0.0, 0.0);
        }
        let (x, y) = (u * width as f32 - 0.5, v * height as f32 - 0.5);
        if self.nearest {
            return at(x.round(), y.round());
        }
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let (a, b) = (at(left, top), at(left + 1.0, top));
        let (c, d) = (at(left, top + 1.0), at(left + 1.0, top + 1.0));
        std::array::from_fn(|i| {
            let upper = a[i] + (b[i] - a[i]) * fx;
            let lower = c[i] + (d[i] - c[i]) * fx;
            upper + (lower - upper) * fy
        })
    }
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 4]>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[0.0, 0.0, 0.0, 1.0]; width * height] }
    }

    fn draw(&mut self, mesh: &Mesh, texture: &Texture, clip: [usize; 4], scale: f32) {
        for triangle in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|i| {
                let vertex = &mesh.vertices[triangle[i] as usize];
                Corner {
                    at: vertex.pos * scale,
                    uv: vertex.uv,
                    colour: vertex.color.to_array().map(|lane| f32::from(lane) / 255.0),
                }
            });
            self.triangle(&corners, texture, clip);
        }
    }

    /// Fills the pixels whose middle lies inside, by the top-left rule so that neighbours never draw a pixel twice.
    fn triangle(&mut self, corners: &[Corner; 3], texture: &Texture, clip: [usize; 4]) {
        let [a, mut b, mut c] = [&corners[0], &corners[1], &corners[2]];
        let mut area = cross(a.at, b.at, c.at);
        if area.abs() < 1e-6 {
            return;
        }
        if area < 0.0 {
            std::mem::swap(&mut b, &mut c);
            area = -area;
        }
        let low = |f: fn(&Corner) -> f32| f(a).min(f(b)).min(f(c));
        let high = |f: fn(&Corner) -> f32| f(a).max(f(b)).max(f(c));
        let left = (low(|k| k.at.x).floor().max(0.0) as usize).max(clip[0]);
        let right = (high(|k| k.at.x).ceil().max(0.0) as usize).min(clip[2]);
        let top = (low(|k| k.at.y).floor().max(0.0) as usize).max(clip[1]);
        let bottom = (high(|k| k.at.y).ceil().max(0.0) as usize).min(clip[3]);
        let flat = a.uv == b.uv && b.uv == c.uv;
        let plain = if flat { Some(texture.sample(a.uv.x, a.uv.y)) } else { None };
        for y in top..bottom {
            for x in left..right {
                let p = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
                let (wa, wb, wc) = (cross(b.at, c.at, p), cross(c.at, a.at, p), cross(a.at, b.at, p));
                if !(covers(wa, b.at, c.at) && covers(wb, c.at, a.at) && covers(wc, a.at, b.at)) {
                    continue;
                }
                let (wa, wb, wc) = (wa / area, wb / area, wc / area);
                let texel = plain.unwrap_or_else(|| {
                    texture.sample(wa * a.uv.x + wb * b.uv.x + wc * c.uv.x, wa * a.uv.y + wb * b.uv.y + wc * c.uv.y)
                });
                let source: [f32; 4] =
                    std::array::from_fn(|i| (wa * a.colour[i] + wb * b.colour[i] + wc * c.colour[i]) * texel[i]);
                let pixel = &mut self.pixels[y * self.width + x];
                for i in 0..4 {
                    pixel[i] = source[i] + pixel[i] * (1.0 - source[3]);
                }
            }
        }
    }

    fn into_image(self) -> RgbaImage {
        RgbaImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let pixel = self.pixels[y as usize * self.width + x as usize];
            let lane = |value: f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
            Rgba([lane(pixel[0]), lane(pixel[1]), lane(pixel[2]), 255])
        })
    }
}

struct Corner {
    at: Pos2,
    uv: Pos2,
    colour: [f32; 4],
}

/// Twice the signed area of a triangle; positive when `p` lies to the right of the way from `a` to `b` on screen.
fn cross(a: Pos2, b: Pos2, p: Pos2) -> f32 {
    (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
}

fn covers(weight: f32, from: Pos2, to: Pos2) -> bool {
    let is_top_left = (to.y - from.y) < 0.0 || ((to.y - from.y) == 0.0 && (to.x - from.x) > 0.0);
    weight > 0.0 || (weight == 0.0 && is_top_left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Color32;

    #[test]
    fn two_triangles_of_a_square_cover_each_pixel_once() {
        let mut canvas = Canvas::new(4, 4);
        let texture = Texture { size: [1, 1], pixels: vec![[255; 4]], nearest: false };
        let mut mesh = Mesh::default();
        let half = Color32::from_rgba_premultiplied(128, 0, 0, 128);
        mesh.add_colored_rect(egui::Rect::from_min_max(Pos2::new(1.0, 1.0), Pos2::new(3.0, 3.0)), half);
        canvas.draw(&mesh, &texture, [0, 0, 4, 4], 1.0);
        let image = canvas.into_image();
        for (x, y, pixel) in image.enumerate_pixels() {
            let inside = (1..3).contains(&x) && (1..3).contains(&y);
            assert_eq!(pixel.0, if inside { [128, 0, 0, 255] } else { [0, 0, 0, 255] }, "{x} {y}");
        }
    }
}
