//! Which scheme protects a track, and with which key: `sinf`, `tenc` and their forerunners in PIFF (ISO/IEC 23001-7).

use super::boxes::{self, Reader};
use crate::container::{ContainerError, Scheme};
use crate::drm::KeyId;

/// The `uuid` of PIFF's track encryption box.
const PIFF_TENC: [u8; 16] =
    [0x89, 0x74, 0xdb, 0xce, 0x7b, 0xe7, 0x4c, 0x51, 0x84, 0xf9, 0x71, 0x48, 0xf9, 0x88, 0x25, 0x54];

/// What an encrypted sample entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryProtection {
    pub scheme: Scheme,
    /// How samples are protected unless their group says otherwise; `None` if they are then in the clear.
    pub default: Option<TrackProtection>,
}

/// How samples are protected, beside what is said of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackProtection {
    pub scheme: Scheme,
    pub key_id: KeyId,
    pub(super) iv: IvSource,
}

/// Where initialisation vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IvSource {
    /// With each sample: 8 or 16 bytes.
    Sample(usize),
    /// The same for all.
    Constant([u8; 16]),
}

/// Reads the boxes of an encrypted sample entry: the original entry's type and its protection. Of several `sinf`, the
/// first that this player takes.
pub(super) fn parse_sinf(children: &[u8]) -> Result<([u8; 4], Option<EntryProtection>), ContainerError> {
    let mut refused = ContainerError::Missing("sinf");
    for found in boxes::boxes(children) {
        let found = found?;
        if &found.kind == b"sinf" {
            match one_sinf(found.payload) {
                Ok((original, protection)) => return Ok((original, Some(protection))),
                Err(error) => refused = error,
            }
        }
    }
    Err(refused)
}

fn one_sinf(sinf: &[u8]) -> Result<([u8; 4], EntryProtection), ContainerError> {
    let original = Reader::new(boxes::require(sinf, "frma")?.payload, "frma").array()?;
    let (_, _, mut schm) = Reader::full(boxes::require(sinf, "schm")?.payload, "schm")?;
    let code: [u8; 4] = schm.array()?;
    let schi = boxes::require(sinf, "schi")?.payload;
    let tenc = match boxes::find(schi, b"tenc")? {
        Some(tenc) => tenc.payload,
        None => piff_box(schi, &PIFF_TENC)?.ok_or(ContainerError::Missing("tenc"))?,
    };
    let (version, _, mut reader) = Reader::full(tenc, "tenc")?;
    let algorithm = tenc.get(6).copied();
    let scheme = match &code {
        b"cenc" => Scheme::Cenc,
        b"cbc1" => Scheme::Cbc1,
        b"cbcs" => Scheme::Cbcs { crypt: 0, skip: 0 },
        b"cens" => Scheme::Cens { crypt: 0, skip: 0 },
        // PIFF names the algorithm where later standards say whether there is one.
        b"piff" if algorithm == Some(2) => Scheme::Cbc1,
        b"piff" => Scheme::Cenc,
        other => return Err(ContainerError::UnsupportedScheme(boxes::printable(*other))),
    };
    let default = encryption_fields(&mut reader, scheme, version > 0)?;
    let scheme = default.as_ref().map_or(scheme, |default| default.scheme);
    Ok((original, EntryProtection { scheme, default }))
}

/// The payload of a `uuid` box, behind its identifier.
pub(super) fn piff_box<'a>(data: &'a [u8], id: &[u8; 16]) -> Result<Option<&'a [u8]>, ContainerError> {
    for found in boxes::boxes(data) {
        let found = found?;
        if let (b"uuid", Some((head, payload))) = (&found.kind, found.payload.split_first_chunk::<16>())
            && head == id
        {
            return Ok(Some(payload));
        }
    }
    Ok(None)
}

/// The fields that `tenc` and the sample group `seig` share; `None` for samples in the clear.
pub(super) fn encryption_fields(
    reader: &mut Reader<'_>,
    scheme: Scheme,
    with_pattern: bool,
) -> Result<Option<TrackProtection>, ContainerError> {
    reader.u8()?;
    let pattern = reader.u8()?;
    let (protected, iv_size) = (reader.u8()?, reader.u8()?);
    let key_id = KeyId(reader.array()?);
    if protected == 0 {
        return Ok(None);
    }
    let (crypt, skip) = if with_pattern { (pattern >> 4, pattern & 0x0f) } else { (0, 0) };
    let scheme = match scheme {
        Scheme::Cbcs { .. } => Scheme::Cbcs { crypt, skip },
        Scheme::Cens { .. } => Scheme::Cens { crypt, skip },
        whole @ (Scheme::Cenc | Scheme::Cbc1) => whole,
    };
    let iv = match iv_size {
        0 => {
            let size = usize::from(reader.u8()?);
            IvSource::Constant(padded_iv(reader.take(size)?).ok_or_else(|| reader.malformed())?)
        }
        8 | 16 => IvSource::Sample(usize::from(iv_size)),
        _ => return Err(reader.malformed()),
    };
    Ok(Some(TrackProtection { scheme, key_id, iv }))
}

/// IVs of eight bytes fill the upper half; the lower one counts blocks.
pub(super) fn padded_iv(iv: &[u8]) -> Option<[u8; 16]> {
    let mut padded = [0; 16];
    matches!(iv.len(), 8 | 16).then(|| padded[..iv.len()].copy_from_slice(iv))?;
    Some(padded)
}
