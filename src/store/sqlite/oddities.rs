//! What is wrong beside the rows that are read: parts that belong to no entry, lost guards, pages
//! of which one copy says other than the next.

use sqlx::{Row as _, SqlitePool};

use super::outcome;
use crate::store::{Oddity, StoreError};

/// The entries say where the ledger ends; what the head row says is compared elsewhere.
const PARTS: &str = "
    WITH ledger AS (SELECT coalesce(max(position) + 1, 0) AS size FROM entry),
         mark AS (SELECT min(indexed_to) AS size FROM cursor WHERE one = 1),
         fed AS (SELECT coalesce(min(ledger.size, mark.size), ledger.size) AS size
                   FROM ledger, mark)
    SELECT 'row', max(min(private.position), 0), 'a private part belongs to no entry'
      FROM private LEFT JOIN entry ON entry.position = private.position
     WHERE entry.position IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT 'row', max(min(position), 0), 'an entry stands before the first'
      FROM entry WHERE position < 0 HAVING count(*) > 0
    UNION ALL
    SELECT 'index', max(min(position), 0), 'an index line is of no entry'
      FROM entry_index WHERE position < 0 HAVING count(*) > 0
    UNION ALL
    SELECT 'index', min(position), 'an index line stands beyond the mark'
      FROM entry_index WHERE position >= (SELECT size FROM fed) HAVING count(*) > 0
    UNION ALL
    SELECT 'index', (SELECT size FROM ledger), 'the index claims more entries than there are'
      FROM cursor WHERE indexed_to > (SELECT size FROM ledger)
    UNION ALL
    SELECT 'index', (SELECT size FROM ledger), 'the index has no mark'
     WHERE NOT EXISTS (SELECT 1 FROM cursor)
    UNION ALL
    SELECT 'index', (SELECT size FROM ledger), 'the unique index ' || name || ' is gone'
      FROM (SELECT 'entry_command' AS name UNION ALL SELECT 'sqlite_autoindex_entry_1')
     WHERE name NOT IN (SELECT name FROM sqlite_master WHERE type = 'index')";

pub(super) async fn find(pool: &SqlitePool) -> Result<Vec<Oddity>, StoreError> {
    let field = |error| outcome::of_store(error);
    let rows = sqlx::query(PARTS).fetch_all(pool).await.map_err(field)?;
    let mut found = Vec::new();
    for row in &rows {
        let what: &str = row.try_get(0).map_err(field)?;
        let position = super::sql::unsigned(row, 1)?;
        found.push(Oddity::told(what, position, row.try_get(2).map_err(field)?));
    }
    // Indexes are compared with their tables too, which reading either would not.
    let whole: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(pool).await.map_err(field)?;
    let size: i64 = sqlx::query_scalar("SELECT coalesce(max(position) + 1, 0) FROM entry")
        .fetch_one(pool)
        .await
        .map_err(field)?;
    for text in whole.into_iter().filter(|text| text != "ok") {
        let position = u64::try_from(size).unwrap_or(0);
        let detail = format!("the file is damaged: {text}");
        found.push(Oddity::told("index", position, detail));
    }
    Ok(found)
}
