//! From a draft to an entry: numbers from the chain, salts from the system, bytes, leaf.

use annals_events::entry::{
    self, About, Actor, ActorSignature, CommandInfo, Header, Part, Provenance, RawEntry,
};
use annals_events::id::{EntryId, Number, Stream, Subject};
use annals_events::{Event, Hash, SCHEMA, Time};
use annals_projections::chain::Chain;

use super::decider::Draft;
use super::random::Random;
use crate::store::Row;

/// What an entry says that its draft does not.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The ledger.
    pub origin: &'a str,
    /// The writer's epoch.
    pub epoch: u64,
    /// The time to record.
    pub now: Time,
    /// How it comes to be known.
    pub provenance: Provenance,
    /// Who acted.
    pub actor: Option<&'a Actor>,
    /// His signature.
    pub actor_signature: Option<&'a ActorSignature>,
    /// The command, with this entry's index.
    pub command: Option<&'a CommandInfo>,
    /// The entry that led to it.
    pub cause: Option<u64>,
    /// When it happened, if that is another time.
    pub occurred_at: Option<Time>,
}

/// An entry but for its signature.
#[derive(Clone, Debug)]
pub struct Built {
    /// The header.
    pub header: Header,
    /// Its bytes.
    pub header_bytes: Vec<u8>,
    /// Its leaf.
    pub leaf: Hash,
    /// Facts.
    pub facts: Part,
    /// Private part.
    pub private: Option<Part>,
    /// What happened.
    pub event: Event,
}

/// What this process knows of an entry it wrote, so that reading it back needs no parsing.
#[derive(Clone, Debug)]
pub struct Written {
    /// The header.
    pub header: Header,
    /// Its leaf.
    pub leaf: Hash,
    /// The entry signature.
    pub signature: [u8; 64],
    /// What happened.
    pub event: Event,
}

/// The system would give no random bytes, or the entry is beyond a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry cannot be built: {0}")]
pub struct BuildError(pub String);

/// Where the next entry goes: behind the chain and behind entries built but not folded yet.
struct Place<'a> {
    chain: &'a Chain,
    earlier: &'a [Built],
}

impl Place<'_> {
    fn position(&self) -> u64 {
        self.chain.size() + self.earlier.len() as u64
    }

    fn prev(&self) -> Hash {
        self.earlier.last().map_or(self.chain.head(), |built| built.leaf)
    }

    fn version(&self, stream: Stream) -> u64 {
        let before = self.earlier.iter().rev().find(|built| built.header.stream == stream);
        match before {
            Some(built) => built.header.version.0 + 1,
            None => self.chain.tip(stream).map_or(0, |tip| tip.version + 1),
        }
    }

    fn number(&self, subject: Subject) -> u64 {
        let mut about = self.earlier.iter().rev().flat_map(|built| built.header.about());
        match about.find(|about| about.subject == subject) {
            Some(about) => about.number.0 + 1,
            None => self.chain.next_number(subject),
        }
    }
}

/// Build the next entry of the chain, behind `earlier` entries of the same command.
pub fn build(
    chain: &Chain,
    earlier: &[Built],
    frame: &Frame<'_>,
    random: &mut Random,
    draft: Draft,
) -> Result<Built, BuildError> {
    let place = Place { chain, earlier };
    let none = |error: getrandom::Error| BuildError(error.to_string());
    let Draft { stream, event, private, cited } = draft;
    let facts = Part { salt: random.bytes().map_err(none)?, bytes: event.facts() };
    let private = match private {
        Some(bytes) => Some(Part { salt: random.bytes().map_err(none)?, bytes }),
        None => None,
    };
    let subjects = event.about(stream, frame.actor);
    let about: Vec<About> = subjects
        .into_iter()
        .map(|subject| About { number: Number(place.number(subject)), subject })
        .collect();
    let header = Header {
        about: (!about.is_empty()).then_some(about),
        actor: frame.actor.cloned(),
        actor_signature: frame.actor_signature.cloned(),
        cause: frame.cause.map(Number),
        clauses: (!cited.clauses.is_empty()).then_some(cited.clauses),
        command: frame.command.cloned(),
        correlation: None,
        epoch: Number(frame.epoch),
        facts_digest: entry::facts_digest(&facts.salt, &facts.bytes),
        id: entry_id(frame.now, &random.bytes().map_err(none)?),
        occurred_at: frame.occurred_at,
        origin: frame.origin.to_owned(),
        position: Number(place.position()),
        prev: place.prev(),
        private_digest: private.as_ref().map(|p| entry::private_digest(&p.salt, &p.bytes)),
        provenance: frame.provenance,
        recorded_at: frame.now,
        rulebook: cited.rulebook.map(Number),
        schema: SCHEMA,
        stream,
        kind: event.kind().to_owned(),
        v: 1,
        version: Number(place.version(stream)),
    };
    let header_bytes = header.to_bytes();
    check_limits(&header, &header_bytes, &facts, private.as_ref())?;
    let leaf = entry::leaf(&header_bytes);
    Ok(Built { header, header_bytes, leaf, facts, private, event })
}

fn check_limits(
    header: &Header,
    header_bytes: &[u8],
    facts: &Part,
    private: Option<&Part>,
) -> Result<(), BuildError> {
    header.check().map_err(|rule| BuildError(rule.to_owned()))?;
    let limits = [
        ("header", header_bytes.len(), entry::HEADER_BYTES_MAX),
        ("facts", facts.bytes.len(), entry::facts_bytes_max(&header.kind)),
        ("private part", private.map_or(0, |p| p.bytes.len()), entry::PRIVATE_BYTES_MAX),
    ];
    match limits.iter().find(|(_, length, most)| length > most) {
        Some((what, length, most)) => {
            Err(BuildError(format!("the {what} has {length} bytes, {most} are allowed")))
        }
        None => Ok(()),
    }
}

fn entry_id(now: Time, random: &[u8; 10]) -> EntryId {
    let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
    EntryId(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
}

impl Built {
    /// The row a store keeps, with its signature, and what to remember of it.
    pub fn into_row(self, signature: [u8; 64]) -> (Row, Written) {
        let Built { header, header_bytes, leaf, facts, private, event } = self;
        let row = Row {
            position: header.position.0,
            leaf: leaf.0,
            header: header_bytes,
            signature,
            facts: facts.bytes,
            facts_salt: facts.salt,
            private: private.map(|part| (part.salt, part.bytes)),
            stream: header.stream.to_string(),
            version: header.version.0,
            command_key: header.command.as_ref().map(|c| c.key.0.into_bytes()),
            command_index: header.command.as_ref().map(|c| c.index),
        };
        (row, Written { header, leaf, signature, event })
    }
}

/// The entry behind a row, without the derived fields.
pub fn raw_entry(row: Row) -> RawEntry {
    RawEntry {
        header: row.header,
        signature: row.signature,
        facts: Part { salt: row.facts_salt, bytes: row.facts },
        private: row.private.map(|(salt, bytes)| Part { salt, bytes }),
    }
}
