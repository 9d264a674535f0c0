//! 安全事件 — from detection to lessons, each step with the time it happened.

use crate::attributes::Attributes;
use crate::event::thing_events;
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::facts;
use crate::id::{ContentId, SiteId};
use crate::text::Word;

facts! {
    /// 发现 — something went wrong; its stream is the incident.
    Detected {
        /// Type and gravity in a profile's words.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// The site.
        site: SiteId,
    }
    /// 报告领导 — somebody who must know was told.
    Reported {
        /// The site.
        site: SiteId,
        /// His post, in the profile's words.
        to: Word,
    }
    /// 到场 — somebody who must come was there.
    ResponderArrived {
        /// His post, in the profile's words.
        post: Word,
        /// The site.
        site: SiteId,
    }
    /// 隔离 — what was attacked is off the network.
    Isolated {
        /// The site.
        site: SiteId,
    }
    /// 删除内容 — content that must not be seen is gone from the public.
    ContentRemoved {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<ContentId>,
        /// The site.
        site: SiteId,
        /// Whether it could not wait for a report.
        urgent: bool,
    }
    /// 恢复 — the site serves again.
    Restored {
        /// The site.
        site: SiteId,
    }
    /// 通报主管部门 — an authority was told.
    AuthorityTold {
        /// Which, in the profile's words.
        authority: Word,
        /// The site.
        site: SiteId,
    }
    /// 认定不可抗力 — nothing could have been done about the cause.
    ForceMajeureDeclared {
        /// What it was, in the profile's words.
        ground: Word,
        /// The site.
        site: SiteId,
    }
    /// 结案 — nothing more is to be done.
    Closed {
        /// The site.
        site: SiteId,
    }
    /// 清除档案 — the archive leaves the running view after its time of keeping.
    ArchivePurged {
        /// The site.
        site: SiteId,
    }
}

thing_events! {
    /// A fact about an incident.
    "incident" {
        /// 发现
        Detected(Detected, Note) = "detected",
        /// 报告领导
        Reported(Reported, Note) = "reported",
        /// 到场
        ResponderArrived(ResponderArrived, Note) = "responder_arrived",
        /// 隔离
        Isolated(Isolated, Note) = "isolated",
        /// 删除内容
        ContentRemoved(ContentRemoved, Note) = "content_removed",
        /// 恢复
        Restored(Restored, Note) = "restored",
        /// 通报主管部门
        AuthorityTold(AuthorityTold, Note) = "authority_told",
        /// 认定不可抗力
        ForceMajeureDeclared(ForceMajeureDeclared, Note) = "force_majeure_declared",
        /// 证据记录
        EvidenceRecorded(EvidenceRecorded, Note) = "evidence_recorded",
        /// 结案
        Closed(Closed, Note) = "closed",
        /// 清除档案
        ArchivePurged(ArchivePurged, Note) = "archive_purged",
    }
}

impl Event {
    /// The site it names; only a record of evidence may name none.
    pub fn site(&self) -> Option<SiteId> {
        Some(match self {
            Self::Detected(facts) => facts.site,
            Self::Reported(facts) => facts.site,
            Self::ResponderArrived(facts) => facts.site,
            Self::Isolated(facts) => facts.site,
            Self::ContentRemoved(facts) => facts.site,
            Self::Restored(facts) => facts.site,
            Self::AuthorityTold(facts) => facts.site,
            Self::ForceMajeureDeclared(facts) => facts.site,
            Self::Closed(facts) => facts.site,
            Self::ArchivePurged(facts) => facts.site,
            Self::EvidenceRecorded(record) => return record.site,
        })
    }
}
