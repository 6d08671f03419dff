//! Every source over a fetcher in memory, with a decoder that paints what it is given.

use super::*;
use crate::config::NetConfig;
use crate::container::{Sample, TrackFormat};
use crate::frame::VideoFrame;
use crate::manifest::{Presentation, dash, hls};
use crate::net::{FetchError, FetchRequest, Fetched, Fetcher, ProgressSink};
use crate::reader::Reader;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use image::{ImageFormat, Rgb, RgbImage};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Mutex;
use std::time::Duration;

const HOST: &str = "https://media.test/";

/// Files in memory, ranges included; notes what was asked for.
#[derive(Clone, Default)]
struct Files {
    bodies: Arc<BTreeMap<String, Bytes>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Transfers wait for a permit where there is a gate.
    gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

impl Files {
    fn of(files: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        let bodies = files.into_iter().map(|(name, body)| (name.to_owned(), body.into())).collect();
        Self { bodies: Arc::new(bodies), ..Self::default() }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Fetcher for Files {
    fn fetch(&self, request: FetchRequest, _: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let name = request.source.url.path().trim_start_matches('/').to_owned();
        self.asked.lock().unwrap().push(name.clone());
        let body = self.bodies.get(&name).cloned();
        let gate = self.gate.clone();
        Box::pin(async move {
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            let body = body.ok_or(FetchError::Status(404))?;
            let body = match request.source.range {
                Some((first, _)) if first >= body.len() as u64 => return Err(FetchError::Status(416)),
                Some((first, length)) => body.slice(first as usize..body.len().min((first + length) as usize)),
                None => body,
            };
            if body.len() as u64 > request.max_bytes {
                return Err(FetchError::TooLarge { max: request.max_bytes });
            }
            let (ttfb, elapsed) = (Duration::ZERO, Duration::ZERO);
            Ok(Fetched { body, url: request.source.url, ttfb, elapsed, cached: false, protocol: None })
        })
    }
}

/// A picture as wide as the sample is long, all of its first byte.
#[derive(Debug)]
struct Painter;

impl StillDecoder for Painter {
    fn decode(&self, _: &TrackFormat, key_frame: &Sample, _: u32) -> Result<VideoFrame, PipelineError> {
        let first = *key_frame.data.first().ok_or_else(|| PipelineError::Decode("nothing".into()))?;
        let width = key_frame.data.len() as u32;
        VideoFrame::from_rgba(0, key_frame.pts, (width, 1), vec![first; key_frame.data.len() * 4])
            .ok_or_else(|| PipelineError::Decode("no picture".into()))
    }
}

fn url(path: &str) -> Url {
    Url::parse(HOST).unwrap().join(path).unwrap()
}

/// Tiles numbered by their colour, from `first` on.
fn sheet(first: u32, (columns, rows): (u32, u32)) -> Vec<u8> {
    let image =
        RgbImage::from_fn(columns * 16, rows * 9, |x, y| Rgb([((first + y / 9 * columns + x / 16) * 8) as u8, 0, 0]));
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn number(picture: &Thumbnail) -> u32 {
    u32::from(picture.rgba()[0]) / 8
}

struct Stage {
    thumbnails: Thumbnails,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn stage(files: &Files, presentation: &Presentation, options: ThumbnailOptions) -> Stage {
    let reader = Reader::new(&url("master"), Arc::new(files.clone()), NetConfig::default(), []);
    let (thumbnails, work) = reader.thumbnails(presentation, options);
    Stage { thumbnails, task: tokio::spawn(work) }
}

fn at(ms: i64) -> MediaTime {
    MediaTime::from_millis(ms)
}

const VARIANT: &str = "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.640028\",RESOLUTION=640x360\nv.m3u8\n";

fn hls_of(lines: &str) -> Presentation {
    hls::presentation(format!("#EXTM3U\n{lines}{VARIANT}").as_bytes(), &url("master")).unwrap()
}

#[tokio::test]
async fn an_image_playlist_gives_tiles_and_its_last_sheet_is_filled_in_part() {
    let presentation = hls_of("#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,CODECS=\"jpeg\",URI=\"i.m3u8\"\n");
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXT-X-IMAGES-ONLY\n#EXTINF:12,\n\
        #EXT-X-TILES:RESOLUTION=16x9,LAYOUT=3x2,DURATION=2\na.png\n#EXTINF:5,\n\
        #EXT-X-TILES:RESOLUTION=16x9,LAYOUT=3x2,DURATION=2\nb.png\n#EXT-X-ENDLIST\n";
    let files = Files::of([("i.m3u8", list.into()), ("a.png", sheet(0, (3, 2))), ("b.png", sheet(6, (3, 1)))]);
    let stage = stage(&files, &presentation, ThumbnailOptions::default());
    // Asked for, number, time that it stands for.
    let table = [(0, 0, 0), (1_999, 0, 0), (2_000, 1, 2_000), (11_999, 5, 10_000), (16_900, 8, 16_000)];
    for (asked, tile, time) in table {
        let picture = stage.thumbnails.at(at(asked)).await.unwrap();
        assert_eq!((number(&picture), picture.time), (tile, at(time)), "{asked}");
        assert_eq!((picture.width, picture.height), (16, 9));
    }
    // Outside: the last and the first. And nothing is fetched twice.
    assert_eq!(number(&stage.thumbnails.at(at(900_000)).await.unwrap()), 8);
    assert_eq!(number(&stage.thumbnails.at(at(-5)).await.unwrap()), 0);
    assert_eq!(stage.thumbnails.get(at(17_000)).unwrap().until, at(17_000));
    assert_eq!(files.asked(), ["i.m3u8", "a.png", "b.png"]);
}

#[tokio::test]
async fn dash_tiles_last_as_long_as_a_full_sheet_says_also_in_a_period_that_ends_before() {
    let mpd = "<MPD mediaPresentationDuration='PT50S'><Period><AdaptationSet contentType='image' \
        mimeType='image/png'><SegmentTemplate media='$Number$.png' duration='60' startNumber='1'/>\
        <Representation id='t' width='48' height='18' bandwidth='1'><EssentialProperty \
        schemeIdUri='http://dashif.org/guidelines/thumbnail_tile' value='3x2'/></Representation></AdaptationSet>\
        </Period></MPD>";
    let presentation = dash::presentation(mpd.as_bytes(), &url("master")).unwrap();
    let files = Files::of([("1.png", sheet(0, (3, 2)))]);
    let stage = stage(&files, &presentation, ThumbnailOptions::default());
    for (asked, tile, time, until) in [(9_999, 0, 0, 10_000), (10_000, 1, 10_000, 20_000), (49_000, 4, 40_000, 50_000)]
    {
        let picture = stage.thumbnails.at(at(asked)).await.unwrap();
        assert_eq!((number(&picture), picture.time, picture.until), (tile, at(time), at(until)), "{asked}");
    }
    assert_eq!(number(&stage.thumbnails.at(at(60_000)).await.unwrap()), 4, "the rest of the sheet is empty");
}

#[tokio::test]
async fn a_list_of_sprites_comes_from_the_playlist_or_from_whoever_knows_it() {
    let list = "WEBVTT\n\n00:00.000 --> 00:05.000\ns.png#xywh=0,0,16,9\n\n\
        00:05.000 --> 00:10.000\ns.png#xywh=16,0,16,9\n\n00:10.000 --> 00:15.000\ns.png#xywh=900,0,16,9\n";
    let files = Files::of([("t/list.vtt", list.into()), ("t/s.png", sheet(0, (2, 1)))]);
    let named = hls_of("#EXT-X-SESSION-DATA:DATA-ID=\"com.example.thumbnails\",URI=\"t/list.vtt\"\n");
    let extra = ThumbnailOptions { list: Some(url("t/list.vtt")), ..ThumbnailOptions::default() };
    for (presentation, options) in [(named, ThumbnailOptions::default()), (hls_of(""), extra)] {
        let stage = stage(&files, &presentation, options);
        assert_eq!(number(&stage.thumbnails.at(at(4_999)).await.unwrap()), 0);
        let second = stage.thumbnails.at(at(7_000)).await.unwrap();
        assert_eq!((number(&second), second.time, second.until), (1, at(5_000), at(10_000)));
        assert_eq!(files.asked(), ["t/list.vtt", "t/s.png"]);
        let outside = stage.thumbnails.at(at(12_000)).await;
        assert_eq!(outside, Err(ThumbnailError::OutsidePicture), "a part beyond the picture");
        files.asked();
    }
}

/// A transport stream's worth of nothing: what the decoder here needs is made from MP4 boxes.
mod fragments {

    pub(super) fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    }

    /// An initialisation for VP9 at a thousand ticks a second.
    pub(super) fn init() -> Vec<u8> {
        let full = |kind: &[u8; 4], payload: &[u8]| boxed(kind, &[&[0; 4][..], payload].concat());
        let mut entry = vec![0; 78];
        entry[7] = 1;
        let vpcc = full(b"vpcC", &[0, 10, 0x80, 1, 1, 1, 0, 0]);
        let stsd = full(b"stsd", &[&[0, 0, 0, 1][..], &boxed(b"vp09", &[entry, vpcc].concat())].concat());
        let empty = |kind: &[u8; 4], bytes: usize| full(kind, &vec![0; bytes]);
        let tables = [empty(b"stts", 4), empty(b"stsc", 4), empty(b"stsz", 8), empty(b"stco", 4)].concat();
        let stbl = boxed(b"stbl", &[stsd, tables].concat());
        let mdhd = full(b"mdhd", &[&[0; 8][..], &1000u32.to_be_bytes(), &[0; 8]].concat());
        let hdlr = full(b"hdlr", &[&[0; 4][..], b"vide", &[0; 13]].concat());
        let mdia = boxed(b"mdia", &[mdhd, hdlr, boxed(b"minf", &stbl)].concat());
        let tkhd = full(b"tkhd", &[&[0; 8][..], &1u32.to_be_bytes(), &[0; 68]].concat());
        let trak = boxed(b"trak", &[tkhd, mdia].concat());
        let mvhd = full(b"mvhd", &[&[0; 8][..], &1000u32.to_be_bytes(), &[0; 84]].concat());
        let trex = full(b"trex", &[&1u32.to_be_bytes()[..], &1u32.to_be_bytes(), &[0; 12]].concat());
        let moov = boxed(b"moov", &[mvhd, trak, boxed(b"mvex", &trex)].concat());
        [boxed(b"ftyp", b"iso6\0\0\0\0"), moov].concat()
    }

    /// Samples of a second each from `start_s` on: their bytes, and whether decoding can start there.
    pub(super) fn segment(start_s: u32, samples: &[(Vec<u8>, bool)]) -> Vec<u8> {
        let moof = |offset: u32| {
            let tfhd = boxed(b"tfhd", &[&0x02_0000u32.to_be_bytes()[..], &1u32.to_be_bytes()].concat());
            let tfdt = boxed(b"tfdt", &[&[0; 4][..], &(start_s * 1000).to_be_bytes()].concat());
            let mut trun = [0x701u32, samples.len() as u32, offset].map(u32::to_be_bytes).concat();
            for (data, key) in samples {
                let flags = if *key { 0x0200_0000 } else { 0x0101_0000 };
                trun.extend([1000u32, data.len() as u32, flags].map(u32::to_be_bytes).concat());
            }
            boxed(b"moof", &boxed(b"traf", &[tfhd, tfdt, boxed(b"trun", &trun)].concat()))
        };
        let offset = moof(0).len() as u32 + 8;
        let data: Vec<u8> = samples.iter().flat_map(|(data, _)| data.clone()).collect();
        [moof(offset), boxed(b"mdat", &data)].concat()
    }
}

fn with_decoder() -> ThumbnailOptions {
    ThumbnailOptions { stills: Some(Arc::new(Painter)), ..ThumbnailOptions::default() }
}

fn key(number: u8, bytes: usize) -> (Vec<u8>, bool) {
    (vec![number * 8; bytes], true)
}

fn other(bytes: usize) -> (Vec<u8>, bool) {
    (vec![255; bytes], false)
}

#[tokio::test]
async fn a_playlist_of_key_frames_lists_less_than_its_boxes_claim() {
    let segments: Vec<Vec<u8>> =
        (0..3u8).map(|n| fragments::segment(u32::from(n) * 2, &[key(n + 1, 30), other(500)])).collect();
    let lead = segments[0].len() - 500;
    let mut list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"init.mp4\"\n".to_owned();
    for n in 0..3 {
        list += &format!("#EXTINF:2,\n#EXT-X-BYTERANGE:{lead}@{}\nall.mp4\n", n * segments[0].len());
    }
    let files =
        Files::of([("i.m3u8", list.into_bytes()), ("init.mp4", fragments::init()), ("all.mp4", segments.concat())]);
    let presentation = hls_of("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS=\"vp09.00.10.08\",URI=\"i.m3u8\"\n");
    let stage = stage(&files, &presentation, with_decoder());
    for (asked, shown, time) in [(0, 1, 0), (3_999, 2, 2_000), (4_000, 3, 4_000), (99_000, 3, 4_000)] {
        let picture = stage.thumbnails.at(at(asked)).await.unwrap();
        assert_eq!((number(&picture), picture.time, picture.width), (shown, at(time), 30), "{asked}");
    }
}

#[tokio::test]
async fn without_anything_better_the_lowest_rung_shows_the_key_frame_at_or_before_a_time() {
    // The first key frame is among the first bytes; that of the third is not.
    let long = |n: u8| [key(n, 40), other(60), key(n + 1, 40), other(60), key(n + 2, 40)].concat_samples();
    let segments = [
        ("0.m4s", fragments::segment(0, &long(1))),
        ("1.m4s", fragments::segment(12, &[key(5, 200_000), other(10)])),
        ("2.m4s", fragments::segment(14, &[other(10), key(7, 50)])),
    ];
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:12,\n0.m4s\n\
        #EXTINF:2,\n1.m4s\n#EXTINF:2,\n2.m4s\n#EXT-X-ENDLIST\n";
    let files = Files::of(segments.into_iter().chain([("v.m3u8", list.into()), ("init.mp4", fragments::init())]));
    let stage = stage(&files, &hls_of(""), with_decoder());
    for (asked, shown, time) in [(100, 1, 0), (4_900, 1, 0), (13_900, 5, 12_000), (15_900, 7, 15_000)] {
        let picture = stage.thumbnails.at(at(asked)).await.unwrap();
        assert_eq!((number(&picture), picture.time), (shown, at(time)), "{asked}");
    }
    // Twelve seconds are told apart by five: the last key frame before 5 s began at 4 s.
    let picture = stage.thumbnails.at(at(7_000)).await.unwrap();
    assert_eq!((number(&picture), picture.time), (3, at(4_000)));
    assert!(picture.width <= MAX_SIDE);
}

trait Concat {
    fn concat_samples(self) -> Vec<(Vec<u8>, bool)>;
}

impl<const N: usize> Concat for [(Vec<u8>, bool); N] {
    fn concat_samples(self) -> Vec<(Vec<u8>, bool)> {
        self.into()
    }
}

#[tokio::test]
async fn a_source_of_no_use_is_passed_over_and_none_at_all_is_said() {
    let presentation = hls_of(
        "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,URI=\"gone.m3u8\"\n\
        #EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=8x4,URI=\"there.m3u8\"\n",
    );
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-TILES:RESOLUTION=16x9,LAYOUT=2x1\na.png\n";
    let files = Files::of([("there.m3u8", list.into()), ("a.png", sheet(0, (2, 1)))]);
    let found = stage(&files, &presentation, ThumbnailOptions::default());
    assert_eq!(number(&found.thumbnails.at(at(2_500)).await.unwrap()), 1);
    let nothing = stage(&files, &hls_of(""), ThumbnailOptions::default());
    assert_eq!(nothing.thumbnails.at(at(0)).await, Err(ThumbnailError::NoSource));
}

#[tokio::test]
async fn pictures_that_cannot_be_read_are_errors_and_lead_to_the_next_source() {
    let lines = "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,URI=\"i.m3u8\"\n";
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.jpg\n#EXTINF:4,\nb.jpg\n";
    let files = Files::of([
        ("i.m3u8", list.into()),
        ("a.jpg", b"<html>not here</html>".to_vec()),
        ("b.jpg", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0".to_vec()),
        ("v.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:8,\n0.m4s\n".into()),
        ("init.mp4", fragments::init()),
        ("0.m4s", fragments::segment(0, &[key(1, 20)])),
    ]);
    let images = stage(&files, &hls_of(lines), ThumbnailOptions::default());
    assert!(matches!(images.thumbnails.at(at(0)).await, Err(ThumbnailError::Picture(_))));
    assert!(images.thumbnails.at(at(5_000)).await.is_err());
    let both = stage(&files, &hls_of(lines), with_decoder());
    assert!(both.thumbnails.at(at(0)).await.is_err());
    assert_eq!(number(&both.thumbnails.at(at(5_000)).await.unwrap()), 1, "the lowest rung, after two failures");
}

#[tokio::test]
async fn a_grid_of_impossible_size_is_refused_by_name() {
    let lines = "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,LAYOUT=1000x1000,URI=\"i.m3u8\"\n";
    let files = Files::of([("i.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.png\n".into())]);
    let stage = stage(&files, &hls_of(lines), ThumbnailOptions::default());
    assert_eq!(stage.thumbnails.at(at(0)).await, Err(ThumbnailError::NoSource));
    let tiles = crate::manifest::Tiles { columns: 1000, rows: 1000, width: 0, height: 0, duration: None };
    let index = hls::media_playlist(b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.png\n", &url("")).unwrap();
    let refused = plan::TilePlan::new(index, tiles, None).unwrap_err();
    assert!(matches!(refused, ThumbnailError::LimitExceeded { .. }), "{refused}");
}

#[tokio::test]
async fn the_newest_wish_wins_and_playback_comes_first() {
    let list = (0..40).map(|n| format!("#EXTINF:4,\n{n}.png\n")).collect::<String>();
    let list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{list}");
    let names: Vec<&'static str> = (0..40).map(|n| &*Box::leak(format!("{n}.png").into_boxed_str())).collect();
    let pictures = names.iter().enumerate().map(|(n, name)| (*name, sheet(n as u32 % 30, (1, 1))));
    let gate = Arc::new(tokio::sync::Semaphore::new(1));
    let files = Files { gate: Some(gate.clone()), ..Files::of(pictures.chain([("i.m3u8", list.into_bytes())])) };
    let presentation = hls_of("#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,URI=\"i.m3u8\"\n");

    let reader = Reader::new(&url("master"), Arc::new(files.clone()), NetConfig::default(), []);
    let (thumbnails, feed, work) = start(Tools { cache_bytes: DEFAULT_CACHE_BYTES, ..Tools::default() });
    let task = tokio::spawn(work);
    feed.present(reader.loader(), Arc::new(presentation.clone()));
    thumbnails.want(at(0));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(files.asked().is_empty(), "playback needs the link");
    feed.hold(false);

    // Many wishes while the gate is closed: at most two transfers, and the last wish is among them.
    let old = tokio::spawn({
        let thumbnails = thumbnails.clone();
        async move { thumbnails.at(at(8_000)).await }
    });
    while files.asked.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    for n in 3..20 {
        thumbnails.want(at(n * 4_000));
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(old.await.unwrap(), Err(ThumbnailError::Superseded));
    let wanted = tokio::spawn({
        let thumbnails = thumbnails.clone();
        async move { thumbnails.at(at(20 * 4_000)).await }
    });
    gate.add_permits(1000);
    assert_eq!(number(&wanted.await.unwrap().unwrap()), 20);
    // Its neighbours come by themselves, and nothing else does.
    while thumbnails.get(at(21 * 4_000)).is_none() || thumbnails.get(at(19 * 4_000)).is_none() {
        tokio::task::yield_now().await;
    }
    assert!(thumbnails.get(at(30 * 4_000)).is_none());
    drop(feed);
    task.await.unwrap();
    assert_eq!(thumbnails.at(at(30 * 4_000)).await, Err(ThumbnailError::Closed));
}

#[tokio::test]
async fn pictures_that_are_kept_stay_within_their_budget() {
    let list = (0..9).map(|_| "#EXTINF:4,\na.png\n#EXTINF:4,\nb.png\n").collect::<String>();
    let presentation = hls_of("#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,URI=\"i.m3u8\"\n");
    let list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{list}");
    let files = Files::of([("i.m3u8", list.into_bytes()), ("a.png", sheet(1, (1, 1))), ("b.png", sheet(2, (1, 1)))]);
    let budget = 3 * 16 * 9 * 4;
    let options = ThumbnailOptions { cache_bytes: budget, ..ThumbnailOptions::default() };
    let stage = stage(&files, &presentation, options);
    for n in 0..18 {
        let picture = stage.thumbnails.at(at(n * 4_000)).await.unwrap();
        assert_eq!(i64::from(number(&picture)), 1 + n % 2);
        assert!(stage.thumbnails.held() <= budget);
    }
}
