//! An accident at each step of a write, by name: what was acknowledged stays, nothing comes twice,
//! and the next write works or is refused as documented.

use std::sync::Arc;
use std::time::Duration;

use annals::ledger::WriteError;
use annals::store::sqlite::SqliteStore;
use annals::store::{AcquireError, BodyRef, Store};

use super::faults::{Answer, Step, Swap};
use super::{LEASE, PATIENCE, Rig, Town, persist, request, until};
use crate::harness::Kind;

on_both!(
    an_accident_before_the_commit_leaves_nothing,
    an_unknown_outcome_that_is_in_is_acknowledged,
    an_unknown_outcome_that_is_not_in_is_to_be_repeated,
    a_head_that_cannot_be_read_for_a_while_is_waited_for,
    a_death_before_the_commit_leaves_nothing,
    a_death_after_the_commit_loses_nothing,
    an_anchor_that_fails_stops_the_writer,
    an_anchor_that_fails_late_stops_the_writer_too,
    an_anchor_lost_to_a_later_writer_is_no_loss,
    an_anchor_lost_with_the_batch_is_not_acknowledged,
    a_full_disk_rejects_and_the_next_write_works,
    a_poison_command_fails_alone,
    a_writer_fenced_between_deciding_and_appending_steps_down,
    an_unknown_outcome_that_is_in_counts_though_another_took_over,
    an_unknown_outcome_that_is_not_in_does_not_count_when_another_took_over,
);

async fn an_accident_before_the_commit_leaves_nothing(kind: Kind) {
    let rig = Rig::new(kind).await;
    // The first append of an epoch and a later one take different roads.
    for _ in 0..2 {
        let before = rig.town.size().await;
        rig.store.plan(Step::new(false, Answer::Retryable));
        let given = rig.town.column();
        let failed = rig.app.give(given.clone()).await;
        assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
        assert_eq!(rig.town.size().await, before);
        let receipt = rig.app.give(given.clone()).await.expect("the repeat");
        assert!(!receipt.replayed);
        rig.town.holds(&[(given.key, receipt), rig.write().await]).await;
    }
}

async fn an_unknown_outcome_that_is_in_is_acknowledged(kind: Kind) {
    let rig = Rig::new(kind).await;
    for _ in 0..2 {
        rig.store.plan(Step::new(true, Answer::Unknown));
        let told = [rig.write().await, rig.write().await];
        rig.town.holds(&told).await;
        assert_eq!(rig.town.anchored().await.expect("an anchor").size, rig.town.size().await);
    }
}

async fn an_unknown_outcome_that_is_not_in_is_to_be_repeated(kind: Kind) {
    let rig = Rig::new(kind).await;
    for _ in 0..2 {
        rig.store.plan(Step::new(false, Answer::Unknown));
        let given = rig.town.column();
        let failed = rig.app.give(given.clone()).await;
        assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
        assert!(rig.town.written(given.key).await.is_empty());
        let receipt = rig.app.give(given.clone()).await.expect("the repeat");
        assert!(!receipt.replayed);
        rig.town.holds(&[(given.key, receipt), rig.write().await]).await;
    }
}

async fn a_head_that_cannot_be_read_for_a_while_is_waited_for(kind: Kind) {
    let rig = Rig::new(kind).await;
    for is_written in [true, false, true] {
        rig.store.plan(Step { blind: 3, ..Step::new(is_written, Answer::Unknown) });
        let given = rig.town.column();
        let answer = rig.app.give(given.clone()).await;
        assert_eq!(answer.is_ok(), is_written, "{answer:?}");
        let receipt = rig.app.give(given.clone()).await.expect("the repeat");
        assert_eq!(receipt.replayed, is_written);
        rig.town.holds(&[(given.key, receipt), rig.write().await]).await;
    }
}

/// Longer than anybody waits, on the first append of an epoch: the epoch has started in the store,
/// and the writer does not know it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_cannot_be_read_at_all_leaves_the_outcome_open() {
    let rig = Rig::new(Kind::Sqlite).await;
    rig.store.plan(Step { blind: 20, ..Step::new(true, Answer::Unknown) });
    let given = rig.town.column();
    let failed = rig.app.give(given.clone()).await;
    assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
    let receipt = rig.app.give(given.clone()).await.expect("the repeat");
    assert!(receipt.replayed);
    rig.town.holds(&[(given.key, receipt), rig.write().await]).await;
}

