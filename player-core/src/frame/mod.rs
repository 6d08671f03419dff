//! Decoded pictures on their way to a surface.

mod format;

pub use format::PixelFormat;

use crate::colour::ColourDescription;
use crate::tone_map::ToneMap;
use abr::MediaTime;
use std::fmt;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Memory that a picture lives in; a mapped decoder buffer in production, a vector in tests.
pub type PixelMemory = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Pictures of so many pixels are worth a second thread.
const SHARED_FROM: usize = 200_000;

/// One plane of a frame: where it starts and how long a row is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    pub offset: usize,
    pub stride: usize,
}

/// One picture. Cheap to clone: the pixels are shared.
#[derive(Clone)]
pub struct VideoFrame {
    /// Counts frames of one player from 1, without gaps: a reader sees what it missed.
    pub sequence: u64,
    /// Which seek it belongs to, counted from 0. Frames of an earlier one may still come while a seek is under way.
    pub generation: u64,
    /// Position in the presentation.
    pub pts: MediaTime,
    /// Visible size in pixels.
    pub width: u32,
    pub height: u32,
    pub format: PixelFormat,
    /// What its numbers mean, or meant before they were converted.
    pub colour: ColourDescription,
    planes: [Plane; 3],
    memory: PixelMemory,
}

impl VideoFrame {
    /// Wraps memory. Planes that the format does not have are ignored.
    ///
    /// Returns `None` if a plane does not fit the memory: a driver's mistake must not become ours.
    pub fn new(
        sequence: u64,
        pts: MediaTime,
        (width, height): (u32, u32),
        format: PixelFormat,
        planes: [Plane; 3],
        memory: PixelMemory,
    ) -> Option<Self> {
        let colour = ColourDescription::default();
        let frame = Self { sequence, generation: 0, pts, width, height, format, colour, planes, memory };
        let fits = (0..format.planes()).all(|index| frame.checked_plane(index).is_some());
        (width > 0 && height > 0 && fits).then_some(frame)
    }

    /// A frame from packed RGBA rows, for tests and placeholders.
    pub fn from_rgba(sequence: u64, pts: MediaTime, (width, height): (u32, u32), pixels: Vec<u8>) -> Option<Self> {
        let plane = Plane { offset: 0, stride: width as usize * 4 };
        Self::new(sequence, pts, (width, height), PixelFormat::Rgba, [plane; 3], Arc::new(pixels))
    }

    /// Width in bytes and height in rows of one plane.
    fn plane_extent(&self, index: usize) -> (usize, usize) {
        let (width, height) = self.format.extent(index, (self.width as usize, self.height as usize));
        (width * self.format.components(index) * self.format.bytes(), height)
    }

    fn checked_plane(&self, index: usize) -> Option<&[u8]> {
        let (row, rows) = self.plane_extent(index);
        let Plane { offset, stride } = self.planes[index];
        let length = stride.checked_mul(rows.checked_sub(1)?)?.checked_add(row)?;
        (stride >= row).then(|| self.memory.as_ref().as_ref().get(offset..offset.checked_add(length)?)).flatten()
    }

    /// Bytes of a plane from its first pixel to its last; the last row may be shorter than the stride.
    pub fn plane(&self, index: usize) -> &[u8] {
        self.checked_plane(index).expect("planes were checked when the frame was made")
    }

    /// Rows of a plane without what lies between them.
    pub fn rows(&self, index: usize) -> impl Iterator<Item = &[u8]> {
        let (row, rows) = self.plane_extent(index);
        let (plane, stride) = (self.plane(index), self.stride(index));
        (0..rows).map(move |number| &plane[number * stride..number * stride + row])
    }

    /// How many planes the format has.
    pub fn planes(&self) -> usize {
        self.format.planes()
    }

    /// Bytes from one row to the next.
    pub fn stride(&self, index: usize) -> usize {
        self.planes[index].stride
    }

