//! `ContentProtection`: key ids, where licences are, and segments that are encrypted as a whole.

use super::super::{CipherMethod, ManifestError, Protection, SegmentCipher};
use super::base::resolve;
use super::info::whole;
use super::template::{Template, Values};
use super::xml::Element;
use crate::drm::{InitData, InitDataType, KeyId, SystemId, SystemOffer, pssh};
use base64::Engine as _;
use url::Url;

/// ISO/IEC 23009-4.
const SEGMENT_ENCRYPTION: &str = "urn:mpeg:dash:sea:2012";
const AES_128_CBC: &str = "urn:mpeg:dash:sea:aes128-cbc:2013";
/// Key id lists longer than this are not from this world.
const MAX_KEY_IDS: usize = 64;
/// Systems and their data in one place.
const MAX_SYSTEMS: usize = 64;

/// What the elements in `holder` announce; `None` where there are none.
pub(super) fn announced(holder: &Element<'_>, base: &Url) -> Option<Protection> {
    let (mut key_ids, mut licence_url, mut systems, mut any) = (Vec::new(), None, Vec::new(), false);
    for element in holder.all("ContentProtection") {
        any = true;
        let listed = element.prefixed("default_KID").or(element.attribute("default_KID")).unwrap_or_default();
        key_ids.extend(listed.split_ascii_whitespace().filter_map(key_id));
        let system = SystemId::from_urn(&scheme(element));
        let mut offers = Vec::new();
        for header in element.all("pssh") {
            let bytes = base64(&header.text());
            key_ids.extend(pssh::key_ids(&bytes));
            offers.extend(pssh::announcements(&bytes).into_iter().map(|announced| announced.offer));
        }
        // PlayReady's own header is what its box would hold.
        if let (Some(SystemId::Uuid(uuid)), Some(header), true) = (&system, element.child("pro"), offers.is_empty()) {
            let data = pssh::wrap(*uuid, &base64(&header.text()));
            let init = data.map(|data| InitData { kind: InitDataType::Cenc, data });
            offers.push(SystemOffer { system: SystemId::Uuid(*uuid), init });
        }
        if system == Some(SystemId::CLEAR_KEY) {
            let addresses = element.children.iter().filter(|child| child.name.eq_ignore_ascii_case("laurl"));
            licence_url = addresses.filter_map(|child| resolve(base, &child.text()).ok()).next().or(licence_url);
        }
        if offers.is_empty() {
            offers.extend(system.map(SystemOffer::of));
        }
        for offer in offers {
            if systems.len() < MAX_SYSTEMS && !systems.contains(&offer) {
                systems.push(offer);
            }
        }
    }
    let mut unique: Vec<KeyId> = Vec::new();
    for id in key_ids {
        // An id of zeros says that the media will tell.
        if id.0 != [0; 16] && unique.len() < MAX_KEY_IDS && !unique.contains(&id) {
            unique.push(id);
        }
    }
    any.then_some(Protection { key_ids: unique, licence_url, systems, ..Protection::default() })
}

/// A UUID in the order in which it is written (big-endian).
fn key_id(text: &str) -> Option<KeyId> {
    uuid::Uuid::parse_str(text).ok().map(|id| KeyId(id.into_bytes()))
}

/// The bytes that a text stands for; none if it stands for nothing.
fn base64(text: &str) -> Vec<u8> {
    let text: String = text.split_ascii_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
}

fn scheme(element: &Element<'_>) -> String {
    element.attribute("schemeIdUri").unwrap_or_default().trim().to_ascii_lowercase()
}

/// Which segments are encrypted with which key.
#[derive(Debug)]
pub(super) struct CryptoPeriods<'e>(Vec<CryptoPeriod<'e>>);

#[derive(Debug)]
struct CryptoPeriod<'e> {
    /// Position of the first segment in its period, and how many there are.
    first: u64,
    count: u64,
    key: &'e str,
    iv: Option<([u8; 16], bool)>,
}

impl<'e> CryptoPeriods<'e> {
    /// `None` where segments are not encrypted as a whole.
    pub(super) fn of(holders: &[&'e Element<'_>]) -> Result<Option<Self>, ManifestError> {
        let elements = holders.iter().flat_map(|holder| holder.children.iter());
        let is_it = |child: &&Element<'_>| child.name == "ContentProtection" && scheme(child) == SEGMENT_ENCRYPTION;
        let Some(element) = elements.into_iter().find(is_it) else { return Ok(None) };
        let system = element
            .child("SegmentEncryption")
            .and_then(|system| system.attribute("encryptionSystemUri").or_else(|| system.attribute("schemeIdUri")));
        if system.is_some_and(|system| !system.trim().eq_ignore_ascii_case(AES_128_CBC)) {
            return Err(ManifestError::Unsupported("segments encrypted otherwise than with AES-128-CBC"));
        }
        let mut periods = Vec::new();
        let mut next = 0u64;
        for period in element.all("CryptoPeriod") {
            let number = |name: &str| period.attribute(name).map(whole).transpose();
            let first = next.saturating_add(number("startOffset")?.or(number("offset")?).unwrap_or(0));
            let count = number("numSegments")?.filter(|count| *count > 0).unwrap_or(u64::MAX);
            next = first.saturating_add(count);
            let key = period.attribute("keyUriTemplate").or_else(|| period.attribute("keyUri"));
            let key = key.ok_or(ManifestError::Unsupported("encrypted segments without the address of a key"))?;
            if period.attribute("ivUriTemplate").is_some() {
                return Err(ManifestError::Unsupported("initialisation vectors behind an address"));
            }
            let iv = period.attribute("IV").map(iv).transpose()?;
            periods.push(CryptoPeriod { first, count, key, iv });
        }
        if periods.is_empty() {
            return Err(ManifestError::Unsupported("encrypted segments without a key"));
        }
        Ok(Some(Self(periods)))
    }

