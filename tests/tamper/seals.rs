//! Seals of the state: comparing one walks over all of it, and whoever holds the entry key can
//! write as many as he likes.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, RegisterOrganisation};
use annals_events::id::OrganisationId;
use annals_events::ledger::{Event as LedgerEvent, StateSealed};
use annals_verify::Verdict;

use super::export::audit;
use crate::events::story::{begin, name};
use crate::harness::scribe::{Draft, Scribe};

fn seal(scribe: &mut Scribe, bad: bool) {
    let (mut folds, size) = (scribe.state.digests(), scribe.chain.size());
    if bad {
        folds[0].digest = annals_events::Hash::ZERO;
    }
    let sealed = LedgerEvent::StateSealed(StateSealed { folds, size });
    scribe.write(&Draft::internal(scribe.ledger, sealed));
}

#[test]
fn seals_too_close_to_be_compared_leave_no_ledger_sound() {
    let mut scribe = Scribe::found("ledger.example.gov.cn/seals");
    let people = begin(&mut scribe);
    for number in 0..250 {
        let organisation = OrganisationId(scribe.id());
        let name = name(&format!("第{number}单位"));
        let register =
            RegisterOrganisation { attributes: Attributes::default(), name, parent: None };
        let register = Command::RegisterOrganisation(register);
        scribe.give(people.administrator, organisation, &register);
        if number % 50 == 0 {
            seal(&mut scribe, false);
        }
    }
    let ask = |scribe: &Scribe| audit(scribe.export().as_bytes(), scribe.genesis(), false);
    // What any writer of ours seals is compared.
    let report = ask(&scribe);
    assert_eq!(report.verdict, Verdict::Sound, "{report:?}");
    let size = scribe.chain.size();
    (0..250).for_each(|_| seal(&mut scribe, false));
    let report = ask(&scribe);
    assert_eq!(report.verdict, Verdict::Incomplete, "{report:?}");
    assert!(
        report.notes.iter().any(|note| note.contains("seals follow too closely")),
        "{report:?}"
    );
    assert!(report.to_text().contains("not all seals"), "{}", report.to_text());
    assert!(scribe.chain.size() == size + 250);
    seal(&mut scribe, true);
    // One that lies is not looked at there, and so the ledger is not called sound either.
    assert_eq!(ask(&scribe).verdict, Verdict::Incomplete);
}
