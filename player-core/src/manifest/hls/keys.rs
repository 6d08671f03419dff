//! `EXT-X-KEY` and `EXT-X-SESSION-KEY`: what segments are encrypted with, and whether this player takes it.

use super::attributes::Attributes;
use super::{data_url, number, resolve};
use crate::drm::{InitData, InitDataType, KeyId, SystemId, SystemOffer, pssh};
use crate::manifest::{CipherMethod, ManifestError, Protection, SegmentCipher};
use url::Url;

/// The key itself is behind the address. Also what is meant where no format is given.
const IDENTITY: &str = "identity";
/// Formats that are offered at one time.
const MAX_FORMATS: usize = 32;
/// Key id lists longer than this are not from this world.
const MAX_KEY_IDS: usize = 64;
/// Longest address of FairPlay Streaming that is kept, in bytes.
const MAX_SKD: usize = 4_096;
/// Longest name that is repeated to people.
const MAX_NAME: usize = 64;

/// Key tags that apply to what follows: one per format, all at the same time.
#[derive(Debug, Default)]
pub(super) struct ActiveKeys {
    tags: Vec<KeyTag>,
}

#[derive(Debug)]
struct KeyTag {
    format: String,
    /// As written, to see repetition.
    list: String,
    offer: Result<Offer, ManifestError>,
}

/// What one tag says.
#[derive(Clone, Debug)]
enum Offer {
    /// `AES-128` or `AES-256`.
    Whole(RawKey),
    /// `SAMPLE-AES`: Apple's own scheme in MPEG-TS and packed audio, Common Encryption in ISO media.
    Samples(RawKey),
    /// `SAMPLE-AES-CTR`, of ISO media only.
    SamplesCtr(RawKey),
    Licence(Protection),
    /// A vendor's licence; the rest of it is Common Encryption in ISO media.
    Vendor(SystemId, Protection),
}

/// A key that is behind an address, with its IV if there is one.
#[derive(Clone, Debug)]
pub(super) struct RawKey {
    url: Url,
    /// The number, and of how many digits.
    iv: Option<(u128, usize)>,
}

/// What applies to a segment or an initialisation.
#[derive(Clone, Debug, Default)]
pub(super) struct Applied {
    /// What the container does not say itself.
    pub(super) cipher: Option<(CipherMethod, RawKey)>,
    /// What the container will say more of.
    pub(super) protections: Vec<Protection>,
}

impl ActiveKeys {
    /// Takes an `EXT-X-KEY`. Returns whether anything has changed.
    ///
    /// `list` is the tag's value as written. A tag that cannot be taken is no error here: another may offer the same.
    pub(super) fn add(&mut self, list: &str, attributes: &Attributes<'_>, base: &Url) -> Result<bool, ManifestError> {
        if method(attributes) == "NONE" {
            let had = !self.tags.is_empty();
            self.tags.clear();
            return Ok(had);
        }
        let format = format(attributes);
        let known = self.tags.iter().position(|tag| tag.format == format);
        if known.is_some_and(|known| self.tags[known].list == list) {
            return Ok(false);
        }
        let tag = KeyTag { offer: offer(attributes, &format, base), format, list: list.to_owned() };
        match known {
            Some(known) => self.tags[known] = tag,
            None if self.tags.len() < MAX_FORMATS => self.tags.push(tag),
            None => return Err(ManifestError::LimitExceeded { what: "key formats", max: MAX_FORMATS }),
        }
        Ok(true)
    }

