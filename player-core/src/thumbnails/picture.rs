//! JPEG, PNG and WebP files into thumbnails: with limits, cut, and brought to size. Runs where blocking is allowed.

use super::plan::{Slot, fitting};
use super::{MAX_SIDE, Thumbnail, ThumbnailError};
use abr::MediaTime;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbaImage};
use std::io::Cursor;

/// Bytes of one file. A sheet of a hundred pictures has one tenth of it.
pub(super) const MAX_FILE: u64 = 16 << 20;
/// Pixels of a side of a file.
const MAX_FILE_SIDE: u32 = 16_384;
/// Bytes of a decoded file: 5,000 by 5,000 pixels and what decoders need besides.
const MAX_DECODED: u64 = 160 << 20;

/// All pixels become four bytes each, whatever they are in the file.
const MAX_PIXELS: u64 = MAX_DECODED / 4;
/// Bytes of pictures made from one file: as many as are kept.
const MAX_MADE: usize = super::DEFAULT_CACHE_BYTES;
/// Pixels looked at for them: parts may lie over each other, and a list may name the same part for every second.
const MAX_CUT: u64 = 4 * MAX_PIXELS;

/// How pictures lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// At least one each.
    pub(super) columns: u32,
    pub(super) rows: u32,
    /// Of one picture as the manifest says, zero where it does not.
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Which part of a file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Whole,
    /// Left, top, width and height.
    Rectangle([u32; 4]),
    /// In reading order.
    Tile(Grid, u32),
}

impl Cut {
    /// Left, top, width and height within a file of this size.
    fn place(self, size: (u32, u32)) -> Option<[u32; 4]> {
        let [left, top, width, height] = match self {
            Self::Whole => [0, 0, size.0, size.1],
            Self::Rectangle(cut) => cut,
            Self::Tile(grid, number) => grid.tile(number, size)?,
        };
        let inside = width > 0
            && height > 0
            && left.checked_add(width).is_some_and(|right| right <= size.0)
            && top.checked_add(height).is_some_and(|bottom| bottom <= size.1);
        inside.then_some([left, top, width, height])
    }
}

impl Grid {
    /// Where a picture lies. Sheets are made in other sizes than the manifest says, and the last one may be cut off
    /// behind its last picture: the file counts, and the manifest tells the shape.
    fn tile(self, number: u32, (width, height): (u32, u32)) -> Option<[u32; 4]> {
        let is_cut = |declared: u32, count: u32, actual: u32| {
            declared > 0 && actual > 0 && actual < declared.saturating_mul(count) && actual.is_multiple_of(declared)
        };
        let across = if is_cut(self.width, self.columns, width) { self.width } else { width / self.columns };
        let down = match (self.width, self.height) {
            (0, _) | (_, 0) => height / self.rows,
            (w, h) => {
                let by_shape = (u64::from(across) * u64::from(h)).div_ceil(u64::from(w));
                let share = height / self.rows;
                // The shape is rounded, and the manifest may be wrong about it: a full sheet knows better.
                let full = u64::from(share).abs_diff(by_shape) <= 2;
                if full || by_shape == 0 { share } else { u32::try_from(by_shape).ok()? }
            }
        };
        let (column, row) = (number % self.columns, number / self.columns);
        Some([column.checked_mul(across)?, row.checked_mul(down)?, across, down])
    }
}

