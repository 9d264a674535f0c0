//! 更新与职责 — what must be fresh, and what is owed again and again.

use std::collections::BTreeMap;

use annals_events::attributes::Attributes;
use annals_events::content::Event as ContentEvent;
use annals_events::id::{ColumnId, ContentId, OrganisationId, SiteId, Stream};
use annals_events::profile::{Duty, Freshness, Period};
use annals_events::{Event, Time};
use chrono::NaiveDate;

use super::things::Things;
use super::{Asked, Cited, Obligation, Outcome, Violation};
use crate::calendar::{self, Calendar, Due};
use crate::evidence::{Piece, places};
use crate::fold::Frame;
use crate::judge::View;
use crate::platform::Adoption;
use crate::rulebook;

/// Most periods of one duty that are listed.
const PERIODS_MOST: usize = 400;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Periodic {
    /// Content shown in each column.
    shown: BTreeMap<ColumnId, Vec<(u64, Time)>>,
    /// Records of each site and organisation.
    records: BTreeMap<Stream, Vec<Piece>>,
}

impl Periodic {
    pub fn apply(&mut self, view: View<'_>, frame: &Frame<'_>, event: &Event) {
        let now = (frame.position, frame.effective_at());
        if let Event::Content(ContentEvent::Published(_) | ContentEvent::Corrected(_)) = event {
            let content = view.state.contents.get(ContentId(frame.stream.id));
            let draft = content.and_then(|content| content.draft.as_deref());
            if let Some(column) = draft.and_then(|draft| draft.column) {
                self.shown.entry(column).or_default().push(now);
            }
        }
        let Some(recorded) = event.evidence() else { return };
        let record = Piece::of(frame, recorded);
        for stream in places(frame, recorded) {
            self.records.entry(stream).or_default().push(record.clone());
        }
    }

    /// Every column that must be fresh, with its newest content.
    pub fn freshness(
        &self,
        things: &Things,
        asked: &Asked,
        calendar: &Calendar,
    ) -> Vec<Obligation> {
        let mut all = Vec::new();
        self.each_fresh(things, asked, &mut |fresh| {
            let Fresh { column, site, organisation, adopted, rule, times } = *fresh;
            let Some((from, since)) = times.last().copied() else { return };
            let due = calendar.due(since, &rule.within);
            let is_over = due.is_some_and(|due| asked.at > due.at);
            all.push(Obligation {
                rule: cited(adopted, rule.rule(), "freshness"),
                stream: column.into(),
                organisation,
                site: Some(site),
                from: Some(from),
                since,
                due,
                outer: None,
                outcome: if is_over { Outcome::Overdue } else { Outcome::Open },
            });
        });
        all
    }

    /// Times before the newest content when a column had gone stale.
    pub fn stale_before(
        &self,
        things: &Things,
        asked: &Asked,
        calendar: &Calendar,
    ) -> Vec<Violation> {
        let mut all = Vec::new();
        self.each_fresh(things, asked, &mut |fresh| {
            let Fresh { column, site, organisation, adopted, rule, times } = *fresh;
            for pair in times.windows(2) {
                let [(from, since), (by, at)] = [pair[0], pair[1]];
                let Some(due) = calendar.due(since, &rule.within).filter(|due| at > due.at) else {
                    continue;
                };
                all.push(Violation {
                    rule: cited(adopted, rule.rule(), "freshness"),
                    stream: column.into(),
                    organisation,
                    site: Some(site),
                    since: due.at,
                    until: Some(at),
                    entries: vec![from, by],
                    detail: "nothing new came in its time".to_owned(),
                });
            }
        });
        all
    }

