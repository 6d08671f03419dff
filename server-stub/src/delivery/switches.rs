//! What operators switch while servers run: networks of content delivery, and faults that strike a title.
//!
//! The table has it, so that it is the same for every instance and for who comes after a restart; each instance looks
//! again every few seconds and answers from memory. Faults are those of addresses (url_fault.rs), and obeyed where these
//! are.

use super::{manifest::Pathways, url_fault::UrlFaults};
use crate::{clock::Clock, store::Db};
use service_api::TitleId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Longest text of faults, in bytes: eight rules.
const MAX_FAULTS: usize = 512;
/// Rows that are looked at. Only known networks and titles are stored.
const MAX_ROWS: i64 = 10_000;

const NETWORK: &str = "network";
const FAULTS: &str = "faults";

/// The switches of all instances, as of the last look.
#[derive(Debug)]
pub(crate) struct Switches {
    db: Db,
    clock: Arc<dyn Clock>,
    /// Does this instance break media when it is told to?
    obeys_faults: bool,
    faults: RwLock<BTreeMap<TitleId, (String, Arc<UrlFaults>)>>,
    has_faults: AtomicBool,
}

/// Why faults were not set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwitchError {
    #[error("the faults cannot be understood: {0}")]
    Faults(String),
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

impl Switches {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, obeys_faults: bool) -> Self {
        Self { db, clock, obeys_faults, faults: RwLock::default(), has_faults: AtomicBool::new(false) }
    }

    /// Is anything broken on purpose? Does not wait.
    pub(crate) fn has_faults(&self) -> bool {
        self.has_faults.load(Ordering::Relaxed)
    }

    /// What strikes this title.
    pub(crate) fn faults_of(&self, title: &TitleId) -> Option<Arc<UrlFaults>> {
        if !self.has_faults() {
            return None;
        }
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        faults.get(title).map(|(_, faults)| faults.clone())
    }

    /// Every title that something strikes, with what it is.
    pub(crate) fn list_faults(&self) -> Vec<(TitleId, String)> {
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        faults.iter().map(|(title, (text, _))| (title.clone(), text.clone())).collect()
    }

    /// Takes over what is switched, here and elsewhere.
    pub(crate) async fn refresh(&self, pathways: &Pathways) -> Result<(), sqlx::Error> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT kind, name, value FROM delivery_switches ORDER BY kind, name LIMIT $1")
                .bind(MAX_ROWS)
                .fetch_all(self.db.reader())
                .await?;
        let (mut down, mut faults) = (BTreeSet::new(), BTreeMap::new());
        for (kind, name, text) in rows {
            if kind == NETWORK {
                down.insert(name);
            } else if self.obeys_faults
                && let Ok(found) = UrlFaults::parse(&text)
            {
                faults.insert(TitleId(name), (text, Arc::new(found)));
            }
        }
        pathways.set_down(down);
        self.has_faults.store(!faults.is_empty(), Ordering::Relaxed);
        *self.faults.write().unwrap_or_else(PoisonError::into_inner) = faults;
        Ok(())
    }

    /// Takes a network out of service, or back into it, for every instance.
    pub(crate) async fn set_in_service(&self, network: &str, is_up: bool) -> Result<(), sqlx::Error> {
        self.set(NETWORK, network, (!is_up).then_some("")).await
    }

    /// Breaks the media of a title on purpose, at every instance that obeys; nothing ends it.
    pub(crate) async fn set_faults(&self, title: &TitleId, faults: &str) -> Result<(), SwitchError> {
        let faults = faults.trim();
        if !faults.is_empty() {
            if faults.len() > MAX_FAULTS {
                return Err(SwitchError::Faults(format!("they are longer than {MAX_FAULTS} bytes")));
            }
            UrlFaults::parse(faults).map_err(SwitchError::Faults)?;
        }
        Ok(self.set(FAULTS, title.as_str(), Some(faults).filter(|faults| !faults.is_empty())).await?)
    }

    async fn set(&self, kind: &str, name: &str, value: Option<&str>) -> Result<(), sqlx::Error> {
        let statement = match value {
            Some(value) => sqlx::query(
                "INSERT INTO delivery_switches (kind, name, value, changed_at_ms) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, changed_at_ms = excluded.changed_at_ms",
            )
            .bind(kind)
            .bind(name)
            .bind(value)
            .bind(self.clock.now_ms()),
            None => sqlx::query("DELETE FROM delivery_switches WHERE kind = $1 AND name = $2").bind(kind).bind(name),
        };
        statement.execute(self.db.writer()).await.map(drop)
    }
}
