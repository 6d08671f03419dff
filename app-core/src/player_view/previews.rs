//! Small pictures of the time that somebody points at. They come from the player; here they become a texture.

use crate::tokens;
use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use player_core::{MediaTime, Thumbnail, Thumbnails};
use std::sync::Arc;

/// Where pictures come from, and the one that is on screen.
#[derive(Default)]
pub(crate) struct Previews {
    source: Option<Thumbnails>,
    shown: Option<(Arc<Thumbnail>, TextureHandle)>,
    /// Has anybody pointed at a time in this frame?
    asked: bool,
}

impl std::fmt::Debug for Previews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Previews").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Previews {
    /// Pictures come from here from now on.
    pub(crate) fn attach(&mut self, source: Thumbnails) {
        *self = Self { source: Some(source), shown: None, asked: false };
    }

    pub(crate) fn detach(&mut self) {
        *self = Self::default();
    }

    /// The picture of a time in seconds, if it is here; it is wished for in any case. Another picture is never shown in
    /// its place.
    pub(crate) fn at(&mut self, ctx: &Context, seconds: f64) -> Option<TextureHandle> {
        let source = self.source.as_ref()?;
        self.asked = true;
        let time = MediaTime::from_secs_f64(seconds.max(0.0));
        source.want(time);
        let picture = source.get(time)?;
        if let Some((shown, texture)) = &self.shown
            && Arc::ptr_eq(shown, &picture)
        {
            return Some(texture.clone());
        }
        let size = [picture.width as usize, picture.height as usize];
        let pixels =
            picture.rgba().chunks_exact(4).map(|pixel| tokens::pixel([pixel[0], pixel[1], pixel[2], pixel[3]]));
        let image = ColorImage::new(size, pixels.collect());
        let texture = ctx.load_texture("preview", image, TextureOptions::LINEAR);
        self.shown = Some((picture, texture.clone()));
        Some(texture)
    }

    /// Ends a frame: where nobody points, nothing more is fetched, and the texture goes.
    pub(crate) fn end_frame(&mut self) {
        if !std::mem::take(&mut self.asked) {
            self.shown = None;
            if let Some(source) = &self.source {
                source.rest();
            }
        }
    }
}
