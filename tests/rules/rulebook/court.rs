//! The small land that laws are tried in: a city, a bureau and an office below it, a site each,
//! a few persons, one page, one message, one incident.

use annals_events::account::{self, Duty};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Deed};
use annals_events::content::{self, Event as ContentEvent};
use annals_events::evidence::EvidenceRecorded;
use annals_events::id::{
    AccountId, ColumnId, ContentId, IncidentId, MessageId, OrganisationId, PersonId, SiteId, Stream,
};
use annals_events::ledger::Act;
use annals_events::profile::Profile;
use annals_events::sorted::Sorted;
use annals_events::text::{Clause, Word};
use annals_events::{Event, Hash, Time, platform};
use annals_projections::judge::Weight;
use annals_projections::rulebook;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::events::story::{self, People, act, name};
use crate::harness::scribe::{Draft, Scribe};

/// See the module.
pub struct Court {
    pub scribe: Scribe,
    people: People,
    pub administrator: AccountId,
    pub city: OrganisationId,
    /// Below the city; of low rank. The law is its own.
    pub bureau: OrganisationId,
    /// Below the city; of high rank.
    pub office: OrganisationId,
    /// The bureau's editor, of its own staff.
    pub editor: AccountId,
    /// The bureau's reviewer.
    pub reviewer: AccountId,
    /// The city's approver, chief over the bureau's site.
    pub chief: AccountId,
    /// Of one person with the reviewer; the bureau's approver, chief over the bureau's site.
    pub twin: AccountId,
    /// The office's reviewer, hired.
    pub supplier: AccountId,
    /// The bureau's: a department's.
    pub site: SiteId,
    /// For news.
    pub column: ColumnId,
    /// For notices.
    pub other_column: ColumnId,
    /// The office's: a portal.
    pub other_site: SiteId,
    pub page: ContentId,
    pub message: MessageId,
    pub incident: IncidentId,
    /// Two versions of the page.
    pub body: Hash,
    pub other_body: Hash,
}

pub fn word(text: &str) -> Word {
    Word::of(text)
}

pub fn words<const MOST: usize>(all: &[&str]) -> Sorted<Word, MOST> {
    Sorted::new(all.iter().map(|one| word(one))).expect("few")
}

pub fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    let pairs = pairs.iter().map(|(name, value)| (word(name), word(value)));
    Attributes::new(pairs).expect("few attributes")
}

/// A moment in China's time.
pub fn at(text: &str) -> Time {
    let text = format!("{}+08:00", text.replace(' ', "T"));
    Time::from_rfc3339(&text).unwrap_or_else(|| panic!("{text}"))
}

/// A record without documents.
pub fn record(kind: &str, parts: &[&str], site: Option<SiteId>) -> EvidenceRecorded {
    let (documents, parts) = (Sorted::default(), words(parts));
    EvidenceRecorded { documents, kind: word(kind), parts, period: None, site }
}

/// The vocabulary that every law here is written in.
fn vocabulary() -> Value {
    let attribute =
        |of: &str, name: &str, values: [&str; 2]| json!({"of": of, "name": name, "values": values});
    let all = [
        ("level", &["initial", "second", "final"][..]),
        ("gate", &["political", "legal"]),
        ("role", &["chief", "keeper"]),
        ("evidence", &["form", "training", "lessons"]),
        ("part", &["record", "photo"]),
        ("reason", &["merged", "power_cut", "repair", "left"]),
        ("post", &["principal", "technician"]),
        ("authority", &["cyberspace", "police"]),
        ("ground", &["flood"]),
    ];
    let terms = all.iter().flat_map(|(kind, words)| {
        words.iter().map(move |word| json!({"kind": kind, "word": word, "title": "词"}))
    });
    json!({
        "id": "tiny", "version": 1, "semantics": 1, "title": "试行办法", "interpreter": "市政府",
        "attributes": [
            attribute("content", "class", ["a", "b"]),
            attribute("content", "channel", ["web", "app"]),
            attribute("site", "kind", ["department", "portal"]),
            attribute("organisation", "rank", ["low", "high"]),
            attribute("column", "topic", ["news", "notice"]),
            attribute("account", "staff", ["own", "hired"]),
            attribute("message", "class", ["plea", "praise"]),
            attribute("incident", "type", ["tampering", "outage"]),
        ],
        "terms": terms.collect::<Vec<Value>>(),
    })
}

/// A profile of these rules; a rule says only what is not usual: it is a `must` of a title, and
/// covers its clause.
pub fn profile(rules: Value) -> Profile {
    let mut profile = vocabulary();
    let Value::Object(rules) = rules else { panic!("no rules: {rules}") };
    for (kind, mut of_kind) in rules {
        for rule in of_kind.as_array_mut().into_iter().flatten() {
            let Some(rule) = rule.as_object_mut().filter(|rule| rule.contains_key("clause")) else {
                continue;
            };
            let clause = rule["clause"].clone();
            rule.entry("covers").or_insert(json!([clause]));
            rule.entry("force").or_insert(json!("must"));
            rule.entry("title").or_insert(json!("规定"));
        }
        profile[kind] = of_kind;
    }
    serde_json::from_value(profile).unwrap_or_else(|why| panic!("{why}"))
}

