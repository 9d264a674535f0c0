//! 审核流程 — which reviews, by whom, with which checks, before something is shown.

use annals_events::Event;
use annals_events::content::{self, ReviewPassed};
use annals_events::id::{AccountId, MessageId};
use annals_events::message;
use annals_events::profile::{Force, Profile, Route, Rule, Step};
use annals_events::text::Word;

use super::scene::Scene;
use super::{found, lists};
use crate::content::Pass;
use crate::judge::Findings;

/// What a route looks at: the version in work, who wrote it, which reviews it passed.
struct Work<'a> {
    author: AccountId,
    passes: &'a [Pass],
    /// Whether it went to review, as routes by class and kind need.
    submitted: bool,
}

/// Where in the life of the version an entry stands.
enum At<'a> {
    Pass { level: &'a Word, gates: Vec<&'a str> },
    Revision { level: &'a Word },
    Showing,
}

/// The types a route can stand before, by the thing.
fn shown_types(event: &Event) -> &'static [&'static str] {
    match event {
        Event::Content(_) => &["content.published", "content.corrected"],
        Event::Message(_) => &["message.answered", "message.published"],
        _ => &[],
    }
}

/// The routes for things like this, whatever they select.
fn routes<'a>(profile: &'a Profile, event: &Event) -> impl Iterator<Item = &'a Route> {
    let shown = shown_types(event);
    let is_for = move |route: &&Route| shown.iter().any(|kind| lists(&route.on, kind));
    profile.routes.iter().filter(is_for)
}

/// Whether a route binds, and so takes the place of the structural review.
fn binds(route: &Route) -> bool {
    matches!(route.force, Force::Must | Force::Principle)
}

/// The routes that judge this entry, whatever they select: those that list it, if it shows
/// something; all for things like this, while reviews are passed.
fn judging<'a>(profile: &'a Profile, event: &Event) -> Vec<&'a Route> {
    let kind = event.kind();
    let is_shown = shown_types(event).contains(&kind);
    routes(profile, event).filter(|route| !is_shown || lists(&route.on, kind)).collect()
}

/// The first that binds, else the first.
fn strictest<'a>(routes: &[&'a Route]) -> Option<(Rule<'a>, String)> {
    let first = routes.iter().position(|route| binds(route)).unwrap_or(0);
    routes.get(first).map(|route| (route.rule(), route.clause.as_str().to_owned()))
}

/// See [`super::has_route`].
pub(super) fn rules_over(profile: &Profile, scene: &Scene<'_>) -> bool {
    let is_content = matches!(scene.event, Event::Content(_));
    is_content && judging(profile, scene.event).into_iter().any(binds)
}

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let Some(at) = place(scene) else { return };
    let all = judging(profile, scene.event);
    // What is wrong with the choice of a route is told by the strictest there is.

    let Some((rule, clause)) = strictest(&all) else { return };
    let Some(work) = work(scene) else {
        findings.extend(found(scene, rule, &clause, "nothing is in work"));
        return;
    };
    let selects = |route: &&Route| scene.selects(&route.when);
    let selecting: Vec<&Route> = all.iter().copied().filter(selects).collect();
    let Some((chosen, chosen_clause)) = strictest(&selecting).filter(|_| work.submitted) else {
        let why = "it was not submitted as something that a review route is fixed for";
        findings.extend(found(scene, rule, &clause, why));
        return;
    };
    if let At::Pass { level, .. } | At::Revision { level } = &at {
        let is_step = |route: &&Route| route.steps.iter().any(|step| step.level == **level);
        if !selecting.iter().any(is_step) {
            let why = "this review is no step of its route";
            findings.extend(found(scene, chosen, &chosen_clause, why));
        }
    }
    for route in selecting {
        judge_route(route, &at, &work, scene, findings);
    }
}

fn place<'a>(scene: &Scene<'a>) -> Option<At<'a>> {
    Some(match scene.event {
        Event::Content(content::Event::ReviewPassed(ReviewPassed { level, gates, .. })) => {
            At::Pass { level, gates: gates.iter().map(Word::as_str).collect() }
        }
        Event::Message(message::Event::ReplyPassed(passed)) => {
            At::Pass { level: &passed.level, gates: Vec::new() }
        }
        Event::Content(content::Event::Revised(revised)) => At::Revision { level: &revised.level },
        Event::Content(content::Event::Published(_) | content::Event::Corrected(_))
        | Event::Message(message::Event::Answered(_) | message::Event::Published(_)) => At::Showing,
        _ => return None,
    })
}

