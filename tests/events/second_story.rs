//! A second fixed ledger, of the types that came with rulebooks: accounts with roles, sites that
//! go away, reviews step by step, messages, incidents.

use annals_events::account::{self, Duty};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Deed};
use annals_events::evidence::EvidenceRecorded;
use annals_events::id::{
    AccountId, ColumnId, ContentId, IncidentId, MessageId, PersonId, SiteId, Stream,
};
use annals_events::ledger::Act;
use annals_events::profile::Profile;
use annals_events::sorted::Sorted;
use annals_events::text::{Clause, Day, Word};
use annals_events::{Event, Hash, Time, column, content, incident, message, platform, site};
use serde_json::json;

use super::story::{People, act, begin, name};
use crate::harness::scribe::Scribe;

/// See the module.
pub fn second_story() -> Scribe {
    let mut scribe = Scribe::found("ledger.example.gov.cn/second");
    let people = begin(&mut scribe);
    tell(&mut scribe, people);
    scribe
}

fn word(word: &str) -> Word {
    Word::of(word)
}

fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    let pairs = pairs.iter().map(|(name, value)| (word(name), word(value)));
    Attributes::new(pairs).expect("few attributes")
}

fn at(text: &str) -> Time {
    Time::parse(text).expect("an instant")
}

/// A small rulebook: content of class a needs two reviews by two persons, a site may be away for
/// thirty days, an incident's archive is kept for six months.
pub fn rulebook() -> Profile {
    let rule = |clause: &str, force: &str, title: &str, more: serde_json::Value| {
        let mut rule = json!({
            "clause": clause, "covers": [clause], "force": force, "title": title,
        });
        let more = more.as_object().expect("an object").clone();
        rule.as_object_mut().expect("an object").extend(more);
        rule
    };
    let term =
        |kind: &str, word: &str, title: &str| json!({"kind": kind, "word": word, "title": title});
    let profile = json!({
        "id": "example", "version": 1, "semantics": 1, "title": "示例市政府网站管理办法",
        "document": "示政办〔2026〕1号", "issued": "2026-01-01", "interpreter": "示例市人民政府办公室",
        "attributes": [{"name": "class", "of": "content", "values": ["a", "b"]}],
        "terms": [
            term("level", "initial", "初审"), term("level", "final", "终审"),
            term("gate", "political", "政治关"), term("role", "chief_editor", "总编辑"),
            term("evidence", "lessons", "经验总结"), term("part", "record", "详细记录"),
        ],
        "routes": [rule("EX-1", "must", "分级审核", json!({
            "on": ["content.published", "content.corrected"], "when": {"class": ["a"]},
            "distinct": [["author", "final"], ["initial", "final"]],
            "steps": [
                {"level": "initial", "roles": ["reviewer"], "gates": ["political"]},
                {"level": "final", "roles": ["chief_editor"], "revises": true},
            ],
        }))],
        "shapes": [rule("EX-2", "must", "下线不超过三十天", json!({
            "on": ["site.taken_offline"], "field": "planned_end",
            "within": {"n": 30, "unit": "day"},
        }))],
        "preconditions": [rule("EX-3", "advisory", "结案应有经验总结", json!({
            "on": ["incident.closed"], "of": "stream", "evidence": ["lessons"],
        }))],
        "deadlines": [rule("EX-4", "must", "五个工作日内答复", json!({
            "from": "message.received", "met_by": ["message.answered"],
            "within": {"n": 5, "unit": "working_day"},
        }))],
        "retentions": [rule("EX-5", "principle", "档案保存六个月", json!({
            "on": ["incident.archive_purged"], "from": "incident.closed",
            "keep": {"n": 6, "unit": "month"},
        }))],
        "evidence": [rule("EX-6", "must", "经验总结应有详细记录", json!({
            "kind": "lessons", "of": "incident", "parts": ["record"],
        }))],
    });
    serde_json::from_value(profile).expect("a profile")
}

