//! Gets the bytes that chapters are read from. What cannot be had is no error: a presentation plays without chapters.

use super::{Chapter, ChapterTitle, Chapters};
use crate::container::bmff::{self, MoovSearch, TextSample};
use crate::container::webm;
use crate::loader::{Loader, blocking};
use crate::manifest::{ByteSource, IndexPart, IndexSource, Presentation, hls};
use crate::net::FetchError;
use crate::session::LoadFailure;
use abr::MediaTime;
use bytes::Bytes;
use std::sync::Arc;
use url::Url;

/// `DATA-ID` of chapters.
const HLS_CHAPTERS: &str = "com.apple.hls.chapters";
/// Bytes of a document: two thousand chapters in a few languages.
const MAX_DOCUMENT: u64 = 2 << 20;
/// How much of a file is read to find out what is in it.
const HEAD: u64 = 64 << 10;
/// Bytes of a file's tables: those of a day's film.
const MAX_MOOV: u64 = 32 << 20;
/// Looks at a file until its tables are found: one box each.
const MAX_READS: usize = 64;
/// Bytes of a Matroska file's chapters.
const MAX_ELEMENT: u64 = 1 << 20;
/// Titles that are fetched one by one.
const MAX_FETCHED: usize = 200;
/// Titles that are not further apart than this are fetched together.
const NEAR: u64 = 32 << 10;

impl Loader {
    /// Chapters of a presentation: those that it knows, else those that it points to.
    pub(crate) async fn chapters(&self, presentation: &Presentation) -> Chapters {
        if !presentation.chapters.is_empty() {
            return presentation.chapters.clone();
        }
        let announced = presentation.events.iter().find(|event| event.scheme == HLS_CHAPTERS);
        let found = match (announced.and_then(hls::session_data_address), plain_file(presentation)) {
            (Some(url), _) => self.hls_chapters(url).await,
            (None, Some(url)) => self.file_chapters(&url).await,
            (None, None) => Ok(Chapters::default()),
        };
        found.unwrap_or_else(|failure| {
            tracing::debug!(error = %failure.error().detail, "chapters could not be read");
            Chapters::default()
        })
    }

    async fn hls_chapters(&self, url: Url) -> Result<Chapters, LoadFailure> {
        let fetched = self.fetch(ByteSource { url, range: None }, MAX_DOCUMENT, Arc::new(|_| {})).await?;
        Ok(blocking(move || super::read_hls(&fetched.body, &fetched.url)).await)
    }

    async fn file_chapters(&self, url: &Url) -> Result<Chapters, LoadFailure> {
        let head = self.part(url, (0, HEAD)).await?;
        if webm::is_webm(&head) {
            return self.matroska_chapters(url, head).await;
        }
        let Some(moov) = self.moov(url).await? else { return Ok(Chapters::default()) };
        let found = blocking(move || bmff::chapters(&moov)).await.map_err(LoadFailure::Container)?;
        if !found.listed.is_empty() {
            let listed = found.listed.iter().map(|(start, title)| Chapter::named(*start, title));
            return Ok(Chapters::new(listed.collect()));
        }
        self.titles(url, &found.samples).await
    }

    /// Fetches the text of chapter tracks.
    async fn titles(&self, url: &Url, samples: &[TextSample]) -> Result<Chapters, LoadFailure> {
        let mut chapters = Vec::new();
        let mut stretch: Option<(u64, Bytes)> = None;
        for (position, sample) in samples.iter().enumerate().take(MAX_FETCHED) {
            let end = sample.at.saturating_add(u64::from(sample.size));
            let has =
                |(first, bytes): &(u64, Bytes)| sample.at >= *first && end <= first.saturating_add(bytes.len() as u64);
            if !stretch.as_ref().is_some_and(has) {
                // Neighbours come along.
                let mut until = end;
                for next in &samples[position + 1..] {
                    if next.at < until || next.at - until > NEAR {
                        break;
                    }
                    until = next.at.saturating_add(u64::from(next.size));
                    if until - sample.at > MAX_DOCUMENT {
                        until = end;
                        break;
                    }
                }
                let bytes = self.part(url, (sample.at, until.saturating_sub(sample.at).max(1))).await?;
                stretch = Some((sample.at, bytes));
            }
            let Some((first, bytes)) = &stretch else { continue };
            let from = usize::try_from(sample.at - first).unwrap_or(usize::MAX);
            let text = bytes.get(from..from.saturating_add(sample.size as usize)).unwrap_or_default();
            let chapter = Chapter::named(sample.start, &TextSample::title(text));
            chapters.push(Chapter { end: Some(sample.end).filter(|end| *end > sample.start), ..chapter });
        }
        Ok(Chapters::new(chapters))
    }

