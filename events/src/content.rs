//! 信息 — pieces of content: drafted, reviewed, published, corrected, moved, withdrawn.

use serde::{Deserialize, Serialize};

use crate::event::thing_events;
use crate::hash::Hash;
use crate::id::{AccountId, BodyId, ColumnId, ImportId, SiteId, words};

words! {
    /// 审核级次 — the three levels of review.
    ReviewLevel {
        /// 初审
        Initial = "initial",
        /// 复审
        Second = "second",
        /// 终审
        Final = "final",
    }
}

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
    /// Which review.
    pub level: ReviewLevel,
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
    }
}
