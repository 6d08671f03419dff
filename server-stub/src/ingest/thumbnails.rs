//! Pictures for the seek bar: one every two seconds, in sheets beside the ladder, listed by a playlist of images
//! (`EXT-X-IMAGE-STREAM-INF` and `EXT-X-TILES`, as Roku and others have it).
//!
//! They are painted, not cut out of the encoder's output: a frame is a function of its number. They are not encrypted;
//! they are as small as artwork, and behind the same signed addresses as the media.

use super::{
    IngestError,
    artwork::jpeg,
    catalogue::TitleDescriptor,
    render::Picture,
    scene::{Film, SceneKind, counter::Counter},
};
use std::{fmt::Write, fs, path::Path};

/// Of one picture: a bubble on a display of normal density, and enough for the counter of test titles to be read.
const SIZE: (usize, usize) = (256, 144);
/// Pictures beside each other, and on top of each other.
const COLUMNS: usize = 5;
const ROWS: usize = 4;
/// Seconds from one picture to the next: as far apart as key frames.
const EVERY_S: u32 = 2;

/// Paints the sheets of a title below `folder`, and writes their playlist. Returns the line that the multivariant
/// playlist needs.
pub(crate) fn make(title: &TitleDescriptor, folder: &Path) -> Result<String, IngestError> {
    let folder = folder.join("thumbnails");
    fs::create_dir_all(&folder).map_err(|error| IngestError::file("create", &folder, error))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| IngestError::file("write", &path, error))
    };
    let paint = painter(title);
    let step = EVERY_S * title.frame_rate;
    let frames: Vec<u32> = (0..title.frame_count()).step_by(step.max(1) as usize).collect();
    let sheet_s = f64::from(EVERY_S) * (COLUMNS * ROWS) as f64;
    let mut list = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{sheet_s:.0}\n#EXT-X-MEDIA-SEQUENCE:1\n\
         #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n"
    );
    let (mut peak, mut tile) = (0, Picture::new(SIZE.0, SIZE.1));
    for (number, wanted) in frames.chunks(COLUMNS * ROWS).enumerate() {
        // The last one ends behind its last row.
        let rows = wanted.len().div_ceil(COLUMNS);
        let mut sheet = Picture::new(SIZE.0 * COLUMNS, SIZE.1 * rows);
        for (position, frame) in wanted.iter().enumerate() {
            paint(*frame, &mut tile);
            sheet.place(&tile, (position % COLUMNS * SIZE.0, position / COLUMNS * SIZE.1));
        }
        let bytes = jpeg(&sheet)?;
        let name = format!("sheet-{:03}.jpg", number + 1);
        write(&name, &bytes)?;
        let begin = number as f64 * sheet_s;
        let duration = (title.duration_s - begin).min(sheet_s);
        peak = peak.max((bytes.len() as f64 * 8.0 / duration).ceil() as u64);
        write!(
            list,
            "#EXTINF:{duration:.3},\n#EXT-X-TILES:RESOLUTION={}x{},LAYOUT={COLUMNS}x{ROWS},DURATION={EVERY_S}\n{name}\n",
            SIZE.0, SIZE.1
        )
        .expect("writing to a string cannot fail");
    }
    list.push_str("#EXT-X-ENDLIST\n");
    write("index.m3u8", list.as_bytes())?;
    Ok(format!(
        "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH={peak},RESOLUTION={}x{},CODECS=\"jpeg\",URI=\"thumbnails/index.m3u8\"\n",
        SIZE.0, SIZE.1
    ))
}

/// Paints one frame of a title.
type Painter = Box<dyn Fn(u32, &mut Picture)>;

fn painter(title: &TitleDescriptor) -> Painter {
    if title.scene == SceneKind::Counter {
        let counter = Counter::new(SIZE.0, SIZE.1, 0, title.frame_rate);
        return Box::new(move |frame, picture| counter.paint(frame, picture));
    }
    let film = Film::of(title);
    Box::new(move |frame, picture| film.paint(frame, picture))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{catalogue::catalogue, timecode};

    #[test]
    fn every_second_second_has_a_picture_and_the_last_sheet_is_shorter() {
        let mut title = catalogue().into_iter().find(|title| title.id.as_str() == "qa-counter-clear").unwrap();
        title.duration_s = 50.0;
        let folder = tempfile::tempdir().unwrap();
        let line = make(&title, folder.path()).unwrap();
        assert!(line.contains("RESOLUTION=256x144") && line.ends_with("URI=\"thumbnails/index.m3u8\"\n"), "{line}");
        let folder = folder.path().join("thumbnails");
        let list = fs::read_to_string(folder.join("index.m3u8")).unwrap();
        assert!(list.contains("#EXTINF:40.000,\n") && list.contains("#EXTINF:10.000,\n"), "{list}");
        assert_eq!(list.matches("LAYOUT=5x4,DURATION=2\n").count(), 2);
        let last = image::open(folder.join("sheet-002.jpg")).unwrap().into_luma8();
        assert_eq!(last.dimensions(), (1280, 144), "five pictures in one row");
        // The counter of the fourth: 46 seconds.
        let tile = image::imageops::crop_imm(&last, 3 * 256, 0, 256, 144).to_image();
        // Luma of JPEG has all values, that of the film those from 16 to 235.
        let luma: Vec<u8> =
            tile.as_raw().iter().map(|value| (16.0 + f32::from(*value) * 219.0 / 255.0) as u8).collect();
        let code = timecode::read(&luma, 256, 256, 144).unwrap();
        assert_eq!(code.frame, 46 * title.frame_rate);
    }
}
