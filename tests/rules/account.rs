//! 账号 — who may be given an account, and how.

use annals_events::account::{Access, Duty, Event, Opened};
use annals_events::attributes::Attributes;
use annals_events::command::{Command, OpenAccount};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, OrganisationId};

use super::town::{Town, saying};
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn open(t: &Town, account: AccountId, organisation: OrganisationId) -> Draft {
    let name = "某人".to_owned();
    let open = OpenAccount {
        attributes: Attributes::default(),
        duty: Duty::Editor,
        name,
        organisation,
        person: None,
    };
    t.by(t.administrator, account, &Command::OpenAccount(open))
}

fn new(t: &Town) -> AccountId {
    AccountId(t.unknown())
}

fn facts(t: &Town, access: Access, import: bool, line: bool) -> Event {
    Event::Opened(Opened {
        access,
        attributes: Attributes::default(),
        person: None,
        duty: Duty::Editor,
        import: import.then_some(t.import),
        line: line.then_some(1),
        organisation: t.organisation,
    })
}

fn brought(t: &Town, duty: Duty, organisation: OrganisationId) -> Draft {
    let id = AccountId(annals_events::import::thing_id(t.import, 1, 0));
    let facts = Opened {
        access: Access::Unusable,
        attributes: Attributes::default(),
        person: None,
        duty,
        import: Some(t.import),
        line: Some(1),
        organisation,
    };
    let draft = Draft::internal(id, Event::Opened(facts));
    t.imported_command(vec![draft], t.import, 1, t.opened).remove(0)
}

pub const ROWS: &[Row] = &[
    Row {
        when: "the administrator opens an account",
        then: &[],
        draft: |t| open(t, new(t), t.organisation),
    },
    Row {
        when: "the account is open already",
        then: &["account_exists"],
        draft: |t| open(t, t.editor, t.organisation),
    },
    Row {
        when: "its organisation is unknown",
        then: &["organisation_unknown"],
        draft: |t| open(t, new(t), OrganisationId(t.unknown())),
    },
    Row {
        when: "a commanded account can be used by nobody",
        then: &["account_of_import"],
        draft: |t| {
            saying(open(t, new(t), t.organisation), facts(t, Access::Unusable, false, false))
        },
    },
    Row {
        when: "a commanded account names an import",
        then: &["account_of_import"],
        draft: |t| saying(open(t, new(t), t.organisation), facts(t, Access::Usable, true, true)),
    },
    Row {
        when: "a commanded account names a line of no import",
        then: &["account_of_import"],
        draft: |t| saying(open(t, new(t), t.organisation), facts(t, Access::Usable, false, true)),
    },
    Row {
        when: "an account of an import can be used",
        then: &["account_of_import"],
        draft: |t| {
            let id = AccountId(annals_events::import::thing_id(t.import, 1, 0));
            let draft = Draft::internal(id, facts(t, Access::Usable, true, true));
            t.imported_command(vec![draft], t.import, 1, t.opened).remove(0)
        },
    },
    Row {
        when: "an account of an import is no editor's",
        then: &["account_of_import"],
        draft: |t| brought(t, Duty::Administrator, t.organisation),
    },
    Row {
        when: "an account of an import is of another organisation",
        then: &["account_of_import", "organisation_unknown"],
        draft: |t| brought(t, Duty::Editor, OrganisationId(t.unknown())),
    },
    Row {
        when: "a third account is opened without a command",
        then: &["account_without_command"],
        draft: |t| {
            let draft = Draft::internal(new(t), facts(t, Access::Usable, false, false));
            assert_eq!(draft.provenance, Provenance::Internal);
            draft
        },
    },
];

#[test]
fn accounts_follow_their_rules() {
    hold(ROWS);
}
