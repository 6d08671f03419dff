//! Files in memory, for what reads more than one: everything behind [`Reader`] that is not open to callers.

use super::base;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use player_core::container::{Sample, TrackFormat};
use player_core::frame::VideoFrame;
use player_core::manifest::{self, Presentation};
use player_core::net::{FetchError, FetchRequest, Fetched, Fetcher, ProgressSink};
use player_core::pipeline::{PipelineError, StillDecoder};
use player_core::reader::Reader;
use player_core::thumbnails::ThumbnailOptions;
use player_core::{MediaTime, config::NetConfig};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// Transfers that are answered, so that long lists end.
const TRANSFERS: usize = 40;
/// Between the documents of an input.
const CUT: &[u8] = b"\n--8<--\n";

/// Answers the first address that it is asked for with the first document, the second with the second, and so on in
/// turn; an address has the same document always.
#[derive(Debug)]
struct Memory {
    documents: Vec<Bytes>,
    asked: Mutex<(Vec<Url>, usize)>,
}

impl Memory {
    fn of(documents: Vec<Bytes>) -> Arc<Self> {
        Arc::new(Self { documents, asked: Mutex::default() })
    }

    fn answer(&self, request: &FetchRequest) -> Result<Bytes, FetchError> {
        let url = &request.source.url;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.1 += 1;
        if asked.1 > TRANSFERS {
            return Err(FetchError::Status(403));
        }
        let place = asked.0.iter().position(|known| known == url).unwrap_or_else(|| {
            asked.0.push(url.clone());
            asked.0.len() - 1
        });
        let body = self.documents.get(place % self.documents.len().max(1)).ok_or(FetchError::Status(404))?;
        let body = match request.source.range {
            Some((first, _)) if first >= body.len() as u64 => return Err(FetchError::Status(416)),
            Some((first, length)) => {
                body.slice(first as usize..first.saturating_add(length).min(body.len() as u64) as usize)
            }
            None => body.clone(),
        };
        if body.len() as u64 > request.max_bytes {
            return Err(FetchError::TooLarge { max: request.max_bytes });
        }
        Ok(body)
    }
}

impl Fetcher for Memory {
    fn fetch(&self, request: FetchRequest, _: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let body = self.answer(&request);
        Box::pin(async move {
            let (ttfb, elapsed) = (Duration::ZERO, Duration::ZERO);
            Ok(Fetched { body: body?, url: request.source.url, ttfb, elapsed, cached: false, protocol: None })
        })
    }
}

/// A picture as wide as the sample is long.
#[derive(Debug)]
struct Painter;

impl StillDecoder for Painter {
    fn decode(&self, _: &TrackFormat, key_frame: &Sample, max_side: u32) -> Result<VideoFrame, PipelineError> {
        let width = (key_frame.data.len() as u32).clamp(1, max_side);
        VideoFrame::from_rgba(0, key_frame.pts, (width, 1), vec![7; width as usize * 4])
            .ok_or_else(|| PipelineError::Decode("no picture".into()))
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_current_thread().enable_time().max_blocking_threads(2).build().expect("threads can be started")
    })
}

/// The input's documents.
fn documents(data: &[u8]) -> Vec<Bytes> {
    let mut documents = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(CUT.len()).position(|window| window == CUT) {
        documents.push(Bytes::copy_from_slice(&rest[..at]));
        rest = &rest[at + CUT.len()..];
    }
    documents.push(Bytes::copy_from_slice(rest));
    documents
}

/// The file by itself, as the loader gets at its chapters part by part.
pub(super) fn chapters_of_file(data: &[u8]) {
    let memory = Memory::of(vec![Bytes::copy_from_slice(data)]);
    let reader = Reader::new(&base(), memory, NetConfig::default(), []);
    let chapters = runtime().block_on(reader.chapters(&manifest::plain_file(&base())));
    assert!(chapters.as_slice().len() <= player_core::chapters::MAX_CHAPTERS);
}

/// A manifest and everything that it leads to, its documents in the order in which they are asked for.
pub(super) fn presentation(data: &[u8]) {
    let memory = Memory::of(documents(data));
    let reader = Reader::new(&base(), memory, NetConfig::default(), []);
    runtime().block_on(async {
        let Ok(presentation) = reader.presentation(&base()).await else { return };
        for group in presentation.tracks.iter().chain(&presentation.trick_play).take(8) {
            for representation in group.representations.iter().take(2) {
                let _ = reader.list(&representation.index).await;
            }
        }
        let _ = reader.text(&presentation).await;
        let _ = reader.captions(&presentation).await;
        reader.chapters(&presentation).await;
        pictures(&reader, &presentation, ThumbnailOptions::default(), &[0, 5_000]).await;
    });
}

/// Pictures of the seek bar. The first byte says what the input is: a list of sprites, a playlist of images, an MPD
/// with tiles, a picture that a list of sprites cuts, or a film whose key frames are shown.
pub(super) fn thumbnails(data: &[u8]) {
    const VARIANT: &str = "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.640028\",RESOLUTION=640x360\nv.m3u8\n";
    const IMAGES: &str = "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=16x9,CODECS=\"jpeg\",URI=\"i.m3u8\"\n";
    const LIST: &[u8] = b"WEBVTT\n\n00:00.000 --> 00:05.000\ns.png#xywh=0,0,16,9\n\n00:05.000 --> 00:10.000\ns.png\n\n\
        00:10.000 --> 00:15.000\ns.png#xywh=16,9,200,100\n";
    const SHEET: &[u8] = include_bytes!("sheet.png");
    let Some((kind, data)) = data.split_first() else { return };
    let (input, base) = (Bytes::copy_from_slice(data), base());
    let hls = |lines: &str| manifest::hls::presentation(format!("#EXTM3U\n{lines}{VARIANT}").as_bytes(), &base);
    let (list, none) =
        (ThumbnailOptions { list: Some(base.clone()), ..ThumbnailOptions::default() }, ThumbnailOptions::default);
    let film = || Ok(manifest::plain_file(&base));
    let (presentation, options, documents) = match kind % 5 {
        0 => (hls(""), list, vec![input, Bytes::from_static(SHEET)]),
        1 => (hls(IMAGES), none(), vec![input, Bytes::from_static(SHEET)]),
        2 => (manifest::dash::presentation(&input, &base), none(), vec![Bytes::from_static(SHEET)]),
        3 => (hls(""), list, vec![Bytes::from_static(LIST), input]),
        _ => (film(), ThumbnailOptions { stills: Some(Arc::new(Painter)), ..none() }, vec![input]),
    };
    let Ok(presentation) = presentation else { return };
    let reader = Reader::new(&base, Memory::of(documents), NetConfig::default(), []);
    runtime().block_on(pictures(&reader, &presentation, options, &[0, 6_000, 1 << 40]));
}

async fn pictures(reader: &Reader, presentation: &Presentation, options: ThumbnailOptions, times: &[i64]) {
    let (thumbnails, work) = reader.thumbnails(presentation, options);
    let ask = async {
        for time in times {
            if let Ok(picture) = thumbnails.at(MediaTime::from_millis(*time)).await {
                assert_eq!(picture.rgba().len(), (picture.width * picture.height * 4) as usize);
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = ask => {}
    }
    assert!(thumbnails.held() <= player_core::thumbnails::DEFAULT_CACHE_BYTES);
}
