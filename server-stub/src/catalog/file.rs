//! The catalog as a file: what is imported, exported and kept in the database.
//!
//! An import replaces the one before. Titles of the library take their texts, windows and places from it; titles that
//! the library does not have are shown as being prepared until somebody makes them.

use super::{Entry, snapshot::EditorialRow};
use crate::store::Db;
use serde::{Deserialize, Serialize};
use service_api::{TitleId, catalog::TitleKind};
use std::collections::{BTreeMap, BTreeSet};

/// Largest file, in bytes: a hundred thousand titles with a paragraph each.
pub(crate) const MAX_BYTES: usize = 256 << 20;
/// Titles in one file.
const MAX_TITLES: usize = 200_000;
/// Rows on the home screen that editors make.
const MAX_ROWS: usize = 50;
/// Faults that are told at once.
const MAX_FAULTS: usize = 20;
/// The version of the format.
const VERSION: u32 = 1;
/// The name of the only file there is.
const NAME: &str = "catalog";

/// A catalog file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogFile {
    pub(crate) version: u32,
    pub(crate) titles: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rows: Vec<EditorialRow>,
}

/// Why a file is not taken; nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Larger than 256 MiB.
    #[error("the file is larger than 256 MiB")]
    TooLarge,
    /// It is not JSON, or not of this form.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
        /// What was expected.
        reason: String,
    },
    /// It is well-formed and makes no sense.
    #[error("{}", .0.join("\n"))]
    Faults(Vec<String>),
    /// The database does not answer.
    #[error("cannot keep the catalog")]
    Store(#[from] sqlx::Error),
}

impl CatalogFile {
    /// Every title and row, to be read back by [`CatalogFile::parse`].
    pub(crate) fn new(titles: Vec<Entry>, rows: Vec<EditorialRow>) -> Self {
        Self { version: VERSION, titles, rows }
    }

    /// Reads and checks a file; `library` has the titles that are made here.
    pub(crate) fn parse(text: &str, library: &[Entry]) -> Result<Self, CatalogError> {
        if text.len() > MAX_BYTES {
            return Err(CatalogError::TooLarge);
        }
        let file: Self = serde_json::from_str(text).map_err(|error| CatalogError::Syntax {
            line: error.line(),
            column: error.column(),
            reason: error.to_string(),
        })?;
        let mut faults = file.faults(library);
        if faults.is_empty() {
            return Ok(file);
        }
        let more = faults.len().saturating_sub(MAX_FAULTS);
        faults.truncate(MAX_FAULTS);
        if more > 0 {
            faults.push(format!("and {more} more"));
        }
        Err(CatalogError::Faults(faults))
    }

    fn faults(&self, library: &[Entry]) -> Vec<String> {
        let mut faults = Vec::new();
        if self.version != VERSION {
            faults.push(format!("version must be {VERSION}"));
        }
        if self.titles.len() > MAX_TITLES || self.rows.len() > MAX_ROWS {
            faults.push(format!("at most {MAX_TITLES} titles and {MAX_ROWS} rows"));
            return faults;
        }
        let made: BTreeMap<_, _> = library.iter().map(|entry| (&entry.id, entry)).collect();
        let mut kinds: BTreeMap<&TitleId, TitleKind> = made.iter().map(|(id, entry)| (*id, entry.kind)).collect();
        let mut seen = BTreeSet::new();
        for title in &self.titles {
            if !seen.insert(&title.id) {
                faults.push(format!("title {}: is there twice", title.id));
            }
            kinds.insert(&title.id, title.kind);
        }
        let mut places = BTreeSet::new();
        for title in &self.titles {
            let id = &title.id;
            let mut wrong = |what: String| faults.push(format!("title {id}: {what}"));
            title.faults().into_iter().for_each(|fault| wrong(fault.to_owned()));
            if made.get(id).is_some_and(|made| made.protection != title.protection) {
                wrong("protection is not that of the media that are made here".to_owned());
            }
            match (&title.episode, title.kind) {
                (Some(episode), TitleKind::Episode) => {
                    if kinds.get(&episode.series) != Some(&TitleKind::Series) {
                        wrong(format!("its series {} is not in the catalog", episode.series));
                    }
                    if !places.insert((&episode.series, episode.season, episode.number)) {
                        wrong(format!("season {} has two episodes {}", episode.season, episode.number));
                    }
                }
                (None, TitleKind::Episode) => wrong("an episode needs `episode` with its series".to_owned()),
                (Some(_), _) => wrong("only episodes have `episode`".to_owned()),
                (None, _) => {}
            }
            if title.trailer.as_ref().is_some_and(|trailer| kinds.get(trailer) != Some(&TitleKind::Trailer)) {
                wrong("its trailer is not in the catalog, or not of kind trailer".to_owned());
            }
        }
        let mut rows = BTreeSet::new();
        for row in &self.rows {
            if !rows.insert(&row.id) || row.id.is_empty() || row.heading.is_empty() {
                faults.push(format!("row {:?}: needs an id of its own and a heading", row.id));
            }
            for title in row.titles.iter().filter(|title| !kinds.contains_key(title)) {
                faults.push(format!("row {:?}: title {title} is not in the catalog", row.id));
            }
        }
        faults
    }

