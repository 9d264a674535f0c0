//! 信息 — what each piece of content is: in work, live or withdrawn, in which version, and which
//! reviews the version in work has passed.

use std::collections::HashMap;

use annals_events::Event;
use annals_events::attributes::Attributes;
use annals_events::content::Event as ContentEvent;
use annals_events::id::{AccountId, BodyId, ColumnId, ContentId, ImportId, OrganisationId, SiteId};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 状态 — where a piece of content stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// 编辑中 — never shown.
    Drafted,
    /// 已发布
    Live,
    /// 已撤回
    Withdrawn,
    /// 已归档 — shown, but no longer changed.
    Archived,
}

/// 送审 — as what a version went to review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Class, channel, kind in a profile's words.
    pub attributes: Attributes,
    /// The version.
    pub body: BodyId,
    /// Position of the entry.
    pub position: u64,
    /// Who supplied it.
    pub provider: Option<OrganisationId>,
}

/// 审核通过 — one review that was passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// By whom.
    pub account: AccountId,
    /// The checks it passed.
    pub gates: Vec<String>,
    /// Which review.
    pub level: String,
    /// Position of the entry.
    pub position: u64,
}

/// 稿件 — the version in work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The version.
    pub body: BodyId,
    /// Who handed it in.
    pub author: AccountId,
    /// Its length.
    pub bytes: u64,
    /// Where it is to stand.
    pub column: Option<ColumnId>,
    /// Whether somebody else passed exactly this version.
    pub passed: bool,
    /// Reviews passed, in order.
    pub passes: Vec<Pass>,
    /// Position of the entry that handed it in.
    pub position: u64,
}

/// 信息 — the state of one piece of content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its site.
    pub site: SiteId,
    /// The import that brought it.
    pub import: Option<ImportId>,
    /// Where it stands.
    pub status: Status,
    /// The version last shown.
    pub shown: Option<BodyId>,
    /// The version in work.
    pub draft: Option<Box<Draft>>,
    /// As what a version went to review last.
    pub submission: Option<Box<Submission>>,
}

/// All content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    contents: HashMap<ContentId, Content>,
}

impl Contents {
    /// One piece.
    pub fn get(&self, id: ContentId) -> Option<&Content> {
        self.contents.get(&id)
    }

    /// How many pieces of this site are live.
    pub fn live(&self, site: SiteId) -> usize {
        let live = |content: &&Content| content.site == site && content.status == Status::Live;
        self.contents.values().filter(live).count()
    }
}

impl Content {
    fn new(site: SiteId, import: Option<ImportId>) -> Content {
        Content {
            site,
            import,
            status: Status::Drafted,
            shown: None,
            draft: None,
            submission: None,
        }
    }

    fn apply(&mut self, frame: &Frame<'_>, event: &ContentEvent) {
        match event {
            ContentEvent::Drafted(drafted) => {
                let (body, bytes, column) = (drafted.body, drafted.bytes, drafted.column);
                let author = frame.actor.map(|actor| actor.account);
                let (passed, passes) = (false, Vec::new());
                self.submission = None;
                let position = frame.position;
                self.draft = author.map(|author| {
                    Box::new(Draft { body, author, bytes, column, passed, passes, position })
                });
            }
            ContentEvent::Submitted(submitted) => {
                self.clear_passes();
                self.submission = Some(Box::new(Submission {
                    attributes: submitted.attributes.clone(),
                    body: submitted.body,
                    position: frame.position,
                    provider: submitted.provider,
                }));
            }
            ContentEvent::ReviewPassed(passed) => {
                let Some(draft) = self.draft.as_mut().filter(|d| d.body == passed.body) else {
                    return;
                };
                draft.passed = true;
                let Some(actor) = frame.actor else { return };
                draft.passes.push(Pass {
                    account: actor.account,
                    gates: passed.gates.iter().map(|gate| gate.as_str().to_owned()).collect(),
                    level: passed.level.as_str().to_owned(),
                    position: frame.position,
                });
            }
            ContentEvent::Returned(_) => {
                self.clear_passes();
                self.submission = None;
            }
            ContentEvent::Revised(revised) => {
                if let Some(submission) = &mut self.submission {
                    submission.body = revised.body;
                }
                let Some(draft) = &mut self.draft else { return };
                (draft.body, draft.bytes, draft.passed) = (revised.body, revised.bytes, false);
                draft.passes.retain(|pass| pass.level != revised.level.as_str());
            }
            ContentEvent::Published(shown) | ContentEvent::Corrected(shown) => {
                self.status = Status::Live;
                self.shown = Some(shown.body);
                self.draft = None;
            }
            ContentEvent::Moved(_) | ContentEvent::EvidenceRecorded(_) => {}
            ContentEvent::Withdrawn(_) => self.status = Status::Withdrawn,
            ContentEvent::Archived(_) => self.status = Status::Archived,
        }
    }

    fn clear_passes(&mut self) {
        if let Some(draft) = &mut self.draft {
            draft.passed = false;
            draft.passes.clear();
        }
    }
}

impl Fold for Contents {
    map_fold!(Contents, contents, "content", 2);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Content(event) = event else { return };
        let id = ContentId(frame.stream.id);
        if let Some(content) = self.contents.get_mut(&id) {
            content.apply(frame, event);
            return;
        }
        // A record of evidence alone makes no content.
        let is_evidence = matches!(event, ContentEvent::EvidenceRecorded(_));
        if let Some(site) = event.site().filter(|_| !is_evidence) {
            let mut content = Content::new(site, event.imported().map(|line| line.import));
            content.apply(frame, event);
            self.contents.insert(id, content);
        }
    }
}
