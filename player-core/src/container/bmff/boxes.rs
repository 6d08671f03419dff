//! The walk over boxes.

use crate::container::ContainerError;
use mp4_atom::Atom;

/// A box: its type, where it starts in the walked slice, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoxRef<'a> {
    pub(super) kind: [u8; 4],
    pub(super) start: usize,
    pub(super) payload: &'a [u8],
}

impl BoxRef<'_> {
    /// Reads the payload by the crate's definition of this type.
    pub(super) fn decode<T: Atom>(&self, name: &'static str) -> Result<T, ContainerError> {
        T::decode_body(&mut &*self.payload).map_err(|_| ContainerError::Malformed(name))
    }
}

/// Iterates over the boxes of a slice. Ends after the first error.
pub(super) fn boxes(data: &[u8]) -> impl Iterator<Item = Result<BoxRef<'_>, ContainerError>> {
    let mut position = 0usize;
    std::iter::from_fn(move || {
        // Less than a header left over: padding that many writers leave.
        if data.len().saturating_sub(position) < 8 {
            return None;
        }
        let result = next_box(data, position);
        position = match &result {
            Ok((_, end)) => *end,
            Err(_) => data.len(),
        };
        Some(result.map(|(found, _)| found))
    })
}

fn next_box(data: &[u8], start: usize) -> Result<(BoxRef<'_>, usize), ContainerError> {
    let rest = &data[start..];
    let kind: [u8; 4] = rest[4..8].try_into().expect("eight bytes were checked");
    let size = u64::from(u32::from_be_bytes(rest[..4].try_into().expect("eight bytes were checked")));
    let truncated =
        |claimed: u64| ContainerError::Truncated { kind: printable(kind), claimed, available: rest.len() as u64 };
    let (header, size) = match size {
        0 => (8, rest.len() as u64),
        1 => {
            let large = rest.get(8..16).ok_or_else(|| truncated(16))?;
            (16, u64::from_be_bytes(large.try_into().expect("eight bytes were taken")))
        }
        size => (8, size),
    };
    let length = usize::try_from(size).ok().filter(|length| *length >= header && *length <= rest.len());
    let length = length.ok_or_else(|| truncated(size))?;
    Ok((BoxRef { kind, start, payload: &rest[header..length] }, start + length))
}

/// The first box of a type.
pub(super) fn find<'a>(data: &'a [u8], kind: &[u8; 4]) -> Result<Option<BoxRef<'a>>, ContainerError> {
    for found in boxes(data) {
        let found = found?;
        if &found.kind == kind {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The first box of a type, which must be there.
pub(super) fn require<'a>(data: &'a [u8], kind: &'static str) -> Result<BoxRef<'a>, ContainerError> {
    let code = kind.as_bytes().try_into().expect("box types have four letters");
    find(data, code)?.ok_or(ContainerError::Missing(kind))
}

/// Box types from files are not text until proven.
pub(super) fn printable(kind: [u8; 4]) -> String {
    kind.iter().map(|byte| if byte.is_ascii_graphic() { *byte as char } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_beyond_the_data_are_errors_and_end_the_walk() {
        let mut data = vec![0, 0, 0, 8];
        data.extend_from_slice(b"free");
        data.extend_from_slice(&[0, 0, 1, 0]);
        data.extend_from_slice(b"moof");
        let found: Vec<_> = boxes(&data).collect();
        assert_eq!(found.len(), 2);
        assert!(matches!(found[1], Err(ContainerError::Truncated { claimed: 256, available: 8, .. })));
    }

    #[test]
    fn a_size_of_zero_reaches_to_the_end_and_of_one_has_eight_more_bytes() {
        let mut data = vec![0, 0, 0, 1];
        data.extend_from_slice(b"wide");
        data.extend_from_slice(&18u64.to_be_bytes());
        data.extend_from_slice(&[7, 7]);
        data.extend_from_slice(&[0, 0, 0, 0]);
        data.extend_from_slice(b"mdat123");
        let found: Vec<_> = boxes(&data).map(Result::unwrap).collect();
        assert_eq!((found[0].payload, found[1].payload), (&[7u8, 7][..], &b"123"[..]));
    }
}
