//! 信息 — what each piece of content is: in work, live or withdrawn, and in which version.

use std::collections::HashMap;

use annals_events::Event;
use annals_events::content::Event as ContentEvent;
use annals_events::id::{AccountId, BodyId, ContentId, ImportId, SiteId};
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
    /// Whether somebody else passed exactly this version.
    pub passed: bool,
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

impl Fold for Contents {
    map_fold!(Contents, contents, "content", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Content(event) = event else { return };
        let content = self.contents.entry(ContentId(frame.stream.id)).or_insert_with(|| Content {
            site: event.site(),
            import: event.imported().map(|line| line.import),
            status: Status::Drafted,
            shown: None,
            draft: None,
        });
        match event {
            ContentEvent::Drafted(drafted) => {
                let (body, bytes) = (drafted.body, drafted.bytes);
                let author = frame.actor.map(|actor| actor.account);
                content.draft =
                    author.map(|author| Box::new(Draft { body, author, bytes, passed: false }));
            }
            ContentEvent::ReviewPassed(passed) => {
                if let Some(draft) = &mut content.draft {
                    draft.passed |= draft.body == passed.body;
                }
            }
            ContentEvent::Published(shown) | ContentEvent::Corrected(shown) => {
                content.status = Status::Live;
                content.shown = Some(shown.body);
                content.draft = None;
            }
            ContentEvent::Moved(_) => {}
            ContentEvent::Withdrawn(_) => content.status = Status::Withdrawn,
        }
    }
}
