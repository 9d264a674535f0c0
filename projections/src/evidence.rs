//! 证据记录 — which records stand where: in the stream they were written to, and on the site they
//! name.

use std::collections::{BTreeMap, HashMap};

use annals_events::evidence::EvidenceRecorded;
use annals_events::id::Stream;
use annals_events::text::Day;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 证据记录 — one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// When it counts as having happened.
    pub at: Time,
    /// Which kind.
    pub kind: String,
    /// Which of its parts are there.
    pub parts: Vec<String>,
    /// A day of the period it is for, where it names one.
    pub period: Option<Day>,
    /// Position of the entry.
    pub position: u64,
}

impl Piece {
    /// As it is recorded.
    pub fn of(frame: &Frame<'_>, recorded: &EvidenceRecorded) -> Piece {
        Piece {
            at: frame.effective_at(),
            kind: recorded.kind.as_str().to_owned(),
            parts: recorded.parts.iter().map(|part| part.as_str().to_owned()).collect(),
            period: recorded.period.clone(),
            position: frame.position,
        }
    }
}

/// Where it stands: in the stream it was written to, and on the site it names.
pub fn places(
    frame: &Frame<'_>,
    recorded: &EvidenceRecorded,
) -> impl Iterator<Item = Stream> + use<> {
    let site = recorded.site.map(Stream::from).filter(|site| *site != frame.stream);
    std::iter::once(frame.stream).chain(site)
}

/// What is remembered of a stream that has records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    records: Vec<Piece>,
    /// The last entry of each type since the first record.
    last: BTreeMap<String, u64>,
}

/// All records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    streams: HashMap<Stream, Kept>,
}

impl Evidence {
    /// Those of a stream, in the order of their entries.
    pub fn of(&self, stream: Stream) -> &[Piece] {
        self.streams.get(&stream).map_or(&[], |kept| kept.records.as_slice())
    }

    /// The last entry of this type in a stream, if it came after a record there.
    pub fn last(&self, stream: Stream, kind: &str) -> Option<u64> {
        self.streams.get(&stream)?.last.get(kind).copied()
    }
}

impl Fold for Evidence {
    map_fold!(Evidence, streams, "evidence", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Some(recorded) = event.evidence() else {
            if let Some(kept) = self.streams.get_mut(&frame.stream) {
                kept.last.insert(event.kind().to_owned(), frame.position);
            }
            return;
        };
        let record = Piece::of(frame, recorded);
        for stream in places(frame, recorded) {
            self.streams.entry(stream).or_default().records.push(record.clone());
        }
    }
}
