//! What may follow what among columns.

use annals_events::column::Event;
use annals_events::id::ColumnId;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let column = view.state.columns.get(ColumnId(frame.stream.id));
    match event {
        Event::Opened(opened) => {
            if column.is_some() {
                findings.push(Finding::breach("column_exists", "the column is open"));
            }
            if view.site(opened.site).is_none() {
                findings.push(Finding::breach("site_unknown", "its site is unknown"));
            }
        }
        Event::Closed(closed) => {
            if column.is_none_or(|column| column.closed || column.site != closed.site) {
                findings
                    .push(Finding::breach("column_not_open", "the site has no such open column"));
            }
        }
    }
}
