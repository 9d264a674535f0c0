//! The harness cleans up after itself, and appends survive a server that is stopped hard.

use std::time::{Duration, Instant};

use annals::store::postgres::PostgresStore;
use annals::store::{AppendError, Store};
use annals_harness::{Cluster, Durability};

use super::{batch, end, take};

#[test]
fn a_dropped_cluster_leaves_nothing() {
    let cluster = Cluster::start(Durability::Off).expect("a cluster");
    let folder = cluster.folder().to_owned();
    assert!(folder.join("data").exists());
    drop(cluster);
    assert!(!folder.exists(), "{} is left", folder.display());
}

/// Backends are ended while appends run: whatever is answered must be what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_never_lie() {
    let cluster = Cluster::start(Durability::Off).expect("a cluster");
    let urls = cluster.create_database("broken").expect("a database");
    PostgresStore::migrate(&urls.owner).await.expect("migrated");
    let store = PostgresStore::connect(&urls.service).await.expect("connected");
    let (lease, mut head) = take(&store, "a").await;
    let killer = std::thread::spawn(move || {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(60));
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE usename = 'annals_service'";
            cluster.sql("postgres", kill).expect("ended");
        }
        cluster
    });
    let (mut unknown, mut written) = (0, 0);
    while !killer.is_finished() {
        let next = batch(head.size, 5, 1);
        match store.append(&lease, &head, &next).await {
            Ok(after) => {
                written += 1;
                head = after;
            }
            Err(AppendError::Retryable(_)) => {}
            Err(AppendError::Unknown(_)) => {
                unknown += 1;
                let found = read_head(&store).await;
                assert!([head.size, head.size + 5].contains(&found.size));
                head = found;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let cluster = killer.join().expect("the killer ends");
    let found = read_head(&store).await;
    assert_eq!(end(&found), end(&head));
    let rows = store.read(0, 10_000).await.expect("entries");
    let expected = batch(0, head.size.min(10_000), 1).rows;
    assert!(rows == expected, "the entries are not those appended");
    assert!(written > 0 && unknown > 0, "{written} written, {unknown} unknown");
    store.close().await;
    drop(cluster);
}

async fn read_head(store: &PostgresStore) -> annals::store::Head {
    loop {
        if let Ok(head) = store.head().await {
            return head;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
