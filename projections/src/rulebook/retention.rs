//! 保存 — what is kept at least so long.

use annals_events::id::IncidentId;
use annals_events::profile::Profile;
use annals_events::{Event, Time};

use super::scene::Scene;
use super::{found, lists};
use crate::judge::Findings;

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let kind = scene.event.kind();
    for rule in profile.retentions.iter().filter(|rule| lists(&rule.on, kind)) {
        let calendar = scene.view.state.platform.calendar();
        let over = start(scene).and_then(|start| calendar.due(start, &rule.keep));
        if over.is_none_or(|over| scene.frame.effective_at() <= over.at) {
            let why = "it must still be kept";
            findings.extend(found(scene, rule.rule(), rule.clause.as_str(), why));
        }
    }
}

/// From when its keeping counts.
fn start(scene: &Scene<'_>) -> Option<Time> {
    let Event::Incident(_) = scene.event else { return None };
    scene.view.state.incidents.get(IncidentId(scene.frame.stream.id))?.closed_at
}
