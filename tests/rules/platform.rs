//! 平台 — organisations are registered once, under one that is there.

use annals_events::Time;
use annals_events::attributes::Attributes;
use annals_events::command::{AdoptProfile, Command, RegisterOrganisation};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, OrganisationId, SiteId};
use annals_events::platform::{
    CalendarAdopted, Event, ExemptionEnded, ExemptionGranted, ProfileAdopted,
};
use annals_events::profile::Profile;
use annals_events::sorted::Sorted;
use annals_events::text::{Clause, Day};

use super::district::{earlier, form, later, rulebook};
use super::town::{Town, saying};
use super::{Row, hold};
use crate::events::story::name;
use crate::harness::scribe::Draft;

fn register(t: &Town, id: OrganisationId, parent: Option<OrganisationId>) -> Draft {
    let register = RegisterOrganisation {
        attributes: Attributes::default(),
        name: name("示例市教育局"),
        parent,
    };
    t.by(t.administrator, id, &Command::RegisterOrganisation(register))
}

/// The auditor adopts a rulebook that nobody proposed.
fn adopt(t: &Town, by: AccountId, profile: Profile) -> Draft {
    let (effective_from, profile) = (t.scribe.now, Box::new(profile));
    let adopt = Command::AdoptProfile(AdoptProfile { effective_from, profile });
    t.by(by, t.organisation, &adopt)
}

fn days(days: &[&str]) -> Sorted<Day, 366> {
    Sorted::new(days.iter().map(|day| Day::new(*day).expect("a day"))).expect("few")
}

fn calendar(t: &Town, id: OrganisationId, off: &[&str], on: &[&str]) -> Draft {
    let adopted = CalendarAdopted { off: days(off), on: days(on), year: 2026 };
    t.deed(t.administrator, id, Event::CalendarAdopted(adopted))
}

fn exempt(t: &Town, id: OrganisationId, from: Time, until: Time) -> Draft {
    let clause = Clause::new("S-1").expect("a clause");
    let granted = ExemptionGranted { clause, from, subject: t.site.into(), until };
    t.deed(t.administrator, id, Event::ExemptionGranted(granted))
}

fn end(t: &Town, exemption: u64) -> Draft {
    t.deed(t.administrator, t.organisation, Event::ExemptionEnded(ExemptionEnded { exemption }))
}

fn unfit() -> Profile {
    Profile { semantics: 77, ..rulebook() }
}

fn nowhere(t: &Town) -> OrganisationId {
    OrganisationId(t.unknown())
}

pub const ROWS: &[Row] = &[
    Row {
        when: "an organisation is registered under another",
        then: &[],
        draft: |t| register(t, OrganisationId(t.unknown()), Some(t.organisation)),
    },
    Row {
        when: "it is registered already",
        then: &["organisation_exists"],
        draft: |t| register(t, t.organisation, None),
    },
    Row {
        when: "the one above it is unknown",
        then: &["organisation_unknown"],
        draft: |t| {
            let [id, parent] = [t.unknown(), t.brought().0].map(OrganisationId);
            register(t, id, Some(parent))
        },
    },
    Row {
        when: "it is to be above itself",
        then: &["organisation_unknown"],
        draft: |t| {
            let id = OrganisationId(t.unknown());
            register(t, id, Some(id))
        },
    },
    Row {
        when: "the ledger itself registers one after its beginning",
        then: &["organisation_without_command"],
        draft: |t| {
            let mut draft = register(t, OrganisationId(t.unknown()), None);
            draft.provenance = Provenance::Internal;
            (draft.actor, draft.command) = (None, None);
            draft
        },
    },
    Row {
        when: "a rulebook is adopted that nobody proposed",
        then: &["proposal_missing"],
        draft: |t| adopt(t, t.administrator, rulebook()),
    },
    Row {
        when: "an auditor adopts a rulebook that nobody proposed",
        then: &["auditor_writes_nothing", "proposal_missing"],
        draft: |t| adopt(t, t.auditor, rulebook()),
    },
    Row {
        when: "a rulebook is adopted on the proposal of another act",
        then: &["proposal_differs"],
        draft: |t| Draft { cause: Some(t.proposal), ..adopt(t, t.auditor, rulebook()) },
    },
    Row {
        when: "a rulebook is written for another version of the rules",
        then: &["proposal_missing", "profile_unfit"],
        draft: |t| adopt(t, t.administrator, unfit()),
    },
    Row {
        when: "what is adopted is no rulebook",
        then: &["proposal_missing", "profile_unfit"],
        draft: |t| {
            let nonce = annals_events::Hash::ZERO;
            let adopted = ProfileAdopted { command: "{}".to_owned(), nonce };
            saying(adopt(t, t.administrator, rulebook()), Event::ProfileAdopted(adopted))
        },
    },
    Row {
        when: "a year's working days are adopted",
        then: &[],
        draft: |t| calendar(t, t.organisation, &["2026-10-01"], &["2026-10-10"]),
    },
    Row {
        when: "a year without a holiday is adopted",
        then: &[],
        draft: |t| calendar(t, t.organisation, &[], &[]),
    },
    Row {
        when: "a holiday is of another year",
        then: &["calendar_year"],
        draft: |t| calendar(t, t.organisation, &["2027-01-01"], &[]),
    },
    Row {
        when: "a day worked is of another year",
        then: &["calendar_year"],
        draft: |t| calendar(t, t.organisation, &["2026-10-01"], &["2025-12-31"]),
    },
    Row {
        when: "an unknown organisation adopts a year",
        then: &["organisation_unknown"],
        draft: |t| calendar(t, nowhere(t), &[], &[]),
    },
    Row {
        when: "an exemption is granted",
        then: &[],
        draft: |t| exempt(t, t.organisation, t.scribe.now, later(t.scribe.now)),
    },
    Row {
        when: "an exemption is granted that ran before",
        then: &[],
        draft: |t| exempt(t, t.organisation, earlier(t.scribe.now), t.scribe.now),
    },
    Row {
        when: "an exemption ends when it begins",
        then: &["exemption_span"],
        draft: |t| exempt(t, t.organisation, t.scribe.now, t.scribe.now),
    },
    Row {
        when: "an exemption ends before it begins",
        then: &["exemption_span"],
        draft: |t| exempt(t, t.organisation, t.scribe.now, earlier(t.scribe.now)),
    },
    Row {
        when: "an unknown organisation grants an exemption",
        then: &["organisation_unknown"],
        draft: |t| exempt(t, nowhere(t), t.scribe.now, later(t.scribe.now)),
    },
    Row { when: "an exemption is ended", then: &[], draft: |t| end(t, t.district.running) },
    Row {
        when: "an exemption is ended twice",
        then: &["exemption_unknown"],
        draft: |t| end(t, t.district.over),
    },
    Row {
        when: "an exemption is ended that nobody granted",
        then: &["exemption_unknown"],
        draft: |t| end(t, t.district.adopted),
    },
    Row {
        when: "a record is kept of an organisation",
        then: &[],
        draft: |t| {
            let record = Event::EvidenceRecorded(form("drill", Some(t.site)));
            t.deed(t.administrator, t.organisation, record)
        },
    },
    Row {
        when: "a record is kept of an unknown organisation",
        then: &["organisation_unknown"],
        draft: |t| {
            let record = Event::EvidenceRecorded(form("drill", Some(SiteId(t.unknown()))));
            t.deed(t.administrator, nowhere(t), record)
        },
    },
];

#[test]
fn organisations_follow_their_rules() {
    hold(ROWS);
}
