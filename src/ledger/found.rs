//! 创世 — the first batch of a ledger: genesis, the organisation, two accounts of different duties.

use annals_events::account::{Access, Duty, Event as AccountEvent, Opened, Person};
use annals_events::attributes::Attributes;
use annals_events::entry::{self, Provenance};
use annals_events::id::{AccountId, LedgerId, OrganisationId, Stream};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{Event as LedgerEvent, Genesis, Purpose, Suite};
use annals_events::platform::{Event as PlatformEvent, OrganisationRegistered};
use annals_events::text::PublicName;
use annals_events::{Event, Hash, canonical};
use annals_projections::ENGINE;

use super::anchor::{Anchor, Anchored};
use super::build::{self, Built, Frame};
use super::decider::Draft;
use super::follower::Serving;
use super::lead::{Parts, build_name};
use super::random::Random;
use super::request::WriteError;
use crate::store::{AppendError, Batch, Row};

/// What a new ledger begins with.
pub struct Beginning<'a> {
    /// Its name in every header and checkpoint.
    pub origin: &'a str,
    /// What it is for.
    pub purpose: Purpose,
    /// Name of the organisation that runs the platform.
    pub organisation: PublicName,
    /// Names and duties of the first two persons.
    pub persons: [(&'a str, Duty); 2],
    /// The root: signs the log key.
    pub root: &'a SecretKey,
}

/// What was founded.
#[derive(Clone, Debug)]
pub struct Founded {
    /// Genesis leaf: the one value to pin.
    pub genesis: Hash,
    /// The ledger.
    pub ledger: LedgerId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The first two accounts, in the order given.
    pub accounts: [AccountId; 2],
}

/// Write the first batch into an empty store and an empty anchor. `pin` keeps the genesis leaf
/// before anything is written: a founding that breaks off can then be told from another's ledger.
pub async fn found(
    parts: &Parts,
    beginning: &Beginning<'_>,
    pin: impl FnOnce(&Founded) -> std::io::Result<()>,
) -> Result<Founded, WriteError> {
    let fault = |error: String| WriteError::Fault(error);
    let head = parts.store.head().await.map_err(|e| fault(e.to_string()))?;
    let anchored = parts.anchor.get().await.map_err(|e| fault(e.to_string()))?;
    if head.size != 0 || anchored.is_some() {
        return Err(WriteError::Stopped("there is a ledger here already".to_owned()));
    }
    let entry_key = SecretKey::generate().map_err(|e| fault(e.to_string()))?;
    let (founded, built) = first_batch(parts, beginning, &entry_key)?;
    let rows = built
        .into_iter()
        .map(|entry| {
            let signature = entry::sign(&entry_key, beginning.origin, &entry.leaf);
            entry.into_row(signature).0
        })
        .collect();
    let holder = uuid::Uuid::now_v7().to_string();
    let lease = parts.store.acquire(&holder, parts.lease, 0, false).await;
    let lease = lease.map_err(|e| fault(e.to_string()))?;
    let head = parts.store.head().await.map_err(|e| fault(e.to_string()))?;
    let batch = Batch { rows, bodies: Vec::new() };
    pin(&founded).map_err(|e| fault(e.to_string()))?;
    parts.store.append(&lease, &head, &batch).await.map_err(|error| match error {
        AppendError::HeadMoved { .. } | AppendError::Fenced { .. } => {
            WriteError::Stopped("somebody else founded a ledger here".to_owned())
        }
        other => fault(other.to_string()),
    })?;
    anchor_first(parts.anchor.as_ref(), &batch.rows).await?;
    parts.store.release(&lease).await.map_err(|e| fault(e.to_string()))?;
    Ok(founded)
}

/// Put the end of the first batch into the empty anchor.
pub async fn anchor_first(anchor: &dyn Anchor, rows: &[Row]) -> Result<(), WriteError> {
    let last = rows.last().ok_or_else(|| WriteError::Fault("there is no entry".to_owned()))?;
    let new = Anchored {
        size: last.position + 1,
        leaf: Hash(last.leaf),
        epoch: 0,
        signature: last.signature,
    };
    anchor.swap(None, &new).await.map_err(|error| WriteError::Fault(error.to_string()))
}

/// How many entries the first batch has: genesis, organisation, two accounts.
pub const FIRST_ENTRIES: usize = 4;

/// What the rows of a first batch founded.
pub fn founded_by(rows: &[Row]) -> Option<Founded> {
    let [genesis, organisation, first, second] = rows else { return None };
    let id = |row: &Row| row.stream.parse::<Stream>().ok().map(|stream| stream.id);
    Some(Founded {
        genesis: entry::leaf(&genesis.header),
        ledger: LedgerId(id(genesis)?),
        organisation: OrganisationId(id(organisation)?),
        accounts: [AccountId(id(first)?), AccountId(id(second)?)],
    })
}

fn genesis(
    parts: &Parts,
    beginning: &Beginning<'_>,
    entry_key: &SecretKey,
) -> Result<Genesis, WriteError> {
    let log = parts.keys.logs.first();
    let log = log.ok_or_else(|| WriteError::Fault("there is no log key".to_owned()))?;
    let statement = |role, key: &SecretKey| KeyStatement {
        role,
        origin: beginning.origin,
        genesis: Hash::ZERO,
        epoch: 0,
        position: 0,
        prev: Hash::ZERO,
        public: key.public().bytes(),
    };
    let introduce = |role, key: &SecretKey, superiors: &[&SecretKey]| {
        IntroducedKey::new(&statement(role, key), key, superiors)
    };
    Ok(Genesis {
        build: build_name(),
        engine: ENGINE,
        keys: vec![
            introduce(Role::Root, beginning.root, &[]),
            introduce(Role::Log, log, &[beginning.root]),
            introduce(Role::Cosigner, &parts.keys.cosigner, &[log]),
            introduce(Role::Entry, entry_key, &[log]),
        ],
        purpose: beginning.purpose,
        suite: Suite::International,
        threshold: 1,
    })
}

fn first_batch(
    parts: &Parts,
    beginning: &Beginning<'_>,
    entry_key: &SecretKey,
) -> Result<(Founded, Vec<Built>), WriteError> {
    let ledger = LedgerId(uuid::Uuid::now_v7());
    let organisation = OrganisationId(uuid::Uuid::now_v7());
    let accounts = [AccountId(uuid::Uuid::now_v7()), AccountId(uuid::Uuid::now_v7())];
    let mut drafts = vec![
        Draft::new(
            ledger.into(),
            LedgerEvent::Genesis(genesis(parts, beginning, entry_key)?).into(),
            None,
        ),
        Draft::new(
            organisation.into(),
            PlatformEvent::OrganisationRegistered(OrganisationRegistered {
                attributes: Attributes::default(),
                name: beginning.organisation.clone(),
                parent: None,
            })
            .into(),
            None,
        ),
    ];
    for (account, (name, duty)) in accounts.into_iter().zip(beginning.persons) {
        drafts.push(open_account(account.into(), organisation, name, duty));
    }
    let frame = Frame {
        origin: beginning.origin,
        epoch: 0,
        now: parts.clock.wall(),
        provenance: Provenance::Internal,
        actor: None,
        actor_signature: None,
        command: None,
        cause: None,
        occurred_at: None,
    };
    let mut serving = Serving::default();
    let (mut random, mut all) = (Random::new(), Vec::new());
    for draft in drafts {
        let built = build::build(&serving.chain, &[], &frame, &mut random, draft)
            .map_err(|error| WriteError::Fault(error.to_string()))?;
        if let Event::Ledger(event) = &built.event {
            let introduced = serving.ring.introduce(&built.header, built.leaf, event);
            introduced.map_err(WriteError::Fault)?;
        }
        if let Some(finding) = serving.fold(&built.header, built.leaf, &built.event).first() {
            return Err(WriteError::Fault(format!("{}: {}", finding.name, finding.detail)));
        }
        all.push(built);
    }
    let founded = Founded { genesis: serving.ring.genesis(), ledger, organisation, accounts };
    Ok((founded, all))
}

fn open_account(stream: Stream, organisation: OrganisationId, name: &str, duty: Duty) -> Draft {
    let person = Person { command: None, name: name.to_owned(), nonce: None };
    let opened = Opened {
        access: Access::Usable,
        attributes: Attributes::default(),
        duty,
        import: None,
        line: None,
        organisation,
        person: None,
    };
    let event = AccountEvent::Opened(opened).into();
    Draft::new(stream, event, Some(canonical::to_bytes(&person)))
}
