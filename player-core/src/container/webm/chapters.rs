//! Chapters of Matroska files (RFC 9559, section 5.1.7).

use super::ebml::{Element, children, id};
use crate::container::ContainerError;

/// Chapters of one file, those within others included.
const MAX_CHAPTERS: usize = 2_000;
/// Chapters may lie in chapters; readers show the outermost ones and what is directly in them.
const MAX_DEPTH: usize = 2;
/// Titles of one chapter.
const MAX_TITLES: usize = 64;

/// A chapter as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChapter {
    pub start_ns: u64,
    pub end_ns: Option<u64>,
    /// Language and text.
    pub titles: Vec<(Option<String>, String)>,
}

/// Where the element with the chapters begins, from the beginning of the file; `None` if the file does not say so in
/// its beginning, which is what is given.
///
/// # Errors
/// What is there is no EBML.
pub fn find_chapters(head: &[u8]) -> Result<Option<u64>, ContainerError> {
    let (mut position, mut segment, mut listed) = (0, None, None);
    while let Some(element) = Element::next(head, position)? {
        let start = position;
        position = element.end;
        match element.id {
            id::SEGMENT => {
                position = element.start;
                segment = Some(element.start as u64);
            }
            id::CHAPTERS => return Ok(Some(start as u64)),
            id::SEEK_HEAD => listed = element.payload(head).ok().and_then(position_in_seek_head).or(listed),
            id::CLUSTER => break,
            _ => {}
        }
    }
    Ok(segment.zip(listed).and_then(|(segment, listed)| segment.checked_add(listed)))
}

fn position_in_seek_head(seek_head: &[u8]) -> Option<u64> {
    let seeks = children(seek_head).flatten().filter(|element| element.id == id::SEEK);
    seeks
        .filter_map(|seek| {
            let seek = seek.payload(seek_head).ok()?;
            let field =
                |wanted: u32| children(seek).flatten().find(|element| element.id == wanted)?.unsigned(seek).ok();
            (field(id::SEEK_ID)? == u64::from(id::CHAPTERS)).then(|| field(id::SEEK_POSITION))?
        })
        .next()
}

/// Bytes of the element at the beginning of `data`, its head included; `None` where that cannot be told.
pub fn element_length(data: &[u8]) -> Option<u64> {
    let element = Element::next(data, 0).ok()??;
    (element.start as u64).checked_add(element.claimed()?)
}

/// The chapters of the default edition, else of the first. `data` begins with the element that holds them. What is
/// hidden or disabled is left out.
///
/// # Errors
/// Another element, one that is cut short, or more chapters than a file should have.
pub fn chapters(data: &[u8]) -> Result<Vec<FileChapter>, ContainerError> {
    let element = Element::next(data, 0)?.filter(|element| element.id == id::CHAPTERS);
    let all = element.ok_or(ContainerError::Missing("Chapters"))?.payload(data)?;
    let mut chosen: Option<&[u8]> = None;
    for edition in children(all) {
        let edition = edition?;
        if edition.id != id::EDITION_ENTRY {
            continue;
        }
        let entry = edition.payload(all)?;
        if chosen.is_none() || flag(entry, id::EDITION_FLAG_DEFAULT, false)? {
            chosen = Some(entry);
        }
    }
    let mut found = Vec::new();
    if let Some(edition) = chosen {
        atoms(edition, 0, &mut found)?;
    }
    Ok(found)
}

fn atoms(parent: &[u8], depth: usize, found: &mut Vec<FileChapter>) -> Result<(), ContainerError> {
    for element in children(parent) {
        let element = element?;
        if element.id != id::CHAPTER_ATOM {
            continue;
        }
        let atom = element.payload(parent)?;
        if flag(atom, id::CHAPTER_FLAG_HIDDEN, false)? || !flag(atom, id::CHAPTER_FLAG_ENABLED, true)? {
            continue;
        }
        if found.len() == MAX_CHAPTERS {
            return Err(ContainerError::LimitExceeded { what: "chapters", max: MAX_CHAPTERS as u64 });
        }
        let (mut start_ns, mut end_ns, mut titles) = (0, None, Vec::new());
        for field in children(atom) {
            let field = field?;
            match field.id {
                id::CHAPTER_TIME_START => start_ns = field.unsigned(atom)?,
                id::CHAPTER_TIME_END => end_ns = Some(field.unsigned(atom)?),
                id::CHAPTER_DISPLAY if titles.len() < MAX_TITLES => titles.extend(title(field.payload(atom)?)?),
                _ => {}
            }
        }
        found.push(FileChapter { start_ns, end_ns, titles });
        if depth + 1 < MAX_DEPTH {
            atoms(atom, depth + 1, found)?;
        }
    }
    Ok(())
}

