//! Initialisation segments.

use super::{
    cipher::{Cipher, PATTERN, Scheme},
    source::Track,
};
use crate::ingest::{IngestError, key::ContentKey};
use mp4_atom::{Codec, Edts, Elst, ElstEntry, Encode, FourCC, Ftyp, Moov, Mvex, Trex};

/// The system identifier that stands for a key in plain form, as W3C defines it for Encrypted Media Extensions.
const COMMON_SYSTEM: [u8; 16] =
    [0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b];

/// Bytes of a box before its content.
const HEADER: usize = 8;

/// `ftyp` and `moov` of a track that goes on in segments.
pub(crate) fn init_segment(track: &Track, cipher: Option<&Cipher>) -> Result<Vec<u8>, IngestError> {
    let fail = |error: mp4_atom::Error| IngestError::package(track.what.as_str(), error.to_string());
    let video = track.avc.is_some();
    let mut brands = vec![FourCC::new(b"iso6"), FourCC::new(b"cmfc")];
    if video {
        // Signed composition offsets instead of an edit list.
        brands.push(FourCC::new(b"cmf2"));
    }
    let mut bytes = Vec::new();
    Ftyp { major_brand: FourCC::new(b"iso6"), minor_version: 0, compatible_brands: brands }
        .encode(&mut bytes)
        .map_err(fail)?;
    let mut moov = Vec::new();
    movie(track).encode(&mut moov).map_err(fail)?;
    if let Some(cipher) = cipher {
        let entry = sample_entry(&moov).ok_or_else(|| IngestError::package(track.what.as_str(), "no sample entry"))?;
        protect(&mut moov, &entry, cipher, video);
    }
    bytes.extend(moov);
    Ok(bytes)
}

/// The encoder's `moov`, reduced to what every segment needs.
fn movie(track: &Track) -> Moov {
    let mut moov = track.moov.clone();
    moov.meta = None;
    moov.udta = None;
    moov.mvhd.duration = 0;
    moov.mvhd.next_track_id = 2;
    let trak = &mut moov.trak[0];
    trak.udta = None;
    trak.meta = None;
    trak.tkhd.track_id = 1;
    trak.tkhd.duration = 0;
    trak.mdia.mdhd.duration = 0;
    // Players skip what the encoder needed to get going; a length of zero stands for "to the end".
    trak.edts = (track.priming > 0).then(|| Edts {
        elst: Some(Elst {
            entries: vec![ElstEntry {
                segment_duration: 0,
                media_time: Some(u64::from(track.priming)),
                media_rate: 1.into(),
            }],
        }),
    });
    if let Some(Codec::Avc1(avc1)) = trak.mdia.minf.stbl.stsd.codecs.first_mut() {
        avc1.btrt = None;
    }
    let trex = Trex {
        track_id: 1,
        default_sample_description_index: 1,
        default_sample_duration: track.samples.first().map_or(0, |sample| sample.duration),
        default_sample_size: 0,
        default_sample_flags: 0,
    };
    moov.mvex = Some(Mvex { mehd: None, trex: vec![trex] });
    moov
}

/// Offsets of the boxes from `trak` down to the sample entry.
fn sample_entry(moov: &[u8]) -> Option<Vec<usize>> {
    let mut path = Vec::new();
    let (mut from, mut to) = (HEADER, moov.len());
    for kind in [b"trak", b"mdia", b"minf", b"stbl", b"stsd"] {
        let (start, end) = child(moov, from, to, kind)?;
        path.push(start);
        (from, to) = (start + HEADER, end);
    }
    // Version, flags and the number of entries come first.
    let entry = from + 8;
    (entry + HEADER <= to).then(|| path.push(entry))?;
    Some(path)
}

fn child(bytes: &[u8], mut from: usize, to: usize, kind: &[u8; 4]) -> Option<(usize, usize)> {
    while from + HEADER <= to {
        let size = u32::from_be_bytes(bytes[from..from + 4].try_into().ok()?) as usize;
        if size < HEADER || from + size > to {
            return None;
        }
        if bytes[from + 4..from + 8] == *kind {
            return Some((from, from + size));
        }
        from += size;
    }
    None
}