impl Court {
    pub fn new() -> Court {
        let mut scribe = Scribe::found("ledger.example.gov.cn/court");
        let people = story::begin(&mut scribe);
        let none = Uuid::nil();
        let (body, other_body) = (scribe.body("正文"), scribe.body("新文"));
        let [page, message, incident] = [(); 3].map(|()| scribe.id());
        let [city, bureau, office] = [people.organisation.0, none, none].map(OrganisationId);
        let [editor, reviewer, chief, twin, supplier] = [none; 5].map(AccountId);
        let [site, other_site] = [none; 2].map(SiteId);
        let [column, other_column] = [none; 2].map(ColumnId);
        let (page, message) = (ContentId(page), MessageId(message));
        let (administrator, incident) = (people.administrator, IncidentId(incident));
        let mut court = Court {
            scribe,
            people,
            administrator,
            city,
            bureau,
            office,
            editor,
            reviewer,
            chief,
            twin,
            supplier,
            site,
            column,
            other_column,
            other_site,
            page,
            message,
            incident,
            body,
            other_body,
        };
        court.settle();
        court
    }

    fn settle(&mut self) {
        self.bureau = self.register("教育局", "low");
        self.office = self.register("信访局", "high");
        let person = Some(PersonId(self.scribe.id()));
        self.editor = self.staff(Duty::Editor, self.bureau, "own", None);
        self.reviewer = self.staff(Duty::Reviewer, self.bureau, "own", person);
        self.twin = self.staff(Duty::Approver, self.bureau, "own", person);
        self.chief = self.staff(Duty::Approver, self.city, "own", None);
        self.supplier = self.staff(Duty::Reviewer, self.office, "hired", None);
        self.site = self.open_site("教育局网", self.bureau, "department");
        self.other_site = self.open_site("信访局网", self.office, "portal");
        self.column = self.open_column("news");
        self.other_column = self.open_column("notice");
        self.grant(self.chief, "chief", self.site);
        self.grant(self.twin, "chief", self.site);
    }

    fn register(&mut self, title: &str, rank: &str) -> OrganisationId {
        let id = OrganisationId(self.scribe.id());
        let (attributes, parent) = (attributes(&[("rank", rank)]), Some(self.city));
        let register = command::RegisterOrganisation { attributes, name: name(title), parent };
        self.did(self.by(self.administrator, id, &Command::RegisterOrganisation(register)));
        id
    }

    /// An account that would be opened.
    pub fn open(
        &self,
        id: AccountId,
        duty: Duty,
        organisation: OrganisationId,
        staff: &str,
        person: Option<PersonId>,
    ) -> Draft {
        let (attributes, name) = (attributes(&[("staff", staff)]), "某人".to_owned());
        let open = command::OpenAccount { attributes, duty, name, organisation, person };
        self.by(self.administrator, id, &Command::OpenAccount(open))
    }

    pub fn staff(
        &mut self,
        duty: Duty,
        organisation: OrganisationId,
        staff: &str,
        person: Option<PersonId>,
    ) -> AccountId {
        let id = AccountId(self.scribe.id());
        self.did(self.open(id, duty, organisation, staff, person));
        id
    }

    pub fn opening(&self, id: SiteId, title: &str, of: OrganisationId, kind: &str) -> Draft {
        let (attributes, name) = (attributes(&[("kind", kind)]), name(title));
        let open = command::OpenSite { attributes, name, organisation: of };
        self.by(self.administrator, id, &Command::OpenSite(open))
    }

    pub fn open_site(&mut self, title: &str, of: OrganisationId, kind: &str) -> SiteId {
        let id = SiteId(self.scribe.id());
        self.did(self.opening(id, title, of, kind));
        id
    }

    pub fn column_opening(&self, id: ColumnId, topic: &str) -> Draft {
        let (attributes, title) = (attributes(&[("topic", topic)]), "栏目".to_owned());
        let open = command::OpenColumn { attributes, site: self.site, title };
        self.by(self.administrator, id, &Command::OpenColumn(open))
    }

    pub fn open_column(&mut self, topic: &str) -> ColumnId {
        let id = ColumnId(self.scribe.id());
        self.did(self.column_opening(id, topic));
        id
    }

    /// A role that would be granted, by the administrator.
    pub fn granting(&self, to: AccountId, role: &str, scope: impl Into<Stream>) -> Draft {
        let granted = account::RoleGranted { role: word(role), scope: scope.into() };
        self.deed(self.administrator, to, account::Event::RoleGranted(granted))
    }

    pub fn grant(&mut self, to: AccountId, role: &str, scope: impl Into<Stream>) {
        self.did(self.granting(to, role, scope));
    }

    pub fn suspend(&mut self, account: AccountId) {
        let event = account::Event::Suspended(account::Suspended {});
        self.did(self.deed(self.administrator, account, event));
    }

