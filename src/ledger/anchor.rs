//! 锚 — the newest entry's size, leaf and epoch, swapped in a second place before any answer.
//!
//! A database restored from an older copy is a valid, shorter ledger; only something kept
//! elsewhere can tell. On one host that is a file outside the database.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use annals_events::Hash;
use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};

/// What an anchor holds: the newest entry that was, or may have been, acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// Number of entries.
    pub size: u64,
    /// Leaf of entry `size - 1`.
    pub leaf: Hash,
    /// Its epoch.
    pub epoch: u64,
    /// Its entry signature.
    pub signature: [u8; 64],
}

/// A swap did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The anchor holds something else than expected: another writer was here.
    #[error("the anchor was moved by another writer to size {size}, epoch {epoch}")]
    Moved {
        /// Size found.
        size: u64,
        /// Epoch found.
        epoch: u64,
    },
    /// It could not be read or written.
    #[error("the anchor cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// Both slots are damaged.
    #[error("the anchor is damaged: neither of its two slots can be read")]
    Damaged,
}

/// A compare-and-swap kept apart from the store.
///
/// MUST be durable when `swap` returns, MUST compare under a lock that other processes respect,
/// and MUST keep the older value readable until the newer one is durable.
#[async_trait]
pub trait Anchor: Send + Sync + 'static {
    /// What it holds; `None` before the first swap.
    async fn get(&self) -> Result<Option<Anchored>, AnchorError>;

    /// Replace `old` by `new`.
    async fn swap(&self, old: Option<&Anchored>, new: &Anchored) -> Result<(), AnchorError>;
}

const SLOT: usize = 4_096;
const TITLE: &[u8; 16] = b"annals/anchor/v1";
const FILLED: usize = 16 + 8 + 8 + 8 + 32 + 64;

/// Two checksummed slots of 4 KiB in one file, written in turn, one fdatasync a swap.
pub struct FileAnchor {
    path: PathBuf,
}

impl FileAnchor {
    /// At this path; the file is made by the first swap.
    pub fn new(path: &Path) -> FileAnchor {
        FileAnchor { path: path.to_owned() }
    }

    fn read(file: &File) -> Result<Option<(u64, Anchored)>, AnchorError> {
        let mut newest: Option<(u64, Anchored)> = None;
        let mut damaged = 0;
        for slot in 0..2u64 {
            let mut bytes = [0; SLOT];
            match file.read_exact_at(&mut bytes, slot * SLOT as u64) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => continue,
                Err(error) => return Err(error.into()),
            }
            match decode(&bytes) {
                Some(found) if newest.as_ref().is_none_or(|(turn, _)| found.0 > *turn) => {
                    newest = Some(found);
                }
                Some(_) => {}
                None if bytes.iter().all(|b| *b == 0) => {}
                None => damaged += 1,
            }
        }
        if newest.is_none() && damaged > 0 {
            return Err(AnchorError::Damaged);
        }
        Ok(newest)
    }

    fn swap_now(&self, old: Option<&Anchored>, new: &Anchored) -> Result<(), AnchorError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        flock(&file, FlockOperation::LockExclusive).map_err(io::Error::from)?;
        let found = Self::read(&file)?;
        if found.as_ref().map(|(_, anchored)| anchored) != old {
            let (size, epoch) = found.map_or((0, 0), |(_, found)| (found.size, found.epoch));
            return Err(AnchorError::Moved { size, epoch });
        }
        let turn = found.as_ref().map_or(0, |(turn, _)| turn + 1);
        file.write_all_at(&encode(turn, new), (turn % 2) * SLOT as u64)?;
        file.sync_data()?;
        if turn == 0 {
            // The file is new: its name must be as durable as its content.
            let folder = self.path.parent().unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn encode(turn: u64, anchored: &Anchored) -> [u8; SLOT] {
    let mut bytes = [0; SLOT];
    let mut filled = Vec::with_capacity(FILLED);
    filled.extend_from_slice(TITLE);
    for number in [turn, anchored.size, anchored.epoch] {
        filled.extend_from_slice(&number.to_be_bytes());
    }
    filled.extend_from_slice(&anchored.leaf.0);
    filled.extend_from_slice(&anchored.signature);
    bytes[..FILLED].copy_from_slice(&filled);
    bytes[FILLED..FILLED + 32].copy_from_slice(&Hash::of(&[&filled]).0);
    bytes
}

fn decode(bytes: &[u8; SLOT]) -> Option<(u64, Anchored)> {
    let filled = bytes[..FILLED].strip_prefix(TITLE)?;
    if Hash::of(&[&bytes[..FILLED]]).0 != bytes[FILLED..FILLED + 32] {
        return None;
    }
    let number = |at: usize| Some(u64::from_be_bytes(filled.get(at..at + 8)?.try_into().ok()?));
    let anchored = Anchored {
        size: number(8)?,
        epoch: number(16)?,
        leaf: Hash(filled.get(24..56)?.try_into().ok()?),
        signature: filled.get(56..120)?.try_into().ok()?,
    };
    Some((number(0)?, anchored))
}

#[async_trait]
impl Anchor for FileAnchor {
    async fn get(&self) -> Result<Option<Anchored>, AnchorError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        flock(&file, FlockOperation::LockShared).map_err(io::Error::from)?;
        Ok(Self::read(&file)?.map(|(_, anchored)| anchored))
    }

    async fn swap(&self, old: Option<&Anchored>, new: &Anchored) -> Result<(), AnchorError> {
        // One page and one flush: shorter than a hand-over to another thread and back.
        tokio::task::block_in_place(|| self.swap_now(old, new))
    }
}
