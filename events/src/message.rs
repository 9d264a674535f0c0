//! 留言 — what citizens ask and what they are answered.

use crate::attributes::Attributes;
use crate::event::thing_events;
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::facts;
use crate::id::{OrganisationId, SiteId};
use crate::text::{Day, Word};

facts! {
    /// 收到留言 — a message came in; its text is the note, its stream its id.
    Received {
        /// Class and channel in a profile's words.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// The site.
        site: SiteId,
    }
    /// 交办 — an organisation is to answer.
    Assigned {
        /// Which.
        organisation: OrganisationId,
        /// The site.
        site: SiteId,
    }
    /// 承诺答复 — the citizen was promised an answer by a day.
    ReplyPromised {
        /// That day.
        by: Day,
        /// The site.
        site: SiteId,
    }
    /// 拟答 — an answer was written; its text is the note.
    ReplyDrafted {
        /// The site.
        site: SiteId,
    }
    /// 答复审核通过 — somebody passed the answer that was drafted last.
    ReplyPassed {
        /// Which review.
        level: Word,
        /// Position of the draft seen.
        reply: u64,
        /// The site.
        site: SiteId,
    }
    /// 答复 — the citizen was answered.
    Answered {
        /// Position of the draft.
        reply: u64,
        /// The site.
        site: SiteId,
    }
    /// 公开 — message and answer are shown to the public.
    Published {
        /// The site.
        site: SiteId,
    }
}

thing_events! {
    /// A fact about a message.
    "message" {
        /// 收到留言
        Received(Received, Note) = "received",
        /// 交办
        Assigned(Assigned, Note) = "assigned",
        /// 承诺答复
        ReplyPromised(ReplyPromised, Note) = "reply_promised",
        /// 拟答
        ReplyDrafted(ReplyDrafted, Note) = "reply_drafted",
        /// 答复审核通过
        ReplyPassed(ReplyPassed, Note) = "reply_passed",
        /// 答复
        Answered(Answered, Note) = "answered",
        /// 公开
        Published(Published, Note) = "published",
        /// 证据记录
        EvidenceRecorded(EvidenceRecorded, Note) = "evidence_recorded",
    }
}

impl Event {
    /// The site it names; only a record of evidence may name none.
    pub fn site(&self) -> Option<SiteId> {
        Some(match self {
            Self::Received(facts) => facts.site,
            Self::Assigned(facts) => facts.site,
            Self::ReplyPromised(facts) => facts.site,
            Self::ReplyDrafted(facts) => facts.site,
            Self::ReplyPassed(facts) => facts.site,
            Self::Answered(facts) => facts.site,
            Self::Published(facts) => facts.site,
            Self::EvidenceRecorded(record) => return record.site,
        })
    }
}
