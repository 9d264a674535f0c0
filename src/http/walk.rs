//! Walking through entries: the shortest way to those a filter asks for, in order, page by page.

use std::collections::BTreeSet;

use annals_events::id::{Stream, SubjectKind};
use annals_events::{Header, Time};

use super::limits;
use super::problem::Problem;
use super::query::Query;
use crate::ledger::index;
use crate::store::index::Kind;
use crate::store::{Row, SharedStore, StoreError};

/// Rows read at once.
const PAGE: u32 = 500;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Which entries are asked for; all conditions hold at once.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    stream: Option<Stream>,
    lines: Vec<(Kind, String)>,
    from: Option<Time>,
    to: Option<Time>,
}

impl Filter {
    /// From a query.
    pub fn read(query: &Query) -> Result<Filter, Problem> {
        let mut lines = Vec::new();
        for (name, kind, subject) in [
            ("actor", Kind::Actor, SubjectKind::Account),
            ("account", Kind::Subject, SubjectKind::Account),
            ("organisation", Kind::Subject, SubjectKind::Organisation),
            ("site", Kind::Subject, SubjectKind::Site),
        ] {
            let subject = query.subject(name, subject)?;
            lines.extend(subject.map(|subject| (kind, subject.to_string())));
        }
        for (name, kind) in
            [("type", Kind::Type), ("clause", Kind::Clause), ("provenance", Kind::Provenance)]
        {
            lines.extend(query.word(name)?.map(|word| (kind, word)));
        }
        let stream = query.of("stream", "<thing>/<uuid> with a known thing")?;
        let (from, to) = (query.time("from")?, query.time("to")?);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Problem::field("to", "earlier than from"));
        }
        Ok(Filter { stream, lines, from, to })
    }

    /// Of one stream.
    pub fn of_stream(stream: Stream) -> Filter {
        Filter { stream: Some(stream), ..Filter::default() }
    }

    /// Whether an entry is asked for. The index only says where to look; this decides.
    fn takes(&self, header: &Header) -> bool {
        let at = header.effective_at();
        let own = index::lines(header);
        let has = |kind: Kind, value: &str| {
            own.iter().any(|line| line.kind == kind as i16 && line.value == value)
        };
        self.stream.is_none_or(|stream| stream == header.stream)
            && self.from.is_none_or(|from| from <= at)
            && self.to.is_none_or(|to| at < to)
            && self.lines.iter().all(|(kind, value)| has(*kind, value))
    }

    /// The days between `from` and `to`, where they are few.
    fn days(&self) -> Option<Vec<String>> {
        let (from, to) = (self.from?.micros(), self.to?.micros());
        if (to - from) / DAY >= limits::DAYS_MAX {
            return None;
        }
        let first = from.div_euclid(DAY);
        let days = (first..=to.div_euclid(DAY)).filter_map(|day| Time::from_micros(day * DAY));
        Some(days.map(Time::day).collect())
    }
}

enum Way {
    /// One entry after the other.
    All,
    /// By the versions of a stream, from this one on.
    Stream(Stream, u64),
    /// These positions, the next one last.
    Positions(Vec<u64>),
}

/// See the module.
pub struct Walk {
    store: SharedStore,
    filter: Filter,
    way: Way,
    /// Where to look next.
    at: u64,
    size: u64,
}

/// What a walk has found.
#[derive(Default)]
pub struct Found {
    /// Entries in order.
    pub rows: Vec<Row>,
    /// The last position looked at, if there is more to look at.
    pub next: Option<u64>,
}

impl Walk {
    /// Behind `after`, below `size`.
    pub async fn begin(
        store: &SharedStore,
        filter: Filter,
        after: Option<u64>,
        size: u64,
    ) -> Result<Walk, Problem> {
        let at = after.map_or(0, |after| after.saturating_add(1));
        let way = match filter.stream {
            Some(stream) => Way::Stream(stream, version_from(store, stream, at).await?),
            None => way(store, &filter, at, size).await?,
        };
        Ok(Walk { store: store.clone(), filter, way, at, size })
    }

