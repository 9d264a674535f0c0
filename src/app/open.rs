//! What a writer is opened with: store, anchor, clock, keys; and what it must not be.

use std::sync::Arc;

use super::LEASE;
use crate::clock::Clock;
use crate::config::Home;
use crate::error::{Exit, Failure};
use crate::ledger::anchor::FileAnchor;
use crate::ledger::keys::{KeyFiles, read_key};
use crate::ledger::seal::SealKeys;
use crate::ledger::{Parts, snapshot};
use crate::store::{self, SharedStore, StoreError};

/// A writer must not be able to rewrite: refused unless somebody said that it may own the tables.
pub async fn check_rights(store: &SharedStore, as_owner: bool) -> Result<(), Failure> {
    match store.excess_rights().await? {
        Some(why) if !as_owner => Err(Failure::input(format!(
            "this connection may do more than write entries ({why}): connect as annals_service, \
             or say --allow-owner"
        ))),
        _ => Ok(()),
    }
}

/// Open the store of a home; who cannot is told which one it was.
pub async fn open_store(home: &Home) -> Result<SharedStore, Failure> {
    store::open(&home.database()).await.map_err(|error| of_store(home, error))
}

/// A failure to reach a home's store, with its place.
pub fn of_store(home: &Home, error: StoreError) -> Failure {
    let mut failure = Failure::from(error);
    if failure.exit == Exit::Fault {
        failure.sentence = format!("{}: {}", home.place(), failure.sentence);
    }
    failure
}

/// Open what a writer needs; `clock` is the machine's but for demo and test ledgers. The caller
/// of an embedded store holds its lock; of another it may.
pub async fn parts(
    home: &Home,
    clock: Arc<dyn Clock>,
    as_owner: bool,
    holds_lock: bool,
) -> Result<Parts, Failure> {
    let pinned = home.pinned().map_err(|e| Failure::input(format!("no ledger here: {e}")))?;
    let store = open_store(home).await?;
    check_rights(&store, as_owner).await?;
    let keys = seal_keys(home, &store, holds_lock).await?;
    Ok(Parts {
        store,
        anchor: Arc::new(FileAnchor::new(&home.anchor_path())),
        clock,
        keys,
        genesis: pinned.genesis,
        lease: LEASE,
        force: false,
    })
}

/// This host's log keys. A rotation that was committed but not finished is finished here: the
/// entry decides, not the file.
async fn seal_keys(
    home: &Home,
    store: &SharedStore,
    holds_lock: bool,
) -> Result<SealKeys, Failure> {
    let files = KeyFiles::new(home.folder());
    let read = |path: std::path::PathBuf| {
        read_key(&path).map_err(|error| Failure::input(error.to_string()))
    };
    let mut logs = vec![read(files.log_path())?];
    if files.next_log_path().exists() {
        let next = read(files.next_log_path())?;
        let ring = snapshot::key_ring(store, store.head().await?.size).await?;
        let ring = ring.map_err(Failure::refused)?;
        let written = ring.active_log_keys().any(|key| key == next.public());
        // Another process here that holds the lock is at just this, and will finish it.
        let is_alone = holds_lock || home.lock().is_ok();
        if written && !is_alone {
            logs.insert(0, next);
        } else if written {
            files.promote_log().map_err(|error| Failure::fault(error.to_string()))?;
            logs.insert(0, next);
        }
    }
    Ok(SealKeys { logs, cosigner: read(files.cosigner_path())? })
}
