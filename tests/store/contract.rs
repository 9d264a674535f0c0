//! Appending and reading entries.

use std::time::Duration;

use annals::store::{AppendError, Batch, BodyPlace, READ_ROWS_MAX, Row};

use super::{Fixture, batch, body, body_ref, end, on_both, row, take, whole};

on_both!(
    entries_come_back_as_they_went_in,
    large_batches_come_back_as_they_went_in,
    positions_must_follow_the_head,
    a_duplicate_writes_nothing_of_its_batch,
    a_wrong_shape_is_rejected,
    reads_are_bounded_and_ordered,
    bodies_move_with_their_entries,
    a_missing_body_rejects_the_whole,
);

async fn entries_come_back_as_they_went_in(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let mut first = batch(0, 7, 1);
    // Every byte there is, nothing at all, and what no text may hold.
    first.rows[0].header = (0..=255).collect();
    first.rows[0].facts = vec![];
    first.rows[0].private = Some(([0; 32], vec![]));
    first.rows[2].header = vec![];
    first.rows[2].facts = vec![0x00, 0xff, 0xfe, 0xc3, 0x28, 0x00];
    first.rows[2].private = Some(([255; 32], vec![0x00, 0x80, 0xf0, 0x28]));
    first.rows[3].stream = "文章/é\u{301}' \" \\ 𝄞".into();
    let short = annals::store::Lease { ttl: Duration::from_secs(7), ..lease.clone() };
    let head = store.append(&short, &head, &first).await.expect("an append");
    assert_eq!(end(&head), (1, 7, first.rows[6].leaf, Some("a")));
    assert!((1..=7_000_000).contains(&head.lease_left_micros), "the append renews the lease");
    let second = batch(7, 3, 1);
    let head = store.append(&lease, &head, &second).await.expect("an append");
    let found = store.head().await.expect("a head");
    assert_eq!(end(&head), end(&found));
    assert_eq!(head.clock_micros.is_some(), found.clock_micros.is_some());
    assert_eq!(whole(store).await, [first.rows, second.rows].concat());
    assert_eq!(whole(&*fixture.another().await).await, whole(store).await);
}

async fn large_batches_come_back_as_they_went_in(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, mut head) = take(store, "a").await;
    let mut expected = Vec::new();
    for count in [1, 4, 15, 64, 85, 1000] {
        let mut batch = batch(head.size, count, 1);
        batch.rows[0].facts = vec![b'f'; 70_000];
        batch.rows[0].private = Some(([9; 32], vec![b'p'; 262_144]));
        head = store.append(&lease, &head, &batch).await.expect("an append");
        expected.extend(batch.rows);
    }
    assert!(whole(store).await == expected, "what came back differs");
}

async fn positions_must_follow_the_head(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let head = store.append(&lease, &head, &batch(0, 3, 1)).await.expect("an append");
    for rows in [
        batch(4, 2, 1).rows,
        batch(2, 2, 1).rows,
        vec![row(3, 1), row(5, 1)],
        vec![row(4, 1), row(3, 1)],
        vec![row(3, 1), row(3, 2)],
    ] {
        let refused = store.append(&lease, &head, &Batch { rows, bodies: vec![] }).await;
        assert!(matches!(refused, Err(AppendError::Rejected(_))), "{refused:?}");
    }
    assert_eq!(end(&store.head().await.expect("a head")), end(&head));
    assert_eq!(whole(store).await.len(), 3);
}

async fn a_duplicate_writes_nothing_of_its_batch(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let head = store.append(&lease, &head, &batch(0, 3, 1)).await.expect("an append");
    let mut version = batch(3, 70, 1);
    (version.rows[69].stream, version.rows[69].version) = (row(1, 1).stream, row(1, 1).version);
    let mut command = batch(3, 70, 1);
    command.rows[40].command_key = row(0, 1).command_key;
    command.rows[40].command_index = Some(0);
    let mut itself = batch(3, 70, 1);
    itself.rows[1].command_key = itself.rows[2].command_key;
    (itself.rows[1].command_index, itself.rows[2].command_index) = (Some(3), Some(3));
    for batch in [version, command, itself] {
        let refused = store.append(&lease, &head, &batch).await;
        assert!(matches!(refused, Err(AppendError::Rejected(_))), "{refused:?}");
        assert_eq!(end(&store.head().await.expect("a head")), end(&head));
        assert_eq!(whole(store).await, super::batch(0, 3, 1).rows);
    }
    // Not the command alone is unique, but its places are; and no command is no duplicate.
    let mut next = batch(3, 3, 1);
    next.rows[0].command_key = row(0, 1).command_key;
    next.rows[0].command_index = Some(1);
    for row in &mut next.rows[1..] {
        (row.command_key, row.command_index) = (None, None);
    }
    store.append(&lease, &head, &next).await.expect("an append");
}

async fn a_wrong_shape_is_rejected(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let mut half = batch(0, 1, 1);
    half.rows[0].command_key = None;
    let mut large = batch(0, 1, 1);
    large.rows[0].version = u64::MAX;
    let mut twice = batch(0, 1, 1);
    twice.bodies = vec![body_ref(1, 1), body_ref(2, 1), body_ref(1, 2)];
    store.put_uploads(&[body(1, b"one"), body(2, b"two")]).await.expect("uploads");
    for batch in [Batch::default(), half, large, twice] {
        let refused = store.append(&lease, &head, &batch).await;
        assert!(matches!(refused, Err(AppendError::Rejected(_))), "{refused:?}");
    }
    assert_eq!(end(&store.head().await.expect("a head")), end(&head));
}

