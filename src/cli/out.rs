//! Files and folders that an option names to be written.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::Failure;

/// What is wrong with what an option names.
pub fn wrong(option: &str, path: &Path, detail: impl Display) -> Failure {
    Failure::input(format!("{option} {}: {detail}", path.display()))
}

/// Refused before anything is made: a call that fails leaves no folder behind.
pub fn check_absent_or_empty(option: &str, folder: &Path) -> Result<(), Failure> {
    match fs::read_dir(folder).map(|entries| entries.count()) {
        Ok(0) => Ok(()),
        Ok(_) => Err(wrong(option, folder, "is not empty")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(wrong(option, folder, error)),
    }
}