    /// The library's titles in their order, with what the file says of them, then the file's own.
    pub(crate) fn over(self, library: Vec<Entry>) -> (Vec<Entry>, Vec<EditorialRow>) {
        let mut told: BTreeMap<TitleId, usize> =
            self.titles.iter().enumerate().map(|(index, entry)| (entry.id.clone(), index)).collect();
        let mut titles: Vec<Option<Entry>> = self.titles.into_iter().map(Some).collect();
        let mut merged = Vec::with_capacity(library.len() + titles.len());
        for made in library {
            let told = told.remove(&made.id).and_then(|index| titles[index].take());
            // How long it is and what protects it is known best by who has made it.
            merged.push(match told {
                Some(told) => Entry { duration_s: made.duration_s, protection: made.protection, ..told },
                None => made,
            });
        }
        merged.extend(titles.into_iter().flatten());
        (merged, self.rows)
    }
}

/// The kept file and its revision.
pub(crate) async fn load(db: &Db) -> Result<Option<(String, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT document, revision FROM catalog_files WHERE name = $1")
        .bind(NAME)
        .fetch_optional(db.reader())
        .await
}

/// The revision alone: what other instances look at.
pub(crate) async fn revision(db: &Db) -> Result<i64, sqlx::Error> {
    let revision: Option<i64> = sqlx::query_scalar("SELECT revision FROM catalog_files WHERE name = $1")
        .bind(NAME)
        .fetch_optional(db.reader())
        .await?;
    Ok(revision.unwrap_or(0))
}

/// Keeps a file in place of the one before.
pub(crate) async fn save(db: &Db, document: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO catalog_files (name, document, revision) VALUES ($1, $2, 1) ON CONFLICT (name) DO UPDATE \
         SET document = excluded.document, revision = catalog_files.revision + 1",
    )
    .bind(NAME)
    .bind(document)
    .execute(db.writer())
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> Vec<Entry> {
        crate::ingest::catalogue().iter().map(Entry::from).collect()
    }

    fn title(id: &str, rest: &str) -> String {
        format!(r#"{{"id":"{id}","name":"{id}","year":2020{rest}}}"#)
    }

    fn file(titles: &[String], rest: &str) -> String {
        format!(r#"{{"version":1,"titles":[{}]{rest}}}"#, titles.join(","))
    }

    #[test]
    fn what_is_exported_is_imported() {
        let text = serde_json::to_string_pretty(&CatalogFile::new(library(), Vec::new())).unwrap();
        let read = CatalogFile::parse(&text, &library()).unwrap();
        assert_eq!(read.titles, library());
        assert_eq!(read.over(library()).0, library());
    }

    #[test]
    fn faults_are_told_together_and_by_name() {
        let episode =
            |number: u16| format!(r#","kind":"episode","episode":{{"series":"no-such","season":1,"number":{number}}}"#);
        let titles = [
            title("Bad Id", ""),
            title("twice", ""),
            title("twice", ""),
            title("one", &episode(1)),
            title("other", &episode(1)),
            title("lost", r#","kind":"episode""#),
            title("old", r#","maturity":120"#),
            title("backwards", r#","windows":[{"from_ms":2,"until_ms":1}]"#),
            title("advertised", r#","trailer":"the-long-tide""#),
        ];
        let rows = r#","rows":[{"id":"x","heading":"X","titles":["nowhere"]}]"#;
        let Err(CatalogError::Faults(faults)) = CatalogFile::parse(&file(&titles, rows), &library()) else { panic!() };
        let text = faults.join("\n");
        for expected in [
            "title Bad Id: id must",
            "title twice: is there twice",
            "title one: its series no-such",
            "title other: season 1 has two episodes 1",
            "title lost: an episode needs",
            "title old: maturity",
            "title backwards: a window",
            "title advertised: its trailer",
            "row \"x\": title nowhere",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn syntax_is_told_with_its_place() {
        let bad = ["", "{", r#"{"version":1,"titles":[{"id":"a"}]}"#, &file(&[title("a", r#","role":"admin""#)], "")];
        for text in bad {
            assert!(matches!(CatalogFile::parse(text, &[]), Err(CatalogError::Syntax { .. })), "{text}");
        }
        let country = file(&[title("a", r#","windows":[{"regions":["Holland"]}]"#)], "");
        assert!(CatalogFile::parse(&country, &[]).unwrap_err().to_string().contains("two letters"));
    }
}