/// Give a deed with a note.
pub fn deed(
    scribe: &mut Scribe,
    by: AccountId,
    stream: impl Into<Stream>,
    event: impl Into<Event>,
) -> u64 {
    let deed = Deed::of(event).expect("a deed of this event");
    scribe.give(by, stream, &Command::Deed(Deed { note: Some("说明".to_owned()), ..deed }))
}

pub(super) fn tell(scribe: &mut Scribe, people: People) {
    rule(scribe, people);
    let [editor, reviewer, chief] =
        [(Duty::Editor, "钱编辑"), (Duty::Reviewer, "孙审核"), (Duty::Approver, "周总编")]
            .map(|(duty, name)| staff(scribe, people, duty, name));
    let site = run_site(scribe, people, chief);
    write(scribe, [editor, reviewer, chief], site);
    let people = [editor, reviewer, chief];
    answer(scribe, people, site);
    suffer(scribe, people, site);
}

fn record(kind: &str, parts: &[&str], site: Option<SiteId>) -> EvidenceRecorded {
    let parts = Sorted::new(parts.iter().map(|part| word(part))).expect("few parts");
    let documents = Sorted::new([Hash::of(&[b"annals test document"])]).expect("one");
    EvidenceRecorded { documents, kind: word(kind), parts, period: None, site }
}

fn rule(scribe: &mut Scribe, people: People) {
    let (by, organisation) = (people.administrator, people.organisation);
    let effective_from = at("2026-01-01T00:00:00.000000Z");
    let profile = Box::new(rulebook());
    let adopt = Command::AdoptProfile(command::AdoptProfile { effective_from, profile });
    act(scribe, people, Act::AdoptProfile, organisation.into(), &adopt);
    let day = |text: &str| Day::new(text).expect("a day");
    let calendar = platform::CalendarAdopted {
        off: Sorted::new([day("2026-01-01"), day("2026-10-01")]).expect("few"),
        on: Sorted::new([day("2026-01-04")]).expect("few"),
        year: 2026,
    };
    deed(scribe, by, organisation, platform::Event::CalendarAdopted(calendar));
    let granted = platform::ExemptionGranted {
        clause: Clause::new("EX-5").expect("a clause"),
        from: effective_from,
        subject: organisation.into(),
        until: at("2027-01-01T00:00:00.000000Z"),
    };
    let exemption = deed(scribe, by, organisation, platform::Event::ExemptionGranted(granted));
    let ended = platform::ExemptionEnded { exemption };
    deed(scribe, by, organisation, platform::Event::ExemptionEnded(ended));
    let drill = record("drill", &[], None);
    deed(scribe, by, organisation, platform::Event::EvidenceRecorded(drill));
}

fn staff(scribe: &mut Scribe, people: People, duty: Duty, person: &str) -> AccountId {
    use account::{Applied, Cancelled, Event as AccountEvent, Resumed, Suspended};
    use account::{RoleGranted, RoleRevoked};
    let (by, organisation) = (people.administrator, people.organisation);
    let account = AccountId(scribe.id());
    let applied = Applied { organisation, role: word(duty.word()) };
    deed(scribe, by, account, AccountEvent::Applied(applied));
    deed(scribe, by, account, AccountEvent::EvidenceRecorded(record("training", &[], None)));
    let open = command::OpenAccount {
        attributes: attributes(&[("staff", "own")]),
        duty,
        name: person.to_owned(),
        organisation,
        person: Some(PersonId(scribe.id())),
    };
    scribe.give(by, account, &Command::OpenAccount(open));
    if duty == Duty::Approver {
        let (role, scope) = (word("chief_editor"), Stream::from(organisation));
        let granted = RoleGranted { role: role.clone(), scope };
        deed(scribe, by, account, AccountEvent::RoleGranted(granted.clone()));
        deed(scribe, by, account, AccountEvent::RoleRevoked(RoleRevoked { role, scope }));
        deed(scribe, by, account, AccountEvent::RoleGranted(granted));
        deed(scribe, by, account, AccountEvent::Suspended(Suspended {}));
        deed(scribe, by, account, AccountEvent::Resumed(Resumed {}));
        let leaver = AccountId(scribe.id());
        let open = command::OpenAccount {
            attributes: Attributes::default(),
            duty,
            name: "吴离岗".to_owned(),
            organisation,
            person: None,
        };
        scribe.give(by, leaver, &Command::OpenAccount(open));
        let cancelled = Cancelled { reason: word("left") };
        deed(scribe, by, leaver, AccountEvent::Cancelled(cancelled));
    }
    account
}