    /// Two persons adopt a rulebook of these rules; it must be fit. Answers the position.
    pub fn adopt(&mut self, by: OrganisationId, effective_from: Time, rules: Value) -> u64 {
        let profile = profile(rules);
        assert_eq!(rulebook::check(&profile), []);
        let profile = Box::new(profile);
        let adopt = Command::AdoptProfile(command::AdoptProfile { effective_from, profile });
        act(&mut self.scribe, self.people, Act::AdoptProfile, by.into(), &adopt);
        self.scribe.chain.size() - 1
    }

    /// The city exempts something from a clause. Answers the position.
    pub fn exempt(&mut self, clause: &str, of: impl Into<Stream>, from: Time, until: Time) -> u64 {
        let clause = Clause::new(clause).expect("a clause");
        let granted = platform::ExemptionGranted { clause, from, subject: of.into(), until };
        let event = platform::Event::ExemptionGranted(granted);
        self.did(self.deed(self.administrator, self.city, event))
    }

    /// The same, from the first of November until the end of the year.
    pub fn exempt_now(&mut self, clause: &str, of: impl Into<Stream>) -> u64 {
        self.exempt(clause, of, at("2026-11-01 00:00:00"), at("2027-01-01 00:00:00"))
    }

    /// Let it be this moment in China.
    pub fn now(&mut self, text: &str) {
        assert!(self.scribe.now <= at(text), "time does not go back to {text}");
        self.scribe.now = at(text);
    }

    /// What a command would write.
    pub fn by(&self, by: AccountId, stream: impl Into<Stream>, command: &Command) -> Draft {
        self.scribe.commanded(by, stream, command, None)
    }

    /// What a deed would write.
    pub fn deed(&self, by: AccountId, on: impl Into<Stream>, event: impl Into<Event>) -> Draft {
        let deed = Deed::of(event).expect("a deed of this event");
        self.by(by, on, &Command::Deed(deed))
    }

    /// The same, of something that happened at another moment in China.
    pub fn told(&self, on: impl Into<Stream>, event: impl Into<Event>, when: &str) -> Draft {
        let deed = Deed::of(event).expect("a deed of this event");
        let deed = Deed { occurred_at: Some(at(when)), ..deed };
        self.by(self.administrator, on, &Command::Deed(deed))
    }

    /// Write what comes before a case: nothing in it is refused. Answers the position.
    pub fn did(&mut self, draft: Draft) -> u64 {
        let position = self.scribe.write(&draft);
        let entry = &self.scribe.entries[position as usize];
        let refused = entry.findings.iter().find(|finding| finding.weight == Weight::Breach);
        assert_eq!(refused, None, "{:?}", entry.event);
        position
    }

    /// The page, as something for no column.
    pub fn draft(&self, by: AccountId) -> Draft {
        self.draft_for(by, None)
    }

    pub fn draft_for(&self, by: AccountId, column: Option<ColumnId>) -> Draft {
        let (body, path, site) = (self.body, "a.html".to_owned(), self.site);
        let draft = command::DraftContent { body, bytes: 6, column, path, site, title: None };
        self.by(by, self.page, &Command::DraftContent(draft))
    }

    pub fn submit(&self, class: &str, provider: Option<OrganisationId>) -> Draft {
        let attributes = attributes(&[("class", class)]);
        let (body, site) = (self.body, self.site);
        let submitted = content::Submitted { attributes, body, provider, site };
        self.deed(self.editor, self.page, ContentEvent::Submitted(submitted))
    }

    /// The editor drafts the page and hands it in as something of a class.
    pub fn hand_in(&mut self, class: &str) {
        self.did(self.draft(self.editor));
        self.did(self.submit(class, None));
    }

    /// The version in work passes a review.
    pub fn pass(&self, by: AccountId, level: &str, gates: &[&str]) -> Draft {
        let content = self.scribe.state.contents.get(self.page).expect("the page");
        let body = content.draft.as_ref().map_or(self.body, |draft| draft.body);
        let (level, gates, site) = (word(level), words(gates), self.site);
        let pass = command::PassReview { body, gates, level, opinion: None, site };
        self.by(by, self.page, &Command::PassReview(pass))
    }

    pub fn revise(&self, by: AccountId, level: &str) -> Draft {
        let (body, level, site) = (self.other_body, word(level), self.site);
        let revised = content::Revised { body, bytes: 6, level, site };
        self.deed(by, self.page, ContentEvent::Revised(revised))
    }

    pub fn send_back(&self, by: AccountId) -> Draft {
        let (body, level, site) = (self.body, word("final"), self.site);
        let returned = content::Returned { body, level, site };
        self.deed(by, self.page, ContentEvent::Returned(returned))
    }

    pub fn publish(&self, by: AccountId) -> Draft {
        self.publish_version(by, self.body)
    }

    pub fn publish_version(&self, by: AccountId, body: Hash) -> Draft {
        let (path, site) = ("a.html".to_owned(), self.site);
        let publish = command::PublishContent { body, bytes: 6, path, site, title: None };
        self.by(by, self.page, &Command::PublishContent(publish))
    }
}
