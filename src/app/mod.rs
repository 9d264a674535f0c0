//! 应用 — the one road of a command: who acts, what is meant, hand it to the writer, answer.

mod open;
mod pages;
pub mod upkeep;

pub use open::{check_rights, of_store, open_store, parts};
pub use pages::pages;

use std::sync::Arc;
use std::time::Duration;

use annals_events::account::Access;
use annals_events::command::{self, Command, ProposeAct, RotateKey, Text};
use annals_events::entry::{Actor, ActorSignature, Authentication, CommandInfo};
use annals_events::hash::Bytes;
use annals_events::id::{AccountId, CommandKey, Number, Stream};
use annals_events::keys::SecretKey;
use annals_events::ledger::Act;
use annals_events::{Hash, Time, canonical, entry};
use uuid::Uuid;

use crate::clock::{Clock, SystemClock};
use crate::commands::{AppDecider, Payload};
use crate::config::{Home, WriterLock};
use crate::error::Failure;
use crate::ledger::lookup::BodyLookup;
use crate::ledger::{Ledger, Parts, Receipt, Refusal, Request, WriteError};
use crate::store::{Body, BodyPlace, BodyRef, SharedStore, StoredCheckpoint};

/// A lease without an append; an embedded store has no other host to wait for it.
pub const LEASE: Duration = Duration::from_secs(10);

/// A ledger open for writing.
pub struct App {
    ledger: Ledger<AppDecider>,
    clock: Arc<dyn Clock>,
    lookup: BodyLookup,
    _lock: Option<WriterLock>,
}

/// A command as somebody gives it.
#[derive(Clone)]
pub struct Given {
    /// Who acts.
    pub account: AccountId,
    /// How that is known.
    pub authenticated: Authentication,
    /// The stream it is aimed at.
    pub stream: Stream,
    /// Idempotency key.
    pub key: CommandKey,
    /// The command.
    pub command: Command,
    /// The client's nonce; without one the service makes one.
    pub nonce: Option<Hash>,
    /// The leaf he was shown; without one, the newest counts as shown.
    pub seen: Option<Hash>,
    /// When he made it; without one, now.
    pub issued_at: Option<Time>,
    /// His signature.
    pub signature: Option<ActorSignature>,
    /// The entry that led to it.
    pub cause: Option<u64>,
}

impl Given {
    /// A command at this machine's command line.
    pub fn local(account: AccountId, stream: impl Into<Stream>, command: Command) -> Given {
        Given {
            account,
            authenticated: Authentication::Local,
            stream: stream.into(),
            key: CommandKey(Uuid::now_v7()),
            command,
            nonce: None,
            seen: None,
            issued_at: None,
            signature: None,
            cause: None,
        }
    }
}

impl App {
    /// Open the ledger of this host for writing with the machine's clock.
    pub async fn open(home: &Home, as_owner: bool) -> Result<App, Failure> {
        App::open_with(home, Arc::new(SystemClock::new()), as_owner).await
    }

    /// The same with another clock.
    pub async fn open_with(
        home: &Home,
        clock: Arc<dyn Clock>,
        as_owner: bool,
    ) -> Result<App, Failure> {
        if !home.is_embedded() {
            return App::start(parts(home, clock, as_owner, false).await?, None).await;
        }
        let lock = home.lock()?;
        Ok(App { _lock: Some(lock), ..App::open_locked(home, clock, as_owner).await? })
    }

    /// The same for whoever holds the home's lock, and goes on to hold it.
    pub async fn open_locked(
        home: &Home,
        clock: Arc<dyn Clock>,
        as_owner: bool,
    ) -> Result<App, Failure> {
        let mut parts = parts(home, clock, as_owner, true).await?;
        // Beside the lock of an embedded store a lease can only be one that a dead run left.
        parts.force = home.is_embedded();
        App::start(parts, None).await
    }

