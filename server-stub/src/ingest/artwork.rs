//! Stills for the catalogue: a card, a poster and a backdrop for each title, from the scene that the film is made of.

use super::{
    IngestError,
    catalogue::TitleDescriptor,
    key::hex,
    paths,
    render::{Colour, Picture, View, render, smooth},
    scene::{SceneKind, counter::Counter},
};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use serde::{Deserialize, Serialize};
use service_api::{TitleId, catalog::Artwork};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Rises when the pictures change; older ones are made again.
const GENERATOR: u32 = 1;
const CARD: (usize, usize) = (640, 360);
const POSTER: (usize, usize) = (480, 720);
const BACKDROP: (usize, usize) = (1920, 1080);
/// JPEG quality of 1 to 100: dark gradients need more than usual.
const QUALITY: u8 = 92;
/// The interface's background; backdrops end in it on the left, where text is.
const INK: u32 = 0x0b0d12;

/// `artwork.json`, written last: pictures without it are not used.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    generator: u32,
    /// Changes whenever a picture does.
    version: String,
    colour: String,
}

/// The pictures of `title` below `root`, if they are complete and of this generator.
pub(crate) fn existing(root: &Path, title: &TitleId) -> Option<Artwork> {
    let text = fs::read_to_string(folder(root, title).join("artwork.json")).ok()?;
    let record: Record = serde_json::from_str(&text).ok()?;
    (record.generator == GENERATOR).then(|| describe(title, &record))
}

/// Is it the name of a picture?
pub(crate) fn is_picture(name: &str) -> bool {
    matches!(name, "card.jpg" | "poster.jpg" | "backdrop.jpg")
}

/// The picture of this name in a folder of pictures.
pub(crate) fn file(folder: &Path, name: &str) -> Option<PathBuf> {
    is_picture(name).then(|| paths::file_below(folder, name)).flatten()
}

/// Paints and writes the three pictures of `title`.
pub(crate) fn make(root: &Path, title: &TitleDescriptor) -> Result<Artwork, IngestError> {
    let folder = folder(root, &title.id);
    fs::create_dir_all(&folder).map_err(|error| IngestError::file("create", &folder, error))?;
    let card = paint_wide(title, CARD);
    let mut version = Sha256::new();
    for (name, picture) in
        [("card.jpg", &card), ("poster.jpg", &paint_poster(title)), ("backdrop.jpg", &paint_backdrop(title))]
    {
        let bytes = jpeg(picture)?;
        version.update(&bytes);
        write(&folder.join(name), &bytes)?;
    }
    let record = Record { generator: GENERATOR, version: hex(&version.finalize()[..4]), colour: average(&card) };
    let text = serde_json::to_vec(&record).expect("a record of texts and numbers is always JSON");
    write(&folder.join("artwork.json"), &text)?;
    Ok(describe(&title.id, &record))
}

/// Folder of the pictures of `title`.
pub(crate) fn folder(root: &Path, title: &TitleId) -> PathBuf {
    root.join("artwork").join(title.as_str())
}

fn describe(title: &TitleId, record: &Record) -> Artwork {
    let path = |name: &str| Some(format!("/artwork/{title}/{name}.jpg?v={}", record.version));
    Artwork {
        card: path("card"),
        poster: path("poster"),
        backdrop: path("backdrop"),
        colour: Some(record.colour.clone()),
    }
}

/// Writes so that a reader sees the old file or the new one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), IngestError> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).map_err(|error| IngestError::file("write", &partial, error))?;
    fs::rename(&partial, path).map_err(|error| IngestError::file("rename", &partial, error))
}

fn paint_wide(title: &TitleDescriptor, size: (usize, usize)) -> Picture {
    paint(title, View::new(size.0, size.1))
}

fn paint_poster(title: &TitleDescriptor) -> Picture {
    let still = title.scene.still();
    let view = View::new(POSTER.0, POSTER.1).moved(still.focus.0, still.focus.1 - 0.5, still.zoom);
    paint(title, view)
}

