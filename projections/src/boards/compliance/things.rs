//! What there was when: organisations, sites, columns, rulebooks, working days, each with the entry
//! that brought it, so that any moment can be asked for.

use std::collections::BTreeMap;

use annals_events::attributes::Attributes;
use annals_events::id::{ColumnId, OrganisationId, SiteId};
use annals_events::platform::{CalendarAdopted, Event as PlatformEvent};
use annals_events::{Event, Time, column, site};

use super::Asked;
use crate::calendar::Calendar;
use crate::fold::Frame;
use crate::platform::{Adoption, LEVELS_MOST};

/// Something that began, and perhaps ended.
#[derive(Clone, Debug)]
pub(super) struct Life<T> {
    pub is: T,
    pub began: (u64, Time),
    pub ended: Option<(u64, Time)>,
}

impl<T> Life<T> {
    fn new(is: T, frame: &Frame<'_>) -> Life<T> {
        Life { is, began: (frame.position, frame.effective_at()), ended: None }
    }

    /// Whether it was there, as far as was known.
    pub fn is_there(&self, asked: &Asked) -> bool {
        let began = asked.sees(self.began.0, self.began.1);
        began && !self.ended.is_some_and(|(position, at)| asked.sees(position, at))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Organisation {
    pub parent: Option<OrganisationId>,
    pub attributes: Attributes,
}

#[derive(Clone, Debug)]
pub(super) struct Site {
    pub organisation: OrganisationId,
    pub attributes: Attributes,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub site: SiteId,
    pub attributes: Attributes,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Things {
    pub organisations: BTreeMap<OrganisationId, Life<Organisation>>,
    pub sites: BTreeMap<SiteId, Life<Site>>,
    pub columns: BTreeMap<ColumnId, Life<Column>>,
    adoptions: Vec<Adoption>,
    years: Vec<(u64, CalendarAdopted)>,
}

impl Things {
    pub fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let (id, ended) = (frame.stream.id, (frame.position, frame.effective_at()));
        match event {
            Event::Platform(PlatformEvent::OrganisationRegistered(registered)) => {
                let attributes = registered.attributes.clone();
                let is = Organisation { parent: registered.parent, attributes };
                self.organisations.insert(OrganisationId(id), Life::new(is, frame));
            }
            Event::Platform(PlatformEvent::ProfileAdopted(adopted)) => {
                self.adoptions.extend(Adoption::of(frame, adopted));
            }
            Event::Platform(PlatformEvent::CalendarAdopted(year)) => {
                self.years.push((frame.position, year.clone()));
            }
            Event::Site(site::Event::Opened(opened)) => {
                let attributes = opened.attributes.clone();
                let is = Site { organisation: opened.organisation, attributes };
                self.sites.insert(SiteId(id), Life::new(is, frame));
            }
            Event::Site(site::Event::Closed(_)) => {
                if let Some(site) = self.sites.get_mut(&SiteId(id)) {
                    site.ended = Some(ended);
                }
            }
            Event::Column(column::Event::Opened(opened)) => {
                let is = Column { site: opened.site, attributes: opened.attributes.clone() };
                self.columns.insert(ColumnId(id), Life::new(is, frame));
            }
            Event::Column(column::Event::Closed(_)) => {
                if let Some(column) = self.columns.get_mut(&ColumnId(id)) {
                    column.ended = Some(ended);
                }
            }
            _ => {}
        }
    }

    /// The working days, as far as was known.
    pub fn calendar(&self, asked: &Asked) -> Calendar {
        let mut calendar = Calendar::default();
        for (_, year) in self.years.iter().filter(|(position, _)| *position < asked.known) {
            calendar.adopt(year);
        }
        calendar
    }

    /// An organisation and all above it, from below.
    fn line(&self, id: OrganisationId) -> impl Iterator<Item = OrganisationId> + '_ {
        let above = |id: &OrganisationId| self.organisations.get(id)?.is.parent;
        std::iter::successors(Some(id), above).take(LEVELS_MOST)
    }

    /// The rulebook in force for an organisation at a moment, as far as was known.
    pub fn in_force(&self, id: OrganisationId, at: Time, asked: &Asked) -> Option<&Adoption> {
        self.line(id).find_map(|id| {
            self.adoptions.iter().rev().find(|adopted| {
                adopted.organisation == id
                    && adopted.effective_from <= at
                    && adopted.position < asked.known
            })
        })
    }

    /// Attributes of an organisation; none where it is unknown.
    pub fn organisation(&self, id: OrganisationId) -> Option<&Attributes> {
        self.organisations.get(&id).map(|life| &life.is.attributes)
    }
}
