//! `EXT-X-DATERANGE` and `EXT-X-SESSION-DATA` as events on the presentation's timeline.

use super::attributes::Attributes;
use super::{date, number};
use crate::manifest::{ManifestError, TimedEvent};
use abr::MediaTime;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use url::Url;

/// Date ranges of one playlist. A break every minute for a week has 10,080.
const MAX_DATE_RANGES: usize = 20_000;
/// Scheme of what SCTE 35 attributes carry: the binary section.
const SCTE_35: &str = "urn:scte:scte35:2013:bin";
/// Attributes that carry such sections, and what they are events of.
const SCTE_35_ATTRIBUTES: [(&str, &str); 3] = [("SCTE35-CMD", "CMD"), ("SCTE35-OUT", "OUT"), ("SCTE35-IN", "IN")];
/// Scheme of a range without a class.
const NO_CLASS: &str = "EXT-X-DATERANGE";
/// Attributes that hold addresses.
const ADDRESSES: [&str; 3] = ["X-ASSET-URI", "X-ASSET-LIST", "URI"];

/// Date ranges, and the dates of segments to place them by.
#[derive(Debug, Default)]
pub(super) struct DateRanges {
    /// Presentation times and what the clock shows then.
    clocks: Vec<(MediaTime, i64)>,
    /// In order of appearance; a range may be told of in several tags.
    ranges: Vec<BTreeMap<String, String>>,
    by_id: HashMap<String, usize>,
}

impl DateRanges {
    /// Takes an `EXT-X-PROGRAM-DATE-TIME` of the segment that starts at `start`. Unreadable ones are ignored.
    pub(super) fn clock(&mut self, start: MediaTime, text: &str) {
        self.clocks.extend(date::parse(text).map(|date| (start, date)));
    }

    /// Takes an `EXT-X-DATERANGE`. Another tag of the same id adds to it.
    pub(super) fn add(&mut self, attributes: &Attributes<'_>, base: &Url) -> Result<(), ManifestError> {
        let Some(id) = attributes.text("ID") else { return Ok(()) };
        let position = match self.by_id.get(id) {
            Some(position) => *position,
            None if self.ranges.len() < MAX_DATE_RANGES => {
                self.by_id.insert(id.to_owned(), self.ranges.len());
                self.ranges.push(BTreeMap::new());
                self.ranges.len() - 1
            }
            None => return Err(ManifestError::LimitExceeded { what: "date ranges", max: MAX_DATE_RANGES }),
        };
        for (name, value) in written(attributes, base) {
            self.ranges[position].entry(name).or_insert(value);
        }
        Ok(())
    }

    /// Ranges that can be placed, by their start. Without any segment's date there are none.
    pub(super) fn events(mut self) -> Vec<TimedEvent> {
        self.clocks.sort_unstable_by_key(|(_, date)| *date);
        let ranges: Vec<_> = self.ranges.iter().filter_map(|range| self.place(range)).collect();
        let nexts = next_of_class(&ranges);
        let mut events: Vec<TimedEvent> = Vec::with_capacity(ranges.len());
        for (placed, next) in ranges.iter().zip(nexts) {
            let text = |name| placed.attributes.get(name).cloned();
            let duration = placed.duration.or(next.map(|next| next.duration_since(placed.start)));
            let event = |scheme: &str, value: &str, payload: Bytes| TimedEvent {
                scheme: scheme.to_owned(),
                value: value.to_owned(),
                id: text("ID").unwrap_or_default(),
                start: placed.start,
                duration,
                payload,
            };
            let sections = SCTE_35_ATTRIBUTES.into_iter().filter_map(|(name, kind)| {
                let section = number::hexadecimal_bytes(placed.attributes.get(name)?)?;
                Some(event(SCTE_35, kind, section.into()))
            });
            let known = events.len();
            events.extend(sections);
            if events.len() == known || placed.attributes.contains_key("CLASS") {
                let class = text("CLASS");
                events.push(event(class.as_deref().unwrap_or(NO_CLASS), "", json(placed.attributes)));
            }
        }
        events.sort_by_key(|event| event.start);
        events
    }

    fn place<'r>(&self, attributes: &'r BTreeMap<String, String>) -> Option<Placed<'r>> {
        let date = date::parse(attributes.get("START-DATE")?)?;
        // The last segment before it, or the first of all.
        let after = self.clocks.partition_point(|(_, shown)| *shown <= date);
        let (start, shown) = self.clocks.get(after.saturating_sub(1))?;
        let start = *start + MediaTime::from_nanos(date.saturating_sub(*shown));
        let seconds = |name| number::seconds(attributes.get(name)?);
        let end = attributes.get("END-DATE").and_then(|end| date::parse(end));
        let until_end = end.and_then(|end| u64::try_from(end.saturating_sub(date)).ok()).map(Duration::from_nanos);
        let duration = seconds("DURATION").or(until_end).or_else(|| seconds("PLANNED-DURATION"));
        Some(Placed { attributes, start, duration })
    }
}

struct Placed<'r> {
    attributes: &'r BTreeMap<String, String>,
    start: MediaTime,
    duration: Option<Duration>,
}

/// Where the next range of the same class starts, for ranges that end there.
fn next_of_class(ranges: &[Placed<'_>]) -> Vec<Option<MediaTime>> {
    let class = |position: usize| ranges[position].attributes.get("CLASS");
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|position| (class(*position), ranges[*position].start));
    let mut nexts = vec![None; ranges.len()];
    for pair in order.windows(2) {
        let ends = ranges[pair[0]].attributes.get("END-ON-NEXT").is_some_and(|value| value.eq_ignore_ascii_case("YES"));
        if ends && class(pair[0]).is_some() && class(pair[0]) == class(pair[1]) {
            nexts[pair[0]] = Some(ranges[pair[1]].start);
        }
    }
    nexts
}

/// An `EXT-X-SESSION-DATA`: from the beginning, for the whole presentation. The id is its language.
pub(super) fn session_data(attributes: &Attributes<'_>, base: &Url) -> Option<TimedEvent> {
    Some(TimedEvent {
        scheme: attributes.string("DATA-ID")?,
        value: attributes.string("VALUE").unwrap_or_default(),
        id: attributes.string("LANGUAGE").unwrap_or_default(),
        start: MediaTime::ZERO,
        duration: None,
        payload: json(&written(attributes, base).collect()),
    })
}

/// The address of an event that [`session_data`] made, where it has one that can be fetched. Files are there for sessions
/// of files alone: no other has a fetcher for them.
pub(crate) fn session_data_address(event: &TimedEvent) -> Option<Url> {
    let attributes: BTreeMap<String, String> = serde_json::from_slice(&event.payload).ok()?;
    let url: Url = attributes.get("URI")?.parse().ok()?;
    matches!(url.scheme(), "http" | "https" | "data" | "file").then_some(url)
}

/// Attributes with absolute addresses. Of an address that makes no sense the text is kept.
fn written(attributes: &Attributes<'_>, base: &Url) -> impl Iterator<Item = (String, String)> {
    attributes.iter().map(|(name, value)| {
        let absolute = ADDRESSES.contains(&name).then(|| base.join(value).ok()).flatten();
        (name.to_owned(), absolute.map_or_else(|| value.to_owned(), String::from))
    })
}

/// All attributes as one JSON object of strings.
fn json(attributes: &BTreeMap<String, String>) -> Bytes {
    serde_json::to_vec(attributes).map(Bytes::from).unwrap_or_default()
}
