//! 命令原文 — a command's text as its entry keeps it, and what a command may be aimed at.

use serde::{Deserialize, Serialize};

use super::digest;
use crate::hash::Hash;
use crate::id::words;
use crate::{Event, ledger, platform};

words! {
    /// Whether a command brings a new thing or needs a known one.
    Target {
        /// The stream is new, or the thing is known: `draft_content`, imports' lines.
        Either = "either",
        /// The stream must be empty.
        New = "new",
        /// The stream must have entries.
        Known = "known",
    }
}

/// A command's text with its nonce, as the private part (or the facts) of its entry keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Text {
    /// Canonical command.
    pub command: String,
    /// Nonce of the digest.
    pub nonce: Hash,
}

impl Text {
    /// The digest over both.
    pub fn digest(&self) -> Hash {
        digest(&self.nonce, self.command.as_bytes())
    }

    /// Read it back from an entry's parts, wherever this type keeps it.
    pub fn of(event: &Event, private: Option<&[u8]>) -> Option<Text> {
        match event {
            Event::Ledger(ledger::Event::ActProposed(proposed)) => {
                Some(Text { command: proposed.command.clone(), nonce: proposed.nonce })
            }
            Event::Platform(platform::Event::ActProposed(proposed)) => {
                Some(Text { command: proposed.command.clone(), nonce: proposed.nonce })
            }
            Event::Platform(platform::Event::ProfileAdopted(adopted)) => {
                Some(Text { command: adopted.command.clone(), nonce: adopted.nonce })
            }
            Event::Ledger(ledger::Event::KeyRotated(rotated)) => {
                Some(Text { command: rotated.command.clone(), nonce: rotated.nonce })
            }
            _ => Text::kept(private?),
        }
    }

    /// Read it from a part that keeps one, of any type.
    pub fn kept(part: &[u8]) -> Option<Text> {
        serde_json::from_slice(part).ok()
    }
}
