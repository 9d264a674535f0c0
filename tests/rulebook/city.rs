//! A city under a shipped rulebook: organisations, persons with roles, a site, and commands that
//! are refused, flagged or written.

use annals::profiles;
use annals_events::account::{Duty, Event as AccountEvent, RoleGranted};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Deed};
use annals_events::content::{self, Submitted};
use annals_events::evidence::EvidenceRecorded;
use annals_events::id::{AccountId, ContentId, OrganisationId, PersonId, SiteId, Stream};
use annals_events::ledger::Act;
use annals_events::sorted::Sorted;
use annals_events::text::{Day, Word};
use annals_events::{Event, Hash, Time, platform};
use annals_projections::boards::compliance::{Asked, Compliance, Obligation, Violation};
use annals_projections::judge::{Finding, View, Weight};
use annals_projections::{Frame, State};

use crate::events::story::{People, act, begin, name};
use crate::harness::scribe::Scribe;

/// Six checks, as most texts have them.
pub const SIX: [&str; 6] = ["legal", "opinion", "policy", "political", "secrecy", "wording"];

pub fn word(word: &str) -> Word {
    Word::of(word)
}

/// An instant of China's time: `2022-03-07 09:00:00`.
pub fn at(text: &str) -> Time {
    let text = format!("{}+08:00", text.replace(' ', "T"));
    Time::from_rfc3339(&text).expect("an instant")
}

pub fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    let pairs = pairs.iter().map(|(name, value)| (word(name), word(value)));
    Attributes::new(pairs).expect("few attributes")
}

/// See the module.
pub struct City {
    pub scribe: Scribe,
    pub people: People,
    /// The organisation nothing is above.
    pub top: OrganisationId,
}

impl City {
    /// Founded at an instant of China's time; no rulebook yet.
    pub fn found(begun: &str) -> City {
        let begun = at(begun).to_string();
        let mut scribe = Scribe::found_at("ledger.example.gov.cn/city", 2, &begun);
        let people = begin(&mut scribe);
        City { scribe, people, top: people.organisation }
    }

    pub fn adopt(&mut self, profile: &str, organisation: OrganisationId) {
        let profile = Box::new(profiles::shipped(profile).expect("a shipped rulebook"));
        let effective_from = self.scribe.now;
        let adopt = Command::AdoptProfile(command::AdoptProfile { effective_from, profile });
        act(&mut self.scribe, self.people, Act::AdoptProfile, organisation.into(), &adopt);
        let last = self.scribe.entries.last().expect("the adoption");
        assert_eq!(last.findings, [], "the adoption");
    }

    /// Adopt a year of working days.
    pub fn calendar(&mut self, year: u32, off: &[&str], on: &[&str]) {
        let days = |all: &[&str]| {
            let days = all.iter().map(|day| Day::new(*day).expect("a day"));
            Sorted::new(days).expect("few days")
        };
        let adopted = platform::CalendarAdopted { off: days(off), on: days(on), year };
        self.give(
            self.people.administrator,
            self.top,
            deed(platform::Event::CalendarAdopted(adopted)),
        );
    }

    pub fn organisation(&mut self, title: &str, kind: &str) -> OrganisationId {
        let id = OrganisationId(self.scribe.id());
        let register = command::RegisterOrganisation {
            attributes: attributes(&[("kind", kind)]),
            name: name(title),
            parent: Some(self.top),
        };
        self.scribe.give(self.people.administrator, id, &Command::RegisterOrganisation(register));
        id
    }

    /// An account of a person of its own.
    pub fn account(&mut self, duty: Duty, organisation: OrganisationId) -> AccountId {
        let person = PersonId(self.scribe.id());
        self.account_of(person, duty, organisation)
    }

    pub fn account_of(
        &mut self,
        person: PersonId,
        duty: Duty,
        organisation: OrganisationId,
    ) -> AccountId {
        let id = AccountId(self.scribe.id());
        let open = self.opening(person, duty, organisation);
        self.scribe.give(self.people.administrator, id, &open);
        id
    }

    pub fn opening(&self, person: PersonId, duty: Duty, organisation: OrganisationId) -> Command {
        Command::OpenAccount(command::OpenAccount {
            attributes: Attributes::default(),
            duty,
            name: "某人".to_owned(),
            organisation,
            person: Some(person),
        })
    }

    pub fn role(&mut self, account: AccountId, role: &str, scope: impl Into<Stream>) {
        let granted = RoleGranted { role: word(role), scope: scope.into() };
        let deed = deed(AccountEvent::RoleGranted(granted));
        self.scribe.give(self.people.administrator, account, &deed);
    }

    pub fn site(&mut self, organisation: OrganisationId, all: &[(&str, &str)]) -> SiteId {
        let id = SiteId(self.scribe.id());
        let title = format!("网站 {}", self.scribe.chain.size());
        let open =
            command::OpenSite { attributes: attributes(all), name: name(&title), organisation };
        self.scribe.give(self.people.administrator, id, &Command::OpenSite(open));
        id
    }

    /// It is later now; the next entry is recorded then.
    pub fn later(&mut self, text: &str) {
        let at = at(text);
        assert!(at >= self.scribe.now, "time goes on");
        self.scribe.now = at;
    }