    async fn matroska_chapters(&self, url: &Url, head: Bytes) -> Result<Chapters, LoadFailure> {
        let place = webm::find_chapters(&head).map_err(LoadFailure::Container)?;
        let (first, element) = match place {
            None => return Ok(Chapters::default()),
            Some(at) if at < head.len() as u64 => (at, head),
            Some(at) => (at, self.part(url, (at, HEAD)).await?),
        };
        let begin = if first < element.len() as u64 && webm::is_webm(&element) { first as usize } else { 0 };
        let mut bytes = element.slice(begin..);
        if let Some(length) = webm::element_length(&bytes).filter(|length| *length > bytes.len() as u64) {
            bytes = self.part(url, (first, length.min(MAX_ELEMENT))).await?;
        }
        let found = blocking(move || webm::chapters(&bytes)).await.map_err(LoadFailure::Container)?;
        let chapters = found.into_iter().map(|found| Chapter {
            start: MediaTime::from_nanos(i64::try_from(found.start_ns).unwrap_or(-1)),
            end: found.end_ns.and_then(|end| i64::try_from(end).ok()).map(MediaTime::from_nanos),
            titles: found
                .titles
                .iter()
                .filter_map(|(language, title)| ChapterTitle::of(language.as_deref(), title))
                .collect(),
            image: None,
        });
        Ok(Chapters::new(chapters.collect()))
    }

    /// The payload of an MP4 file's `moov`, wherever it is; `None` if there is none.
    pub(crate) async fn moov(&self, url: &Url) -> Result<Option<Bytes>, LoadFailure> {
        let mut position = 0u64;
        for _ in 0..MAX_READS {
            let range = Some((position, HEAD));
            let source = ByteSource { url: url.clone(), range };
            let body = match self.fetch(source, HEAD, Arc::new(|_| {})).await {
                Ok(fetched) => fetched.body,
                Err(LoadFailure::Fetch(FetchError::Status(416))) => return Ok(None),
                Err(failure) => return Err(failure),
            };
            match bmff::find_moov(&body, position) {
                MoovSearch::Here(range) => return Ok(Some(body.slice(range))),
                MoovSearch::At(first, length) if length <= MAX_MOOV => {
                    let source = ByteSource { url: url.clone(), range: Some((first, length)) };
                    return Ok(Some(self.fetch(source, length, Arc::new(|_| {})).await?.body));
                }
                MoovSearch::Behind(next) if next > position => position = next,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn part(&self, url: &Url, range: (u64, u64)) -> Result<Bytes, LoadFailure> {
        let source = ByteSource { url: url.clone(), range: Some(range) };
        Ok(self.fetch(source, range.1, Arc::new(|_| {})).await?.body)
    }
}

/// The address of a media file that stands for itself.
fn plain_file(presentation: &Presentation) -> Option<Url> {
    let [group] = &presentation.tracks[..] else { return None };
    let [representation] = &group.representations[..] else { return None };
    let IndexSource::Parts(parts) = &representation.index else { return None };
    let [IndexPart::File(file)] = &parts[..] else { return None };
    (file.init.is_none() && file.index.is_none()).then(|| file.url.clone())
}
