//! What each rule refuses or flags: given a small town, when an entry says this, then the rules
//! say that. No store, no clock; one file per thing.

mod account;
mod calendar;
mod column;
mod content;
mod district;
mod import;
mod incident;
mod ledger;
mod message;
mod platform;
mod provenance;
mod provoked;
mod rulebook;
mod site;
mod town;
mod whoever;

use std::collections::BTreeSet;

use crate::harness::scribe::Draft;
use town::Town;

/// When an entry says this, then the rules find exactly these, in any order.
pub struct Row {
    when: &'static str,
    then: &'static [&'static str],
    draft: fn(&Town) -> Draft,
}

/// Hold each row to the rules.
fn hold(rows: &[Row]) {
    let town = Town::build();
    for row in rows {
        let findings = town.scribe.judge(&(row.draft)(&town));
        let found: BTreeSet<&str> = findings.iter().map(|finding| &*finding.name).collect();
        let then: BTreeSet<&str> = row.then.iter().copied().collect();
        assert_eq!(found, then, "{}: {findings:?}", row.when);
    }
}
