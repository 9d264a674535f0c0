//! 判断 — were the rules obeyed? The one entrance, for deciding, flagging and verifying.
//!
//! Deciding is judging the events a command would write; a breach refuses the command. Judging a
//! committed entry again is the same call: a breach there was written against the rules.

use std::collections::BTreeMap;

use annals_events::entry::{Actor, Provenance};
use annals_events::id::{AccountId, SiteId, Stream};
use annals_events::{Event, account, site};

use crate::account::Account;
use crate::fold::Frame;
use crate::site::Site;
use crate::{State, rules};

/// Whether a finding stops a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// 违规 — what the platform itself executes must not be so.
    Breach,
    /// 标记 — it happened; it is shown.
    Flag,
}

/// 发现 — something a rule says about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule, e.g. `reviewer_is_author`; cited as `annals:reviewer_is_author`.
    pub name: &'static str,
    /// What follows.
    pub weight: Weight,
    /// The state of affairs, for a person.
    pub detail: &'static str,
}

impl Finding {
    /// A breach.
    pub const fn breach(name: &'static str, detail: &'static str) -> Finding {
        Finding { name, weight: Weight::Breach, detail }
    }

    /// A flag.
    pub const fn flag(name: &'static str, detail: &'static str) -> Finding {
        Finding { name, weight: Weight::Flag, detail }
    }

    /// The clause it is cited by.
    pub fn clause(&self) -> String {
        format!("annals:{}", self.name)
    }
}

/// The findings of one entry.
pub type Findings = Vec<Finding>;

/// The state a rule looks at: what is folded, and the earlier entries of the same command.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What is folded.
    pub state: &'a State,
    /// Earlier entries of the same command, not folded yet.
    pub earlier: &'a [(Frame<'a>, &'a Event)],
}

impl<'a> View<'a> {
    /// The state alone: for committed entries, whose earlier ones are folded.
    pub fn of(state: &'a State) -> View<'a> {
        View { state, earlier: &[] }
    }

    /// An account.
    pub fn account(&self, id: AccountId) -> Option<Account> {
        let earlier = self.earlier.iter().find_map(|(frame, event)| match event {
            Event::Account(account::Event::Opened(opened)) if frame.stream == id.into() => {
                Some(Account {
                    access: opened.access,
                    duty: opened.duty,
                    organisation: opened.organisation,
                    opened: frame.position,
                })
            }
            _ => None,
        });
        earlier.or_else(|| self.state.accounts.get(id).cloned())
    }

    /// A site.
    pub fn site(&self, id: SiteId) -> Option<Site> {
        let earlier = self.earlier.iter().find_map(|(frame, event)| match event {
            Event::Site(site::Event::Opened(opened)) if frame.stream == Stream::from(id) => {
                Some(Site {
                    name: opened.name.as_str().to_owned(),
                    organisation: opened.organisation,
                    opened_at: frame.effective_at(),
                })
            }
            _ => None,
        });
        earlier.or_else(|| self.state.sites.get(id).cloned())
    }
}

/// Judge one entry against the state of all before it.
pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event) -> Findings {
    let mut findings = Findings::new();
    check_form(frame, event, &mut findings);
    if let Some(actor) = frame.actor {
        check_actor(view, frame, event, actor, &mut findings);
    }
    match event {
        Event::Ledger(event) => rules::ledger::judge(view, frame, event, &mut findings),
        Event::Platform(event) => rules::platform::judge(view, frame, event, &mut findings),
        Event::Account(event) => rules::account::judge(view, frame, event, &mut findings),
        Event::Site(event) => rules::site::judge(view, frame, event, &mut findings),
        Event::Column(event) => rules::column::judge(view, frame, event, &mut findings),
        Event::Content(event) => rules::content::judge(view, frame, event, &mut findings),
    }
    if frame.provenance == Provenance::Imported {
        rules::import::judge(view, frame, event, &mut findings);
    }
    findings
}

/// Add the findings to a tally by name.
pub fn tally(findings: &[Finding], weight: Weight, tally: &mut BTreeMap<&'static str, u64>) {
    for finding in findings.iter().filter(|finding| finding.weight == weight) {
        *tally.entry(finding.name).or_default() += 1;
    }
}

fn check_form(frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    if !rules::may_come_from(event, frame.provenance) {
        findings.push(Finding::breach(
            "provenance",
            "an entry of this type cannot come to be known this way",
        ));
    }
    let own = matches!(frame.provenance, Provenance::Commanded | Provenance::Internal);
    if own && frame.occurred_at.is_some() {
        findings.push(Finding::breach(
            "backdated",
            "what the platform does happens when it is recorded",
        ));
    }
    if frame.has_clauses || frame.rulebook.is_some() {
        findings.push(Finding::breach("rulebook", "no rulebook was ever adopted at that position"));
    }
    let Some(about) = frame.about else { return };
    let named = about.iter().map(|about| about.subject);
    if !event.about(frame.stream, frame.actor).into_iter().eq(named) {
        findings.push(Finding::breach(
            "about",
            "the entry is not numbered under exactly the subjects it is about",
        ));
    }
}

fn check_actor(
    view: View<'_>,
    frame: &Frame<'_>,
    event: &Event,
    actor: &Actor,
    findings: &mut Findings,
) {
    let Some(account) = view.account(actor.account) else {
        findings.push(Finding::breach("actor_unknown", "the acting account does not exist"));
        return;
    };
    if account.access == account::Access::Unusable {
        findings.push(Finding::breach("actor_unusable", "nobody can act under this account"));
    }
    if account.organisation != actor.organisation || actor.on_behalf_of.is_some() {
        findings.push(Finding::breach(
            "actor_organisation",
            "the account does not belong to the organisation it acts for",
        ));
    }
    if actor.authority.is_none_or(|grant| grant.0 != account.opened) {
        findings.push(Finding::breach(
            "authority",
            "the grant named is not the one the account acts under",
        ));
    }
    if account.duty == account::Duty::Auditor && !rules::ledger::confirms(frame, event) {
        findings.push(Finding::breach(
            "auditor_writes_nothing",
            "an auditor writes nothing but confirmations of two-person acts",
        ));
    }
}
