//! WebVTT in samples (`wvtt`, ISO/IEC 14496-30): the sample's time is the cue's time, an empty sample is a gap.

use super::webvtt::{Regions, StyleSheet, WebVttError, settings, styled};
use super::{Cue, merge_touching};
use crate::container::Sample;

/// Cues of one segment.
const MAX_CUES: usize = 20_000;

/// All cues of a run of samples; a cue that several samples have is one. `header` is that of the track, with its styles.
pub(super) fn cues(header: &[u8], samples: &[Sample]) -> Result<Vec<Cue>, WebVttError> {
    let header = String::from_utf8_lossy(header).replace("\r\n", "\n");
    let (regions, styles) = (Regions::of_header(&header), StyleSheet::of_header(&header));
    let mut cues = Vec::new();
    for sample in samples {
        // `vtte` says that nothing is to be seen, `vtta` is a comment.
        for (kind, payload) in boxes(&sample.data) {
            if &kind != b"vttc" {
                continue;
            }
            if cues.len() == MAX_CUES {
                return Err(WebVttError::TooManyCues);
            }
            let (mut id, mut words, mut text) = (String::new(), String::new(), String::new());
            for (kind, payload) in boxes(payload) {
                let value = || String::from_utf8_lossy(payload).trim_end_matches('\0').to_owned();
                match &kind {
                    b"iden" => id = value(),
                    b"sttg" => words = value(),
                    b"payl" => text = value(),
                    _ => {}
                }
            }
            let cue = Cue { start: sample.pts, end: sample.pts + sample.duration, ..Cue::default() };
            let cue = Cue { settings: settings(&words, &regions), ..cue }.with_spans(styled(&text, &id, &styles));
            if !cue.lines.is_empty() && cue.start < cue.end {
                cues.push(cue);
            }
        }
    }
    Ok(merge_touching(cues))
}

/// Boxes of a sample, up to the first that does not fit.
fn boxes(data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (size, after) = rest.split_first_chunk::<4>()?;
        let (kind, _) = after.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        let payload = rest.get(8..size)?;
        rest = &rest[size..];
        Some((*kind, payload))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::MediaTime;
    use bytes::Bytes;
    use std::time::Duration;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    }

    fn sample(start: i64, millis: u64, data: Vec<u8>) -> Sample {
        let pts = MediaTime::from_millis(start);
        let duration = Duration::from_millis(millis);
        Sample { pts, dts: pts, duration, keyframe: true, hidden: false, data: Bytes::from(data), protection: None }
    }

    fn vttc(text: &str, settings: &str) -> Vec<u8> {
        boxed(
            b"vttc",
            &[boxed(b"iden", b"1"), boxed(b"sttg", settings.as_bytes()), boxed(b"payl", text.as_bytes())].concat(),
        )
    }

    #[test]
    fn conformance_28_samples_give_the_times_and_empty_ones_are_gaps() {
        let samples = [
            sample(10_000, 1_000, boxed(b"vtte", b"")),
            sample(11_000, 1_000, vttc("a", "align:left")),
            sample(12_000, 1_000, [vttc("a", "align:left"), vttc("<i>b</i>", "")].concat()),
            sample(13_000, 1_000, Vec::new()),
        ];
        let cues = cues(b"WEBVTT", &samples).unwrap();
        let seen: Vec<_> = cues.iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.text())).collect();
        assert_eq!(seen, [(11_000, 13_000, "a".into()), (12_000, 13_000, "b".into())]);
        assert_eq!(cues[0].settings.align, crate::text::TextAlign::Left);
        assert!(cues[1].spans[0][0].style.italic);
    }

    #[test]
    fn conformance_28_styles_and_regions_of_the_header_reach_the_cues() {
        let header = b"WEBVTT\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nREGION\r\nid:r\r\nwidth:50%\r\n";
        let cues = cues(header, &[sample(0, 1_000, vttc("a", "region:r"))]).unwrap();
        assert!(cues[0].spans[0][0].style.colour.is_some() && cues[0].settings.region.is_some());
    }

    proptest::proptest! {
        #[test]
        fn damaged_samples_do_no_harm(at in 0usize..40, value: u8) {
            let mut data = [vttc("a", "x"), vttc("b", "y")].concat();
            data[at] = value;
            let _ = cues(b"WEBVTT", &[sample(0, 1_000, data)]);
        }
    }
}
