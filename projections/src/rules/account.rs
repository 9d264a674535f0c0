//! What may follow what among accounts.

use annals_events::account::{Access, Duty, Event};
use annals_events::entry::Provenance;
use annals_events::id::AccountId;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};
use crate::rules::FIRST_POSITIONS;

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let Event::Opened(opened) = event;
    if view.account(AccountId(frame.stream.id)).is_some() {
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
