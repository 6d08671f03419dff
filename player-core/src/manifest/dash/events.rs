//! `EventStream`: what happens when.

use super::super::{ManifestError, TimedEvent};
use super::info::whole;
use super::periods::Place;
use super::short;
use super::time::{length, media_time, nanos};
use super::xml::Element;
use base64::Engine as _;
use bytes::Bytes;

/// Events of one presentation: a mark every ten seconds of a day.
const MAX_EVENTS: usize = 10_000;

/// Adds the events of a period that touch it.
pub(super) fn collect(period: &Element<'_>, place: &Place, events: &mut Vec<TimedEvent>) -> Result<(), ManifestError> {
    for stream in period.all("EventStream") {
        // An event that cannot be read is no reason not to play.
        let number = |element: &Element<'_>, name: &str| element.attribute(name).and_then(|text| whole(text).ok());
        let timescale = number(stream, "timescale").unwrap_or(1);
        let offset = i128::from(number(stream, "presentationTimeOffset").unwrap_or(0));
        let of_stream = |name: &str| short(stream.attribute(name).unwrap_or_default());
        for event in stream.all("Event") {
            let time = i128::from(number(event, "presentationTime").unwrap_or(0));
            let start = place.start + nanos(time - offset, timescale);
            let duration = number(event, "duration").map(|duration| nanos(duration, timescale));
            let is_over = start + duration.unwrap_or(0) < place.start;
            if is_over || place.end.is_some_and(|end| start >= end) {
                continue;
            }
            if events.len() >= MAX_EVENTS {
                return Err(ManifestError::LimitExceeded { what: "events", max: MAX_EVENTS });
            }
            events.push(TimedEvent {
                scheme: of_stream("schemeIdUri"),
                value: of_stream("value"),
                id: event.attribute("id").unwrap_or_default().to_owned(),
                start: media_time(start),
                duration: duration.map(length),
                payload: payload(event),
            });
        }
    }
    Ok(())
}

/// What is in an event: elements as they are written, else its text, else the attribute that older manifests use.
fn payload(event: &Element<'_>) -> Bytes {
    if !event.children.is_empty() {
        return Bytes::copy_from_slice(event.inner.trim().as_bytes());
    }
    let text = Some(event.text()).filter(|text| !text.is_empty());
    let text = text.or_else(|| event.attribute("messageData").map(str::to_owned)).unwrap_or_default();
    if event.attribute("contentEncoding") == Some("base64") {
        let packed: String = text.split_ascii_whitespace().collect();
        if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) {
            return bytes.into();
        }
    }
    text.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::super::time::SECOND;
    use super::super::xml::parse;
    use super::*;
    use abr::MediaTime;
    use std::time::Duration;

    #[test]
    fn conformance_29_events_count_from_their_offset() {
        let text = "<Period><EventStream schemeIdUri='urn:scte:scte35:2014:xml+bin' value='v' timescale='1000' \
            presentationTimeOffset='5000'><Event presentationTime='7500' duration='500' id='1'>\
            <scte35:Signal><scte35:Binary>/DA=</scte35:Binary></scte35:Signal></Event>\
            <Event presentationTime='5000' id='2' contentEncoding='base64'> aGk= </Event>\
            <Event presentationTime='5000' messageData='old'/>\
            <Event presentationTime='1000' id='over'/><Event presentationTime='99000' id='late'/></EventStream></Period>";
        let roots = parse(text).unwrap();
        let place = Place { epoch: 1, start: 10 * SECOND, end: Some(20 * SECOND), last: false, edge: None };
        let mut events = Vec::new();
        collect(&roots[0], &place, &mut events).unwrap();
        assert_eq!(events.len(), 3);
        assert_eq!(events[0].start, MediaTime::from_millis(12_500));
        assert_eq!(events[0].duration, Some(Duration::from_millis(500)));
        assert_eq!(events[0].payload, "<scte35:Signal><scte35:Binary>/DA=</scte35:Binary></scte35:Signal>");
        assert_eq!((&events[1].payload[..], &events[2].payload[..]), (&b"hi"[..], &b"old"[..]));
    }
}
