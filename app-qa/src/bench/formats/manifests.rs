//! Long manifests beside what m3u8-rs makes of a playlist of as many segments.

use super::fastest;
use crate::sim::table::Table;
use player_core::manifest::{IndexSource, dash, hls};
use std::fmt::Write as _;
use std::time::Duration;
use url::Url;

/// Times in milliseconds. m3u8-rs does not resolve addresses or add up times, which is most of the work here; there is
/// no reader of MPDs beside, so both of ours stand beside it.
pub(super) fn table(segments: u32) -> anyhow::Result<Table> {
    let base = Url::parse("https://media.example/title/video/main.m3u8?token=abcdef")?;
    let (playlist, mpd) = (playlist(segments)?, mpd(segments)?);
    let theirs = fastest(|| match m3u8_rs::parse_media_playlist_res(playlist.as_bytes()) {
        Ok(read) if read.segments.len() == segments as usize => Ok(read),
        _ => anyhow::bail!("m3u8-rs does not read the playlist"),
    })?;
    let ours = fastest(|| {
        let index = hls::media_playlist(playlist.as_bytes(), &base)?;
        anyhow::ensure!(index.segments.len() == segments as usize, "{} segments of HLS", index.segments.len());
        Ok(index)
    })?;
    let dash = fastest(|| {
        let read = dash::presentation(mpd.as_bytes(), &base)?;
        let representation = read.tracks.first().and_then(|track| track.representations.first());
        let listed = representation.map_or(0, |representation| match &representation.index {
            IndexSource::Known(index) => index.segments.len(),
            _ => 0,
        });
        anyhow::ensure!(listed == segments as usize, "{listed} segments of DASH");
        Ok(read)
    })?;
    let mut table = Table::new(["manifest", "kB", "ms", "m3u8-rs ms", "ratio"]);
    row(&mut table, "HLS playlist", playlist.len(), ours, theirs);
    row(&mut table, "MPD, a line for each segment", mpd.len(), dash, theirs);
    Ok(table)
}

fn row(table: &mut Table, name: &str, bytes: usize, ours: Duration, theirs: Duration) {
    let millis = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
    let ratio = format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
    table.push([name.to_owned(), format!("{:.0}", bytes as f64 / 1e3), millis(ours), millis(theirs), ratio]);
}

/// Segments of about four seconds whose durations differ, as encoders make them.
fn playlist(segments: u32) -> anyhow::Result<String> {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:5\n#EXT-X-MAP:URI=\"init.mp4\"\n".to_owned();
    for number in 0..segments {
        writeln!(text, "#EXTINF:4.{:03},\nsegment-{number:05}.m4s", number % 100)?;
    }
    Ok(text + "#EXT-X-ENDLIST\n")
}

fn mpd(segments: u32) -> anyhow::Result<String> {
    let mut timeline = String::new();
    let mut end = 0;
    for number in 0..segments {
        let duration = 4000 + number % 100;
        end += duration;
        write!(timeline, "<S d=\"{duration}\"/>\n     ")?;
    }
    Ok(format!(
        "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT{}.{:03}S\">\n <Period>\n  <AdaptationSet mimeType=\"video/mp4\">\n   \
         <SegmentTemplate timescale=\"1000\" media=\"segment-$Number%05d$.m4s\" initialization=\"init.mp4\">\n    \
         <SegmentTimeline>\n     {timeline}</SegmentTimeline>\n   </SegmentTemplate>\n   \
         <Representation id=\"1\" bandwidth=\"3000000\" codecs=\"avc1.64001f\" width=\"1280\" height=\"720\"/>\n  \
         </AdaptationSet>\n </Period>\n</MPD>\n",
        end / 1000,
        end % 1000
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_of_any_length_are_read_by_all() {
        for segments in [1, 250] {
            assert!(table(segments).unwrap().text().contains("HLS playlist"));
        }
    }
}
