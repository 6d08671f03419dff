//! A document as a tree of elements.

use super::TtmlError;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Elements of one document: a film of ten thousand cues with spans and line breaks.
const MAX_ELEMENTS: usize = 200_000;
/// Elements within each other.
const MAX_DEPTH: usize = 32;
/// Attributes of one element.
const MAX_ATTRIBUTES: usize = 64;
/// Bytes of an attribute. What is in it is inherited, referred to and read again with each element; only pictures are
/// longer.
const MAX_VALUE: usize = 4096;
/// Attributes that may hold pictures. They are read once, with their own element.
const PICTURES: [&str; 2] = ["src", "backgroundImage"];

/// An element, with names as they are without prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
}

/// What is in an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// All text directly in it.
    pub(super) fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }
}

/// Reads a document and gives its root. End tags that are missing at the end are forgiven.
pub(super) fn parse(text: &str) -> Result<Element, TtmlError> {
    let malformed = |error: quick_xml::Error| TtmlError::Xml(error.to_string());
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut open: Vec<Element> = vec![Element::default()];
    let mut count = 0;
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => {
                count += 1;
                if open.len() > MAX_DEPTH {
                    return Err(TtmlError::LimitExceeded { what: "depth", max: MAX_DEPTH });
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                count += 1;
                append(&mut open, Node::Element(element(&start)?));
            }
            Event::End(_) => close(&mut open),
            Event::Text(text) => push_text(&mut open, &text.decode().map_err(|error| malformed(error.into()))?),
            Event::CData(text) => push_text(&mut open, &text.decode().map_err(|error| malformed(error.into()))?),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten();
                let name = reference.decode().map_err(|error| malformed(error.into()))?;
                match character {
                    Some(character) => push_text(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => push_text(&mut open, entity(&name)),
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if count > MAX_ELEMENTS {
            return Err(TtmlError::LimitExceeded { what: "elements", max: MAX_ELEMENTS });
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    let root = open.pop().and_then(|document| {
        document.children.into_iter().find_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    });
    root.filter(|root| root.name == "tt").ok_or(TtmlError::NotTtml)
}

fn append(open: &mut [Element], node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

fn close(open: &mut Vec<Element>) {
    // The first is the document itself.
    if open.len() > 1
        && let Some(element) = open.pop()
    {
        append(open, Node::Element(element));
    }
}

fn push_text(open: &mut [Element], text: &str) {
    match open.last_mut().and_then(|parent| parent.children.last_mut()) {
        Some(Node::Text(before)) => before.push_str(text),
        _ => append(open, Node::Text(text.to_owned())),
    }
}

/// Other entities are defined in document types, which we do not read.
fn entity(name: &str) -> &'static str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{a0}",
        _ => "",
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, TtmlError> {
    let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        // One that cannot be read ends the list: those before it count.
        let Ok(attribute) = attribute else { break };
        if attributes.len() == MAX_ATTRIBUTES {
            return Err(TtmlError::LimitExceeded { what: "attributes", max: MAX_ATTRIBUTES });
        }
        let raw = String::from_utf8_lossy(&attribute.value);
        let value = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.to_string(), |value| value.into_owned());
        let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
        if value.len() <= MAX_VALUE || PICTURES.contains(&name.as_str()) {
            attributes.push((name, value));
        }
    }
    Ok(Element { name, attributes, children: Vec::new() })
}
