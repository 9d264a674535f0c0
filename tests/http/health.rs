//! Open to anybody: alive, ready, counted, signed.

use std::time::Duration;

use annals::store::{Batch, Row};
use annals_events::note::Note;

use super::{Desk, on_both};
use crate::harness::Kind;

on_both!(a_service_tells_how_it_is, an_entry_that_does_not_hold_makes_it_unready);

async fn a_service_tells_how_it_is(kind: Kind) {
    let desk = Desk::new(kind).await;
    assert_eq!(desk.ask("GET /healthz").send().await.status, 200);
    let ready = desk.ask("GET /readyz").send().await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    let ready = ready.json();
    assert_eq!((&ready["ready"], &ready["lag"]), (&true.into(), &0.into()));
    assert_eq!((&ready["role"], &ready["excess_rights"]), (&"leader".into(), &false.into()));
    assert_eq!(ready["anchor"]["size"], ready["size"]);
    assert!(ready["rehash"].is_null() && ready["checkpoint"]["age_seconds"].is_u64(), "{ready}");

    let first = desk.ask("GET /checkpoint").send().await;
    assert_eq!(first.status, 200);
    Note::parse(&first.text()).expect("a signed note");
    desk.service.upkeep.seal(&desk.service.app).await;
    let second = desk.ask("GET /checkpoint").send().await.text();
    assert_ne!(first.text(), second);
    assert_eq!(second.lines().nth(1).expect("a size"), ready["size"].to_string());

    desk.service.upkeep.rehash(&desk.service.app).await;
    let ready = desk.ask("GET /readyz").send().await.json();
    assert_eq!(
        (&ready["rehash"]["holds"], &ready["rehash"]["size"]),
        (&true.into(), &ready["size"])
    );

    let metrics = desk.ask("GET /metrics").send().await.text();
    for line in [
        "annals_http_requests_total{method=\"GET\",route=\"/readyz\",status=\"200\"} 2".to_owned(),
        "annals_http_request_seconds_count{method=\"GET\",route=\"/readyz\"} 2".to_owned(),
        format!("annals_head_size {}", ready["size"]),
        format!("annals_serving_size {}", ready["size"]),
        "annals_panics_total 0".to_owned(),
    ] {
        assert!(metrics.lines().any(|own| own == line), "{line}\n{metrics}");
    }
    desk.close().await;
}

async fn an_entry_that_does_not_hold_makes_it_unready(kind: Kind) {
    let desk = Desk::new(kind).await;
    let store = desk.service.app.store();
    // Somebody who holds the database's password, but no key of the ledger.
    let lease = store.acquire("thief", Duration::from_secs(30), 0, true).await.expect("taken");
    let head = store.head().await.expect("a head");
    let row = Row {
        position: head.size,
        leaf: [1; 32],
        header: b"{}".to_vec(),
        signature: [0; 64],
        facts: b"{}".to_vec(),
        facts_salt: [0; 32],
        private: None,
        stream: "site/forged".to_owned(),
        version: 0,
        command_key: None,
        command_index: None,
    };
    let batch = Batch { rows: vec![row], bodies: Vec::new() };
    store.append(&lease, &head, &batch).await.expect("appended");
    desk.service.app.ledger().catch_up().await.expect_err("it does not hold");
    let ready = desk.ask("GET /readyz").send().await;
    assert_eq!(ready.status, 503, "{}", ready.text());
    assert_eq!(ready.json()["following_stopped"], true);
    let metrics = desk.ask("GET /metrics").send().await.text();
    assert!(metrics.contains("annals_following_stopped 1"), "{metrics}");
}
