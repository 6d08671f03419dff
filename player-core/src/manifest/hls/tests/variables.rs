use super::*;

fn first(lines: &str) -> Result<String, ManifestError> {
    let text = format!("#EXTM3U\n{lines}");
    let requested: Url = "http://media.test/list.m3u8?token=a%2Bb%3D&empty=&v=1".parse().unwrap();
    let redirected: Url = "http://cdn.test/x/list.m3u8?edge=7&v=2".parse().unwrap();
    let variables: Variables = [("host".to_owned(), "https://other.test".to_owned())].into_iter().collect();
    let context = PlaylistContext { base: &redirected, requested: &requested, variables: &variables };
    media_playlist_at(text.as_bytes(), context).map(|index| index.segments[0].source.url.to_string())
}

#[test]
fn conformance_13_names_stand_for_text_in_addresses() {
    let lines = "#EXT-X-DEFINE:NAME=\"a-b_1\",VALUE=\"p?q=\"\n#EXTINF:4,\n{$a-b_1}{$a-b_1}{x}.ts";
    assert_eq!(first(lines).unwrap(), "http://cdn.test/x/p?q=p?q={x}.ts");
}

#[test]
fn conformance_13_before_addresses_are_resolved_and_against_the_redirected_one() {
    assert_eq!(first("#EXTINF:4,\na.ts").unwrap(), "http://cdn.test/x/a.ts");
    let lines = "#EXT-X-DEFINE:IMPORT=\"host\"\n#EXTINF:4,\n{$host}/a.ts";
    assert_eq!(first(lines).unwrap(), "https://other.test/a.ts");
}

#[test]
fn conformance_13_parameters_are_those_of_the_requested_address_as_written_there() {
    let lines = "#EXT-X-DEFINE:QUERYPARAM=\"token\"\n#EXT-X-DEFINE:QUERYPARAM=\"v\"\n#EXT-X-DEFINE:QUERYPARAM=\"edge\"\n#EXTINF:4,\na.ts?t={$token}&v={$v}&e={$edge}";
    assert_eq!(first(lines).unwrap(), "http://cdn.test/x/a.ts?t=a%2Bb%3D&v=1&e=7");
}

#[test]
fn conformance_13_quoted_attributes_have_names_too() {
    let lines = "#EXT-X-DEFINE:NAME=\"n\",VALUE=\"1\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k{$n}\",IV=0x{$n}\n#EXT-X-MAP:URI=\"i{$n}.mp4\"\n#EXTINF:4,\na.ts";
    let segment = index_of(lines).unwrap().segments.remove(0);
    assert_eq!(file_of(&segment.init.unwrap().source.url), "i1.mp4");
    let cipher = segment.cipher.unwrap();
    assert_eq!((file_of(&cipher.key), cipher.iv[15]), ("k1", 1));
}

#[test]
fn conformance_13_values_are_not_looked_through_again() {
    let lines = "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{$\"\n#EXTINF:4,\n{$b}a}.ts";
    assert!(first(lines).unwrap().ends_with("/%7B$a%7D.ts"), "{:?}", first(lines));
}

#[test]
fn conformance_13_names_without_text_and_names_with_two_are_errors() {
    let undefined = Err(ManifestError::NotAPlaylist("a variable is used that is not defined"));
    assert_eq!(first("#EXTINF:4,\n{$a}.ts"), undefined);
    assert_eq!(first("#EXTINF:4,\n{$a}.ts\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\""), undefined, "too late");
    assert_eq!(first("#EXT-X-DEFINE:QUERYPARAM=\"empty\"\n#EXTINF:4,\n{$empty}.ts"), undefined);
    assert_eq!(first("#EXT-X-DEFINE:IMPORT=\"nobody\"\n#EXTINF:4,\n{$nobody}.ts"), undefined);
    let twice = "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXTINF:4,\na.ts";
    assert_eq!(first(twice), Err(ManifestError::NotAPlaylist("a variable is defined twice")));
    // What nobody uses does no harm.
    assert!(first("#EXT-X-DEFINE:IMPORT=\"nobody\"\n#EXTINF:4,\na.ts").is_ok());
}

#[test]
fn a_multivariant_playlist_hands_on_what_it_defines() {
    let presentation = presentation_of(
        "#EXT-X-DEFINE:NAME=\"path\",VALUE=\"deep/er\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n{$path}/v.m3u8\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"{$path}\",URI=\"{$path}/a.m3u8\"",
    );
    let presentation = presentation.unwrap();
    assert_eq!(presentation.variables.get("path"), Some("deep/er"));
    assert_eq!(presentation.tracks[1].name, "deep/er");
    let IndexSource::Playlist(url) = &presentation.tracks[0].representations[0].index else { panic!() };
    assert!(url.path().ends_with("/deep/er/v.m3u8"));
    assert_eq!(format!("{:?}", presentation.variables), "{\"path\"}", "values may be tokens");
}

#[test]
fn values_of_values_do_not_fill_the_memory() {
    let mut lines = format!("#EXT-X-DEFINE:NAME=\"v0\",VALUE=\"{}\"\n", "x".repeat(1000));
    for n in 1..40 {
        lines += &format!("#EXT-X-DEFINE:NAME=\"v{n}\",VALUE=\"{{$v{0}}}{{$v{0}}}\"\n", n - 1);
    }
    let refused = first(&format!("{lines}#EXTINF:4,\na.ts"));
    assert!(matches!(refused, Err(ManifestError::LimitExceeded { what: "bytes of variables", .. })), "{refused:?}");
}
