//! 信息 — pieces of content: drafted, reviewed, published, corrected, moved, withdrawn.

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::event::thing_events;
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::facts;
use crate::hash::Hash;
use crate::id::{AccountId, BodyId, ColumnId, ImportId, OrganisationId, SiteId, Subject, words};
use crate::sorted::Sorted;
use crate::text::Word;

words! {
    /// 原系统中的变更 — what the source of an import calls its change.
    Change {
        /// 新建
        Created = "created",
        /// 修改
        Updated = "updated",
        /// 改名
        Renamed = "renamed",
        /// 删除
        Removed = "removed",
    }
}

/// 来自导入的事实 — what an imported entry knows besides: line, word and persons of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Who published it after review; absent where it went live without one.
    pub approver: Option<AccountId>,
    /// Who wrote it.
    pub author: AccountId,
    /// What the source calls it.
    pub change: Change,
    /// The import.
    pub import: ImportId,
    /// The line, from 0.
    pub line: u64,
}

/// 起草 — a version of a piece of content was handed in for review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drafted {
    /// The version.
    pub body: BodyId,
    /// Its length in bytes.
    pub bytes: u64,
    /// Where it is to stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<ColumnId>,
    /// The site.
    pub site: SiteId,
}

/// 审核通过 — somebody reviewed exactly this version and passed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewPassed {
    /// The version seen.
    pub body: BodyId,
    /// The checks it passed: 政治, 法律, 政策, 保密, 文字, 舆情, in the profile's words.
    #[serde(default, skip_serializing_if = "Sorted::is_empty")]
    pub gates: Sorted<Word, 16>,
    /// Which review, in the profile's words: `initial`, `second`, `final`.
    pub level: Word,
    /// The site.
    pub site: SiteId,
}

/// 发布, 更正 — a version is shown to the public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// See [`Imported::approver`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<AccountId>,
    /// See [`Imported::author`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// The version.
    pub body: BodyId,
    /// Its length in bytes.
    pub bytes: u64,
    /// See [`Imported::change`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// See [`Imported::import`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
    /// See [`Imported::line`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The site.
    pub site: SiteId,
}

/// 移动, 撤回 — a page changes its path or disappears; its version stays known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// See [`Imported::approver`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<AccountId>,
    /// See [`Imported::author`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// See [`Imported::change`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// See [`Imported::import`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
    /// See [`Imported::line`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The site.
    pub site: SiteId,
}

macro_rules! imported {
    ($($name:ident),*) => {$(
        impl $name {
            /// What an import said; `None` on any other entry or where a part is missing.
            pub fn imported(&self) -> Option<Imported> {
                Some(Imported {
                    approver: self.approver,
                    author: self.author?,
                    change: self.change?,
                    import: self.import?,
                    line: self.line?,
                })
            }
        }
    )*};
}

imported!(Shown, Changed);

/// Where the page stands and what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageText {
    /// The command, as text; an import has `line` instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The path before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The exact line of the import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Nonce of the command's digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hash>,
    /// The page's path.
    pub path: String,
    /// Its title, where it states one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What a reviewer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// The command, as text.
    pub command: String,
    /// Nonce of the command's digest.
    pub nonce: Hash,
    /// 审核意见
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opinion: Option<String>,
}

/// Why a page was withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The command, as text; an import has `line` instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The exact line of the import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Nonce of the command's digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hash>,
    /// The page's path, as the import names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// 撤回原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

facts! {
    /// 送审 — the version in work goes to review as what it says it is.
    Submitted {
        /// Class, channel and kind in a profile's words; they choose the route.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// The version.
        body: BodyId,
        /// 信息提供单位 — who supplied it, where another organisation did.
        #[serde(skip_serializing_if = "Option::is_none")]
        provider: Option<OrganisationId>,
        /// The site.
        site: SiteId,
    }
    /// 退回 — a reviewer sends the version back; it must be handed in anew.
    Returned {
        /// The version seen.
        body: BodyId,
        /// Which review.
        level: Word,
        /// The site.
        site: SiteId,
    }
    /// 修改 — a higher reviewer makes a version of his own, which keeps the passes below him.
    Revised {
        /// The new version.
        body: BodyId,
        /// Its length in bytes.
        bytes: u64,
        /// His level.
        level: Word,
        /// The site.
        site: SiteId,
    }
    /// 归档 — kept and readable, no longer changed.
    Archived {
        /// The site.
        site: SiteId,
    }
}

thing_events! {
    /// A fact about a piece of content.
    "content" {
        /// 起草
        Drafted(Drafted, PageText) = "drafted",
        /// 审核通过
        ReviewPassed(ReviewPassed, Opinion) = "review_passed",
        /// 发布
        Published(Shown, PageText) = "published",
        /// 更正
        Corrected(Shown, PageText) = "corrected",
        /// 移动
        Moved(Changed, PageText) = "moved",
        /// 撤回
        Withdrawn(Changed, Reason) = "withdrawn",
        /// 送审
        Submitted(Submitted, Note) = "submitted",
        /// 退回
        Returned(Returned, Note) = "returned",
        /// 修改
        Revised(Revised, Note) = "revised",
        /// 归档
        Archived(Archived, Note) = "archived",
        /// 证据记录
        EvidenceRecorded(EvidenceRecorded, Note) = "evidence_recorded",
    }
}

impl Event {
    /// The site it names; only a record of evidence may name none.
    pub fn site(&self) -> Option<SiteId> {
        Some(match self {
            Self::Drafted(drafted) => drafted.site,
            Self::Submitted(submitted) => submitted.site,
            Self::ReviewPassed(passed) => passed.site,
            Self::Returned(returned) => returned.site,
            Self::Revised(revised) => revised.site,
            Self::Published(shown) | Self::Corrected(shown) => shown.site,
            Self::Moved(changed) | Self::Withdrawn(changed) => changed.site,
            Self::Archived(archived) => archived.site,
            Self::EvidenceRecorded(record) => return record.site,
        })
    }

    /// The version it names.
    pub fn body(&self) -> Option<BodyId> {
        Some(match self {
            Self::Drafted(drafted) => drafted.body,
            Self::Submitted(submitted) => submitted.body,
            Self::ReviewPassed(passed) => passed.body,
            Self::Returned(returned) => returned.body,
            Self::Revised(revised) => revised.body,
            Self::Published(shown) | Self::Corrected(shown) => shown.body,
            Self::Moved(_) | Self::Withdrawn(_) | Self::Archived(_) => return None,
            Self::EvidenceRecorded(_) => return None,
        })
    }

    /// Its length, where it states one.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Drafted(drafted) => Some(drafted.bytes),
            Self::Revised(revised) => Some(revised.bytes),
            Self::Published(shown) | Self::Corrected(shown) => Some(shown.bytes),
            _ => None,
        }
    }

    /// What an import said, where one did.
    pub fn imported(&self) -> Option<Imported> {
        match self {
            Self::Published(shown) | Self::Corrected(shown) => shown.imported(),
            Self::Moved(changed) | Self::Withdrawn(changed) => changed.imported(),
            _ => None,
        }
    }

    /// What it is about besides actor and site: who supplied it, whom an import names.
    pub(crate) fn concerns(&self) -> Vec<Subject> {
        if let Self::Submitted(submitted) = self {
            return submitted.provider.map(Subject::from).into_iter().collect();
        }
        let Some(line) = self.imported() else { return Vec::new() };
        [Some(line.author), line.approver].into_iter().flatten().map(Subject::from).collect()
    }
}
