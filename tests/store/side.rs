//! Uploads, digests, checkpoints, snapshots, the investigator's index.

use std::time::Duration;

use annals::store::BodyPlace::{Kept, Missing, Uploaded};
use annals::store::{BodyDigest, IndexRow, Snapshot, StoreError, StoredCheckpoint};
use sha2::Digest;

use super::{Fixture, batch, body, body_ref, on_both, take};

on_both!(
    uploads_are_left_when_there,
    uploads_are_swept_by_age,
    digests_are_found_per_site,
    body_ids_come_in_pages,
    checkpoints_keep_their_order,
    snapshots_keep_the_two_newest,
    a_snapshot_may_be_written_again,
    the_index_moves_from_mark_to_mark,
);

async fn uploads_are_left_when_there(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    store.put_uploads(&[]).await.expect("nothing");
    store.put_uploads(&[body(1, b"first")]).await.expect("an upload");
    store.put_uploads(&[body(1, b"second"), body(2, b"two")]).await.expect("uploads");
    let mut first = batch(0, 1, 1);
    first.bodies = vec![body_ref(1, 5)];
    store.append(&lease, &head, &first).await.expect("an append");
    store.put_uploads(&[body(1, b"third")]).await.expect("already evidence");
    assert_eq!(store.bodies(&[[1; 32]]).await.expect("a body"), [body(1, b"first")]);
    assert_eq!(store.sweep_uploads(Duration::ZERO).await.expect("only the second"), 1);
    let asked = [[4; 32], [1; 32], [2; 32], [3; 32]];
    let places = store.find_bodies(&asked).await.expect("an answer");
    assert!(matches!(places[..], [Missing, Kept(5), Missing, Missing]), "{places:?}");
    assert_eq!(store.find_bodies(&[]).await.expect("an answer"), []);
}

async fn uploads_are_swept_by_age(fixture: &Fixture) {
    let store = &*fixture.store;
    store.put_uploads(&[body(1, b"old")]).await.expect("an upload");
    // The age by the store's own clock is what is swept by: it has to pass.
    tokio::time::sleep(Duration::from_millis(400)).await;
    store.put_uploads(&[body(2, b"new")]).await.expect("an upload");
    assert_eq!(store.sweep_uploads(Duration::from_secs(3600)).await.expect("none"), 0);
    assert_eq!(store.sweep_uploads(Duration::from_millis(300)).await.expect("one"), 1);
    let places = store.find_bodies(&[[1; 32], [2; 32]]).await.expect("an answer");
    assert!(matches!(places[..], [Missing, Uploaded(_)]), "{places:?}");
}

async fn digests_are_found_per_site(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let digest = |bytes: &[u8]| -> [u8; 32] { sha2::Sha256::digest(bytes).into() };
    let bodies = [body(1, b"x"), body(2, b"y"), body(3, b"x"), body(4, b"x")];
    store.put_uploads(&bodies).await.expect("uploads");
    let mut first = batch(0, 1, 1);
    first.bodies = vec![body_ref(1, 8), body_ref(2, 8), body_ref(3, 7)];
    let head = store.append(&lease, &head, &first).await.expect("an append");
    let mut second = batch(1, 1, 1);
    second.bodies = vec![body_ref(4, 8)];
    store.append(&lease, &head, &second).await.expect("the same page once more");
    let line = |site: u8, bytes: &[u8], body: u8| BodyDigest {
        site: [site; 16],
        sha256: digest(bytes),
        body: [body; 32],
    };
    let mut eight = vec![line(8, b"x", 1), line(8, b"y", 2)];
    eight.sort();
    let asked = [digest(b"y"), digest(b"none"), digest(b"x"), digest(b"x")];
    assert_eq!(store.body_digests([8; 16], &asked).await.expect("lines"), eight);
    let seven = store.body_digests([7; 16], &asked).await.expect("lines");
    assert_eq!(seven, [line(7, b"x", 3)]);
    assert_eq!(store.body_digests([8; 16], &[]).await.expect("none"), []);
    let all = [seven, eight].concat();
    assert_eq!(store.all_body_digests(None, 9).await.expect("lines"), all);
    let after = Some((all[0].site, all[0].sha256));
    assert_eq!(store.all_body_digests(after, 1).await.expect("lines"), all[1..2]);
    let after = Some((all[2].site, all[2].sha256));
    assert_eq!(store.all_body_digests(after, 1).await.expect("lines"), []);
}

async fn body_ids_come_in_pages(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let seeds: Vec<u8> = (0..100).map(|n: u8| n.wrapping_mul(37)).collect();
    let bodies: Vec<_> = seeds.iter().map(|seed| body(*seed, &[*seed])).collect();
    store.put_uploads(&bodies).await.expect("uploads");
    let mut batch = batch(0, 1, 1);
    batch.bodies = seeds.iter().map(|seed| body_ref(*seed, 1)).collect();
    store.append(&lease, &head, &batch).await.expect("an append");
    let mut expected: Vec<[u8; 32]> = seeds.iter().map(|seed| [*seed; 32]).collect();
    expected.sort_unstable();
    let mut found: Vec<[u8; 32]> = Vec::new();
    loop {
        let page = store.body_ids(found.last().copied(), 33).await.expect("ids");
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 33);
        found.extend(page);
    }
    assert_eq!(found, expected);
    assert_eq!(store.bodies(&expected).await.expect("bodies").len(), 100);
}

