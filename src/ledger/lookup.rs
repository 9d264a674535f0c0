//! 正文查询 — where bodies are, one query for all callers that ask at the same time.
//!
//! Many callers at once would otherwise ask one by one, and each answer costs a way to the store
//! and back: more than all the rest of a command.

use std::sync::Mutex;

use tokio::sync::oneshot;

use crate::store::{BodyPlace, SharedStore};

type Answer = Result<BodyPlace, String>;

/// See the module.
#[derive(Default)]
pub struct BodyLookup {
    asked: Mutex<Vec<([u8; 32], oneshot::Sender<Answer>)>>,
    asking: tokio::sync::Mutex<()>,
}

impl BodyLookup {
    /// Where this body is now. Whoever finds nobody asking asks for everybody who waits.
    pub async fn place(&self, store: &SharedStore, id: [u8; 32]) -> Answer {
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

    async fn ask(&self, store: &SharedStore) {
        let asked = std::mem::take(&mut *self.asked.lock().expect("no holder panics"));
        let mut ids: Vec<[u8; 32]> = asked.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = if ids.is_empty() { Ok(Vec::new()) } else { store.find_bodies(&ids).await };
        let found = found.map_err(|error| error.to_string());
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
