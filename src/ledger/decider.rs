//! What the sequencer asks: which entries would this request write, or why none?

use annals_events::entry::{Actor, ActorSignature, Provenance};
use annals_events::id::Stream;
use annals_events::{Event, Time};
use annals_projections::State;
use annals_projections::chain::Chain;
use annals_projections::keys::KeyRing;

/// 拒绝 — the rules say no: the state of affairs, and the clause it breaks. Repeats no input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The clause, e.g. `annals:reviewer_is_author` or `LA-P24`.
    pub clause: String,
    /// The state of affairs, for the official who has to act.
    pub detail: String,
    /// Position of the rulebook's adoption, where a rulebook says so.
    pub rulebook: Option<u64>,
}

impl Refusal {
    /// What the structure of the ledger forbids, without any rulebook.
    pub fn of_structure(name: &str, detail: impl Into<String>) -> Refusal {
        Refusal { clause: format!("annals:{name}"), detail: detail.into(), rulebook: None }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.detail, self.clause)
    }
}

/// An entry to be: all that the command decides; numbers, salts and signatures come after.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The stream it belongs to.
    pub stream: Stream,
    /// What happened.
    pub event: Event,
    /// Canonical private part.
    pub private: Option<Vec<u8>>,
    /// By what it was judged.
    pub cited: Citation,
}

/// 引用 — which rulebook judged an entry, and which of its clauses the entry cites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation {
    /// Position of the adoption.
    pub rulebook: Option<u64>,
    /// The clauses, sorted, each once.
    pub clauses: Vec<String>,
}

impl Draft {
    /// One that nothing is cited for yet.
    pub fn new(stream: Stream, event: Event, private: Option<Vec<u8>>) -> Draft {
        Draft { stream, event, private, cited: Citation::default() }
    }
}

/// What a request writes.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Its entries, at least one.
    pub drafts: Vec<Draft>,
    /// How they come to be known.
    pub provenance: Provenance,
    /// Who acted.
    pub actor: Actor,
    /// His signature, where he signed.
    pub actor_signature: Option<ActorSignature>,
    /// The entry that led to them.
    pub cause: Option<u64>,
    /// When it happened, if that is another time than now.
    pub occurred_at: Option<Time>,
}

/// What a decision sees: the state of all entries before, committed or about to be.
pub struct World<'a> {
    /// What all entries fold to.
    pub state: &'a State,
    /// What the next entry must say.
    pub chain: &'a Chain,
    /// The keys.
    pub ring: &'a KeyRing,
    /// Epoch of the next entry.
    pub epoch: u64,
    /// The time that will be recorded.
    pub now: Time,
}

/// The rules of the house, as the sequencer sees them. Pure: same world, same answer.
pub trait Decider: Send + Sync + 'static {
    /// What a request brings besides its envelope.
    type Payload: Send + Sync + 'static;

    /// The entries it would write, judged; or the refusal.
    fn decide(
        &self,
        world: &World<'_>,
        command: &annals_events::entry::CommandInfo,
        payload: &Self::Payload,
    ) -> Result<Decided, Refusal>;
}
