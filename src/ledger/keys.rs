//! 密钥文件 — the keys a host keeps, one file each, hex of the seed, mode 0600.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use annals_events::hash::{hex, hex_to_array};
use annals_events::keys::SecretKey;

/// The keys of one host in its data folder.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    folder: PathBuf,
}

impl KeyFiles {
    /// In this folder.
    pub fn new(folder: &Path) -> KeyFiles {
        KeyFiles { folder: folder.to_owned() }
    }

    /// Where the root key is made; its owner should move it elsewhere.
    pub fn root_path(&self) -> PathBuf {
        self.folder.join("root.key")
    }

    /// The log key.
    pub fn log_path(&self) -> PathBuf {
        self.folder.join("log.key")
    }

    /// A log key that a rotation under way will put in place.
    pub fn next_log_path(&self) -> PathBuf {
        self.folder.join("log.key.next")
    }

    /// The cosigner's key.
    pub fn cosigner_path(&self) -> PathBuf {
        self.folder.join("cosigner.key")
    }

    /// Put the next log key in the place of the old one.
    pub fn promote_log(&self) -> io::Result<()> {
        fs::rename(self.next_log_path(), self.log_path())?;
        fs::File::open(&self.folder)?.sync_all()
    }
}

/// Write a new key file; never overwrites one. Its folder is synced too: an entry may introduce
/// the key, and a file whose name is lost with the power would be a key lost.
pub fn write_key(path: &Path, key: &SecretKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(hex(&key.seed()).as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Read a key file; refuses one that others may read.
pub fn read_key(path: &Path) -> io::Result<SecretKey> {
    let wrong = |detail: &str| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {detail}", path.display()))
    };
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
    let mode = fs::metadata(path).map_err(named)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(wrong("others may read this key: chmod 600 first"));
    }
    let text = fs::read_to_string(path).map_err(named)?;
    let seed = hex_to_array(text.trim_end()).ok_or_else(|| wrong("not 64 hex digits"))?;
    Ok(SecretKey::from_seed(seed))
}
