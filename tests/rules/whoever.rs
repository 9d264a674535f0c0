//! Whoever acts, whatever he writes: accounts, grants, duties, provenance, numbering.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, ProposeAct};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, IncidentId, MessageId, Number, OrganisationId};
use annals_events::incident::{Detected, Event as IncidentEvent};
use annals_events::ledger::Act;
use annals_events::message::{Event as MessageEvent, Received};
use annals_events::site::{Closed, Event as SiteEvent, ShutDown, TakenOffline};
use annals_events::text::Word;
use annals_events::{Hash, id::Subject};

use super::district::{earlier, form, later};
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

/// The chief passes a review under the grant at this position.
fn under(t: &Town, grant: u64) -> Draft {
    let mut draft = t.step(Town::pass, t.district.chief, t.drafted);
    draft.actor.iter_mut().for_each(|actor| actor.authority = Some(Number(grant)));
    draft
}

/// The bureau's site is closed: its rulebook judges that, and finds nothing in it.
fn judged(t: &Town) -> Draft {
    let closed = SiteEvent::Closed(Closed { reason: Word::of("merged") });
    t.deed(t.administrator, t.district.bureau_site, closed)
}

fn known(draft: Draft, provenance: Provenance) -> Draft {
    Draft { provenance, ..draft }
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
        when: "a rulebook is cited where none was adopted",
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
    Row {
        when: "a suspended account acts",
        then: &["actor_suspended"],
        draft: |t| t.step(Town::pass, t.district.suspended, t.drafted),
    },
    Row {
        when: "a cancelled account acts",
        then: &["actor_suspended"],
        draft: |t| t.step(Town::pass, t.district.cancelled, t.drafted),
    },
    Row {
        when: "he names a role he holds as his grant",
        then: &[],
        draft: |t| under(t, t.district.granted),
    },
    Row {
        when: "he names a role that was revoked as his grant",
        then: &["authority"],
        draft: |t| under(t, t.district.revoked),
    },
    Row {
        when: "a rulebook finds nothing, and no clause is cited",
        then: &[],
        draft: |t| judged(t),
    },
    Row {
        when: "another rulebook is cited than the one in force",
        then: &["rulebook"],
        draft: |t| {
            let rulebook = Some(t.district.adopted - 1);
            Draft { rulebook, ..judged(t) }
        },
    },
    Row {
        when: "the bureau's rulebook is cited on a site that is not the bureau's",
        then: &["rulebook"],
        draft: |t| but(t, |draft| draft.rulebook = Some(t.district.adopted)),
    },
    Row {
        when: "a clause is cited that the rulebook does not find",
        then: &["clauses"],
        draft: |t| Draft { clauses: Some(vec!["S-1".to_owned()]), ..judged(t) },
    },
    Row {
        when: "a clause is cited without a rulebook",
        then: &["clauses"],
        draft: |t| but(t, |draft| draft.clauses = Some(vec!["S-1".to_owned()])),
    },
    Row {
        when: "a record of evidence says the platform did it",
        then: &["provenance"],
        draft: |t| {
            let record = SiteEvent::EvidenceRecorded(form("assessment", None));
            let told = t.deed(t.administrator, t.site, record);
            known(told, Provenance::Commanded)
        },
    },
    Row {
        when: "a shutdown says the platform did it",
        then: &["provenance", "site_standing"],
        draft: |t| {
            let event = SiteEvent::ShutDown(ShutDown { reason: Word::of("power_cut") });
            let told = t.deed(t.administrator, t.district.dark, event);
            known(told, Provenance::Commanded)
        },
    },
    Row {
        when: "somebody reports that a site was taken offline",
        then: &["provenance"],
        draft: |t| {
            let (planned_end, reason) = (later(t.scribe.now), Word::of("power_cut"));
            let event = SiteEvent::TakenOffline(TakenOffline { planned_end, reason });
            known(t.deed(t.administrator, t.site, event), Provenance::Reported)
        },
    },
    Row {
        when: "a message says the platform received it",
        then: &["provenance"],
        draft: |t| {
            let (attributes, site) = (Attributes::default(), t.site);
            let event = MessageEvent::Received(Received { attributes, site });
            let told = t.deed(t.editor, MessageId(t.unknown()), event);
            known(told, Provenance::Commanded)
        },
    },
    Row {
        when: "an incident says the platform detected it",
        then: &["provenance"],
        draft: |t| {
            let (attributes, site) = (Attributes::default(), t.site);
            let event = IncidentEvent::Detected(Detected { attributes, site });
            let told = t.deed(t.editor, IncidentId(t.unknown()), event);
            known(told, Provenance::Commanded)
        },
    },
    Row {
        when: "what is reported happened before",
        then: &[],
        draft: |t| {
            let (attributes, site) = (Attributes::default(), t.site);
            let event = IncidentEvent::Detected(Detected { attributes, site });
            t.told(t.editor, IncidentId(t.unknown()), event, earlier(t.scribe.now))
        },
    },
    Row {
        when: "an auditor keeps a record",
        then: &["auditor_writes_nothing"],
        draft: |t| {
            let record = SiteEvent::EvidenceRecorded(form("assessment", None));
            t.deed(t.auditor, t.site, record)
        },
    },
];

#[test]
fn whoever_acts_follows_the_rules() {
    hold(ROWS);
}
