//! 平台 — the organisations on the platform, the rulebooks they adopted, exemptions, calendars.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use annals_events::attributes::Attributes;
use annals_events::id::{OrganisationId, Stream};
use annals_events::platform::{CalendarAdopted, Event as PlatformEvent, ProfileAdopted};
use annals_events::profile::Profile;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::fold::{Fold, Frame, exact, row};

/// 组织 — the state of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// What it is, in a profile's words.
    pub attributes: Attributes,
    /// Its public name.
    pub name: String,
    /// The organisation above it.
    pub parent: Option<OrganisationId>,
}

/// 采用 — one adoption of a rulebook.
#[derive(Clone, Debug, PartialEq)]
pub struct Adoption {
    /// Position of the entry.
    pub position: u64,
    /// Who adopted it, for itself and all below.
    pub organisation: OrganisationId,
    /// From when on it is in force.
    pub effective_from: Time,
    /// The rulebook.
    pub profile: Arc<Profile>,
}

impl Adoption {
    /// As it is written; `None` where the text is no adoption.
    pub fn of(frame: &Frame<'_>, adopted: &ProfileAdopted) -> Option<Adoption> {
        let adoption = adopted.adoption()?;
        Some(Adoption {
            position: frame.position,
            organisation: OrganisationId(frame.stream.id),
            effective_from: adoption.effective_from,
            profile: Arc::from(adoption.profile),
        })
    }
}

/// 例外 — one exemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// The clause that does not hold.
    pub clause: String,
    /// From when.
    pub from: Time,
    /// For what.
    pub subject: Stream,
    /// Until when; an earlier end if it was ended.
    pub until: Time,
}

/// Most levels of organisations that are looked at.
pub const LEVELS_MOST: usize = 32;

/// The platform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Platform {
    organisations: HashMap<OrganisationId, Organisation>,
    adoptions: Vec<Adoption>,
    exemptions: BTreeMap<u64, Exemption>,
    calendar: Calendar,
}

impl Platform {
    /// One organisation.
    pub fn organisation(&self, id: OrganisationId) -> Option<&Organisation> {
        self.organisations.get(&id)
    }

    /// All organisations, in no order.
    pub fn organisations(&self) -> impl Iterator<Item = (OrganisationId, &Organisation)> {
        self.organisations.iter().map(|(id, organisation)| (*id, organisation))
    }

    /// An organisation and those above it, from below; at most [`LEVELS_MOST`], for whoever holds
    /// the keys could write a circle.
    pub fn line(&self, id: OrganisationId) -> impl Iterator<Item = OrganisationId> + '_ {
        let above = |id: &OrganisationId| self.organisation(*id)?.parent;
        std::iter::successors(Some(id), above).take(LEVELS_MOST)
    }

    /// Every adoption, in the order of their entries.
    pub fn adoptions(&self) -> &[Adoption] {
        &self.adoptions
    }

    /// The adoption at this position.
    pub fn adoption(&self, position: u64) -> Option<&Adoption> {
        self.adoptions.iter().find(|adoption| adoption.position == position)
    }

    /// The rulebook in force for an organisation at a moment: its own, or the nearest above.
    pub fn in_force(&self, id: OrganisationId, at: Time) -> Option<&Adoption> {
        if self.adoptions.is_empty() {
            return None;
        }
        self.line(id).find_map(|id| {
            let of = |a: &&Adoption| a.organisation == id && a.effective_from <= at;
            self.adoptions.iter().rev().find(of)
        })
    }

    /// Whether an exemption of this clause holds at a moment for one of these.
    pub fn is_exempt(&self, clause: &str, subjects: &[Stream], at: Time) -> bool {
        self.exemptions.values().any(|exemption| {
            exemption.clause == clause
                && exemption.from <= at
                && at < exemption.until
                && subjects.contains(&exemption.subject)
        })
    }

    /// One exemption.
    pub fn exemption(&self, position: u64) -> Option<&Exemption> {
        self.exemptions.get(&position)
    }

    /// The working days.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }
}

impl Fold for Platform {
    const NAME: &'static str = "platform";
    const VERSION: u32 = 2;

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Platform(event) = event else { return };
        match event {
            PlatformEvent::OrganisationRegistered(registered) => {
                let organisation = Organisation {
                    attributes: registered.attributes.clone(),
                    name: registered.name.as_str().to_owned(),
                    parent: registered.parent,
                };
                self.organisations.insert(OrganisationId(frame.stream.id), organisation);
            }
            PlatformEvent::ProfileAdopted(adopted) => {
                self.adoptions.extend(Adoption::of(frame, adopted));
            }
            PlatformEvent::CalendarAdopted(adopted) => self.calendar.adopt(adopted),
            PlatformEvent::ExemptionGranted(granted) => {
                let exemption = Exemption {
                    clause: granted.clause.as_str().to_owned(),
                    from: granted.from,
                    subject: granted.subject,
                    until: granted.until,
                };
                self.exemptions.insert(frame.position, exemption);
            }
            PlatformEvent::ExemptionEnded(ended) => {
                if let Some(exemption) = self.exemptions.get_mut(&ended.exemption) {
                    exemption.until = exemption.until.min(frame.recorded_at);
                }
            }
            PlatformEvent::ActProposed(_) | PlatformEvent::EvidenceRecorded(_) => {}
        }
    }

    fn rows(&self) -> Vec<Vec<u8>> {
        let mut organisations: Vec<_> = self.organisations.iter().collect();
        organisations.sort_unstable_by_key(|(id, _)| **id);
        let organisations = organisations.into_iter().map(|pair| row(&(0u8, pair)));
        let adoptions = self.adoptions.iter().map(|adoption| {
            let text = annals_events::canonical::to_bytes(&*adoption.profile);
            let Adoption { position, organisation, effective_from, .. } = adoption;
            row(&(1u8, position, organisation, effective_from, text))
        });
        let exemptions = self.exemptions.iter().map(|pair| row(&(2u8, pair)));
        let years = self.calendar.years().map(|adopted| row(&(3u8, adopted)));
        organisations.chain(adoptions).chain(exemptions).chain(years).collect()
    }

    fn from_rows(rows: Vec<Vec<u8>>) -> Option<Self> {
        let mut platform = Platform::default();
        for row in rows {
            match row.first()? {
                0 => {
                    let (_, (id, organisation)) = exact::<(u8, (_, _))>(&row)?;
                    platform.organisations.insert(id, organisation);
                }
                1 => {
                    let (_, position, organisation, effective_from, text) =
                        exact::<(u8, u64, OrganisationId, Time, Vec<u8>)>(&row)?;
                    let profile = Arc::new(serde_json::from_slice(&text).ok()?);
                    let adoption = Adoption { position, organisation, effective_from, profile };
                    platform.adoptions.push(adoption);
                }
                2 => {
                    let (_, (position, exemption)) = exact::<(u8, (_, _))>(&row)?;
                    platform.exemptions.insert(position, exemption);
                }
                3 => platform.calendar.adopt(&exact::<(u8, CalendarAdopted)>(&row)?.1),
                _ => return None,
            }
        }
        Some(platform)
    }
}
