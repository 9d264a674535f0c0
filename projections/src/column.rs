//! 栏目 — which site each column belongs to.

use std::collections::HashMap;

use annals_events::Event;
use annals_events::column::Event as ColumnEvent;
use annals_events::id::{ColumnId, SiteId};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 栏目 — the state of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
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
}

impl Fold for Columns {
    map_fold!(Columns, columns, "column", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Column(ColumnEvent::Opened(opened)) = event else { return };
        self.columns.insert(ColumnId(frame.stream.id), Column { site: opened.site });
    }
}
