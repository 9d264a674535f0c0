//! 规则引擎 — what a profile's rules say of an entry, one file per kind. What each kind means is
//! `events/PROFILE.md`; nothing here knows a jurisdiction.

mod adoption;
mod evidence;
mod permission;
mod precondition;
mod quota;
mod retention;
mod route;
mod scene;
mod shape;

pub use adoption::{Unfit, check};
pub use evidence::is_complete;
pub use quota::offline_starts;
pub use scene::{Scene, selects_thing};

use annals_events::entry::Provenance;
use annals_events::profile::{Force, Rule};
use annals_events::text::TypeName;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View, Weight};
use crate::platform::Adoption;
use annals_events::Event;

/// The meaning of the kinds that this engine computes.
pub const SEMANTICS: u32 = 1;

/// The adoption that judges an entry, and the scene it is judged in; `None` where no rulebook is
/// in force, or the entry is none that rulebooks judge.
pub fn in_force<'a>(
    view: View<'a>,
    frame: &'a Frame<'a>,
    event: &'a Event,
) -> Option<(&'a Adoption, Scene<'a>)> {
    if view.state.platform.adoptions().is_empty() {
        return None;
    }
    let at = match frame.provenance {
        Provenance::Commanded => frame.recorded_at,
        Provenance::Reported => frame.effective_at(),
        Provenance::Imported | Provenance::Internal => return None,
    };
    let scene = Scene::of(view, frame, event)?;
    let adoption = view.state.platform.in_force(scene.organisation, at)?;
    Some((adoption, scene))
}

/// Everything a rulebook finds in an entry.
pub fn judge(adoption: &Adoption, scene: &Scene<'_>, findings: &mut Findings) {
    let profile = &adoption.profile;
    route::judge(profile, scene, findings);
    permission::judge(profile, scene, findings);
    precondition::judge(profile, scene, findings);
    shape::judge(profile, scene, findings);
    quota::judge(profile, scene, findings);
    retention::judge(profile, scene, findings);
    evidence::judge(profile, scene, findings);
}

/// Whether a route of the profile says which reviews content like this needs, so that the
/// structural demand of one foreign review does not hold beside it.
pub fn has_route(adoption: &Adoption, scene: &Scene<'_>) -> bool {
    route::rules_over(&adoption.profile, scene)
}

pub(crate) fn lists(on: &[TypeName], kind: &str) -> bool {
    on.iter().any(|listed| listed.as_str() == kind)
}

/// What follows from a broken rule, by its force and by whether the platform did it.
fn found(scene: &Scene<'_>, rule: Rule<'_>, clause: &str, detail: &str) -> Option<Finding> {
    let broken = match scene.frame.provenance {
        Provenance::Commanded => Weight::Breach,
        _ => Weight::Flag,
    };
    let weight = match rule.force {
        Force::Must => broken,
        Force::Principle if scene.is_exempt(clause) => Weight::Exempt,
        Force::Principle => broken,
        Force::Advisory => Weight::Warning,
        Force::May | Force::Vague => return None,
    };
    Some(Finding::of_rulebook(clause, weight, format!("{}: {detail}", rule.title)))
}
