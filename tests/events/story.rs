//! A fixed ledger with every type of entry in it: what golden files are taken from.

use annals_events::account::{self, Access, Duty, Person};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Text};
use annals_events::content::{self, Change, PageText, Reason, Shown};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, ColumnId, ContentId, ImportId, OrganisationId, SiteId, Stream};
use annals_events::ledger::{Act, Event as LedgerEvent, StateSealed};
use annals_events::platform::OrganisationRegistered;
use annals_events::sorted::Sorted;
use annals_events::text::PublicName;
use annals_events::text::Word;
use annals_events::{Event, Hash, Time, canonical, import, platform, site};

use super::second_story;
use crate::harness::scribe::{Draft, Scribe, key};

/// Instant before which every imported line happened.
pub const CUT_OVER: &str = "2026-11-24T00:00:00.000000Z";
const LINES: u64 = 4;
const CORRECTED: &str = "<h1>六安市概况（更正）</h1>";

/// Who acts.
#[derive(Clone, Copy)]
pub struct People {
    pub organisation: OrganisationId,
    pub administrator: AccountId,
    pub auditor: AccountId,
}

pub fn name(text: &str) -> PublicName {
    PublicName::new(text).expect("a name")
}

/// Genesis, an organisation, two accounts, the first epoch of a writer.
pub fn begin(scribe: &mut Scribe) -> People {
    let organisation = OrganisationId(scribe.id());
    let facts = OrganisationRegistered {
        attributes: Attributes::default(),
        name: name("示例市人民政府办公室"),
        parent: None,
    };
    let event = platform::Event::OrganisationRegistered(facts);
    scribe.write(&Draft::internal(organisation, event));
    let administrator = open_first(scribe, organisation, Duty::Administrator, "张建国");
    let auditor = open_first(scribe, organisation, Duty::Auditor, "李审计");
    scribe.start_epoch();
    People { organisation, administrator, auditor }
}

/// One of the first accounts, which nobody commands.
pub fn open_first(
    scribe: &mut Scribe,
    organisation: OrganisationId,
    duty: Duty,
    person: &str,
) -> AccountId {
    let account = AccountId(scribe.id());
    let facts = account::Opened {
        access: Access::Usable,
        attributes: Attributes::default(),
        duty,
        import: None,
        line: None,
        organisation,
        person: None,
    };
    let private = Person { command: None, name: person.to_owned(), nonce: None };
    let draft = Draft::internal(account, account::Event::Opened(facts));
    scribe.write(&draft.with_private(canonical::to_bytes(&private)));
    account
}

/// Every type of the first story in one ledger.
pub fn whole() -> Scribe {
    let mut scribe = Scribe::found("ledger.example.gov.cn/golden");
    tell(&mut scribe);
    seal(&mut scribe);
    scribe
}

/// Every type there is in one ledger.
pub fn everything() -> Scribe {
    let mut scribe = Scribe::found("ledger.example.gov.cn/golden");
    let people = tell(&mut scribe);
    second_story::tell(&mut scribe, people);
    seal(&mut scribe);
    scribe
}

fn seal(scribe: &mut Scribe) {
    let (folds, size) = (scribe.state.digests(), scribe.chain.size());
    let sealed = LedgerEvent::StateSealed(StateSealed { folds, size });
    scribe.write(&Draft::internal(scribe.ledger, sealed));
}

/// The first types, as the first version of the rules wrote them: nothing here ever changes, the
/// digests of that version's folds among it.
pub fn first_story() -> Scribe {
    let mut scribe = Scribe::found_by("ledger.example.gov.cn/golden", 1);
    tell(&mut scribe);
    let sealed = super::read(&super::testdata().join("ledger.state_sealed.v1.json"));
    let sealed: serde_json::Value =
        serde_json::from_str(&sealed.unwrap_or_default()).expect("a golden file");
    let facts = sealed["facts"].as_str().expect("its facts");
    let sealed: StateSealed = serde_json::from_str(facts).expect("a seal");
    scribe.write(&Draft::internal(scribe.ledger, LedgerEvent::StateSealed(sealed)));
    scribe
}

fn tell(scribe: &mut Scribe) -> People {
    let people = begin(scribe);
    take_over(scribe, people);
    let site = live_on(scribe, people);
    publish(scribe, people, site);
    rotate(scribe, people);
    people
}

/// An act of two persons: proposed by the administrator, done by the auditor.
pub fn act(scribe: &mut Scribe, people: People, act: Act, stream: Stream, command: &Command) {
    // The proposal stands directly before the act, whose nonce and digest follow from its place.
    let nonce = Hash::of(&[b"annals test act\n", &scribe.chain.size().to_be_bytes()]);
    let command_text = String::from_utf8(command.to_bytes()).expect("JSON is UTF-8");
    let text = Text { command: command_text, nonce };
    let propose = command::ProposeAct { act, digest: text.digest() };
    let cause = scribe.give(people.administrator, stream, &Command::ProposeAct(propose));
    let mut draft = scribe.commanded(people.auditor, stream, command, Some(cause));
    let (event, private) = command.written(&text).expect("not a rotation").parts();
    (draft.event, draft.private) = (event, private);
    draft.command = Some(scribe.info(command.name(), stream, text.digest()));
    scribe.write(&draft);
}

