//! 账号 — platform accounts: one person each.

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::event::thing_events;
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::facts;
use crate::hash::Hash;
use crate::id::{ImportId, OrganisationId, PersonId, Stream, Subject, words};
use crate::subject_of;
use crate::text::Word;

words! {
    /// 职责 — what an account is there for; never two in one account.
    Duty {
        /// 平台管理员
        Administrator = "administrator",
        /// 审计人员 — reads everything, writes nothing but confirmations of two-person acts.
        Auditor = "auditor",
        /// 编辑员
        Editor = "editor",
        /// 审核员
        Reviewer = "reviewer",
        /// 负责人
        Approver = "approver",
        /// 信息员
        InformationOfficer = "information_officer",
    }
}

words! {
    /// 可用性 — whether anybody can act under the account.
    Access {
        /// 可用
        Usable = "usable",
        /// 不可用 — stands for a person of an imported history; nobody can act under it.
        Unusable = "unusable",
    }
}

/// 账号开通 — an account came into being; its stream is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Whether it can act.
    pub access: Access,
    /// What its holder is in a profile's words: `staff`.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// What it is there for.
    pub duty: Duty,
    /// The import that named the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
    /// The line that named the person first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Whose account.
    pub organisation: OrganisationId,
    /// Whose certificate: accounts of one person count as one where persons must differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The command, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The person's name.
    pub name: String,
    /// Nonce of the command's digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hash>,
}

facts! {
    /// 账号申请 — somebody asks for an account; its stream is the account to be.
    Applied {
        /// Whose account.
        organisation: OrganisationId,
        /// What it is to be there for.
        role: Word,
    }
    /// 授权 — the account may act in a role, within a scope.
    RoleGranted {
        /// The role, in the profile's words.
        role: Word,
        /// A site, a column, or an organisation (`platform/...`) with all below it.
        scope: Stream,
    }
    /// 收回授权
    RoleRevoked {
        /// The role.
        role: Word,
        /// The scope it was granted for.
        scope: Stream,
    }
    /// 账号停用 — nobody acts under it for now.
    Suspended {}
    /// 账号恢复
    Resumed {}
    /// 账号注销 — nobody acts under it any more.
    Cancelled {
        /// Why: `left`, `transferred`, `duplicate`.
        reason: Word,
    }
}

thing_events! {
    /// A fact about an account.
    "account" {
        /// 账号开通
        Opened(Opened, Person) = "opened",
        /// 账号申请
        Applied(Applied, Note) = "applied",
        /// 授权
        RoleGranted(RoleGranted, Note) = "role_granted",
        /// 收回授权
        RoleRevoked(RoleRevoked, Note) = "role_revoked",
        /// 账号停用
        Suspended(Suspended, Note) = "suspended",
        /// 账号恢复
        Resumed(Resumed, Note) = "resumed",
        /// 账号注销
        Cancelled(Cancelled, Note) = "cancelled",
        /// 证据记录
        EvidenceRecorded(EvidenceRecorded, Note) = "evidence_recorded",
    }
}

impl Event {
    /// What it is about besides the account itself.
    pub(crate) fn concerns(&self) -> Option<Subject> {
        match self {
            Event::Opened(opened) => Some(opened.organisation.into()),
            Event::Applied(applied) => Some(applied.organisation.into()),
            Event::RoleGranted(role) => subject_of(role.scope),
            Event::RoleRevoked(role) => subject_of(role.scope),
            _ => None,
        }
    }
}
