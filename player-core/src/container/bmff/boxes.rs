//! The walk over boxes, and the fields in them.

use crate::container::ContainerError;

/// A box: its type, where it starts in the walked slice, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(in crate::container) struct BoxRef<'a> {
    pub(super) kind: [u8; 4],
    pub(super) start: usize,
    /// Where its payload starts.
    pub(super) content: usize,
    pub(in crate::container) payload: &'a [u8],
}

impl BoxRef<'_> {
    pub(super) fn end(&self) -> usize {
        self.content + self.payload.len()
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

/// The first bytes of a box: its type, their number, and the size of all of it (`None`: to the end of the file).
#[derive(Clone, Copy, Debug)]
pub(in crate::container) struct Header {
    pub(in crate::container) kind: [u8; 4],
    pub(in crate::container) length: usize,
    pub(in crate::container) size: Option<u64>,
}

impl Header {
    /// Of the box at the beginning of `data`; `None` if not all of it is there.
    pub(in crate::container) fn read(data: &[u8]) -> Option<Self> {
        let kind = *data.get(4..)?.first_chunk()?;
        let (length, size) = match u32::from_be_bytes(*data.first_chunk()?) {
            0 => (8, None),
            1 => (16, Some(u64::from_be_bytes(*data.get(8..)?.first_chunk()?))),
            size => (8, Some(u64::from(size))),
        };
        Some(Self { kind, length, size })
    }
}

fn next_box(data: &[u8], start: usize) -> Result<(BoxRef<'_>, usize), ContainerError> {
    let rest = &data[start..];
    let available = rest.len() as u64;
    let truncated =
        |kind: [u8; 4], claimed: u64| ContainerError::Truncated { kind: printable(kind), claimed, available };
    // Of a box with a long size less than that may be there.
    let short = || truncated(rest[4..8].try_into().unwrap_or_default(), 16);
    let Header { kind, length: header, size } = Header::read(rest).ok_or_else(short)?;
    let size = size.unwrap_or(available);
    let length = usize::try_from(size).ok().filter(|length| *length >= header && *length <= rest.len());
    let length = length.ok_or_else(|| truncated(kind, size))?;
    Ok((BoxRef { kind, start, content: start + header, payload: &rest[header..length] }, start + length))
}

/// Where the last box begins, if it is an `mdat` that claims more than there is.
pub(super) fn clipped(data: &[u8]) -> Option<usize> {
    let mut end = 0;
    for found in boxes(data) {
        match found {
            Ok(found) => end = found.end(),
            Err(_) => return (data.get(end + 4..end + 8)? == b"mdat").then_some(end),
        }
    }
    None
}

/// The first box of a type.
pub(in crate::container) fn find<'a>(data: &'a [u8], kind: &[u8; 4]) -> Result<Option<BoxRef<'a>>, ContainerError> {
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

/// The box at the end of a path of boxes within each other, all of which must be there.
pub(super) fn require_path<'a>(data: &'a [u8], path: &[&'static str]) -> Result<&'a [u8], ContainerError> {
    path.iter().try_fold(data, |within, kind| Ok(require(within, kind)?.payload))
}

/// Box types from files are not text until proven.
pub(super) fn printable(kind: [u8; 4]) -> String {
    kind.iter().map(|byte| if byte.is_ascii_graphic() { *byte as char } else { '.' }).collect()
}

/// Takes big-endian fields off the front of a box; whatever is not there is reported under the box's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    name: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8], name: &'static str) -> Self {
        Self { rest: data, name }
    }

    /// Of a full box: its version and its 24 bits of flags, and the fields behind them.
    pub(super) fn full(data: &'a [u8], name: &'static str) -> Result<(u8, u32, Self), ContainerError> {
        let mut reader = Self::new(data, name);
        let head = reader.u32()?;
        Ok(((head >> 24) as u8, head & 0x00ff_ffff, reader))
    }

    /// The error for fields that make no sense.
    pub(super) fn malformed(&self) -> ContainerError {
        ContainerError::Malformed(self.name)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], ContainerError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(ContainerError::Malformed(self.name))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ContainerError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(ContainerError::Malformed(self.name))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ContainerError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ContainerError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ContainerError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, ContainerError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, ContainerError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Four bytes, or eight if `wide`: most boxes have such fields in version 0 and 1.
    pub(super) fn u32_or_u64(&mut self, wide: bool) -> Result<u64, ContainerError> {
        if wide { self.u64() } else { self.u32().map(u64::from) }
    }

    /// A field that is there only `if` a flag says so.
    pub(super) fn u32_if(&mut self, present: bool) -> Result<Option<u32>, ContainerError> {
        if present { self.u32().map(Some) } else { Ok(None) }
    }

    /// Text up to a zero byte, which must be there.
    pub(super) fn text(&mut self) -> Result<String, ContainerError> {
        let length = self.rest.iter().position(|byte| *byte == 0).ok_or(ContainerError::Malformed(self.name))?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.u8()?;
        Ok(text)
    }
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

    #[test]
    fn fields_that_are_not_there_are_reported_under_the_name_of_their_box() {
        let mut reader = Reader::new(b"ab\0\x01", "emsg");
        assert_eq!(reader.text().unwrap(), "ab");
        assert_eq!(reader.u16(), Err(ContainerError::Malformed("emsg")));
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.text(), Err(ContainerError::Malformed("emsg")));
    }
}
