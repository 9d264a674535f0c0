//! 安全事件 — which incidents there are, and whether each is closed.

use std::collections::HashMap;

use annals_events::attributes::Attributes;
use annals_events::id::{IncidentId, SiteId};
use annals_events::incident::Event as IncidentEvent;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 安全事件 — the state of one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Type and gravity in a profile's words.
    pub attributes: Attributes,
    /// When it was closed.
    pub closed_at: Option<Time>,
    /// When it was detected.
    pub detected_at: Time,
    /// Whether its archive left the running view.
    pub purged: bool,
    /// Its site.
    pub site: SiteId,
    /// What was told of it, in order: the type, and whom or what it names.
    pub steps: Vec<(String, Option<String>)>,
}

/// All incidents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incidents {
    incidents: HashMap<IncidentId, Incident>,
}

impl Incidents {
    /// One incident.
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }
}

impl Fold for Incidents {
    map_fold!(Incidents, incidents, "incident", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Incident(event) = event else { return };
        let id = IncidentId(frame.stream.id);
        if let IncidentEvent::Detected(detected) = event {
            let incident = Incident {
                attributes: detected.attributes.clone(),
                closed_at: None,
                detected_at: frame.effective_at(),
                purged: false,
                site: detected.site,
                steps: Vec::new(),
            };
            self.incidents.insert(id, incident);
            return;
        }
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        let named = match event {
            IncidentEvent::Reported(facts) => Some(&facts.to),
            IncidentEvent::ResponderArrived(facts) => Some(&facts.post),
            IncidentEvent::AuthorityTold(facts) => Some(&facts.authority),
            _ => None,
        };
        let named = named.map(|word| word.as_str().to_owned());
        incident.steps.push((event.kind().to_owned(), named));
        match event {
            IncidentEvent::Closed(_) => incident.closed_at = Some(frame.effective_at()),
            IncidentEvent::ArchivePurged(_) => incident.purged = true,
            _ => {}
        }
    }
}