fn work<'a>(scene: &Scene<'a>) -> Option<Work<'a>> {
    match scene.event {
        Event::Content(event) => {
            let content = scene.content?;
            let draft = content.draft.as_deref()?;
            let submission = content.submission.as_deref();
            let body = match event {
                content::Event::Revised(_) => draft.body,
                event => event.body().unwrap_or(draft.body),
            };
            let submitted = submission.is_some_and(|s| s.body == draft.body);
            // Passes are of the version in work: whoever names another has passed nothing.
            let passes = if body == draft.body { &draft.passes[..] } else { &[] };
            Some(Work { author: draft.author, passes, submitted })
        }
        Event::Message(_) => {
            let message = scene.view.state.messages.get(MessageId(scene.frame.stream.id))?;
            let reply = message.reply.as_deref()?;
            Some(Work { author: reply.author, passes: &reply.passes, submitted: true })
        }
        _ => None,
    }
}

fn judge_route(
    route: &Route,
    at: &At<'_>,
    work: &Work<'_>,
    scene: &Scene<'_>,
    findings: &mut Findings,
) {
    let say = |step: Option<&Step>, detail: &str, findings: &mut Findings| {
        let clause = step.and_then(|step| step.clause.as_ref()).unwrap_or(&route.clause);
        findings.extend(found(scene, route.rule(), clause.as_str(), detail));
    };
    let passed = |step: &Step| work.passes.iter().find(|pass| pass.level == step.level.as_str());
    let actor = scene.actor();
    match at {
        At::Pass { level, .. } | At::Revision { level } => {
            let Some(place) = route.steps.iter().position(|step| step.level == **level) else {
                return;
            };
            let step = &route.steps[place];
            if let Some(missing) = route.steps[..place].iter().find(|s| passed(s).is_none()) {
                say(Some(missing), "a review before this one has not been passed", findings);
            }
            if !actor.is_some_and(|actor| holds(step, actor, scene)) {
                say(Some(step), "the reviewer does not hold the role of this review", findings);
            }
            if let At::Pass { gates, .. } = at {
                let missing = |gate: &&Word| !gates.contains(&gate.as_str());
                if step.gates.iter().any(|gate| missing(&gate)) {
                    say(Some(step), "a check of this review was not passed", findings);
                }
            } else if !step.revises {
                say(Some(step), "the reviewer of this step may not change the version", findings);
            }
            judge_distinct(route, level.as_str(), work, scene, |w, f| say(None, w, f), findings);
        }
        At::Showing => {
            for step in route.steps.iter().filter(|step| passed(step).is_none()) {
                say(Some(step), "a review of exactly this version is missing", findings);
            }
            let holds = actor.is_some_and(|actor| scene.holds(actor, &route.publishers));
            if !route.publishers.is_empty() && !holds {
                say(None, "whoever shows it does not hold the role for it", findings);
            }
            for kind in &route.evidence {
                let since = scene.draft().map(|draft| draft.position);
                if !super::evidence::stands(scene, scene.frame.stream, kind.as_str(), since) {
                    say(None, "a record that must be there before is missing", findings);
                }
            }
            judge_distinct(route, "publisher", work, scene, |why, f| say(None, why, f), findings);
        }
    }
}

fn holds(step: &Step, actor: AccountId, scene: &Scene<'_>) -> bool {
    if step.provider {
        scene.holds_at(actor, &step.roles, scene.provider())
    } else {
        scene.holds(actor, &step.roles)
    }
}

/// In no set may who acts now be somebody who acted before.
fn judge_distinct(
    route: &Route,
    now: &str,
    work: &Work<'_>,
    scene: &Scene<'_>,
    say: impl Fn(&str, &mut Findings),
    findings: &mut Findings,
) {
    let Some(actor) = scene.actor().map(|actor| scene.person(actor)) else { return };
    let before = |word: &Word| match word.as_str() {
        word if word == now => false,
        "author" => scene.person(work.author) == actor,
        level => {
            let same = |pass: &&Pass| pass.level == level;
            work.passes.iter().filter(same).any(|pass| scene.person(pass.account) == actor)
        }
    };
    let sets = route.distinct.iter().filter(|set| set.iter().any(|word| word.as_str() == now));
    if sets.into_iter().flatten().any(before) {
        say("one person does what two persons must do", findings);
    }
}
