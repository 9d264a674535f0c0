//! Several writers at once never fork the ledger, whatever the lease says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals::store::{AcquireError, AppendError, Row, Store};

use super::{Fixture, TTL, batch, end, on_both, take, whole};
use crate::harness::Rng;

on_both!(two_writers_never_fork, a_crowd_never_forks, nobody_sees_part_of_a_batch);

/// Both believe that they hold the ledger; one wins, and the other learns why not.
async fn two_writers_never_fork(fixture: &Fixture) {
    let (one, two) = (&*fixture.store, fixture.another().await);
    let (lease, head) = take(one, "one").await;
    for round in 0..40 {
        let at = one.head().await.expect("a head");
        let own = batch(at.size, 3, 1);
        let rival = batch(at.size, 2, 2);
        let (first, second) =
            tokio::join!(one.append(&lease, &at, &own), two.append(&lease, &at, &rival));
        let won = match (&first, &second) {
            (Ok(head), Err(AppendError::HeadMoved { .. }))
            | (Err(AppendError::HeadMoved { .. }), Ok(head)) => head,
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(end(won), end(&one.head().await.expect("a head")));
    }
    let forced = two.acquire("two", TTL, 0, true).await.expect("forced");
    let at = two.head().await.expect("a head");
    let refused = one.append(&lease, &head, &batch(head.size, 1, 1)).await;
    assert!(matches!(refused, Err(AppendError::Fenced { epoch: 2 })), "{refused:?}");
    two.append(&forced, &at, &batch(at.size, 1, 2)).await.expect("the holder's");
    dense(&whole(one).await, &one.head().await.expect("a head"));
}

fn dense(rows: &[Row], head: &annals::store::Head) {
    assert!(rows.iter().zip(0..).all(|(row, position)| row.position == position));
    assert_eq!(head.size, rows.len() as u64);
    assert_eq!(rows.last().map_or([0; 32], |row| row.leaf), head.leaf);
}

/// One appender: takes the lease (by force now and then), appends with a head that may be stale,
/// waits at random, and notes what was answered with yes.
async fn appender(
    store: Arc<dyn Store>,
    mark: u8,
    stop: Arc<AtomicBool>,
) -> (BTreeMap<u64, [u8; 32]>, u64) {
    let mut random = Rng::from_seed(mark.into());
    let mut below = move |most: u64| random.between(0, most - 1);
    let (mut kept, mut refused) = (BTreeMap::new(), 0);
    let name = format!("appender {mark}");
    let ttl = Duration::from_millis(40);
    while !stop.load(Ordering::Relaxed) {
        let lease = match store.acquire(&name, ttl, 0, below(4) == 0).await {
            Ok(lease) => lease,
            Err(AcquireError::Held { .. }) => {
                tokio::time::sleep(Duration::from_millis(below(10))).await;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let mut head = store.head().await.expect("a head");
        head.epoch = lease.epoch;
        for _ in 0..below(6) {
            tokio::time::sleep(Duration::from_millis(below(4))).await;
            let batch = batch(head.size, 1 + below(5), mark);
            match store.append(&lease, &head, &batch).await {
                Ok(next) => {
                    kept.extend(batch.rows.iter().map(|row| (row.position, row.leaf)));
                    head = next;
                }
                Err(AppendError::Fenced { .. } | AppendError::HeadMoved { .. }) => {
                    refused += 1;
                    break;
                }
                // A version that this writer had written under another head.
                Err(error) => panic!("{error}"),
            }
        }
        if below(3) == 0 {
            store.release(&lease).await.expect("released");
        }
    }
    (kept, refused)
}

async fn a_crowd_never_forks(fixture: &Fixture) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut crowd = Vec::new();
    for mark in 1..=4 {
        let store = fixture.another().await;
        crowd.push(tokio::spawn(appender(store, mark, stop.clone())));
    }
    let tailer = fixture.another().await;
    let (begun, mut tailed) = (Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs(3) {
        let page: Vec<Row> = tailer.read(tailed.len() as u64, 100).await.expect("entries");
        for row in page {
            assert_eq!(row.position, tailed.len() as u64, "a hole or a repeat");
            tailed.push(row);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let (mut kept, mut refusals) = (BTreeMap::new(), 0);
    for one in crowd {
        let (own, refused) = one.await.expect("the appender ends");
        for (position, leaf) in own {
            assert_eq!(kept.insert(position, leaf), None, "two were told yes for {position}");
        }
        refusals += refused;
    }
    let rows = whole(&*fixture.store).await;
    dense(&rows, &fixture.store.head().await.expect("a head"));
    assert_eq!(rows[..tailed.len()], tailed, "what was seen has changed");
    let stored: BTreeMap<u64, [u8; 32]> = rows.iter().map(|r| (r.position, r.leaf)).collect();
    assert_eq!(stored, kept, "what was answered is not what is there");
    assert!(kept.len() > 50 && refusals > 5, "{} kept, {refusals} refused", kept.len());
}

async fn nobody_sees_part_of_a_batch(fixture: &Fixture) {
    const ROWS: u64 = 70;
    // Whole batches, and fewer rows than one reading may bring.
    const PAGE: u32 = 100 * 70;
    let (writer, reader) = (fixture.another().await, fixture.another().await);
    let done = Arc::new(AtomicU64::new(0));
    let counter = done.clone();
    let writing = tokio::spawn(async move {
        let (lease, mut head) = take(&*writer, "a").await;
        while counter.load(Ordering::Relaxed) == 0 {
            let next = batch(head.size, ROWS, 1);
            head = writer.append(&lease, &head, &next).await.expect("an append");
        }
    });
    let begun = Instant::now();
    let mut next = 0;
    while begun.elapsed() < Duration::from_millis(800) {
        let head = reader.head().await.expect("a head");
        assert_eq!(head.size % ROWS, 0, "part of a batch in the head");
        let rows = reader.read(next, PAGE).await.expect("entries");
        assert_eq!(rows.len() as u64 % ROWS, 0, "part of a batch");
        let is_all = rows.len() < PAGE as usize;
        assert!(!is_all || next + rows.len() as u64 >= head.size, "a head without its batch");
        let expected = batch(next, rows.len() as u64, 1).rows;
        assert!(rows == expected, "a batch without its parts");
        next += rows.len() as u64;
    }
    done.store(1, Ordering::Relaxed);
    writing.await.expect("the writer ends");
    assert!(next > 0, "nothing was read");
}
