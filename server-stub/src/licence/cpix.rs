//! CPIX 2.3 (DASH-IF): content keys on their way between a key server and an encryptor.
//!
//! Read with limits on size, depth and counts; a document type declaration is refused before anything in it is looked
//! at, so there are no entities to expand. Values are plain: the documents travel in files for their owner alone, or
//! over SPEKE, whose transport is protected. What is encrypted for a recipient's certificate is refused with a reason.

use super::key_store::quality_text;
use crate::gateway::markup::escape;
use base64::{Engine, engine::general_purpose::STANDARD};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use service_api::{TitleId, playback::Quality};
use std::fmt::{self, Write};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Largest document, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Elements inside each other. The format has ten.
const MAX_DEPTH: usize = 24;
/// Attributes of one element.
const MAX_ATTRIBUTES: usize = 32;
/// Keys in one document.
pub(crate) const MAX_KEYS: usize = 128;
/// Largest picture of each class, in pixels.
const SD_PIXELS: u64 = 768 * 576;
const HD_PIXELS: u64 = 1_920 * 1_080;

/// Keys of one title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cpix {
    pub(crate) content_id: Option<TitleId>,
    pub(crate) keys: Vec<CpixKey>,
}

/// One of them; in a request the key itself is absent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CpixKey {
    pub(crate) kid: [u8; 16],
    pub(crate) key: Option<Zeroizing<[u8; 16]>>,
    pub(crate) quality: Quality,
    pub(crate) scheme: Option<String>,
}

