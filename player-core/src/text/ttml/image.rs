//! Pictures in place of text: in the document as base64, or behind it in the sample.

use super::tree::Element;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::collections::HashMap;

/// What PNG files begin and end with.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const END: &[u8; 4] = b"IEND";
/// How a document names the n-th item behind it, counted from 1.
const SUBSAMPLE: &str = "urn:mpeg:14496-30:subs:";

/// Pictures that a document can refer to.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// Behind the document, in their order.
    behind: Vec<Bytes>,
}

/// The pictures within a document by their names.
pub(super) type Inline = HashMap<String, Bytes>;

/// Parts a sample into its document and the pictures behind it.
pub(super) fn split(sample: &Bytes) -> (&[u8], Images) {
    let Some(first) = find(sample, SIGNATURE) else { return (sample, Images::default()) };
    let mut behind = Vec::new();
    let mut at = first;
    while sample[at..].starts_with(SIGNATURE)
        && let Some(length) = png_length(&sample[at..])
    {
        behind.push(sample.slice(at..at + length));
        at += length;
    }
    (&sample[..first], Images { behind })
}

fn find(data: &[u8], what: &[u8]) -> Option<usize> {
    data.windows(what.len()).position(|window| window == what)
}

/// Length of the file that `data` begins with: chunks of a length, a type, data and a checksum up to the last.
fn png_length(data: &[u8]) -> Option<usize> {
    let mut at = SIGNATURE.len();
    loop {
        let (length, rest) = data.get(at..)?.split_first_chunk::<4>()?;
        let kind = rest.first_chunk::<4>()?;
        at = at.checked_add(usize::try_from(u32::from_be_bytes(*length)).ok()?)?.checked_add(12)?;
        if at > data.len() {
            return None;
        }
        if kind == END {
            return Some(at);
        }
    }
}

/// The pictures in the metadata of a head or a `div`.
pub(super) fn inline(parents: &[&Element]) -> Inline {
    let metadata = parents.iter().flat_map(|parent| parent.elements()).filter(|child| child.name == "metadata");
    let images = metadata.flat_map(Element::elements).filter(|child| child.name == "image");
    images.filter_map(|image| Some((image.attribute("id")?.to_owned(), base64(&image.text())?))).collect()
}

/// The picture of an element, if it has one: as its background, or as an `image` in it.
pub(super) fn of(element: &Element, inline: &Inline, images: &Images) -> Option<Bytes> {
    let child = element.child("image").and_then(|image| image.attribute("src"));
    let name = element.attribute("backgroundImage").or(element.attribute("src")).or(child)?.trim();
    if let Some(data) = name.strip_prefix("data:image/png;base64,") {
        return base64(data);
    }
    if let Some(number) = name.strip_prefix(SUBSAMPLE) {
        return images.behind.get(number.parse::<usize>().ok()?.checked_sub(1)?).cloned();
    }
    inline.get(name.strip_prefix('#')?).cloned()
}

/// A PNG file in base64, white space between.
fn base64(text: &str) -> Option<Bytes> {
    let dense: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(dense).ok()?;
    bytes.starts_with(SIGNATURE).then(|| Bytes::from(bytes))
}
