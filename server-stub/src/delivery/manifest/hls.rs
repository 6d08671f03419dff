//! HLS with several pathways (the second edition of RFC 8216: content steering).

use super::Place;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::fmt::Write;

/// The value of an attribute in a list, without its quotes.
pub(super) fn attribute<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    attributes(list).find(|(found, _)| *found == name).map(|(_, value)| value.trim_matches('"'))
}

/// Names and values of an attribute list; a comma within quotes separates nothing.
fn attributes(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut is_quoted = false;
    let parts = list.split(move |c: char| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    parts.filter_map(|part| part.split_once('='))
}

/// Bits per second that the most modest variant takes.
pub(super) fn least_bandwidth(master: &str) -> u64 {
    let lists = master.lines().filter_map(|line| line.strip_prefix("#EXT-X-STREAM-INF:"));
    lists.filter_map(|list| attribute(list, "BANDWIDTH")?.parse().ok()).min().unwrap_or(0)
}

/// The playlist with each variant and rendition once for each pathway, and the address that steers between them.
pub(super) fn with_pathways(master: &str, place: &Place) -> String {
    let Some((first, _)) = place.pathways.first() else { return master.to_owned() };
    let mut text = String::with_capacity(master.len() * (place.pathways.len() + 1));
    let mut line = |content: std::fmt::Arguments<'_>| {
        text.write_fmt(content).expect("writing to a string cannot fail");
        text.push('\n');
    };
    let mut lines = master.lines();
    while let Some(content) = lines.next() {
        if let Some(list) = content.strip_prefix("#EXT-X-MEDIA:") {
            for (name, origin) in &place.pathways {
                line(format_args!("#EXT-X-MEDIA:{}", rewrite(list, name, Some(&place.base(origin)))));
            }
        } else if let Some(list) = content.strip_prefix("#EXT-X-STREAM-INF:") {
            let uri = lines.next().unwrap_or_default();
            for (name, origin) in &place.pathways {
                let list = rewrite(list, name, None);
                line(format_args!("#EXT-X-STREAM-INF:{list},PATHWAY-ID=\"{name}\"\n{}{uri}", place.base(origin)));
            }
        } else {
            line(format_args!("{content}"));
            if content.starts_with("#EXT-X-VERSION") {
                line(format_args!("#EXT-X-CONTENT-STEERING:SERVER-URI=\"steering.hls.json\",PATHWAY-ID=\"{first}\""));
            }
        }
    }
    text
}

/// The playlist with the key's id where its box was: players that know Clear Key, but not the box, read it so.
pub(super) fn with_bare_key_ids(playlist: &str) -> String {
    const DATA: &str = "data:text/plain;base64,";
    let line = |line: &str| {
        let is_key = line.starts_with("#EXT-X-KEY:") || line.starts_with("#EXT-X-SESSION-KEY:");
        let kid = is_key.then(|| super::presentation::protection(line.split_once(':')?.1)).flatten();
        let rewritten = kid.and_then(|found| {
            let (before, rest) = line.split_once(DATA)?;
            let (_, after) = rest.split_once('"')?;
            Some(format!("{before}{DATA}{}\"{after}", BASE64_STANDARD.encode(found.kid)))
        });
        rewritten.unwrap_or_else(|| line.to_owned()) + "\n"
    };
    playlist.lines().map(line).collect()
}

/// The list with groups of this pathway, and the address below `base`.
fn rewrite(list: &str, pathway: &str, base: Option<&str>) -> String {
    let parts = attributes(list).map(|(name, value)| match (name, base) {
        ("GROUP-ID" | "AUDIO" | "SUBTITLES", _) => format!("{name}=\"{}-{pathway}\"", value.trim_matches('"')),
        ("URI", Some(base)) => format!("URI=\"{base}{}\"", value.trim_matches('"')),
        _ => format!("{name}={value}"),
    });
    parts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_on_every_pathway() {
        let master = "#EXTM3U\n#EXT-X-VERSION:7\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"a, b\",URI=\"audio/index.m3u8\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=800,CODECS=\"x,y\",AUDIO=\"audio\"\nvideo/1/index.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=300,CODECS=\"x,y\",AUDIO=\"audio\"\nvideo/2/index.m3u8\n";
        assert_eq!(least_bandwidth(master), 300);
        let place = Place {
            prefix: "/media/t/one/".into(),
            pathways: vec![("a".into(), "https://a.example".into()), ("b".into(), "https://b.example/x/".into())],
        };
        let text = with_pathways(master, &place);
        assert!(text.contains("#EXT-X-CONTENT-STEERING:SERVER-URI=\"steering.hls.json\",PATHWAY-ID=\"a\"\n"), "{text}");
        assert!(
            text.contains(
                "GROUP-ID=\"audio-b\",NAME=\"a, b\",URI=\"https://b.example/x/media/t/one/audio/index.m3u8\""
            )
        );
        assert!(text.contains(
            "BANDWIDTH=300,CODECS=\"x,y\",AUDIO=\"audio-a\",PATHWAY-ID=\"a\"\nhttps://a.example/media/t/one/video/2/index.m3u8\n"
        ));
        assert_eq!(text.matches("#EXT-X-STREAM-INF").count(), 4);
    }
}
