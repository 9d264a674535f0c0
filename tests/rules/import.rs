//! 导入 — lines of a history: structure is demanded, what was wrong at the time is flagged.

use annals_events::attributes::Attributes;
use annals_events::content::{Change, Event, Imported};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, CommandKey, ContentId, ImportId};

use super::town::{LINES, Town, changed, cut_over, shown};
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn corrected(t: &Town, said: &Imported) -> Event {
    Event::Corrected(shown(t.imported_site, t.body, Some(said)))
}

fn published(t: &Town, said: &Imported) -> Event {
    Event::Published(shown(t.imported_site, t.body, Some(said)))
}

/// The second line: its page updated, with an approver.
fn good(t: &Town) -> Draft {
    t.line(corrected(t, &t.said(Change::Updated)))
}

fn with(t: &Town, change: impl FnOnce(&mut Imported)) -> Draft {
    let mut said = t.said(Change::Updated);
    change(&mut said);
    t.line(corrected(t, &said))
}

fn but(t: &Town, change: impl FnOnce(&mut Draft)) -> Draft {
    let mut draft = good(t);
    change(&mut draft);
    draft
}

pub const ROWS: &[Row] = &[
    Row { when: "the next line updates a page", then: &[], draft: good },
    Row {
        when: "it names no import",
        then: &["import_not_open"],
        draft: |t| t.line(Event::Corrected(shown(t.imported_site, t.body, None))),
    },
    Row {
        when: "it names an import that nobody opened",
        then: &["import_not_open"],
        draft: |t| with(t, |said| said.import = ImportId(t.unknown())),
    },
    Row {
        when: "it names an import that is closed",
        then: &["import_not_open"],
        draft: |t| with(t, |said| said.import = t.closed),
    },
    Row {
        when: "an entry of a kind that no line brings",
        then: &["provenance", "import_not_open"],
        draft: |t| {
            let open = annals_events::column::Opened {
                attributes: Attributes::default(),
                site: t.imported_site,
            };
            let column = annals_events::id::ColumnId(t.unknown());
            let open = annals_events::column::Event::Opened(open);
            let all = vec![Draft::internal(column, open)];
            t.imported_command(all, t.import, 1, t.opened).remove(0)
        },
    },
    Row {
        when: "the command has another name",
        then: &["import_command"],
        draft: |t| but(t, |d| d.command.iter_mut().for_each(|c| c.name = "import".to_owned())),
    },
    Row {
        when: "the command has a key that does not follow from its line",
        then: &["import_command"],
        draft: |t| but(t, |d| d.command.iter_mut().for_each(|c| c.key = CommandKey(t.unknown()))),
    },
    Row {
        when: "the command is aimed at another stream",
        then: &["import_command"],
        draft: |t| but(t, |d| d.command.iter_mut().for_each(|c| c.stream = t.whole.into())),
    },
    Row {
        when: "its cause is not the opening",
        then: &["import_command"],
        draft: |t| but(t, |d| d.cause = Some(t.opened - 1)),
    },
    Row {
        when: "a line is left out",
        then: &["import_line", "import_command"],
        draft: |t| with(t, |said| said.line = 2),
    },
    Row {
        when: "a line comes twice",
        then: &["import_line", "import_command"],
        draft: |t| with(t, |said| said.line = 0),
    },
    Row {
        when: "there are more lines than were announced",
        then: &["import_line", "import_command"],
        draft: |t| with(t, |said| said.line = LINES),
    },
    Row {
        when: "somebody else gives the lines",
        then: &["import_actor"],
        draft: |t| but(t, |d| d.actor = Some(t.scribe.actor(t.editor))),
    },
    Row {
        when: "it happened at the cut-over",
        then: &["import_cut_over"],
        draft: |t| but(t, |d| d.occurred_at = Some(cut_over())),
    },
    Row {
        when: "it does not say when it happened",
        then: &["import_cut_over"],
        draft: |t| but(t, |d| d.occurred_at = None),
    },
    Row {
        when: "a page it brings has an id of its own",
        then: &["import_id"],
        draft: |t| t.line_of(ContentId(t.unknown()), published(t, &t.said(Change::Created))),
    },
    Row {
        when: "a page it brings has the id that follows",
        then: &[],
        draft: |t| t.line_of(t.brought(), published(t, &t.said(Change::Created))),
    },
    Row {
        when: "it changes a page of another site",
        then: &["import_id", "content_of_other_site"],
        draft: |t| t.line(Event::Corrected(shown(t.site, t.body, Some(&t.said(Change::Updated))))),
    },
    Row {
        when: "its author has no account",
        then: &["person_unknown"],
        draft: |t| with(t, |said| said.author = AccountId(t.unknown())),
    },
    Row {
        when: "its approver has no account",
        then: &["person_unknown"],
        draft: |t| with(t, |said| said.approver = Some(AccountId(t.unknown()))),
    },
    Row {
        when: "it went live without approval",
        then: &["approver_absent"],
        draft: |t| with(t, |said| said.approver = None),
    },
    Row {
        when: "its author approved it",
        then: &["approver_is_author"],
        draft: |t| with(t, |said| said.approver = Some(said.author)),
    },
    Row {
        when: "an entry that is not the last of its line goes uncounted",
        then: &[],
        draft: |t| {
            let mut draft = with(t, |said| said.approver = None);
            draft.command.iter_mut().for_each(|command| command.of = 2);
            draft
        },
    },
    Row {
        when: "a page is renamed from a path that nobody knows",
        then: &["moved_from_unknown"],
        draft: |t| t.line_of(t.brought(), published(t, &t.said(Change::Renamed))),
    },
    Row {
        when: "a page is updated that nobody knows",
        then: &["updated_unknown"],
        draft: |t| t.line_of(t.brought(), published(t, &t.said(Change::Updated))),
    },
    Row {
        when: "a page is created that was there",
        then: &["published_again"],
        draft: |t| t.line(published(t, &t.said(Change::Created))),
    },
    Row {
        when: "a page that is not there is removed",
        then: &["not_live"],
        draft: |t| {
            let facts = changed(t.imported_site, Some(&t.said(Change::Removed)));
            t.line_of(t.brought(), Event::Withdrawn(facts))
        },
    },
    Row {
        when: "a page that is not there is moved",
        then: &["not_live"],
        draft: |t| {
            let facts = changed(t.imported_site, Some(&t.said(Change::Renamed)));
            t.line_of(t.brought(), Event::Moved(facts))
        },
    },
    Row {
        when: "a line says it was commanded",
        then: &["content_of_import", "review_missing"],
        draft: |t| {
            but(t, |draft| {
                (draft.provenance, draft.cause, draft.occurred_at) =
                    (Provenance::Commanded, None, None);
            })
        },
    },
];

#[test]
fn lines_of_an_import_follow_their_rules() {
    hold(ROWS);
}
