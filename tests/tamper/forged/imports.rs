//! Which entries the line of an import writes follows from it and the lines before: whoever holds
//! every key and writes others lets a page vanish, or a person act whom no line names.

use annals_events::attributes::Attributes;
use std::collections::HashMap;

use annals_events::account::{self, Access, Duty, Person};
use annals_events::command::{self, Command};
use annals_events::content::{self, Change, Changed, PageText, Reason, Shown};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, ContentId, ImportId, SiteId};
use annals_events::import::{self, HistoryLine};
use annals_events::ledger::Act;
use annals_events::{Time, canonical, site};
use annals_verify::{Options, Policy, audit_export};

use super::*;
use crate::events::story::{CUT_OVER, People, act, begin, name};
use crate::harness::scribe::{Draft, Scribe};
use crate::tamper::strangers::theirs;

/// Where the entries of the second line begin.
const SECOND: usize = 10;

#[derive(Clone, Copy)]
enum Wrote {
    Site,
    /// An account for this person.
    Person(&'static str),
    /// One of this duty, or opened at another time.
    Odd(&'static str, Duty, i64),
    Published(At),
    Corrected(At),
    Moved(At),
    Withdrawn(At),
}
use Wrote::{Corrected, Moved, Odd, Published, Withdrawn};

/// The page that entry `.1` of line `.0` brought.
type At = (u64, u32);
/// What line 0 brings, behind a site and a person.
const OLD: At = (0, 2);
const NEW: At = (1, 0);

struct Line {
    change: Change,
    /// The path, and with a rename the one before.
    path: (&'static str, Option<&'static str>),
    words: Option<&'static str>,
    persons: (&'static str, Option<&'static str>),
}

const fn line(change: Change, path: &'static str, words: Option<&'static str>) -> Line {
    Line { change, path: (path, None), words, persons: ("wang", None) }
}

const fn renamed(from: &'static str, words: &'static str) -> Line {
    let words = Some(words);
    Line { path: ("new", Some(from)), ..line(Change::Renamed, "new", words) }
}

const fn by(author: &'static str, approver: &'static str) -> Line {
    let persons = (author, Some(approver));
    Line { persons, ..line(Change::Updated, "old", Some("二")) }
}

/// A ledger with an import, written line by line.
struct History {
    scribe: Scribe,
    people: People,
    id: ImportId,
    cause: u64,
    lines: u64,
    accounts: HashMap<String, AccountId>,
}

fn secret() -> Hash {
    Hash::of(&[b"annals test secret of lines"])
}

impl History {
    fn new() -> History {
        let mut scribe = Scribe::found("ledger.example.gov.cn/lines");
        let people = begin(&mut scribe);
        let id = ImportId(scribe.id());
        let open = command::OpenImport {
            cut_over: Time::parse(CUT_OVER).expect("an instant"),
            lines: 2,
            secret: secret(),
            site: SiteId(import::thing_id(id, 0, 0)),
            source: Hash::ZERO,
        };
        act(&mut scribe, people, Act::OpenImport, id.into(), &Command::OpenImport(open));
        let cause = scribe.chain.size() - 1;
        History { scribe, people, id, cause, lines: 0, accounts: HashMap::new() }
    }

    fn write(&mut self, line: &Line, wrote: &[Wrote]) {
        let (path, from) = line.path;
        let mut value = json!({"seq": self.lines, "at": "2014-03-01T11:52:45+08:00",
            "author": line.persons.0, "change": line.change, "path": path});
        if let Some(approver) = line.persons.1 {
            value["approved_by"] = json!(approver);
        }
        if let Some(from) = from {
            value["from"] = json!(from);
        }
        if let Some(words) = line.words {
            value["sha256"] = json!(Hash::of(&[words.as_bytes()]));
            value["bytes"] = json!(words.len());
        }
        let text = value.to_string();
        let read = HistoryLine::read(&text).expect("a line");
        let nonce = import::nonce(&secret(), self.lines);
        let digest = command::digest(&nonce, text.as_bytes());
        let mut info = self.scribe.info(import::LINE_COMMAND, self.id.into(), digest);
        info.of = u32::try_from(wrote.len()).expect("few entries");
        info.key = import::key(self.id, self.lines);
        for (index, wrote) in (0..).zip(wrote) {
            info.index = index;
            let late = if let Odd(_, _, late) = wrote { *late } else { 0 };
            let at = read.at().and_then(|at| Time::from_micros(at.micros() + late));
            let draft = Draft {
                provenance: Provenance::Imported,
                actor: Some(self.scribe.actor(self.people.administrator)),
                command: Some(info.clone()),
                cause: Some(self.cause),
                occurred_at: at,
                ..self.draft(*wrote, (line, &read, &text), index)
            };
            self.scribe.write(&draft);
        }
        self.lines += 1;
    }

    fn draft(&mut self, wrote: Wrote, of: (&Line, &HistoryLine, &str), index: u32) -> Draft {
        let (organisation, import) = (self.people.organisation, Some(self.id));
        let (id, number) = (import::thing_id(self.id, self.lines, index), Some(self.lines));
        let said = self.changed(of.1);
        let own = self.id;
        let page = |(line, index)| ContentId(import::thing_id(own, line, index));
        match wrote {
            Wrote::Site => {
                let name = name("六安市人民政府网");
                let opened = site::Opened {
                    attributes: Attributes::default(),
                    import,
                    line: Some(0),
                    name,
                    organisation,
                };
                Draft::internal(SiteId(id), site::Event::Opened(opened))
            }
            Wrote::Person(name) => self.person(name, Duty::Editor, id),
            Odd(name, duty, _) => self.person(name, duty, id),
            Published(at) => {
                let shown = content::Event::Published(self.shown(said, of.0));
                Draft::internal(page(at), shown).with_private(text_of(of))
            }
            Corrected(at) => {
                let shown = content::Event::Corrected(self.shown(said, of.0));
                Draft::internal(page(at), shown).with_private(text_of(of))
            }
            Moved(at) => {
                let event = content::Event::Moved(Changed { line: number, ..said });
                Draft::internal(page(at), event).with_private(text_of(of))
            }
            Withdrawn(at) => {
                let (line, path) = (Some(of.2.to_owned()), Some(of.0.path.0.to_owned()));
                let reason = Reason { line, path, ..Reason::default() };
                Draft::internal(page(at), content::Event::Withdrawn(said))
                    .with_private(canonical::to_bytes(&reason))
            }
        }
    }

    fn person(&mut self, name: &str, duty: Duty, id: uuid::Uuid) -> Draft {
        self.accounts.insert(name.to_owned(), AccountId(id));
        let facts = account::Opened {
            access: Access::Unusable,
            attributes: Attributes::default(),
            person: None,
            duty,
            import: Some(self.id),
            line: Some(self.lines),
            organisation: self.people.organisation,
        };
        let person = Person { command: None, name: name.to_owned(), nonce: None };
        let draft = Draft::internal(AccountId(id), account::Event::Opened(facts));
        draft.with_private(canonical::to_bytes(&person))
    }

    fn changed(&self, line: &HistoryLine) -> Changed {
        Changed {
            approver: line.approved_by.as_ref().and_then(|name| self.accounts.get(name).copied()),
            author: self.accounts.get(&line.author).copied().or(Some(AccountId(uuid::Uuid::nil()))),
            change: Some(line.change),
            import: Some(self.id),
            line: Some(line.seq),
            site: SiteId(import::thing_id(self.id, 0, 0)),
        }
    }

    fn shown(&mut self, said: Changed, line: &Line) -> Shown {
        let Changed { approver, author, change, import, line: number, site } = said;
        let words = line.words.unwrap_or_default();
        let (body, bytes) = (self.scribe.body(words), words.len() as u64);
        Shown { approver, author, body, bytes, change, import, line: number, site }
    }
}

fn text_of((_, read, text): (&Line, &HistoryLine, &str)) -> Vec<u8> {
    canonical::to_bytes(&PageText {
        from: read.from.clone(),
        line: Some(text.to_owned()),
        path: read.path.clone(),
        ..PageText::default()
    })
}

/// The second line, what it wrote, and at which entry of it which rule is broken.
type Case = (&'static str, Line, &'static [Wrote], Option<(usize, &'static str)>);

const LAWFUL: &[Case] = &[
    ("created", line(Change::Created, "b", Some("二")), &[Published(NEW)], None),
    ("created again", line(Change::Created, "old", Some("二")), &[Published(NEW)], None),
    ("updated", line(Change::Updated, "old", Some("二")), &[Corrected(OLD)], None),
    ("updated, unknown", line(Change::Updated, "b", Some("二")), &[Published(NEW)], None),
    ("renamed", renamed("old", "一"), &[Moved(OLD)], None),
    ("renamed and changed", renamed("old", "二"), &[Moved(OLD), Corrected(OLD)], None),
    ("renamed, unknown", renamed("b", "一"), &[Published(NEW)], None),
    ("removed", line(Change::Removed, "old", None), &[Withdrawn(OLD)], None),
    ("removed, unknown", line(Change::Removed, "b", None), &[Withdrawn(NEW)], None),
    (
        "two persons",
        by("li", "zhao"),
        &[Wrote::Person("li"), Wrote::Person("zhao"), Corrected(OLD)],
        None,
    ),
    ("one for both", by("li", "li"), &[Wrote::Person("li"), Corrected(OLD)], None),
    ("one of them known", by("wang", "li"), &[Wrote::Person("li"), Corrected(OLD)], None),
];

const ENTRIES: &str = "import_entries";

const FORGED: &[Case] = &[
    ("an unknown page moved", renamed("b", "一"), &[Moved(NEW)], Some((0, ENTRIES))),
    (
        "an unknown page corrected",
        line(Change::Updated, "b", Some("二")),
        &[Corrected(NEW)],
        Some((0, ENTRIES)),
    ),
    (
        "a known page published",
        line(Change::Updated, "old", Some("二")),
        &[Published(OLD)],
        Some((0, ENTRIES)),
    ),
    ("never moved", renamed("old", "二"), &[Corrected(OLD)], Some((0, ENTRIES))),
    (
        "moved with the same bytes",
        renamed("old", "一"),
        &[Moved(OLD), Corrected(OLD)],
        Some((1, ENTRIES)),
    ),
    (
        "corrected twice",
        line(Change::Updated, "old", Some("二")),
        &[Corrected(OLD), Corrected(OLD)],
        Some((1, ENTRIES)),
    ),
    ("no content", by("li", "li"), &[Wrote::Person("li")], Some((0, ENTRIES))),
    (
        "a person whom no line names",
        line(Change::Updated, "old", Some("二")),
        &[Wrote::Person("li"), Corrected(OLD)],
        Some((1, ENTRIES)),
    ),
    (
        "the approver first",
        by("li", "zhao"),
        &[Wrote::Person("zhao"), Wrote::Person("li"), Corrected(OLD)],
        Some((2, ENTRIES)),
    ),
    (
        "a person afterwards",
        line(Change::Updated, "old", Some("二")),
        &[Corrected(OLD), Wrote::Person("li")],
        Some((1, ENTRIES)),
    ),
    (
        "at another time",
        by("li", "li"),
        &[Odd("li", Duty::Editor, 1), Corrected(OLD)],
        Some((1, ENTRIES)),
    ),
    (
        "another duty",
        by("li", "li"),
        &[Odd("li", Duty::Administrator, 0), Corrected(OLD)],
        Some((0, "account_of_import")),
    ),
    (
        "a second account",
        line(Change::Updated, "old", Some("二")),
        &[Wrote::Person("wang"), Corrected(OLD)],
        Some((0, "import_person")),
    ),
    (
        "another page",
        line(Change::Created, "old", Some("二")),
        &[Published(OLD)],
        Some((0, "import_page")),
    ),
];

/// Both verifiers say `against_the_rulebook`, and the first breach is the one meant.
#[test]
fn both_verifiers_hold_the_entries_of_a_line_against_the_lines_before() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut wrong = Vec::new();
    for (number, (what, line, wrote, broken)) in LAWFUL.iter().chain(FORGED).enumerate() {
        let mut history = History::new();
        let first = self::line(Change::Created, "old", Some("一"));
        history.write(&first, &[Wrote::Site, Wrote::Person("wang"), Published(OLD)]);
        assert_eq!(history.scribe.chain.size(), SECOND as u64);
        history.write(line, wrote);
        let bytes = history.scribe.export().into_bytes();
        let genesis = Some(history.scribe.genesis());
        let policy = Policy { genesis, ..Policy::default() };
        let report = audit_export(&bytes[..], policy, Options::default()).expect("readable");
        let (code, breach) = match broken {
            None => (0, None),
            Some((at, rule)) => (4, Some(format!("entry {}: annals:{rule}:", SECOND + at))),
        };
        let told = report.to_json();
        let is_first = breach.is_none_or(|breach| {
            told["first_breach"].as_str().is_some_and(|first| first.starts_with(&breach))
        });
        if i32::from(report.verdict.exit_code()) != code || !is_first {
            wrong.push(format!("{what}: {told}"));
        }
        let name = (*what).to_owned();
        let question =
            Question { name, bytes, genesis, checkpoints: Vec::new(), actors: Vec::new() };
        let (other, bad, _) = theirs(&question, folder.path(), number);
        if (other, bad) != (code, None) {
            wrong.push(format!("{what}: the other says {other} {bad:?}, expected {code}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
