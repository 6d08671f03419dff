//! How each sample is encrypted: `senc`, its forerunner in PIFF, or auxiliary information found by `saiz` and `saio`.

use super::boxes::{self, Reader};
use super::budget::Budget;
use super::init::InitTrack;
use super::protection::{self, IvSource, TrackProtection, padded_iv};
use super::sample_groups::{self, SeigGroups};
use super::streams::Run;
use crate::container::{ContainerError, Sample, SampleProtection, Subsample};
use crate::drm::KeyId;

/// Subsamples of one sample: a slice each, and no picture has that many.
const MAX_SUBSAMPLES: u16 = 4_096;

/// The `uuid` of PIFF's sample encryption box.
const PIFF_SENC: [u8; 16] =
    [0xa2, 0x39, 0x4f, 0x52, 0x5a, 0x9b, 0x4f, 0x14, 0xa2, 0x44, 0x6c, 0x42, 0x7c, 0x64, 0x8d, 0xf4];

/// Where the encryption of samples is described.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described<'a> {
    /// The payload of `traf` or, in a plain file, of `stbl`.
    pub(super) boxes: &'a [u8],
    /// Is it a `traf`? Then its groups are its own.
    pub(super) fragment: bool,
    pub(super) media: &'a [u8],
    /// What offsets in `saio` count from.
    pub(super) base: u64,
    /// How many samples are described: more than there are where the data were cut off.
    pub(super) listed: usize,
}

/// Attaches its protection to each sample, after checking it against the sample's size. `runs` cover all `samples`.
pub(super) fn attach(
    described: Described<'_>,
    track: &InitTrack,
    runs: &[Run],
    samples: &mut [Sample],
    budget: &mut Budget,
) -> Result<(), ContainerError> {
    let Some(protections) = protections(described, track, runs, samples.len())? else { return Ok(()) };
    let senc = boxes::find(described.boxes, b"senc")?.map(|senc| senc.payload);
    let senc = senc.map_or_else(|| protection::piff_box(described.boxes, &PIFF_SENC), |senc| Ok(Some(senc)))?;
    let sizes = Sizes::parse(described.boxes)?;
    match (senc, sizes) {
        (Some(senc), sizes) => from_senc(senc, sizes, &protections, described.listed, samples),
        (None, Some(sizes)) => from_offsets(described, sizes, &protections, runs, samples, budget),
        (None, None) => {
            // Possible only where one IV serves all.
            for (sample, protection) in samples.iter_mut().zip(&protections) {
                if let Some(protection) = protection {
                    let IvSource::Constant(iv) = protection.iv else { return Err(ContainerError::Missing("senc")) };
                    protect(sample, protection, Encryption { iv, subsamples: Vec::new() }, "senc")?;
                }
            }
            Ok(())
        }
    }
}

/// By sample, `None` for those in the clear. Nothing if all are.
fn protections(
    described: Described<'_>,
    track: &InitTrack,
    runs: &[Run],
    count: usize,
) -> Result<Option<Vec<Option<TrackProtection>>>, ContainerError> {
    let entry = |run: &Run| Ok(track.description(run.description)?.protection.as_ref());
    let mut scheme = None;
    for run in runs {
        scheme = scheme.or(entry(run)?.map(|entry| entry.scheme));
    }
    let Some(scheme) = scheme else { return Ok(None) };
    let own = match described.fragment {
        true => sample_groups::parse_sgpd(described.boxes, scheme)?,
        false => SeigGroups::default(),
    };
    let groups = sample_groups::grouped(described.boxes, &own, &track.groups, count)?;
    let mut protections = Vec::with_capacity(count);
    for run in runs {
        // Groups say how encrypted entries are encrypted; a clear entry has nothing to say.
        let default = entry(run)?.map(|entry| entry.default);
        let of_run = groups.iter().skip(protections.len()).take(run.samples);
        protections
            .extend(of_run.map(|group| default.and_then(|default| group.unwrap_or(default))).collect::<Vec<_>>());
    }
    Ok(protections.iter().any(Option::is_some).then_some(protections))
}

/// What is said of one sample.
struct Encryption {
    iv: [u8; 16],
    subsamples: Vec<Subsample>,
}

/// Reads IV and, if there are any, subsamples.
fn encryption(reader: &mut Reader<'_>, iv: IvSource, with_subsamples: bool) -> Result<Encryption, ContainerError> {
    let iv = match iv {
        IvSource::Constant(iv) => iv,
        IvSource::Sample(size) => padded_iv(reader.take(size)?).ok_or_else(|| reader.malformed())?,
    };
    let mut subsamples = Vec::new();
    if with_subsamples {
        let entries = reader.u16()?;
        if entries > MAX_SUBSAMPLES {
            return Err(ContainerError::LimitExceeded { what: "subsamples", max: u64::from(MAX_SUBSAMPLES) });
        }
        let count = usize::from(entries);
        let mut entries = Reader::new(reader.take(count * 6)?, "senc");
        subsamples.reserve_exact(count);
        while !entries.rest().is_empty() {
            let clear = u32::from(entries.u16()?);
            subsamples.push(Subsample { clear, protected: entries.u32()? });
        }
    }
    Ok(Encryption { iv, subsamples })
}