    /// Packed RGBA of an ordinary display, converting as its colours say: BT.709 of limited range where they say nothing.
    /// High dynamic range is compressed ([`crate::tone_map`]).
    pub fn to_rgba(&self) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut pixels = Vec::with_capacity(width * height * 4);
        match self.format {
            PixelFormat::Rgba => {
                let (plane, stride) = (self.plane(0), self.stride(0));
                for row in 0..height {
                    pixels.extend_from_slice(&plane[row * stride..row * stride + width * 4]);
                }
            }
            _ => self.convert(&mut pixels),
        }
        pixels
    }

    /// Appends the picture, from luma and chroma. Large ones are shared by two threads.
    fn convert(&self, pixels: &mut Vec<u8>) {
        let map = ToneMap::of(&self.colour);
        let (width, height) = (self.width as usize, self.height as usize);
        pixels.resize(width * height * 4, 0);
        let (upper, lower) = pixels.split_at_mut(width * (height / 2) * 4);
        if map.is_none() || width * height < SHARED_FROM {
            self.convert_rows(0, upper, map.as_deref());
            return self.convert_rows(height / 2, lower, map.as_deref());
        }
        std::thread::scope(|scope| {
            scope.spawn(|| self.convert_rows(0, upper, map.as_deref()));
            self.convert_rows(height / 2, lower, map.as_deref());
        });
    }

    /// Fills `pixels` with the rows from `first` on.
    fn convert_rows(&self, first: usize, pixels: &mut [u8], map: Option<&ToneMap>) {
        let width = self.width as usize;
        let (bytes, (across, down)) = (self.format.bytes(), self.format.chroma());
        let highest = f32::from(self.format.highest());
        let value = |plane: &[u8], at: usize| match bytes {
            2 => f32::from(u16::from_le_bytes([plane[2 * at], plane[2 * at + 1]])) / highest,
            _ => f32::from(plane[at]) / highest,
        };
        let conversion = self.colour.conversion(self.format.bits());
        // Where chroma is: beside each other in the second plane, or in planes of their own.
        let step = self.format.components(1);
        let (red_plane, red_step) = if step == 2 { (1, 1) } else { (2, 0) };
        let [luma, cb, cr] = [self.plane(0), self.plane(1), self.plane(red_plane)];
        for (row, line) in pixels.chunks_exact_mut(width * 4).enumerate() {
            let row = first + row;
            let chroma = row / down * self.stride(1) / bytes;
            let chroma_red = row / down * self.stride(red_plane) / bytes + red_step;
            for (column, pixel) in line.chunks_exact_mut(4).enumerate() {
                let numbers = [
                    value(luma, row * self.stride(0) / bytes + column),
                    value(cb, chroma + column / across * step),
                    value(cr, chroma_red + column / across * step),
                ];
                let numbers = conversion.rgb(numbers);
                let rgb = match map {
                    Some(map) => map.rgb(numbers),
                    None => numbers.map(|part| (part * 255.0).round().clamp(0.0, 255.0) as u8),
                };
                pixel.copy_from_slice(&[rgb[0], rgb[1], rgb[2], 255]);
            }
        }
    }
}

impl fmt::Debug for VideoFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoFrame")
            .field("sequence", &self.sequence)
            .field("pts", &self.pts)
            .field("size", &(self.width, self.height))
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// Called for every frame on a decoder's thread: must return at once.
pub type FrameObserver = Arc<dyn Fn(&VideoFrame) + Send + Sync>;

/// Where the newest frame waits for the surface: one place, latest wins, nobody blocks.
#[derive(Clone, Default)]
pub struct FrameSlot(Arc<Slot>);

#[derive(Default)]
struct Slot {
    frame: Mutex<Option<Arc<VideoFrame>>>,
    count: AtomicU64,
    observer: Mutex<Option<FrameObserver>>,
}

