//! 网站 — the sites on the platform.

use std::collections::HashMap;

use annals_events::id::{OrganisationId, SiteId};
use annals_events::site::Event as SiteEvent;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, exact, map_rows};

/// 网站 — the state of one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its public name.
    pub name: String,
    /// 主办单位
    pub organisation: OrganisationId,
    /// When it was opened.
    pub opened_at: Time,
}

/// All sites.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sites {
    sites: HashMap<SiteId, Site>,
    /// Follows from `sites`: the smallest id of each name.
    names: HashMap<String, SiteId>,
}

impl Sites {
    /// One site.
    pub fn get(&self, id: SiteId) -> Option<&Site> {
        self.sites.get(&id)
    }

    /// The site of this name, the smallest id if names were ever repeated.
    pub fn named(&self, name: &str) -> Option<SiteId> {
        self.names.get(name).copied()
    }

    fn insert(&mut self, id: SiteId, site: Site) {
        let named = self.names.entry(site.name.clone()).or_insert(id);
        *named = id.min(*named);
        self.sites.insert(id, site);
    }
}

impl Fold for Sites {
    const NAME: &'static str = "site";
    const VERSION: u32 = 1;

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Site(SiteEvent::Opened(opened)) = event else { return };
        let site = Site {
            name: opened.name.as_str().to_owned(),
            organisation: opened.organisation,
            opened_at: frame.effective_at(),
        };
        self.insert(SiteId(frame.stream.id), site);
    }

    fn rows(&self) -> Vec<Vec<u8>> {
        map_rows(&self.sites)
    }

    fn from_rows(rows: Vec<Vec<u8>>) -> Option<Self> {
        let mut sites = Sites::default();
        for row in rows {
            let (id, site) = exact(&row)?;
            sites.insert(id, site);
        }
        Some(sites)
    }
}
