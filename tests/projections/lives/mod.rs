//! Random lives of a ledger: good and bad, with imports, commands of several entries, epochs,
//! deeds of all things.

mod deeds;

use annals_events::account::Duty;
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command};
use annals_events::content::{self, Change};
use annals_events::entry::Provenance;
use annals_events::id::{
    AccountId, ColumnId, ContentId, ImportId, IncidentId, MessageId, OrganisationId, SiteId,
};
use annals_events::ledger::{Act, Event as LedgerEvent, StateSealed};
use annals_events::sorted::Sorted;
use annals_events::text::Word;
use annals_events::{Hash, import};
use proptest::prelude::*;

use self::deeds::Choice;
use crate::events::story::{self, People, act, name};
use crate::harness::scribe::{Draft, Scribe};

/// Something that happens; numbers choose among what is there.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Organisation,
    Site,
    Column(usize),
    Account(bool),
    Content {
        what: u8,
        which: usize,
        by: usize,
        version: u8,
    },
    Propose,
    Open {
        lines: u64,
    },
    Line {
        which: usize,
        change: u8,
        page: usize,
        approved: bool,
    },
    Close(usize),
    Epoch,
    Seal,
    /// A deed, and on what.
    Deed(u8, Choice),
}

pub fn step() -> impl Strategy<Value = Step> {
    let number = || any::<usize>();
    prop_oneof![
        1 => Just(Step::Organisation),
        2 => Just(Step::Site),
        2 => number().prop_map(Step::Column),
        2 => any::<bool>().prop_map(Step::Account),
        24 => (0u8..6, number(), number(), 0u8..3).prop_map(|(what, which, by, version)| {
            Step::Content { what, which, by, version }
        }),
        1 => Just(Step::Propose),
        2 => (0u64..4).prop_map(|lines| Step::Open { lines }),
        6 => (number(), 0u8..5, number(), any::<bool>()).prop_map(
            |(which, change, page, approved)| Step::Line { which, change, page, approved }
        ),
        1 => number().prop_map(Step::Close),
        1 => Just(Step::Epoch),
        1 => Just(Step::Seal),
        32 => (0u8..6, 0u8..11, number(), number(), any::<bool>()).prop_map(
            |(on, what, which, by, late)| Step::Deed(on, Choice { what, which, by, late })
        ),
    ]
}

/// What there is to choose from.
struct Life {
    scribe: Scribe,
    people: People,
    accounts: Vec<AccountId>,
    organisations: Vec<OrganisationId>,
    sites: Vec<SiteId>,
    columns: Vec<ColumnId>,
    contents: Vec<ContentId>,
    /// Id, line to come, position of the opening.
    imports: Vec<(ImportId, u64, u64)>,
    bodies: Vec<Hash>,
    messages: Vec<MessageId>,
    /// Positions of answers drafted.
    replies: Vec<u64>,
    incidents: Vec<IncidentId>,
    /// Positions of exemptions.
    exemptions: Vec<u64>,
}

fn choose<T: Copy>(all: &[T], number: usize) -> T {
    all[number % all.len()]
}

/// Live it.
pub fn live(steps: &[Step]) -> Scribe {
    let mut scribe = Scribe::found("ledger.example.gov.cn/life");
    let people = story::begin(&mut scribe);
    let bodies = ["甲", "乙", "丙"].map(|text| scribe.body(text)).to_vec();
    let mut life = Life {
        people,
        accounts: vec![people.administrator],
        organisations: vec![people.organisation],
        sites: vec![SiteId(scribe.id())],
        columns: vec![ColumnId(scribe.id())],
        contents: vec![ContentId(scribe.id())],
        imports: Vec::new(),
        bodies,
        messages: vec![MessageId(scribe.id())],
        replies: vec![0],
        incidents: vec![IncidentId(scribe.id())],
        exemptions: vec![0],
        scribe,
    };
    for step in steps {
        life.step(*step);
    }
    life.scribe
}

impl Life {
    fn step(&mut self, step: Step) {
        let administrator = self.people.administrator;
        match step {
            Step::Organisation => {
                let id = OrganisationId(self.scribe.id());
                let parent = self.organisations.last().copied();
                let name = name(&format!("单位 {id}"));
                let register = command::RegisterOrganisation {
                    attributes: Attributes::default(),
                    name,
                    parent,
                };
                let register = Command::RegisterOrganisation(register);
                self.scribe.give(administrator, id, &register);
                self.organisations.push(id);
            }
            Step::Site => {
                let id = SiteId(self.scribe.id());
                let organisation = choose(&self.organisations, self.sites.len());
                let open = command::OpenSite {
                    attributes: Attributes::default(),
                    name: name(&format!("网站 {id}")),
                    organisation,
                };
                self.scribe.give(administrator, id, &Command::OpenSite(open));
                self.sites.push(id);
            }
            Step::Column(number) => {
                let (id, site) = (ColumnId(self.scribe.id()), choose(&self.sites, number));
                let open = command::OpenColumn {
                    attributes: Attributes::default(),
                    site,
                    title: "要闻".to_owned(),
                };
                self.scribe.give(administrator, id, &Command::OpenColumn(open));
                self.columns.push(id);
            }
            Step::Account(is_editor) => {
                let id = AccountId(self.scribe.id());
                let duty = if is_editor { Duty::Editor } else { Duty::Reviewer };
                let organisation = choose(&self.organisations, self.accounts.len());
                let open = command::OpenAccount {
                    attributes: Attributes::default(),
                    duty,
                    name: "某人".to_owned(),
                    organisation,
                    person: None,
                };
                self.scribe.give(administrator, id, &Command::OpenAccount(open));
                self.accounts.push(id);
            }
            Step::Content { what, which, by, version } => self.content(what, which, by, version),
            Step::Propose => {
                let digest = Hash::of(&[b"nothing"]);
                let propose = command::ProposeAct { act: Act::RotateKey, digest };
                let propose = Command::ProposeAct(propose);
                self.scribe.give(administrator, self.scribe.ledger, &propose);
            }
            Step::Open { lines } => self.open(lines),
            Step::Line { which, change, page, approved } => {
                self.line(which, change, page, approved);
            }
            Step::Close(which) => self.close(which),
            Step::Deed(on, choice) => self.deed(on, choice),
            Step::Epoch => self.scribe.start_epoch(),
            Step::Seal => {
                let (folds, size) = (self.scribe.state.digests(), self.scribe.chain.size());
                let sealed = LedgerEvent::StateSealed(StateSealed { folds, size });
                self.scribe.write(&Draft::internal(self.scribe.ledger, sealed));
            }
        }
    }

