//! The commit point and what follows each way it can go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::anchor::{AnchorError, Anchored};
use super::build::Written;
use super::decider::Decider;
use super::lead::{self, Parts};
use super::request::WriteError;
use super::sequencer::{Failed, Sequencer};
use super::signer::Signing;
use crate::store::{AcquireError, AppendError, Batch, BodyRef, Head, Lease, Row};

/// How often an unknown outcome is looked up before it stays unknown.
const LOOK_UPS: u32 = 20;
/// And how long: each look may wait for a server that does not answer.
const LOOK_FOR: Duration = Duration::from_secs(120);

/// How an append fared.
pub(super) struct Appended {
    batch: Batch,
    known: Vec<Written>,
    outcome: Result<Head, AppendError>,
}

impl Appended {
    pub(super) fn failed(&self) -> bool {
        self.outcome.is_err()
    }
}

/// Commit, once everything is signed.
pub(super) async fn append(
    parts: Arc<Parts>,
    lease: Lease,
    at: Head,
    signing: Vec<Signing>,
    bodies: Vec<BodyRef>,
) -> Appended {
    let (mut rows, mut known) = (Vec::new(), Vec::new());
    for some in signing {
        let (some_rows, some_known) = some.end().await;
        rows.extend(some_rows);
        known.extend(some_known);
    }
    let batch = Batch { rows, bodies };
    let outcome = parts.store.append(&lease, &at, &batch).await;
    // ---- The commit point: from here on the entries exist, or never will. ----
    Appended { batch, known, outcome }
}

/// Keep in a second place how far the ledger goes now.
pub(super) async fn anchor(
    parts: Arc<Parts>,
    old: Option<Anchored>,
    new: Anchored,
) -> Result<(), AnchorError> {
    parts.anchor.swap(old.as_ref(), &new).await
}

impl<D: Decider> Sequencer<D> {
    /// Take in how an append fared. On `Ok` its rows are in the store.
    pub(super) async fn settle(&mut self, appended: Appended) -> (Batch, Result<(), Failed>) {
        let Appended { batch, known, outcome } = appended;
        let head = match outcome {
            Ok(head) => Some(head),
            Err(error) => {
                if let Some(lead) = self.lead.as_mut() {
                    lead.deciding = None;
                }
                match self.after_failure(&batch, error).await {
                    Ok(head) => head,
                    Err(failed) => return (batch, Err(failed)),
                }
            }
        };
        match (head, self.lead.as_mut()) {
            (Some(head), Some(lead)) => {
                lead.store_lead = lead::lead_of(&head, self.parts.clock.as_ref());
                lead.head = head;
                lead.started = true;
            }
            _ => self.lead = None,
        }
        self.follower.written(known);
        (batch, Ok(()))
    }

    /// Take in how the anchor fared for entries that are in the store, `last` the last of them. On
    /// `Ok` they are durable in both places.
    pub(super) async fn settle_anchor(
        &mut self,
        last: &Row,
        new: &Anchored,
        outcome: Result<(), AnchorError>,
    ) -> Result<(), WriteError> {
        match outcome {
            Ok(()) => {
                if let Some(lead) = self.lead.as_mut() {
                    lead.anchored = Some(new.clone());
                }
                Ok(())
            }
            Err(error) => self.after_anchor_failure(last, new, error).await,
        }
    }

    /// `Some(head)`: the batch is in and we still lead. `None`: it is in, and we step down.
    async fn after_failure(
        &mut self,
        batch: &Batch,
        error: AppendError,
    ) -> Result<Option<Head>, Failed> {
        match error {
            AppendError::Rejected(detail) => Err(Failed::Rejected(detail)),
            AppendError::Retryable(detail) => Err(Failed::Error(WriteError::Retryable(detail))),
            AppendError::Fenced { epoch } => {
                self.lead = None;
                Err(Failed::Error(WriteError::NotLeader {
                    holder: "a later one".to_owned(),
                    epoch,
                    left_millis: 0,
                }))
            }
            AppendError::HeadMoved { size } => {
                Err(Failed::Error(WriteError::Retryable(format!("the head moved to {size}"))))
            }
            AppendError::Unknown(detail) => self.after_unknown(batch, detail).await,
        }
    }

    async fn after_unknown(
        &mut self,
        batch: &Batch,
        detail: String,
    ) -> Result<Option<Head>, Failed> {
        let Some(lead) = self.lead.as_ref() else {
            // The anchor of the batch before failed or was overtaken.
            let unknown = || format!("the outcome is unknown: {detail}");
            let why = self.stopped.clone().unwrap_or_else(unknown);
            return Err(Failed::Error(WriteError::Retryable(why)));
        };
        let (old, epoch) = (lead.head.clone(), lead.lease.epoch);
        let retryable = |detail: String| Err(Failed::Error(WriteError::Retryable(detail)));
        let Some(last) = batch.rows.last() else { return retryable(detail) };
        let begun = Instant::now();
        for attempt in (0..LOOK_UPS).take_while(|_| begun.elapsed() < LOOK_FOR) {
            // Renewing waits for whatever still holds the head row: a statement that the server
            // goes on with shows its outcome first.
            if let Err(AcquireError::Store(_)) = self.parts.store.renew(&lead.lease).await {
                tokio::time::sleep(Duration::from_millis(25 << attempt.min(5))).await;
                continue;
            }
            match self.parts.store.head().await {
                Ok(head) if head.size == last.position + 1 && head.leaf == last.leaf => {
                    return Ok((head.epoch == epoch).then_some(head));
                }
                Ok(head) if (head.size, head.leaf) == (old.size, old.leaf) => {
                    return retryable(detail);
                }
                Ok(_) => {
                    self.lead = None;
                    return if self.holds(last).await? { Ok(None) } else { retryable(detail) };
                }
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(25 << attempt.min(5))).await;
                }
            }
        }
        retryable(format!("the outcome is unknown: {detail}"))
    }

    /// Whether the store holds exactly what ends with this row.
    async fn holds(&self, last: &Row) -> Result<bool, WriteError> {
        let rows = self.parts.store.read_at(&[last.position]).await;
        let rows = rows.map_err(|e| WriteError::Retryable(e.to_string()))?;
        Ok(rows.first().is_some_and(|row| row.leaf == last.leaf))
    }

    async fn after_anchor_failure(
        &mut self,
        last: &Row,
        new: &Anchored,
        error: AnchorError,
    ) -> Result<(), WriteError> {
        // Whoever took over moved it, perhaps to just this batch.
        let is_overtaken = match &error {
            AnchorError::Moved { epoch, .. } if *epoch > new.epoch => true,
            AnchorError::Moved { .. } => {
                self.parts.anchor.get().await.is_ok_and(|held| held.as_ref() == Some(new))
            }
            AnchorError::Io(_) | AnchorError::Damaged => false,
        };
        if is_overtaken {
            self.lead = None;
            if self.holds(last).await? {
                return Ok(());
            }
        }
        let why = format!("committed but not anchored: {error}");
        self.stopped = Some(why.clone());
        self.release().await;
        Err(WriteError::Retryable(why))
    }
}
