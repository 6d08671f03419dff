//! Descriptors: what must be understood, what is good to know.

use super::super::DynamicRange;
use super::xml::Element;

const TRICK_MODE: &str = "http://dashif.org/guidelines/trickmode";
const THUMBNAILS: [&str; 2] = ["http://dashif.org/guidelines/thumbnail_tile", "http://dashif.org/thumbnail_tile"];
const ROLE: &str = "urn:mpeg:dash:role:2011";
const TRANSFER: &str = "urn:mpeg:mpegB:cicp:TransferCharacteristics";
/// A picture is what it is, however these are spelt: decoders read them from the stream.
const COLOUR: [&str; 3] = [
    "urn:mpeg:mpegB:cicp:ColourPrimaries",
    "urn:mpeg:mpegB:cicp:MatrixCoefficients",
    "urn:mpeg:mpegB:cicp:VideoFullRangeFlag",
];
const SWITCHING: &str = "urn:mpeg:dash:adaptation-set-switching:2016";
const REGION: &str = "urn:mpeg:dash:srd:2014";
const CONTINUITY: [&str; 2] = ["urn:mpeg:dash:period-continuity:2015", "urn:mpeg:dash:period-connectivity:2015"];
/// Pictures in a grid larger than this are none.
const MAX_TILES: u32 = 64;
/// Periods that one set says it continues; each is looked for among all.
const MAX_CONTINUED: usize = 64;

/// What essential properties make of an element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Essentials {
    /// Key frames for fast winding.
    pub(super) trick_mode: bool,
    /// Columns and rows of small pictures.
    pub(super) tiles: Option<(u32, u32)>,
}

/// Reads them; the scheme of the first that is not understood is the error: the element must not be used.
pub(super) fn essentials(holders: &[&Element<'_>]) -> Result<Essentials, String> {
    let mut found = Essentials::default();
    for property in holders.iter().flat_map(|holder| holder.all("EssentialProperty")) {
        let (scheme, value) = scheme_and_value(property);
        match scheme {
            TRICK_MODE => found.trick_mode = true,
            scheme if THUMBNAILS.contains(&scheme) => {
                found.tiles = Some(tiles(value).ok_or_else(|| format!("{scheme} {value}"))?);
            }
            TRANSFER | SWITCHING => {}
            scheme if super::query::SCHEMES.contains(&scheme) => {}
            scheme if COLOUR.contains(&scheme) => {}
            REGION if is_whole_picture(value) => {}
            _ => return Err(format!("{scheme} {value}").trim().to_owned()),
        }
    }
    Ok(found)
}

fn scheme_and_value<'e>(element: &'e Element<'_>) -> (&'e str, &'e str) {
    let scheme = element.attribute("schemeIdUri").unwrap_or_default().trim();
    (scheme, element.attribute("value").unwrap_or_default().trim())
}

/// `columns x rows`.
fn tiles(value: &str) -> Option<(u32, u32)> {
    let (columns, rows) = value.split_once(['x', 'X'])?;
    let count = |text: &str| text.trim().parse().ok().filter(|count| (1..=MAX_TILES).contains(count));
    Some((count(columns)?, count(rows)?))
}

/// `source, x, y, width, height, total width, total height`: is it all of the picture?
fn is_whole_picture(value: &str) -> bool {
    let numbers: Option<Vec<u32>> = value.split(',').map(|number| number.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([_, 0, 0, _, _]) => true,
        Some([_, 0, 0, width, height, total_width, total_height, ..]) => (width, height) == (total_width, total_height),
        _ => false,
    }
}

/// Roles and accessibility as they are written; other schemes than the standard's own are named.
pub(super) fn roles(holder: &Element<'_>) -> Vec<String> {
    let descriptors = holder.children.iter().filter(|child| matches!(child.name, "Role" | "Accessibility"));
    let mut roles: Vec<String> = descriptors
        .map(scheme_and_value)
        .map(|(scheme, value)| if scheme == ROLE { value.to_owned() } else { format!("{scheme} {value}") })
        .collect();
    roles.dedup();
    roles
}

/// Periods of which this set is the continuation.
pub(super) fn continues(set: &Element<'_>) -> Vec<String> {
    let properties = set.all("SupplementalProperty").map(scheme_and_value);
    let continued = properties.filter(|(scheme, _)| CONTINUITY.contains(scheme)).map(|(_, value)| value.to_owned());
    continued.take(MAX_CONTINUED).collect()
}

