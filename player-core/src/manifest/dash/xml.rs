//! A lenient reading of XML: manifests in the field are often not well-formed, and what is meant is plain all the same.
//!
//! `quick-xml` finds tags, comments and character data. What is in a tag is read here, because these are common:
//! attributes without white space between them, prefixes that nobody declared, `&` that is not written as an entity,
//! byte order marks, UTF-16. Prefixes are not resolved: elements go by their local names.

use super::super::ManifestError;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::borrow::Cow;
use std::ops::Range;

/// Elements of one document: 100,000 lines of a timeline in each of a few representations.
const MAX_ELEMENTS: usize = 1_000_000;
/// A manifest has eight levels; events may carry documents of their own.
const MAX_DEPTH: usize = 64;
/// Attributes of one element; the longest list in the standard has about thirty.
const MAX_ATTRIBUTES: usize = 256;

/// An element and all that is in it.
#[derive(Debug, Default)]
pub(super) struct Element<'a> {
    /// Without its prefix.
    pub(super) name: &'a str,
    /// Names with their prefixes, values with entities replaced.
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    pub(super) children: Vec<Element<'a>>,
    /// What is between the tags, as written.
    pub(super) inner: &'a str,
    /// The start tag, in bytes of the text.
    pub(super) tag: Range<usize>,
    /// From the first byte of the start tag to the last of the end tag.
    pub(super) outer: Range<usize>,
}

impl<'a> Element<'a> {
    /// The attribute of this name, which has no prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value)
    }

    /// The attribute of this local name, whose prefix may be any.
    pub(super) fn prefixed(&self, name: &str) -> Option<&str> {
        let is_it = |key: &str| key.rsplit_once(':').is_some_and(|(_, local)| local == name);
        self.attributes.iter().find(|(key, _)| is_it(key)).map(|(_, value)| &**value)
    }

    /// The children of this local name.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of this local name.
    pub(super) fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// What is written in it, without comments, trimmed.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.inner;
        while let Some(at) = rest.find("<!") {
            text.push_str(&unescape(&rest[..at]));
            let (body, end, is_text) = match &rest[at..] {
                cdata if cdata.starts_with("<![CDATA[") => (at + 9, "]]>", true),
                comment if comment.starts_with("<!--") => (at + 4, "-->", false),
                _ => (at + 2, ">", false),
            };
            let length = rest[body..].find(end).unwrap_or(rest.len() - body);
            if is_text {
                text.push_str(&rest[body..body + length]);
            }
            rest = &rest[(body + length + end.len()).min(rest.len())..];
        }
        text.push_str(&unescape(rest));
        text.trim().to_owned()
    }
}

