//! 证据记录 — that something which a rule asks for was done and can be shown: one form for all
//! things, so that a new kind of record is a line of a profile and no new type.

use serde::{Deserialize, Serialize};

use crate::fields::facts;
use crate::hash::Hash;
use crate::id::SiteId;
use crate::sorted::Sorted;
use crate::text::{Day, Word};

/// 说明 — a private part of the command and a free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The command, as text.
    pub command: String,
    /// Nonce of the command's digest.
    pub nonce: Hash,
    /// Opinion, reason, description, question or answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

facts! {
    /// 证据记录 — a record of a kind that a profile knows.
    EvidenceRecorded {
        /// SHA-256 of documents that are kept elsewhere.
        #[serde(default, skip_serializing_if = "Sorted::is_empty")]
        documents: Sorted<Hash, 32>,
        /// Which kind: `training`, `lessons`, `three_level_form`.
        kind: Word,
        /// Which of its parts are there.
        #[serde(default, skip_serializing_if = "Sorted::is_empty")]
        parts: Sorted<Word, 32>,
        /// A day of the period it is for, where that is not the one it is recorded in.
        #[serde(skip_serializing_if = "Option::is_none")]
        period: Option<Day>,
        /// The site it concerns.
        #[serde(skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
    }
}