impl fmt::Debug for CpixKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kid = Uuid::from_bytes(self.kid);
        f.debug_struct("CpixKey").field("kid", &kid).field("quality", &self.quality).finish_non_exhaustive()
    }
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CpixError {
    #[error("the document is larger than a mebibyte, deeper than 24 elements, or has more than 128 keys")]
    TooLarge,
    #[error("the document has a document type declaration or entities of its own")]
    Entities,
    #[error("the document is not well-formed XML, at byte {0}")]
    Xml(u64),
    #[error("the root element is not CPIX")]
    NotCpix,
    #[error("a ContentKey needs a kid that is a UUID")]
    Kid,
    #[error("a PlainValue must be 16 bytes in base64")]
    Value,
    #[error("values that are encrypted for a certificate are not supported; send PlainValue over a protected channel")]
    Encrypted,
    #[error("key id {0} is there twice")]
    Twice(Uuid),
    #[error("a usage rule names a key id that is not in the document")]
    Rule,
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Cpix, CpixError> {
    if text.len() > MAX_BYTES {
        return Err(CpixError::TooLarge);
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut reading = Reading::default();
    loop {
        let event = reader.read_event().map_err(|_| CpixError::Xml(reader.error_position()))?;
        match event {
            Event::Start(element) => reading.begin(&element)?,
            Event::End(_) => reading.end(),
            Event::Text(text) => {
                let text = std::str::from_utf8(&text).map_err(|_| CpixError::Xml(reader.buffer_position()))?;
                reading.text(text)?;
            }
            Event::GeneralRef(_) | Event::DocType(_) => return Err(CpixError::Entities),
            Event::CData(_) | Event::PI(_) => return Err(CpixError::Xml(reader.buffer_position())),
            Event::Eof if reading.path.is_empty() && reading.is_cpix => return Ok(reading.cpix),
            Event::Eof => return Err(CpixError::NotCpix),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Reading {
    path: Vec<String>,
    is_cpix: bool,
    cpix: Cpix,
    /// The key that the usage rule being read is about.
    rule: Option<usize>,
}

impl Reading {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), CpixError> {
        let name = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
        if self.path.len() >= MAX_DEPTH {
            return Err(CpixError::TooLarge);
        }
        let parent = self.path.last().map(String::as_str);
        match (parent, name.as_str()) {
            (None, "CPIX") if !self.is_cpix => {
                self.is_cpix = true;
                self.cpix.content_id = attribute(element, "contentId")?.map(TitleId);
            }
            (None, _) => return Err(CpixError::NotCpix),
            (Some("ContentKeyList"), "ContentKey") => {
                if self.cpix.keys.len() >= MAX_KEYS {
                    return Err(CpixError::TooLarge);
                }
                let kid = self.kid(element)?;
                if self.cpix.keys.iter().any(|key| key.kid == kid) {
                    return Err(CpixError::Twice(Uuid::from_bytes(kid)));
                }
                let scheme = attribute(element, "commonEncryptionScheme")?;
                let scheme = scheme.filter(|scheme| matches!(scheme.as_str(), "cenc" | "cbcs" | "cens" | "cbc1"));
                self.cpix.keys.push(CpixKey { kid, key: None, quality: Quality::Any, scheme });
            }
            (_, "EncryptedValue" | "EncryptedData" | "DeliveryData") => return Err(CpixError::Encrypted),
            (Some("ContentKeyUsageRuleList"), "ContentKeyUsageRule") => {
                let kid = self.kid(element)?;
                let index = self.cpix.keys.iter().position(|key| key.kid == kid).ok_or(CpixError::Rule)?;
                self.rule = Some(index);
                let track = attribute(element, "intendedTrackType")?.unwrap_or_default();
                self.cpix.keys[index].quality = match track.to_ascii_uppercase().as_str() {
                    "SD" => Quality::Sd,
                    "HD" => Quality::Hd,
                    "UHD" | "UHD1" | "UHD2" => Quality::Uhd,
                    _ => self.cpix.keys[index].quality,
                };
            }
            (Some("ContentKeyUsageRule"), "VideoFilter") => {
                let pixels = attribute(element, "maxPixels")?.and_then(|text| text.parse::<u64>().ok());
                if let (Some(index), Some(pixels)) = (self.rule, pixels) {
                    let quality = if pixels <= SD_PIXELS {
                        Quality::Sd
                    } else if pixels <= HD_PIXELS {
                        Quality::Hd
                    } else {
                        Quality::Uhd
                    };
                    self.cpix.keys[index].quality = self.cpix.keys[index].quality.max(quality);
                }
            }
            _ => {}
        }
        self.path.push(name);
        Ok(())
    }

    fn kid(&self, element: &BytesStart<'_>) -> Result<[u8; 16], CpixError> {
        let text = attribute(element, "kid")?.ok_or(CpixError::Kid)?;
        Uuid::parse_str(&text).map(Uuid::into_bytes).map_err(|_| CpixError::Kid)
    }

    fn text(&mut self, text: &str) -> Result<(), CpixError> {
        let is_value = self.path.last().is_some_and(|name| name == "PlainValue")
            && self.path.iter().any(|name| name == "ContentKey");
        if !is_value || text.trim().is_empty() {
            return Ok(());
        }
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| CpixError::Value)?);
        let key: [u8; 16] = bytes.as_slice().try_into().map_err(|_| CpixError::Value)?;
        let last = self.cpix.keys.last_mut().ok_or(CpixError::Value)?;
        if last.key.is_some() {
            return Err(CpixError::Value);
        }
        last.key = Some(Zeroizing::new(key));
        Ok(())
    }

    fn end(&mut self) {
        if self.path.pop().as_deref() == Some("ContentKeyUsageRule") {
            self.rule = None;
        }
    }
}

/// An attribute by its local name.
fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, CpixError> {
    let mut found = None;
    for (count, attribute) in element.attributes().enumerate() {
        let attribute = attribute.map_err(|_| CpixError::Xml(0))?;
        if count >= MAX_ATTRIBUTES {
            return Err(CpixError::TooLarge);
        }
        if attribute.key.local_name().as_ref() == name.as_bytes() {
            let text = std::str::from_utf8(&attribute.value).map_err(|_| CpixError::Xml(0))?;
            // None of the values that are read has a character that would need one.
            if text.contains('&') {
                return Err(CpixError::Entities);
            }
            found = Some(text.to_owned());
        }
    }
    Ok(found)
}

/// Writes a document, with a rule for every key that is not for everything.
pub(crate) fn write(cpix: &Cpix) -> Zeroizing<String> {
    // Room for all of it: a buffer that grows leaves copies of keys behind.
    let mut text = Zeroizing::new(String::with_capacity(512 + cpix.keys.len() * 640));
    let mut put = |part: fmt::Arguments<'_>| text.write_fmt(part).expect("writing to a string cannot fail");
    put(format_args!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<cpix:CPIX xmlns:cpix=\"urn:dashif:org:cpix\" \
         xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\" version=\"2.3\""
    ));
    if let Some(id) = &cpix.content_id {
        put(format_args!(" contentId=\"{}\"", escape(id.as_str())));
    }
    put(format_args!(">\n  <cpix:ContentKeyList>\n"));
    for key in &cpix.keys {
        put(format_args!("    <cpix:ContentKey kid=\"{}\"", Uuid::from_bytes(key.kid)));
        if let Some(scheme) = &key.scheme {
            put(format_args!(" commonEncryptionScheme=\"{scheme}\""));
        }
        put(format_args!(">"));
        if let Some(value) = &key.key {
            let value = Zeroizing::new(STANDARD.encode(value.as_slice()));
            put(format_args!(
                "<cpix:Data><pskc:Secret><pskc:PlainValue>{}</pskc:PlainValue></pskc:Secret></cpix:Data>",
                value.as_str()
            ));
        }
        put(format_args!("</cpix:ContentKey>\n"));
    }
    put(format_args!("  </cpix:ContentKeyList>\n"));
    let rules: Vec<_> = cpix.keys.iter().filter(|key| key.quality != Quality::Any).collect();
    if !rules.is_empty() {
        put(format_args!("  <cpix:ContentKeyUsageRuleList>\n"));
        for key in rules {
            put(format_args!(
                "    <cpix:ContentKeyUsageRule kid=\"{}\" intendedTrackType=\"{}\"/>\n",
                Uuid::from_bytes(key.kid),
                quality_text(key.quality).to_uppercase()
            ));
        }
        put(format_args!("  </cpix:ContentKeyUsageRuleList>\n"));
    }
    put(format_args!("</cpix:CPIX>\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn sample() -> Cpix {
        let key = |number: u8, quality, value: bool| CpixKey {
            kid: [number; 16],
            key: value.then(|| Zeroizing::new([number + 100; 16])),
            quality,
            scheme: Some("cenc".to_owned()),
        };
        Cpix {
            content_id: Some(TitleId::from("the-long-tide")),
            keys: vec![
                key(1, Quality::Any, true),
                key(2, Quality::Sd, true),
                key(3, Quality::Hd, true),
                key(4, Quality::Uhd, false),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = write(&sample());
        assert_eq!(parse(&text).unwrap(), sample());
        assert!(!format!("{:?}", sample()).contains("101, 101"), "no key in Debug");
    }

    #[test]
    fn rules_by_pixels_and_other_prefixes_are_understood() {
        let kid = Uuid::from_bytes([1; 16]);
        let text = format!(
            r#"<CPIX xmlns="urn:dashif:org:cpix" xmlns:k="urn:ietf:params:xml:ns:keyprov:pskc" contentId="x">
            <ContentKeyList><ContentKey kid="{kid}"><Data><k:Secret><k:PlainValue>
            {}
            </k:PlainValue></k:Secret></Data></ContentKey></ContentKeyList>
            <ContentKeyUsageRuleList><ContentKeyUsageRule kid="{kid}"><VideoFilter maxPixels="2073600"/>
            </ContentKeyUsageRule></ContentKeyUsageRuleList></CPIX>"#,
            STANDARD.encode([9; 16])
        );
        let cpix = parse(&text).unwrap();
        assert_eq!(cpix.keys[0].quality, Quality::Hd);
        assert_eq!(cpix.keys[0].key.as_deref(), Some(&[9; 16]));
    }

    #[test]
    fn l15_entities_bombs_and_nonsense_are_refused_quickly() {
        let key = |inner: &str| format!("<CPIX><ContentKeyList>{inner}</ContentKeyList></CPIX>");
        let kid = Uuid::from_bytes([1; 16]);
        let many: String = (0..=MAX_KEYS).map(|_| format!("<ContentKey kid=\"{}\"/>", Uuid::now_v7())).collect();
        let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"\"")).collect();
        let table = [
            (String::new(), CpixError::NotCpix),
            ("<x/>".to_owned(), CpixError::NotCpix),
            ("<CPIX>".to_owned(), CpixError::NotCpix),
            ("<CPIX/><CPIX/>".to_owned(), CpixError::NotCpix),
            (r#"<!DOCTYPE x [<!ENTITY a "b">]><CPIX/>"#.to_owned(), CpixError::Entities),
            (r#"<!DOCTYPE x SYSTEM "file:///etc/hosts"><CPIX/>"#.to_owned(), CpixError::Entities),
            ("<CPIX>&a;</CPIX>".to_owned(), CpixError::Entities),
            ("<CPIX contentId=\"&amp;\"/>".to_owned(), CpixError::Entities),
            ("<a>".repeat(100_000), CpixError::NotCpix),
            (format!("<CPIX>{}", "<a>".repeat(100_000)), CpixError::TooLarge),
            (" ".repeat(MAX_BYTES + 1), CpixError::TooLarge),
            (key(&many), CpixError::TooLarge),
            (format!("<CPIX{attributes}/>"), CpixError::TooLarge),
            (key("<ContentKey/>"), CpixError::Kid),
            (key("<ContentKey kid=\"1\"/>"), CpixError::Kid),
            (key(&format!("<ContentKey kid=\"{kid}\"/><ContentKey kid=\"{kid}\"/>")), CpixError::Twice(kid)),
            (key(&format!("<ContentKey kid=\"{kid}\"><PlainValue>AAAA</PlainValue></ContentKey>")), CpixError::Value),
            (key(&format!("<ContentKey kid=\"{kid}\"><EncryptedValue/></ContentKey>")), CpixError::Encrypted),
        ];
        for (text, expected) in table {
            let begun = Instant::now();
            assert_eq!(parse(&text).unwrap_err(), expected, "{}", &text[..text.len().min(60)]);
            assert!(begun.elapsed() < Duration::from_secs(2));
        }
        let rule = format!(
            "<CPIX><ContentKeyUsageRuleList><ContentKeyUsageRule kid=\"{kid}\"/></ContentKeyUsageRuleList></CPIX>"
        );
        assert_eq!(parse(&rule).unwrap_err(), CpixError::Rule);
        assert!(matches!(parse("<CPIX></b>"), Err(CpixError::Xml(_))));
    }
}