/// By the transfer characteristics of ISO/IEC 23091-2. Backward compatible HLG names 18 in a supplemental property.
pub(super) fn dynamic_range(holders: &[&Element<'_>]) -> DynamicRange {
    let properties = holders.iter().flat_map(|holder| holder.children.iter());
    let properties = properties.filter(|child| matches!(child.name, "EssentialProperty" | "SupplementalProperty"));
    let transfers = properties.map(scheme_and_value).filter(|(scheme, _)| *scheme == TRANSFER);
    let mut ranges = transfers.filter_map(|(_, value)| match value {
        "16" => Some(DynamicRange::Pq),
        "18" => Some(DynamicRange::Hlg),
        _ => None,
    });
    ranges.next_back().unwrap_or_default()
}

/// How many channels a sound has; zero where nobody says.
pub(super) fn channels(holders: &[&Element<'_>]) -> u16 {
    let mut configurations = holders.iter().flat_map(|holder| holder.all("AudioChannelConfiguration"));
    configurations.find_map(|configuration| channels_of(scheme_and_value(configuration))).unwrap_or(0)
}

fn channels_of((scheme, value): (&str, &str)) -> Option<u16> {
    match scheme {
        "urn:mpeg:dash:23003:3:audio_channel_configuration:2011" => value.parse().ok(),
        "urn:mpeg:mpegB:cicp:ChannelConfiguration" => {
            // Table of ISO/IEC 23091-3.
            const CHANNELS: [u16; 21] = [0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14];
            value.parse::<usize>().ok().and_then(|index| CHANNELS.get(index).copied())
        }
        scheme if scheme.starts_with("tag:dolby.com,2014:") || scheme.starts_with("urn:dolby:dash:") => {
            // One bit per loudspeaker; some bits stand for pairs.
            const PAIRS: u16 = 0b0000_0110_0111_0100;
            let bits = u16::from_str_radix(value, 16).ok()?;
            Some((bits.count_ones() + (bits & PAIRS).count_ones()) as u16)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn essentials_of(properties: &str) -> Result<Essentials, String> {
        let text = format!("<AdaptationSet>{properties}</AdaptationSet>");
        essentials(&[&parse(&text).unwrap()[0]])
    }

    #[test]
    fn conformance_27_unknown_essential_properties_are_errors_and_unknown_others_are_not() {
        let known = "<EssentialProperty schemeIdUri='urn:mpeg:dash:srd:2014' value='0,0,0,1,1,1,1'/>\
            <EssentialProperty schemeIdUri='urn:mpeg:mpegB:cicp:TransferCharacteristics' value='16'/>\
            <SupplementalProperty schemeIdUri='urn:x' value='1'/>";
        assert_eq!(essentials_of(known), Ok(Essentials::default()));
        assert_eq!(essentials_of("<EssentialProperty schemeIdUri='urn:x' value='1'/>"), Err("urn:x 1".into()));
        let part = "<EssentialProperty schemeIdUri='urn:mpeg:dash:srd:2014' value='0,0,0,1,1,2,2'/>";
        assert!(essentials_of(part).is_err());
        let tiles = "<EssentialProperty schemeIdUri='http://dashif.org/guidelines/thumbnail_tile' value='10x4'/>";
        assert_eq!(essentials_of(tiles).unwrap().tiles, Some((10, 4)));
        assert!(essentials_of(&tiles.replace("10x4", "0x4")).is_err());
        let trick = "<EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='1'/>";
        assert!(essentials_of(trick).unwrap().trick_mode);
    }

    #[test]
    fn loudspeakers_are_counted() {
        let scheme = "tag:dolby.com,2014:dash:audio_channel_configuration:2011";
        assert_eq!(channels_of((scheme, "F801")), Some(6));
        assert_eq!(channels_of((scheme, "fa01")), Some(8));
        assert_eq!(channels_of(("urn:mpeg:mpegB:cicp:ChannelConfiguration", "7")), Some(8));
        assert_eq!(channels_of(("urn:x", "7")), None);
    }

    #[test]
    fn bright_pictures_are_told_by_their_transfer() {
        let of = |value: &str| {
            let text = format!(
                "<a><SupplementalProperty schemeIdUri='{TRANSFER}' value='{value}'/><EssentialProperty schemeIdUri='{TRANSFER}' value='14'/></a>"
            );
            dynamic_range(&[&parse(&text).unwrap()[0]])
        };
        assert_eq!((of("16"), of("18"), of("1")), (DynamicRange::Pq, DynamicRange::Hlg, DynamicRange::Sdr));
    }
}
