//! 账号 — who may be given an account, and how.

use annals_events::account::{
    Access, Applied, Cancelled, Duty, Event, Opened, Resumed, RoleGranted, RoleRevoked, Suspended,
};
use annals_events::attributes::Attributes;
use annals_events::command::{Command, OpenAccount};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, OrganisationId, SiteId, Stream};
use annals_events::text::Word;

use super::district::form;
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

/// The administrator does something with an account.
fn does(t: &Town, account: AccountId, event: Event) -> Draft {
    t.deed(t.administrator, account, event)
}

fn grant(t: &Town, account: AccountId, scope: impl Into<Stream>) -> Draft {
    let (role, scope) = (Word::of("chief_editor"), scope.into());
    does(t, account, Event::RoleGranted(RoleGranted { role, scope }))
}

fn revoke(t: &Town, account: AccountId, role: &str, scope: impl Into<Stream>) -> Draft {
    let (role, scope) = (Word::of(role), scope.into());
    does(t, account, Event::RoleRevoked(RoleRevoked { role, scope }))
}

fn suspend(t: &Town, account: AccountId) -> Draft {
    does(t, account, Event::Suspended(Suspended {}))
}

fn resume(t: &Town, account: AccountId) -> Draft {
    does(t, account, Event::Resumed(Resumed {}))
}

fn cancel(t: &Town, account: AccountId) -> Draft {
    does(t, account, Event::Cancelled(Cancelled { reason: Word::of("left") }))
}

