//! The head row and the lease, and what an append says when they are another's.

use std::time::{Duration, Instant};

use annals::store::{AcquireError, AppendError};

use super::{Fixture, TTL, batch, end, on_both, take, whole};

on_both!(
    epochs_rise_and_pass_the_floor,
    a_lease_is_refused_renewed_and_released,
    an_expired_lease_is_free,
    a_lease_with_nothing_left_is_free,
    another_epoch_is_fenced,
    another_head_has_moved,
    a_new_ledger_is_empty,
);

async fn epochs_rise_and_pass_the_floor(fixture: &Fixture) {
    let store = &*fixture.store;
    assert_eq!(store.acquire("a", TTL, 0, false).await.expect("free").epoch, 1);
    assert_eq!(store.acquire("a", TTL, 0, false).await.expect("mine").epoch, 2);
    assert_eq!(store.acquire("a", TTL, 40, false).await.expect("mine").epoch, 41);
    assert_eq!(store.acquire("a", TTL, 7, false).await.expect("mine").epoch, 42);
    let forced = store.acquire("b", TTL, 0, true).await.expect("forced");
    assert_eq!((forced.holder.as_str(), forced.epoch, forced.ttl), ("b", 43, TTL));
    assert_eq!(end(&store.head().await.expect("a head")), (43, 0, [0; 32], Some("b")));
}

async fn a_lease_is_refused_renewed_and_released(fixture: &Fixture) {
    let store = &*fixture.store;
    let lease = store.acquire("a", Duration::from_secs(5), 0, false).await.expect("free");
    let left = store.head().await.expect("a head").lease_left_micros;
    assert!((1..=5_000_000).contains(&left), "{left}");
    match store.acquire("b", TTL, 0, false).await {
        Err(AcquireError::Held { holder, epoch, left_millis }) => {
            assert_eq!((holder.as_str(), epoch), ("a", 1));
            assert!((1..=5_000).contains(&left_millis), "{left_millis}");
        }
        other => panic!("{other:?}"),
    }
    let longer = annals::store::Lease { ttl: Duration::from_secs(500), ..lease.clone() };
    store.renew(&longer).await.expect("still mine");
    assert!(store.head().await.expect("a head").lease_left_micros > 400_000_000);

    let newer = store.acquire("a", TTL, 0, false).await.expect("mine");
    let refused = store.renew(&lease).await;
    assert!(matches!(refused, Err(AcquireError::Held { epoch: 2, .. })), "{refused:?}");
    store.release(&lease).await.expect("not mine any more, and no error");
    assert_eq!(store.head().await.expect("a head").holder.as_deref(), Some("a"));
    store.release(&newer).await.expect("mine");
    let head = store.head().await.expect("a head");
    assert_eq!(end(&head), (2, 0, [0; 32], None));
    assert!(head.lease_left_micros <= 0);
    let refused = store.renew(&newer).await;
    assert!(matches!(refused, Err(AcquireError::Held { .. })), "{refused:?}");
    assert_eq!(store.acquire("b", TTL, 0, false).await.expect("free").epoch, 3);
}

async fn an_expired_lease_is_free(fixture: &Fixture) {
    let store = &*fixture.store;
    store.acquire("a", Duration::from_millis(50), 0, false).await.expect("free");
    let begun = Instant::now();
    while store.head().await.expect("a head").lease_left_micros > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never runs out");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.acquire("b", TTL, 0, false).await.expect("expired").epoch, 2);
}

/// Whoever reads that nothing is left of a lease may take it: at its very end it is over.
async fn a_lease_with_nothing_left_is_free(fixture: &Fixture) {
    let store = &*fixture.store;
    for round in 1..=100 {
        let holder = if round % 2 == 0 { "a" } else { "b" };
        let taken = store.acquire(holder, Duration::ZERO, 0, false).await;
        assert_eq!(taken.expect("nothing was left").epoch, round);
    }
}

async fn another_epoch_is_fenced(fixture: &Fixture) {
    let store = &*fixture.store;
    let (old, head) = take(store, "a").await;
    let head = store.append(&old, &head, &batch(0, 2, 1)).await.expect("an append");
    let new = store.acquire("b", TTL, 0, true).await.expect("forced");
    let refused = store.append(&old, &head, &batch(2, 2, 1)).await;
    assert!(matches!(refused, Err(AppendError::Fenced { epoch: 2 })), "{refused:?}");
    let head = store.head().await.expect("a head");
    store.append(&new, &head, &batch(2, 1, 2)).await.expect("the new holder's");
    let refused = store.append(&old, &head, &batch(2, 2, 1)).await;
    assert!(matches!(refused, Err(AppendError::Rejected(_))), "{refused:?}");
    assert_eq!(whole(store).await, [batch(0, 2, 1).rows, batch(2, 1, 2).rows].concat());
}

async fn another_head_has_moved(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, start) = take(store, "a").await;
    let head = store.append(&lease, &start, &batch(0, 2, 1)).await.expect("an append");
    let refused = store.append(&lease, &start, &batch(0, 1, 2)).await;
    assert!(matches!(refused, Err(AppendError::HeadMoved { size: 2 })), "{refused:?}");
    let mut other = head.clone();
    other.leaf[31] ^= 1;
    let refused = store.append(&lease, &other, &batch(2, 1, 2)).await;
    assert!(matches!(refused, Err(AppendError::HeadMoved { size: 2 })), "{refused:?}");
    assert_eq!(whole(store).await, batch(0, 2, 1).rows);
    store.append(&lease, &head, &batch(2, 1, 1)).await.expect("the right head");
}

async fn a_new_ledger_is_empty(fixture: &Fixture) {
    let store = &*fixture.store;
    let head = store.head().await.expect("a head");
    assert_eq!(end(&head), (0, 0, [0; 32], None));
    assert!(head.lease_left_micros <= 0);
    assert_eq!(whole(store).await, []);
    assert_eq!(store.checkpoints(0, 9).await.expect("none"), []);
    assert_eq!(store.indexed_to().await.expect("a mark"), 0);
    assert_eq!(store.excess_rights().await.expect("rights"), None);
}
