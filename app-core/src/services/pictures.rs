//! Pictures: fetched a few at a time, decoded away from the window's thread.

use super::{Services, Shared};
use crate::{app::Msg, pictures::PictureRequest, tokens};
use egui::ColorImage;
use std::{io::Cursor, sync::Arc};

/// Largest picture decoded, in pixels a side.
const PICTURE_SIDE: u32 = 8192;

impl Services {
    pub(super) fn fetch_picture(&self, request: PictureRequest) {
        let shared = Arc::clone(&self.shared);
        self.spawn(async move {
            let image = match shared.picture(&request).await {
                Ok(image) => Some(image),
                Err(error) => {
                    tracing::debug!(path = request.path, %error, "no picture");
                    None
                }
            };
            shared.tell(Msg::Picture { path: request.path, image });
        });
    }
}

impl Shared {
    async fn picture(&self, request: &PictureRequest) -> anyhow::Result<ColorImage> {
        let _turn = self.pictures.acquire().await?;
        let client = self.client.as_ref().map_err(Clone::clone)?;
        let bytes = client.picture(&request.path).await?;
        let max_width = request.max_width;
        tokio::task::spawn_blocking(move || decode(&bytes, max_width)).await?
    }
}

/// Decodes a picture, at most `max_width` wide. Hostile sizes are refused before memory is taken.
fn decode(bytes: &[u8], max_width: u32) -> anyhow::Result<ColorImage> {
    let mut reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(PICTURE_SIDE);
    limits.max_image_height = Some(PICTURE_SIDE);
    limits.max_alloc = Some(128 << 20);
    reader.limits(limits);
    let mut image = reader.decode()?;
    if image.width() > max_width {
        let height = (u64::from(image.height()) * u64::from(max_width)).div_ceil(u64::from(image.width())).max(1);
        image = image.thumbnail_exact(max_width, u32::try_from(height)?);
    }
    let rgba = image.into_rgba8();
    let size = [rgba.width() as usize, rgba.height() as usize];
    let pixels = rgba.pixels().map(|pixel| tokens::pixel(pixel.0)).collect();
    Ok(ColorImage::new(size, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_pictures_are_refused() {
        assert!(decode(b"", 100).is_err());
        assert!(decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\0\0\0", 100).is_err());
        let mut png = Cursor::new(Vec::new());
        image::RgbaImage::from_pixel(40, 20, image::Rgba([1, 2, 3, 255]))
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        let image = decode(png.get_ref(), 10).unwrap();
        assert_eq!(image.size, [10, 5]);
        assert_eq!(image.pixels[0].to_array(), [1, 2, 3, 255]);
    }
}
