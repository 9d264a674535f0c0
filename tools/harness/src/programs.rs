//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};

use crate::HarnessError;

const INSTALLED: &str = "/usr/lib/postgresql";

#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// The newest version installed the Debian way, else whatever is in `PATH`.
    pub(crate) fn find() -> Result<Self, HarnessError> {
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(INSTALLED)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        versions.sort();
        #[expect(clippy::disallowed_methods, reason = "PATH is how programs are found")]
        let path = std::env::var_os("PATH").unwrap_or_default();
        versions
            .into_iter()
            .rev()
            .map(|(_, folder)| folder)
            .chain(std::env::split_paths(&path))
            .find(|folder| folder.join("initdb").is_file() && folder.join("psql").is_file())
            .map(|folder| Self { folder })
            .ok_or(HarnessError::NotInstalled)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(crate) fn psql(&self) -> PathBuf {
        self.folder.join("psql")
    }
}