/// The text of a document whatever its encoding; without a byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |pair: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|two| pair([two[0], two[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(u16::from_le_bytes, rest)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(u16::from_be_bytes, rest)),
        [b'<', 0, ..] => Cow::Owned(utf16(u16::from_le_bytes, bytes)),
        [0, b'<', ..] => Cow::Owned(utf16(u16::from_be_bytes, bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// Reads a document: its outermost elements, of which a manifest has one and what an `xlink` leads to may have several.
pub(super) fn parse(text: &str) -> Result<Vec<Element<'_>>, ManifestError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut roots: Vec<Element<'_>> = Vec::new();
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut count = 0usize;
    loop {
        let from = position(&reader, text);
        let event = reader.read_event().map_err(|_| ManifestError::NotAPlaylist("the XML cannot be read"))?;
        let to = position(&reader, text);
        match event {
            Event::Start(_) | Event::Empty(_) => {
                count += 1;
                if count > MAX_ELEMENTS {
                    return Err(ManifestError::LimitExceeded { what: "elements", max: MAX_ELEMENTS });
                }
                if open.len() >= MAX_DEPTH {
                    return Err(ManifestError::LimitExceeded { what: "levels of elements", max: MAX_DEPTH });
                }
                let element = start_tag(text, from..to);
                if matches!(event, Event::Empty(_)) {
                    open.last_mut().map_or(&mut roots, |parent| &mut parent.children).push(element);
                } else {
                    open.push(element);
                }
            }
            Event::End(end) => {
                let name = end.local_name();
                // An end that nothing begins is skipped; ends that are missing are supplied.
                if let Some(level) = open.iter().rposition(|element| element.name.as_bytes() == name.as_ref()) {
                    while open.len() > level {
                        close(&mut open, &mut roots, text, from, to);
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut roots, text, text.len(), text.len());
    }
    Ok(roots)
}

fn position(reader: &Reader<&[u8]>, text: &str) -> usize {
    usize::try_from(reader.buffer_position()).map_or(text.len(), |position| position.min(text.len()))
}

fn close<'a>(open: &mut Vec<Element<'a>>, roots: &mut Vec<Element<'a>>, text: &'a str, from: usize, to: usize) {
    let Some(mut element) = open.pop() else { return };
    element.inner = text.get(element.tag.end..from).unwrap_or_default();
    element.outer.end = to;
    open.last_mut().map_or(roots, |parent| &mut parent.children).push(element);
}

fn start_tag(text: &str, range: Range<usize>) -> Element<'_> {
    let raw = text.get(range.clone()).unwrap_or_default();
    let body = raw.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
    let name_end = body.find(|c: char| c.is_ascii_whitespace()).unwrap_or(body.len());
    let name = &body[..name_end];
    let name = name.rsplit_once(':').map_or(name, |(_, local)| local);
    let attributes = attributes(&body[name_end..]);
    Element { name, attributes, children: Vec::new(), inner: "", tag: range.clone(), outer: range }
}

/// Names and values; what follows a value needs no white space before it.
fn attributes(body: &str) -> Vec<(&str, Cow<'_, str>)> {
    let mut found: Vec<(&str, Cow<'_, str>)> = Vec::new();
    let mut rest = body.trim_start();
    while !rest.is_empty() && found.len() < MAX_ATTRIBUTES {
        let Some(equals) = rest.find('=') else { break };
        // Words without a value before it are skipped.
        let name = rest[..equals].split_ascii_whitespace().next_back().unwrap_or_default();
        let value = rest[equals + 1..].trim_start();
        let (value, behind) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = value[1..].find(*quote as char).map_or(value.len(), |at| at + 1);
                (&value[1..end], &value[(end + 1).min(value.len())..])
            }
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        // The first of several counts.
        if !name.is_empty() && found.iter().all(|(key, _)| *key != name) {
            found.push((name, unescape(value)));
        }
        rest = behind.trim_start();
    }
    found
}

/// Replaces entities. Where an ampersand stands for itself, only those that are certain are replaced.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    quick_xml::escape::unescape(raw).unwrap_or_else(|_| Cow::Owned(raw.replace("&amp;", "&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_30_xml_that_is_not_well_formed_is_read_all_the_same() {
        let text = decode(
            b"\xef\xbb\xbf<?xml version='1.0'?><!-- <MPD> --><MPD xsi:schemaLocation=\"urn:x DASH-MPD.xsd\"bprofiles=\"full\"\n\
            type='static'a=1 a=2><undeclared:Period start = \"PT0S\"><BaseURL>a?b=1&c=2&amp;d</BaseURL><x/></Perio></MPD>",
        );
        let roots = parse(&text).unwrap();
        let mpd = &roots[0];
        assert_eq!((roots.len(), mpd.name), (1, "MPD"));
        assert_eq!(mpd.attribute("bprofiles"), Some("full"));
        assert_eq!((mpd.attribute("type"), mpd.attribute("a")), (Some("static"), Some("1")));
        assert_eq!(mpd.prefixed("schemaLocation"), Some("urn:x DASH-MPD.xsd"));
        let period = mpd.child("Period").unwrap();
        assert_eq!(period.attribute("start"), Some("PT0S"));
        assert_eq!(period.child("BaseURL").unwrap().text(), "a?b=1&c=2&d");
    }

    #[test]
    fn text_is_without_comments_and_with_what_entities_and_cdata_mean() {
        let text = "<a> x<!-- no -->&lt;<![CDATA[<&amp;>]]>y\n</a>";
        let roots = parse(text).unwrap();
        assert_eq!(roots[0].text(), "x<<&amp;>y");
        assert_eq!(&text[roots[0].outer.clone()], text);
    }

    #[test]
    fn conformance_30_utf_16_is_text_too() {
        let utf16: Vec<u8> = "\u{feff}<MPD é='ü'/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = decode(&utf16);
        assert_eq!(parse(&text).unwrap()[0].attribute("é"), Some("ü"));
    }

    #[test]
    fn documents_without_bottom_are_refused() {
        let text = "<a>".repeat(100);
        assert!(matches!(parse(&text), Err(ManifestError::LimitExceeded { .. })));
    }
}