    /// Each column that a rule in force now selects, with the times something new stood in it.
    fn each_fresh(&self, things: &Things, asked: &Asked, see: &mut dyn FnMut(&Fresh<'_>)) {
        for (id, column) in things.columns.iter().filter(|(_, life)| life.is_there(asked)) {
            let Some(site) = things.sites.get(&column.is.site).filter(|s| s.is_there(asked)) else {
                continue;
            };
            let organisation = site.is.organisation;
            let Some(adopted) = things.in_force(organisation, asked.at, asked) else { continue };
            let attributes = [
                ("", Some(&column.is.attributes)),
                ("column", Some(&column.is.attributes)),
                ("site", Some(&site.is.attributes)),
                ("organisation", things.organisation(organisation)),
            ];
            let mut times = vec![column.began];
            let shown = self.shown.get(id).into_iter().flatten();
            times.extend(shown.filter(|(position, at)| asked.sees(*position, *at)));
            times.sort_unstable_by_key(|(position, at)| (*at, *position));
            for rule in &adopted.profile.freshness {
                if rulebook::selects_thing(&rule.when, &attributes) {
                    see(&Fresh {
                        column: *id,
                        site: column.is.site,
                        organisation,
                        adopted,
                        rule,
                        times: &times,
                    });
                }
            }
        }
    }

    /// What every site and organisation owes again and again, period by period.
    pub fn duties(&self, things: &Things, asked: &Asked, calendar: &Calendar) -> Vec<Obligation> {
        let mut all = Vec::new();
        for (id, site) in things.sites.iter().filter(|(_, life)| life.is_there(asked)) {
            let organisation = site.is.organisation;
            let attributes = [
                ("", Some(&site.is.attributes)),
                ("site", Some(&site.is.attributes)),
                ("organisation", things.organisation(organisation)),
            ];
            let owner = Owner { stream: (*id).into(), organisation, site: Some(*id) };
            self.owed(things, asked, calendar, &owner, "site", &attributes, site.began.1, &mut all);
        }
        for (id, life) in things.organisations.iter().filter(|(_, life)| life.is_there(asked)) {
            let attributes =
                [("", Some(&life.is.attributes)), ("organisation", Some(&life.is.attributes))];
            let owner = Owner { stream: (*id).into(), organisation: *id, site: None };
            let began = life.began.1;
            self.owed(
                things,
                asked,
                calendar,
                &owner,
                "organisation",
                &attributes,
                began,
                &mut all,
            );
        }
        all
    }

    #[expect(clippy::too_many_arguments, reason = "the one place that two kinds of owners share")]
    fn owed(
        &self,
        things: &Things,
        asked: &Asked,
        calendar: &Calendar,
        owner: &Owner,
        of: &str,
        attributes: &[(&str, Option<&Attributes>)],
        began: Time,
        all: &mut Vec<Obligation>,
    ) {
        let Some(adopted) = things.in_force(owner.organisation, asked.at, asked) else { return };
        let selected = adopted.profile.duties.iter().filter(|rule| {
            rule.of.as_str() == of && rulebook::selects_thing(&rule.when, attributes)
        });
        let start = adopted.effective_from.max(began);
        for rule in selected {
            for (first, last) in periods(rule, start, asked, calendar) {
                all.push(self.period(adopted, owner, rule, (first, last), asked, calendar));
            }
        }
    }

    fn period(
        &self,
        adopted: &Adoption,
        owner: &Owner,
        rule: &Duty,
        (first, last): (NaiveDate, NaiveDate),
        asked: &Asked,
        calendar: &Calendar,
    ) -> Obligation {
        let since = calendar::start_of(first);
        let due = match &rule.within {
            Some(within) => {
                let before = first.pred_opt().unwrap_or(first);
                calendar.due(calendar::start_of(before), within)
            }
            None if rule.every == Period::Once => None,
            None => Some(Due { at: calendar::end_of(last), provisional: false }),
        };
        let is_for = |record: &&Piece| {
            let day = match &record.period {
                Some(day) => day.to_chrono(),
                None => calendar::day(record.at),
            };
            record.kind == rule.evidence.as_str()
                && (rule.every == Period::Once || (first <= day && day <= last))
                && asked.sees(record.position, record.at)
                && rulebook::is_complete(&adopted.profile, owner.stream, record)
        };
        let records = self.records.get(&owner.stream).into_iter().flatten();
        let met = records.filter(is_for).min_by_key(|record| (record.at, record.position));
        let is_over = |at: Time| due.is_some_and(|due| at > due.at);
        let outcome = match met {
            Some(record) if is_over(record.at) => Outcome::Late(record.position),
            Some(record) => Outcome::Met(record.position),
            None if is_over(asked.at) => Outcome::Overdue,
            None => Outcome::Open,
        };
        Obligation {
            rule: cited(adopted, rule.rule(), "duty"),
            stream: owner.stream,
            organisation: owner.organisation,
            site: owner.site,
            from: None,
            since,
            due,
            outer: None,
            outcome,
        }
    }
}

/// A column that must be fresh, with the times something new stood in it.
struct Fresh<'a> {
    column: ColumnId,
    site: SiteId,
    organisation: OrganisationId,
    adopted: &'a Adoption,
    rule: &'a Freshness,
    times: &'a [(u64, Time)],
}

struct Owner {
    stream: Stream,
    organisation: OrganisationId,
    site: Option<SiteId>,
}

pub(super) fn cited(
    adopted: &Adoption,
    rule: annals_events::profile::Rule<'_>,
    kind: &'static str,
) -> Cited {
    Cited {
        rulebook: adopted.position,
        clause: rule.clause.as_str().to_owned(),
        title: rule.title.as_str().to_owned(),
        kind,
    }
}

/// The full periods since `start` that have begun, the newest last; those that ended before
/// `asked.from` left out.
fn periods(
    rule: &Duty,
    start: Time,
    asked: &Asked,
    calendar: &Calendar,
) -> Vec<(NaiveDate, NaiveDate)> {
    let (start_day, today) = (calendar::day(start), calendar::day(asked.at));
    if rule.every == Period::Once {
        return vec![calendar::period_of(start_day, Period::Once)];
    }
    let from = calendar::day(asked.from).max(start_day);
    let mut all = Vec::new();
    let mut day = from;
    while day <= today && all.len() < PERIODS_MOST {
        let (first, last) = calendar::period_of(day, rule.every);
        let is_full = calendar::start_of(first) >= start;
        let is_worked = rule.every != Period::WorkingDay || calendar.is_working(first).0;
        if is_full && is_worked {
            all.push((first, last));
        }
        let Some(next) = last.succ_opt() else { break };
        day = next;
    }
    all
}
