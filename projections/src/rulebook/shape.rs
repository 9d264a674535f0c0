//! 形式 — what a value must be.

use annals_events::profile::{Profile, Shape};
use annals_events::{Event, site};

use super::scene::Scene;
use super::{found, lists};
use crate::judge::Findings;

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let kind = scene.event.kind();
    for rule in &profile.shapes {
        if lists(&rule.on, kind)
            && scene.selects(&rule.when)
            && let Some(why) = broken(rule, scene)
        {
            findings.extend(found(scene, rule.rule(), rule.clause.as_str(), why));
        }
    }
}

fn broken(rule: &Shape, scene: &Scene<'_>) -> Option<&'static str> {
    if let Some(within) = &rule.within {
        let Event::Site(site::Event::TakenOffline(taken)) = scene.event else { return None };
        let calendar = scene.view.state.platform.calendar();
        let due = calendar.due(scene.frame.effective_at(), within);
        let is_late = due.is_some_and(|due| taken.planned_end > due.at);
        return is_late.then_some("the end planned is too far away");
    }
    let Some(value) = scene.value(rule.field.as_str()) else {
        return rule.required.then_some("a value that must be stated is missing");
    };
    let among = |values: &[annals_events::text::Word]| values.iter().any(|v| v.as_str() == value);
    if !rule.one_of.is_empty() && !among(&rule.one_of) {
        return Some("the value is none of those it must be one of");
    }
    among(&rule.never).then_some("the value is one it must not be")
}
