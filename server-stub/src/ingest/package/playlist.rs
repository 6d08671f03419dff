//! HLS playlists (RFC 8216 and its second edition).

use super::cipher::Scheme;
use crate::ingest::subtitles::language_name;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::fmt::Write;

/// One segment as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) ticks: u64,
    pub(crate) bytes: u64,
}

/// All segments of a track.
#[derive(Debug)]
pub(crate) struct Media {
    pub(crate) timescale: u32,
    pub(crate) segments: Vec<Segment>,
}

impl Media {
    fn seconds(&self, ticks: u64) -> f64 {
        ticks as f64 / f64::from(self.timescale)
    }

    /// Bits per second of the most demanding segment.
    fn peak(&self) -> u64 {
        let rate = |segment: &Segment| (segment.bytes as f64 * 8.0 / self.seconds(segment.ticks)).ceil() as u64;
        self.segments.iter().map(rate).max().unwrap_or(0)
    }

    fn average(&self) -> u64 {
        let (ticks, bytes) = self.segments.iter().fold((0, 0), |sum, one| (sum.0 + one.ticks, sum.1 + one.bytes));
        if ticks == 0 { 0 } else { (bytes as f64 * 8.0 / self.seconds(ticks)).ceil() as u64 }
    }
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) uri: String,
    pub(crate) codec: String,
    pub(crate) size: (u32, u32),
    pub(crate) frame_rate: u32,
    pub(crate) media: Media,
}

#[derive(Debug)]
pub(crate) struct Audio {
    pub(crate) uri: String,
    pub(crate) codec: String,
    pub(crate) channels: u32,
    pub(crate) media: Media,
}

#[derive(Debug)]
pub(crate) struct Subtitles {
    pub(crate) uri: String,
    pub(crate) language: String,
}

/// The attributes that `EXT-X-KEY` and `EXT-X-SESSION-KEY` share.
pub(crate) fn key_attributes(scheme: Scheme, pssh: &[u8]) -> String {
    let method = match scheme {
        Scheme::Cenc => "SAMPLE-AES-CTR",
        Scheme::Cbcs => "SAMPLE-AES",
    };
    let data = BASE64_STANDARD.encode(pssh);
    format!(
        "METHOD={method},URI=\"data:text/plain;base64,{data}\",\
         KEYFORMAT=\"org.w3.clearkey\",KEYFORMATVERSIONS=\"1\""
    )
}

/// The playlist that a player reads first.
pub(crate) fn master(variants: &[Variant], audio: &Audio, subtitles: &[Subtitles], key: Option<&str>) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    let mut line = |content: std::fmt::Arguments<'_>| {
        text.write_fmt(content).expect("writing to a string cannot fail");
        text.push('\n');
    };
    if let Some(key) = key {
        line(format_args!("#EXT-X-SESSION-KEY:{key}"));
    }
    line(format_args!(
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Original score\",DEFAULT=YES,AUTOSELECT=YES,\
         CHANNELS=\"{}\",URI=\"{}\"",
        audio.channels, audio.uri
    ));
    for Subtitles { uri, language } in subtitles {
        line(format_args!(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"{}\",LANGUAGE=\"{language}\",\
             DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"{uri}\"",
            language_name(language)
        ));
    }
    let group = if subtitles.is_empty() { "" } else { ",SUBTITLES=\"subs\"" };
    for variant in variants {
        line(format_args!(
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{},{}\",RESOLUTION={}x{},\
             FRAME-RATE={}.000,AUDIO=\"audio\"{group}\n{}",
            variant.media.peak() + audio.media.peak(),
            variant.media.average() + audio.media.average(),
            variant.codec,
            audio.codec,
            variant.size.0,
            variant.size.1,
            variant.frame_rate,
            variant.uri
        ));
    }
    text
}

/// The playlist of a track.
pub(crate) fn media_playlist(media: &Media, key: Option<&str>) -> String {
    let longest = media.segments.iter().map(|segment| media.seconds(segment.ticks)).fold(0.0, f64::max);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n",
        longest.round().max(1.0)
    );
    if let Some(key) = key {
        writeln!(text, "#EXT-X-KEY:{key}").expect("writing to a string cannot fail");
    }
    for (index, segment) in media.segments.iter().enumerate() {
        writeln!(text, "#EXTINF:{:.6},\nseg-{:05}.m4s", media.seconds(segment.ticks), index + 1)
            .expect("writing to a string cannot fail");
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

/// The playlist of a language: one file for the whole title.
pub(crate) fn subtitle_playlist(duration_s: f64) -> String {
    format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXTINF:{duration_s:.3},\nall.vtt\n#EXT-X-ENDLIST\n",
        duration_s.ceil()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(bytes: u64) -> Media {
        let segment = |bytes| Segment { ticks: 48_000, bytes };
        Media { timescale: 24_000, segments: vec![segment(bytes), segment(bytes * 2)] }
    }

    #[test]
    fn master_measures_rates_and_names_groups() {
        let variant = Variant {
            uri: "video/720p/index.m3u8".into(),
            codec: "avc1.640028".into(),
            size: (1280, 720),
            frame_rate: 24,
            media: media(100_000),
        };
        let audio =
            Audio { uri: "audio/index.m3u8".into(), codec: "mp4a.40.2".into(), channels: 2, media: media(1_000) };
        let subtitles = [Subtitles { uri: "subtitles/fr/index.m3u8".into(), language: "fr".into() }];
        let text = master(&[variant], &audio, &subtitles, Some("METHOD=SAMPLE-AES"));
        assert!(text.contains("BANDWIDTH=808000,AVERAGE-BANDWIDTH=606000,CODECS=\"avc1.640028,mp4a.40.2\""), "{text}");
        assert!(text.contains("NAME=\"Français\",LANGUAGE=\"fr\""));
        assert!(text.contains("AUDIO=\"audio\",SUBTITLES=\"subs\"\nvideo/720p/index.m3u8\n"));
        assert!(text.contains("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES\n"));
    }

    #[test]
    fn media_playlist_has_exact_durations() {
        let text = media_playlist(&media(5), None);
        assert!(text.contains("#EXT-X-TARGETDURATION:2\n"));
        assert_eq!(text.matches("#EXTINF:2.000000,\n").count(), 2);
        assert!(text.ends_with("seg-00002.m4s\n#EXT-X-ENDLIST\n"));
    }
}
