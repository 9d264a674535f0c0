//! What became of an import, judged anew from its entries: flags are never stored.

use std::collections::{BTreeMap, HashSet};

use annals_events::id::ImportId;
use annals_events::{Event, Header};
use annals_projections::judge::{self, View, Weight};
use annals_projections::ledger::Import;
use annals_projections::{Frame, State};

use crate::app::App;
use crate::error::Failure;

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines in the file.
    pub lines: u64,
    /// Lines written by this run.
    pub appended: u64,
    /// Lines that were there.
    pub already: u64,
    /// Bodies in the ledger because of it.
    pub bodies: u64,
    /// Bodies supplied that no line names.
    pub bodies_unnamed: u64,
    /// Live pages of the site now.
    pub live_pages: u64,
    /// Whether the import was closed, by this run or before.
    pub closed: bool,
    /// Findings by name, over all lines.
    pub flags: BTreeMap<String, u64>,
    /// First and last position of the import, from opening to closing.
    pub first: u64,
    /// See `first`.
    pub last: u64,
}

/// Judge the whole import again from the first entry on: what it flags is never stored.
pub(super) async fn summarise(
    app: &App,
    id: ImportId,
    import: &Import,
) -> Result<Summary, Failure> {
    let size = app.ledger().catch_up().await?;
    let mut summary = Summary { first: import.opened, last: import.opened, ..Summary::default() };
    let mut state = State::default();
    let mut bodies = HashSet::new();
    let mut at = 0;
    while at < size {
        let rows = app.store().read(at, 2_000).await?;
        if rows.is_empty() {
            break;
        }
        at += rows.len() as u64;
        for row in rows {
            let header = Header::parse(&row.header).map_err(Failure::unsound)?;
            let event = Event::read(&header.kind, header.schema, &row.facts);
            let event = event.map_err(Failure::unsound)?;
            let frame = Frame::of(&header);
            if event.imported().is_some_and(|line| line.import == id) {
                let judgement = judge::judge(View::of(&state), &frame, &event);
                judge::tally(&judgement.findings, Weight::Flag, &mut summary.flags);
                bodies.extend(event.body());
                summary.last = row.position;
            }
            if header.stream == id.into() {
                summary.last = row.position;
            }
            state.apply(&frame, &event);
        }
    }
    summary.bodies = bodies.len() as u64;
    summary.live_pages = state.contents.live(import.site) as u64;
    Ok(summary)
}