/// The process is gone while the store works on its append; answers the key it used.
async fn die(kind: Kind, is_written: bool) {
    let rig = Rig::new(kind).await;
    let first = rig.write().await;
    let before = rig.town.size().await;
    let anchored = rig.town.anchored().await;
    rig.store.plan(Step::new(is_written, Answer::Never));
    let given = rig.town.column();
    let asked = rig.store.appends.lock().expect("no holder panics").len();
    let calling = rig.app.ledger().enqueue(request(&rig.app, given.clone()).await).await;
    let store = rig.store.clone();
    until("the append", || async {
        store.appends.lock().expect("no holder panics").len() > asked
            && (!is_written || store.head().await.expect("a head").size > before)
    })
    .await;
    drop(calling);
    let (town, app) = rig.restart().await;
    assert_eq!(town.size().await, before + u64::from(is_written));
    assert_eq!(town.anchored().await, anchored, "the anchor is behind, as after a crash");
    let receipt = persist(&app, &given).await;
    assert_eq!(receipt.replayed, is_written);
    let other = town.column();
    let next = app.give(other.clone()).await.expect("the next command");
    app.stop().await.expect("a clean stop");
    town.holds(&[first, (given.key, receipt), (other.key, next)]).await;
    assert_eq!(town.anchored().await.expect("an anchor").size, town.size().await);
    town.holds_for_a_stranger();
}

async fn a_death_before_the_commit_leaves_nothing(kind: Kind) {
    die(kind, false).await;
}

async fn a_death_after_the_commit_loses_nothing(kind: Kind) {
    die(kind, true).await;
}

async fn break_the_anchor(kind: Kind, swap: Swap) {
    let rig = Rig::new(kind).await;
    let first = rig.write().await;
    rig.anchor.plan(swap);
    let given = rig.town.column();
    let failed = rig.app.give(given.clone()).await;
    assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
    assert_eq!(rig.town.written(given.key).await.len(), 1, "it is committed");
    let size = rig.town.size().await;
    for given in [given.clone(), rig.town.column()] {
        let refused = rig.app.give(given).await;
        let said = format!("{refused:?}");
        assert!(matches!(refused, Err(WriteError::Stopped(_))), "{said}");
        assert!(said.contains("committed but not anchored"), "{said}");
    }
    assert_eq!(rig.town.size().await, size, "a writer that stopped wrote");
    let (town, app) = rig.restart().await;
    let receipt = app.give(given.clone()).await.expect("the lease was given back");
    assert!(receipt.replayed);
    assert_eq!(town.anchored().await.expect("an anchor").size, size);
    app.stop().await.expect("a clean stop");
    town.holds(&[first, (given.key, receipt)]).await;
}

async fn an_anchor_that_fails_stops_the_writer(kind: Kind) {
    break_the_anchor(kind, Swap::Fails).await;
}

async fn an_anchor_that_fails_late_stops_the_writer_too(kind: Kind) {
    break_the_anchor(kind, Swap::FailsLate).await;
}

async fn an_anchor_lost_to_a_later_writer_is_no_loss(kind: Kind) {
    let rig = Rig::new(kind).await;
    let first = rig.write().await;
    rig.anchor.plan(Swap::Lost(1_000_000));
    let told = rig.write().await;
    let epoch = rig.store.head().await.expect("a head").epoch;
    let next = rig.write().await;
    assert!(rig.store.head().await.expect("a head").epoch > epoch, "it did not step down");
    rig.town.holds(&[first, told, next]).await;
}

/// The later writer's chain does not hold the batch: a store that forgot what it had committed.
async fn an_anchor_lost_with_the_batch_is_not_acknowledged(kind: Kind) {
    let rig = Rig::new(kind).await;
    let first = rig.write().await;
    rig.store.plan(Step::new(false, Answer::Pretended));
    rig.anchor.plan(Swap::Lost(1_000_000));
    let given = rig.town.column();
    let failed = rig.app.give(given.clone()).await;
    assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
    let refused = rig.app.give(rig.town.column()).await;
    assert!(matches!(refused, Err(WriteError::Stopped(_))), "{refused:?}");
    let (town, app) = rig.restart().await;
    let receipt = persist(&app, &given).await;
    assert!(!receipt.replayed);
    town.holds(&[first, (given.key, receipt)]).await;
}

