//! What is wrong beside the rows that are read: parts that belong to no entry, lost guards.

use sqlx::{PgPool, Row as _};

use super::outcome;
use crate::store::{Oddity, StoreError};

/// The entries say where the ledger ends; what the head row says is compared elsewhere.
const PARTS: &str = "
    WITH ledger AS (SELECT coalesce(max(position) + 1, 0) AS size FROM entry),
         mark AS (SELECT min(indexed_to) AS size FROM cursor WHERE one = 1),
         fed AS (SELECT coalesce(least(ledger.size, mark.size), ledger.size) AS size
                   FROM ledger, mark)
    SELECT 'row', greatest(min(private.position), 0), 'a private part belongs to no entry'
      FROM private LEFT JOIN entry ON entry.position = private.position
     WHERE entry.position IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT 'row', greatest(min(position), 0), 'an entry stands before the first'
      FROM entry WHERE position < 0 HAVING count(*) > 0
    UNION ALL
    SELECT 'index', greatest(min(position), 0), 'an index line is of no entry'
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
      FROM unnest(ARRAY['entry_pkey', 'entry_stream_version', 'entry_command']) AS name
     WHERE NOT EXISTS (
         SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
          WHERE relname = name AND indrelid = 'entry'::regclass AND indisunique AND indisvalid
     )";

pub(super) async fn find(pool: &PgPool) -> Result<Vec<Oddity>, StoreError> {
    let field = |error| outcome::of_store(error);
    let rows = sqlx::query(PARTS).fetch_all(pool).await.map_err(field)?;
    let mut found = Vec::new();
    for row in &rows {
        let what: &str = row.try_get(0).map_err(field)?;
        let position: Option<i64> = row.try_get(1).map_err(field)?;
        let position = outcome::unsigned(position.unwrap_or(0))?;
        found.push(Oddity::told(what, position, row.try_get(2).map_err(field)?));
    }
    Ok(found)
}
