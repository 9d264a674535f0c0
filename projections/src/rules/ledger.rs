//! What may follow what in the ledger's own entries: acts of two persons, seals, imports.

use annals_events::Event;
use annals_events::id::{ImportId, SiteId, Stream};
use annals_events::import;
use annals_events::ledger::{Act, Event as LedgerEvent, StateSealed};
use annals_events::platform::Event as PlatformEvent;

use crate::State;
use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};

/// The folds that the first version of the rules had.
const FIRST_FOLDS: [&str; 6] = ["account", "column", "content", "ledger", "platform", "site"];

/// The act that an event is the second half of.
fn act_of(event: &LedgerEvent) -> Option<Act> {
    match event {
        LedgerEvent::ImportOpened(_) => Some(Act::OpenImport),
        LedgerEvent::ImportClosed(_) => Some(Act::CloseImport),
        LedgerEvent::KeyRotated(_) => Some(Act::RotateKey),
        _ => None,
    }
}

/// Whether the entry confirms somebody else's proposal.
pub fn confirms(frame: &Frame<'_>, event: &Event) -> bool {
    let is_act = match event {
        Event::Ledger(event) => act_of(event).is_some(),
        Event::Platform(event) => matches!(event, PlatformEvent::ProfileAdopted(_)),
        _ => false,
    };
    is_act && frame.cause.is_some()
}

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &LedgerEvent, findings: &mut Findings) {
    if let Some(act) = act_of(event) {
        judge_two_persons(view, frame, act, findings);
    }
    let ledger = &view.state.ledger;
    match event {
        LedgerEvent::StateSealed(sealed) => judge_seal(view, frame, sealed, findings),
        LedgerEvent::ImportOpened(opened) => {
            let id = ImportId(frame.stream.id);
            let new_site = SiteId(import::thing_id(id, 0, 0));
            let known = view.site(opened.site).is_some() || opened.site == new_site;
            if ledger.import(id).is_some() {
                findings.push(Finding::breach("import_exists", "the import was opened before"));
            }
            if !known {
                findings.push(Finding::breach("site_unknown", "its site is unknown"));
            }
            if opened.cut_over > frame.recorded_at || opened.lines == 0 {
                findings.push(Finding::breach(
                    "import_span",
                    "an import has lines, all of them before an instant that is past",
                ));
            }
            if ledger.is_importing(opened.site) {
                findings.push(Finding::breach(
                    "import_running",
                    "another import of this site is not closed",
                ));
            }
        }
        LedgerEvent::ImportClosed(closed) => {
            let import = ledger.import(ImportId(frame.stream.id));
            let whole = import.is_some_and(|import| {
                !import.closed
                    && import.next == import.lines
                    && closed.lines == import.lines
                    && closed.source == import.source
            });
            if !whole {
                findings.push(Finding::breach(
                    "import_not_whole",
                    "an import is closed once, with all its lines and the source it was opened for",
                ));
            }
        }
        _ => {}
    }
}

fn judge_seal(view: View<'_>, frame: &Frame<'_>, sealed: &StateSealed, findings: &mut Findings) {
    if sealed.size != frame.position {
        findings.push(Finding::breach("seal_size", "a seal is over all entries before it"));
    }
    let states = |name: &str| sealed.folds.iter().any(|fold| fold.fold == name);
    let folds = if view.state.ledger.engine() == 1 { &FIRST_FOLDS[..] } else { State::FOLDS };
    if !folds.iter().all(|name| states(name)) {
        findings.push(Finding::breach("seal_folds", "a seal states the digest of every fold"));
    }
    if view.state.ledger.id().is_some_and(|id| Stream::from(id) != frame.stream) {
        findings.push(Finding::breach("seal_stream", "the ledger seals in its own stream"));
    }
}

pub fn judge_two_persons(view: View<'_>, frame: &Frame<'_>, act: Act, findings: &mut Findings) {
    let proposal = frame.cause.and_then(|cause| view.state.ledger.proposal(cause));
    let (Some(proposal), Some(actor), Some(command)) = (proposal, frame.actor, frame.command)
    else {
        findings.push(Finding::breach("proposal_missing", "nobody proposed this act"));
        return;
    };
    let same =
        proposal.act == act && proposal.digest == command.digest && proposal.stream == frame.stream;
    if !same {
        findings.push(Finding::breach("proposal_differs", "another act was proposed"));
    }
    let accounts = &view.state.accounts;
    if accounts.person(proposal.by) == accounts.person(actor.account) {
        findings.push(Finding::breach("one_person", "one person proposes and confirms"));
    }
    let duty = |account| view.account(account).map(|account| account.duty);
    if duty(proposal.by) == duty(actor.account) {
        findings.push(Finding::breach("one_duty", "both persons are of one duty"));
    }
}