    /// What judging a command finds, whatever its weight.
    pub fn findings(
        &self,
        by: AccountId,
        stream: impl Into<Stream>,
        command: Command,
    ) -> Vec<Finding> {
        let draft = self.scribe.commanded(by, stream, &command, None);
        self.scribe.judge(&draft)
    }

    /// The clauses that refuse a command; none if it would be written.
    pub fn refused(
        &self,
        by: AccountId,
        stream: impl Into<Stream>,
        command: Command,
    ) -> Vec<String> {
        self.clauses(by, stream, command, Weight::Breach)
    }

    /// The clauses found with this weight: sorted, each once.
    pub fn clauses(
        &self,
        by: AccountId,
        stream: impl Into<Stream>,
        command: Command,
        weight: Weight,
    ) -> Vec<String> {
        let findings = self.findings(by, stream, command).into_iter();
        let mut clauses: Vec<String> =
            findings.filter(|f| f.weight == weight).map(|f| f.clause()).collect();
        clauses.sort_unstable();
        clauses.dedup();
        clauses
    }

    /// Write a command that nothing refuses; answers its position.
    pub fn give(&mut self, by: AccountId, stream: impl Into<Stream>, command: Command) -> u64 {
        let stream = stream.into();
        assert_eq!(self.refused(by, stream, command.clone()), NONE, "{}", command.name());
        self.scribe.give(by, stream, &command)
    }

    /// A record of evidence with these parts.
    pub fn record(
        &mut self,
        by: AccountId,
        stream: impl Into<Stream>,
        thing: fn(EvidenceRecorded) -> Event,
        kind: &str,
        parts: &[&str],
    ) -> u64 {
        let record = evidence(kind, parts);
        self.give(by, stream, deed(thing(record)))
    }

    /// The board, from every entry.
    pub fn board(&self) -> Compliance {
        let (mut board, mut state) = (Compliance::default(), State::default());
        for entry in &self.scribe.entries {
            let frame = Frame::of(&entry.header);
            board.apply(View::of(&state), &frame, &entry.event, &entry.findings);
            state.apply(&frame, &entry.event);
        }
        board
    }

    pub fn asked(&self, text: &str) -> Asked {
        Asked { at: at(text), known: self.scribe.chain.size(), from: Time::default() }
    }

    /// What is owed in a stream, as of an instant of China's time.
    pub fn owed(&self, stream: impl Into<Stream>, text: &str) -> Vec<Obligation> {
        self.board().obligations_of(stream.into(), &self.asked(text))
    }

    /// Clauses of violations of a stream, as of an instant.
    pub fn violated(&self, stream: impl Into<Stream>, text: &str) -> Vec<Violation> {
        let stream = stream.into();
        let all = self.board().violations(&self.asked(text));
        all.into_iter().filter(|violation| violation.stream == stream).collect()
    }
}

pub const NONE: [&str; 0] = [];

pub fn evidence(kind: &str, parts: &[&str]) -> EvidenceRecorded {
    EvidenceRecorded {
        documents: Sorted::default(),
        kind: word(kind),
        parts: Sorted::new(parts.iter().map(|part| word(part))).expect("few parts"),
        period: None,
        site: None,
    }
}

/// The command that writes this event now.
pub fn deed(event: impl Into<Event>) -> Command {
    Command::Deed(Deed::of(event).expect("a deed of this event"))
}

/// The command that reports this event of an instant of China's time.
pub fn reported(event: impl Into<Event>, text: &str) -> Command {
    let deed = Deed::of(event).expect("a deed of this event");
    Command::Deed(Deed { occurred_at: Some(at(text)), ..deed })
}

/// A piece of content on its way.
pub struct Item {
    pub id: ContentId,
    pub site: SiteId,
    pub body: Hash,
    pub bytes: u64,
}

impl Item {
    /// Handed in by its author.
    pub fn draft(city: &mut City, author: AccountId, site: SiteId, text: &str) -> Item {
        let id = ContentId(city.scribe.id());
        let mut item = Item { id, site, body: Hash::ZERO, bytes: 0 };
        item.edit(city, author, text);
        item
    }

    /// A new version takes the place of the one in work.
    pub fn edit(&mut self, city: &mut City, author: AccountId, text: &str) {
        self.body = city.scribe.body(text);
        self.bytes = text.len() as u64;
        let draft = command::DraftContent {
            body: self.body,
            bytes: self.bytes,
            column: None,
            path: "a.html".to_owned(),
            site: self.site,
            title: None,
        };
        city.give(author, self.id, Command::DraftContent(draft));
    }

    pub fn submission(&self, all: &[(&str, &str)], provider: Option<OrganisationId>) -> Command {
        let (attributes, body, site) = (attributes(all), self.body, self.site);
        deed(content::Event::Submitted(Submitted { attributes, body, provider, site }))
    }

    pub fn submit(&self, city: &mut City, by: AccountId, all: &[(&str, &str)]) {
        city.give(by, self.id, self.submission(all, None));
    }

    pub fn pass(&self, level: &str, gates: &[&str]) -> Command {
        Command::PassReview(command::PassReview {
            body: self.body,
            gates: Sorted::new(gates.iter().map(|gate| word(gate))).expect("few gates"),
            level: word(level),
            opinion: None,
            site: self.site,
        })
    }

    pub fn publish(&self) -> Command {
        Command::PublishContent(command::PublishContent {
            body: self.body,
            bytes: self.bytes,
            path: "a.html".to_owned(),
            site: self.site,
            title: None,
        })
    }
}
