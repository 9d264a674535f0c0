//! 网站 — government websites on the platform.

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::event::{CommandText, thing_events};
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::facts;
use crate::id::{ImportId, OrganisationId};
use crate::text::{PublicName, Word};
use crate::time::Time;

/// 网站开办 — a site came into being; its stream is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// What it is in a profile's words: `kind`, `purpose`.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
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

facts! {
    /// 临时下线 — the site is to be away until a planned end.
    TakenOffline {
        /// When it is to be back.
        planned_end: Time,
        /// Why, in the profile's words.
        reason: Word,
    }
    /// 紧急关停 — something stopped the site, or somebody had to; reported, not commanded.
    ShutDown {
        /// Why, in the profile's words.
        reason: Word,
    }
    /// 恢复访问 — the site is there again.
    Restored {}
    /// 永久关停 — the site ends.
    Closed {
        /// Why, in the profile's words.
        reason: Word,
    }
}

thing_events! {
    /// A fact about a site.
    "site" {
        /// 网站开办
        Opened(Opened, CommandText) = "opened",
        /// 临时下线
        TakenOffline(TakenOffline, Note) = "taken_offline",
        /// 紧急关停
        ShutDown(ShutDown, Note) = "shut_down",
        /// 恢复访问
        Restored(Restored, Note) = "restored",
        /// 永久关停
        Closed(Closed, Note) = "closed",
        /// 证据记录
        EvidenceRecorded(EvidenceRecorded, Note) = "evidence_recorded",
    }
}
