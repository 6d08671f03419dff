//! Lists of pictures as WebVTT: each cue has an address, and after `#xywh=` the part of the picture that it means
//! (W3C Media Fragments, in pixels).

use super::ThumbnailError;
use crate::net::may_lead;
use crate::text::webvtt;
use abr::MediaTime;
use url::Url;

/// Addresses of all cues together, in bytes.
const MAX_ADDRESSES: usize = 16 << 20;
/// Pictures of all files of a list: one a second for more than ten hours.
const MAX_SPRITES: usize = 40_000;

/// One picture of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sprite {
    pub(super) start: MediaTime,
    pub(super) end: MediaTime,
    /// Without its fragment.
    pub(super) url: Url,
    /// Left, top, width and height; absent: the whole picture.
    pub(super) cut: Option<[u32; 4]>,
}

/// Is this the name of a list of pictures, as players call such tracks of text?
pub fn is_sprite_list(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name == "thumbnails" || name == "thumbnail" || name.ends_with(".thumbnails")
}

/// Reads a list. Cues that name nothing that can be fetched are left out.
pub(super) fn sprites(file: &[u8], base: &Url) -> Result<Vec<Sprite>, ThumbnailError> {
    let text = webvtt::parse(file).map_err(|error| ThumbnailError::Picture(error.to_string()))?;
    let (mut sprites, mut addresses) = (Vec::new(), 0usize);
    for cue in text.cues {
        let Some(line) = cue.lines.iter().map(|line| line.trim()).find(|line| !line.is_empty()) else { continue };
        let Ok(mut url) = base.join(line) else { continue };
        if !may_lead(base, &url) {
            continue;
        }
        let cut = match url.fragment().map(fragment) {
            None => None,
            Some(Some(cut)) => Some(cut),
            // A part is meant, and nobody knows which.
            Some(None) => continue,
        };
        url.set_fragment(None);
        addresses = addresses.saturating_add(url.as_str().len());
        if addresses > MAX_ADDRESSES {
            return Err(ThumbnailError::LimitExceeded { what: "bytes of addresses", max: MAX_ADDRESSES as u64 });
        }
        sprites.push(Sprite { start: cue.start, end: cue.end, url, cut });
    }
    if sprites.is_empty() { Err(ThumbnailError::NothingThere) } else { Ok(sprites) }
}

/// Adds those of another file. The limits of one file hold for all of them together.
pub(super) fn join(found: &mut Vec<Sprite>, more: Vec<Sprite>) -> Result<(), ThumbnailError> {
    found.extend(more);
    if found.len() > MAX_SPRITES {
        return Err(ThumbnailError::LimitExceeded { what: "pictures of a list", max: MAX_SPRITES as u64 });
    }
    if found.iter().map(|sprite| sprite.url.as_str().len()).sum::<usize>() > MAX_ADDRESSES {
        return Err(ThumbnailError::LimitExceeded { what: "bytes of addresses", max: MAX_ADDRESSES as u64 });
    }
    Ok(())
}

/// `xywh=[pixel:]x,y,w,h`, with a size above zero.
fn fragment(text: &str) -> Option<[u32; 4]> {
    let value = text.split('&').find_map(|part| part.strip_prefix("xywh="))?;
    let numbers = value.strip_prefix("pixel:").unwrap_or(value);
    let mut parts = numbers.split(',').map(|part| part.trim().parse::<u32>().ok());
    let cut = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    (parts.next().is_none() && cut[2] > 0 && cut[3] > 0).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_name_parts_of_pictures() {
        let base: Url = "https://cdn.example/t/list.vtt".parse().unwrap();
        let file = "WEBVTT\n\n00:00.000 --> 00:05.000\nsprite.jpg#xywh=0,0,160,90\n\n1\n00:05.000 --> 00:10.000\n\
            sprite.jpg#xywh=pixel:160,0,160,90\n\n00:10.000 --> 00:15.000\n/whole.png?a=1&b=2\n\n\
            00:15.000 --> 00:20.000\nbad.jpg#xywh=1,2,0,4\n\n00:15.000 --> 00:20.000\njavascript:alert(1)\n\n\
            00:15.000 --> 00:20.000\nbad.jpg#xywh=-1,2,4294967296,4\n";
        let found = sprites(file.as_bytes(), &base).unwrap();
        let told: Vec<_> = found.iter().map(|sprite| (sprite.url.as_str(), sprite.cut)).collect();
        assert_eq!(
            told,
            [
                ("https://cdn.example/t/sprite.jpg", Some([0, 0, 160, 90])),
                ("https://cdn.example/t/sprite.jpg", Some([160, 0, 160, 90])),
                ("https://cdn.example/whole.png?a=1&b=2", None),
            ]
        );
        assert_eq!(found[1].start, MediaTime::from_millis(5_000));
        assert_eq!(sprites(b"WEBVTT\n\n", &base), Err(ThumbnailError::NothingThere));
        assert!(matches!(sprites(b"GIF89a", &base), Err(ThumbnailError::Picture(_))));
    }

    #[test]
    fn files_of_a_list_share_its_limits() {
        let base: Url = "https://cdn.example/".parse().unwrap();
        let file = |cue: &str, count: usize| format!("WEBVTT\n\n{}", cue.repeat(count));
        let all = |file: String, files: usize| {
            let mut found = Vec::new();
            (0..files).try_for_each(|_| join(&mut found, sprites(file.as_bytes(), &base).unwrap()))
        };
        let limit = |what, max| Err(ThumbnailError::LimitExceeded { what, max });
        let many = file("0:0.0-->0:1.0\na\n\n", 20_000);
        assert_eq!(all(many.clone(), 2), Ok(()));
        assert_eq!(all(many, 3), limit("pictures of a list", MAX_SPRITES as u64));
        let long = file(&format!("0:0.0-->0:1.0\n{}\n\n", "a".repeat(4_000)), 1_000);
        assert_eq!(all(long, 5), limit("bytes of addresses", MAX_ADDRESSES as u64));
    }

    #[test]
    fn lists_are_known_by_their_name() {
        for name in ["thumbnails", "Thumbnails", "com.example.thumbnails"] {
            assert!(is_sprite_list(name), "{name}");
        }
        assert!(!is_sprite_list("English") && !is_sprite_list("com.apple.hls.chapters"));
    }
}