fn paint(title: &TitleDescriptor, view: View) -> Picture {
    let mut picture = Picture::new(view.width, view.height);
    if title.scene == SceneKind::Counter {
        Counter::new(view.width, view.height, 0, title.frame_rate).paint(title.frame_count() / 2, &mut picture);
    } else {
        let staged = title.scene.stage(&title.scene.still().moment, view);
        render(&*staged.layers, &staged.view, 1.0, &mut picture);
    }
    picture
}

/// The scene moved to the right, and the left side calmed down to the interface's background.
fn paint_backdrop(title: &TitleDescriptor) -> Picture {
    let view = View::new(BACKDROP.0, BACKDROP.1).moved(-0.10, 0.0, 1.0);
    let mut picture = paint(title, view);
    let ink = Colour::hex(INK);
    let (width, height) = (picture.width(), picture.height());
    let shade = |x: f32, y: f32| {
        let left = 0.97 * smooth(0.68, 0.12, x);
        let foot = 0.80 * smooth(0.55, 1.02, y);
        let head = 0.35 * smooth(0.25, 0.0, y);
        1.0 - (1.0 - left) * (1.0 - foot) * (1.0 - head)
    };
    let (luma, u, v) = picture.planes_mut();
    let mix = |plane: &mut [u8], width: usize, height: usize, zero: f32, target: f32| {
        for row in 0..height {
            let y = row as f32 / height as f32;
            for (column, value) in plane[row * width..][..width].iter_mut().enumerate() {
                let t = shade(column as f32 / width as f32, y);
                let old = f32::from(*value);
                // A pinch of noise: the scrim must not bring back the bands that the painter avoided.
                let grain = super::render::noise::unit(column as u32, row as u32) - 0.5;
                *value = (old + (zero + target - old) * t + 0.5 + grain * 0.9) as u8;
            }
        }
    };
    mix(luma, width, height, 16.0, 219.0 * ink.y);
    mix(u, width / 2, height / 2, 128.0, 224.0 * ink.u);
    mix(v, width / 2, height / 2, 128.0, 224.0 * ink.v);
    picture
}

/// As JPEG of the quality of all pictures here.
pub(super) fn jpeg(picture: &Picture) -> Result<Vec<u8>, IngestError> {
    let mut bytes = Vec::new();
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).write_image(
        &picture.to_rgb(),
        width,
        height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// Mean colour as `#RRGGBB`.
fn average(picture: &Picture) -> String {
    let rgb = picture.to_rgb();
    let mut sums = [0_u64; 3];
    for point in rgb.chunks_exact(3) {
        for (sum, part) in sums.iter_mut().zip(point) {
            *sum += u64::from(*part);
        }
    }
    let count = (rgb.len() / 3).max(1) as u64;
    let [r, g, b] = sums.map(|sum| sum / count);
    format!("#{r:02X}{g:02X}{b:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::catalogue;

    #[test]
    fn pictures_have_their_sizes_and_are_found_again() {
        let root = tempfile::tempdir().unwrap();
        let title = catalogue().remove(0);
        assert!(existing(root.path(), &title.id).is_none());
        let artwork = make(root.path(), &title).unwrap();
        assert_eq!(existing(root.path(), &title.id), Some(artwork.clone()));
        assert!(artwork.card.unwrap().starts_with("/artwork/the-long-tide/card.jpg?v="));
        assert_eq!(artwork.colour.unwrap().len(), 7);
        for (name, size) in [("card.jpg", CARD), ("poster.jpg", POSTER), ("backdrop.jpg", BACKDROP)] {
            let path = file(&folder(root.path(), &title.id), name).unwrap();
            let (width, height) = image::image_dimensions(path).unwrap();
            assert_eq!((width as usize, height as usize), size);
        }
        assert!(file(&folder(root.path(), &title.id), "artwork.json").is_none());
    }
}
