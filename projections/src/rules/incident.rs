//! What may follow what in an incident: almost anything, for it is told as it happened.

use annals_events::id::IncidentId;
use annals_events::incident::Event;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let incident = view.state.incidents.get(IncidentId(frame.stream.id));
    if event.site().is_some_and(|site| view.site(site).is_none()) {
        findings.push(Finding::breach("site_unknown", "its site is unknown"));
    }
    if let Event::Detected(_) = event {
        if incident.is_some() {
            findings.push(Finding::breach("incident_exists", "the incident was detected"));
        }
        return;
    }
    let Some(incident) = incident else {
        findings.push(Finding::breach("incident_unknown", "there is no such incident"));
        return;
    };
    if event.site().is_some_and(|site| site != incident.site) {
        findings.push(Finding::breach("incident_of_other_site", "it belongs to another site"));
    }
    let is_closed = incident.closed_at.is_some();
    match event {
        Event::Closed(_) if is_closed => {
            findings.push(Finding::breach("incident_closed", "the incident is closed"));
        }
        Event::ArchivePurged(_) if !is_closed || incident.purged => {
            findings.push(Finding::breach(
                "incident_not_closed",
                "an archive is cleared once, after the incident was closed",
            ));
        }
        // A late fact is taken, and shown as late.
        Event::Closed(_) | Event::ArchivePurged(_) => {}
        _ if is_closed => {
            findings.push(Finding::flag("after_closing", "it was told after the incident closed"));
        }
        _ if frame.effective_at() < incident.detected_at => {
            findings.push(Finding::flag("before_detection", "it is said to be before detection"));
        }
        _ => {}
    }
}
