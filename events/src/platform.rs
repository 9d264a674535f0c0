//! 平台 — what belongs to the platform as a whole: for now its organisations.

use serde::{Deserialize, Serialize};

use crate::event::{CommandText, thing_events};
use crate::id::OrganisationId;
use crate::text::PublicName;

/// 组织登记 — an organisation that can host sites and employ accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRegistered {
    /// Its public name.
    pub name: PublicName,
    /// The organisation above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrganisationId>,
}

thing_events! {
    /// A fact about the platform.
    "platform" {
        /// 组织登记
        OrganisationRegistered(OrganisationRegistered, CommandText) = "organisation_registered",
    }
}
