//! What every command that only reads asks first, so that all of them answer alike, and what it
//! does last.

use annals_events::entry;

use super::{Common, term};
use crate::app::open_store;
use crate::config::{Home, Pinned};
use crate::error::{Exit, Failure};
use crate::ledger::anchor::FileAnchor;
use crate::ledger::look;
use crate::store::SharedStore;

/// Why an answer without the anchor is not whole; the command says the rest.
pub const NO_ANCHOR: &str = "nobody can tell whether the newest entries are missing";

/// A store that is this host's ledger and holds what this host acknowledged.
pub struct Reading {
    /// It.
    pub store: SharedStore,
    is_anchored: bool,
}

impl Reading {
    /// Open it. A store that was put back, or is another's, answers nothing. Where the anchor is
    /// missing or cannot be read, this is said, and the command ends as `annals verify` does.
    pub async fn open(common: &Common) -> Result<Reading, Failure> {
        let (home, pinned) = common.home()?;
        let store = open_store(&home).await?;
        match is_anchored(&home, &pinned, &store).await {
            Ok(is_anchored) => Ok(Reading { store, is_anchored }),
            Err(failure) => {
                store.close().await;
                Err(failure)
            }
        }
    }

    /// Close the store, whatever came of it, and answer.
    pub async fn end(self, outcome: Result<Exit, Failure>) -> Result<Exit, Failure> {
        self.store.close().await;
        match outcome? {
            Exit::Done if !self.is_anchored => Ok(Exit::Incomplete),
            exit => Ok(exit),
        }
    }
}

async fn is_anchored(home: &Home, pinned: &Pinned, store: &SharedStore) -> Result<bool, Failure> {
    let looked = look(&FileAnchor::new(&home.anchor_path()), store).await?;
    if let Some(lost) = looked.lost {
        return Err(Failure::refused(lost));
    }
    let why = match looked.anchored {
        Ok(Some(_)) => None,
        Ok(None) => Some("this host's anchor is missing".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    match store.read_at(&[0]).await?.first() {
        Some(first) if entry::leaf(&first.header) == pinned.genesis => {}
        Some(_) => {
            return Err(Failure::refused("the store's genesis is not the one this host pinned"));
        }
        None => {
            return Err(Failure::refused("the store holds no entry, though one is pinned here"));
        }
    }
    if let Some(why) = &why {
        term::say(&format!("annals: {why}: {NO_ANCHOR}"));
    }
    Ok(why.is_none())
}
