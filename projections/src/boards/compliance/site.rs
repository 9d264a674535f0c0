//! 停止访问 — how long sites were away, and what that breaks.

use std::collections::BTreeMap;

use annals_events::id::{SiteId, Stream};
use annals_events::profile::{Profile, Span};
use annals_events::site::Event as SiteEvent;
use annals_events::{Event, Time};
use chrono::Datelike as _;

use super::periodic::cited;
use super::things::{Life, Site, Things};
use super::{Asked, Violation};
use crate::calendar::{self, Calendar};
use crate::fold::Frame;
use crate::platform::Adoption;
use crate::rulebook;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Offline,
    ShutDown,
    Back,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Absences {
    steps: BTreeMap<SiteId, Vec<(u64, Time, Step)>>,
}

/// A time away, as seen from the moment asked for.
struct Away {
    from: (u64, Time),
    until: Option<(u64, Time)>,
    shut_down: bool,
}

impl Absences {
    pub fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let step = match event {
            Event::Site(SiteEvent::TakenOffline(_)) => Step::Offline,
            Event::Site(SiteEvent::ShutDown(_)) => Step::ShutDown,
            Event::Site(SiteEvent::Restored(_) | SiteEvent::Closed(_)) => Step::Back,
            _ => return,
        };
        let steps = self.steps.entry(SiteId(frame.stream.id)).or_default();
        steps.push((frame.position, frame.effective_at(), step));
    }

    pub fn violations(
        &self,
        things: &Things,
        asked: &Asked,
        calendar: &Calendar,
    ) -> Vec<Violation> {
        let mut all = Vec::new();
        for (id, steps) in &self.steps {
            let Some(site) = things.sites.get(id) else { continue };
            let mut starts = Vec::new();
            for away in absences(steps, asked) {
                let organisation = site.is.organisation;
                let Some(adopted) = things.in_force(organisation, away.from.1, asked) else {
                    continue;
                };
                let judged = Judged { id: *id, site, adopted, asked, calendar, things };
                judged.judge(&away, &mut starts, &mut all);
            }
        }
        all
    }
}

/// The times away in the order they happened.
fn absences(steps: &[(u64, Time, Step)], asked: &Asked) -> Vec<Away> {
    let seen = steps.iter().filter(|(position, at, _)| asked.sees(*position, *at));
    let mut steps: Vec<&(u64, Time, Step)> = seen.collect();
    steps.sort_by_key(|(position, at, _)| (*at, *position));
    let mut all: Vec<Away> = Vec::new();
    for (position, at, step) in steps {
        if let Some(last) = all.last_mut() {
            last.until = last.until.or(Some((*position, *at)));
        }
        if *step != Step::Back {
            let shut_down = *step == Step::ShutDown;
            all.push(Away { from: (*position, *at), until: None, shut_down });
        }
    }
    all
}

struct Judged<'a> {
    id: SiteId,
    site: &'a Life<Site>,
    adopted: &'a Adoption,
    asked: &'a Asked,
    calendar: &'a Calendar,
    things: &'a Things,
}

impl Judged<'_> {
    fn judge(&self, away: &Away, starts: &mut Vec<Time>, all: &mut Vec<Violation>) {
        let profile = &self.adopted.profile;
        let end = away.until.map_or(self.asked.at, |(_, at)| at);
        if !away.shut_down {
            starts.push(away.from.1);
            self.too_long(profile, "site_offline", away, away.from.1, end, all);
            return;
        }
        let converts = self.span(profile, "site_shut_down").filter(|span| span.becomes.is_some());
        let Some(span) = converts else {
            self.too_long(profile, "site_shut_down", away, away.from.1, end, all);
            return;
        };
        let Some(due) = self.calendar.due(away.from.1, &span.within).filter(|due| end > due.at)
        else {
            return;
        };
        self.quota(profile, away, due.at, starts, all);
        starts.push(due.at);
        self.too_long(profile, "site_offline", away, due.at, end, all);
    }

    fn span<'p>(&self, profile: &'p Profile, of: &str) -> Option<&'p Span> {
        let organisation = self.things.organisation(self.site.is.organisation);
        let attributes = [
            ("", Some(&self.site.is.attributes)),
            ("site", Some(&self.site.is.attributes)),
            ("organisation", organisation),
        ];
        profile
            .spans
            .iter()
            .find(|span| span.of.as_str() == of && rulebook::selects_thing(&span.when, &attributes))
    }

    fn too_long(
        &self,
        profile: &Profile,
        of: &str,
        away: &Away,
        from: Time,
        end: Time,
        all: &mut Vec<Violation>,
    ) {
        let Some(span) = self.span(profile, of) else { return };
        let due = self.calendar.due(from, &span.within).filter(|due| end > due.at);
        let Some(due) = due else { return };
        let detail = "the site was away for longer than it may be";
        all.push(self.violation(span.rule(), "span", away, due.at, detail));
    }

    /// A shutdown that became an offline takes its place among the year's, if there is one.
    fn quota(
        &self,
        profile: &Profile,
        away: &Away,
        at: Time,
        starts: &[Time],
        all: &mut Vec<Violation>,
    ) {
        let year = |at: Time| calendar::day(at).year();
        let before = starts.iter().filter(|start| year(**start) == year(at)).count();
        for quota in profile.quotas.iter().filter(|q| q.counts.as_str() == "site_offlines") {
            if before >= quota.most as usize {
                let detail = "a shutdown became an offline when the year had as many as it may";
                all.push(self.violation(quota.rule(), "quota", away, at, detail));
            }
        }
    }

    fn violation(
        &self,
        rule: annals_events::profile::Rule<'_>,
        kind: &'static str,
        away: &Away,
        since: Time,
        detail: &str,
    ) -> Violation {
        Violation {
            rule: cited(self.adopted, rule, kind),
            stream: Stream::from(self.id),
            organisation: self.site.is.organisation,
            site: Some(self.id),
            since,
            until: away.until.map(|(_, at)| at),
            entries: std::iter::once(away.from.0).chain(away.until.map(|(by, _)| by)).collect(),
            detail: detail.to_owned(),
        }
    }
}
