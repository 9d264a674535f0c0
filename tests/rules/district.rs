//! The newer part of the town: accounts that come and go, sites that are away, messages,
//! incidents, and an organisation below the town's that alone adopted a rulebook.

use annals_events::account::{self, Duty};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Deed};
use annals_events::evidence::EvidenceRecorded;
use annals_events::id::{
    AccountId, ColumnId, ContentId, IncidentId, MessageId, OrganisationId, SiteId, Stream,
};
use annals_events::ledger::Act;
use annals_events::profile::Profile;
use annals_events::sorted::Sorted;
use annals_events::text::{Clause, Word};
use annals_events::{Event, Hash, Time, column, content, incident, message, platform, site};
use serde_json::json;

use super::town::Town;
use crate::events::story::{People, act, name};
use crate::harness::scribe::{Draft, Scribe};

/// See the module.
pub struct District {
    /// An organisation below the town's, judged by a rulebook, and its site and column.
    pub bureau: OrganisationId,
    pub bureau_site: SiteId,
    pub bureau_column: ColumnId,
    /// Position of the adoption.
    pub adopted: u64,
    pub suspended: AccountId,
    pub cancelled: AccountId,
    /// Somebody asked for it; it was not opened.
    pub applied: AccountId,
    /// Chief of the town's site; was the town's chief too.
    pub chief: AccountId,
    pub granted: u64,
    pub revoked: u64,
    pub offline: SiteId,
    pub dark: SiteId,
    pub ended: SiteId,
    /// A closed column of the town's site.
    pub shut: ColumnId,
    pub archived: ContentId,
    /// A message with two drafts of an answer.
    pub asked: MessageId,
    pub older: u64,
    pub newer: u64,
    /// A message without one.
    pub fresh: MessageId,
    /// An answered message, its answer, and one that is public.
    pub answered: MessageId,
    pub answer: u64,
    pub public: MessageId,
    pub incident: IncidentId,
    pub closed: IncidentId,
    pub purged: IncidentId,
    /// An exemption that runs, and one that was ended.
    pub running: u64,
    pub over: u64,
}

/// Half a day after or before a moment.
pub fn later(at: Time) -> Time {
    Time::from_micros(at.micros() + 43_200_000_000).expect("in range")
}

pub fn earlier(at: Time) -> Time {
    Time::from_micros(at.micros() - 43_200_000_000).expect("in range")
}

/// A record without documents.
pub fn form(kind: &str, site: Option<SiteId>) -> EvidenceRecorded {
    let (documents, parts) = (Sorted::default(), Sorted::default());
    EvidenceRecorded { documents, kind: Word::of(kind), parts, period: None, site }
}

/// The bureau's rulebook: one shape.
pub fn rulebook() -> Profile {
    let profile = json!({
        "id": "small", "version": 1, "semantics": 1, "title": "小办法", "interpreter": "教育局",
        "shapes": [{
            "clause": "S-1", "covers": ["S-1"], "force": "must", "title": "下线不超过三十天",
            "on": ["site.taken_offline"], "field": "planned_end",
            "within": {"n": 30, "unit": "day"},
        }],
    });
    serde_json::from_value(profile).expect("a profile")
}

/// What a deed would write now.
pub fn deed(
    scribe: &Scribe,
    by: AccountId,
    stream: impl Into<Stream>,
    event: impl Into<Event>,
) -> Draft {
    let deed = Deed::of(event).expect("a deed of this event");
    scribe.commanded(by, stream, &Command::Deed(deed), None)
}

impl Town {
    /// What a deed would write now.
    pub fn deed(&self, by: AccountId, stream: impl Into<Stream>, event: impl Into<Event>) -> Draft {
        deed(&self.scribe, by, stream, event)
    }

    /// The same, of something that happened at another time.
    pub fn told(
        &self,
        by: AccountId,
        stream: impl Into<Stream>,
        event: impl Into<Event>,
        at: Time,
    ) -> Draft {
        let deed = Deed::of(event).expect("a deed of this event");
        let deed = Command::Deed(Deed { occurred_at: Some(at), ..deed });
        self.by(by, stream, &deed)
    }
}

/// Who builds.
struct Builder<'a> {
    scribe: &'a mut Scribe,
    people: People,
    site: SiteId,
}

