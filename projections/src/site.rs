//! 网站 — the sites on the platform.

use std::collections::HashMap;

use annals_events::attributes::Attributes;
use annals_events::id::{OrganisationId, SiteId};
use annals_events::site::Event as SiteEvent;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, exact, map_rows};

/// 网站状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// 运行
    InService,
    /// 临时下线 — since when.
    Offline(Time),
    /// 紧急关停 — since when.
    ShutDown(Time),
    /// 永久关停
    Closed,
}

/// 网站 — the state of one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// What it is, in a profile's words.
    pub attributes: Attributes,
    /// Its public name.
    pub name: String,
    /// 主办单位
    pub organisation: OrganisationId,
    /// When it was opened.
    pub opened_at: Time,
    /// How it is now.
    pub standing: Standing,
    /// Every time it went offline or was shut down, and until when; the last may be open.
    pub absences: Vec<Absence>,
}

/// 停止访问 — a time a site was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Whether it was an emergency.
    pub shut_down: bool,
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Option<Time>,
}

impl Site {
    /// As it is opened.
    pub fn opened(opened: &annals_events::site::Opened, at: Time) -> Site {
        Site {
            attributes: opened.attributes.clone(),
            name: opened.name.as_str().to_owned(),
            organisation: opened.organisation,
            opened_at: at,
            standing: Standing::InService,
            absences: Vec::new(),
        }
    }

    fn end_absence(&mut self, at: Time) {
        if let Some(last) = self.absences.last_mut() {
            last.until = last.until.or(Some(at));
        }
    }
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

    /// All sites, in no order.
    pub fn all(&self) -> impl Iterator<Item = (SiteId, &Site)> {
        self.sites.iter().map(|(id, site)| (*id, site))
    }

    fn insert(&mut self, id: SiteId, site: Site) {
        let named = self.names.entry(site.name.clone()).or_insert(id);
        *named = id.min(*named);
        self.sites.insert(id, site);
    }
}

impl Fold for Sites {
    const NAME: &'static str = "site";
    const VERSION: u32 = 2;

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Site(event) = event else { return };
        let (id, at) = (SiteId(frame.stream.id), frame.effective_at());
        if let SiteEvent::Opened(opened) = event {
            self.insert(id, Site::opened(opened, at));
            return;
        }
        let Some(site) = self.sites.get_mut(&id) else { return };
        let mut leave = |shut_down, standing| {
            site.end_absence(at);
            site.absences.push(Absence { shut_down, from: at, until: None });
            site.standing = standing;
        };
        match event {
            SiteEvent::TakenOffline(_) => leave(false, Standing::Offline(at)),
            SiteEvent::ShutDown(_) => leave(true, Standing::ShutDown(at)),
            SiteEvent::Restored(_) => {
                site.end_absence(at);
                site.standing = Standing::InService;
            }
            SiteEvent::Closed(_) => {
                site.end_absence(at);
                site.standing = Standing::Closed;
            }
            SiteEvent::Opened(_) | SiteEvent::EvidenceRecorded(_) => {}
        }
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
