use super::*;
use crate::drm::{InitData, InitDataType, KeyId, SystemId, SystemOffer};
use crate::manifest::{CipherMethod, Protection, SegmentCipher};

const SYSTEMS: &str = r#"#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery"
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,AAAA",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed""#;

fn ciphers(lines: &str) -> Vec<Option<SegmentCipher>> {
    index_of(lines).unwrap().segments.into_iter().map(|segment| segment.cipher).collect()
}

/// The one cipher of a segment behind this tag.
fn cipher(key: &str) -> SegmentCipher {
    ciphers(&format!("#EXT-X-KEY:{key}\n#EXTINF:4,\na.ts")).remove(0).unwrap()
}

fn iv(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

#[test]
fn conformance_01_without_an_iv_it_is_the_sequence_number_big_endian() {
    let lines = "#EXT-X-MEDIA-SEQUENCE:258\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts";
    let read: Vec<_> = ciphers(lines).into_iter().map(|cipher| cipher.unwrap()).collect();
    assert_eq!(read[0].iv, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(read[1].iv, iv(259));
    assert!(!read[0].short_iv);
    assert_eq!(read[0].key.as_str(), "http://media.test/a/token/title/k");
}

#[test]
fn conformance_01_ivs_are_numbers_of_128_bits() {
    let read = |text: &str| cipher(&format!("METHOD=AES-128,URI=\"k\",IV={text}"));
    let full = read("0X33343536373839300000000000000ABc");
    assert_eq!((full.iv, full.short_iv), (iv(0x3334_3536_3738_3930_0000_0000_0000_0abc), false));
    let short = read("0x3334353637383930");
    assert_eq!((short.iv, short.short_iv), (iv(0x3334_3536_3738_3930), true));
    assert_eq!(read("0x1").iv, iv(1));
}

#[test]
fn conformance_01_eight_bytes_for_samples_are_filled_up_behind() {
    let read = |text: &str| cipher(&format!("METHOD=SAMPLE-AES,URI=\"k\",IV={text}")).iv;
    assert_eq!(read("0x3334353637383930"), iv(0x3334_3536_3738_3930 << 64));
    // Numbers with zeros in front are numbers.
    assert_eq!(read("0x0000000000000007"), iv(7));
    assert_eq!(read("0x33343536373839300000000000000000"), iv(0x3334_3536_3738_3930 << 64));
}

#[test]
fn conformance_02_a_range_is_the_unit_of_its_cipher() {
    let lines = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\n#EXT-X-BYTERANGE:32@0\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:48\na.ts";
    let index = index_of(lines).unwrap();
    let units: Vec<_> = index.segments.iter().map(|s| (s.source.range, s.cipher.as_ref().unwrap().iv)).collect();
    assert_eq!(units, [(Some((0, 32)), iv(0)), (Some((32, 48)), iv(1))]);
}

#[test]
fn conformance_02_the_key_before_a_map_is_the_key_of_the_map() {
    let lines = "#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x00000000000000000000000000000009\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k2\"\n#EXTINF:4,\na.m4s";
    let segment = index_of(lines).unwrap().segments.remove(0);
    let init = segment.init.unwrap().cipher.unwrap();
    assert_eq!((file_of(&init.key), init.iv, init.method), ("k1", iv(9), CipherMethod::Whole));
    assert_eq!(file_of(&segment.cipher.unwrap().key), "k2");

    let clear = "#EXT-X-MAP:URI=\"i.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na.m4s";
    assert_eq!(index_of(clear).unwrap().segments[0].init.as_ref().unwrap().cipher, None);
    let nameless = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s";
    assert_eq!(index_of(nameless), Err(ManifestError::NotAPlaylist("an encrypted initialisation without an IV")));
}

#[test]
fn conformance_03_keys_change_and_end_in_mid_playlist() {
    let lines = "#EXTINF:4,\na.ts\n#EXT-X-KEY:METHOD=AES-128,URI=\"k1\"\n#EXTINF:4,\nb.ts\n#EXT-X-KEY:METHOD=AES-256,URI=\"k2\"\n#EXTINF:4,\nc.ts\n#EXT-X-KEY:METHOD=none\n#EXTINF:4,\nd.ts";
    let keys: Vec<_> = ciphers(lines).iter().map(|c| c.as_ref().map(|c| file_of(&c.key).to_owned())).collect();
    assert_eq!(keys, [None, Some("k1".into()), Some("k2".into()), None]);
}

#[test]
fn conformance_03_formats_apply_together_until_the_next_of_their_own() {
    let lines = format!(
        "{SYSTEMS}\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k1\"\n#EXTINF:4,\na.ts\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://other\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n#EXTINF:4,\nb.ts\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k2\",KEYFORMAT=\"identity\"\n#EXTINF:4,\nc.ts"
    );
    let keys: Vec<_> = ciphers(&lines).iter().map(|c| file_of(&c.as_ref().unwrap().key).to_owned()).collect();
    assert_eq!(keys, ["k1", "k1", "k2"]);
}

#[test]
fn conformance_03_what_is_not_known_is_fatal_only_where_nothing_else_is_offered() {
    let segment = "#EXTINF:4,\na.ts";
    assert_eq!(index_of(&format!("{SYSTEMS}\n{segment}")), Err(ManifestError::Protection("FairPlay Streaming".into())));
    for (tag, name) in [
        ("METHOD=AES-256-GCM,URI=\"k\"", "AES-256-GCM"),
        ("METHOD=SAMPLE-AES-CTR,URI=\"k\"", "SAMPLE-AES-CTR outside ISO media"),
        ("METHOD=AES-128,URI=\"k\",KEYFORMAT=\"org.example\"", "org.example"),
    ] {
        let refused = index_of(&format!("#EXT-X-KEY:{tag}\n{segment}"));
        assert_eq!(refused, Err(ManifestError::Protection(name.into())), "{tag}");
        let key = "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\",KEYFORMAT=\"org.w3.clearkey\"";
        assert!(index_of(&format!("#EXT-X-KEY:{tag}\n{key}\n{segment}")).is_ok(), "{tag}");
    }
    // In boxes it is Common Encryption, whoever has the key.
    let boxes = index_of(&format!("#EXT-X-MAP:URI=\"i.mp4\"\n{SYSTEMS}\n#EXTINF:4,\na.m4s")).unwrap();
    let offered: Vec<_> = boxes.protections.iter().flat_map(|protection| &protection.systems).collect();
    let offered: Vec<_> = offered.into_iter().map(|offer| offer.system.to_string()).collect();
    assert_eq!(offered.first().map(String::as_str), Some("FairPlay Streaming"), "{offered:?}");
    // A lead in the clear does not help what follows.
    assert!(index_of(&format!("{segment}\n{SYSTEMS}\n{segment}")).is_err());
    assert!(index_of(&format!("{segment}\n{SYSTEMS}\n#EXT-X-KEY:METHOD=NONE\n{segment}")).is_ok());
    for tag in ["METHOD=AES-128", "METHOD=AES-128,URI=\"file:///etc/passwd\"", "METHOD=AES-128,URI=\"k\",IV=0xg"] {
        assert!(matches!(index_of(&format!("#EXT-X-KEY:{tag}\n{segment}")), Err(ManifestError::NotAPlaylist(_))));
    }
}

#[test]
fn conformance_04_samples_are_encrypted_in_streams_and_common_encryption_is_in_boxes() {
    let key = "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,MjM0NTY3ODkwITIzNDU2Nw==\",IV=0x1,KEYFORMAT=\"identity\"";
    let stream = index_of(&format!("{key}\n#EXTINF:4,\na.ts")).unwrap();
    let cipher = stream.segments[0].cipher.as_ref().unwrap();
    assert_eq!(cipher.method, CipherMethod::Samples);
    assert_eq!(data_url::decode(&cipher.key).as_deref(), Some(&b"234567890!234567"[..]));
    assert_eq!(stream.protections, []);

    for method in ["SAMPLE-AES", "SAMPLE-AES-CTR"] {
        let lines = format!("#EXT-X-KEY:METHOD={method},URI=\"k\"\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s");
        let boxes = index_of(&lines).unwrap();
        assert_eq!((&boxes.segments[0].cipher, &boxes.segments[0].init.as_ref().unwrap().cipher), (&None, &None));
        let key_url = Some(base().join("k").unwrap());
        assert_eq!(boxes.protections, [Protection { key_url, ..Protection::default() }]);
    }
}

#[test]
fn key_ids_come_from_boxes_and_attributes() {
    let pssh = "data:text/plain;base64,AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAGm9k+EzXhtiGuV4O9uHIBuAAAAAA==";
    let id = KeyId(0xa6f6_4f84_cd78_6d88_6b95_e0ef_6e1c_806e_u128.to_be_bytes());
    for format in [
        "org.w3.clearkey",
        "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e",
        "URN:UUID:1077EFEC-C0B2-4D02-ACE3-3C1E52E2FB4B",
    ] {
        for offer in [format!("URI=\"{pssh}\""), "KEYID=0XA6F64F84CD786D886B95E0EF6E1C806E".into()] {
            let key = format!("#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,{offer},KEYFORMAT=\"{format}\"");
            let index =
                index_of(&format!("{key}\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s\n{key}\n#EXTINF:4,\nb.m4s"));
            let protections = index.unwrap().protections;
            let keys: Vec<_> = protections.iter().map(|protection| &protection.key_ids[..]).collect();
            assert_eq!(keys, [[id]], "{key}");
        }
    }
}

#[test]
fn conformance_19_session_keys_are_announced_whoever_has_them() {
    let presentation = presentation_of(
        "#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8",
    );
    let key_url = Some(base().join("k").unwrap());
    let init = Some(InitData { kind: InitDataType::Skd, data: "skd://k".into() });
    let systems = vec![SystemOffer { system: SystemId::FAIRPLAY, init }];
    let vendors = Protection { systems, ..Protection::default() };
    assert_eq!(presentation.unwrap().protections, [vendors, Protection { key_url, ..Protection::default() }]);
}

#[test]
fn vendors_get_what_they_ask_with_and_nobody_is_asked_where_the_key_has_an_address() {
    let widevine = "METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,AAAAI3Bzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAANhYmM=\",KEYID=0x00000000000000000000000000000009,KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"";
    let playready = "METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,YWJj\",KEYFORMAT=\"com.microsoft.playready\"";
    let media = "#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s";
    let found = index_of(&format!("#EXT-X-KEY:{widevine}\n#EXT-X-KEY:{playready}\n{media}")).unwrap().protections;
    let data = |protection: &Protection| {
        let offer = &protection.systems[0];
        (offer.system.clone(), offer.init.as_ref().unwrap().data[32..].to_vec())
    };
    let (abc, id) = (b"abc".to_vec(), KeyId(9u128.to_be_bytes()));
    assert_eq!((data(&found[0]), &found[0].key_ids[..]), ((SystemId::WIDEVINE, abc.clone()), &[id][..]));
    assert_eq!((data(&found[1]), found[1].key_ids.len()), ((SystemId::PLAYREADY, abc), 0));
    let raw = "METHOD=SAMPLE-AES,URI=\"k\"";
    let found = index_of(&format!("#EXT-X-KEY:{widevine}\n#EXT-X-KEY:{raw}\n{media}")).unwrap().protections;
    assert!(found.len() == 2 && found.iter().all(|protection| protection.key_ids.is_empty()), "{found:?}");
}
