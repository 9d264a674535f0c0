//! 导入 — what holds for the lines of an imported history. Structure is demanded; whatever a rule
//! would have refused at the time is flagged.

use annals_events::content::{Change, Event as ContentEvent};
use annals_events::id::{AccountId, ContentId, ImportId, SiteId};
use annals_events::{Event, account, import, site};

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};
use crate::ledger::Import;

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let named = match event {
        Event::Content(event) => event.imported().map(|line| (line.import, line.line)),
        Event::Account(account::Event::Opened(opened)) => opened.import.zip(opened.line),
        Event::Site(site::Event::Opened(opened)) => opened.import.zip(opened.line),
        _ => None,
    };
    let found = named.and_then(|(id, line)| Some((id, line, view.state.ledger.import(id)?)));
    let Some((id, line, import)) = found.filter(|(_, _, import)| !import.closed) else {
        findings.push(Finding::breach("import_not_open", "it names no import that is open"));
        return;
    };
    judge_line(frame, id, line, import, findings);
    if !id_follows(view, frame, event, (id, line), import) {
        findings.push(Finding::breach(
            "import_id",
            "what a line brings has the id that follows from import, line and index",
        ));
    }
    if let Event::Content(event) = event {
        judge_persons(view, frame, event, findings);
    }
}

fn judge_line(
    frame: &Frame<'_>,
    id: ImportId,
    line: u64,
    import: &Import,
    findings: &mut Findings,
) {
    let command = frame.command.is_some_and(|command| {
        command.name == import::LINE_COMMAND
            && command.key == import::key(id, line)
            && command.stream == id.into()
    });
    if !command || frame.cause != Some(import.opened) {
        findings.push(Finding::breach("import_command", "it is not the command of its line"));
    }
    if line != import.next || line >= import.lines {
        findings.push(Finding::breach("import_line", "lines come in order, each once"));
    }
    if frame.actor.is_none_or(|actor| actor.account != import.proposed_by) {
        findings.push(Finding::breach("import_actor", "lines are given by who proposed it"));
    }
    if frame.occurred_at.is_none_or(|at| at >= import.cut_over) {
        findings.push(Finding::breach("import_cut_over", "it happened after the cut-over"));
    }
}

fn id_follows(
    view: View<'_>,
    frame: &Frame<'_>,
    event: &Event,
    (id, line): (ImportId, u64),
    import: &Import,
) -> bool {
    let index = frame.command.map_or(0, |command| command.index);
    let derived = frame.stream.id == import::thing_id(id, line, index);
    match event {
        Event::Site(_) => derived && line == 0 && SiteId(frame.stream.id) == import.site,
        Event::Account(_) => derived,
        Event::Content(event) => {
            let content = view.state.contents.get(ContentId(frame.stream.id));
            let known = content.is_some_and(|content| content.import == Some(id))
                || view.earlier.iter().any(|(earlier, _)| earlier.stream == frame.stream);
            event.site() == Some(import.site) && (known || derived)
        }
        _ => false,
    }
}

fn judge_persons(view: View<'_>, frame: &Frame<'_>, event: &ContentEvent, findings: &mut Findings) {
    let Some(line) = event.imported() else { return };
    let unknown = |person: AccountId| view.account(person).is_none();
    if unknown(line.author) || line.approver.is_some_and(unknown) {
        findings.push(Finding::breach("person_unknown", "author or approver has no account"));
    }
    // One line may write two entries of content: its findings are counted at the last.
    if !frame.ends_command() {
        return;
    }
    match line.approver {
        None => findings.push(Finding::flag("approver_absent", "it went live without approval")),
        Some(approver) if approver == line.author => {
            findings.push(Finding::flag("approver_is_author", "its author approved it himself"))
        }
        Some(_) => {}
    }
    let published = matches!(event, ContentEvent::Published(_));
    if published && line.change == Change::Renamed {
        findings.push(Finding::flag("moved_from_unknown", "the path it came from is unknown"));
    }
    if published && line.change == Change::Updated {
        findings.push(Finding::flag("updated_unknown", "the page changed is unknown"));
    }
}