fn apply(t: &Town, account: AccountId, organisation: OrganisationId) -> Draft {
    does(t, account, Event::Applied(Applied { organisation, role: Word::of("editor") }))
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
    Row {
        when: "somebody asks for an account",
        then: &[],
        draft: |t| apply(t, new(t), t.organisation),
    },
    Row {
        when: "somebody asks for one account twice",
        then: &[],
        draft: |t| apply(t, t.district.applied, t.organisation),
    },
    Row {
        when: "somebody asks for an account that is open",
        then: &["account_exists"],
        draft: |t| apply(t, t.editor, t.organisation),
    },
    Row {
        when: "an account is asked for of an unknown organisation",
        then: &["organisation_unknown"],
        draft: |t| apply(t, new(t), OrganisationId(t.unknown())),
    },
    Row {
        when: "an account is opened that was asked for",
        then: &[],
        draft: |t| open(t, t.district.applied, t.organisation),
    },
    Row {
        when: "a training is on record before there is an account",
        then: &[],
        draft: |t| does(t, new(t), Event::EvidenceRecorded(form("training", None))),
    },
    Row { when: "a role is granted over a site", then: &[], draft: |t| grant(t, t.editor, t.site) },
    Row {
        when: "a role is granted over a column",
        then: &[],
        draft: |t| grant(t, t.editor, t.column),
    },
    Row {
        when: "a role is granted over an organisation",
        then: &[],
        draft: |t| grant(t, t.editor, t.organisation),
    },
    Row {
        when: "a role is granted over a column of another organisation: a rulebook's matter",
        then: &[],
        draft: |t| grant(t, t.editor, t.district.bureau_column),
    },
    Row {
        when: "the same role is granted over another site",
        then: &[],
        draft: |t| grant(t, t.district.chief, t.other_site),
    },
    Row {
        when: "the same role is granted over the same site",
        then: &["role_held"],
        draft: |t| grant(t, t.district.chief, t.site),
    },
    Row {
        when: "a role that was revoked is granted again",
        then: &[],
        draft: |t| grant(t, t.district.chief, t.organisation),
    },
    Row {
        when: "a role is granted over an unknown site",
        then: &["scope_unknown"],
        draft: |t| grant(t, t.editor, SiteId(t.unknown())),
    },
    Row {
        when: "a role is granted over a piece of content",
        then: &["scope_unknown"],
        draft: |t| grant(t, t.editor, t.live),
    },
    Row {
        when: "a role is granted over an account",
        then: &["scope_unknown"],
        draft: |t| grant(t, t.editor, t.reviewer),
    },
    Row {
        when: "a role is granted to an account that nobody opened",
        then: &["account_unknown"],
        draft: |t| grant(t, new(t), t.site),
    },
    Row {
        when: "a role is granted to an account that was only asked for",
        then: &["account_unknown"],
        draft: |t| grant(t, t.district.applied, t.site),
    },
    Row {
        when: "the administrator grants himself a role",
        then: &["own_account"],
        draft: |t| grant(t, t.administrator, t.site),
    },
    Row {
        when: "a role is granted to a suspended account",
        then: &["account_standing"],
        draft: |t| grant(t, t.district.suspended, t.site),
    },
    Row {
        when: "a role is granted to a cancelled account",
        then: &["account_standing"],
        draft: |t| grant(t, t.district.cancelled, t.site),
    },
    Row {
        when: "a role is granted to a person of an imported history",
        then: &["account_of_import"],
        draft: |t| grant(t, t.nobody, t.site),
    },
    Row {
        when: "a role is revoked",
        then: &[],
        draft: |t| revoke(t, t.district.chief, "chief_editor", t.site),
    },
    Row {
        when: "a role is revoked twice",
        then: &["role_not_held"],
        draft: |t| revoke(t, t.district.chief, "chief_editor", t.organisation),
    },
    Row {
        when: "a role is revoked over another site than it was granted for",
        then: &["role_not_held"],
        draft: |t| revoke(t, t.district.chief, "chief_editor", t.other_site),
    },
    Row {
        when: "another role is revoked than was granted",
        then: &["role_not_held"],
        draft: |t| revoke(t, t.district.chief, "publisher", t.site),
    },
    Row {
        when: "the role that the duty names is revoked",
        then: &["role_not_held"],
        draft: |t| revoke(t, t.editor, "editor", t.organisation),
    },
    Row {
        when: "a role is revoked of a suspended account that has none",
        then: &["role_not_held"],
        draft: |t| revoke(t, t.district.suspended, "chief_editor", t.site),
    },
    Row {
        when: "a role is revoked of a cancelled account",
        then: &["account_standing", "role_not_held"],
        draft: |t| revoke(t, t.district.cancelled, "chief_editor", t.site),
    },
    Row { when: "an account is suspended", then: &[], draft: |t| suspend(t, t.editor) },
    Row {
        when: "an account is suspended twice",
        then: &["account_standing"],
        draft: |t| suspend(t, t.district.suspended),
    },
    Row {
        when: "an account is suspended that nobody opened",
        then: &["account_unknown"],
        draft: |t| suspend(t, new(t)),
    },
    Row {
        when: "the administrator suspends himself",
        then: &["own_account"],
        draft: |t| suspend(t, t.administrator),
    },
    Row {
        when: "a suspended account is resumed",
        then: &[],
        draft: |t| resume(t, t.district.suspended),
    },
    Row {
        when: "an account is resumed that is not suspended",
        then: &["account_standing"],
        draft: |t| resume(t, t.editor),
    },
    Row {
        when: "a cancelled account is resumed",
        then: &["account_standing"],
        draft: |t| resume(t, t.district.cancelled),
    },
    Row { when: "an account is cancelled", then: &[], draft: |t| cancel(t, t.editor) },
    Row {
        when: "a suspended account is cancelled",
        then: &[],
        draft: |t| cancel(t, t.district.suspended),
    },
    Row {
        when: "an account is cancelled twice",
        then: &["account_standing"],
        draft: |t| cancel(t, t.district.cancelled),
    },
    Row {
        when: "an account is cancelled that nobody opened",
        then: &["account_unknown"],
        draft: |t| cancel(t, new(t)),
    },
];

#[test]
fn accounts_follow_their_rules() {
    hold(ROWS);
}
