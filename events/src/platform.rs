//! 平台 — what belongs to the platform as a whole: organisations, the rulebooks they adopt,
//! exemptions, working days. The stream is the organisation's.

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::command::{AdoptProfile, Command};
use crate::event::{CommandText, NoPrivate, thing_events};
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::facts;
use crate::hash::Hash;
use crate::id::{OrganisationId, Stream, Subject};
use crate::ledger::ActProposed;
use crate::sorted::Sorted;
use crate::subject_of;
use crate::text::{Clause, Day, PublicName};
use crate::time::Time;

/// 组织登记 — an organisation that can host sites and employ accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRegistered {
    /// What it is in a profile's words: `kind`.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// Its public name.
    pub name: PublicName,
    /// The organisation above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrganisationId>,
}

/// 采用规则 — from its effective date on, an organisation and those below it that adopted none of
/// their own are judged by this rulebook. The command's text carries it whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileAdopted {
    /// The command, as text: [`AdoptProfile`].
    pub command: String,
    /// Nonce of the command's digest.
    pub nonce: Hash,
}

impl ProfileAdopted {
    /// What was adopted; `None` where the text is no such command.
    pub fn adoption(&self) -> Option<AdoptProfile> {
        match Command::read_exact("adopt_profile", self.command.as_bytes()) {
            Ok(Command::AdoptProfile(adoption)) => Some(adoption),
            _ => None,
        }
    }
}

facts! {
    /// 采用工作日历 — which days of a year are off though working days by the week, and the reverse.
    CalendarAdopted {
        /// Days off from Monday to Friday.
        off: Sorted<Day, 366>,
        /// Working days on Saturday and Sunday.
        on: Sorted<Day, 366>,
        /// The year.
        year: u32,
    }
    /// 批准例外 — a clause of the force `principle` does not hold for something for a time.
    ExemptionGranted {
        /// The clause.
        clause: Clause,
        /// From when.
        from: Time,
        /// For what: any thing, its site, an organisation (`platform/...`).
        subject: Stream,
        /// Until when.
        until: Time,
    }
    /// 终止例外
    ExemptionEnded {
        /// Position of its grant.
        exemption: u64,
    }
}

thing_events! {
    /// A fact about the platform.
    "platform" {
        /// 组织登记
        OrganisationRegistered(OrganisationRegistered, CommandText) = "organisation_registered",
        /// 提议双人操作
        ActProposed(ActProposed, NoPrivate) = "act_proposed",
        /// 采用规则
        ProfileAdopted(ProfileAdopted, NoPrivate) = "profile_adopted",
        /// 采用工作日历
        CalendarAdopted(CalendarAdopted, Note) = "calendar_adopted",
        /// 批准例外
        ExemptionGranted(ExemptionGranted, Note) = "exemption_granted",
        /// 终止例外
        ExemptionEnded(ExemptionEnded, Note) = "exemption_ended",
        /// 证据记录
        EvidenceRecorded(EvidenceRecorded, Note) = "evidence_recorded",
    }
}

impl Event {
    /// What it is about besides its own organisation.
    pub(crate) fn concerns(&self) -> Option<Subject> {
        match self {
            Event::OrganisationRegistered(registered) => registered.parent.map(Subject::from),
            Event::ExemptionGranted(granted) => subject_of(granted.subject),
            _ => None,
        }
    }
}