    /// What applies now to ISO media (`boxes`) or to anything else.
    ///
    /// # Errors
    /// The first tag's, if there are tags and none can be taken.
    pub(super) fn applied(&self, boxes: bool) -> Result<Applied, ManifestError> {
        let mut applied = Applied::default();
        let mut refusal = None;
        for tag in &self.tags {
            let refused = match tag.offer.clone() {
                Ok(Offer::Whole(key)) => {
                    applied.cipher.get_or_insert((CipherMethod::Whole, key));
                    continue;
                }
                Ok(Offer::Samples(key)) if !boxes => {
                    applied.cipher.get_or_insert((CipherMethod::Samples, key));
                    continue;
                }
                Ok(Offer::Samples(key) | Offer::SamplesCtr(key)) if boxes => {
                    applied.protections.push(Protection { key_url: Some(key.url), ..Protection::default() });
                    continue;
                }
                Ok(Offer::Licence(protection)) => {
                    applied.protections.push(protection);
                    continue;
                }
                Ok(Offer::Vendor(_, protection)) if boxes => {
                    applied.protections.push(protection);
                    continue;
                }
                Ok(Offer::Vendor(system, _)) => ManifestError::Protection(system.to_string()),
                Ok(Offer::Samples(_) | Offer::SamplesCtr(_)) => {
                    ManifestError::Protection("SAMPLE-AES-CTR outside ISO media".to_owned())
                }
                Err(error) => error,
            };
            refusal.get_or_insert(refused);
        }
        if applied.cipher.is_some() || applied.protections.iter().any(|protection| protection.key_url.is_some()) {
            // Nobody has to be asked.
            applied
                .protections
                .iter_mut()
                .filter(|offer| !offer.systems.is_empty())
                .for_each(|offer| offer.key_ids.clear());
        }
        match refusal {
            Some(refusal) if applied.cipher.is_none() && applied.protections.is_empty() => Err(refusal),
            _ => Ok(applied),
        }
    }
}

/// What an `EXT-X-SESSION-KEY` announces, if it can be read. The addresses of raw keys are named too, so that they can be
/// fetched early.
pub(super) fn announced(attributes: &Attributes<'_>, base: &Url) -> Option<Protection> {
    match offer(attributes, &format(attributes), base).ok()? {
        Offer::Licence(protection) => Some(protection),
        // Whether they are needed, and for what, is for the media to say.
        Offer::Vendor(_, protection) => Some(Protection { key_ids: Vec::new(), ..protection }),
        Offer::Whole(key) | Offer::Samples(key) | Offer::SamplesCtr(key) => {
            Some(Protection { key_url: Some(key.url), ..Protection::default() })
        }
    }
}

/// Does a format in an `ALLOWED-CPC` list concern this player?
pub(super) fn takes_format(format: &str) -> bool {
    let format = format.trim().to_ascii_lowercase();
    format == IDENTITY || is_clear_key(&SystemId::from_format(&format))
}

/// Both ways to announce W3C Clear Key.
fn is_clear_key(system: &SystemId) -> bool {
    matches!(*system, SystemId::CLEAR_KEY | SystemId::COMMON)
}

fn method(attributes: &Attributes<'_>) -> String {
    attributes.text("METHOD").unwrap_or("NONE").to_ascii_uppercase()
}

fn format(attributes: &Attributes<'_>) -> String {
    attributes.text("KEYFORMAT").unwrap_or(IDENTITY).to_ascii_lowercase()
}

fn offer(attributes: &Attributes<'_>, format: &str, base: &Url) -> Result<Offer, ManifestError> {
    let method = method(attributes);
    if !matches!(&*method, "AES-128" | "AES-256" | "SAMPLE-AES" | "SAMPLE-AES-CTR") {
        return Err(ManifestError::Protection(shortened(&method)));
    }
    if format != IDENTITY {
        let system = SystemId::from_format(format);
        let by_samples = matches!(&*method, "SAMPLE-AES" | "SAMPLE-AES-CTR");
        return match (is_clear_key(&system), by_samples) {
            (true, true) => Ok(Offer::Licence(by_licence(attributes, system, base))),
            (true, false) => Err(ManifestError::Protection(format!("{method} and a key from a Clear Key licence"))),
            (false, true) => {
                let protection = by_licence(attributes, system.clone(), base);
                Ok(Offer::Vendor(system, protection))
            }
            (false, false) => Err(ManifestError::Protection(system.to_string())),
        };
    }
    let uri = attributes.text("URI").ok_or(ManifestError::NotAPlaylist("a key without an address"))?;
    let url = resolve(base, uri).map_err(|_| ManifestError::NotAPlaylist("a key at an address that nobody answers"))?;
    let iv = match attributes.text("IV") {
        None => None,
        Some(text) => Some(number::hexadecimal(text).ok_or(ManifestError::NotAPlaylist("an IV that is no number"))?),
    };
    let key = RawKey { url, iv };
    Ok(match &*method {
        "SAMPLE-AES" => Offer::Samples(key),
        "SAMPLE-AES-CTR" => Offer::SamplesCtr(key),
        _ => Offer::Whole(key),
    })
}