fn run_site(scribe: &mut Scribe, people: People, chief: AccountId) -> SiteId {
    use site::{Closed, Event as SiteEvent, Restored, ShutDown, TakenOffline};
    let (by, organisation) = (people.administrator, people.organisation);
    let open = |scribe: &mut Scribe, title: &str| {
        let site = SiteId(scribe.id());
        deed(scribe, by, site, SiteEvent::EvidenceRecorded(record("assessment", &[], None)));
        let attributes = attributes(&[("kind", "department")]);
        let open = command::OpenSite { attributes, name: name(title), organisation };
        scribe.give(by, site, &Command::OpenSite(open));
        site
    };
    let site = open(scribe, "示例市教育局网");
    let planned_end = Time::from_micros(scribe.now.micros() + 86_400_000_000).expect("in range");
    let taken = TakenOffline { planned_end, reason: word("rectification") };
    deed(scribe, by, site, SiteEvent::TakenOffline(taken));
    deed(scribe, chief, site, SiteEvent::Restored(Restored {}));
    deed(scribe, chief, site, SiteEvent::ShutDown(ShutDown { reason: word("power_cut") }));
    deed(scribe, chief, site, SiteEvent::Restored(Restored {}));
    let other = open(scribe, "示例市旧站");
    deed(scribe, by, other, SiteEvent::Closed(Closed { reason: word("merged") }));
    let column = ColumnId(scribe.id());
    let attributes = attributes(&[("class", "news")]);
    let open = command::OpenColumn { attributes, site, title: "旧闻".to_owned() };
    scribe.give(by, column, &Command::OpenColumn(open));
    deed(scribe, by, column, column::Event::Closed(column::Closed { site }));
    site
}

fn write(scribe: &mut Scribe, [editor, reviewer, chief]: [AccountId; 3], site: SiteId) {
    use content::{Archived, Event as ContentEvent, Returned, Revised, Submitted};
    let id = ContentId(scribe.id());
    let text = "<p>关于开展安全检查的通知</p>";
    let (body, bytes) = (scribe.body(text), text.len() as u64);
    let path = "notice/1.html".to_owned();
    let draft =
        command::DraftContent { body, bytes, column: None, path: path.clone(), site, title: None };
    scribe.give(editor, id, &Command::DraftContent(draft));
    let class = attributes(&[("class", "a")]);
    let provider = Some(scribe.actor(editor).organisation);
    let submitted = Submitted { attributes: class, body, provider, site };
    deed(scribe, editor, id, ContentEvent::Submitted(submitted.clone()));
    let pass = |level: &str, body, gates: &[&str]| {
        let gates = Sorted::new(gates.iter().map(|gate| word(gate))).expect("few gates");
        let (level, opinion) = (word(level), Some("同意".to_owned()));
        Command::PassReview(command::PassReview { body, gates, level, opinion, site })
    };
    scribe.give(reviewer, id, &pass("initial", body, &["political"]));
    let returned = Returned { body, level: word("final"), site };
    deed(scribe, chief, id, ContentEvent::Returned(returned));
    deed(scribe, editor, id, ContentEvent::Submitted(submitted));
    scribe.give(reviewer, id, &pass("initial", body, &["political"]));
    let text = "<p>关于开展安全检查的通知（修订）</p>";
    let (body, bytes) = (scribe.body(text), text.len() as u64);
    let revised = Revised { body, bytes, level: word("final"), site };
    deed(scribe, chief, id, ContentEvent::Revised(revised));
    scribe.give(chief, id, &pass("final", body, &[]));
    let form = record("three_level_form", &[], Some(site));
    deed(scribe, editor, id, ContentEvent::EvidenceRecorded(form));
    let publish = command::PublishContent { body, bytes, path, site, title: None };
    scribe.give(editor, id, &Command::PublishContent(publish));
    deed(scribe, editor, id, ContentEvent::Archived(Archived { site }));
}

