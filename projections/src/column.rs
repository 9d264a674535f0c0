//! 栏目 — which site each column belongs to, and what it is.

use std::collections::HashMap;

use annals_events::attributes::Attributes;
use annals_events::column::Event as ColumnEvent;
use annals_events::id::{ColumnId, SiteId};
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 栏目 — the state of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// What it is, in a profile's words.
    pub attributes: Attributes,
    /// Whether it was closed.
    pub closed: bool,
    /// When it was opened.
    pub opened_at: Time,
    /// Its site.
    pub site: SiteId,
}

/// All columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    columns: HashMap<ColumnId, Column>,
}

impl Columns {
    /// One column.
    pub fn get(&self, id: ColumnId) -> Option<&Column> {
        self.columns.get(&id)
    }

    /// All columns, in no order.
    pub fn all(&self) -> impl Iterator<Item = (ColumnId, &Column)> {
        self.columns.iter().map(|(id, column)| (*id, column))
    }
}

impl Fold for Columns {
    map_fold!(Columns, columns, "column", 2);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Column(event) = event else { return };
        let id = ColumnId(frame.stream.id);
        match event {
            ColumnEvent::Opened(opened) => {
                let column = Column {
                    attributes: opened.attributes.clone(),
                    closed: false,
                    opened_at: frame.effective_at(),
                    site: opened.site,
                };
                self.columns.insert(id, column);
            }
            ColumnEvent::Closed(_) => {
                if let Some(column) = self.columns.get_mut(&id) {
                    column.closed = true;
                }
            }
        }
    }
}
