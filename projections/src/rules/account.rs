//! What may follow what among accounts.

use annals_events::account::{Access, Duty, Event, Opened, RoleGranted, RoleRevoked};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, ColumnId, OrganisationId, SiteId, Stream, Thing};

use crate::account::{Account, Standing};
use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};
use crate::rules::FIRST_POSITIONS;

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let account = view.account(AccountId(frame.stream.id));
    match event {
        Event::Opened(opened) => judge_opened(view, frame, opened, account.is_some(), findings),
        Event::Applied(applied) => {
            if account.is_some() {
                findings.push(Finding::breach("account_exists", "the account is open"));
            }
            if view.state.platform.organisation(applied.organisation).is_none() {
                findings
                    .push(Finding::breach("organisation_unknown", "its organisation is unknown"));
            }
        }
        // Training may be on record before there is an account.
        Event::EvidenceRecorded(_) => {}
        Event::RoleGranted(_)
        | Event::RoleRevoked(_)
        | Event::Suspended(_)
        | Event::Resumed(_)
        | Event::Cancelled(_) => match account {
            None => findings.push(Finding::breach("account_unknown", "the account was not opened")),
            Some(account) => judge_known(view, frame, event, &account, findings),
        },
    }
}

fn judge_known(
    view: View<'_>,
    frame: &Frame<'_>,
    event: &Event,
    account: &Account,
    findings: &mut Findings,
) {
    if frame.actor.is_some_and(|actor| Stream::from(actor.account) == frame.stream) {
        findings.push(Finding::breach(
            "own_account",
            "nobody gives, takes or ends anything of his own account",
        ));
    }
    let needed = match event {
        Event::Resumed(_) => Some(Standing::Suspended),
        Event::Cancelled(_) | Event::RoleRevoked(_) => None,
        _ => Some(Standing::Open),
    };
    let is_over = account.standing == Standing::Cancelled;
    if is_over || needed.is_some_and(|needed| account.standing != needed) {
        findings.push(Finding::breach(
            "account_standing",
            "the account is not in the state that this starts from",
        ));
    }
    if account.access == Access::Unusable {
        findings.push(Finding::breach(
            "account_of_import",
            "accounts of an imported history, and only those, can be used by nobody",
        ));
    }
    let has = |role: &str, scope: Stream| {
        account.roles.iter().any(|grant| grant.role == role && grant.scope == scope)
    };
    match event {
        Event::RoleGranted(RoleGranted { role, scope }) => {
            if has(role.as_str(), *scope) {
                findings.push(Finding::breach("role_held", "it has this role there already"));
            }
            if !is_scope(view, *scope) {
                findings.push(Finding::breach(
                    "scope_unknown",
                    "the scope is no site, column or organisation that there is",
                ));
            }
        }
        Event::RoleRevoked(RoleRevoked { role, scope }) if !has(role.as_str(), *scope) => {
            findings.push(Finding::breach("role_not_held", "it has no such role there"));
        }
        _ => {}
    }
}

fn is_scope(view: View<'_>, scope: Stream) -> bool {
    let state = view.state;
    match scope.thing {
        Thing::Site => state.sites.get(SiteId(scope.id)).is_some(),
        Thing::Column => state.columns.get(ColumnId(scope.id)).is_some(),
        Thing::Platform => state.platform.organisation(OrganisationId(scope.id)).is_some(),
        _ => false,
    }
}

fn judge_opened(
    view: View<'_>,
    frame: &Frame<'_>,
    opened: &Opened,
    is_open: bool,
    findings: &mut Findings,
) {
    if is_open {
        findings.push(Finding::breach("account_exists", "the account is open"));
    }
    if view.state.platform.organisation(opened.organisation).is_none() {
        findings.push(Finding::breach("organisation_unknown", "its organisation is unknown"));
    }
    let imported = frame.provenance == Provenance::Imported;
    let unusable = opened.access == Access::Unusable;
    let named = [opened.import.is_some(), opened.line.is_some()];
    if imported != unusable || named != [imported; 2] {
        findings.push(Finding::breach(
            "account_of_import",
            "accounts of an imported history, and only those, can be used by nobody",
        ));
    }
    let as_brought = opened.duty == Duty::Editor
        && opened.person.is_none()
        && opened.attributes.is_empty()
        && frame.actor.is_some_and(|actor| actor.organisation == opened.organisation);
    if imported && !as_brought {
        findings.push(Finding::breach(
            "account_of_import",
            "an account that an import brings is an editor's, of the organisation of who gives it",
        ));
    }
    if frame.provenance == Provenance::Internal && frame.position >= FIRST_POSITIONS {
        findings.push(Finding::breach(
            "account_without_command",
            "only the first two accounts are opened without a command",
        ));
    }
}