fn title(display: &[u8]) -> Result<Option<(Option<String>, String)>, ContainerError> {
    let (mut text, mut old, mut new) = (None, None, None);
    for field in children(display) {
        let field = field?;
        let words = || Ok(String::from_utf8_lossy(field.payload(display)?).trim_end_matches('\0').to_owned());
        match field.id {
            id::CHAP_STRING => text = Some(words()?),
            id::CHAP_LANGUAGE if old.is_none() => old = Some(words()?),
            id::CHAP_LANGUAGE_BCP47 if new.is_none() => new = Some(words()?),
            _ => {}
        }
    }
    Ok(text.map(|text| (new.or_else(|| old.map(|tag| two_letters(&tag))), text)))
}

/// ISO 639-2 as BCP 47 has it, for the languages that have two letters and are met most.
fn two_letters(tag: &str) -> String {
    const KNOWN: [(&str, &str); 14] = [
        ("eng", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("spa", "es"),
        ("ita", "it"),
        ("por", "pt"),
        ("dut", "nl"),
        ("nld", "nl"),
        ("jpn", "ja"),
        ("chi", "zh"),
        ("zho", "zh"),
        ("rus", "ru"),
    ];
    KNOWN.iter().find(|(three, _)| *three == tag).map_or(tag, |(_, two)| two).to_owned()
}

fn flag(parent: &[u8], wanted: u32, otherwise: bool) -> Result<bool, ContainerError> {
    for element in children(parent) {
        let element = element?;
        if element.id == wanted {
            return Ok(element.unsigned(parent)? != 0);
        }
    }
    Ok(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: u32, payload: &[u8]) -> Vec<u8> {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        [&id[..], &(0x1000_0000 | payload.len() as u32).to_be_bytes(), payload].concat()
    }

    fn atom(start: u64, title: &str, more: &[u8]) -> Vec<u8> {
        let display = [element(id::CHAP_STRING, title.as_bytes()), element(id::CHAP_LANGUAGE, b"ger")].concat();
        let start = element(id::CHAPTER_TIME_START, &start.to_be_bytes());
        element(id::CHAPTER_ATOM, &[&start[..], &element(id::CHAPTER_DISPLAY, &display), more].concat())
    }

    #[test]
    fn the_default_edition_counts_and_what_is_hidden_does_not() {
        let hidden = element(id::CHAPTER_FLAG_HIDDEN, &[1]);
        let other = element(id::EDITION_ENTRY, &atom(7, "other", &[]));
        let atoms = [atom(0, "Eins", &[]), atom(5, "Zwei", &atom(6, "in Zwei", &[])), atom(8, "nie", &hidden)].concat();
        let default = element(id::EDITION_ENTRY, &[element(id::EDITION_FLAG_DEFAULT, &[1]), atoms].concat());
        let data = element(id::CHAPTERS, &[other, default].concat());
        let found = chapters(&data).unwrap();
        let told: Vec<_> = found.iter().map(|it| (it.start_ns, it.titles[0].1.as_str())).collect();
        assert_eq!(told, [(0, "Eins"), (5, "Zwei"), (6, "in Zwei")]);
        assert_eq!(found[0].titles[0].0.as_deref(), Some("de"));
        assert_eq!(element_length(&data), Some(data.len() as u64));
        assert!(chapters(&data[..data.len() - 1]).is_err());
        assert!(chapters(b"").is_err());
    }

    #[test]
    fn they_are_found_in_the_head_or_by_its_list() {
        let seek = [element(id::SEEK_ID, &id::CHAPTERS.to_be_bytes()), element(id::SEEK_POSITION, &[0x10, 0])].concat();
        let segment = element(id::SEGMENT, &element(id::SEEK_HEAD, &element(id::SEEK, &seek)));
        assert_eq!(find_chapters(&segment), Ok(Some(8 + 0x1000)));
        let inside = element(id::SEGMENT, &[element(id::INFO, &[]), element(id::CHAPTERS, &[])].concat());
        assert_eq!(find_chapters(&inside), Ok(Some(8 + 8)));
        assert_eq!(find_chapters(b""), Ok(None));
    }
}
