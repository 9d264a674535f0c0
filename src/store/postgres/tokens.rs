//! Tokens of accounts.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::{PostgresStore, outcome};
use crate::store::{StoreError, Token, Tokens};

#[async_trait]
impl Tokens for PostgresStore {
    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        const PUT: &str = "
            INSERT INTO token (id, sha256, account, scope, created_at, expires_at, revoked_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let put = sqlx::query(PUT)
            .bind(Uuid::from_bytes(token.id))
            .bind(&token.sha256[..])
            .bind(Uuid::from_bytes(token.account))
            .bind(&token.scope)
            .bind(token.created_at)
            .bind(token.expires_at)
            .bind(token.revoked_at)
            .execute(&self.side);
        self.within(async { put.await.map(|_| ()).map_err(outcome::of_store) }).await
    }

    async fn token(&self, sha256: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        const FIND: &str = "
            SELECT id, sha256, account, scope, created_at, expires_at, revoked_at
              FROM token WHERE sha256 = $1";
        let found = sqlx::query(FIND).bind(&sha256[..]).fetch_optional(&self.side);
        let row = self.within(async { found.await.map_err(outcome::of_store) }).await?;
        row.as_ref().map(token).transpose().map_err(outcome::of_store)
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        const ALL: &str = "
            SELECT id, sha256, account, scope, created_at, expires_at, revoked_at
              FROM token ORDER BY created_at, id";
        let all = sqlx::query(ALL).fetch_all(&self.side);
        let rows = self.within(async { all.await.map_err(outcome::of_store) }).await?;
        rows.iter().map(token).collect::<Result<_, _>>().map_err(outcome::of_store)
    }

    async fn revoke_token(&self, id: &[u8; 16], at: i64) -> Result<bool, StoreError> {
        const REVOKE: &str = "UPDATE token SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1";
        let revoked = sqlx::query(REVOKE).bind(Uuid::from_bytes(*id)).bind(at).execute(&self.side);
        let done = self.within(async { revoked.await.map_err(outcome::of_store) }).await?;
        Ok(done.rows_affected() == 1)
    }
}

fn token(row: &PgRow) -> Result<Token, sqlx::Error> {
    Ok(Token {
        id: row.try_get::<Uuid, _>(0)?.into_bytes(),
        sha256: row.try_get(1)?,
        account: row.try_get::<Uuid, _>(2)?.into_bytes(),
        scope: row.try_get(3)?,
        created_at: row.try_get(4)?,
        expires_at: row.try_get(5)?,
        revoked_at: row.try_get(6)?,
    })
}
