//! Parts of a manifest that are in other documents (`xlink`). Pure functions of text: who fetches is not known here.

use super::base::{base_of, resolve};
use super::xml::{Element, decode, parse};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::HashMap;
use url::Url;

/// Stands for nothing: the element is to be removed.
const NOTHING: &str = "urn:mpeg:dash:resolve-to-zero:2013";
/// Documents that one manifest may consist of.
const MAX_LINKS: usize = 64;
/// Bytes that linked documents may add to a manifest in one round.
const MAX_LINKED_BYTES: usize = 4 << 20;
/// Linked documents may have links themselves: how often [`remote_links`] and [`resolve_links`] need be applied in turn.
pub const MAX_LINK_ROUNDS: usize = 4;

/// Is this element to be taken for not being there?
pub(super) fn resolves_to_zero(element: &Element<'_>) -> bool {
    element.prefixed("href").is_some_and(|href| href.trim() == NOTHING)
}

/// Addresses of the documents to be fetched before the manifest can be read, each once; at most 64. `base` is the
/// manifest's address after redirects. Links that are to be followed on request are among them: whoever plays, requests.
pub fn remote_links(text: &[u8], base: &Url) -> Vec<Url> {
    let text = decode(text);
    let mut found: Vec<Url> = Vec::new();
    for link in links(&text, base).into_iter().filter_map(|link| link.url) {
        if found.len() < MAX_LINKS && !found.contains(&link) {
            found.push(link);
        }
    }
    found
}

/// The manifest with linked elements in place of their links. `documents` are what was fetched, by address: an element
/// whose document is missing, too long or something else stays as it is, without its link.
pub fn resolve_links(text: &[u8], base: &Url, documents: &HashMap<Url, Bytes>) -> Vec<u8> {
    let text = decode(text);
    let mut spliced = String::with_capacity(text.len());
    let (mut position, mut budget) = (0, MAX_LINKED_BYTES);
    for link in links(&text, base) {
        spliced.push_str(text.get(position..link.outer.start).unwrap_or_default());
        position = link.outer.end;
        if link.is_nothing {
            continue;
        }
        let document = link.url.as_ref().and_then(|url| documents.get(url)).map(|bytes| decode(bytes));
        match document.and_then(|document| elements(document, link.name)).filter(|elements| elements.len() <= budget) {
            Some(elements) => {
                budget -= elements.len();
                spliced.push_str(&elements);
            }
            None => {
                let tag = text.get(link.tag.clone()).unwrap_or_default();
                spliced.push_str(&without_link(tag));
                spliced.push_str(text.get(link.tag.end..link.outer.end).unwrap_or_default());
            }
        }
    }
    spliced.push_str(text.get(position..).unwrap_or_default());
    spliced.into_bytes()
}

/// An element that is elsewhere.
struct Link<'t> {
    name: &'t str,
    url: Option<Url>,
    is_nothing: bool,
    tag: std::ops::Range<usize>,
    outer: std::ops::Range<usize>,
}

/// In the order of the text; none lies in another.
fn links<'t>(text: &'t str, base: &Url) -> Vec<Link<'t>> {
    let Ok(roots) = parse(text) else { return Vec::new() };
    let mut links = Vec::new();
    for mpd in roots.iter().filter(|root| root.name == "MPD") {
        let base = base_of(mpd, base);
        for period in mpd.all("Period") {
            if let Some(link) = link(period, &base) {
                links.push(link);
                continue;
            }
            let linkable = |child: &&Element<'_>| matches!(child.name, "AdaptationSet" | "EventStream");
            links.extend(period.children.iter().filter(linkable).filter_map(|child| link(child, &base)));
        }
    }
    links
}

/// Links are relative to the manifest.
fn link<'t>(element: &Element<'t>, base: &Url) -> Option<Link<'t>> {
    let href = element.prefixed("href")?.trim();
    let is_nothing = href == NOTHING;
    let url = resolve(base, href).ok();
    Some(Link { name: element.name, url, is_nothing, tag: element.tag.clone(), outer: element.outer.clone() })
}

/// The elements of a document, if they are of this name.
fn elements(document: Cow<'_, str>, name: &str) -> Option<String> {
    let roots = parse(&document).ok()?;
    if roots.is_empty() || roots.iter().any(|root| root.name != name) {
        return None;
    }
    Some(roots.iter().filter_map(|root| document.get(root.outer.clone())).collect())
}

/// A start tag whose link nobody will follow again.
fn without_link(tag: &str) -> String {
    tag.replace(":href", ":unresolved-href").replace(":actuate", ":unresolved-actuate")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MPD: &str = "<MPD xmlns:xlink='http://www.w3.org/1999/xlink'><Period id='a'/>\
        <Period id='b' xlink:href='ad?a=1&amp;b=2' xlink:actuate='onLoad'><AdaptationSet/></Period>\
        <Period id='c' xlink:href='urn:mpeg:dash:resolve-to-zero:2013'/>\
        <Period id='d'><AdaptationSet xlink:href='set.xml' xlink:actuate='onLoad'/>\
        <AdaptationSet xlink:href='later.xml'/></Period></MPD>";

    fn base() -> Url {
        "https://cdn.test/x/m.mpd".parse().unwrap()
    }

    #[test]
    fn conformance_24_linked_elements_take_the_place_of_their_links() {
        let links = remote_links(MPD.as_bytes(), &base());
        let found: Vec<&str> = links.iter().map(Url::as_str).collect();
        let expected = ["https://cdn.test/x/ad?a=1&b=2", "https://cdn.test/x/set.xml", "https://cdn.test/x/later.xml"];
        assert_eq!(found, expected);
        let ads = "\u{feff}<?xml version='1.0'?>\n<Period id='1'/><!-- --><Period id='2'/>";
        let documents = HashMap::from([(links[0].clone(), Bytes::from(ads)), (links[1].clone(), "<html/>".into())]);
        let text = String::from_utf8(resolve_links(MPD.as_bytes(), &base(), &documents)).unwrap();
        assert!(text.contains("<Period id='a'/><Period id='1'/><Period id='2'/><Period id='d'>"), "{text}");
        assert_eq!(remote_links(text.as_bytes(), &base()), []);
        assert!(text.contains("set.xml") && text.contains("unresolved-href='later.xml'"), "{text}");
    }

    #[test]
    fn conformance_24_what_cannot_be_fetched_stays_as_it_is() {
        let text = String::from_utf8(resolve_links(MPD.as_bytes(), &base(), &HashMap::new())).unwrap();
        assert!(text.contains("<Period id='b'") && text.contains("><AdaptationSet/></Period>"), "{text}");
        assert!(!text.contains("id='c'"), "{text}");
        assert_eq!(remote_links(text.as_bytes(), &base()), []);
        assert_eq!(resolve_links(b"no xml <", &base(), &HashMap::new()), b"no xml <");
    }
}
