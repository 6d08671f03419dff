//! Sample groups of type `seig`: samples of one track under several keys, or under none (ISO/IEC 23001-7, section 6).

use super::boxes::{self, Reader};
use super::protection::{self, TrackProtection};
use crate::container::{ContainerError, Scheme};
use crate::drm::KeyId;

const SEIG: &[u8; 4] = b"seig";
/// Groups of one box.
const MAX_GROUPS: u32 = 4_096;
/// Indices of `sbgp` above this count a fragment's own groups from 1.
const LOCAL: u32 = 0x1_0000;

/// The groups that one `sgpd` describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SeigGroups {
    /// `None`: in the clear.
    groups: Vec<Option<TrackProtection>>,
    /// Group of samples that are mapped to none, counted from 1.
    default: u32,
}

impl SeigGroups {
    pub(super) fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.groups.iter().flatten().map(|group| group.key_id)
    }

    fn get(&self, index: u32) -> Result<Option<TrackProtection>, ContainerError> {
        let position = index.checked_sub(1).and_then(|position| usize::try_from(position).ok());
        let group = position.and_then(|position| self.groups.get(position));
        group.copied().ok_or(ContainerError::Malformed("sbgp"))
    }
}

/// The first box of this type that is about key groups.
fn seig_box<'a>(within: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>, ContainerError> {
    for found in boxes::boxes(within) {
        let found = found?;
        if &found.kind == kind && found.payload.get(4..8) == Some(SEIG) {
            return Ok(Some(found.payload));
        }
    }
    Ok(None)
}

/// Reads the groups that `stbl` or `traf` describes.
pub(super) fn parse_sgpd(within: &[u8], scheme: Scheme) -> Result<SeigGroups, ContainerError> {
    let Some(sgpd) = seig_box(within, b"sgpd")? else { return Ok(SeigGroups::default()) };
    match sgpd.first() {
        Some(0) => entries(sgpd, scheme, false, false),
        Some(1) => entries(sgpd, scheme, true, false),
        // Editions of the standard disagree on whether version 2 still has the length of entries.
        _ => entries(sgpd, scheme, true, true).or_else(|_| entries(sgpd, scheme, false, true)),
    }
}

fn entries(sgpd: &[u8], scheme: Scheme, lengths: bool, default_index: bool) -> Result<SeigGroups, ContainerError> {
    let (_, _, mut reader) = Reader::full(sgpd, "sgpd")?;
    reader.u32()?;
    let length = reader.u32_if(lengths)?;
    let default = reader.u32_if(default_index)?.unwrap_or(0);
    let count = reader.u32()?;
    if count > MAX_GROUPS {
        return Err(ContainerError::LimitExceeded { what: "sample groups", max: u64::from(MAX_GROUPS) });
    }
    let mut groups = Vec::new();
    for _ in 0..count {
        let length = match length {
            Some(0) => Some(reader.u32()?),
            length => length,
        };
        groups.push(match length {
            Some(length) => {
                let mut entry = Reader::new(reader.take(length as usize)?, "sgpd");
                protection::encryption_fields(&mut entry, scheme, true)?
            }
            None => protection::encryption_fields(&mut reader, scheme, true)?,
        });
    }
    if reader.rest().is_empty() { Ok(SeigGroups { groups, default }) } else { Err(reader.malformed()) }
}

/// For each of `count` samples the protection that its group gives: `None` without a group, `Some(None)` in the clear.
pub(super) type Grouped = Vec<Option<Option<TrackProtection>>>;

/// Reads `sbgp` of a fragment or a plain file's track. `local` are the groups described there, `global` those of `moov`.
pub(super) fn grouped(
    within: &[u8],
    local: &SeigGroups,
    global: &SeigGroups,
    count: usize,
) -> Result<Grouped, ContainerError> {
    // Some packagers number a fragment's own groups from 1 where `moov` has none.
    let plain = if global.groups.is_empty() { local } else { global };
    let default = if plain.default == 0 { None } else { Some(plain.get(plain.default)?) };
    let mut samples = Vec::with_capacity(count);
    if let Some(sbgp) = seig_box(within, b"sbgp")? {
        let (version, _, mut reader) = Reader::full(sbgp, "sbgp")?;
        reader.u32()?;
        reader.u32_if(version == 1)?;
        for _ in 0..reader.u32()? {
            let (run, index) = (reader.u32()?, reader.u32()?);
            let group = match index {
                0 => default,
                index if index > LOCAL => Some(local.get(index - LOCAL)?),
                index => Some(plain.get(index)?),
            };
            let left = count - samples.len();
            samples.extend(std::iter::repeat_n(group, left.min(run as usize)));
        }
    }
    samples.resize(count, default);
    Ok(samples)
}