async fn checkpoints_keep_their_order(fixture: &Fixture) {
    let store = &*fixture.store;
    let note = |size, note: &str| StoredCheckpoint { size, note: note.into() };
    let kept = [note(5, "史册\n5\n"), note(9, "nine"), note(9, "nine again"), note(7, "seven")];
    for checkpoint in &kept {
        store.put_checkpoint(checkpoint).await.expect("kept");
    }
    assert_eq!(store.checkpoints(0, 99).await.expect("all"), kept);
    assert_eq!(store.checkpoints(1, 2).await.expect("two"), kept[1..3]);
    assert_eq!(store.checkpoints(4, 2).await.expect("none"), []);
}

fn snapshot(fold: &str, version: u32, size: u64) -> Snapshot {
    let mark = u8::try_from(size % 251).expect("below 251");
    Snapshot {
        fold: fold.into(),
        version,
        size,
        leaf: [mark; 32],
        epoch: size + 1,
        digest: [mark ^ 1; 32],
        signature: [mark ^ 2; 64],
        chunks: vec![vec![0, 255, mark], vec![], vec![mark; 100_000]],
    }
}

async fn snapshots_keep_the_two_newest(fixture: &Fixture) {
    let store = &*fixture.store;
    for size in [10, 30, 20] {
        store.put_snapshot(&snapshot("sites", 1, size)).await.expect("kept");
    }
    let empty = Snapshot { chunks: vec![], ..snapshot("sites", 2, 15) };
    store.put_snapshot(&empty).await.expect("kept");
    store.put_snapshot(&snapshot("boards", 1, 5)).await.expect("kept");
    for (size, found) in [(9, None), (19, None), (20, Some(20)), (29, Some(20)), (99, Some(30))] {
        let expected = found.map(|found| snapshot("sites", 1, found));
        assert_eq!(store.snapshot("sites", 1, size).await.expect("an answer"), expected);
    }
    assert_eq!(store.snapshot("sites", 2, u64::MAX).await.expect("one"), Some(empty));
    let boards = store.snapshot("boards", 1, 5).await.expect("one");
    assert_eq!(boards, Some(snapshot("boards", 1, 5)));
    assert_eq!(store.snapshot("boards", 2, 5).await.expect("none"), None);
}

async fn a_snapshot_may_be_written_again(fixture: &Fixture) {
    let store = &*fixture.store;
    store.put_snapshot(&snapshot("sites", 1, 10)).await.expect("kept");
    let other = Snapshot { chunks: vec![vec![1]], epoch: 77, ..snapshot("sites", 1, 10) };
    store.put_snapshot(&other).await.expect("kept");
    assert_eq!(store.snapshot("sites", 1, 10).await.expect("one"), Some(other));
}

async fn the_index_moves_from_mark_to_mark(fixture: &Fixture) {
    let store = &*fixture.store;
    let line = |kind, value: &str, position| IndexRow { kind, value: value.into(), position };
    let first = [line(1, "b", 2), line(1, "a", 0), line(2, "a", 0), line(1, "a", 2)];
    assert!(store.put_index(0, 3, &first).await.expect("moved"));
    assert!(!store.put_index(0, 3, &first).await.expect("not moved"));
    assert!(!store.put_index(2, 5, &[line(1, "a", 4)]).await.expect("not moved"));
    assert_eq!(store.indexed_to().await.expect("a mark"), 3);
    let outside = store.put_index(3, 5, &[line(1, "a", 5)]).await;
    assert!(matches!(outside, Err(StoreError::Refused(_))), "{outside:?}");
    let many: Vec<IndexRow> =
        (3..103).flat_map(|p| [line(1, "a", p), line(1, "a", p), line(3, "é", p)]).collect();
    assert!(store.put_index(3, 200, &many).await.expect("moved"));
    assert!(store.put_index(200, 200, &[]).await.expect("moved nowhere"));
    assert_eq!(store.indexed_to().await.expect("a mark"), 200);

    assert_eq!(store.find_index(1, "a", 0, 4).await.expect("some"), [0, 2, 3, 4]);
    assert_eq!(store.find_index(1, "a", 101, 9).await.expect("rest"), [101, 102]);
    assert_eq!(store.find_index(1, "A", 0, 9).await.expect("none"), [0; 0]);
    assert_eq!(store.find_index(2, "b", 0, 9).await.expect("none"), [0; 0]);
    let rows = store.index_rows(0, 4).await.expect("lines");
    let mut expected = first.to_vec();
    expected.extend([line(1, "a", 3), line(3, "é", 3)]);
    expected.sort_by_key(|row| (row.position, row.kind, row.value.clone()));
    assert_eq!(rows, expected);
}
