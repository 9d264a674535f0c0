//! What is decided behind a batch under way holds only if that batch does.

use std::time::Duration;

use annals::app::Given;
use annals::ledger::WriteError;
use annals::ledger::request::Enqueued;
use annals_events::id::CommandKey;
use tokio::sync::oneshot;

use super::faults::{Answer, Step, Swap};
use super::{Rig, request, until};
use crate::harness::Kind;

on_both!(
    commands_behind_a_batch_under_way_go_together,
    what_is_decided_behind_a_lost_batch_is_decided_anew,
    a_store_that_refuses_whatever_it_is_asked_is_left_alone,
    a_repeat_behind_a_lost_command_is_written,
    a_repeat_behind_a_command_under_way_gets_its_receipt,
    a_batch_is_committed_while_the_one_before_is_anchored_and_nobody_is_told,
    an_anchor_that_fails_takes_the_batch_behind_it_along,
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

/// Behind one poison command all others are tried; a store that refuses everything is not asked for
/// each of them, and whoever was not tried may repeat.
async fn a_store_that_refuses_whatever_it_is_asked_is_left_alone(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    let go = rig.gate(Step::new(true, Answer::Own));
    let mut waiting = vec![rig.under_way(&rig.town.column()).await];
    for _ in 0..20 {
        waiting.push(rig.queue(&rig.town.column()).await);
    }
    tokio::time::sleep(DECIDING).await;
    for _ in 0..4 {
        rig.store.plan(Step::new(false, Answer::Rejected));
    }
    go.send(()).expect("the append waits");
    let (mut refused, mut untried) = (0, 0);
    for (key, queued) in waiting {
        match queued.answer().await {
            Ok(receipt) => told.push((key, receipt)),
            Err(WriteError::Fault(_)) => refused += 1,
            Err(WriteError::Retryable(_)) => untried += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((refused, untried, told.len()), (3, 8, 11), "{:?}", rig.appends());
    rig.town.holds(&told).await;
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

async fn a_batch_is_committed_while_the_one_before_is_anchored_and_nobody_is_told(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    let size = rig.town.size().await;
    let go = rig.anchor.gate();
    let given = rig.town.column();
    let (key, first) = rig.under_way(&given).await;
    let (second_key, second) = rig.under_way(&rig.town.column()).await;
    let (_, repeat) = rig.queue(&given).await;
    let (third_key, third) = rig.queue(&rig.town.column()).await;
    until("both commits", || async { rig.town.size().await == size + 2 }).await;
    let mut answers = [first, second, repeat, third].map(|queued| Box::pin(queued.answer()));
    for answer in &mut answers {
        let waiting = tokio::time::timeout(DECIDING, answer).await;
        assert!(waiting.is_err(), "told before it was anchored: {waiting:?}");
    }
    assert_eq!(rig.town.size().await, size + 2, "three batches without an anchor");
    go.send(()).expect("the swap waits");
    let [first, second, repeat, third] = answers;
    told.push((key, first.await.expect("written")));
    told.push((second_key, second.await.expect("written")));
    assert!(repeat.await.expect("answered").replayed);
    told.push((third_key, third.await.expect("written")));
    rig.town.holds(&told).await;
}

async fn an_anchor_that_fails_takes_the_batch_behind_it_along(kind: Kind) {
    for swap in [Swap::Fails, Swap::FailsLate] {
        let rig = Rig::new(kind).await;
        let first = rig.write().await;
        let size = rig.town.size().await;
        let go = rig.anchor.gate();
        rig.anchor.plan(swap);
        let given = [rig.town.column(), rig.town.column(), rig.town.column()];
        let (_, one) = rig.under_way(&given[0]).await;
        let (_, two) = rig.under_way(&given[1]).await;
        let (_, three) = rig.queue(&given[2]).await;
        let (_, repeat) = rig.queue(&given[0]).await;
        until("both commits", || async { rig.town.size().await == size + 2 }).await;
        tokio::time::sleep(DECIDING).await;
        go.send(()).expect("the swap waits");
        let refused = repeat.answer().await;
        assert!(refused.is_err(), "{swap:?}: told of what is not anchored: {refused:?}");
        for queued in [one, two] {
            let failed = queued.answer().await;
            assert!(matches!(failed, Err(WriteError::Retryable(_))), "{swap:?}: {failed:?}");
        }
        let refused = three.answer().await;
        assert!(refused.is_err(), "{swap:?}: {refused:?}");
        assert_eq!(rig.town.size().await, size + 2, "a writer that stopped wrote");
        let (town, app) = rig.restart().await;
        let mut told = vec![first];
        for (given, replayed) in given.into_iter().zip([true, true, false]) {
            let receipt = app.give(given.clone()).await.expect("the lease was given back");
            assert_eq!(receipt.replayed, replayed, "{swap:?}");
            told.push((given.key, receipt));
        }
        app.stop().await.expect("a clean stop");
        town.holds(&told).await;
    }
}
