//! What is decided behind a batch under way holds only if that batch does.

use std::time::Duration;

use annals::app::Given;
use annals::ledger::WriteError;
use annals::ledger::request::Enqueued;
use annals_events::id::CommandKey;
use tokio::sync::oneshot;

use super::faults::{Answer, Step};
use super::{Rig, request, until};
use crate::harness::Kind;

on_both!(
    commands_behind_a_batch_under_way_go_together,
    what_is_decided_behind_a_lost_batch_is_decided_anew,
    a_repeat_behind_a_lost_command_is_written,
    a_repeat_behind_a_command_under_way_gets_its_receipt,
);

/// Long enough for the writer to decide what is queued; nothing fails where it is not.
const DECIDING: Duration = Duration::from_millis(100);

impl Rig {
    /// The next append waits for the gate, then goes as the step says.
    fn gate(&self, step: Step) -> oneshot::Sender<()> {
        let (go, gate) = oneshot::channel();
        let wait = async move { gate.await.expect("the gate opens") };
        self.store.plan(Step { before: Some(Box::pin(wait)), ..step });
        go
    }

    async fn queue(&self, given: &Given) -> (CommandKey, Enqueued) {
        let request = request(&self.app, given.clone()).await;
        (given.key, self.app.ledger().enqueue(request).await.expect("queued"))
    }

    /// Queue a command; answers when its append waits at the gate.
    async fn under_way(&self, given: &Given) -> (CommandKey, Enqueued) {
        let before = self.appends().len();
        let queued = self.queue(given).await;
        until("the append", || async { self.appends().len() == before + 1 }).await;
        queued
    }

    fn appends(&self) -> Vec<usize> {
        self.store.appends.lock().expect("no holder panics").clone()
    }
}

async fn commands_behind_a_batch_under_way_go_together(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    let go = rig.gate(Step::new(true, Answer::Own));
    let mut waiting = vec![rig.under_way(&rig.town.column()).await];
    for _ in 0..5 {
        waiting.push(rig.queue(&rig.town.column()).await);
        tokio::time::sleep(DECIDING / 10).await;
    }
    go.send(()).expect("the append waits");
    for (key, queued) in waiting {
        told.push((key, queued.answer().await.expect("written")));
    }
    // The epoch's start goes with the first command.
    assert_eq!(rig.appends(), [2, 1, 5]);
    rig.town.holds(&told).await;
}

async fn what_is_decided_behind_a_lost_batch_is_decided_anew(kind: Kind) {
    for answer in [Answer::Retryable, Answer::Unknown, Answer::Rejected] {
        let rig = Rig::new(kind).await;
        let mut told = vec![rig.write().await];
        let go = rig.gate(Step::new(false, answer));
        let (lost, failing) = rig.under_way(&rig.town.column()).await;
        let mut waiting = Vec::new();
        for _ in 0..5 {
            waiting.push(rig.queue(&rig.town.column()).await);
        }
        tokio::time::sleep(DECIDING).await;
        go.send(()).expect("the append waits");
        assert!(failing.answer().await.is_err(), "{answer:?}");
        for (key, queued) in waiting {
            told.push((key, queued.answer().await.expect("written")));
        }
        assert!(rig.town.written(lost).await.is_empty(), "{answer:?}");
        told.push(rig.write().await);
        let places: Vec<u64> = told.iter().map(|(_, receipt)| receipt.first).collect();
        assert!(places.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{answer:?}: {places:?}");
        rig.town.holds(&told).await;
    }
}

async fn a_repeat_behind_a_lost_command_is_written(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    let go = rig.gate(Step::new(false, Answer::Retryable));
    let given = rig.town.column();
    let (_, failing) = rig.under_way(&given).await;
    let (key, repeat) = rig.queue(&given).await;
    tokio::time::sleep(DECIDING).await;
    go.send(()).expect("the append waits");
    let failed = failing.answer().await;
    assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
    let receipt = repeat.answer().await.expect("written");
    assert!(!receipt.replayed);
    told.push((key, receipt));
    rig.town.holds(&told).await;
}

async fn a_repeat_behind_a_command_under_way_gets_its_receipt(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    let go = rig.gate(Step::new(true, Answer::Own));
    let given = rig.town.column();
    let (key, first) = rig.under_way(&given).await;
    let (_, repeat) = rig.queue(&given).await;
    tokio::time::sleep(DECIDING).await;
    go.send(()).expect("the append waits");
    let first = first.answer().await.expect("written");
    let repeat = repeat.answer().await.expect("answered");
    assert!(repeat.replayed && !first.replayed);
    assert_eq!(repeat.entries, first.entries);
    told.push((key, first));
    rig.town.holds(&told).await;
}