    /// Start from parts.
    pub async fn start(parts: Parts, lock: Option<WriterLock>) -> Result<App, Failure> {
        let clock = parts.clock.clone();
        let ledger = Ledger::start(parts, AppDecider).await?;
        ledger.catch_up().await?;
        Ok(App { ledger, clock, lookup: BodyLookup::default(), _lock: lock })
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger<AppDecider> {
        &self.ledger
    }

    /// The time by this ledger's clock.
    pub fn now(&self) -> Time {
        self.clock.wall()
    }

    /// The store.
    pub fn store(&self) -> &SharedStore {
        self.ledger.store()
    }

    /// An account as it acts: its organisation and the grant it acts under.
    pub async fn actor(&self, account: AccountId, authenticated: Authentication) -> Option<Actor> {
        let serving = self.ledger.follower().serving().await;
        let known = serving.state.accounts.get(account)?;
        Some(Actor {
            account,
            authenticated,
            authority: Some(Number(known.opened)),
            on_behalf_of: None,
            organisation: known.organisation,
        })
    }

    /// Whether somebody can act under an account: under one of an imported history nobody can.
    pub async fn may_act(&self, account: AccountId) -> bool {
        let serving = self.ledger.follower().serving().await;
        let known = serving.state.accounts.get(account);
        known.is_none_or(|known| known.access != Access::Unusable)
    }

    /// Give a command.
    pub async fn give(&self, given: Given) -> Result<Receipt, WriteError> {
        let actor = match self.actor(given.account, given.authenticated).await {
            Some(actor) => actor,
            None => {
                // The account may be newer than what this instance has folded.
                self.ledger.catch_up().await?;
                let found = self.actor(given.account, given.authenticated).await;
                found.ok_or_else(|| {
                    WriteError::Refused(Refusal::of_structure(
                        "actor_unknown",
                        "the acting account does not exist",
                    ))
                })?
            }
        };
        let (text, nonce_is_ours) = text_of(&given.command, given.nonce)?;
        let command = self.info(&given, &text).await?;
        let uploads = self.uploads(&given.command).await?;
        self.ledger
            .submit(Request {
                account: given.account,
                command,
                text: text.command.clone().into_bytes(),
                nonce_is_ours,
                uploads,
                payload: Payload::Command {
                    command: Box::new(given.command),
                    text,
                    actor,
                    signature: given.signature,
                    cause: given.cause,
                },
            })
            .await
    }

    async fn info(&self, given: &Given, text: &Text) -> Result<CommandInfo, WriteError> {
        let seen = match given.seen {
            Some(seen) => seen,
            None => self.newest(given.stream).await?,
        };
        Ok(CommandInfo {
            digest: text.digest(),
            index: 0,
            issued_at: given.issued_at.unwrap_or_else(|| self.clock.wall()),
            key: given.key,
            name: given.command.name().to_owned(),
            of: 1,
            seen,
            stream: given.stream,
        })
    }

    /// Leaf of a stream's newest entry as committed; zero for an empty one.
    pub async fn newest(&self, stream: Stream) -> Result<Hash, WriteError> {
        self.ledger.catch_up().await?;
        let serving = self.ledger.follower().serving().await;
        Ok(serving.chain.tip(stream).map_or(Hash::ZERO, |tip| tip.leaf))
    }

    /// Whether the body a draft names is there, and whether the entry will make it evidence.
    async fn uploads(&self, command: &Command) -> Result<Vec<BodyRef>, WriteError> {
        let Command::DraftContent(draft) = command else { return Ok(Vec::new()) };
        let refused = |name: &str, detail: &str| {
            Err(WriteError::Refused(Refusal::of_structure(name, detail)))
        };
        let place = self.lookup.place(self.store(), draft.body.0).await;
        let (uploaded, length) = match place.map_err(WriteError::Retryable)? {
            BodyPlace::Kept(length) => (false, length),
            BodyPlace::Uploaded(length) => (true, length),
            BodyPlace::Missing => {
                return refused("body_missing", "the body named was not uploaded");
            }
        };
        if length != draft.bytes {
            return refused("bytes_differ", "its length is not that of the version");
        }
        let site = draft.site.0.into_bytes();
        Ok(uploaded.then_some(BodyRef { id: draft.body.0, site }).into_iter().collect())
    }

    /// Upload a body; answers its id.
    pub async fn upload(&self, bytes: Vec<u8>) -> Result<Hash, WriteError> {
        let salt = random()?.0;
        let id = entry::body_id(&salt, &bytes);
        let body = Body { id: id.0, salt, bytes };
        let put = self.store().put_uploads(&[body]).await;
        put.map_err(|error| WriteError::Retryable(error.to_string()))?;
        Ok(id)
    }

    /// An act of two persons: `proposer` proposes, `confirmer` does it. Answers the receipt of
    /// the act.
    pub async fn two_persons(
        &self,
        act: Act,
        proposer: AccountId,
        confirmer: AccountId,
        stream: Stream,
        command: Command,
    ) -> Result<Receipt, WriteError> {
        self.check_two_persons(proposer, confirmer).await?;
        let nonce = random()?;
        let (text, _) = text_of(&command, Some(nonce))?;
        let cause = self.propose(act, proposer, stream, text.digest()).await?;
        let mut given = Given::local(confirmer, stream, command);
        given.nonce = Some(nonce);
        given.cause = Some(cause);
        self.give(given).await
    }

    /// Two persons of two duties: asked before the proposal is written, so that an act which
    /// nobody could confirm leaves nothing behind.
    async fn check_two_persons(
        &self,
        proposer: AccountId,
        confirmer: AccountId,
    ) -> Result<(), WriteError> {
        self.ledger.catch_up().await?;
        let serving = self.ledger.follower().serving().await;
        let duty = |account| serving.state.accounts.get(account).map(|known| known.duty);
        let refused = |name: &str, detail: &str| {
            Err(WriteError::Refused(Refusal::of_structure(name, detail)))
        };
        if proposer == confirmer {
            return refused("one_person", "one person proposes and confirms");
        }
        if duty(proposer) == duty(confirmer) {
            return refused("one_duty", "both persons are of one duty");
        }
        Ok(())
    }

    async fn propose(
        &self,
        act: Act,
        proposer: AccountId,
        stream: Stream,
        digest: Hash,
    ) -> Result<u64, WriteError> {
        let command = Command::ProposeAct(ProposeAct { act, digest });
        Ok(self.give(Given::local(proposer, stream, command)).await?.last)
    }

    /// Change the log key: proposed by one, confirmed by another, signed by the roots.
    pub async fn rotate_log_key(
        &self,
        proposer: AccountId,
        confirmer: AccountId,
        roots: Vec<SecretKey>,
        key: Arc<SecretKey>,
        retired: Hash,
    ) -> Result<Receipt, WriteError> {
        self.check_two_persons(proposer, confirmer).await?;
        let stream = {
            let serving = self.ledger.follower().serving().await;
            serving.state.ledger.id()
        };
        let stream: Stream =
            stream.ok_or_else(|| WriteError::Fault("there is no genesis".to_owned()))?.into();
        let command = RotateKey { public: Bytes(key.public().bytes()), retired };
        let given = Given::local(confirmer, stream, Command::RotateKey(command.clone()));
        let (text, _) = text_of(&given.command, Some(random()?))?;
        let cause = self.propose(Act::RotateKey, proposer, stream, text.digest()).await?;
        let info = self.info(&given, &text).await?;
        let actor = self.actor(confirmer, given.authenticated).await;
        let actor = actor.ok_or_else(|| WriteError::Fault("the account vanished".to_owned()))?;
        let payload =
            Payload::Rotate { command, text: text.clone(), actor, cause, roots: roots.into(), key };
        let text = text.command.into_bytes();
        let request = Request {
            account: confirmer,
            command: info,
            text,
            nonce_is_ours: true,
            uploads: Vec::new(),
            payload,
        };
        self.ledger.submit(request).await
    }

    /// Stop writing and close the store; answers the checkpoint over everything.
    pub async fn stop(self) -> Result<StoredCheckpoint, Failure> {
        self.stop_with(None).await
    }

    /// Stop after a rotation: the new log key signs along with the old one.
    pub async fn stop_with_log_key(self, new: &SecretKey) -> Result<StoredCheckpoint, Failure> {
        self.stop_with(Some(new)).await
    }

    /// A store left open keeps entries in a log beside its file, and the file alone, which is what
    /// people copy, would be an older ledger.
    async fn stop_with(self, new: Option<&SecretKey>) -> Result<StoredCheckpoint, Failure> {
        let store = self.ledger.store().clone();
        let stopped = self.ledger.stop(new).await;
        store.close().await;
        Ok(stopped?)
    }

    /// Whether a key is none of this ledger's roots.
    pub async fn root_is_unknown(&self, root: &SecretKey) -> bool {
        let serving = self.ledger.follower().serving().await;
        !serving.ring.roots().contains(&root.public())
    }
}

/// A command's text with its nonce; `true` if the nonce was made here.
fn text_of(command: &Command, nonce: Option<Hash>) -> Result<(Text, bool), WriteError> {
    command.check().map_err(|detail| WriteError::TooLarge(detail.to_owned()))?;
    let bytes = command.to_bytes();
    if bytes.len() > command::command_bytes_max(command.name()) {
        return Err(WriteError::TooLarge("the command is too long".to_owned()));
    }
    // What is written must be readable: an integer beyond 2^53 - 1 would not be.
    canonical::check_object(&bytes).map_err(|error| WriteError::TooLarge(error.to_string()))?;
    let command = String::from_utf8(bytes).map_err(|error| WriteError::Fault(error.to_string()))?;
    let made = nonce.is_none();
    let nonce = match nonce {
        Some(nonce) => nonce,
        None => random()?,
    };
    Ok((Text { command, nonce }, made))
}

/// 32 random bytes.
pub fn random() -> Result<Hash, WriteError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| WriteError::Fault(error.to_string()))?;
    Ok(Hash(bytes))
}
