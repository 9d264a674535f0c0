//! 网站 — the sites on the platform.

use std::collections::HashMap;

use annals_events::id::{OrganisationId, SiteId};
use annals_events::site::Event as SiteEvent;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

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
}

impl Sites {
    /// One site.
    pub fn get(&self, id: SiteId) -> Option<&Site> {
        self.sites.get(&id)
    }

    /// The site of this name, the smallest id if names were ever repeated.
    pub fn named(&self, name: &str) -> Option<SiteId> {
        self.sites.iter().filter(|(_, site)| site.name == name).map(|(id, _)| *id).min()
    }
}

impl Fold for Sites {
    map_fold!(Sites, sites, "site", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Site(SiteEvent::Opened(opened)) = event else { return };
        self.sites.insert(
            SiteId(frame.stream.id),
            Site {
                name: opened.name.as_str().to_owned(),
                organisation: opened.organisation,
                opened_at: frame.effective_at(),
            },
        );
    }
}