fn secret() -> Hash {
    Hash::of(&[b"annals test secret"])
}

/// An import of four lines: created, updated, renamed, removed.
fn take_over(scribe: &mut Scribe, people: People) {
    let id = ImportId(scribe.id());
    let opened_site = SiteId(import::thing_id(id, 0, 0));
    let source = Hash::of(&[b"annals test source"]);
    let cut_over = Time::parse(CUT_OVER).expect("an instant");
    let open = Command::OpenImport(command::OpenImport {
        cut_over,
        lines: LINES,
        secret: secret(),
        site: opened_site,
        source,
    });
    act(scribe, people, Act::OpenImport, id.into(), &open);
    let cause = scribe.chain.size() - 1;
    let lines = Lines { people, id, site: opened_site, cause };
    lines.created(scribe);
    lines.updated(scribe);
    lines.renamed(scribe);
    lines.removed(scribe);
    let close = Command::CloseImport(command::CloseImport { lines: LINES, source });
    act(scribe, people, Act::CloseImport, id.into(), &close);
}

struct Lines {
    people: People,
    id: ImportId,
    site: SiteId,
    cause: u64,
}

impl Lines {
    fn content(&self) -> ContentId {
        ContentId(import::thing_id(self.id, 0, 2))
    }

    fn author(&self) -> AccountId {
        AccountId(import::thing_id(self.id, 0, 1))
    }

    fn text(&self, line: u64, change: &str, path: &str, rest: &str) -> String {
        format!(
            "{{\"seq\":{line},\"at\":\"2014-03-0{}T11:52:45+08:00\",\"author\":\"wang\",\
             \"approved_by\":null,\"change\":\"{change}\",\"path\":\"{path}\"{rest}}}",
            line + 1
        )
    }

    /// Write the entries of one line.
    fn write(&self, scribe: &mut Scribe, line: u64, text: &str, all: Vec<Draft>) {
        let nonce = import::nonce(&secret(), line);
        let digest = command::digest(&nonce, text.as_bytes());
        let of = u32::try_from(all.len()).expect("few entries");
        let read = import::HistoryLine::read(text).expect("a line");
        let mut info = scribe.info(import::LINE_COMMAND, self.id.into(), digest);
        (info.key, info.of) = (import::key(self.id, line), of);
        for (index, draft) in (0..of).zip(all) {
            info.index = index;
            scribe.write(&Draft {
                provenance: Provenance::Imported,
                actor: Some(scribe.actor(self.people.administrator)),
                command: Some(info.clone()),
                cause: Some(self.cause),
                occurred_at: read.at(),
                ..draft
            });
        }
    }

    fn shown(&self, line: u64, change: Change, body: Hash, bytes: usize) -> Shown {
        Shown {
            approver: None,
            author: Some(self.author()),
            body,
            bytes: bytes as u64,
            change: Some(change),
            import: Some(self.id),
            line: Some(line),
            site: self.site,
        }
    }

    fn changed(&self, line: u64, change: Change) -> content::Changed {
        content::Changed {
            approver: None,
            author: Some(self.author()),
            change: Some(change),
            import: Some(self.id),
            line: Some(line),
            site: self.site,
        }
    }

    fn page(&self, text: &str) -> Vec<u8> {
        let line = import::HistoryLine::read(text).expect("a line");
        canonical::to_bytes(&PageText {
            from: line.from,
            line: Some(text.to_owned()),
            path: line.path,
            title: line.title,
            ..PageText::default()
        })
    }

    fn created(&self, scribe: &mut Scribe) {
        let words = "<h1>六安市概况</h1>";
        let rest = format!(
            ",\"title\":\"六安市概况\",\"sha256\":\"{}\",\"bytes\":{}",
            Hash::of(&[words.as_bytes()]),
            words.len()
        );
        let text = self.text(0, "created", "about.html", &rest);
        let body = scribe.body(words);
        let organisation = self.people.organisation;
        let opened = site::Opened {
            attributes: Attributes::default(),
            import: Some(self.id),
            line: Some(0),
            name: name("六安市人民政府网"),
            organisation,
        };
        let person = account::Opened {
            access: Access::Unusable,
            attributes: Attributes::default(),
            person: None,
            duty: Duty::Editor,
            import: Some(self.id),
            line: Some(0),
            organisation,
        };
        let private = Person { command: None, name: "wang".to_owned(), nonce: None };
        let shown = self.shown(0, Change::Created, body, words.len());
        let all = vec![
            Draft::internal(self.site, site::Event::Opened(opened)),
            Draft::internal(self.author(), account::Event::Opened(person))
                .with_private(canonical::to_bytes(&private)),
            Draft::internal(self.content(), content::Event::Published(shown))
                .with_private(self.page(&text)),
        ];
        self.write(scribe, 0, &text, all);
    }

