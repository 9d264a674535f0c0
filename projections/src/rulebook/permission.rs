//! 权限 — who may do what, and what nobody holds together.

use annals_events::Event;
use annals_events::account::Event as AccountEvent;
use annals_events::id::{AccountId, Stream};
use annals_events::profile::{Permission, Profile};
use annals_events::text::Word;

use super::scene::Scene;
use super::{found, lists};
use crate::judge::Findings;

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let kind = scene.event.kind();
    for rule in &profile.permissions {
        let clause = rule.clause.as_str();
        if lists(&rule.on, kind) && scene.selects(&rule.when) && !may(rule, scene) {
            let why = "the actor does not hold the role for it";
            findings.extend(found(scene, rule.rule(), clause, why));
        }
        if !rule.never_together.is_empty() && holds_together(rule, scene) {
            let why = "one person would hold roles that nobody holds together";
            findings.extend(found(scene, rule.rule(), clause, why));
        }
    }
}

fn may(rule: &Permission, scene: &Scene<'_>) -> bool {
    // A rule that only keeps roles apart says nothing of who may act.
    let only_apart = !rule.never_together.is_empty() && rule.roles.is_empty();
    let scope = match scene.event {
        Event::Account(AccountEvent::RoleGranted(facts)) => Some(facts.scope),
        Event::Account(AccountEvent::RoleRevoked(facts)) => Some(facts.scope),
        _ => None,
    };
    // Whoever gives a role must hold his for the account and for what the role is over.
    let holds = |actor| {
        scene.holds(actor, &rule.roles)
            && scope.is_none_or(|scope| scene.holds_over(actor, &rule.roles, scope))
    };
    only_apart || scene.actor().is_some_and(holds)
}

/// Whether the role that comes now goes against one that the person has.
fn holds_together(rule: &Permission, scene: &Scene<'_>) -> bool {
    let id = AccountId(scene.frame.stream.id);
    let accounts = &scene.view.state.accounts;
    let (role, scope, all) = match scene.event {
        Event::Account(AccountEvent::RoleGranted(granted)) => {
            (granted.role.as_str(), granted.scope, accounts.of_person(id))
        }
        Event::Account(AccountEvent::Opened(opened)) => {
            let same = |(id, account): (AccountId, &crate::account::Account)| {
                let person = opened.person.is_some() && account.person == opened.person;
                person.then_some(id)
            };
            let all = accounts.all().filter_map(same).collect();
            (opened.duty.word(), Stream::from(opened.organisation), all)
        }
        _ => return false,
    };
    let listed = |word: &str| rule.never_together.iter().any(|one: &Word| one.as_str() == word);
    listed(role)
        && all.iter().filter_map(|id| accounts.get(*id)).any(|account| {
            account
                .held()
                .any(|(held, over)| held != role && listed(held) && scene.overlap(over, scope))
        })
}
