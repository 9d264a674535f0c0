//! Rows for the peers: the bytes of one real entry, under keys of their own.

use annals::app::App;
use annals::store::Row;
use uuid::Uuid;

use crate::Failed;

/// Rows of one bulk INSERT.
pub const BULK_ROWS: u64 = 1_000;

/// See the module.
#[derive(Clone)]
pub struct Sample {
    /// A whole entry as it lies in the store.
    pub row: Row,
    /// Its private part.
    pub private: ([u8; 32], Vec<u8>),
}

impl Sample {
    /// The newest entry; it must be a draft.
    pub async fn take(app: &App) -> Result<Sample, Failed> {
        let size = app.store().head().await?.size;
        let rows = app.store().read_at(&[size - 1]).await?;
        let row = rows.into_iter().next().ok_or("the newest entry is missing")?;
        let private = row.private.clone().ok_or("the newest entry has no private part")?;
        Ok(Sample { row, private })
    }

    /// Sizes, for the table: header, facts, private part.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.row.header.len(), self.row.facts.len(), self.private.1.len())
    }

    /// A stream and a command key that nobody has used.
    pub fn keys() -> (String, [u8; 16]) {
        (format!("content/{}", Uuid::now_v7()), Uuid::now_v7().into_bytes())
    }

    /// So many rows from this position on.
    pub fn rows(&self, from: u64, count: u64) -> Vec<Row> {
        let rows = (from..from + count).map(|position| {
            let (stream, key) = Sample::keys();
            Row { position, stream, command_key: Some(key), ..self.row.clone() }
        });
        rows.collect()
    }
}
