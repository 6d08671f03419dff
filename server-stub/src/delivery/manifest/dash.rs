//! MPEG-DASH (ISO/IEC 23009-1) with a segment timeline, over the same files as HLS.

use super::{
    Place,
    presentation::{Presentation, Protection, Track},
};
use crate::gateway::markup::escape;
use std::fmt::Write;

/// Writes the MPD.
pub(super) fn write(presentation: &Presentation, place: &Place) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |content: std::fmt::Arguments<'_>| {
        text.write_fmt(content).expect("writing to a string cannot fail");
        text.push('\n');
    };
    line(format_args!(
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" \
         profiles=\"urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019\" type=\"static\" \
         mediaPresentationDuration=\"PT{:.3}S\" minBufferTime=\"PT4S\">",
        presentation.duration_s
    ));
    for (name, origin) in &place.pathways {
        line(format_args!("  <BaseURL serviceLocation=\"{}\">{}</BaseURL>", escape(name), escape(&place.base(origin))));
    }
    if let Some((first, _)) = place.pathways.first() {
        line(format_args!(
            "  <ContentSteering defaultServiceLocation=\"{}\" queryBeforeStart=\"false\">{}steering.dash.json\
             </ContentSteering>",
            escape(first),
            escape(&place.prefix)
        ));
    }
    line(format_args!("  <Period id=\"1\" start=\"PT0S\">"));
    for (kind, tracks) in [("video", &presentation.video), ("audio", &presentation.audio)] {
        if tracks.is_empty() {
            continue;
        }
        line(format_args!(
            "    <AdaptationSet contentType=\"{kind}\" mimeType=\"{kind}/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">"
        ));
        if let Some(protection) = &presentation.protection {
            line(format_args!("{}", content_protection(protection)));
        }
        for track in tracks {
            line(format_args!("{}", representation(track)));
        }
        line(format_args!("    </AdaptationSet>"));
    }
    for subtitles in &presentation.subtitles {
        line(format_args!(
            "    <AdaptationSet contentType=\"text\" mimeType=\"text/vtt\" lang=\"{language}\">\n      \
             <Label>{}</Label>\n      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n      \
             <Representation id=\"text-{language}\" bandwidth=\"1000\"><BaseURL>{}</BaseURL></Representation>\n    \
             </AdaptationSet>",
            escape(&subtitles.name),
            escape(&subtitles.file),
            language = escape(&subtitles.language),
        ));
    }
    line(format_args!("  </Period>\n</MPD>"));
    text
}

fn representation(track: &Track) -> String {
    let size = track.size.map_or_else(String::new, |(width, height)| format!(" width=\"{width}\" height=\"{height}\""));
    let rate = track.frame_rate.as_ref().map_or_else(String::new, |rate| {
        format!(" frameRate=\"{}\"", escape(rate.strip_suffix(".000").unwrap_or(rate)))
    });
    let channels = track.channels.as_ref().map_or_else(String::new, |channels| {
        format!(
            "        <AudioChannelConfiguration \
             schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{}\"/>\n",
            escape(channels)
        )
    });
    let folder = escape(&track.folder);
    format!(
        "      <Representation id=\"{}\" codecs=\"{}\" bandwidth=\"{}\"{size}{rate}>\n{channels}        \
         <SegmentTemplate timescale=\"{}\" startNumber=\"1\" initialization=\"{folder}/init.mp4\" \
         media=\"{folder}/seg-$Number%05d$.m4s\">\n          <SegmentTimeline>{}</SegmentTimeline>\n        \
         </SegmentTemplate>\n      </Representation>",
        folder.replace('/', "-"),
        escape(&track.codec),
        track.bandwidth.max(1),
        track.timescale,
        timeline(&track.segments)
    )
}

/// Equal neighbours are told once.
fn timeline(segments: &[u64]) -> String {
    let mut text = String::new();
    let mut start = " t=\"0\"";
    for run in segments.chunk_by(|one, other| one == other) {
        let repeat = if run.len() > 1 { format!(" r=\"{}\"", run.len() - 1) } else { String::new() };
        write!(text, "<S{start} d=\"{}\"{repeat}/>", run[0]).expect("writing to a string cannot fail");
        start = "";
    }
    text
}

fn content_protection(protection: &Protection) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let kid = protection.kid;
    let uuid = [&kid[..4], &kid[4..6], &kid[6..8], &kid[8..10], &kid[10..]].map(hex).join("-");
    format!(
        "      <ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"{}\" \
         cenc:default_KID=\"{uuid}\"/>\n      \
         <ContentProtection schemeIdUri=\"urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b\"><cenc:pssh>{pssh}</cenc:pssh>\
         </ContentProtection>\n      \
         <ContentProtection schemeIdUri=\"urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e\" value=\"ClearKey1.0\">\
         <cenc:pssh>{pssh}</cenc:pssh></ContentProtection>",
        protection.scheme,
        pssh = protection.pssh
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeline_joins_equal_neighbours() {
        assert_eq!(timeline(&[48, 48, 48, 12]), "<S t=\"0\" d=\"48\" r=\"2\"/><S d=\"12\"/>");
        assert_eq!(timeline(&[]), "");
    }

    #[test]
    fn protection_names_key_and_scheme() {
        let text = content_protection(&Protection { scheme: "cbcs", kid: [0xab; 16], pssh: "cHNzaA==".into() });
        assert!(text.contains("value=\"cbcs\" cenc:default_KID=\"abababab-abab-abab-abab-abababababab\""), "{text}");
        assert_eq!(escape("a<b>&\""), "a&lt;b&gt;&amp;&quot;");
    }
}