/// Reads a file and cuts thumbnails out of it, up to [`MAX_MADE`] and [`MAX_CUT`]. A part that lies outside is left out;
/// that is an error only where nothing is left.
pub(super) fn thumbnails(
    file: &[u8],
    cuts: &[(Slot, (MediaTime, MediaTime), Cut)],
) -> Result<Vec<(Slot, Thumbnail)>, ThumbnailError> {
    let image = decode(file)?;
    let (mut made, mut bytes, mut pixels_cut) = (Vec::new(), 0usize, 0u64);
    for (slot, span, cut) in cuts {
        let Some([left, top, width, height]) = cut.place(image.dimensions()) else { continue };
        if bytes > MAX_MADE || pixels_cut > MAX_CUT {
            break;
        }
        pixels_cut = pixels_cut.saturating_add(u64::from(width) * u64::from(height));
        let part = image::imageops::crop_imm(&image, left, top, width, height);
        let size = fitting((width, height));
        let pixels = match (width, height) == size {
            true => part.to_image(),
            false => image::imageops::resize(&*part, size.0, size.1, FilterType::Triangle),
        };
        let pixels = pixels.into_raw();
        bytes += pixels.len();
        made.extend(Thumbnail::new(*span, size, pixels).map(|picture| (*slot, picture)));
    }
    if made.is_empty() { Err(ThumbnailError::OutsidePicture) } else { Ok(made) }
}

