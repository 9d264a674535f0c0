//! Tokens of accounts.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::outcome;
use super::sql::fixed;
use super::writer::Writing;
use crate::store::{StoreError, Token, Tokens};

#[async_trait]
impl Tokens for SqliteStore {
    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        const PUT: &str = "
            INSERT INTO token (id, sha256, account, scope, created_at, expires_at, revoked_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut writing = Writing::begin(&self.writer).await.map_err(outcome::of_store)?;
        sqlx::query(PUT)
            .bind(&token.id[..])
            .bind(&token.sha256[..])
            .bind(&token.account[..])
            .bind(&token.scope)
            .bind(token.created_at)
            .bind(token.expires_at)
            .bind(token.revoked_at)
            .execute(writing.on())
            .await
            .map_err(outcome::of_store)?;
        writing.commit().await.map_err(outcome::of_store)
    }

    async fn token(&self, sha256: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        const FIND: &str = "
            SELECT id, sha256, account, scope, created_at, expires_at, revoked_at
              FROM token WHERE sha256 = ?1";
        let row = sqlx::query(FIND)
            .bind(&sha256[..])
            .fetch_optional(&self.readers)
            .await
            .map_err(outcome::of_store)?;
        row.as_ref().map(token).transpose()
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        const ALL: &str = "
            SELECT id, sha256, account, scope, created_at, expires_at, revoked_at
              FROM token ORDER BY created_at, id";
        let rows = sqlx::query(ALL).fetch_all(&self.readers).await.map_err(outcome::of_store)?;
        rows.iter().map(token).collect()
    }

    async fn revoke_token(&self, id: &[u8; 16], at: i64) -> Result<bool, StoreError> {
        const REVOKE: &str = "UPDATE token SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
        let mut writing = Writing::begin(&self.writer).await.map_err(outcome::of_store)?;
        let done = sqlx::query(REVOKE)
            .bind(&id[..])
            .bind(at)
            .execute(writing.on())
            .await
            .map_err(outcome::of_store)?;
        writing.commit().await.map_err(outcome::of_store)?;
        Ok(done.rows_affected() == 1)
    }
}

fn token(row: &SqliteRow) -> Result<Token, StoreError> {
    let field = |error| outcome::of_store(error);
    Ok(Token {
        id: fixed(row, 0)?,
        sha256: fixed(row, 1)?,
        account: fixed(row, 2)?,
        scope: row.try_get(3).map_err(field)?,
        created_at: row.try_get(4).map_err(field)?,
        expires_at: row.try_get(5).map_err(field)?,
        revoked_at: row.try_get(6).map_err(field)?,
    })
}
