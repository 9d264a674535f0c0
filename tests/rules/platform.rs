//! 平台 — organisations are registered once, under one that is there.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, RegisterOrganisation};
use annals_events::entry::Provenance;
use annals_events::id::OrganisationId;

use super::town::Town;
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
];

#[test]
fn organisations_follow_their_rules() {
    hold(ROWS);
}
