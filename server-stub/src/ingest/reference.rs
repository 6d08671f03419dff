//! Frames of the films as they were painted, before any encoder: what encodings are compared with.

use super::{
    catalogue::TitleDescriptor,
    render::Picture,
    scene::{Film, SceneKind},
};

/// A film that can be painted at any size.
#[derive(Clone, Debug)]
pub struct Reference {
    film: Film,
    width: usize,
    height: usize,
}

impl Reference {
    /// The film of `title` in pictures of `width` by `height`; `None` for test pictures, which are no film, and for
    /// sizes that 4:2:0 cannot have.
    pub fn new(title: &TitleDescriptor, width: usize, height: usize) -> Option<Self> {
        let possible = |size: usize| size.is_multiple_of(2) && (2..=8192).contains(&size);
        let film = title.scene != SceneKind::Counter && possible(width) && possible(height);
        film.then(|| Self { film: Film::of(title), width, height })
    }

    /// Frame number `frame` as ffmpeg's `yuv420p`, in limited range.
    pub fn paint(&self, frame: u32) -> Vec<u8> {
        let mut picture = Picture::new(self.width, self.height);
        self.film.paint(frame, &mut picture);
        picture.bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::catalogue;

    #[test]
    fn films_are_painted_and_test_pictures_are_not() {
        let titles = catalogue();
        let film = Reference::new(&titles[0], 64, 36).unwrap();
        assert_eq!(film.paint(48).len(), 64 * 36 * 3 / 2);
        assert_ne!(film.paint(48), film.paint(72));
        assert!(Reference::new(&titles[0], 63, 36).is_none());
        assert!(titles.iter().filter(|title| title.qa).all(|title| Reference::new(title, 64, 36).is_none()));
    }
}