async fn reads_are_bounded_and_ordered(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, mut head) = take(store, "a").await;
    for _ in 0..11 {
        let next = batch(head.size, 1000, 1);
        head = store.append(&lease, &head, &next).await.expect("an append");
    }
    let whole = batch(0, 11_000, 1).rows;
    assert!(store.read(0, READ_ROWS_MAX).await.expect("entries") == whole[..10_000]);
    assert!(store.read(0, u32::MAX).await.expect("entries").len() == READ_ROWS_MAX as usize);
    assert_eq!(store.read(5, 3).await.expect("entries"), whole[5..8]);
    assert_eq!(store.read(10_998, 9).await.expect("entries"), whole[10_998..]);
    for (from, max) in [(11_000, 1), (u64::MAX, 1), (0, 0)] {
        assert_eq!(store.read(from, max).await.expect("nothing"), []);
    }
    let asked = [10_999, 3, 3, 500_000, 77, u64::MAX, 0];
    let expected = [0, 3, 77, 10_999].map(|p| whole[p].clone());
    assert_eq!(store.read_at(&asked).await.expect("entries"), expected);
    assert_eq!(store.read_at(&[]).await.expect("nothing"), []);
    let many: Vec<u64> = (0..3000).rev().collect();
    assert!(store.read_at(&many).await.expect("entries") == whole[..3000]);

    let stream: Vec<Row> = whole.iter().filter(|r| r.stream == "article/1-2").cloned().collect();
    assert_eq!(store.read_stream("article/1-2", 0, 4).await.expect("entries"), stream[..4]);
    assert_eq!(store.read_stream("article/1-2", 2190, 99).await.expect("rest"), stream[2190..]);
    assert_eq!(store.read_stream("article/1-2", u64::MAX, 9).await.expect("nothing"), []);
    assert_eq!(store.read_stream("article/none", 0, 9).await.expect("nothing"), []);

    let keys: Vec<[u8; 16]> =
        [9, 4, 9, 10_998].iter().map(|p| whole[*p].command_key.expect("one")).collect();
    let keys = [keys, vec![[7; 16]]].concat();
    let expected = [4, 9, 10_998].map(|p| whole[p].clone());
    assert_eq!(store.read_commands(&keys).await.expect("entries"), expected);
    assert_eq!(store.read_commands(&[]).await.expect("nothing"), []);
}

async fn bodies_move_with_their_entries(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let bodies = [body(1, b"\x00page\xff"), body(2, b""), body(3, &[7; 300_000])];
    store.put_uploads(&bodies).await.expect("uploads");
    assert_eq!(store.bodies(&[[1; 32]]).await.expect("no evidence yet"), []);
    assert_eq!(store.body_ids(None, 9).await.expect("no evidence yet"), [[0; 32]; 0]);
    let mut batch = batch(0, 2, 1);
    batch.bodies = vec![body_ref(3, 5), body_ref(1, 5)];
    let head = store.append(&lease, &head, &batch).await.expect("an append");
    assert_eq!(whole(store).await, batch.rows);
    assert_eq!(end(&head), end(&store.head().await.expect("a head")));
    let found = store.bodies(&[[3; 32], [2; 32], [1; 32]]).await.expect("bodies");
    assert_eq!(found, [bodies[0].clone(), bodies[2].clone()]);
    assert_eq!(store.sweep_uploads(Duration::ZERO).await.expect("a sweep"), 1);
    let places = store.find_bodies(&[[1; 32], [2; 32]]).await.expect("an answer");
    assert!(matches!(places[..], [BodyPlace::Kept(_), BodyPlace::Missing]), "{places:?}");
}

async fn a_missing_body_rejects_the_whole(fixture: &Fixture) {
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    store.put_uploads(&[body(1, b"one"), body(2, b"two")]).await.expect("uploads");
    let mut first = batch(0, 2, 1);
    first.bodies = vec![body_ref(1, 5), body_ref(0xcd, 5)];
    match store.append(&lease, &head, &first).await {
        Err(AppendError::Rejected(why)) => {
            assert!(why.contains(&"cd".repeat(32)), "{why}");
            assert!(!why.contains(&"01".repeat(32)), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(end(&store.head().await.expect("a head")), end(&head));
    assert_eq!(whole(store).await, []);
    assert_eq!(store.body_ids(None, 9).await.expect("none"), [[0; 32]; 0]);
    assert_eq!(store.all_body_digests(None, 9).await.expect("none"), []);
    let places = store.find_bodies(&[[1; 32]]).await.expect("an answer");
    assert!(matches!(places[..], [BodyPlace::Uploaded(_)]), "{places:?}");

    first.bodies.pop();
    let head = store.append(&lease, &head, &first).await.expect("an append");
    let mut again = batch(2, 1, 1);
    again.bodies = vec![body_ref(2, 5), body_ref(1, 5)];
    let refused = store.append(&lease, &head, &again).await;
    assert!(matches!(refused, Err(AppendError::Rejected(_))), "evidence is no upload");
    assert_eq!(store.body_ids(None, 9).await.expect("one"), [[1; 32]]);
}