fn answer(scribe: &mut Scribe, [editor, reviewer, _]: [AccountId; 3], site: SiteId) {
    use message::{
        Answered, Assigned, Event as MessageEvent, Published, Received, ReplyDrafted, ReplyPassed,
        ReplyPromised,
    };
    let id = MessageId(scribe.id());
    let organisation = scribe.actor(editor).organisation;
    let received = Received { attributes: Attributes::default(), site };
    let mut message = Deed::of(MessageEvent::Received(received)).expect("a deed");
    message.note = Some("请问何时供暖？".to_owned());
    message.occurred_at = Some(at("2026-01-02T01:00:00.000000Z"));
    scribe.give(editor, id, &Command::Deed(message));
    deed(scribe, editor, id, MessageEvent::Assigned(Assigned { organisation, site }));
    let by = Day::new("2026-01-09").expect("a day");
    deed(scribe, editor, id, MessageEvent::ReplyPromised(ReplyPromised { by, site }));
    let reply = deed(scribe, editor, id, MessageEvent::ReplyDrafted(ReplyDrafted { site }));
    let passed = ReplyPassed { level: word("final"), reply, site };
    deed(scribe, reviewer, id, MessageEvent::ReplyPassed(passed));
    deed(scribe, editor, id, MessageEvent::Answered(Answered { reply, site }));
    deed(scribe, editor, id, MessageEvent::Published(Published { site }));
    let revisit = record("revisit", &[], Some(site));
    deed(scribe, editor, id, MessageEvent::EvidenceRecorded(revisit));
}

fn suffer(scribe: &mut Scribe, [editor, _, chief]: [AccountId; 3], site: SiteId) {
    use incident::{
        ArchivePurged, AuthorityTold, Closed, ContentRemoved, Detected, Event as IncidentEvent,
        ForceMajeureDeclared, Isolated, Reported, ResponderArrived, Restored,
    };
    let id = IncidentId(scribe.id());
    let attributes = attributes(&[("type", "tampering")]);
    let told = [
        IncidentEvent::Detected(Detected { attributes, site }),
        IncidentEvent::Reported(Reported { site, to: word("principal") }),
        IncidentEvent::ResponderArrived(ResponderArrived { post: word("technician"), site }),
        IncidentEvent::Isolated(Isolated { site }),
        IncidentEvent::ContentRemoved(ContentRemoved { content: None, site, urgent: true }),
        IncidentEvent::Restored(Restored { site }),
        IncidentEvent::AuthorityTold(AuthorityTold { authority: word("cyberspace"), site }),
        IncidentEvent::ForceMajeureDeclared(ForceMajeureDeclared {
            ground: word("power_cut"),
            site,
        }),
        IncidentEvent::EvidenceRecorded(record("lessons", &["record"], Some(site))),
        IncidentEvent::Closed(Closed { site }),
    ];
    for event in told {
        deed(scribe, editor, id, event);
    }
    let half_a_year = 200 * 86_400_000_000;
    scribe.now = Time::from_micros(scribe.now.micros() + half_a_year).expect("in range");
    deed(scribe, chief, id, IncidentEvent::ArchivePurged(ArchivePurged { site }));
}
