//! 判断 — were the rules obeyed? The one entrance, for deciding, flagging and verifying.
//!
//! Deciding is judging the events a command would write; a breach refuses the command. Judging a
//! committed entry again is the same call: a breach there was written against the rules.

use std::borrow::Cow;
use std::collections::BTreeMap;

use annals_events::entry::{Actor, CLAUSES_MAX, Provenance};
use annals_events::id::{AccountId, SiteId, Stream};
use annals_events::{Event, account, site};

use crate::account::{Account, Standing};
use crate::fold::{Cited, Frame};
use crate::site::Site;
use crate::{State, rulebook, rules};

/// Whether a finding stops a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// 违规 — what the platform itself executes must not be so.
    Breach,
    /// 标记 — it happened; it is shown.
    Flag,
    /// 例外 — it would be a breach or a flag, but an exemption covers it.
    Exempt,
    /// 提醒 — a clause that only advises.
    Warning,
}

/// 发现 — something a rule says about an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule: `reviewer_is_author`, cited as `annals:reviewer_is_author`; or a rulebook's
    /// clause.
    pub name: Cow<'static, str>,
    /// What follows.
    pub weight: Weight,
    /// The state of affairs, for a person.
    pub detail: Cow<'static, str>,
    /// Whether a rulebook says it.
    pub of_rulebook: bool,
}

impl Finding {
    const fn of_structure(name: &'static str, weight: Weight, detail: &'static str) -> Finding {
        let (name, detail) = (Cow::Borrowed(name), Cow::Borrowed(detail));
        Finding { name, weight, detail, of_rulebook: false }
    }

    /// A breach.
    pub const fn breach(name: &'static str, detail: &'static str) -> Finding {
        Finding::of_structure(name, Weight::Breach, detail)
    }

    /// A flag.
    pub const fn flag(name: &'static str, detail: &'static str) -> Finding {
        Finding::of_structure(name, Weight::Flag, detail)
    }

    /// What a rulebook says.
    pub(crate) fn of_rulebook(clause: &str, weight: Weight, detail: String) -> Finding {
        let (name, detail) = (Cow::Owned(clause.to_owned()), Cow::Owned(detail));
        Finding { name, weight, detail, of_rulebook: true }
    }

    /// The clause it is cited by.
    pub fn clause(&self) -> String {
        if self.of_rulebook { self.name.to_string() } else { format!("annals:{}", self.name) }
    }
}

/// The findings of one entry.
pub type Findings = Vec<Finding>;

/// 判断 — what judging one entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Everything found.
    pub findings: Findings,
    /// Position of the adoption it was judged by.
    pub rulebook: Option<u64>,
    /// Clauses of the rulebook that the entry is to cite: sorted, each once.
    pub clauses: Vec<String>,
}

impl Judgement {
    /// The first thing that stops a command.
    pub fn breach(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.weight == Weight::Breach)
    }
}

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
                Some(Account::opened(opened, frame.position))
            }
            _ => None,
        });
        earlier.or_else(|| self.state.accounts.get(id).cloned())
    }

    /// A site.
    pub fn site(&self, id: SiteId) -> Option<Site> {
        let earlier = self.earlier.iter().find_map(|(frame, event)| match event {
            Event::Site(site::Event::Opened(opened)) if frame.stream == Stream::from(id) => {
                Some(Site::opened(opened, frame.effective_at()))
            }
            _ => None,
        });
        earlier.or_else(|| self.state.sites.get(id).cloned())
    }
}

/// Judge one entry against the state of all before it.
pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event) -> Judgement {
    let mut findings = Findings::new();
    check_form(frame, event, &mut findings);
    if let Some(actor) = frame.actor {
        check_actor(view, frame, event, actor, &mut findings);
    }
    let in_force = rulebook::in_force(view, frame, event);
    match event {
        Event::Ledger(event) => rules::ledger::judge(view, frame, event, &mut findings),
        Event::Platform(event) => rules::platform::judge(view, frame, event, &mut findings),
        Event::Account(event) => rules::account::judge(view, frame, event, &mut findings),
        Event::Site(event) => rules::site::judge(view, frame, event, &mut findings),
        Event::Column(event) => rules::column::judge(view, frame, event, &mut findings),
        Event::Content(event) => {
            let has_route = in_force
                .as_ref()
                .is_some_and(|(adoption, scene)| rulebook::has_route(adoption, scene));
            rules::content::judge(view, frame, event, has_route, &mut findings);
        }
        Event::Message(event) => rules::message::judge(view, frame, event, &mut findings),
        Event::Incident(event) => rules::incident::judge(view, frame, event, &mut findings),
    }
    if frame.provenance == Provenance::Imported {
        rules::import::judge(view, frame, event, &mut findings);
    }
    let mut judgement = Judgement { findings, rulebook: None, clauses: Vec::new() };
    if let Some((adoption, scene)) = &in_force {
        rulebook::judge(adoption, scene, &mut judgement.findings);
        judgement.rulebook = Some(adoption.position);
        judgement.clauses = clauses(&judgement.findings);
    }
    if let Some(cited) = frame.cited {
        check_cited(cited, &mut judgement);
    }
    judgement
}

/// The clauses an entry cites: of what a rulebook found in it without forbidding it.
fn clauses(findings: &[Finding]) -> Vec<String> {
    let cited = |finding: &&Finding| finding.of_rulebook && finding.weight != Weight::Breach;
    let mut clauses: Vec<String> = findings.iter().filter(cited).map(Finding::clause).collect();
    clauses.sort_unstable();
    clauses.dedup();
    clauses.truncate(CLAUSES_MAX);
    clauses
}

fn check_cited(cited: Cited<'_>, judgement: &mut Judgement) {
    if cited.rulebook != judgement.rulebook {
        judgement.findings.push(Finding::breach(
            "rulebook",
            "it names another rulebook than the one in force for it",
        ));
    } else if cited.clauses != judgement.clauses {
        judgement.findings.push(Finding::breach(
            "clauses",
            "it cites other clauses than its rulebook finds in it",
        ));
    }
}

/// Add the findings to a tally by name.
pub fn tally(findings: &[Finding], weight: Weight, tally: &mut BTreeMap<String, u64>) {
    for finding in findings.iter().filter(|finding| finding.weight == weight) {
        *tally.entry(finding.name.to_string()).or_default() += 1;
    }
}

fn check_form(frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    if !rules::provenance::may_come_from(event, frame.provenance) {
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
    if account.standing != Standing::Open {
        findings.push(Finding::breach("actor_suspended", "the account is suspended or cancelled"));
    }
    if account.access == account::Access::Unusable {
        findings.push(Finding::breach("actor_unusable", "nobody can act under this account"));
    }
    if account.organisation != actor.organisation || actor.on_behalf_of.is_some() {
        findings.push(Finding::breach(
            "actor_organisation",
            "the account does not belong to the organisation it acts for",
        ));
    }
    let acts_under = |grant: u64| {
        grant == account.opened || account.roles.iter().any(|role| role.position == grant)
    };
    if actor.authority.is_none_or(|grant| !acts_under(grant.0)) {
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
