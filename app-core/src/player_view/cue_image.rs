//! Subtitles that are images: decoded once, kept as long as they are shown.

use crate::tokens;
use egui::{Color32, ColorImage, Context, Id, TextureHandle, TextureOptions};
use player_core::text::Cue;
use std::io::Cursor;

/// Longest side of an image: the largest television there is, twice.
const MAX_SIDE: u32 = 8192;
/// Memory for decoding one, in bytes.
const MAX_MEMORY: u64 = 128 << 20;

/// A cue and its image; none if it could not be read.
type Decoded = (Cue, Option<TextureHandle>);

/// Textures of the cues that are images, in their order. Those of cues that are gone are given back.
pub(super) fn textures(ctx: &Context, cues: &[&Cue]) -> Vec<Option<TextureHandle>> {
    let id = Id::unique("player-subtitle-images");
    let mut known: Vec<Decoded> = ctx.data(|data| data.get_temp(id)).unwrap_or_default();
    if known.is_empty() && cues.is_empty() {
        return Vec::new();
    }
    known.retain(|(cue, _)| cues.contains(&cue));
    for cue in cues {
        if known.iter().all(|(other, _)| other != *cue) {
            let image = cue.image.as_ref().and_then(|bytes| decode(bytes));
            let texture = image.map(|image| ctx.load_texture("subtitle", image, TextureOptions::LINEAR));
            known.push(((*cue).clone(), texture));
        }
    }
    let found = cues.iter().map(|cue| known.iter().find(|(other, _)| other == *cue)?.1.clone()).collect();
    ctx.data_mut(|data| data.insert_temp(id, known));
    found
}

/// Reads a PNG file. Hostile sizes are refused before memory is taken.
fn decode(bytes: &[u8]) -> Option<ColorImage> {
    let mut reader = image::ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let rgba = reader.decode().ok()?.into_rgba8();
    let size = [rgba.width() as usize, rgba.height() as usize];
    let pixels: Vec<Color32> = rgba.pixels().map(|pixel| tokens::pixel(pixel.0)).collect();
    Some(ColorImage::new(size, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_image_is_not_shown() {
        assert!(decode(b"").is_none());
        assert!(decode(b"\x89PNG\r\n\x1a\n").is_none());
    }
}