fn protect(
    sample: &mut Sample,
    protection: &TrackProtection,
    Encryption { iv, subsamples }: Encryption,
    name: &'static str,
) -> Result<(), ContainerError> {
    let total: u64 = subsamples.iter().map(|part| u64::from(part.clear) + u64::from(part.protected)).sum();
    if !subsamples.is_empty() && total != sample.data.len() as u64 {
        return Err(ContainerError::Malformed(name));
    }
    let TrackProtection { scheme, key_id, .. } = *protection;
    sample.protection = Some(SampleProtection { key_id, scheme, iv, subsamples });
    Ok(())
}

/// `senc`: one entry after the other.
fn from_senc(
    senc: &[u8],
    sizes: Option<Sizes<'_>>,
    protections: &[Option<TrackProtection>],
    listed: usize,
    samples: &mut [Sample],
) -> Result<(), ContainerError> {
    let (_, flags, mut reader) = Reader::full(senc, "senc")?;
    // PIFF may override the track's algorithm (3 bytes), IV size and key.
    let overriding = if flags & 1 != 0 {
        reader.take(3)?;
        Some((usize::from(reader.u8()?), KeyId(reader.array()?)))
    } else {
        None
    };
    if reader.u32()? as usize != listed {
        return Err(reader.malformed());
    }
    for (position, (sample, protection)) in samples.iter_mut().zip(protections).enumerate() {
        let Some(mut protection) = *protection else {
            // In the clear, and with an entry all the same unless `saiz` says that it has none.
            if flags & 2 != 0 && sizes.is_none_or(|sizes| sizes.get(position) != Some(0)) {
                encryption(&mut reader, IvSource::Constant([0; 16]), true)?;
            }
            continue;
        };
        if let Some((iv_size, key_id)) = overriding {
            protection = TrackProtection { key_id, iv: IvSource::Sample(iv_size), ..protection };
        }
        protect(sample, &protection, encryption(&mut reader, protection.iv, flags & 2 != 0)?, "senc")?;
    }
    Ok(())
}

/// `saiz`: how many bytes of auxiliary information each sample has.
#[derive(Clone, Copy)]
struct Sizes<'a> {
    /// Zero if sizes differ.
    default: u8,
    each: &'a [u8],
    count: usize,
}

impl<'a> Sizes<'a> {
    fn parse(within: &'a [u8]) -> Result<Option<Self>, ContainerError> {
        let Some(mut reader) = auxiliary(within, "saiz")?.map(|(_, reader)| reader) else { return Ok(None) };
        let (default, count) = (reader.u8()?, reader.u32()? as usize);
        let each = if default == 0 { reader.take(count)? } else { &[] };
        Ok(Some(Self { default, each, count }))
    }

    fn get(&self, position: usize) -> Option<usize> {
        let size = if self.default == 0 { self.each.get(position).copied() } else { Some(self.default) };
        size.filter(|_| position < self.count).map(usize::from)
    }
}

/// The first `saiz` or `saio` that is about encryption, as its version and the fields behind type and parameter.
fn auxiliary<'a>(within: &'a [u8], kind: &'static str) -> Result<Option<(u8, Reader<'a>)>, ContainerError> {
    for found in boxes::boxes(within) {
        let found = found?;
        if found.kind == kind.as_bytes() {
            let (version, flags, mut reader) = Reader::full(found.payload, kind)?;
            let about = if flags & 1 != 0 { Some(reader.array()?) } else { None };
            reader.u32_if(flags & 1 != 0)?;
            if about.is_none_or(|about| matches!(&about, b"cenc" | b"cens" | b"cbc1" | b"cbcs" | b"piff")) {
                return Ok(Some((version, reader)));
            }
        }
    }
    Ok(None)
}

/// `saio`: one place for all samples, or one for each run.
fn from_offsets(
    described: Described<'_>,
    sizes: Sizes<'_>,
    protections: &[Option<TrackProtection>],
    runs: &[Run],
    samples: &mut [Sample],
    budget: &mut Budget,
) -> Result<(), ContainerError> {
    let (version, mut offsets) = auxiliary(described.boxes, "saio")?.ok_or(ContainerError::Missing("saio"))?;
    let count = offsets.u32()? as usize;
    if sizes.count != described.listed || (count != 1 && count != runs.len()) {
        return Err(offsets.malformed());
    }
    let mut rest = Reader::new(&[], "saio");
    let mut entries = samples.iter_mut().zip(protections).enumerate();
    for (run_position, run) in runs.iter().enumerate() {
        if run_position == 0 || count > 1 {
            let offset = described.base.checked_add(offsets.u32_or_u64(version == 1)?);
            let place = offset.and_then(|offset| usize::try_from(offset).ok());
            let place = place.and_then(|place| described.media.get(place..)).ok_or_else(|| offsets.malformed())?;
            rest = Reader::new(place, "saio");
        }
        for (position, (sample, protection)) in entries.by_ref().take(run.samples) {
            let size = sizes.get(position).ok_or_else(|| rest.malformed())?;
            budget.auxiliary_bytes(size as u64)?;
            let mut entry = Reader::new(rest.take(size)?, "saio");
            if let Some(protection) = protection {
                let iv_size = if let IvSource::Sample(size) = protection.iv { size } else { 0 };
                let described = encryption(&mut entry, protection.iv, size > iv_size)?;
                protect(sample, protection, described, "saio")?;
            }
        }
    }
    Ok(())
}
