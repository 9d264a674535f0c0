//! One batch: decide command after command, build; what the anchor must hold and a caller hears.

use std::collections::HashSet;

use annals_events::entry::CommandInfo;
use annals_events::ledger::{Event as LedgerEvent, StateSealed};
use annals_events::{Event, Header};
use annals_projections::SEAL_EVERY;

use super::anchor::Anchored;
use super::build::{self, Built, Frame};
use super::decider::{Decided, Decider, World};
use super::follower::Serving;
use super::lead::{self, Lead};
use super::pipeline::Asked;
use super::random::Random;
use super::request::{Receipt, ReceiptEntry, Request, WriteError};
use crate::store::{BodyRef, Row, SharedStore};

/// What becomes of each request of a batch.
pub enum Fate {
    /// Its entries are rows `first..last` of the batch.
    Written { first: usize, last: usize },
    /// The key was used before, in this batch or ever.
    Known,
    /// No entries.
    Not(WriteError),
}

impl Fate {
    /// The same behind so many rows.
    pub fn behind(self, rows: usize) -> Fate {
        match self {
            Fate::Written { first, last } => {
                Fate::Written { first: first + rows, last: last + rows }
            }
            other => other,
        }
    }
}

/// A batch decided but not committed.
pub struct Work {
    /// Entries without signatures; the epoch's start comes first.
    pub built: Vec<Built>,
    /// One for each request, in order.
    pub fates: Vec<Fate>,
    /// Uploads that become evidence.
    pub bodies: Vec<BodyRef>,
}

/// Decide all requests in order on the deciding state.
pub fn decide<D: Decider>(
    decider: &D,
    lead: &mut Lead,
    asked: &[Asked<D::Payload>],
    now: annals_events::Time,
    moved: &HashSet<[u8; 32]>,
) -> Result<Work, WriteError> {
    let epoch = lead.lease.epoch;
    let Some(deciding) = lead.deciding.as_mut() else {
        return Err(WriteError::Fault("there is no deciding state".to_owned()));
    };
    let random = &mut lead.random;
    let origin = deciding.chain.origin().to_owned();
    let before = deciding.chain.size() - lead.pending.len() as u64;
    let mut work = Work { built: lead.pending.clone(), fates: Vec::new(), bodies: Vec::new() };
    let pending = work.built.len();
    let (mut seal, mut named) = (false, HashSet::new());
    for Asked { request, .. } in asked {
        let key = request.command.key;
        if deciding.chain.knows_command(key) {
            work.fates.push(Fate::Known);
            continue;
        }
        let world = World {
            state: &deciding.state,
            chain: &deciding.chain,
            ring: &deciding.ring,
            epoch,
            now,
        };
        let fate = match decider.decide(&world, &request.command, &request.payload) {
            Err(refusal) => Fate::Not(WriteError::Refused(refusal)),
            Ok(decided) => {
                seal |= decided.drafts.iter().any(|draft| {
                    matches!(draft.event, Event::Ledger(LedgerEvent::ImportClosed(_)))
                });
                let frame = (origin.as_str(), epoch, now);
                let first = work.built.len();
                match write(deciding, frame, &request.command, decided, random, &mut work.built) {
                    Ok(()) => {
                        for upload in &request.uploads {
                            if !moved.contains(&upload.id) && named.insert(upload.id) {
                                work.bodies.push(upload.clone());
                            }
                        }
                        Fate::Written { first, last: work.built.len() }
                    }
                    Err(error) => Fate::Not(error),
                }
            }
        };
        work.fates.push(fate);
    }
    let after = deciding.chain.size();
    if work.built.len() > pending && (seal || before / SEAL_EVERY != after / SEAL_EVERY) {
        let folds = deciding.state.digests();
        let event = LedgerEvent::StateSealed(StateSealed { folds, size: after });
        work.built.push(lead::internal(deciding, &origin, epoch, now, event)?);
    }
    Ok(work)
}

