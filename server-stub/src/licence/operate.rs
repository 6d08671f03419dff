//! What the operator does with keys, through the command line or the running server.

use super::{
    KeyStore, KeyStoreError,
    cpix::{self, Cpix, CpixError, CpixKey},
};
use crate::{catalog::Catalog, ingest::ContentKey};
use service_api::{TitleId, catalog::Protection, playback::Quality};
use zeroize::Zeroizing;

/// Why the operator's wish was not carried out.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct KeysError(#[from] Cause);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("there is no title {0}")]
    Title(TitleId),
    #[error("the document does not say which title it is for (contentId)")]
    NoTitle,
    #[error("key id {0} has no value")]
    NoValue(uuid::Uuid),
    #[error(transparent)]
    Document(#[from] CpixError),
    #[error(transparent)]
    Store(#[from] KeyStoreError),
}

/// The catalog and the key store, for an operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyDesk<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) keys: &'a KeyStore,
}

impl KeyDesk<'_> {
    /// The title's keys as a CPIX document. It holds them in the clear.
    pub(crate) async fn export_keys(&self, title: &TitleId) -> Result<Zeroizing<String>, KeysError> {
        let entry = self.catalog.entry(title).ok_or_else(|| Cause::Title(title.clone()))?;
        let scheme = match entry.protection {
            Protection::Clear => None,
            Protection::Cenc => Some("cenc"),
            Protection::Cbcs => Some("cbcs"),
        };
        let mut keys = Vec::new();
        for sealed in self.keys.keys_of(title).await.map_err(Cause::from)? {
            let key = self.keys.unseal(&sealed).map_err(Cause::from)?;
            keys.push(CpixKey {
                kid: sealed.kid,
                key: Some(Zeroizing::new(key.key)),
                quality: sealed.quality,
                scheme: scheme.map(str::to_owned),
            });
        }
        Ok(cpix::write(&Cpix { content_id: Some(title.clone()), keys }))
    }

    /// Brings the keys of a CPIX document in; returns how many are new.
    pub(crate) async fn import_keys(&self, document: &str) -> Result<usize, KeysError> {
        let document = cpix::parse(document).map_err(Cause::from)?;
        let title = document.content_id.ok_or(Cause::NoTitle)?;
        if self.catalog.entry(&title).is_none() {
            return Err(Cause::Title(title).into());
        }
        let mut keys = Vec::new();
        for key in document.keys {
            let value = key.key.ok_or_else(|| Cause::NoValue(uuid::Uuid::from_bytes(key.kid)))?;
            keys.push((ContentKey { kid: key.kid, key: *value }, title.clone(), key.quality));
        }
        Ok(self.keys.import(&keys).await.map_err(Cause::from)?)
    }

    /// A new key for what is made of the title from now on.
    pub(crate) async fn rotate_key(&self, title: &TitleId, quality: Quality) -> Result<(), KeysError> {
        Ok(self.keys.rotate(title, quality).await.map_err(Cause::from)?)
    }

    /// Gives a key to nobody any more; says whether there was one.
    pub(crate) async fn revoke_key(&self, kid: &[u8; 16]) -> Result<bool, KeysError> {
        Ok(self.keys.revoke(kid).await.map_err(Cause::from)?)
    }
}
