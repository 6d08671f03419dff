//! Captions inside the picture's samples, by the accessibility descriptors of SCTE 214-1.

use super::super::{ClosedCaptions, TrackGroup, TrackKind};
use crate::text::captions::CaptionService;

const LINE_21: &str = "urn:scte:dash:cc:cea-608:2015";
const DIGITAL: &str = "urn:scte:dash:cc:cea-708:2015";
/// Channels of a value that lists languages alone: the first of both fields, then the second ones.
const CHANNELS: [u8; 4] = [1, 3, 2, 4];

/// What the pictures of a presentation announce, each service once. The first set that names it counts.
pub(super) fn announced(tracks: &[TrackGroup]) -> Vec<ClosedCaptions> {
    let roles = tracks.iter().filter(|track| track.kind == TrackKind::Video).flat_map(|track| &track.roles);
    let mut all: Vec<ClosedCaptions> = Vec::new();
    for (scheme, value) in roles.filter_map(|role| role.split_once(' ')) {
        let services = value.split(';').enumerate().filter_map(|(place, entry)| match scheme {
            LINE_21 => line21(place, entry.trim()),
            DIGITAL => digital(place, entry.trim()),
            _ => None,
        });
        for (service, language) in services {
            if all.iter().all(|known| known.service != service) {
                let language = Some(short(language.trim()).to_owned()).filter(|tag| !tag.is_empty() && tag != "und");
                all.push(ClosedCaptions { service, language, name: service.to_string() });
            }
        }
    }
    all
}

/// `CC1=eng`, or a language alone. Without a value there is one channel, whatever its language.
fn line21(place: usize, entry: &str) -> Option<(CaptionService, &str)> {
    let Some((channel, language)) = entry.split_once('=') else {
        return Some((CaptionService::line21(*CHANNELS.get(place)?)?, entry));
    };
    let number = channel.trim().trim_start_matches("CC").parse().ok()?;
    Some((CaptionService::line21(number)?, language))
}

/// `1=lang:eng,er:1`, or a language alone.
fn digital(place: usize, entry: &str) -> Option<(CaptionService, &str)> {
    let Some((number, parameters)) = entry.split_once('=') else {
        return Some((CaptionService::digital(u8::try_from(place + 1).ok()?)?, entry));
    };
    let language = parameters.split(',').find_map(|parameter| match parameter.split_once(':') {
        Some(("lang", language)) => Some(language),
        Some(_) => None,
        // Some write the language without its key.
        None => Some(parameter),
    });
    Some((CaptionService::digital(number.trim().parse().ok()?)?, language.unwrap_or_default()))
}

/// Descriptors have the codes of ISO 639-2; BCP 47 has those of two letters wherever there is one.
fn short(language: &str) -> &str {
    const CODES: [(&str, &str); 34] = [
        ("ara", "ar"),
        ("chi", "zh"),
        ("cze", "cs"),
        ("ces", "cs"),
        ("dan", "da"),
        ("deu", "de"),
        ("dut", "nl"),
        ("ell", "el"),
        ("eng", "en"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("ger", "de"),
        ("gre", "el"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hun", "hu"),
        ("ind", "id"),
        ("ita", "it"),
        ("jpn", "ja"),
        ("kor", "ko"),
        ("nld", "nl"),
        ("nor", "no"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rum", "ro"),
        ("rus", "ru"),
        ("spa", "es"),
        ("swe", "sv"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("vie", "vi"),
        ("zho", "zh"),
    ];
    CODES.iter().find(|(long, _)| *long == language).map_or(language, |(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManifestBuilder;

    fn of(role: &str) -> Vec<(String, Option<String>)> {
        let mut tracks = ManifestBuilder::default().presentation().tracks;
        tracks[0].roles = vec!["main".into(), role.to_owned()];
        announced(&tracks).into_iter().map(|found| (found.service.to_string(), found.language)).collect()
    }

    fn service(name: &str, language: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(language.to_owned()).filter(|tag| !tag.is_empty()))
    }

    #[test]
    fn services_are_read_in_all_ways_of_writing() {
        assert_eq!(of(&format!("{LINE_21} CC1=eng;CC3=swe")), [service("CC1", "en"), service("CC3", "sv")]);
        assert_eq!(of(&format!("{LINE_21} eng;swe")), [service("CC1", "en"), service("CC3", "sv")]);
        assert_eq!(of(&format!("{LINE_21} 2=eng;2=deu")), [service("CC2", "en")]);
        assert_eq!(of(&format!("{LINE_21} ")), [service("CC1", "")]);
        let both = "1=lang:eng;2=lang:deu,war:1,er:1";
        assert_eq!(of(&format!("{DIGITAL} {both}")), [service("Service 1", "en"), service("Service 2", "de")]);
        assert_eq!(of(&format!("{DIGITAL} eng;und")), [service("Service 1", "en"), service("Service 2", "")]);
        for role in [format!("{LINE_21} CC7=eng"), format!("{DIGITAL} 64=lang:eng"), "urn:x CC1=eng".to_owned()] {
            assert_eq!(of(&role), [], "{role}");
        }
    }
}
