//! 正文查询 — where bodies are, one query for all callers that ask at the same time.
//!
//! Many callers at once would otherwise ask one by one, and each answer costs a way to the store
//! and back: more than all the rest of a command.
//!
//! A body among the evidence is hashed before the first entry of this process names it: the service
//! may add to that table, and so may whoever stole its password; an entry over other bytes would be
//! one that was tampered with, for ever. Once hashed it is not asked for again: no role that the
//! service has can change or remove it.

use std::collections::HashMap;
use std::sync::Mutex;

use annals_events::entry;

use tokio::sync::oneshot;

use crate::store::{BodyPlace, SharedStore, StoreError};

type Answer = Result<BodyPlace, String>;

/// See the module.
#[derive(Default)]
pub struct BodyLookup {
    asked: Mutex<Vec<([u8; 32], oneshot::Sender<Answer>)>>,
    asking: tokio::sync::Mutex<()>,
    /// Evidence that was hashed, with its length.
    whole: Mutex<HashMap<[u8; 32], u64>>,
}

/// Bodies remembered as whole at most; then all are hashed again once.
const REMEMBERED: usize = 65_536;
/// Bodies read at once: each may have many MiB.
const BODIES: usize = 16;

impl BodyLookup {
    /// Where this body is now. Whoever finds nobody asking asks for everybody who waits.
    pub async fn place(&self, store: &SharedStore, id: [u8; 32]) -> Answer {
        if let Some(length) = self.whole.lock().expect("no holder panics").get(&id) {
            return Ok(BodyPlace::Kept(*length));
        }
        loop {
            let (sender, mut answer) = oneshot::channel();
            self.asked.lock().expect("no holder panics").push((id, sender));
            let answered = tokio::select! {
                biased;
                answered = &mut answer => answered,
                asking = self.asking.lock() => {
                    self.ask(store).await;
                    drop(asking);
                    answer.await
                }
            };
            // A caller that went away while it asked for others leaves them without an answer.
            if let Ok(answered) = answered {
                return answered;
            }
        }
    }

    async fn find(
        &self,
        store: &SharedStore,
        ids: &[[u8; 32]],
    ) -> Result<Vec<BodyPlace>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let places = store.find_bodies(ids).await?;
        let kept = ids.iter().zip(&places).filter(|(_, p)| matches!(p, BodyPlace::Kept(_)));
        let unseen: Vec<[u8; 32]> = {
            let whole = self.whole.lock().expect("no holder panics");
            kept.map(|(id, _)| *id).filter(|id| !whole.contains_key(id)).collect()
        };
        for page in unseen.chunks(BODIES) {
            for body in store.bodies(page).await? {
                if entry::body_id(&body.salt, &body.bytes).0 != body.id {
                    let id = annals_events::Hash(body.id);
                    let detail = format!("body {id} is not what its name says: run annals verify");
                    return Err(StoreError::Corrupt(detail));
                }
                let mut whole = self.whole.lock().expect("no holder panics");
                if whole.len() >= REMEMBERED {
                    whole.clear();
                }
                whole.insert(body.id, body.bytes.len() as u64);
            }
        }
        Ok(places)
    }

    async fn ask(&self, store: &SharedStore) {
        let asked = std::mem::take(&mut *self.asked.lock().expect("no holder panics"));
        let mut ids: Vec<[u8; 32]> = asked.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = self.find(store, &ids).await.map_err(|error| error.to_string());
        for (id, sender) in asked {
            let answer = match (&found, ids.binary_search(&id)) {
                (Ok(places), Ok(at)) => Ok(places.get(at).copied().unwrap_or(BodyPlace::Missing)),
                (Ok(_), Err(_)) => Ok(BodyPlace::Missing),
                (Err(error), _) => Err(error.clone()),
            };
            // Somebody who does not wait any more needs no answer.
            let _ = sender.send(answer);
        }
    }
}
