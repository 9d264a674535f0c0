//! Tokens as they lie in the store: no evidence, and the one table beside the head that changes.

use async_trait::async_trait;

use super::StoreError;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// 16 bytes of its UUID.
    pub id: [u8; 16],
    /// SHA-256 of the secret.
    pub sha256: [u8; 32],
    /// 16 bytes of the account's UUID.
    pub account: [u8; 16],
    /// `read` or `write`; a store takes nothing else.
    pub scope: String,
    /// When it was made, Unix microseconds by the service's clock.
    pub created_at: i64,
    /// When it ends; above `created_at`.
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// What the service needs to know its callers. Part of the contract of [`super::Store`].
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keep a new token, durably. An id or a digest that is there already MUST be refused.
    async fn put_token(&self, token: &Token) -> Result<(), StoreError>;

    /// The token whose secret has this digest, ended or revoked ones too.
    async fn token(&self, sha256: &[u8; 32]) -> Result<Option<Token>, StoreError>;

    /// All tokens in the order of (`created_at`, id).
    async fn tokens(&self) -> Result<Vec<Token>, StoreError>;

    /// Revoke a token, durably; one that is revoked keeps its first time. `Ok(false)` if there is
    /// none of this id.
    async fn revoke_token(&self, id: &[u8; 16], at: i64) -> Result<bool, StoreError>;
}