fn decode(file: &[u8]) -> Result<RgbaImage, ThumbnailError> {
    if file.len() as u64 > MAX_FILE {
        return Err(ThumbnailError::LimitExceeded { what: "bytes of a picture", max: MAX_FILE });
    }
    let unreadable = |error: &dyn std::fmt::Display| ThumbnailError::Picture(error.to_string());
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|error| unreadable(&error))?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(ThumbnailError::Picture("neither JPEG nor PNG nor WebP".into()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_FILE_SIDE);
    limits.max_image_height = Some(MAX_FILE_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    let too_large = ThumbnailError::LimitExceeded { what: "size of a picture", max: MAX_DECODED };
    let failed = |error| match error {
        image::ImageError::Limits(_) => too_large.clone(),
        error => unreadable(&error),
    };
    let decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED {
        return Err(too_large);
    }
    Ok(DynamicImage::from_decoder(decoder).map_err(failed)?.into_rgba8())
}

/// Brings a decoded frame to size.
pub(super) fn of_frame(
    span: (MediaTime, MediaTime),
    frame: &crate::frame::VideoFrame,
) -> Result<Thumbnail, ThumbnailError> {
    let (width, height) = (frame.width, frame.height);
    let size = fitting((width, height));
    let mut pixels = frame.to_rgba();
    if (width, height) != size {
        let whole = RgbaImage::from_raw(width, height, pixels).ok_or(ThumbnailError::OutsidePicture)?;
        pixels = image::imageops::resize(&whole, size.0, size.1, FilterType::Triangle).into_raw();
    }
    Thumbnail::new(span, size, pixels).ok_or(ThumbnailError::LimitExceeded { what: "pixels", max: MAX_SIDE.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: (MediaTime, MediaTime) = (MediaTime::ZERO, MediaTime::ZERO);

    /// A sheet whose tiles are coloured by their number.
    pub(super) fn sheet((columns, rows): (u32, u32), (width, height): (u32, u32), format: ImageFormat) -> Vec<u8> {
        let image = image::RgbImage::from_fn(columns * width, rows * height, |x, y| {
            let number = y / height * columns + x / width;
            image::Rgb([(number * 16) as u8, 255 - (number * 16) as u8, 100])
        });
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn grid(columns: u32, rows: u32, width: u32, height: u32) -> Grid {
        Grid { columns, rows, width, height }
    }

    fn tile(file: &[u8], grid: Grid, number: u32) -> Result<Thumbnail, ThumbnailError> {
        let slot = Slot { unit: 0, part: number };
        let made = thumbnails(file, &[(slot, SPAN, Cut::Tile(grid, number))])?;
        Ok(made.into_iter().next().unwrap().1)
    }

    fn number_of(picture: &Thumbnail) -> u8 {
        let at = (picture.height / 2 * picture.width + picture.width / 2) as usize * 4;
        (picture.rgba()[at] + 8) / 16
    }

    #[test]
    fn tiles_are_cut_in_reading_order_from_every_kind_of_file() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let file = sheet((4, 3), (32, 18), format);
            for number in 0..12 {
                let picture = tile(&file, grid(4, 3, 32, 18), number).unwrap();
                assert_eq!((picture.width, picture.height), (32, 18));
                assert_eq!(u32::from(number_of(&picture)), number, "{format:?}");
            }
        }
    }

    #[test]
    fn a_last_sheet_may_be_cut_and_any_sheet_scaled() {
        let rows = sheet((4, 2), (32, 18), ImageFormat::Png);
        assert_eq!(number_of(&tile(&rows, grid(4, 5, 32, 18), 6).unwrap()), 6, "rows are missing");
        assert_eq!(tile(&rows, grid(4, 5, 32, 18), 8), Err(ThumbnailError::OutsidePicture));
        let row = sheet((3, 1), (32, 18), ImageFormat::Png);
        assert_eq!(number_of(&tile(&row, grid(5, 5, 32, 18), 2).unwrap()), 2, "columns are missing");
        let double = sheet((4, 3), (64, 36), ImageFormat::Png);
        let picture = tile(&double, grid(4, 3, 32, 18), 7).unwrap();
        assert_eq!((number_of(&picture), picture.width), (7, 64), "twice the size that the manifest says");
        assert_eq!(number_of(&tile(&double, grid(4, 3, 0, 0), 11).unwrap()), 11, "nothing is said");
    }

    #[test]
    fn parts_outside_are_left_out_and_large_ones_made_smaller() {
        let file = sheet((1, 1), (1000, 500), ImageFormat::Png);
        let slot = |part| Slot { unit: 0, part };
        let cuts = [
            (slot(0), SPAN, Cut::Whole),
            (slot(1), SPAN, Cut::Rectangle([900, 0, 200, 100])),
            (slot(2), SPAN, Cut::Rectangle([u32::MAX, u32::MAX, u32::MAX, 1])),
            (slot(3), SPAN, Cut::Rectangle([10, 10, 40, 20])),
        ];
        let made = thumbnails(&file, &cuts).unwrap();
        let sizes: Vec<_> = made.iter().map(|(slot, picture)| (slot.part, picture.width, picture.height)).collect();
        assert_eq!(sizes, [(0, 320, 160), (3, 40, 20)]);
        assert_eq!(thumbnails(&file, &cuts[1..3]), Err(ThumbnailError::OutsidePicture));
    }

    #[test]
    fn a_list_that_names_all_of_a_sheet_ten_thousand_times_is_not_a_gigabyte_of_pictures() {
        let file = sheet((1, 1), (400, 400), ImageFormat::Png);
        let cuts: Vec<_> = (0..10_000).map(|part| (Slot { unit: 0, part }, SPAN, Cut::Whole)).collect();
        let made = thumbnails(&file, &cuts).unwrap();
        let bytes: usize = made.iter().map(|(_, picture)| picture.rgba().len()).sum();
        assert!((MAX_MADE..MAX_MADE + (1 << 20)).contains(&bytes), "{bytes}");
        assert_eq!(made[0].0.part, 0);
    }

    #[test]
    fn a_grey_file_is_measured_by_what_it_becomes() {
        let grey = image::GrayImage::new(6_500, 6_500);
        let mut file = Cursor::new(Vec::new());
        grey.write_to(&mut file, ImageFormat::Png).unwrap();
        let refused = thumbnails(&file.into_inner(), &[(Slot { unit: 0, part: 0 }, SPAN, Cut::Whole)]);
        assert_eq!(refused, Err(ThumbnailError::LimitExceeded { what: "size of a picture", max: MAX_DECODED }));
    }

    #[test]
    fn hostile_files_are_refused_before_they_take_memory() {
        let bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0\0\0\0\0";
        for file in [&bomb[..], b"", b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"\xff\xd8\xff\xc0", b"GIF89a", b"<svg/>"] {
            assert!(thumbnails(file, &[(Slot { unit: 0, part: 0 }, SPAN, Cut::Whole)]).is_err());
        }
        let long = vec![0; MAX_FILE as usize + 1];
        let refused = thumbnails(&long, &[]);
        assert_eq!(refused, Err(ThumbnailError::LimitExceeded { what: "bytes of a picture", max: MAX_FILE }));
    }
}
