//! 命令 — which entries a command would write, judged against the state it meets.

use std::sync::Arc;

use annals_events::command::{Command, RotateKey, Target, Text};
use annals_events::entry::{Actor, ActorSignature, CommandInfo, Provenance};
use annals_events::hash::Bytes;
use annals_events::id::Stream;
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{Event as LedgerEvent, KeyRotated};
use annals_events::{Event, Time};
use annals_projections::Frame;
use annals_projections::judge::{self, Judgement, View};

use crate::ledger::{Citation, Decided, Decider, Draft, Refusal, World};

/// What a request brings besides its envelope.
pub enum Payload {
    /// A command of the table.
    Command {
        /// It.
        command: Box<Command>,
        /// Its text and nonce.
        text: Text,
        /// Who acts.
        actor: Actor,
        /// His signature.
        signature: Option<ActorSignature>,
        /// The entry that led to it.
        cause: Option<u64>,
    },
    /// A line of an import: its entries follow from the line and the importer's boards.
    Line {
        /// Its entries.
        drafts: Vec<Draft>,
        /// Who gives the lines.
        actor: Actor,
        /// Position of the import's opening.
        cause: u64,
        /// When it happened.
        occurred_at: Time,
    },
    /// A change of the log key; the roots sign over the place the entry will have.
    Rotate {
        /// The command.
        command: RotateKey,
        /// Its text and nonce.
        text: Text,
        /// Who confirms.
        actor: Actor,
        /// Position of the proposal.
        cause: u64,
        /// The roots that sign.
        roots: Arc<Vec<SecretKey>>,
        /// The new log key.
        key: Arc<SecretKey>,
    },
}

/// The decider of the service: structure from `projections::rules`, and the rulebook in force.
pub struct AppDecider;

impl Decider for AppDecider {
    type Payload = Payload;

    fn decide(
        &self,
        world: &World<'_>,
        info: &CommandInfo,
        payload: &Payload,
    ) -> Result<Decided, Refusal> {
        let mut decided = match payload {
            Payload::Command { command, text, actor, signature, cause } => {
                check_target(world, info, command)?;
                let written = command
                    .written(text)
                    .ok_or_else(|| refusal("command", "this command cannot be given this way"))?;
                Decided {
                    drafts: vec![Draft::new(info.stream, written.event, written.private)],
                    provenance: written.provenance,
                    actor: actor.clone(),
                    actor_signature: signature.clone(),
                    cause: *cause,
                    occurred_at: written.occurred_at,
                }
            }
            Payload::Line { drafts, actor, cause, occurred_at } => Decided {
                drafts: drafts.clone(),
                provenance: Provenance::Imported,
                actor: actor.clone(),
                actor_signature: None,
                cause: Some(*cause),
                occurred_at: Some(*occurred_at),
            },
            Payload::Rotate { command, text, actor, cause, roots, key } => Decided {
                drafts: vec![rotate(world, info.stream, command, text, roots, key)],
                provenance: Provenance::Commanded,
                actor: actor.clone(),
                actor_signature: None,
                cause: Some(*cause),
                occurred_at: None,
            },
        };
        let cited = judge_all(world, info, &decided)?;
        for (draft, cited) in decided.drafts.iter_mut().zip(cited) {
            draft.cited = cited;
        }
        Ok(decided)
    }
}

fn refusal(name: &str, detail: &str) -> Refusal {
    Refusal::of_structure(name, detail)
}

fn check_target(world: &World<'_>, info: &CommandInfo, command: &Command) -> Result<(), Refusal> {
    if !command.is_for(info.stream.thing) {
        return Err(refusal("stream", "the stream is not of the thing this command is for"));
    }
    let tip = world.chain.tip(info.stream);
    match (command.target(), tip) {
        (Target::New, Some(_)) => {
            return Err(refusal("stream_exists", "the stream has entries already"));
        }
        (Target::Known, None) => {
            return Err(refusal("stream_unknown", "the stream has no entries"));
        }
        _ => {}
    }
    if world.chain.is_stale(info) {
        return Err(refusal("stale", "the stream has entries that the actor was not shown"));
    }
    Ok(())
}

/// Judge every entry, each against the state and the entries of the command before it; answers
/// what each is to cite.
fn judge_all(
    world: &World<'_>,
    info: &CommandInfo,
    decided: &Decided,
) -> Result<Vec<Citation>, Refusal> {
    if let Some(at) = decided.occurred_at.filter(|at| *at > world.now) {
        return Err(refusal("time", &format!("it is said to happen at {at}, which is to come")));
    }
    let of = u32::try_from(decided.drafts.len()).unwrap_or(u32::MAX);
    let infos: Vec<CommandInfo> =
        (0..of).map(|index| CommandInfo { index, of, ..info.clone() }).collect();
    let mut earlier: Vec<(Frame<'_>, &Event)> = Vec::with_capacity(decided.drafts.len());
    let mut citations = Vec::with_capacity(decided.drafts.len());
    for (position, (draft, info)) in (world.chain.size()..).zip(decided.drafts.iter().zip(&infos)) {
        let frame = Frame {
            position,
            stream: draft.stream,
            provenance: decided.provenance,
            actor: Some(&decided.actor),
            command: Some(info),
            cause: decided.cause,
            recorded_at: world.now,
            occurred_at: decided.occurred_at,
            about: None,
            cited: None,
        };
        let view = View { state: world.state, earlier: &earlier };
        let judgement = judge::judge(view, &frame, &draft.event);
        if let Some(breach) = judgement.breach() {
            return Err(Refusal {
                clause: breach.clause(),
                detail: breach.detail.to_string(),
                rulebook: judgement.rulebook.filter(|_| breach.of_rulebook),
            });
        }
        let Judgement { rulebook, clauses, .. } = judgement;
        citations.push(Citation { rulebook, clauses });
        earlier.push((frame, &draft.event));
    }
    Ok(citations)
}

fn rotate(
    world: &World<'_>,
    stream: Stream,
    command: &RotateKey,
    text: &Text,
    roots: &[SecretKey],
    key: &SecretKey,
) -> Draft {
    let statement = KeyStatement {
        role: Role::Log,
        origin: world.chain.origin(),
        genesis: world.ring.genesis(),
        epoch: world.epoch,
        position: world.chain.size(),
        prev: world.chain.head(),
        public: key.public().bytes(),
    };
    let roots: Vec<&SecretKey> = roots.iter().collect();
    let mut introduced = IntroducedKey::new(&statement, key, &roots);
    introduced.public = Bytes(command.public.0);
    let event = LedgerEvent::KeyRotated(KeyRotated {
        command: text.command.clone(),
        key: introduced,
        nonce: text.nonce,
        retired: command.retired,
    });
    Draft::new(stream, event.into(), None)
}