impl FrameSlot {
    /// The newest frame; stays there until a newer one comes.
    pub fn latest(&self) -> Option<Arc<VideoFrame>> {
        self.0.frame.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many frames came so far. Cheaper than [`Self::latest`] for asking whether there is a new one.
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Acquire)
    }

    /// Sets who is told of each frame, for instance to wake a window.
    pub fn observe(&self, observer: FrameObserver) {
        *self.0.observer.lock().unwrap_or_else(PoisonError::into_inner) = Some(observer);
    }

    /// Puts a newer frame.
    pub fn put(&self, frame: VideoFrame) {
        let observer = self.0.observer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(observe) = observer {
            observe(&frame);
        }
        *self.0.frame.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(frame));
        self.0.count.fetch_add(1, Ordering::Release);
    }

    /// Forgets the frame, so that its memory returns to the decoder.
    pub fn clear(&self) {
        *self.0.frame.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl fmt::Debug for FrameSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSlot").field("count", &self.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_whose_planes_do_not_fit_is_refused() {
        let short = vec![0; 4 * 4 * 4 - 1];
        assert!(VideoFrame::from_rgba(1, MediaTime::ZERO, (4, 4), short).is_none());
        assert!(VideoFrame::from_rgba(1, MediaTime::ZERO, (4, 4), vec![0; 64]).is_some());
    }

    #[test]
    fn limited_range_white_and_black_become_full_range() {
        let memory = vec![235, 16, 235, 16, 128, 128];
        let planes = [Plane { offset: 0, stride: 2 }, Plane { offset: 4, stride: 1 }, Plane { offset: 5, stride: 1 }];
        let frame = VideoFrame::new(1, MediaTime::ZERO, (2, 2), PixelFormat::I420, planes, Arc::new(memory)).unwrap();
        assert_eq!(frame.to_rgba()[..8], [255, 255, 255, 255, 0, 0, 0, 255]);
    }

    #[test]
    fn fine_chroma_and_deep_samples_are_laid_out_as_they_say() {
        let memory: Arc<Vec<u8>> = Arc::new((0..48).map(|i| if i % 2 == 0 { 0 } else { 2 }).collect());
        let plane = |offset, stride| Plane { offset, stride };
        let make = |format, planes| VideoFrame::new(1, MediaTime::ZERO, (3, 2), format, planes, memory.clone());
        let bytes = |frame: VideoFrame| (0..3).map(|i| frame.rows(i).map(<[u8]>::len).sum()).collect::<Vec<usize>>();
        assert_eq!(bytes(make(PixelFormat::I444, [plane(0, 3), plane(6, 3), plane(12, 3)]).unwrap()), [6, 6, 6]);
        assert_eq!(bytes(make(PixelFormat::I422, [plane(0, 3), plane(6, 2), plane(12, 2)]).unwrap()), [6, 4, 4]);
        let deep = make(PixelFormat::I422P10, [plane(0, 6), plane(12, 4), plane(20, 4)]).unwrap();
        // 512 of 1023 everywhere: a grey without colour.
        assert_eq!(deep.to_rgba()[..4], [130, 130, 130, 255]);
        assert_eq!(bytes(deep), [12, 8, 8]);
    }

    /// A picture of one colour with ten bits, of a size that is shared by two threads.
    fn patch(colour: ColourDescription, [y, u, v]: [u16; 3]) -> [u8; 4] {
        let (width, height) = (640usize, 360usize);
        let plane = |value: u16, count: usize| value.to_le_bytes().repeat(count);
        let (luma, chroma) = (width * height, width * height / 4);
        let memory = [plane(y, luma), plane(u, chroma), plane(v, chroma)].concat();
        let planes = [
            Plane { offset: 0, stride: 2 * width },
            Plane { offset: 2 * luma, stride: width },
            Plane { offset: 2 * (luma + chroma), stride: width },
        ];
        let size = (width as u32, height as u32);
        let frame = VideoFrame::new(1, MediaTime::ZERO, size, PixelFormat::I420P10, planes, Arc::new(memory)).unwrap();
        let pixels = VideoFrame { colour, ..frame }.to_rgba();
        assert!(pixels.chunks_exact(4).all(|pixel| pixel == &pixels[..4]));
        pixels[..4].try_into().unwrap()
    }

    #[test]
    fn patches_of_high_dynamic_range_have_the_colours_of_an_ordinary_display() {
        let (pq, hlg) = (ColourDescription::of(9, 16, 9), ColourDescription::of(9, 18, 9));
        // Greys: black, 203 cd/m² (58 % of PQ, 75 % of HLG), the peak.
        for (colour, number, expected) in
            [(pq, 64, 0), (pq, 573, 231), (pq, 723, 255), (hlg, 64, 0), (hlg, 721, 231), (hlg, 940, 255)]
        {
            let [red, green, blue, alpha] = patch(colour, [number, 512, 512]);
            assert!(red.abs_diff(expected) <= 3, "{number}: {red}, {expected} expected");
            assert!(red.abs_diff(green) <= 1 && red.abs_diff(blue) <= 1 && alpha == 255);
        }
        // A wide green is brought into the narrow one: no red, no blue.
        let [red, green, blue, _] = patch(pq, [414, 312, 257]);
        assert!(red < 40 && green > 150 && blue < 60, "{red} {green} {blue}");
        // The same numbers without a word about light are shown as they are.
        assert_eq!(patch(ColourDescription::default(), [940, 512, 512]), [255; 4]);
    }

    #[test]
    fn matrices_and_ranges_are_those_of_the_picture() {
        let full = ColourDescription { full_range: true, ..ColourDescription::of(1, 1, 1) };
        assert_eq!(patch(full, [1023, 512, 512])[0], 255);
        assert_eq!(patch(full, [64, 512, 512])[0], 16);
        let of = |matrix| patch(ColourDescription::of(1, 1, matrix), [502, 512, 612]);
        assert_ne!(of(1), of(6));
    }

    #[test]
    fn chroma_side_by_side_is_the_same_picture() {
        let plane = |offset, stride| Plane { offset, stride };
        let make = |format, planes, memory: Vec<u8>| {
            VideoFrame::new(1, MediaTime::ZERO, (3, 2), format, planes, Arc::new(memory)).unwrap().to_rgba()
        };
        let luma = [16, 90, 180, 40, 120, 235];
        let planes = [plane(0, 3), plane(6, 2), plane(8, 2)];
        let apart = make(PixelFormat::I420, planes, [&luma[..], &[90, 200, 60, 140]].concat());
        let planes = [plane(0, 3), plane(6, 4), plane(0, 0)];
        let beside = [&luma[..], &[90, 60, 200, 140]].concat();
        assert_eq!(make(PixelFormat::Nv12, planes, beside.clone()), apart);
        // The same numbers with two bits more, in the upper bits of two bytes.
        let deep = beside.iter().flat_map(|number| (u16::from(*number) << 8).to_le_bytes()).collect();
        let planes = [plane(0, 6), plane(12, 8), plane(0, 0)];
        assert_eq!(make(PixelFormat::P010, planes, deep), apart);
    }

    #[test]
    fn the_latest_frame_wins() {
        let slot = FrameSlot::default();
        for sequence in 1..=3 {
            slot.put(VideoFrame::from_rgba(sequence, MediaTime::ZERO, (1, 1), vec![0; 4]).unwrap());
        }
        assert_eq!((slot.count(), slot.latest().unwrap().sequence), (3, 3));
    }
}