    /// Cipher of the segment at this position of its period; `None` if it is in the clear.
    pub(super) fn cipher(
        &self,
        position: u64,
        number: u64,
        base: &Url,
    ) -> Result<Option<SegmentCipher>, ManifestError> {
        let after = self.0.partition_point(|period| period.first <= position);
        let Some(period) = after.checked_sub(1).and_then(|index| self.0.get(index)) else { return Ok(None) };
        if position - period.first >= period.count {
            return Ok(None);
        }
        let address = Template::parse(period.key).fill(&Values { number, ..Values::default() });
        let (iv, short_iv) = period.iv.unwrap_or((u128::from(number).to_be_bytes(), false));
        let key = resolve(base, &address)?;
        Ok(Some(SegmentCipher { method: CipherMethod::Whole, key, iv, short_iv }))
    }
}

/// Digits as a number, and whether there were fewer than a whole vector has.
fn iv(text: &str) -> Result<([u8; 16], bool), ManifestError> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let number = u128::from_str_radix(digits, 16);
    let number = number.map_err(|_| ManifestError::NotAPlaylist("an initialisation vector cannot be read"))?;
    Ok((number.to_be_bytes(), digits.len() < 32))
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn base() -> Url {
        "https://cdn.test/a/b.mpd".parse().unwrap()
    }

    #[test]
    fn conformance_34_key_ids_are_big_endian_and_licences_have_addresses() {
        let text = r#"<AdaptationSet>
            <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"
                cenc:default_KID="31323334-3536-3738-3930-313233343536"/>
            <ContentProtection schemeIdUri="urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"><cenc:pssh>
                AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAExMjM0NTY3ODkwMTIzNDU2
                AAAAAA==</cenc:pssh></ContentProtection>
            <ContentProtection schemeIdUri="urn:uuid:E2719D58-A985-B3C9-781A-B030AF78D30E" value="ClearKey1.0">
                <dashif:Laurl Lic_type="EME-1.0">../licence?a=1&amp;b=2</dashif:Laurl></ContentProtection>
            </AdaptationSet>"#;
        let roots = parse(text).unwrap();
        let found = announced(&roots[0], &base()).unwrap();
        assert_eq!(found.key_ids, [KeyId(*b"1234567890123456")]);
        assert_eq!(found.licence_url.unwrap().as_str(), "https://cdn.test/licence?a=1&b=2");
        let named: Vec<_> = found.systems.iter().map(|offer| (offer.system.clone(), offer.init.is_some())).collect();
        assert_eq!(named, [(SystemId::COMMON, true), (SystemId::CLEAR_KEY, false)]);
        assert_eq!(announced(&parse("<a/>").unwrap()[0], &base()), None);
    }

    #[test]
    fn systems_come_with_what_they_ask_with() {
        let text = r#"<AdaptationSet>
            <ContentProtection schemeIdUri="urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED"><cenc:pssh>
                AAAAI3Bzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAANhYmM=</cenc:pssh></ContentProtection>
            <ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95">
                <mspr:pro>YWJj</mspr:pro></ContentProtection>
            <ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95">
                <cenc:pssh>!</cenc:pssh></ContentProtection></AdaptationSet>"#;
        let found = announced(&parse(text).unwrap()[0], &base()).unwrap();
        let data = |offer: &SystemOffer| offer.init.as_ref().map(|init| init.data[32..].to_vec());
        let found: Vec<_> = found.systems.iter().map(|offer| (offer.system.clone(), data(offer))).collect();
        let abc = || Some(b"abc".to_vec());
        assert_eq!(found, [(SystemId::WIDEVINE, abc()), (SystemId::PLAYREADY, abc()), (SystemId::PLAYREADY, None)]);
    }

    #[test]
    fn segments_encrypted_as_a_whole_have_keys_for_a_while() {
        let text = r#"<Period><ContentProtection schemeIdUri="urn:mpeg:dash:sea:2012">
            <sea:SegmentEncryption encryptionSystemUri="urn:mpeg:dash:sea:aes128-cbc:2013"/>
            <sea:CryptoPeriod numSegments="2" keyUriTemplate="k/$Number$" IV="0x0a"/>
            <sea:CryptoPeriod startOffset="1" keyUriTemplate="last"/></ContentProtection></Period>"#;
        let roots = parse(text).unwrap();
        let periods = CryptoPeriods::of(&[&roots[0]]).unwrap().unwrap();
        let cipher = |position| periods.cipher(position, position + 10, &base()).unwrap();
        let first = cipher(0).unwrap();
        assert_eq!((first.key.path(), first.iv[15], first.short_iv), ("/a/k/10", 10, true));
        assert!(cipher(2).is_none());
        let last = cipher(900).unwrap();
        assert_eq!((last.key.path(), u128::from_be_bytes(last.iv), last.short_iv), ("/a/last", 910, false));
        assert!(CryptoPeriods::of(&[&Element::default()]).unwrap().is_none());
    }
}
