//! 链 — what must hold between entries, and what the next one must say.
//!
//! `events/README.md` section 4. The writer takes its numbers from here, the follower and the
//! verifier check against here: one set of rules.

use std::collections::{HashMap, HashSet};

use annals_events::entry::CommandInfo;
use annals_events::id::{CommandKey, Stream, Subject, Thing};
use annals_events::merkle::Frontier;
use annals_events::{Hash, Header, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{exact, row};

/// What is wrong with an entry: `what` of the closed list, and words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// One word of `events/README.md` section 10.
    pub what: &'static str,
    /// The sentence.
    pub detail: String,
}

impl Breach {
    /// A breach with its sentence.
    pub fn new(what: &'static str, detail: impl Into<String>) -> Breach {
        Breach { what, detail: detail.into() }
    }
}

/// The newest entry of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// Its version.
    pub version: u64,
    /// Its leaf.
    pub leaf: Hash,
}

/// Everything the next entry depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    origin: String,
    epoch: u64,
    recorded_at: Time,
    head: Hash,
    frontier: Frontier,
    streams: HashMap<Stream, Tip>,
    subjects: HashMap<Subject, u64>,
    unfinished: Option<CommandInfo>,
    commands: Option<HashSet<CommandKey>>,
}

impl Chain {
    /// An empty chain that remembers every command key.
    pub fn new() -> Chain {
        Chain { commands: Some(HashSet::new()), ..Chain::default() }
    }

