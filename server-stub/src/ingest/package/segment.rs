//! Media segments.

use super::{
    cipher::{Cipher, Scheme},
    slice::Subsample,
    source::Track,
};
use crate::ingest::IngestError;
use mp4_atom::{Encode, FourCC, Mfhd, Moof, Saio, Saiz, Senc, SencBoxVersion, Styp, Tfdt, Tfhd, Traf, Trun, TrunEntry};
use std::ops::Range;

/// Sample flags (ISO/IEC 14496-12, 8.8.3.1): depends on nothing.
const KEY: u32 = 0x0200_0000;
/// Depends on others and is not a key frame.
const NOT_KEY: u32 = 0x0101_0000;

/// `styp`, `moof` and `mdat` with some samples of a track; `number` counts from 1.
pub(crate) fn media_segment(
    track: &Track,
    range: Range<usize>,
    number: u32,
    cipher: Option<&mut Cipher>,
) -> Result<Vec<u8>, IngestError> {
    let fail = |detail: String| IngestError::package(track.what.as_str(), detail);
    let samples = &track.samples[range.clone()];
    let mut data: Vec<Vec<u8>> = samples.iter().map(|sample| track.bytes[sample.data.clone()].to_vec()).collect();
    let auxiliary = cipher.map(|cipher| encrypt(track, cipher, &mut data)).transpose().map_err(fail)?.flatten();
    let start = track.samples[..range.start].iter().map(|sample| u64::from(sample.duration)).sum();
    let entries: Vec<TrunEntry> = samples
        .iter()
        .map(|sample| TrunEntry {
            duration: None,
            size: Some((sample.data.end - sample.data.start) as u32),
            flags: track.avc.is_some().then_some(if sample.key { KEY } else { NOT_KEY }),
            cts: track.avc.is_some().then_some(i64::from(sample.composition)),
        })
        .collect();
    let mut moof = Moof {
        mfhd: Mfhd { sequence_number: number },
        traf: vec![Traf {
            tfhd: Tfhd {
                track_id: 1,
                default_sample_duration: samples.first().map(|sample| sample.duration),
                default_sample_flags: track.avc.is_none().then_some(KEY),
                default_base_is_moof: true,
                ..Tfhd::default()
            },
            tfdt: Some(Tfdt { base_media_decode_time: start }),
            trun: vec![Trun { data_offset: Some(0), samples: entries.into() }],
            ..Traf::default()
        }],
    };
    if let Some(auxiliary) = auxiliary {
        moof.traf[0].saiz = vec![auxiliary.sizes];
        moof.traf[0].saio = vec![Saio { aux_info: None, offsets: vec![0] }];
        moof.traf[0].senc = Some(auxiliary.senc);
    }

    let mut bytes = Vec::new();
    let encode = |moof: &Moof| {
        let mut bytes = Vec::new();
        moof.encode(&mut bytes).map(|()| bytes).map_err(|error| fail(error.to_string()))
    };
    Styp {
        major_brand: FourCC::new(b"msdh"),
        minor_version: 0,
        compatible_brands: vec![FourCC::new(b"msdh"), FourCC::new(b"cmfs"), FourCC::new(b"iso6")],
    }
    .encode(&mut bytes)
    .map_err(|error| fail(error.to_string()))?;
    // Offsets count from the start of `moof`, whose size does not depend on them: write once to measure.
    let draft = encode(&moof)?;
    moof.traf[0].trun[0].data_offset = Some(draft.len() as i32 + 8);
    if moof.traf[0].senc.is_some() {
        // Nothing before `senc` but fixed-size boxes of numbers far from its name, so the first match is it.
        let name = draft.windows(4).position(|window| window == b"senc").ok_or_else(|| fail("no senc".to_owned()))?;
        moof.traf[0].saio[0].offsets[0] = name as u64 + 12;
    }
    bytes.extend(encode(&moof)?);
    let size: usize = data.iter().map(Vec::len).sum();
    let total = u32::try_from(size + 8).map_err(|_| fail("a segment is larger than 4 GiB".to_owned()))?;
    bytes.extend(total.to_be_bytes());
    bytes.extend(b"mdat");
    bytes.extend(data.into_iter().flatten());
    Ok(bytes)
}

/// What a player must know about every sample to decrypt it.
struct Auxiliary {
    senc: Senc,
    sizes: Saiz,
}

/// Encrypts all samples. There is nothing to say about them if the vector is constant and nothing is in the clear.
fn encrypt(track: &Track, cipher: &mut Cipher, data: &mut [Vec<u8>]) -> Result<Option<Auxiliary>, String> {
    let whole_blocks = cipher.scheme == Scheme::Cenc;
    let mut entries = Vec::from((data.len() as u32).to_be_bytes());
    let mut sizes = Vec::with_capacity(data.len());
    for sample in data.iter_mut() {
        let subsamples = match &track.avc {
            Some(avc) => avc.subsamples(sample, whole_blocks)?,
            None => Vec::new(),
        };
        let mut entry = cipher.encrypt(sample, &subsamples);
        if track.avc.is_some() {
            entry.extend((subsamples.len() as u16).to_be_bytes());
            for Subsample { clear, protected } in &subsamples {
                entry.extend((*clear as u16).to_be_bytes());
                entry.extend((*protected as u32).to_be_bytes());
            }
        }
        sizes.push(u8::try_from(entry.len()).map_err(|_| "a sample has too many parts")?);
        entries.extend(entry);
    }
    let first = sizes.first().copied().unwrap_or(0);
    if first == 0 {
        return Ok(None);
    }
    let same = sizes.iter().all(|size| *size == first);
    let count = sizes.len() as u32;
    Ok(Some(Auxiliary {
        senc: Senc { version: SencBoxVersion::V0, use_subsamples: track.avc.is_some(), data: entries },
        sizes: Saiz {
            aux_info: None,
            default_sample_info_size: if same { first } else { 0 },
            sample_count: count,
            sample_info_size: if same { Vec::new() } else { sizes },
        },
    }))
}
