//! 页面 — a site as of a moment: which page stood at which path in which version.

use std::collections::{BTreeMap, HashMap};

use annals_events::content::{Event as ContentEvent, PageText};
use annals_events::id::{BodyId, ContentId, SiteId};
use annals_events::{Event, Header, Time};

/// 页面 — one live page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it stands.
    pub path: String,
    /// The piece of content.
    pub content: ContentId,
    /// Position of the entry that brought this version.
    pub position: u64,
    /// The version.
    pub body: BodyId,
    /// Its length.
    pub bytes: u64,
    /// Its title, where it states one.
    pub title: Option<String>,
}

/// A change of a page, to be folded in the order of (effective time, position).
#[derive(Clone, Debug)]
struct PageChange {
    at: Time,
    position: u64,
    content: ContentId,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Shown { path: Option<String>, title: Option<String>, body: BodyId, bytes: u64 },
    Moved { path: String },
    Withdrawn,
}

/// The history of one site's pages, and any moment of it.
#[derive(Clone, Debug)]
pub struct Pages {
    site: SiteId,
    changes: Vec<PageChange>,
}

/// A site as of a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteState {
    /// By path; of two live pages on one path, the one changed later.
    pub pages: BTreeMap<String, Page>,
    /// Live pages behind another on the same path, by path and content.
    pub shadowed: Vec<Page>,
}

impl Pages {
    /// Of one site.
    pub fn new(site: SiteId) -> Pages {
        Pages { site, changes: Vec::new() }
    }

    /// Take one more entry; entries of other sites and other types are passed over.
    pub fn apply(&mut self, header: &Header, event: &Event, private: Option<&[u8]>) {
        let Event::Content(event) = event else { return };
        if event.site() != Some(self.site) {
            return;
        }
        let text = private.and_then(|bytes| serde_json::from_slice::<PageText>(bytes).ok());
        let kind = match event {
            ContentEvent::Published(shown) | ContentEvent::Corrected(shown) => Kind::Shown {
                path: text.as_ref().map(|text| text.path.clone()),
                title: text.and_then(|text| text.title),
                body: shown.body,
                bytes: shown.bytes,
            },
            ContentEvent::Moved(_) => match text {
                Some(text) => Kind::Moved { path: text.path },
                None => return,
            },
            ContentEvent::Withdrawn(_) => Kind::Withdrawn,
            _ => return,
        };
        self.changes.push(PageChange {
            at: header.effective_at(),
            position: header.position.0,
            content: ContentId(header.stream.id),
            kind,
        });
    }

    /// The site as it was at `at`, as far as the first `known` entries tell.
    pub fn as_of(&self, at: Time, known: u64) -> SiteState {
        let mut changes: Vec<&PageChange> =
            self.changes.iter().filter(|c| c.at <= at && c.position < known).collect();
        changes.sort_by_key(|change| (change.at, change.position));
        let mut live: HashMap<ContentId, (usize, Page)> = HashMap::new();
        for (order, change) in changes.into_iter().enumerate() {
            let before = live.get(&change.content).map(|(_, page)| page.path.clone());
            match &change.kind {
                Kind::Shown { path, title, body, bytes } => {
                    // A path that was removed shows as an empty one, never as a lost page.
                    let path = path.clone().or(before).unwrap_or_default();
                    live.insert(
                        change.content,
                        (
                            order,
                            Page {
                                path,
                                content: change.content,
                                position: change.position,
                                body: *body,
                                bytes: *bytes,
                                title: title.clone(),
                            },
                        ),
                    );
                }
                Kind::Moved { path } => {
                    if let Some((changed, page)) = live.get_mut(&change.content) {
                        *changed = order;
                        page.path.clone_from(path);
                    }
                }
                Kind::Withdrawn => {
                    live.remove(&change.content);
                }
            }
        }
        lay_out(live)
    }
}

fn lay_out(live: HashMap<ContentId, (usize, Page)>) -> SiteState {
    let mut pages: Vec<(usize, Page)> = live.into_values().collect();
    pages.sort_by_key(|(order, _)| *order);
    let mut state = SiteState::default();
    for (_, page) in pages {
        if let Some(behind) = state.pages.insert(page.path.clone(), page) {
            state.shadowed.push(behind);
        }
    }
    state.shadowed.sort_by(|a, b| (&a.path, a.content).cmp(&(&b.path, b.content)));
    state
}
