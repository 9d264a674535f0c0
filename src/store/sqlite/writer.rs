//! The one connection that writes, and transactions on it.
//!
//! Not a pool of one: giving a connection back to a pool and taking it again costs two ways through
//! the scheduler, which every batch would wait for.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

/// Longer than a lock is waited for, for a long snapshot may be in front.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub(super) struct Writer {
    options: SqliteConnectOptions,
    slot: Mutex<Slot>,
}

#[derive(Debug)]
enum Slot {
    Open(Box<SqliteConnection>),
    /// A transaction on it did not end: closed before another is opened, which undoes it.
    Failed(Box<SqliteConnection>),
    Closed,
}

impl Writer {
    /// Connect.
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Writer, sqlx::Error> {
        let connection = Box::new(options.connect().await?);
        Ok(Writer { options, slot: Mutex::new(Slot::Open(connection)) })
    }

    /// Wait for whoever writes, then close; nobody writes any more.
    pub(super) async fn close(&self) {
        close(&mut *self.slot.lock().await).await;
    }
}

/// Wait until SQLite's thread has let go of the file. How it ends changes nothing: what was to be
/// durable is.
async fn close(slot: &mut Slot) {
    match std::mem::replace(slot, Slot::Closed) {
        Slot::Open(connection) | Slot::Failed(connection) => drop(connection.close().await),
        Slot::Closed => {}
    }
}

/// A transaction on the writing connection. Dropped before its end (an error, or a caller that
/// stopped waiting) the connection is not used again, which undoes everything: after a full disk
/// SQLite has already undone it, after a constraint it has not, and a new connection is the one
/// answer to both.
pub(super) struct Writing<'a> {
    slot: MutexGuard<'a, Slot>,
    open: bool,
}

impl<'a> Writing<'a> {
    /// `IMMEDIATE`: a transaction that starts by reading could be refused its first write.
    pub(super) async fn begin(writer: &'a Writer) -> Result<Self, sqlx::Error> {
        let mut writing = Self::unbegun(writer).await?;
        writing.begin_now().await?;
        Ok(writing)
    }

    /// The first statement is to begin it.
    pub(super) async fn unbegun(writer: &'a Writer) -> Result<Self, sqlx::Error> {
        let slot = timeout(ACQUIRE_TIMEOUT, writer.slot.lock()).await;
        let mut slot = slot.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if let Slot::Closed = *slot {
            return Err(sqlx::Error::PoolClosed);
        }
        if let Slot::Failed(_) = *slot {
            let again = writer.options.connect().await?;
            close(&mut slot).await;
            *slot = Slot::Open(Box::new(again));
        }
        Ok(Self { slot, open: true })
    }

    pub(super) async fn begin_now(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query("BEGIN IMMEDIATE").execute(self.on()).await.map(|_| ())
    }

    pub(super) fn on(&mut self) -> &mut SqliteConnection {
        match &mut *self.slot {
            Slot::Open(connection) => connection,
            Slot::Failed(_) | Slot::Closed => unreachable!("it is open while somebody writes"),
        }
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("COMMIT").execute(self.on()).await?;
        self.ended();
        Ok(())
    }

    pub(super) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("ROLLBACK").execute(self.on()).await?;
        self.ended();
        Ok(())
    }

    /// Some statement ended the transaction.
    pub(super) fn ended(mut self) {
        self.open = false;
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if self.open
            && let Slot::Open(failed) = std::mem::replace(&mut *self.slot, Slot::Closed)
        {
            *self.slot = Slot::Failed(failed);
        }
    }
}
