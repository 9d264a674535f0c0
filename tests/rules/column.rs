//! 栏目 — columns are opened once, on a site that is there.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, OpenColumn};
use annals_events::id::{ColumnId, SiteId};

use super::town::Town;
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn open(t: &Town, column: ColumnId, site: SiteId) -> Draft {
    let open = OpenColumn { attributes: Attributes::default(), site, title: "公告".to_owned() };
    t.by(t.administrator, column, &Command::OpenColumn(open))
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
];

#[test]
fn columns_follow_their_rules() {
    hold(ROWS);
}