    fn updated(&self, scribe: &mut Scribe) {
        let words = CORRECTED;
        let sha = Hash::of(&[words.as_bytes()]);
        let rest = format!(",\"sha256\":\"{sha}\",\"bytes\":{}", words.len());
        let text = self.text(1, "updated", "about.html", &rest);
        let body = scribe.body(words);
        let event = content::Event::Corrected(self.shown(1, Change::Updated, body, words.len()));
        let draft = Draft::internal(self.content(), event).with_private(self.page(&text));
        self.write(scribe, 1, &text, vec![draft]);
    }

    fn renamed(&self, scribe: &mut Scribe) {
        let (sha, bytes) = (Hash::of(&[CORRECTED.as_bytes()]), CORRECTED.len());
        let rest = format!(",\"from\":\"about.html\",\"sha256\":\"{sha}\",\"bytes\":{bytes}");
        let text = self.text(2, "renamed", "city/about.html", &rest);
        let event = content::Event::Moved(self.changed(2, Change::Renamed));
        let draft = Draft::internal(self.content(), event).with_private(self.page(&text));
        self.write(scribe, 2, &text, vec![draft]);
    }

    fn removed(&self, scribe: &mut Scribe) {
        let text = self.text(3, "removed", "city/about.html", "");
        let private = Reason {
            line: Some(text.clone()),
            path: Some("city/about.html".to_owned()),
            ..Reason::default()
        };
        let event = content::Event::Withdrawn(self.changed(3, Change::Removed));
        let private = canonical::to_bytes(&private);
        let draft = Draft::internal(self.content(), event).with_private(private);
        self.write(scribe, 3, &text, vec![draft]);
    }
}

/// A site with a column, opened by command.
fn live_on(scribe: &mut Scribe, people: People) -> (SiteId, ColumnId) {
    let (site, column) = (SiteId(scribe.id()), ColumnId(scribe.id()));
    let organisation = people.organisation;
    let open = command::OpenSite {
        attributes: Attributes::default(),
        name: name("示例市人民政府网"),
        organisation,
    };
    scribe.give(people.administrator, site, &Command::OpenSite(open));
    let open = command::OpenColumn {
        attributes: Attributes::default(),
        site,
        title: "政务要闻".to_owned(),
    };
    scribe.give(people.administrator, column, &Command::OpenColumn(open));
    (site, column)
}

fn publish(scribe: &mut Scribe, people: People, (site, column): (SiteId, ColumnId)) {
    let organisation = people.organisation;
    let [editor, reviewer] =
        [(Duty::Editor, "王编辑"), (Duty::Reviewer, "赵审核")].map(|(duty, name)| {
            let account = AccountId(scribe.id());
            let open = command::OpenAccount {
                attributes: Attributes::default(),
                duty,
                name: name.to_owned(),
                organisation,
                person: None,
            };
            scribe.give(people.administrator, account, &Command::OpenAccount(open));
            account
        });
    let content = ContentId(scribe.id());
    let (path, title) = ("news/1.html".to_owned(), Some("公告 \"1\"\n".to_owned()));
    let words = "<p>关于开展年度检查的公告</p>";
    let (body, bytes) = (scribe.body(words), words.len() as u64);
    let column = Some(column);
    let draft = command::DraftContent {
        body,
        bytes,
        column,
        path: path.clone(),
        site,
        title: title.clone(),
    };
    scribe.give(editor, content, &Command::DraftContent(draft));
    let level = Word::of("final");
    let pass = command::PassReview {
        body,
        gates: Sorted::default(),
        level,
        opinion: Some("同意发布".to_owned()),
        site,
    };
    scribe.give(reviewer, content, &Command::PassReview(pass));
    let shown = command::PublishContent { body, bytes, path: path.clone(), site, title };
    scribe.give(reviewer, content, &Command::PublishContent(shown));
    let moved = command::MoveContent { from: path, path: "news/2.html".to_owned(), site };
    scribe.give(editor, content, &Command::MoveContent(moved));
    let withdraw = command::WithdrawContent { reason: "内容过期".to_owned(), site };
    scribe.give(reviewer, content, &Command::WithdrawContent(withdraw));
}

fn rotate(scribe: &mut Scribe, people: People) {
    let new = key("log 2");
    let retired = key("log").public().fingerprint();
    let public = annals_events::hash::Bytes(new.public().bytes());
    let command = Command::RotateKey(command::RotateKey { public, retired });
    let command_text = String::from_utf8(command.to_bytes()).expect("JSON is UTF-8");
    let text = Text { command: command_text, nonce: Hash::of(&[b"annals test rotation"]) };
    let propose = command::ProposeAct { act: Act::RotateKey, digest: text.digest() };
    let propose = Command::ProposeAct(propose);
    let cause = scribe.give(people.administrator, scribe.ledger, &propose);
    let draft = scribe.rotation(people.auditor, &text, &new, cause);
    scribe.write(&draft);
    scribe.use_log_key(new);
}

/// The first entry of this type.
pub fn first<'a>(scribe: &'a Scribe, kind: &str) -> &'a crate::harness::scribe::Entry {
    let of_kind = |entry: &&crate::harness::scribe::Entry| Event::kind(&entry.event) == kind;
    scribe.entries.iter().find(of_kind).unwrap_or_else(|| panic!("the story has no {kind}"))
}
