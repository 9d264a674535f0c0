//! 平台 — the organisations on the platform.

use std::collections::HashMap;

use annals_events::Event;
use annals_events::id::OrganisationId;
use annals_events::platform::Event as PlatformEvent;
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 组织 — the state of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its public name.
    pub name: String,
    /// The organisation above it.
    pub parent: Option<OrganisationId>,
}

/// The platform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Platform {
    organisations: HashMap<OrganisationId, Organisation>,
}

impl Platform {
    /// One organisation.
    pub fn organisation(&self, id: OrganisationId) -> Option<&Organisation> {
        self.organisations.get(&id)
    }
}

impl Fold for Platform {
    map_fold!(Platform, organisations, "platform", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Platform(PlatformEvent::OrganisationRegistered(registered)) = event else {
            return;
        };
        self.organisations.insert(
            OrganisationId(frame.stream.id),
            Organisation { name: registered.name.as_str().to_owned(), parent: registered.parent },
        );
    }
}
