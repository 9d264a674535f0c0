//! 账号 — platform accounts: one person each.

use serde::{Deserialize, Serialize};

use crate::event::thing_events;
use crate::hash::Hash;
use crate::id::{ImportId, OrganisationId, words};

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

thing_events! {
    /// A fact about an account.
    "account" {
        /// 账号开通
        Opened(Opened, Person) = "opened",
    }
}
