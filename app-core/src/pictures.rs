//! The picture cache: what is on screen has a texture, what was is kept as long as there is room.
//!
//! egui's own loaders keep every texture for ever; a catalog would fill the memory of a set-top box in one evening.
//! Here a view asks by path and size; what is missing is noted and leaves as one effect; what arrives is uploaded two
//! a frame, so that scrolling into a new row does not stutter; what was not seen for longest goes first.

use crate::{
    platform::{Budget, Platform},
    theme::wake,
};
use egui::{ColorImage, Context, TextureHandle, TextureOptions, Vec2};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

/// Uploads per frame: one 1080p backdrop takes about a millisecond.
const UPLOADS_PER_FRAME: usize = 2;
/// Seconds until a picture that failed is asked for again.
const RETRY_AFTER: f64 = 8.0;

/// A picture to be fetched and decoded to at most this many pixels in width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PictureRequest {
    pub(crate) path: String,
    pub(crate) max_width: u32,
}

enum Entry {
    Asked,
    Failed { at: f64 },
    Ready { texture: TextureHandle, bytes: usize, seen: u64 },
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "Asked",
            Self::Failed { .. } => "Failed",
            Self::Ready { .. } => "Ready",
        })
    }
}

/// All pictures of the application.
#[derive(Debug)]
pub(crate) struct Pictures {
    /// Bytes of textures kept, at most.
    room: usize,
    /// Pixels a unit, at most.
    scale: f32,
    entries: HashMap<String, Entry>,
    wanted: Vec<PictureRequest>,
    arrived: VecDeque<(String, ColorImage)>,
    bytes: usize,
    frame: u64,
}

impl Default for Pictures {
    fn default() -> Self {
        Self::within(&Platform::Desktop.budget())
    }
}

impl Pictures {
    /// None yet, and no more than a budget allows.
    pub(crate) fn within(budget: &Budget) -> Self {
        Self {
            room: budget.textures,
            scale: budget.picture_scale,
            entries: HashMap::new(),
            wanted: Vec::new(),
            arrived: VecDeque::new(),
            bytes: 0,
            frame: 0,
        }
    }

    /// Starts a frame: uploads a few of the pictures that arrived and makes room.
    pub(crate) fn begin_frame(&mut self, ctx: &Context) {
        self.frame += 1;
        for _ in 0..UPLOADS_PER_FRAME {
            let Some((path, image)) = self.arrived.pop_front() else { break };
            let bytes = image.pixels.len() * 4;
            let texture = ctx.load_texture(&path, image, TextureOptions::LINEAR);
            self.bytes += bytes;
            let entry = Entry::Ready { texture, bytes, seen: self.frame };
            if let Some(Entry::Ready { bytes, .. }) = self.entries.insert(path, entry) {
                self.bytes -= bytes;
            }
        }
        if !self.arrived.is_empty() {
            wake(ctx);
        }
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.bytes > self.room {
            // What was painted in the last frame is pinned.
            let oldest = self
                .entries
                .iter()
                .filter_map(|(path, entry)| match entry {
                    Entry::Ready { seen, .. } if *seen + 1 < self.frame => Some((*seen, path.clone())),
                    _ => None,
                })
                .min();
            let Some((_, path)) = oldest else { break };
            if let Some(Entry::Ready { bytes, .. }) = self.entries.remove(&path) {
                self.bytes -= bytes;
            }
        }
    }

    /// The texture of a picture shown `size` units large; `None` while it is on its way.
    pub(crate) fn get(&mut self, ctx: &Context, path: &str, size: Vec2) -> Option<TextureHandle> {
        let frame = self.frame;
        match self.entries.get_mut(path) {
            Some(Entry::Ready { texture, seen, .. }) => {
                *seen = frame;
                return Some(texture.clone());
            }
            Some(Entry::Asked) => return None,
            Some(Entry::Failed { at }) if ctx.time() < *at + RETRY_AFTER => return None,
            _ => {}
        }
        // A tenth more than needed: the focused card is larger.
        let pixels = (size.x * ctx.pixels_per_point().min(self.scale) * 1.1).ceil().clamp(16.0, 2560.0);
        self.entries.insert(path.to_owned(), Entry::Asked);
        self.wanted.push(PictureRequest { path: path.to_owned(), max_width: pixels as u32 });
        None
    }

    /// Bytes of the textures that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What was asked for since the last call.
    pub(crate) fn take_wanted(&mut self) -> Vec<PictureRequest> {
        std::mem::take(&mut self.wanted)
    }

    /// A picture was fetched and decoded, or was not to be had.
    pub(crate) fn arrive(&mut self, path: String, image: Option<ColorImage>, now: f64) {
        match image {
            Some(image) => self.arrived.push_back((path, image)),
            None => {
                self.entries.insert(path, Entry::Failed { at: now });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(ctx: &Context, pictures: &mut Pictures, path: &str) -> bool {
        let mut there = false;
        let output = ctx.run_ui(Default::default(), |ui| {
            pictures.begin_frame(ui.ctx());
            there = pictures.get(ui.ctx(), path, Vec2::splat(100.0)).is_some();
        });
        output.drop_without_applying_deltas();
        there
    }

    #[test]
    fn a_picture_is_asked_for_once_and_there_afterwards() {
        let (ctx, mut pictures) = (Context::default(), Pictures::default());
        assert!(!frame(&ctx, &mut pictures, "/a.jpg"));
        assert!(!frame(&ctx, &mut pictures, "/a.jpg"));
        let wanted = pictures.take_wanted();
        assert_eq!(wanted, [PictureRequest { path: "/a.jpg".into(), max_width: 110 }]);
        pictures.arrive("/a.jpg".into(), Some(ColorImage::filled([4, 4], crate::tokens::UNTINTED)), 0.0);
        assert!(frame(&ctx, &mut pictures, "/a.jpg"));
        assert!(pictures.take_wanted().is_empty());
    }

    #[test]
    fn a_small_box_decodes_for_720p_whatever_the_panel() {
        let (ctx, mut pictures) = (Context::default(), Pictures::within(&Platform::Small.budget()));
        ctx.set_pixels_per_point(4.0);
        frame(&ctx, &mut pictures, "/a.jpg");
        frame(&ctx, &mut pictures, "/b.jpg");
        assert_eq!(pictures.take_wanted()[1].max_width, 147, "100 units of 4/3 pixels and a tenth");
    }

    #[test]
    fn textures_out_of_sight_make_room() {
        let budget = Platform::Small.budget();
        let (ctx, mut pictures) = (Context::default(), Pictures::within(&budget));
        for i in 0..8 {
            let path = format!("/{i}.jpg");
            frame(&ctx, &mut pictures, &path);
            pictures.arrive(path.clone(), Some(ColorImage::filled([2048, 2048], crate::tokens::UNTINTED)), 0.0);
            assert!(frame(&ctx, &mut pictures, &path));
        }
        assert!(pictures.bytes <= budget.textures, "{}", pictures.bytes);
        assert!(!frame(&ctx, &mut pictures, "/0.jpg"), "the oldest is gone");
    }
}