impl Builder<'_> {
    fn deed(&mut self, by: AccountId, stream: impl Into<Stream>, event: impl Into<Event>) -> u64 {
        let draft = deed(self.scribe, by, stream, event);
        self.scribe.write(&draft)
    }

    fn staff(&mut self, duty: Duty) -> AccountId {
        let account = AccountId(self.scribe.id());
        let open = command::OpenAccount {
            attributes: Attributes::default(),
            duty,
            name: "某人".to_owned(),
            organisation: self.people.organisation,
            person: None,
        };
        self.scribe.give(self.people.administrator, account, &Command::OpenAccount(open));
        account
    }

    fn open_site(&mut self, title: &str, organisation: OrganisationId) -> SiteId {
        let site = SiteId(self.scribe.id());
        let attributes = Attributes::default();
        let open = command::OpenSite { attributes, name: name(title), organisation };
        self.scribe.give(self.people.administrator, site, &Command::OpenSite(open));
        site
    }

    fn open_column(&mut self, site: SiteId) -> ColumnId {
        let column = ColumnId(self.scribe.id());
        let title = "旧闻".to_owned();
        let open = command::OpenColumn { attributes: Attributes::default(), site, title };
        self.scribe.give(self.people.administrator, column, &Command::OpenColumn(open));
        column
    }

    /// An organisation with a site, a column and a rulebook of its own.
    fn bureau(&mut self) -> (OrganisationId, SiteId, ColumnId, u64) {
        let bureau = OrganisationId(self.scribe.id());
        let register = command::RegisterOrganisation {
            attributes: Attributes::default(),
            name: name("示例市教育局"),
            parent: Some(self.people.organisation),
        };
        let administrator = self.people.administrator;
        self.scribe.give(administrator, bureau, &Command::RegisterOrganisation(register));
        let site = self.open_site("教育局网", bureau);
        let column = self.open_column(site);
        let effective_from = self.scribe.now;
        let profile = Box::new(rulebook());
        let adopt = Command::AdoptProfile(command::AdoptProfile { effective_from, profile });
        act(self.scribe, self.people, Act::AdoptProfile, bureau.into(), &adopt);
        (bureau, site, column, self.scribe.chain.size() - 1)
    }

    /// Somebody who was chief of the organisation and is chief of the site: positions of both.
    fn chief(&mut self) -> (AccountId, u64, u64) {
        use account::{Event as AccountEvent, RoleGranted, RoleRevoked};
        let by = self.people.administrator;
        let chief = self.staff(Duty::Approver);
        let role = Word::of("chief_editor");
        let scope = Stream::from(self.people.organisation);
        let granted = RoleGranted { role: role.clone(), scope };
        let revoked = self.deed(by, chief, AccountEvent::RoleGranted(granted));
        let ended = RoleRevoked { role: role.clone(), scope };
        self.deed(by, chief, AccountEvent::RoleRevoked(ended));
        let granted = RoleGranted { role, scope: self.site.into() };
        let granted = self.deed(by, chief, AccountEvent::RoleGranted(granted));
        (chief, granted, revoked)
    }

    /// A site that is offline, one that was shut down, one that ended.
    fn sites(&mut self) -> [SiteId; 3] {
        use site::{Closed, Event as SiteEvent, ShutDown, TakenOffline};
        let (by, organisation) = (self.people.administrator, self.people.organisation);
        let planned_end = later(self.scribe.now);
        let reason = Word::of("power_cut");
        let events = [
            SiteEvent::TakenOffline(TakenOffline { planned_end, reason: reason.clone() }),
            SiteEvent::ShutDown(ShutDown { reason: reason.clone() }),
            SiteEvent::Closed(Closed { reason }),
        ];
        let mut titles = ["离线网", "关停网", "旧网"].into_iter();
        events.map(|event| {
            let site = self.open_site(titles.next().expect("three"), organisation);
            self.deed(by, site, event);
            site
        })
    }

    fn received(&mut self, by: AccountId) -> MessageId {
        let id = MessageId(self.scribe.id());
        let (attributes, site) = (Attributes::default(), self.site);
        let received = message::Received { attributes, site };
        self.deed(by, id, message::Event::Received(received));
        id
    }

    fn reply(&mut self, by: AccountId, id: MessageId) -> u64 {
        let site = self.site;
        self.deed(by, id, message::Event::ReplyDrafted(message::ReplyDrafted { site }))
    }

    fn answered(&mut self, by: AccountId) -> (MessageId, u64) {
        let (id, site) = (self.received(by), self.site);
        let reply = self.reply(by, id);
        self.deed(by, id, message::Event::Answered(message::Answered { reply, site }));
        (id, reply)
    }

    /// One that is open, one that is closed, one whose archive is cleared.
    fn incidents(&mut self, by: AccountId) -> [IncidentId; 3] {
        use incident::{ArchivePurged, Closed, Detected, Event as IncidentEvent};
        let site = self.site;
        [0, 1, 2].map(|steps| {
            let id = IncidentId(self.scribe.id());
            let attributes = Attributes::default();
            let all = [
                IncidentEvent::Closed(Closed { site }),
                IncidentEvent::ArchivePurged(ArchivePurged { site }),
            ];
            self.deed(by, id, IncidentEvent::Detected(Detected { attributes, site }));
            for event in all.into_iter().take(steps) {
                self.deed(by, id, event);
            }
            id
        })
    }

    fn exemption(&mut self) -> u64 {
        let (by, organisation) = (self.people.administrator, self.people.organisation);
        let granted = platform::ExemptionGranted {
            clause: Clause::new("S-1").expect("a clause"),
            from: self.scribe.now,
            subject: organisation.into(),
            until: Time::parse("2027-01-01T00:00:00.000000Z").expect("an instant"),
        };
        self.deed(by, organisation, platform::Event::ExemptionGranted(granted))
    }

    /// A page that was shown and then archived.
    fn archived(&mut self, [editor, reviewer]: [AccountId; 2], body: Hash) -> ContentId {
        let (id, site) = (ContentId(self.scribe.id()), self.site);
        let path = "archive.html".to_owned();
        let draft = command::DraftContent {
            body,
            bytes: 6,
            column: None,
            path: path.clone(),
            site,
            title: None,
        };
        self.scribe.give(editor, id, &Command::DraftContent(draft));
        let (level, gates) = (Word::of("final"), Sorted::default());
        let pass = command::PassReview { body, gates, level, opinion: None, site };
        self.scribe.give(reviewer, id, &Command::PassReview(pass));
        let publish = command::PublishContent { body, bytes: 6, path, site, title: None };
        self.scribe.give(reviewer, id, &Command::PublishContent(publish));
        self.deed(editor, id, content::Event::Archived(content::Archived { site }));
        id
    }
}

