//! Any paging, any snapshot: one state.

use annals_projections::State;
use annals_projections::chain::Chain;
use annals_verify::{Auditor, Item, Options, Policy, RawBody, Source};
use proptest::collection::vec;
use proptest::prelude::*;

use super::Folded;
use super::lives::{live, step};
use crate::events::story::everything;
use crate::harness::scribe::Scribe;

/// Lengths that add up to `all`, from any numbers.
fn pages(all: usize, numbers: &[usize]) -> Vec<usize> {
    let (mut left, mut pages) = (all, Vec::new());
    for number in numbers.iter().cycle() {
        if left == 0 {
            break;
        }
        let page = 1 + number % left;
        pages.push(page);
        left -= page;
    }
    pages
}

/// The state as it comes back from its rows.
fn through_rows(state: &State) -> Option<State> {
    let mut all = state.rows();
    State::from_rows(&mut |name, version| {
        let at = all.iter().position(|(fold, v, _)| (*fold, *v) == (name, version))?;
        Some(all.swap_remove(at).2)
    })
}

/// Fold page by page; after each page, as far as no command is unfinished, everything is written
/// to rows and read back.
fn paged(scribe: &Scribe, pages: &[usize]) -> Folded {
    let (mut folded, mut entries) = (Folded::new(), scribe.entries.iter());
    for page in pages {
        entries.by_ref().take(*page).for_each(|entry| folded.take(&entry.raw));
        folded.state = through_rows(&folded.state).expect("rows come back");
        if let Some(rows) = folded.chain.rows() {
            folded.chain = Chain::from_rows(rows).expect("rows come back");
        }
    }
    folded
}

/// Entries and bodies as an export has them.
fn items(scribe: &Scribe) -> Vec<Item> {
    let mut items = Vec::new();
    let mut shown = std::collections::BTreeSet::new();
    for entry in &scribe.entries {
        items.push(Item::Entry { raw: entry.raw.clone(), line: None, key: None, extra: None });
        if let Some(id) = entry.event.body().filter(|id| shown.insert(*id)) {
            let body = &scribe.bodies[&id];
            let body = RawBody { id, salt: body.salt, bytes: body.bytes.clone() };
            items.push(Item::Body { body, line: None });
        }
    }
    items
}

/// Audit in chunks of these lengths: the report, and where state and chain ended.
fn audited(scribe: &Scribe, pages: &[usize]) -> (String, State, Chain) {
    let policy = Policy { genesis: Some(scribe.genesis()), ..Policy::default() };
    let mut auditor = Auditor::new(Source::Store, policy, Options::default());
    let mut items = items(scribe).into_iter();
    for page in pages {
        auditor.chunk(items.by_ref().take(*page).collect());
    }
    auditor.settle();
    let (state, chain) = (auditor.state().clone(), auditor.chain().clone());
    let report = auditor.finish(
        Some(annals_verify::End {
            size: scribe.chain.size(),
            head: scribe.chain.head(),
            checkpoint: Some(scribe.checkpoint()),
            state: scribe.state.digests(),
            line: None,
        }),
        None,
    );
    (report.to_json().to_string(), state, chain)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_paging_of_the_same_entries_gives_one_state(
        steps in vec(step(), 0..50),
        numbers in vec(any::<usize>(), 1..8),
    ) {
        let scribe = live(&steps);
        let folded = paged(&scribe, &pages(scribe.entries.len(), &numbers));
        prop_assert_eq!(&folded.state, &scribe.state);
        prop_assert_eq!(folded.state.digests(), scribe.state.digests());
        prop_assert_eq!(&folded.chain, &scribe.chain);
        for (found, entry) in folded.findings.iter().zip(&scribe.entries) {
            prop_assert_eq!(found, &entry.findings);
        }
    }

    #[test]
    fn any_chunks_of_the_same_entries_give_one_report(
        steps in vec(step(), 0..30),
        numbers in vec(any::<usize>(), 1..8),
    ) {
        let scribe = live(&steps);
        let count = items(&scribe).len();
        let at_once = audited(&scribe, &[count]);
        let paged = audited(&scribe, &pages(count, &numbers));
        prop_assert_eq!(&at_once, &paged);
        // An invented import keeps no lines: its audit ends there, in any chunks at one place.
        if at_once.0.contains("\"first_bad\":null") {
            prop_assert_eq!(&paged.1, &scribe.state);
            prop_assert_eq!(&paged.2, &scribe.chain);
        }
    }

    #[test]
    fn a_snapshot_anywhere_and_the_rest_equal_a_fold_from_nothing(
        steps in vec(step(), 0..50),
        at in any::<usize>(),
    ) {
        let scribe = live(&steps);
        let count = scribe.entries.len();
        let mut folded = Folded::new();
        let mut at = at % count;
        scribe.entries[..at].iter().for_each(|entry| folded.take(&entry.raw));
        while folded.chain.rows().is_none() {
            folded.take(&scribe.entries[at].raw);
            at += 1;
        }
        let state = through_rows(&folded.state).expect("rows come back");
        let chain = Chain::from_rows(folded.chain.rows().expect("whole")).expect("rows come back");
        prop_assert_eq!((&state, &chain), (&folded.state, &folded.chain));
        let mut rest = Folded { state, chain, ..Folded::default() };
        scribe.entries[at..].iter().for_each(|entry| rest.take(&entry.raw));
        prop_assert_eq!(&rest.state, &scribe.state);
        prop_assert_eq!(&rest.chain, &scribe.chain);
    }
}

#[test]
fn a_chain_gives_no_rows_in_the_middle_of_a_command() {
    let scribe = everything();
    let mut folded = Folded::new();
    let mut refused = 0;
    for entry in &scribe.entries {
        folded.take(&entry.raw);
        let unfinished = entry.header.command.as_ref().is_some_and(|c| c.index + 1 < c.of);
        assert_eq!(folded.chain.rows().is_none(), unfinished, "{}", entry.header.position);
        assert_eq!(folded.chain.check_end().is_err(), unfinished);
        refused += usize::from(unfinished);
    }
    assert_eq!(refused, 2);
}

#[test]
fn rows_that_are_cut_or_longer_are_refused() {
    let scribe = everything();
    for (fold, version, rows) in scribe.state.rows() {
        assert!(!rows.is_empty(), "{fold}");
        let with = |changed: &[Vec<u8>]| {
            let mut all = scribe.state.rows();
            all.retain(|(name, ..)| *name != fold);
            all.push((fold, version, changed.to_vec()));
            State::from_rows(&mut |name, _| all.iter().find(|a| a.0 == name).map(|a| a.2.clone()))
        };
        assert_eq!(with(&rows).as_ref(), Some(&scribe.state));
        for at in 0..rows.len() {
            let mut longer = rows.clone();
            longer[at].push(0);
            assert_eq!(with(&longer), None, "{fold} row {at}");
            let mut cut = rows.clone();
            cut[at].pop();
            assert_eq!(with(&cut), None, "{fold} row {at}");
        }
    }
    let rows = scribe.chain.rows().expect("whole");
    for at in 0..rows.len() {
        let mut longer = rows.clone();
        longer[at].push(0);
        let found = Chain::from_rows(longer);
        assert!(found.is_none(), "row {at} of the chain");
    }
}
