//! 前提 — what must be on record before.

use annals_events::id::{IncidentId, Stream};
use annals_events::profile::{Precondition, Profile};
use annals_events::text::Word;

use super::scene::Scene;
use super::{evidence, found, lists};
use crate::judge::Findings;

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let kind = scene.event.kind();
    for rule in &profile.preconditions {
        if !lists(&rule.on, kind) || !scene.selects(&rule.when) {
            continue;
        }
        let places = places(rule.of.as_str(), scene);
        let state = scene.view.state;
        let since = |place: Stream| {
            let last = rule.on.iter().filter_map(|on| state.evidence.last(place, on.as_str()));
            last.max().filter(|_| rule.fresh)
        };
        let stands = |kind: &str| {
            places.iter().any(|place| evidence::stands(scene, *place, kind, since(*place)))
        };
        if !rule.after.is_empty() && !came_before(rule, scene) {
            let why = "what must come before has not come";
            findings.extend(found(scene, rule.rule(), rule.clause.as_str(), why));
        }
        if !rule.evidence.iter().all(|kind| stands(kind.as_str())) {
            let why = "a record that must be there before is missing";
            findings.extend(found(scene, rule.rule(), rule.clause.as_str(), why));
        }
    }
}

/// Whether an entry that `after` names stands in the stream.
fn came_before(rule: &Precondition, scene: &Scene<'_>) -> bool {
    let incident = scene.view.state.incidents.get(IncidentId(scene.frame.stream.id));
    let Some(incident) = incident else { return false };
    incident.steps.iter().any(|(kind, named)| {
        let is_one_of = |values: &Vec<Word>| {
            values.iter().any(|value| Some(value.as_str()) == named.as_deref())
        };
        lists(&rule.after, kind) && rule.with.values().all(is_one_of)
    })
}

/// The streams a record may stand in.
fn places(of: &str, scene: &Scene<'_>) -> Vec<Stream> {
    match of {
        "site" => scene.site.map(Stream::from).into_iter().collect(),
        "organisation" => vec![scene.organisation.into()],
        "actor" => {
            let all = scene.actor().map(|actor| scene.view.state.accounts.of_person(actor));
            all.unwrap_or_default().into_iter().map(Stream::from).collect()
        }
        _ => vec![scene.frame.stream],
    }
}
