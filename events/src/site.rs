//! 网站 — government websites on the platform.

use serde::{Deserialize, Serialize};

use crate::event::{CommandText, thing_events};
use crate::id::{ImportId, OrganisationId};
use crate::text::PublicName;

/// 网站开办 — a site came into being; its stream is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The import that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
    /// The line that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Its public name.
    pub name: PublicName,
    /// 主办单位 — who answers for it.
    pub organisation: OrganisationId,
}

thing_events! {
    /// A fact about a site.
    "site" {
        /// 网站开办
        Opened(Opened, CommandText) = "opened",
    }
}