/// Turns the sample entry into an encrypted one: its true name moves into `sinf` with the scheme and the defaults.
fn protect(moov: &mut Vec<u8>, path: &[usize], cipher: &Cipher, video: bool) {
    let entry = path[path.len() - 1];
    let size = u32::from_be_bytes(moov[entry..entry + 4].try_into().expect("four bytes")) as usize;
    let format: [u8; 4] = moov[entry + 4..entry + 8].try_into().expect("four bytes");
    moov[entry + 4..entry + 8].copy_from_slice(if video { b"encv" } else { b"enca" });
    let info = protection_info(format, cipher, video);
    for start in path.iter().chain([&0]) {
        grow(moov, *start, info.len());
    }
    let end = entry + size;
    moov.splice(end..end, info);
    let system = pssh(cipher.key());
    grow(moov, 0, system.len());
    moov.extend(system);
}

fn grow(bytes: &mut [u8], start: usize, by: usize) {
    let field = &mut bytes[start..start + 4];
    let size = u32::from_be_bytes((&*field).try_into().expect("four bytes")) + by as u32;
    field.copy_from_slice(&size.to_be_bytes());
}

/// `sinf`: original format, scheme, track defaults.
fn protection_info(format: [u8; 4], cipher: &Cipher, video: bool) -> Vec<u8> {
    let scheme: &[u8; 4] = match cipher.scheme {
        Scheme::Cenc => b"cenc",
        Scheme::Cbcs => b"cbcs",
    };
    let mut version = Vec::from(scheme);
    version.extend(0x0001_0000_u32.to_be_bytes());
    let defaults = full_box(b"tenc", u8::from(cipher.scheme == Scheme::Cbcs), &track_defaults(cipher, video));
    let parts = [plain_box(b"frma", &format), full_box(b"schm", 0, &version), plain_box(b"schi", &defaults)];
    plain_box(b"sinf", &parts.concat())
}

/// The content of `tenc`.
fn track_defaults(cipher: &Cipher, video: bool) -> Vec<u8> {
    let mut bytes = vec![0];
    match cipher.scheme {
        // Version 0: reserved, protected, eight-byte vectors in every sample.
        Scheme::Cenc => bytes.extend([0, 1, 8]),
        // Version 1: pattern, protected, no vectors in samples; full encryption (no pattern) for audio.
        Scheme::Cbcs => bytes.extend([if video { PATTERN.0 << 4 | PATTERN.1 } else { 0 }, 1, 0]),
    }
    bytes.extend(cipher.key().kid);
    if cipher.scheme == Scheme::Cbcs {
        bytes.push(16);
        bytes.extend(cipher.constant_iv);
    }
    bytes
}

/// `pssh` of version 1, which names the key.
pub(crate) fn pssh(key: &ContentKey) -> Vec<u8> {
    let mut content = Vec::from(COMMON_SYSTEM);
    content.extend(1_u32.to_be_bytes());
    content.extend(key.kid);
    content.extend(0_u32.to_be_bytes());
    full_box(b"pssh", 1, &content)
}

fn plain_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from(((HEADER + content.len()) as u32).to_be_bytes());
    bytes.extend(kind);
    bytes.extend(content);
    bytes
}

/// A box with a version and no flags.
fn full_box(kind: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    plain_box(kind, &[&[version, 0, 0, 0], content].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pssh_names_the_key_and_holds_nothing_else() {
        let bytes = pssh(&ContentKey { kid: [0x11; 16], key: [0x22; 16] });
        assert_eq!(bytes.len(), 52);
        assert_eq!(bytes[..12], [0, 0, 0, 52, b'p', b's', b's', b'h', 1, 0, 0, 0]);
        assert_eq!(bytes[28..48], [[0, 0, 0, 1].as_slice(), &[0x11; 16]].concat());
        assert!(!bytes.contains(&0x22));
    }
}
