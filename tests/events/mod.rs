//! The events crate held to published vectors, other implementations and its own golden files.

mod actor;
mod arbitrary;
mod canonical;
mod crafted;
mod example;
mod golden;
mod headers;
mod limits;
mod merkle;
mod notes;
mod openssl;
pub mod second_story;
mod signatures;
pub mod story;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::update_wanted;

/// The folder of vectors that is part of the format.
pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events/testdata")
}

/// A file's text; `None` where there is none.
pub fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Compare a generated file with what lies there, or write it where that is wanted.
pub fn hold(path: &Path, text: &str) {
    if update_wanted() {
        fs::write(path, text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
    let found = read(path).unwrap_or_default();
    let path = path.display();
    assert!(found == text, "{path} is not what is generated: run with ANNALS_UPDATE=1");
}

/// Lower-case hex back to bytes.
pub fn unhex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// Exactly `N` bytes of lower-case hex.
pub fn unhex_to<const N: usize>(value: &Value) -> [u8; N] {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    unhex(text).try_into().unwrap_or_else(|_| panic!("not {N} bytes: {text}"))
}

/// Vectors of other people's transparency logs.
fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/tlog-vectors.json");
    let text = read(&path).unwrap_or_else(|| panic!("{}: missing", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
