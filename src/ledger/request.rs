//! What goes into the writer's queue and what comes back.

use annals_events::entry::CommandInfo;
use annals_events::id::AccountId;
use tokio::sync::oneshot;

use super::decider::Refusal;
use super::follower::FollowError;
use crate::clock::ClockFault;
use crate::store::BodyRef;

/// What becomes of a command.
pub type Answer = Result<Receipt, WriteError>;

/// A command on its way to the writer.
pub struct Request<P> {
    /// Who acts: a repeat is his, or none.
    pub account: AccountId,
    /// The command's part of the header; `index` and `of` are set by the writer.
    pub command: CommandInfo,
    /// The exact text behind the digest.
    pub text: Vec<u8>,
    /// Whether the service made the nonce (then a repeat brings another one).
    pub nonce_is_ours: bool,
    /// Uploads its entries would make evidence.
    pub uploads: Vec<BodyRef>,
    /// What the decider needs besides.
    pub payload: P,
}

/// An entry as a receipt carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// Exact header bytes.
    pub header: Vec<u8>,
    /// Entry signature.
    pub signature: [u8; 64],
}

/// 回执 — durable, judged, anchored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The command's entries.
    pub entries: Vec<ReceiptEntry>,
    /// Position of the first.
    pub first: u64,
    /// Position of the last.
    pub last: u64,
    /// The newest checkpoint; may be older than the entries.
    pub checkpoint: Option<String>,
    /// Whether the command had been written before.
    pub replayed: bool,
    /// Whether a repeat could be compared with the first (its text may have been removed).
    pub compared: bool,
}

/// A command was not, or may not have been, written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The rules say no.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Its entry would be beyond a limit.
    #[error("refused: {0}")]
    TooLarge(String),
    /// The key was used for another command.
    #[error("this idempotency key was used for another command")]
    KeyReused,
    /// Try again with the same key: if it was written, the first receipt comes back.
    #[error("not acknowledged, repeat it with the same key: {0}")]
    Retryable(String),
    /// Another writer holds the ledger.
    #[error("another writer ({holder}) holds the ledger in epoch {epoch}")]
    NotLeader {
        /// Who.
        holder: String,
        /// Its epoch.
        epoch: u64,
        /// Milliseconds its lease has left.
        left_millis: i64,
    },
    /// The clock is not believed.
    #[error("nothing is written while the clock is wrong: {0}")]
    Clock(#[from] ClockFault),
    /// Nothing is written any more until somebody has looked.
    #[error("writing has stopped: {0}")]
    Stopped(String),
    /// We failed.
    #[error("fault: {0}")]
    Fault(String),
}

impl From<FollowError> for WriteError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Store(error) => WriteError::Retryable(error.to_string()),
            bad @ FollowError::Bad { .. } => WriteError::Stopped(bad.to_string()),
        }
    }
}

pub(super) fn stopping() -> WriteError {
    WriteError::Retryable("the writer is stopping".to_owned())
}

/// A command in the queue.
pub struct Enqueued {
    pub(super) answer: oneshot::Receiver<Answer>,
}

impl Enqueued {
    /// Wait for what becomes of it.
    pub async fn answer(self) -> Result<Receipt, WriteError> {
        self.answer.await.map_err(|_| stopping())?
    }
}
