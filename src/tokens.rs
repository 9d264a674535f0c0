//! 令牌 — API tokens of accounts: made once, shown once, known afterwards by their hash.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use annals_events::Time;
use annals_events::id::AccountId;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::store::{SharedStore, StoreError, Token};

/// What every secret begins with, so that a scanner of leaked texts knows one.
pub const PREFIX: &str = "annals_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Length of a secret: the prefix and 43 characters of base64url.
pub const SECRET_CHARS: usize = PREFIX.len() + 43;
/// The longest a token lives.
pub const DAYS_MAX: u32 = 3_660;
/// How long what the store said of a token is believed: a revocation is felt within it. Without
/// it every request would wait for the database once more.
pub const BELIEVED: Duration = Duration::from_secs(1);
/// Tokens remembered at most; then all are asked for again.
const REMEMBERED: usize = 4_096;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To read.
    Read,
    /// To read and to give commands.
    Write,
}

impl Scope {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
        }
    }

    /// Back from the word.
    pub fn from_word(word: &str) -> Option<Scope> {
        [Scope::Read, Scope::Write].into_iter().find(|scope| scope.word() == word)
    }
}

/// Whose token it is, and what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The token.
    pub token: Uuid,
    /// Its account.
    pub account: AccountId,
    /// What it may.
    pub scope: Scope,
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The store did not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its end is out of bounds.
    #[error("a token lives 1 to {DAYS_MAX} days")]
    Days,
    /// The system has none.
    #[error("no random bytes: {0}")]
    Random(String),
}

/// Make a token; answers it with its secret, which is kept nowhere.
pub async fn create(
    store: &SharedStore,
    account: AccountId,
    scope: Scope,
    now: Time,
    days: u32,
) -> Result<(Token, String), CreateError> {
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(CreateError::Days);
    }
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|error| CreateError::Random(error.to_string()))?;
    let secret = format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&random));
    let token = Token {
        id: Uuid::now_v7().into_bytes(),
        sha256: digest(&secret),
        account: account.0.into_bytes(),
        scope: scope.word().to_owned(),
        created_at: now.micros(),
        expires_at: now.micros() + i64::from(days) * 24 * 60 * 60 * 1_000_000,
        revoked_at: None,
    };
    store.put_token(&token).await?;
    Ok((token, secret))
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// What the store said of the tokens used lately.
#[derive(Default)]
pub struct Known {
    tokens: Mutex<HashMap<[u8; 32], (Instant, Token)>>,
}

impl Known {
    /// Whose secret this is; nobody's if it is unknown, ended or revoked.
    pub async fn bearer(
        &self,
        store: &SharedStore,
        secret: &str,
        now: Time,
    ) -> Result<Option<Bearer>, StoreError> {
        if secret.len() != SECRET_CHARS || !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let digest = digest(secret);
        let token = match self.remembered(&digest) {
            Some(token) => Some(token),
            None => {
                let found = store.token(&digest).await?;
                if let Some(token) = &found {
                    self.remember(digest, token.clone());
                }
                found
            }
        };
        Ok(token.filter(|token| is_good(token, &digest, now)).and_then(|token| {
            Some(Bearer {
                token: Uuid::from_bytes(token.id),
                account: AccountId(Uuid::from_bytes(token.account)),
                scope: Scope::from_word(&token.scope)?,
            })
        }))
    }

    fn remembered(&self, digest: &[u8; 32]) -> Option<Token> {
        let tokens = self.tokens.lock().expect("no holder panics");
        let (at, token) = tokens.get(digest)?;
        (at.elapsed() < BELIEVED).then(|| token.clone())
    }

    fn remember(&self, digest: [u8; 32], token: Token) {
        let mut tokens = self.tokens.lock().expect("no holder panics");
        if tokens.len() >= REMEMBERED {
            tokens.clear();
        }
        tokens.insert(digest, (Instant::now(), token));
    }
}

fn is_good(token: &Token, digest: &[u8; 32], now: Time) -> bool {
    // Found by an index, whose own comparison tells at most how much of a hash was right.
    verify_slices_are_equal(&token.sha256, digest).is_ok()
        && now.micros() < token.expires_at
        && token.revoked_at.is_none()
}