/// Build and fold a command's entries. They are judged already; what can fail here is a limit of
/// size, and then nothing is folded.
fn write(
    deciding: &mut Serving,
    (origin, epoch, now): (&str, u64, annals_events::Time),
    command: &CommandInfo,
    decided: Decided,
    random: &mut Random,
    built: &mut Vec<Built>,
) -> Result<(), WriteError> {
    let of = u32::try_from(decided.drafts.len()).unwrap_or(u32::MAX);
    let mut entries = Vec::with_capacity(decided.drafts.len());
    for (index, draft) in (0u32..).zip(decided.drafts) {
        let command = CommandInfo { index, of, ..command.clone() };
        let frame = Frame {
            origin,
            epoch,
            now,
            provenance: decided.provenance,
            actor: Some(&decided.actor),
            actor_signature: decided.actor_signature.as_ref(),
            command: Some(&command),
            cause: decided.cause,
            occurred_at: decided.occurred_at,
        };
        let entry = build::build(&deciding.chain, &entries, &frame, random, draft)
            .map_err(|error| WriteError::TooLarge(error.to_string()))?;
        entries.push(entry);
    }
    for entry in &entries {
        if let Event::Ledger(event) = &entry.event {
            let introduced = deciding.ring.introduce(&entry.header, entry.leaf, event);
            introduced.map_err(WriteError::Fault)?;
        }
        deciding.push(&entry.header, entry.leaf, &entry.event);
    }
    built.extend(entries);
    Ok(())
}

/// What the anchor must hold once this row is the last.
pub fn anchored(last: &Row, epoch: u64) -> Anchored {
    Anchored {
        size: last.position + 1,
        leaf: annals_events::Hash(last.leaf),
        epoch,
        signature: last.signature,
    }
}

/// The receipt for the entries of one command.
pub fn receipt(rows: impl Iterator<Item = Row>, checkpoint: Option<String>) -> Option<Receipt> {
    let (mut first, mut last, mut entries) = (None, 0, Vec::new());
    for row in rows {
        first = first.or(Some(row.position));
        last = row.position;
        entries.push(ReceiptEntry { header: row.header, signature: row.signature });
    }
    Some(Receipt { entries, first: first?, last, checkpoint, replayed: false, compared: true })
}

/// Answer a repeat: the first receipt, or that the key was used for something else.
pub async fn replay<P>(
    store: &SharedStore,
    request: &Request<P>,
    checkpoint: Option<String>,
) -> Result<Receipt, WriteError> {
    let key = request.command.key.0.into_bytes();
    let rows = store.read_commands(&[key]).await;
    let rows = rows.map_err(|error| WriteError::Retryable(error.to_string()))?;
    let again = || WriteError::Retryable("the first answer is not readable yet".to_owned());
    let compared = match rows.first() {
        Some(row) => compare(row, request)?,
        None => return Err(again()),
    };
    let mut receipt = receipt(rows.into_iter(), checkpoint).ok_or_else(again)?;
    receipt.replayed = true;
    match compared {
        Some(true) => {}
        Some(false) => return Err(WriteError::KeyReused),
        None => receipt.compared = false,
    }
    Ok(receipt)
}

/// Whether a repeat is the same command by the same person; `None` where the first one's text was
/// removed.
fn compare<P>(row: &Row, request: &Request<P>) -> Result<Option<bool>, WriteError> {
    let header = Header::parse(&row.header);
    let header = header.map_err(|error| WriteError::Fault(format!("the first answer: {error}")))?;
    let Some(info) = header.command.as_ref() else { return Ok(Some(false)) };
    let same_envelope = info.name == request.command.name
        && info.stream == request.command.stream
        && header.actor.as_ref().map(|actor| actor.account) == Some(request.account);
    if !same_envelope || info.digest == request.command.digest || !request.nonce_is_ours {
        return Ok(Some(same_envelope && info.digest == request.command.digest));
    }
    let Ok(event) = Event::read(&header.kind, header.schema, &row.facts) else { return Ok(None) };
    let private = row.private.as_ref().map(|(_, bytes)| bytes.as_slice());
    let text = annals_events::command::Text::of(&event, private);
    Ok(text.map(|text| annals_events::command::digest(&text.nonce, &request.text) == info.digest))
}
