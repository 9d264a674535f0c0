//! 栏目 — the columns of a site.

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::event::thing_events;
use crate::evidence::Note;
use crate::fields::facts;
use crate::hash::Hash;
use crate::id::SiteId;

/// 栏目设立 — a column of a site came into being; its stream is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// What it is in a profile's words: `class`.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
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

facts! {
    /// 栏目关闭 — nothing more stands in it.
    Closed {
        /// The site.
        site: SiteId,
    }
}

thing_events! {
    /// A fact about a site's columns.
    "column" {
        /// 栏目设立
        Opened(Opened, Title) = "opened",
        /// 栏目关闭
        Closed(Closed, Note) = "closed",
    }
}
