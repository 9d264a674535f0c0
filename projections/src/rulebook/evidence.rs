//! 证据 — which parts a record must have to count.

use annals_events::id::{Stream, Thing};
use annals_events::profile::Profile;

use super::found;
use super::scene::Scene;
use crate::evidence::Piece;
use crate::judge::Findings;

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let Some(recorded) = scene.event.evidence() else { return };
    let thing = word(scene.frame.stream);
    for rule in &profile.evidence {
        let is_it = rule.kind == recorded.kind && rule.of.as_str() == thing;
        if is_it && !rule.parts.iter().all(|part| recorded.parts.iter().any(|p| p == part)) {
            let why = "the record lacks a part, so it does not count";
            findings.extend(found(scene, rule.rule(), rule.clause.as_str(), why));
        }
    }
}

/// What a profile calls the thing of a stream.
fn word(stream: Stream) -> &'static str {
    match stream.thing {
        Thing::Platform => "organisation",
        thing => thing.word(),
    }
}

/// Whether a record has every part that the profile asks of its kind there.
pub fn is_complete(profile: &Profile, stream: Stream, record: &Piece) -> bool {
    profile.evidence.iter().all(|rule| {
        let is_it = rule.kind.as_str() == record.kind && rule.of.as_str() == word(stream);
        !is_it || rule.parts.iter().all(|part| record.parts.iter().any(|p| p == part.as_str()))
    })
}

/// Whether a record of this kind that counts stands there, by the rulebook in force; with `since`,
/// one of a later position.
pub(super) fn stands(scene: &Scene<'_>, stream: Stream, kind: &str, since: Option<u64>) -> bool {
    let state = scene.view.state;
    let at = scene.frame.effective_at();
    let adoption = state.platform.in_force(scene.organisation, at);
    let counts = |record: &&Piece| {
        record.kind == kind
            && since.is_none_or(|since| record.position > since)
            && adoption.is_none_or(|adoption| is_complete(&adoption.profile, stream, record))
    };
    state.evidence.of(stream).iter().any(|record| counts(&record))
}
