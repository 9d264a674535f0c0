//! 栏目 — columns are opened once, on a site that is there.

use annals_events::attributes::Attributes;
use annals_events::column::{Closed, Event};
use annals_events::command::{Command, OpenColumn};
use annals_events::id::{ColumnId, SiteId};

use super::town::Town;
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn open(t: &Town, column: ColumnId, site: SiteId) -> Draft {
    let open = OpenColumn { attributes: Attributes::default(), site, title: "公告".to_owned() };
    t.by(t.administrator, column, &Command::OpenColumn(open))
}

fn close(t: &Town, column: ColumnId, site: SiteId) -> Draft {
    t.deed(t.administrator, column, Event::Closed(Closed { site }))
}

pub const ROWS: &[Row] = &[
    Row {
        when: "a column is opened",
        then: &[],
        draft: |t| open(t, ColumnId(t.unknown()), t.site),
    },
    Row {
        when: "the column is open already",
        then: &["column_exists"],
        draft: |t| open(t, t.column, t.site),
    },
    Row {
        when: "its site is unknown",
        then: &["site_unknown"],
        draft: |t| open(t, ColumnId(t.unknown()), SiteId(t.unknown())),
    },
    Row {
        when: "a closed column is opened again",
        then: &["column_exists"],
        draft: |t| open(t, t.district.shut, t.site),
    },
    Row { when: "a column is closed", then: &[], draft: |t| close(t, t.column, t.site) },
    Row {
        when: "a column is closed twice",
        then: &["column_not_open"],
        draft: |t| close(t, t.district.shut, t.site),
    },
    Row {
        when: "a column of another site is closed",
        then: &["column_not_open"],
        draft: |t| close(t, t.other_column, t.site),
    },
    Row {
        when: "a column is closed that nobody opened",
        then: &["column_not_open"],
        draft: |t| close(t, ColumnId(t.unknown()), t.site),
    },
];

#[test]
fn columns_follow_their_rules() {
    hold(ROWS);
}
