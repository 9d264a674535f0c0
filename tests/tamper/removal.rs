//! Private parts and bodies can go; what the ledger decides and commits to stays.

use annals::store;
use annals_events::{Hash, Header};
use annals_projections::State;
use annals_projections::chain::Chain;
use annals_verify::Verdict;
use serde_json::Value;

use super::attacker::Attacker;
use super::export::audit;
use super::lines::{Lines, Spot, reseal};
use super::{Ground, event_of, found, large, small};
use crate::harness::BOTH;

/// What everything folds to, and the root over it, from headers and facts alone.
fn fold(ground: &Ground) -> (State, Hash) {
    let (mut state, mut chain) = (State::default(), Chain::new());
    for row in &ground.rows {
        let header = Header::parse(&row.header).expect("a header");
        chain.check(&header).expect("a chain");
        state.apply_entry(&header, &event_of(row));
        chain.push(&header, annals_events::entry::leaf(&row.header));
    }
    (state, chain.root())
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_digests_and_roots_outlive_every_private_part_and_body() {
    for kind in BOTH {
        let place = large(kind).copy();
        let store = store::open(&place.home.database()).await.expect("the store");
        let before = Ground::of(&place, &store).await;
        let mut attacker = Attacker::of(&place).await;
        let remove = "DELETE FROM private; DELETE FROM body; DELETE FROM body_digest";
        attacker.run(remove).await.expect("removed");
        let after = Ground::of(&place, &store).await;
        assert!(before.rows.iter().any(|row| row.private.is_some()));
        assert!(after.rows.iter().all(|row| row.private.is_none()));
        let ((state, root), (left, left_root)) = (fold(&before), fold(&after));
        assert!(state == left, "{kind:?}: another state");
        assert_eq!((state.digests(), root), (left.digests(), left_root), "{kind:?}");
        let first = before.rows.iter().find(|row| row.private.is_some()).expect("one");
        let report = after.scan(&store, true).await;
        assert_eq!(found(&report), ("tampered", Some((first.position, "private"))), "{kind:?}");
    }
}

#[test]
fn an_export_without_private_parts_and_bodies_is_tampered_with() {
    let export = Lines::of(&small().export);
    let mut lines = Vec::new();
    let mut first = None;
    for (line, spot) in export.lines.iter().zip(&export.spots) {
        match spot {
            Spot::Body(_) => continue,
            Spot::Entry(position) => {
                let mut entry: Value = serde_json::from_slice(line).expect("JSON");
                if !entry["private"].is_null() {
                    first = first.or(Some(*position));
                }
                entry["private"] = Value::Null;
                entry["private_salt"] = Value::Null;
                lines.push(entry.to_string().into_bytes());
            }
            Spot::First | Spot::End => lines.push(line.clone()),
        }
    }
    reseal(&mut lines);
    let report = audit(&Lines::bytes(&lines), small().genesis(), false);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!(found(&report).1, Some((first.expect("a private part"), "private")));
}