    /// An empty chain that compares no command keys with earlier ones: memory grows with streams
    /// and subjects only.
    pub fn without_keys() -> Chain {
        Chain::default()
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Leaf of the last entry; zero while empty.
    pub fn head(&self) -> Hash {
        self.head
    }

    /// Root over all leaves.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The ledger's origin; empty while the chain is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Epoch of the last entry.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// `recorded_at` of the last entry.
    pub fn recorded_at(&self) -> Time {
        self.recorded_at
    }

    /// Newest entry of a stream.
    pub fn tip(&self, stream: Stream) -> Option<Tip> {
        self.streams.get(&stream).copied()
    }

    /// The number the next entry about this subject has.
    pub fn next_number(&self, subject: Subject) -> u64 {
        self.subjects.get(&subject).copied().unwrap_or(0)
    }

    /// Whether a command of this key was written.
    pub fn knows_command(&self, key: CommandKey) -> bool {
        self.commands.as_ref().is_some_and(|keys| keys.contains(&key))
    }

    /// How many streams and subjects are in memory.
    pub fn counts(&self) -> (usize, usize) {
        (self.streams.len(), self.subjects.len())
    }

    /// Checks 2 to 9 of `events/README.md` section 4.
    pub fn check(&self, header: &Header) -> Result<(), Breach> {
        let position = self.size();
        if header.position.0 != position {
            let found = header.position;
            return Err(Breach::new("position", format!("says {found}, stands at {position}")));
        }
        if position > 0 && header.origin != self.origin {
            return Err(Breach::new("origin", format!("is of {}", header.origin)));
        }
        if header.prev != self.head {
            return Err(Breach::new("link", "prev is not the leaf of the entry before"));
        }
        if (header.kind == "ledger.genesis") != (position == 0) {
            return Err(Breach::new("genesis", "genesis is the first entry and no other"));
        }
        let starts = header.kind == "ledger.epoch_started";
        let epoch = header.epoch.0;
        let good = if position == 0 {
            epoch == 0
        } else if starts {
            epoch > self.epoch
        } else {
            epoch == self.epoch
        };
        if !good {
            return Err(Breach::new("epoch", format!("epoch {epoch} after {}", self.epoch)));
        }
        if header.recorded_at < self.recorded_at && position > 0 {
            return Err(Breach::new("time", "recorded before the entry before it"));
        }
        if header.occurred_at.is_some_and(|at| at > header.recorded_at) {
            return Err(Breach::new("time", "happened after it was recorded"));
        }
        self.check_numbers(header)
    }

    fn check_numbers(&self, header: &Header) -> Result<(), Breach> {
        let next = self.tip(header.stream).map_or(0, |tip| tip.version + 1);
        if header.version.0 != next {
            let (found, stream) = (header.version, header.stream);
            return Err(Breach::new("version", format!("{found} in {stream}, expected {next}")));
        }
        for about in header.about() {
            let next = self.next_number(about.subject);
            if about.number.0 != next {
                let detail = format!(
                    "number {} about {}, expected {next}: entries are withheld or repeated",
                    about.number, about.subject
                );
                return Err(Breach::new("about", detail));
            }
        }
        Ok(())
    }

    /// Check 14: commands are whole, consecutive and distinct.
    pub fn check_command(&self, header: &Header) -> Result<(), Breach> {
        let breach = |detail| Err(Breach::new("command", detail));
        let (unfinished, command) = (&self.unfinished, &header.command);
        match (unfinished, command) {
            (Some(before), Some(command)) => {
                let expected = CommandInfo { index: before.index + 1, ..before.clone() };
                if *command == expected {
                    Ok(())
                } else {
                    breach("the command before is not finished")
                }
            }
            (Some(_), None) => breach("the command before is not finished"),
            (None, Some(command)) if command.index != 0 => breach("a command starts at index 0"),
            (None, Some(command)) if self.knows_command(command.key) => {
                breach("the command's key was used before")
            }
            (None, Some(command)) if self.is_stale(command) => {
                breach("seen is not the newest entry of the command's stream")
            }
            _ => Ok(()),
        }
    }

    /// Whether the actor was not shown the newest entry of the stream. The ledger's own streams
    /// are left out: epochs and seals come in between without anybody's doing.
    pub fn is_stale(&self, command: &CommandInfo) -> bool {
        command.stream.thing != Thing::Ledger
            && command.seen != self.tip(command.stream).map_or(Hash::ZERO, |tip| tip.leaf)
    }

    /// An unfinished command at the end, as a breach of its last entry.
    pub fn check_end(&self) -> Result<(), Breach> {
        match self.unfinished {
            Some(_) => Err(Breach::new("command", "the last command is not finished")),
            None => Ok(()),
        }
    }

    /// Take the entry in, checked or as its writer.
    pub fn push(&mut self, header: &Header, leaf: Hash) {
        if self.frontier.size() == 0 {
            self.origin.clone_from(&header.origin);
        }
        self.epoch = header.epoch.0;
        self.recorded_at = header.recorded_at;
        self.head = leaf;
        self.frontier.push(leaf);
        self.streams.insert(header.stream, Tip { version: header.version.0, leaf });
        for about in header.about() {
            self.subjects.insert(about.subject, about.number.0 + 1);
        }
        self.unfinished = None;
        if let Some(command) = &header.command {
            if let (0, Some(keys)) = (command.index, &mut self.commands) {
                keys.insert(command.key);
            }
            if command.index + 1 < command.of {
                self.unfinished = Some(command.clone());
            }
        }
    }

    /// Name in snapshots; not part of seals, since every number here is checked one by one.
    pub const NAME: &'static str = "chain";
    /// Raised whenever the rows change.
    pub const VERSION: u32 = 1;

    /// Everything as rows; a chain is kept between whole commands only.
    pub fn rows(&self) -> Option<Vec<Vec<u8>>> {
        if self.unfinished.is_some() {
            return None;
        }
        let (size, roots) = self.frontier.parts();
        let first = (&self.origin, self.epoch, self.recorded_at, self.head, size, roots);
        let mut rows = vec![row(&first)];
        rows.extend(crate::fold::map_rows(&self.streams));
        rows.push(Vec::new());
        rows.extend(crate::fold::map_rows(&self.subjects));
        rows.push(Vec::new());
        let mut keys: Vec<_> = self.commands.iter().flatten().collect();
        keys.sort_unstable();
        rows.extend(keys.into_iter().map(row));
        Some(rows)
    }

    /// Back from rows.
    pub fn from_rows(rows: Vec<Vec<u8>>) -> Option<Chain> {
        let mut parts = rows.split(Vec::is_empty);
        let (first, streams) = parts.next()?.split_first()?;
        type First = (String, u64, Time, Hash, u64, Vec<Hash>);
        let (origin, epoch, recorded_at, head, size, roots) = exact::<First>(first)?;
        let chain = Chain {
            origin,
            epoch,
            recorded_at,
            head,
            frontier: Frontier::from_parts(size, roots)?,
            streams: streams.iter().map(|row| exact(row)).collect::<Option<_>>()?,
            subjects: parts.next()?.iter().map(|row| exact(row)).collect::<Option<_>>()?,
            unfinished: None,
            commands: Some(parts.next()?.iter().map(|row| exact(row)).collect::<Option<_>>()?),
        };
        parts.next().is_none().then_some(chain)
    }
}