    fn content(&mut self, what: u8, which: usize, by: usize, version: u8) {
        if what == 0 && which.is_multiple_of(8) {
            self.contents.push(ContentId(self.scribe.id()));
        }
        let content = choose(&self.contents, which);
        let (by, site) = (choose(&self.accounts, by), choose(&self.sites, which));
        let (body, bytes) = (self.bodies[usize::from(version)], 3);
        let (path, title) = (format!("{which}.html"), None);
        let command = match what {
            0 => {
                let column = Some(choose(&self.columns, which)).filter(|_| version > 0);
                let draft = command::DraftContent { body, bytes, column, path, site, title };
                Command::DraftContent(draft)
            }
            1 => {
                let pass = command::PassReview {
                    body,
                    gates: Sorted::default(),
                    level: Word::of("final"),
                    opinion: None,
                    site,
                };
                Command::PassReview(pass)
            }
            2 => {
                Command::PublishContent(command::PublishContent { body, bytes, path, site, title })
            }
            3 => {
                Command::CorrectContent(command::CorrectContent { body, bytes, path, site, title })
            }
            4 => Command::MoveContent(command::MoveContent {
                from: path,
                path: "b.html".to_owned(),
                site,
            }),
            _ => {
                let reason = "过期".to_owned();
                Command::WithdrawContent(command::WithdrawContent { reason, site })
            }
        };
        self.scribe.give(by, content, &command);
    }

    fn open(&mut self, lines: u64) {
        let id = ImportId(self.scribe.id());
        let open = Command::OpenImport(command::OpenImport {
            cut_over: self.scribe.now,
            lines,
            secret: Hash::ZERO,
            site: SiteId(import::thing_id(id, 0, 0)),
            source: Hash::ZERO,
        });
        act(&mut self.scribe, self.people, Act::OpenImport, id.into(), &open);
        self.imports.push((id, 0, self.scribe.chain.size() - 1));
    }

    fn close(&mut self, which: usize) {
        if self.imports.is_empty() {
            return;
        }
        let (id, lines, _) = choose(&self.imports, which);
        let close = Command::CloseImport(command::CloseImport { lines, source: Hash::ZERO });
        act(&mut self.scribe, self.people, Act::CloseImport, id.into(), &close);
    }

    /// A line of one or two entries; its page may be new, old, or of another story.
    fn line(&mut self, which: usize, change: u8, page: usize, approved: bool) {
        if self.imports.is_empty() {
            return;
        }
        let at = which % self.imports.len();
        let (id, line, opened) = self.imports[at];
        // Now and then lines are left out.
        self.imports[at].1 = [line + 1, line + 1, line + 1, line + 2, line + 7][page % 5];
        let site = SiteId(import::thing_id(id, 0, 0));
        let content = if change == 0 {
            let new = ContentId(import::thing_id(id, line, 0));
            self.contents.push(new);
            new
        } else {
            choose(&self.contents, page)
        };
        let [author, approver] = [page, which].map(|number| choose(&self.accounts, number));
        let word = [Change::Created, Change::Updated, Change::Renamed, Change::Removed];
        let word = word[usize::from(change) % 4];
        let changed = content::Changed {
            approver: approved.then_some(approver),
            author: Some(author),
            change: Some(word),
            import: Some(id),
            line: Some(line),
            site,
        };
        let shown = content::Shown {
            approver: changed.approver,
            author: changed.author,
            body: choose(&self.bodies, page),
            bytes: 3,
            change: changed.change,
            import: changed.import,
            line: changed.line,
            site,
        };
        let events = match change {
            0 => vec![content::Event::Published(shown)],
            1 => vec![content::Event::Corrected(shown)],
            2 => vec![content::Event::Moved(changed)],
            3 => vec![content::Event::Withdrawn(changed)],
            _ => vec![content::Event::Moved(changed), content::Event::Corrected(shown)],
        };
        let mut info = self.scribe.info(import::LINE_COMMAND, id.into(), Hash::ZERO);
        (info.key, info.of) = (import::key(id, line), u32::try_from(events.len()).expect("few"));
        for (index, event) in (0..info.of).zip(events) {
            info.index = index;
            self.scribe.write(&Draft {
                provenance: Provenance::Imported,
                actor: Some(self.scribe.actor(self.people.administrator)),
                command: Some(info.clone()),
                cause: Some(opened),
                occurred_at: Some(self.scribe.now),
                ..Draft::internal(content, event)
            });
        }
    }
}