    /// Up to `limit` entries; fewer, with a place to go on, where too many were looked at.
    pub async fn find(&mut self, limit: u64) -> Result<Found, Problem> {
        let (mut found, mut looked) = (Found::default(), 0);
        while (found.rows.len() as u64) < limit && looked < limits::LOOKED_MAX {
            let rows = self.page(limit).await?;
            if rows.is_empty() {
                // Lines of the index that are of no entry hide none behind them.
                let has_skipped = match &mut self.way {
                    Way::Positions(left) => left.pop().is_some(),
                    Way::All | Way::Stream(..) => false,
                };
                if has_skipped {
                    continue;
                }
                return Ok(found);
            }
            for row in rows {
                if found.rows.len() as u64 == limit {
                    break;
                }
                looked += 1;
                self.step(&row);
                let header = Header::parse(&row.header).map_err(|error| {
                    StoreError::Corrupt(format!("entry {}: {error}", row.position))
                })?;
                if self.filter.takes(&header) {
                    found.rows.push(row);
                }
            }
        }
        found.next = self.has_more().then(|| self.at.saturating_sub(1));
        Ok(found)
    }

    /// The next rows, not yet filtered.
    async fn page(&self, limit: u64) -> Result<Vec<Row>, StoreError> {
        // Where only some are taken, a page of the limit's size would mean many ways to the store.
        let is_sifted = self.filter.from.is_some() || self.filter.to.is_some();
        let most = u32::try_from(limit).unwrap_or(PAGE).clamp(1, PAGE);
        let most = if is_sifted { PAGE } else { most };
        let mut rows = match &self.way {
            Way::All if self.at >= self.size => Vec::new(),
            Way::All => self.store.read(self.at, most).await?,
            Way::Stream(stream, version) => {
                self.store.read_stream(&stream.to_string(), *version, most).await?
            }
            Way::Positions(left) => {
                let most = usize::try_from(most).unwrap_or(left.len()).min(left.len());
                self.store.read_at(&left[left.len() - most..]).await?
            }
        };
        rows.retain(|row| row.position < self.size);
        Ok(rows)
    }

    fn step(&mut self, row: &Row) {
        self.at = row.position + 1;
        match &mut self.way {
            Way::All => {}
            Way::Stream(_, version) => *version = row.version + 1,
            Way::Positions(left) => {
                while left.last().is_some_and(|next| *next <= row.position) {
                    left.pop();
                }
            }
        }
    }

    fn has_more(&self) -> bool {
        match &self.way {
            Way::Positions(left) => !left.is_empty(),
            Way::All | Way::Stream(..) => self.at < self.size,
        }
    }
}

async fn way(store: &SharedStore, filter: &Filter, at: u64, size: u64) -> Result<Way, StoreError> {
    let mut positions: Option<BTreeSet<u64>> = None;
    let mut narrow = |found: BTreeSet<u64>| {
        positions = Some(match positions.take() {
            Some(before) => before.intersection(&found).copied().collect(),
            None => found,
        });
    };
    for (kind, value) in &filter.lines {
        narrow(index::find_from(store, *kind, value, at, size).await?.into_iter().collect());
    }
    if let Some(days) = filter.days() {
        let mut found = BTreeSet::new();
        for day in days {
            found.extend(index::find_from(store, Kind::Day, &day, at, size).await?);
        }
        narrow(found);
    }
    Ok(match positions {
        Some(positions) => Way::Positions(positions.into_iter().rev().collect()),
        None => Way::All,
    })
}

/// The first version of a stream at or behind a position: positions rise with versions.
async fn version_from(store: &SharedStore, stream: Stream, at: u64) -> Result<u64, StoreError> {
    let stream = stream.to_string();
    let is_before = async |version: u64| {
        let rows = store.read_stream(&stream, version, 1).await?;
        Ok::<bool, StoreError>(rows.first().is_some_and(|row| row.position < at))
    };
    if at == 0 || !is_before(0).await? {
        return Ok(0);
    }
    let (mut before, mut step) = (0, 1);
    while is_before(before + step).await? {
        before += step;
        step *= 2;
    }
    let mut beyond = before + step;
    while beyond - before > 1 {
        let middle = before + (beyond - before) / 2;
        if is_before(middle).await? {
            before = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(beyond)
}
