//! What a rulebook says: law and cases. A law is a tiny rulebook that the bureau adopts; a case
//! is an entry in a small land, and what that law says of it. One file per kind of rule, after
//! `events/PROFILE.md`.

mod adoption;
mod court;
mod evidence;
mod force;
mod in_force;
mod message_route;
mod permission;
mod precondition;
mod quota;
mod refusals;
mod retention;
mod route;
mod route_persons;
mod selecting;
mod selecting_around;
mod shape;

use annals_projections::judge::{Finding, Weight};
use serde_json::Value;

use crate::harness::scribe::Draft;
use court::{Court, at};

/// A rulebook, and cases that it is tried on.
pub struct Law {
    pub says: &'static str,
    /// Its rules; null, where the cases adopt what they need.
    pub rules: fn() -> Value,
    pub cases: &'static [Case],
}

/// When this is so, then the law says that.
pub struct Case {
    pub when: &'static str,
    pub then: &'static [&'static str],
    pub draft: fn(&mut Court) -> Draft,
}

pub const fn case(
    when: &'static str,
    then: &'static [&'static str],
    draft: fn(&mut Court) -> Draft,
) -> Case {
    Case { when, then, draft }
}

/// What a finding comes to, in two words: `refused EX-1`, `flagged annals:after_closing`.
pub fn said(findings: &[Finding]) -> Vec<String> {
    let word = |weight| match weight {
        Weight::Breach => "refused",
        Weight::Flag => "flagged",
        Weight::Exempt => "exempt",
        Weight::Warning => "warned",
    };
    let say = |finding: &Finding| format!("{} {}", word(finding.weight), finding.clause());
    let mut all: Vec<String> = findings.iter().map(say).collect();
    all.sort();
    all.dedup();
    all
}

/// Try each case of each law, in a land of its own. An entry cites what is found in it and does
/// not forbid it: that too is held.
pub fn hold(laws: &[Law]) {
    for law in laws {
        for case in law.cases {
            let mut court = Court::new();
            let rules = (law.rules)();
            if !rules.is_null() {
                court.adopt(court.bureau, at("2026-01-01 00:00:00"), rules);
            }
            let draft = (case.draft)(&mut court);
            let findings = court.scribe.judge(&draft);
            let place = format!("{}: {}: {findings:#?}", law.says, case.when);
            let mut then: Vec<&str> = case.then.to_vec();
            then.sort_unstable();
            assert_eq!(said(&findings), then, "{place}");
            let position = court.scribe.write(&draft);
            let header = &court.scribe.entries[position as usize].header;
            let mut cited: Vec<&str> = then
                .iter()
                .filter_map(|said| said.split_once(' '))
                .filter(|(word, name)| *word != "refused" && !name.starts_with("annals:"))
                .map(|(_, name)| name)
                .collect();
            cited.sort_unstable();
            assert_eq!(header.clauses.clone().unwrap_or_default(), cited, "{place}");
        }
    }
}
