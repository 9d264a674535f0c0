//! 限额 — at most so many.

use annals_events::Time;
use annals_events::id::SiteId;
use annals_events::profile::{Profile, Quota};
use chrono::Datelike as _;

use super::scene::{Scene, selects_thing};
use super::{found, lists};
use crate::State;
use crate::calendar;
use crate::judge::Findings;
use crate::site::Standing;

pub(super) fn judge(profile: &Profile, scene: &Scene<'_>, findings: &mut Findings) {
    let kind = scene.event.kind();
    for rule in &profile.quotas {
        let is_on = lists(&rule.on, kind) && scene.selects(&rule.when);
        if is_on && count(rule, profile, scene) >= rule.most {
            let why = "there are as many already as there may be";
            findings.extend(found(scene, rule.rule(), rule.clause.as_str(), why));
        }
    }
}

fn count(rule: &Quota, profile: &Profile, scene: &Scene<'_>) -> u32 {
    let state = scene.view.state;
    let counted = match rule.counts.as_str() {
        "site_offlines" => {
            let Some(site) = scene.site else { return 0 };
            let now = scene.frame.effective_at();
            let year = calendar::day(now).year();
            let starts = offline_starts(state, profile, site, now);
            starts.into_iter().filter(|at| calendar::day(*at).year() == year).count()
        }
        "organisation_sites" => {
            let is_one = |(_, site): &(SiteId, &crate::site::Site)| {
                site.organisation == scene.organisation && site.standing != Standing::Closed
            };
            state.sites.all().filter(is_one).count()
        }
        _ => 0,
    };
    u32::try_from(counted).unwrap_or(u32::MAX)
}

/// When a site went offline: when it was taken, and when a shutdown had lasted so long that it
/// counts as offline.
pub fn offline_starts(state: &State, profile: &Profile, site: SiteId, now: Time) -> Vec<Time> {
    let Some(known) = state.sites.get(site) else { return Vec::new() };
    let organisation = state.platform.organisation(known.organisation);
    let attributes = [
        ("", Some(&known.attributes)),
        ("site", Some(&known.attributes)),
        ("organisation", organisation.map(|organisation| &organisation.attributes)),
    ];
    let converts = profile.spans.iter().find(|span| {
        let becomes = span.becomes.as_ref().map(|word| word.as_str());
        span.of.as_str() == "site_shut_down"
            && becomes == Some("site_offline")
            && selects_thing(&span.when, &attributes)
    });
    let start = |absence: &crate::site::Absence| {
        if !absence.shut_down {
            return Some(absence.from);
        }
        let due = state.platform.calendar().due(absence.from, &converts?.within)?;
        (absence.until.unwrap_or(now) > due.at).then_some(due.at)
    };
    known.absences.iter().filter_map(start).collect()
}