async fn a_full_disk_rejects_and_the_next_write_works(kind: Kind) {
    let rig = Rig::new(kind).await;
    for _ in 0..2 {
        rig.store.plan(Step::new(false, Answer::Rejected));
        let given = rig.town.column();
        let failed = rig.app.give(given.clone()).await;
        assert!(matches!(failed, Err(WriteError::Fault(_))), "{failed:?}");
        let receipt = rig.app.give(given.clone()).await.expect("there is room again");
        assert!(!receipt.replayed);
        rig.town.holds(&[(given.key, receipt), rig.write().await]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_really_full_loses_nothing() {
    let town = Town::new(Kind::Sqlite).await;
    let path = town.place.home.database();
    let store = SqliteStore::open(path.as_ref(), false).await.expect("opened");
    let store = Arc::new(store);
    let mut parts = town.parts().await;
    parts.store = store.clone();
    let rig = Rig::start(town, parts).await;
    let mut told = vec![rig.write().await];
    store.limit_pages(1).await.expect("limited to what there is");
    let refused = loop {
        let given = rig.town.column();
        match rig.app.give(given.clone()).await {
            Ok(receipt) => told.push((given.key, receipt)),
            Err(WriteError::Fault(detail)) => {
                assert!(detail.contains("full"), "{detail}");
                break given;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(told.len() < 1_000, "the disk is never full");
    };
    rig.town.holds(&told).await;
    // The failed connection is gone, and its limit with it.
    let receipt = rig.app.give(refused.clone()).await.expect("there is room again");
    assert!(!receipt.replayed);
    told.extend([(refused.key, receipt), rig.write().await]);
    rig.app.stop().await.expect("a clean stop");
    rig.town.holds(&told).await;
}

async fn a_poison_command_fails_alone(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    // While one append waits, twenty commands gather behind it.
    let (go, gate) = tokio::sync::oneshot::channel::<()>();
    let wait = async move { gate.await.expect("the gate opens") };
    rig.store.plan(Step { before: Some(Box::pin(wait)), ..Step::new(true, Answer::Own) });
    let first = rig.town.column();
    let request_first = request(&rig.app, first.clone()).await;
    let mut waiting =
        vec![(first.key, rig.app.ledger().enqueue(request_first).await.expect("queued"))];
    let store = rig.store.clone();
    until("the append", || async { store.appends.lock().expect("no holder panics").len() == 2 })
        .await;
    let poison = rig.town.column();
    for number in 0..20 {
        let given = if number == 7 { poison.clone() } else { rig.town.column() };
        let mut request = request(&rig.app, given.clone()).await;
        if number == 7 {
            // No store can move a body that was never uploaded.
            request.uploads = vec![BodyRef { id: [7; 32], site: [7; 16] }];
        }
        waiting.push((given.key, rig.app.ledger().enqueue(request).await.expect("queued")));
    }
    go.send(()).expect("the append waits");
    for (key, queued) in waiting {
        match queued.answer().await {
            Ok(receipt) => {
                assert_ne!(key, poison.key);
                told.push((key, receipt));
            }
            Err(error) => {
                assert!(matches!(error, WriteError::Fault(_)), "{error}");
                assert_eq!(key, poison.key);
            }
        }
    }
    assert_eq!(told.len(), 21);
    let appends = rig.store.appends.lock().expect("no holder panics").clone();
    // Half of all that waited, the first included; those decided behind them go anew.
    assert_eq!(appends[1..3], [1, 11], "{appends:?}");
    assert_eq!(appends[3..14], [1; 11], "not each alone: {appends:?}");
    assert_eq!(appends[14..].iter().sum::<usize>(), 9, "{appends:?}");
    assert!(rig.town.written(poison.key).await.is_empty());
    let receipt = rig.app.give(poison.clone()).await.expect("its key was not used up");
    told.extend([(poison.key, receipt), rig.write().await]);
    rig.town.holds(&told).await;
}

async fn a_writer_fenced_between_deciding_and_appending_steps_down(kind: Kind) {
    let rig = Rig::new(kind).await;
    for _ in 0..2 {
        let before = rig.town.size().await;
        let before_append = rig.store.taken_over(LEASE);
        rig.store.plan(Step { before: Some(before_append), ..Step::new(true, Answer::Own) });
        let given = rig.town.column();
        let refused = rig.app.give(given.clone()).await;
        assert!(matches!(refused, Err(WriteError::NotLeader { .. })), "{refused:?}");
        assert_eq!(rig.town.size().await, before);
        let refused = rig.app.give(given.clone()).await;
        let said = format!("{refused:?}");
        assert!(said.contains("another host"), "the holder is not named: {said}");
        let receipt = persist(&rig.app, &given).await;
        assert!(!receipt.replayed);
        rig.town.holds(&[(given.key, receipt), rig.write().await]).await;
    }
}

async fn an_unknown_outcome_that_is_in_counts_though_another_took_over(kind: Kind) {
    let rig = Rig::new(kind).await;
    let after = rig.store.taken_over(PATIENCE);
    rig.store.plan(Step { after: Some(after), ..Step::new(true, Answer::Unknown) });
    let told = rig.write().await;
    let anchored = rig.town.anchored().await.expect("an anchor");
    assert_eq!(anchored.size, rig.town.size().await, "acknowledged before it was anchored");
    let refused = rig.app.give(rig.town.column()).await;
    assert!(matches!(refused, Err(WriteError::NotLeader { .. })), "{refused:?}");
    rig.town.holds(&[told]).await;
}

async fn an_unknown_outcome_that_is_not_in_does_not_count_when_another_took_over(kind: Kind) {
    let rig = Rig::new(kind).await;
    let first = rig.write().await;
    let after = rig.store.taken_over(Duration::from_millis(1));
    rig.store.plan(Step { after: Some(after), ..Step::new(false, Answer::Unknown) });
    let given = rig.town.column();
    let failed = rig.app.give(given.clone()).await;
    assert!(matches!(failed, Err(WriteError::Retryable(_))), "{failed:?}");
    let receipt = persist(&rig.app, &given).await;
    assert!(!receipt.replayed);
    let lease = rig.store.acquire("another host", LEASE, 0, false).await;
    assert!(matches!(lease, Err(AcquireError::Held { .. })), "{lease:?}");
    rig.town.holds(&[first, (given.key, receipt)]).await;
}
