//! The chain of base addresses.

use super::super::{ByteSource, ManifestError};
use super::info::byte_range;
use super::xml::Element;
use url::Url;

/// Bytes of one address, far more than servers take. Addresses are repeated with each segment, period and representation.
pub(super) const MAX_ADDRESS: usize = 16 << 10;

/// Addresses inside `element` are relative to this. Of several bases the one of the best priority counts, then the
/// first; those that lead nowhere are passed over.
pub(super) fn base_of(element: &Element<'_>, outer: &Url) -> Url {
    let bases = element.all("BaseURL").filter_map(|base| {
        let priority = base.prefixed("priority").and_then(|text| text.trim().parse::<u32>().ok()).unwrap_or(1);
        resolve(outer, &base.text()).ok().map(|url| (priority, url))
    });
    bases.min_by_key(|(priority, _)| *priority).map_or_else(|| outer.clone(), |(_, url)| url)
}

/// Only addresses that a web server can answer, and of a length that it takes: a manifest must not reach for local files.
pub(super) fn resolve(base: &Url, address: &str) -> Result<Url, ManifestError> {
    if address.len() > MAX_ADDRESS {
        return Err(ManifestError::BadAddress);
    }
    let url = base.join(address.trim()).map_err(|_| ManifestError::BadAddress)?;
    let usable = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_ADDRESS;
    usable.then_some(url).ok_or(ManifestError::BadAddress)
}

/// `sourceURL` and `range` of an initialisation or an index.
pub(super) fn source_of(element: &Element<'_>, base: &Url) -> Result<ByteSource, ManifestError> {
    let url = element.attribute("sourceURL").map_or(Ok(base.clone()), |address| resolve(base, address))?;
    Ok(ByteSource { url, range: element.attribute("range").map(byte_range).transpose()? })
}
