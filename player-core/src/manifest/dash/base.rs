//! The chain of base addresses.

use super::super::{ByteSource, MAX_MIRRORS, ManifestError, Mirror};
use super::info::byte_range;
use super::xml::Element;
use crate::net::may_lead;
use url::Url;

/// Bytes of one address, far more than servers take. Addresses are repeated with each segment, period and representation.
pub(super) const MAX_ADDRESS: usize = 16 << 10;

/// Addresses inside `element` are relative to this. Of several bases the one of the best priority counts, then the
/// first; those that lead nowhere are passed over.
pub(super) fn base_of(element: &Element<'_>, outer: &Url) -> Url {
    bases_of(element, outer).into_iter().next().unwrap_or_else(|| outer.clone())
}

/// All bases of an element, the best first.
fn bases_of(element: &Element<'_>, outer: &Url) -> Vec<Url> {
    let bases = element.all("BaseURL").filter_map(|base| {
        let priority = base.prefixed("priority").and_then(|text| text.trim().parse::<u32>().ok()).unwrap_or(1);
        resolve(outer, &base.text()).ok().map(|url| (priority, url))
    });
    let mut bases: Vec<(u32, Url)> = bases.take(MAX_MIRRORS).collect();
    bases.sort_by_key(|(priority, _)| *priority);
    bases.into_iter().map(|(_, url)| url).collect()
}

/// Places where the same media are, as far as elements have several bases.
pub(super) fn mirrors(mpd: &Element<'_>, base: &Url) -> Vec<Mirror> {
    let mut found = Vec::new();
    collect(mpd, base, &mut found);
    found
}

fn collect(element: &Element<'_>, outer: &Url, found: &mut Vec<Mirror>) {
    let bases = bases_of(element, outer);
    for mirror in Mirror::of_bases(&bases) {
        if found.len() < MAX_MIRRORS && !found.contains(&mirror) {
            found.push(mirror);
        }
    }
    let base = bases.first().unwrap_or(outer);
    let holders =
        element.children.iter().filter(|child| matches!(child.name, "Period" | "AdaptationSet" | "Representation"));
    holders.for_each(|child| collect(child, base, found));
}

/// Only addresses that a web server can answer, and of a length that it takes: a manifest must not reach for local files,
/// unless it is one.
pub(super) fn resolve(base: &Url, address: &str) -> Result<Url, ManifestError> {
    if address.len() > MAX_ADDRESS {
        return Err(ManifestError::BadAddress);
    }
    let url = base.join(address.trim()).map_err(|_| ManifestError::BadAddress)?;
    let usable = may_lead(base, &url) && url.as_str().len() <= MAX_ADDRESS;
    usable.then_some(url).ok_or(ManifestError::BadAddress)
}

/// `sourceURL` and `range` of an initialisation or an index.
pub(super) fn source_of(element: &Element<'_>, base: &Url) -> Result<ByteSource, ManifestError> {
    let url = element.attribute("sourceURL").map_or(Ok(base.clone()), |address| resolve(base, address))?;
    Ok(ByteSource { url, range: element.attribute("range").map(byte_range).transpose()? })
}
