//! What is kept back from somebody who asks about one site, one person: the numbers tell.

use std::collections::BTreeMap;

use annals::ledger::Serving;
use annals::ledger::about::entries_about;
use annals::ledger::follower::Follower;
use annals::store;
use annals_events::Header;
use annals_events::id::Subject;

use super::attacker::Attacker;
use super::{Ground, large};
use crate::harness::BOTH;

/// The subject that most entries are about.
fn most_named(ground: &Ground) -> Subject {
    let mut counts = BTreeMap::<Subject, u64>::new();
    for row in &ground.rows {
        for about in Header::parse(&row.header).expect("a header").about() {
            *counts.entry(about.subject).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.expect("entries are about somebody").0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_index_line_shows_that_an_entry_about_a_subject_is_withheld() {
    for kind in BOTH {
        let place = large(kind).copy();
        let store = store::open(&place.home.database()).await.expect("the store");
        let ground = Ground::of(&place, &store).await;
        let follower = Follower::new(store.clone(), Serving::default());
        follower.catch_up(ground.size()).await.expect("a sound ledger");
        let subject = most_named(&ground);
        let size = ground.size();
        let all = entries_about(&store, &follower, subject, size).await.expect("all of them");
        let positions: Vec<u64> = all.iter().map(|entry| entry.header.position.0).collect();
        assert!(positions.len() > 10, "{kind:?}: {positions:?}");
        let mut attacker = Attacker::of(&place).await;
        let (first, last) = (positions[0], positions[positions.len() - 1]);
        for (lost, named) in [
            (first, positions[1]),
            (positions[5], positions[6]),
            // Nothing comes after: only the count is short.
            (last, size - 1),
        ] {
            let sql = format!(
                "DELETE FROM entry_index WHERE position = {lost} AND value = '{subject}' AND \
                 kind = {}",
                store::index::Kind::Subject as i16
            );
            assert_eq!(attacker.run(&sql).await.expect("deleted"), 1, "{kind:?} {lost}");
            let told = entries_about(&store, &follower, subject, size).await;
            let told = told.map(|_| ()).expect_err("one is withheld").to_string();
            assert!(told.contains(&format!("{subject}")), "{kind:?}: {told}");
            assert!(told.contains(&named.to_string()), "{kind:?} {lost}: {told}");
            attacker.restore("entry_index").await;
        }
        // Another entry in its place is none about the subject.
        let other = (0..size).find(|p| !positions.contains(p)).expect("an entry about others");
        let sql = format!(
            "UPDATE entry_index SET position = {other} WHERE position = {} AND value = \
             '{subject}' AND kind = {}",
            positions[5],
            store::index::Kind::Subject as i16
        );
        assert_eq!(attacker.run(&sql).await.expect("moved"), 1, "{kind:?}");
        assert!(entries_about(&store, &follower, subject, size).await.is_err(), "{kind:?}");
    }
}
