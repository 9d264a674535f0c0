//! 数据目录 — what a host keeps beside the store: keys, anchor, lock, the genesis it pinned.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use annals_events::Hash;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// Where the ledger of this host is.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
    database: Option<String>,
}

/// The genesis this host pinned when the ledger was founded or joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// Leaf of the genesis entry.
    pub genesis: Hash,
    /// The ledger.
    pub origin: String,
}

/// Another process writes here.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Who holds the lock.
    #[error("another writer (process {0}) holds the ledger")]
    Held(String),
    /// The lock file cannot be used.
    #[error("the lock cannot be taken: {0}")]
    Io(#[from] io::Error),
}

/// The lock of a writing process; released when dropped.
#[derive(Debug)]
pub struct WriterLock {
    file: File,
}

impl Drop for WriterLock {
    /// Closing alone would leave it with a child that another thread has just forked and that has
    /// not come to its program yet. If it fails, closing still does it.
    fn drop(&mut self) {
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl Home {
    /// `folder` always holds keys, anchor, lock and genesis; `database` replaces only the SQLite
    /// file in it.
    pub fn new(folder: &Path, database: Option<String>) -> Home {
        Home { folder: folder.to_owned(), database }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What [`crate::store`] opens: the URL, or the path of the SQLite file.
    pub fn database(&self) -> String {
        let own = || self.folder.join("annals.db").display().to_string();
        self.database.clone().unwrap_or_else(own)
    }

    /// Where the store is, for messages: of a URL only host, port and database.
    pub fn place(&self) -> String {
        self.database.as_deref().map_or_else(|| self.database(), without_secrets)
    }

    /// Whether the store is the embedded one.
    pub fn is_embedded(&self) -> bool {
        self.database.is_none()
    }

    /// The anchor.
    pub fn anchor_path(&self) -> PathBuf {
        self.folder.join("anchor")
    }

    fn genesis_path(&self) -> PathBuf {
        self.folder.join("genesis.json")
    }

    /// Make the folder, for its owner only.
    pub fn create(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// The genesis pinned here.
    pub fn pinned(&self) -> io::Result<Pinned> {
        let path = self.genesis_path();
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        let text = fs::read_to_string(&path).map_err(named)?;
        serde_json::from_str(&text)
            .map_err(|e| named(io::Error::new(io::ErrorKind::InvalidData, e)))
    }

    /// Pin a genesis; never replaces one.
    pub fn pin(&self, pinned: &Pinned) -> io::Result<()> {
        let path = self.genesis_path();
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&serde_json::to_vec(pinned)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    /// Be the only writing process of this folder, or learn who is. Where the store is another
    /// host's too, only those who change the key files need it.
    pub fn lock(&self) -> Result<WriterLock, LockError> {
        let path = self.folder.join("ledger.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                return Err(LockError::Held(holder.trim().to_owned()));
            }
            Err(error) => return Err(io::Error::from(error).into()),
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(WriterLock { file })
    }
}

/// A URL without user, password and options, but for `host`, which may name a socket's folder.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    // A slash in a password that nobody escaped: what is which is anybody's guess.
    if scheme.is_empty() || database.contains('@') {
        return "--database".to_owned();
    }
    let socket = options.split('&').find(|option| option.starts_with("host="));
    let socket = socket.map(|option| format!("?{option}")).unwrap_or_default();
    format!("--database {scheme}://{host}/{database}{socket}")
}

#[cfg(test)]
mod tests {
    use super::{Home, without_secrets};

    /// A duplicate of the descriptor is what a child has between fork and exec.
    #[test]
    fn a_lock_is_free_when_dropped_whoever_still_has_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::new(folder.path(), None);
        let lock = home.lock().expect("free");
        let child = lock.file.try_clone().expect("a duplicate");
        home.lock().expect_err("held");
        drop(lock);
        home.lock().expect("free again");
        drop(child);
    }

    #[test]
    fn the_place_of_a_database_holds_no_secret() {
        for (url, place) in [
            ("postgres://u:secret@h:5433/annals", "postgres://h:5433/annals"),
            ("postgresql://h", "postgresql://h/"),
            ("postgres://u:se@cret@h/annals?password=secret", "postgres://h/annals"),
            ("postgres://u@h/x?password=secret&host=/run/pg", "postgres://h/x?host=/run/pg"),
        ] {
            assert_eq!(without_secrets(url), format!("--database {place}"));
        }
        assert_eq!(without_secrets("postgres://u:1/secret@h/annals"), "--database");
        assert_eq!(without_secrets("secret"), "--database");
    }
}
