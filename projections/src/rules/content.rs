//! What may follow what in the life of a piece of content. Which reviews, by whom, at which level:
//! that is the rulebook's; that none is shown which nobody else has passed, is here.

use annals_events::content::{Event, Shown};
use annals_events::entry::Provenance;
use annals_events::id::{BodyId, ContentId};

use crate::column::Column;
use crate::content::{Content, Status};
use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};

pub fn judge(
    view: View<'_>,
    frame: &Frame<'_>,
    event: &Event,
    has_route: bool,
    findings: &mut Findings,
) {
    let content = view.state.contents.get(ContentId(frame.stream.id));
    if event.site().is_some_and(|site| view.site(site).is_none()) {
        findings.push(Finding::breach("site_unknown", "its site is unknown"));
    }
    if content.is_some_and(|content| event.site().is_some_and(|site| content.site != site)) {
        findings.push(Finding::breach("content_of_other_site", "it belongs to another site"));
    }
    if frame.provenance == Provenance::Imported {
        flag(content, event, findings);
        return;
    }
    if event.imported().is_some() {
        findings
            .push(Finding::breach("content_of_import", "only an imported entry names an import"));
    }
    match event {
        Event::Drafted(drafted) => {
            let column = drafted.column.map(|column| view.state.columns.get(column));
            let stands = |c: &Column| c.site == drafted.site && !c.closed;
            if column.is_some_and(|column| !column.is_some_and(stands)) {
                findings.push(Finding::breach("column_unknown", "the site has no such column"));
            }
            if content.is_some_and(|content| content.status == Status::Withdrawn) {
                findings.push(Finding::breach("content_withdrawn", "it was withdrawn"));
            }
            if content.is_some_and(|content| content.status == Status::Archived) {
                findings.push(Finding::breach("content_archived", "it was archived"));
            }
        }
        Event::Submitted(_) | Event::Returned(_) | Event::Revised(_) => {
            judge_work(content, frame, event, findings);
        }
        Event::ReviewPassed(passed) => {
            judge_review(content, frame, passed.body, has_route, findings);
        }
        Event::Published(shown) => {
            judge_passed(content, shown, has_route, findings);
            if content.is_some_and(|content| content.status != Status::Drafted) {
                findings.push(Finding::breach("content_published", "it was published before"));
            }
        }
        Event::Corrected(shown) => {
            judge_passed(content, shown, has_route, findings);
            judge_live(content, findings);
        }
        Event::Moved(_) | Event::Withdrawn(_) | Event::Archived(_) => judge_live(content, findings),
        Event::EvidenceRecorded(_) => {}
    }
}

/// What is done with the version in work: it must be there, and be the one named.
fn judge_work(
    content: Option<&Content>,
    frame: &Frame<'_>,
    event: &Event,
    findings: &mut Findings,
) {
    let Some(draft) = content.and_then(|content| content.draft.as_deref()) else {
        findings.push(Finding::breach("draft_missing", "there is no version in work to review"));
        return;
    };
    let is_named = matches!(event, Event::Revised(_)) || event.body() == Some(draft.body);
    if !is_named {
        findings
            .push(Finding::breach("draft_changed", "the version reviewed is not the one in work"));
    }
    let is_author = frame.actor.is_some_and(|actor| actor.account == draft.author);
    if is_author && matches!(event, Event::Revised(_)) {
        findings.push(Finding::breach(
            "reviser_is_author",
            "who wrote the version hands in another, and does not revise it",
        ));
    }
}

fn judge_review(
    content: Option<&Content>,
    frame: &Frame<'_>,
    body: BodyId,
    has_route: bool,
    findings: &mut Findings,
) {
    let Some(draft) = content.and_then(|content| content.draft.as_deref()) else {
        findings.push(Finding::breach("draft_missing", "there is no version in work to review"));
        return;
    };
    if draft.body != body {
        findings
            .push(Finding::breach("draft_changed", "the version reviewed is not the one in work"));
    }
    // A rulebook says itself which persons differ.
    if !has_route && frame.actor.is_some_and(|actor| actor.account == draft.author) {
        findings.push(Finding::breach(
            "reviewer_is_author",
            "nobody reviews the version he handed in himself",
        ));
    }
}

fn judge_passed(
    content: Option<&Content>,
    shown: &Shown,
    has_route: bool,
    findings: &mut Findings,
) {
    let draft = content.and_then(|content| content.draft.as_deref());
    let is_in_work = draft.is_some_and(|draft| draft.body == shown.body);
    if draft.is_some_and(|draft| draft.bytes != shown.bytes) {
        findings.push(Finding::breach("bytes_differ", "its length is not that of the version"));
    }
    if !is_in_work || !(has_route || draft.is_some_and(|draft| draft.passed)) {
        findings.push(Finding::breach(
            "review_missing",
            "nobody has passed exactly this version in review",
        ));
    }
}

fn judge_live(content: Option<&Content>, findings: &mut Findings) {
    if content.is_none_or(|content| content.status != Status::Live) {
        findings.push(Finding::breach("content_not_live", "it is not published"));
    }
}

/// An imported history is taken as it is; what does not fit is flagged.
fn flag(content: Option<&Content>, event: &Event, findings: &mut Findings) {
    let live = content.is_some_and(|content| content.status == Status::Live);
    match event {
        Event::Published(_) if content.is_some() => {
            findings.push(Finding::flag("published_again", "it had been published before"));
        }
        Event::Corrected(_) | Event::Moved(_) | Event::Withdrawn(_) if !live => {
            findings.push(Finding::flag("not_live", "it was not live at that time"));
        }
        _ => {}
    }
}
