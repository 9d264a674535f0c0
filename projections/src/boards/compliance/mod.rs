//! 合规 — what was owed, by whom, by when, and what became of it; and what went against a rule.
//!
//! Nothing here depends on when a timer ran: being overdue is computed from the entries and the
//! moment asked for. Every answer takes `at` (when it was true) and `known` (how many entries were
//! known), so that a late fact changes no answer at an older `known`.

mod deadline;
mod periodic;
mod site;
mod things;
mod view;

use annals_events::id::{OrganisationId, SiteId, Stream};
use annals_events::{Event, Time};

use crate::calendar::Due;
use crate::fold::Frame;
use crate::judge::{Findings, View, Weight};
use crate::rulebook;

use deadline::Deadlines;
use periodic::Periodic;
use site::Absences;
use things::Things;
pub use view::Asked;

/// What became of an obligation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// 待办 — still in time, or never late.
    Open,
    /// 逾期 — not met, and its time is over.
    Overdue,
    /// 按期完成 — by this entry.
    Met(u64),
    /// 逾期完成 — by this entry, and late for ever.
    Late(u64),
    /// 免除 — by this entry.
    Waived(u64),
}

impl Outcome {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Open => "open",
            Outcome::Overdue => "overdue",
            Outcome::Met(_) => "met",
            Outcome::Late(_) => "late",
            Outcome::Waived(_) => "waived",
        }
    }

    /// The entry that decided it.
    pub fn by(self) -> Option<u64> {
        match self {
            Outcome::Met(by) | Outcome::Late(by) | Outcome::Waived(by) => Some(by),
            Outcome::Open | Outcome::Overdue => None,
        }
    }
}

/// The rule behind a line of the board.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cited {
    /// Position of the rulebook's adoption.
    pub rulebook: u64,
    /// The clause.
    pub clause: String,
    /// In a few official words.
    pub title: String,
    /// Its kind: `deadline`, `duty`, `freshness`, `span`, `quota`, or `entry` for a finding.
    pub kind: &'static str,
}

/// 义务 — something owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// The rule.
    pub rule: Cited,
    /// The thing: a message, an incident, a column, a site, an organisation.
    pub stream: Stream,
    /// Who owes it.
    pub organisation: OrganisationId,
    /// The site, where there is one.
    pub site: Option<SiteId>,
    /// The entry it came from; `None` for what comes back with the calendar.
    pub from: Option<u64>,
    /// From when on it was owed.
    pub since: Time,
    /// By when; `None` where nothing says so.
    pub due: Option<Due>,
    /// The outer limit.
    pub outer: Option<Due>,
    /// What became of it.
    pub outcome: Outcome,
}

/// 违规 — something that went against a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Cited,
    /// The thing.
    pub stream: Stream,
    /// Who answers for it.
    pub organisation: OrganisationId,
    /// The site, where there is one.
    pub site: Option<SiteId>,
    /// From when on.
    pub since: Time,
    /// Until when; `None` while it lasts.
    pub until: Option<Time>,
    /// Entries that show it, in order.
    pub entries: Vec<u64>,
    /// The state of affairs, for a person.
    pub detail: String,
}

/// A finding of a rulebook in an entry.
#[derive(Clone, Debug)]
struct Found {
    position: u64,
    at: Time,
    violation: Violation,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Compliance {
    things: Things,
    deadlines: Deadlines,
    periodic: Periodic,
    absences: Absences,
    found: Vec<Found>,
}

impl Compliance {
    /// Take one more entry, with the state of all before it and what judging it found.
    pub fn apply(&mut self, view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &Findings) {
        self.things.apply(frame, event);
        self.periodic.apply(view, frame, event);
        self.absences.apply(frame, event);
        let Some((adoption, scene)) = rulebook::in_force(view, frame, event) else { return };
        self.deadlines.apply(adoption, &scene);
        let flagged = findings.iter().filter(|f| f.of_rulebook && f.weight == Weight::Flag);
        for finding in flagged {
            let rule = Cited {
                rulebook: adoption.position,
                clause: finding.name.to_string(),
                title: finding.detail.split(": ").next().unwrap_or_default().to_owned(),
                kind: "entry",
            };
            let violation = Violation {
                rule,
                stream: frame.stream,
                organisation: scene.organisation,
                site: scene.site,
                since: frame.effective_at(),
                until: Some(frame.effective_at()),
                entries: vec![frame.position],
                detail: finding.detail.to_string(),
            };
            self.found.push(Found {
                position: frame.position,
                at: frame.effective_at(),
                violation,
            });
        }
    }

    /// Everything owed, as of a moment; what comes back with the calendar from `asked.from` on.
    pub fn obligations(&self, asked: &Asked) -> Vec<Obligation> {
        let calendar = self.things.calendar(asked);
        let mut all = self.deadlines.obligations(asked, &calendar);
        all.extend(self.periodic.freshness(&self.things, asked, &calendar));
        all.extend(self.periodic.duties(&self.things, asked, &calendar));
        all
    }

    /// Everything owed in one stream, as of a moment: the clocks of an incident or a message.
    pub fn obligations_of(&self, stream: Stream, asked: &Asked) -> Vec<Obligation> {
        let calendar = self.things.calendar(asked);
        self.deadlines.of(stream, asked, &calendar)
    }

    /// Everything that went against a rule, as of a moment.
    pub fn violations(&self, asked: &Asked) -> Vec<Violation> {
        let calendar = self.things.calendar(asked);
        let visible = |found: &&Found| found.position < asked.known && found.at <= asked.at;
        let mut all: Vec<Violation> =
            self.found.iter().filter(visible).map(|found| found.violation.clone()).collect();
        all.extend(self.obligations(asked).iter().filter_map(broken));
        all.extend(self.periodic.stale_before(&self.things, asked, &calendar));
        all.extend(self.absences.violations(&self.things, asked, &calendar));
        all.sort_by(|a, b| {
            (a.since, &a.entries, &a.rule, a.stream).cmp(&(b.since, &b.entries, &b.rule, b.stream))
        });
        all
    }
}

/// An obligation whose time is over is a violation, met late or not at all.
fn broken(owed: &Obligation) -> Option<Violation> {
    let due = owed.due?;
    let (until, by) = match owed.outcome {
        Outcome::Overdue => (None, None),
        Outcome::Late(by) => (Some(owed.due?.at), Some(by)),
        _ => return None,
    };
    let detail = match owed.outcome {
        Outcome::Overdue => "its time is over and it is not done",
        _ => "it was done late",
    };
    Some(Violation {
        rule: owed.rule.clone(),
        stream: owed.stream,
        organisation: owed.organisation,
        site: owed.site,
        since: due.at,
        until,
        entries: owed.from.into_iter().chain(by).collect(),
        detail: detail.to_owned(),
    })
}
