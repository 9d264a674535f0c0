//! Whoever acts, whatever he writes: accounts, grants, duties, provenance, numbering.

use annals_events::command::{Command, ProposeAct};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, Number, OrganisationId};
use annals_events::ledger::Act;
use annals_events::{Hash, id::Subject};

use super::town::{Town, before};
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn good(t: &Town) -> Draft {
    t.step(Town::pass, t.reviewer, t.drafted)
}

fn but(t: &Town, change: impl FnOnce(&mut Draft)) -> Draft {
    let mut draft = good(t);
    change(&mut draft);
    draft
}

pub const ROWS: &[Row] = &[
    Row { when: "a person acts as himself", then: &[], draft: good },
    Row {
        when: "an entry says it is the ledger's own",
        then: &["provenance"],
        draft: |t| {
            but(t, |draft| {
                draft.provenance = Provenance::Internal;
                (draft.actor, draft.command) = (None, None);
            })
        },
    },
    Row {
        when: "an entry says it was reported",
        then: &["provenance"],
        draft: |t| but(t, |draft| draft.provenance = Provenance::Reported),
    },
    Row {
        when: "what the platform does is dated back",
        then: &["backdated"],
        draft: |t| but(t, |draft| draft.occurred_at = Some(before())),
    },
    Row {
        when: "a rulebook is cited before any was adopted",
        then: &["rulebook"],
        draft: |t| but(t, |draft| draft.rulebook = Some(0)),
    },
    Row {
        when: "a subject is left out",
        then: &["about"],
        draft: |t| but(t, |draft| draft.about = Some(vec![t.site.into()])),
    },
    Row {
        when: "a subject is added",
        then: &["about"],
        draft: |t| {
            but(t, |draft| {
                let mut about: Vec<Subject> =
                    draft.event.about(draft.stream, draft.actor.as_ref()).into_iter().collect();
                about.push(t.other_site.into());
                about.sort_unstable();
                draft.about = Some(about);
            })
        },
    },
    Row {
        when: "the account does not exist",
        then: &["actor_unknown"],
        draft: |t| {
            but(t, |draft| {
                let account = AccountId(t.unknown());
                draft.actor.iter_mut().for_each(|actor| actor.account = account);
            })
        },
    },
    Row {
        when: "the account is a person's of an imported history",
        then: &["actor_unusable"],
        draft: |t| t.step(Town::pass, t.nobody, t.drafted),
    },
    Row {
        when: "he says he is of another organisation",
        then: &["actor_organisation"],
        draft: |t| {
            but(t, |draft| {
                let other = OrganisationId(t.unknown());
                draft.actor.iter_mut().for_each(|actor| actor.organisation = other);
            })
        },
    },
    Row {
        when: "he acts on behalf of another organisation",
        then: &["actor_organisation"],
        draft: |t| {
            but(t, |draft| {
                let other = Some(t.organisation);
                draft.actor.iter_mut().for_each(|actor| actor.on_behalf_of = other);
            })
        },
    },
    Row {
        when: "he names no grant",
        then: &["authority"],
        draft: |t| but(t, |d| d.actor.iter_mut().for_each(|actor| actor.authority = None)),
    },
    Row {
        when: "he names somebody else's grant",
        then: &["authority"],
        draft: |t| {
            but(t, |d| d.actor.iter_mut().for_each(|actor| actor.authority = Some(Number(2))))
        },
    },
    Row {
        when: "an auditor writes",
        then: &["auditor_writes_nothing"],
        draft: |t| t.step(Town::pass, t.auditor, t.drafted),
    },
    Row {
        when: "an auditor proposes",
        then: &["auditor_writes_nothing"],
        draft: |t| {
            let propose = ProposeAct { act: Act::OpenImport, digest: Hash::ZERO };
            t.by(t.auditor, t.proposed, &Command::ProposeAct(propose))
        },
    },
    Row {
        when: "an auditor does an act that nobody proposed",
        then: &["auditor_writes_nothing", "proposal_missing"],
        draft: |t| t.by(t.auditor, t.proposed, &t.open_command()),
    },
];

#[test]
fn whoever_acts_follows_the_rules() {
    hold(ROWS);
}