impl District {
    pub fn build(
        scribe: &mut Scribe,
        people: People,
        [editor, reviewer]: [AccountId; 2],
        site: SiteId,
        body: Hash,
    ) -> District {
        use account::Event as AccountEvent;
        let by = people.administrator;
        let mut builder = Builder { scribe, people, site };
        let b = &mut builder;
        let (bureau, bureau_site, bureau_column, adopted) = b.bureau();
        let [suspended, cancelled] = [Duty::Reviewer, Duty::Editor].map(|duty| b.staff(duty));
        b.deed(by, suspended, AccountEvent::Suspended(account::Suspended {}));
        let reason = Word::of("left");
        b.deed(by, cancelled, AccountEvent::Cancelled(account::Cancelled { reason }));
        let applied = AccountId(b.scribe.id());
        let (organisation, role) = (people.organisation, Word::of("editor"));
        b.deed(by, applied, AccountEvent::Applied(account::Applied { organisation, role }));
        let (chief, granted, revoked) = b.chief();
        let [offline, dark, ended] = b.sites();
        let shut = b.open_column(site);
        b.deed(by, shut, column::Event::Closed(column::Closed { site }));
        let archived = b.archived([editor, reviewer], body);
        let (asked, fresh) = (b.received(editor), b.received(editor));
        let [older, newer] = [(); 2].map(|()| b.reply(editor, asked));
        let [(answered, answer), (public, _)] = [(); 2].map(|()| b.answered(editor));
        b.deed(editor, public, message::Event::Published(message::Published { site }));
        let [incident, closed, purged] = b.incidents(editor);
        let [running, over] = [(); 2].map(|()| b.exemption());
        let ended_exemption = platform::ExemptionEnded { exemption: over };
        b.deed(by, organisation, platform::Event::ExemptionEnded(ended_exemption));
        District {
            bureau,
            bureau_site,
            bureau_column,
            adopted,
            suspended,
            cancelled,
            applied,
            chief,
            granted,
            revoked,
            offline,
            dark,
            ended,
            shut,
            archived,
            asked,
            older,
            newer,
            fresh,
            answered,
            answer,
            public,
            incident,
            closed,
            purged,
            running,
            over,
        }
    }
}
