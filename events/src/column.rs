//! 栏目 — the columns of a site.

use serde::{Deserialize, Serialize};

use crate::event::thing_events;
use crate::hash::Hash;
use crate::id::SiteId;

/// 栏目设立 — a column of a site came into being; its stream is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The site.
    pub site: SiteId,
}

/// What the column is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// The command, as text.
    pub command: String,
    /// Nonce of the command's digest.
    pub nonce: Hash,
    /// Its title.
    pub title: String,
}

thing_events! {
    /// A fact about a site's columns.
    "column" {
        /// 栏目设立
        Opened(Opened, Title) = "opened",
    }
}