/// What a system is announced with: key ids by the attribute, or from a `data:` address that holds a `pssh` box; the box
/// itself, or the address of FairPlay Streaming. An unreadable announcement is no error: the media name their keys
/// themselves.
fn by_licence(attributes: &Attributes<'_>, system: SystemId, base: &Url) -> Protection {
    let uri = attributes.text("URI").unwrap_or_default();
    let data = base.join(uri).ok().and_then(|url| data_url::decode(&url)).unwrap_or_default();
    let mut key_ids = pssh::key_ids(&data);
    let named = attributes.text("KEYID").and_then(number::hexadecimal).map(|(number, _)| KeyId(number.to_be_bytes()));
    key_ids.extend(named.filter(|id| !key_ids.contains(id)));
    key_ids.truncate(MAX_KEY_IDS);
    let announced = pssh::announcements(&data).into_iter().map(|found| found.offer);
    let own = announced.filter(|offer| offer.system == system && !is_clear_key(&system)).find_map(|offer| offer.init);
    let skd = || {
        let is_address = system == SystemId::FAIRPLAY && uri.starts_with("skd://") && uri.len() <= MAX_SKD;
        is_address.then(|| InitData { kind: InitDataType::Skd, data: uri.as_bytes().to_vec().into() })
    };
    let playready = || {
        // Its header may stand there without a box around it.
        let SystemId::Uuid(uuid) = &system else { return None };
        let bare = system == SystemId::PLAYREADY && !data.is_empty();
        let data = if bare { pssh::wrap(*uuid, &data) } else { None }?;
        Some(InitData { kind: InitDataType::Cenc, data })
    };
    let init = own.or_else(skd).or_else(playready);
    Protection { key_ids, systems: vec![SystemOffer { system, init }], ..Protection::default() }
}

fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

impl RawKey {
    /// The cipher of a segment, whose number is the IV where none is given.
    pub(super) fn cipher(&self, method: CipherMethod, sequence: u64) -> SegmentCipher {
        let (number, digits) = self.iv.unwrap_or((u128::from(sequence), 32));
        let short_iv = digits < 32;
        let iv = match method {
            CipherMethod::Samples if means_front(number, digits) => number << 64,
            _ => number,
        };
        SegmentCipher { method, key: self.url.clone(), iv: iv.to_be_bytes(), short_iv }
    }

    /// The cipher of an initialisation, which has no number.
    pub(super) fn init_cipher(&self) -> Result<SegmentCipher, ManifestError> {
        match self.iv {
            Some(_) => Ok(self.cipher(CipherMethod::Whole, 0)),
            None => Err(ManifestError::NotAPlaylist("an encrypted initialisation without an IV")),
        }
    }
}

/// Eight bytes and not the ninth: packagers that write an IV of eight bytes fill it up behind, as Common Encryption
/// does. Samples do not show which is right, as whole segments do by their beginning; but a number that was padded to
/// sixteen digits has zeros in front.
fn means_front(number: u128, digits: usize) -> bool {
    digits == 16 && number >> 56 != 0
}
