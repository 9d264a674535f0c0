//! 期限 — clocks that entries start, stop and lift.

use std::collections::BTreeMap;
use std::sync::Arc;

use annals_events::id::{OrganisationId, SiteId, Stream};
use annals_events::profile::{Deadline, Profile};
use annals_events::text::Day;
use annals_events::{Event, Time, message};

use super::{Asked, Cited, Obligation, Outcome};
use crate::calendar::{self, Calendar, Due};
use crate::platform::Adoption;
use crate::rulebook::{Scene, lists};

/// A clock that runs in a stream.
#[derive(Clone, Debug)]
struct Clock {
    profile: Arc<Profile>,
    rulebook: u64,
    /// Which of the profile's deadlines.
    rule: usize,
    from: u64,
    since: Time,
    organisation: OrganisationId,
    site: Option<SiteId>,
    /// The day that the starting entry names.
    until: Option<Day>,
    /// Entries that meet it.
    met: Vec<(u64, Time)>,
    /// Entries that lift it.
    waived: Vec<(u64, Time)>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    clocks: BTreeMap<Stream, Vec<Clock>>,
}

impl Deadlines {
    pub fn apply(&mut self, adoption: &Adoption, scene: &Scene<'_>) {
        let (kind, position) = (scene.event.kind(), scene.frame.position);
        let at = scene.frame.effective_at();
        for clock in self.clocks.get_mut(&scene.frame.stream).into_iter().flatten() {
            let rule = &clock.profile.deadlines[clock.rule];
            if lists(&rule.met_by, kind) && scene.selects(&rule.with) {
                clock.met.push((position, at));
            }
            if lists(&rule.waived_by, kind) {
                clock.waived.push((position, at));
            }
        }
        let until = match scene.event {
            Event::Message(message::Event::ReplyPromised(promised)) => Some(&promised.by),
            _ => None,
        };
        for (number, rule) in adoption.profile.deadlines.iter().enumerate() {
            if rule.from.as_str() != kind || !scene.selects(&rule.when) {
                continue;
            }
            self.clocks.entry(scene.frame.stream).or_default().push(Clock {
                profile: adoption.profile.clone(),
                rulebook: adoption.position,
                rule: number,
                from: position,
                since: at,
                organisation: scene.organisation,
                site: scene.site,
                until: until.filter(|_| rule.until.is_some()).cloned(),
                met: Vec::new(),
                waived: Vec::new(),
            });
        }
    }

    pub fn obligations(&self, asked: &Asked, calendar: &Calendar) -> Vec<Obligation> {
        let clocks = self.clocks.iter();
        let all = clocks.flat_map(|(stream, clocks)| clocks.iter().map(move |c| (*stream, c)));
        all.filter_map(|(stream, clock)| clock.read(stream, asked, calendar)).collect()
    }

    pub fn of(&self, stream: Stream, asked: &Asked, calendar: &Calendar) -> Vec<Obligation> {
        let clocks = self.clocks.get(&stream).into_iter().flatten();
        clocks.filter_map(|clock| clock.read(stream, asked, calendar)).collect()
    }
}

impl Clock {
    fn rule(&self) -> &Deadline {
        &self.profile.deadlines[self.rule]
    }

    /// `None` where it had not started, as far as was known.
    fn read(&self, stream: Stream, asked: &Asked, calendar: &Calendar) -> Option<Obligation> {
        if !asked.sees(self.from, self.since) {
            return None;
        }
        let rule = self.rule();
        let named = self.until.as_ref().map(|day| calendar::end_of(day.to_chrono()));
        let due = match (&rule.within, named) {
            (Some(within), _) => calendar.due(self.since, within),
            (None, at) => at.map(|at| Due { at, provisional: false }),
        };
        let outer = rule.outer.as_ref().and_then(|outer| calendar.due(self.since, outer));
        let first = |all: &[(u64, Time)]| {
            let seen = all.iter().filter(|(position, at)| asked.sees(*position, *at));
            seen.min_by_key(|(position, at)| (*at, *position)).copied()
        };
        let is_over = |at: Time| due.is_some_and(|due| at > due.at);
        let outcome = match (first(&self.waived), first(&self.met)) {
            (Some((by, _)), _) => Outcome::Waived(by),
            (None, Some((by, at))) if is_over(at) => Outcome::Late(by),
            (None, Some((by, _))) => Outcome::Met(by),
            (None, None) if is_over(asked.at) => Outcome::Overdue,
            (None, None) => Outcome::Open,
        };
        let rule = Cited {
            rulebook: self.rulebook,
            clause: rule.clause.as_str().to_owned(),
            title: rule.title.as_str().to_owned(),
            kind: "deadline",
        };
        Some(Obligation {
            rule,
            stream,
            organisation: self.organisation,
            site: self.site,
            from: Some(self.from),
            since: self.since,
            due,
            outer,
            outcome,
        })
    }
}
