//! Small pictures of the time that somebody points at. They come from the player; here they become a texture.

use crate::tokens;
use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use player_core::{MediaTime, Thumbnail, Thumbnails};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// A picture that is not here after so long, in seconds, is not waited for while others are missing.
const PATIENCE: f64 = 4.0;
/// How often it is looked whether one has come: nothing else may move.
const LOOK: Duration = Duration::from_millis(250);

/// Where pictures come from, and the one that is on screen.
#[derive(Default)]
pub(crate) struct Previews {
    source: Option<Thumbnails>,
    shown: Option<(Arc<Thumbnail>, TextureHandle)>,
    /// Those of a row, by the millisecond they were asked for. Of the frame before; others are forgotten.
    row: HashMap<i64, TextureHandle>,
    /// The one of them that is wished for, since when, and those that did not come.
    wish: Option<(i64, f64)>,
    given_up: Vec<i64>,
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
        *self = Self { source: Some(source), ..Self::default() };
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
        let texture = upload(ctx, &picture);
        self.shown = Some((picture, texture.clone()));
        Some(texture)
    }

    /// The pictures of several times in seconds that are here. The first one that is missing is wished for.
    pub(crate) fn of(&mut self, ctx: &Context, seconds: &[f64]) -> Vec<Option<TextureHandle>> {
        let Some(source) = self.source.clone() else { return vec![None; seconds.len()] };
        self.asked = true;
        let now = ctx.time();
        let mut kept = HashMap::new();
        let mut missing = None;
        let mut pictures = Vec::with_capacity(seconds.len());
        for second in seconds {
            let time = MediaTime::from_secs_f64(second.max(0.0));
            let key = (second * 1e3) as i64;
            let known = self.row.remove(&key).or_else(|| source.get(time).map(|picture| upload(ctx, &picture)));
            match &known {
                Some(texture) => {
                    kept.insert(key, texture.clone());
                }
                None if missing.is_none() && !self.given_up.contains(&key) => missing = Some((key, time)),
                None => {}
            }
            pictures.push(known);
        }
        self.row = kept;
        if let Some((key, time)) = missing {
            match self.wish {
                Some((wished, since)) if wished == key && now - since > PATIENCE => self.given_up.push(key),
                Some((wished, _)) if wished == key => {}
                _ => {
                    self.wish = Some((key, now));
                    source.want(time);
                }
            }
            ctx.request_repaint_after(LOOK);
        }
        pictures
    }

    /// Ends a frame: where nobody points, nothing more is fetched, and the texture goes.
    pub(crate) fn end_frame(&mut self) {
        if !std::mem::take(&mut self.asked) {
            self.shown = None;
            self.row.clear();
            self.wish = None;
            self.given_up.clear();
            if let Some(source) = &self.source {
                source.rest();
            }
        }
    }
}

fn upload(ctx: &Context, picture: &Thumbnail) -> TextureHandle {
    let size = [picture.width as usize, picture.height as usize];
    let pixels = picture.rgba().chunks_exact(4).map(|pixel| tokens::pixel([pixel[0], pixel[1], pixel[2], pixel[3]]));
    ctx.load_texture("preview", ColorImage::new(size, pixels.collect()), TextureOptions::LINEAR)
}
