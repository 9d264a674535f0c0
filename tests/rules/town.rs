//! The town that rules are tried on: persons of every duty, two sites, content in every state,
//! proposals, and an import that waits for its second line.

use annals_events::account::{self, Access, Duty, Person};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command};
use annals_events::content::{self, Change, Imported};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, ColumnId, ContentId, ImportId, OrganisationId, SiteId, Stream};
use annals_events::ledger::Act;
use annals_events::sorted::Sorted;
use annals_events::text::Word;
use annals_events::{Event, Hash, Time, canonical, import, site};
use uuid::Uuid;

use super::district::District;
use crate::events::story::{self, CUT_OVER, People, act, name};
use crate::harness::scribe::{Draft, Scribe};

/// Lines of the town's import; the first is written.
pub const LINES: u64 = 3;

/// See the module.
pub struct Town {
    pub scribe: Scribe,
    pub organisation: OrganisationId,
    pub administrator: AccountId,
    pub auditor: AccountId,
    pub editor: AccountId,
    pub reviewer: AccountId,
    /// Of a person in an imported history.
    pub nobody: AccountId,
    pub site: SiteId,
    pub other_site: SiteId,
    pub column: ColumnId,
    pub other_column: ColumnId,
    /// A version in work that nobody has passed.
    pub drafted: ContentId,
    /// A version that was passed.
    pub passed: ContentId,
    /// A page that is shown.
    pub live: ContentId,
    /// A page that was withdrawn.
    pub withdrawn: ContentId,
    /// The version in work.
    pub body: Hash,
    /// An import that is open, at its second line.
    pub import: ImportId,
    /// Its site, and the page its first line brought.
    pub imported_site: SiteId,
    pub imported: ContentId,
    /// Position of its opening.
    pub opened: u64,
    /// An import whose lines are all in.
    pub whole: ImportId,
    /// An import that was closed.
    pub closed: ImportId,
    /// Position of an open proposal to open `proposed`.
    pub proposal: u64,
    pub proposed: ImportId,
    /// What came with rulebooks.
    pub district: District,
}

pub fn source() -> Hash {
    Hash::of(&[b"annals test source"])
}

pub fn cut_over() -> Time {
    Time::parse(CUT_OVER).expect("an instant")
}

/// An instant before the cut-over.
pub fn before() -> Time {
    Time::parse("2014-03-01T03:52:45.000000Z").expect("an instant")
}

fn opening(duty: Duty, organisation: OrganisationId) -> command::OpenAccount {
    command::OpenAccount {
        attributes: Attributes::default(),
        duty,
        name: "某人".to_owned(),
        organisation,
        person: None,
    }
}

impl Town {
    pub fn build() -> Town {
        let mut scribe = Scribe::found("ledger.example.gov.cn/town");
        let people = story::begin(&mut scribe);
        let (organisation, administrator) = (people.organisation, people.administrator);
        let [editor, reviewer] = [Duty::Editor, Duty::Reviewer].map(|duty| {
            let account = AccountId(scribe.id());
            let open = opening(duty, organisation);
            scribe.give(administrator, account, &Command::OpenAccount(open));
            account
        });
        let [(site, column), (other_site, other_column)] = ["甲网", "乙网"].map(|title| {
            let (site, column) = (SiteId(scribe.id()), ColumnId(scribe.id()));
            let open = command::OpenSite {
                attributes: Attributes::default(),
                name: name(title),
                organisation,
            };
            scribe.give(administrator, site, &Command::OpenSite(open));
            let open = command::OpenColumn {
                attributes: Attributes::default(),
                site,
                title: "要闻".to_owned(),
            };
            scribe.give(administrator, column, &Command::OpenColumn(open));
            (site, column)
        });
        let body = scribe.body("正文");
        let district = District::build(&mut scribe, people, [editor, reviewer], site, body);
        let [closed, whole, import, proposed] = [(); 4].map(|()| ImportId(scribe.id()));
        let [drafted, passed, live, withdrawn] = [(); 4].map(|()| ContentId(scribe.id()));
        let imported_site = SiteId(import::thing_id(import, 0, 0));
        let imported = ContentId(import::thing_id(import, 0, 2));
        let nobody = AccountId(import::thing_id(import, 0, 1));
        let mut town = Town {
            organisation,
            administrator,
            auditor: people.auditor,
            editor,
            reviewer,
            nobody,
            site,
            other_site,
            column,
            other_column,
            drafted,
            passed,
            live,
            withdrawn,
            body,
            import,
            imported_site,
            imported,
            opened: 0,
            whole,
            closed,
            proposal: 0,
            proposed,
            district,
            scribe,
        };
        town.write_content();
        town.write_imports(people);
        for entry in &town.scribe.entries {
            let flags = ["approver_absent"];
            let unexpected = entry.findings.iter().find(|found| !flags.contains(&&*found.name));
            assert_eq!(unexpected, None, "the town itself breaks a rule: {:?}", entry.header);
        }
        town
    }

    fn write_content(&mut self) {
        for (content, steps) in
            [(self.drafted, 1), (self.passed, 2), (self.live, 3), (self.withdrawn, 4)]
        {
            let all = [
                self.draft(self.editor, content),
                self.pass(self.reviewer, content),
                self.publish(self.reviewer, content),
                self.withdraw(self.reviewer, content),
            ];
            for (by, command) in all.into_iter().take(steps) {
                self.scribe.give(by, content, &command);
            }
        }
    }

    fn write_imports(&mut self, people: People) {
        let [closed, whole, import] = [(self.closed, 1), (self.whole, 1), (self.import, LINES)]
            .map(|(id, lines)| {
                let open = command::OpenImport {
                    cut_over: cut_over(),
                    lines,
                    secret: source(),
                    site: SiteId(import::thing_id(id, 0, 0)),
                    source: source(),
                };
                let open = Command::OpenImport(open);
                act(&mut self.scribe, people, Act::OpenImport, id.into(), &open);
                let opened = self.scribe.chain.size() - 1;
                for draft in self.first_line(id, opened) {
                    self.scribe.write(&draft);
                }
                opened
            });
        assert!(closed < whole && whole < import);
        self.opened = import;
        let close = Command::CloseImport(command::CloseImport { lines: 1, source: source() });
        act(&mut self.scribe, people, Act::CloseImport, self.closed.into(), &close);
        let propose = command::ProposeAct { act: Act::OpenImport, digest: self.open_digest() };
        let propose = Command::ProposeAct(propose);
        self.proposal = self.scribe.give(self.administrator, self.proposed, &propose);
    }

    /// The command that the open proposal is for.
    pub fn open_command(&self) -> Command {
        Command::OpenImport(command::OpenImport {
            cut_over: cut_over(),
            lines: 1,
            secret: source(),
            site: SiteId(import::thing_id(self.proposed, 0, 0)),
            source: source(),
        })
    }

    /// Its digest, under a fixed nonce.
    pub fn open_digest(&self) -> Hash {
        command::digest(&Hash::ZERO, &self.open_command().to_bytes())
    }

    /// A site, its author's account and its first page: the first line of an import.
    fn first_line(&self, id: ImportId, opened: u64) -> Vec<Draft> {
        let organisation = self.organisation;
        let site = site::Opened {
            attributes: Attributes::default(),
            import: Some(id),
            line: Some(0),
            name: name(&format!("丙网 {id}")),
            organisation,
        };
        let person = account::Opened {
            access: Access::Unusable,
            attributes: Attributes::default(),
            person: None,
            duty: Duty::Editor,
            import: Some(id),
            line: Some(0),
            organisation,
        };
        let private = Person { command: None, name: "wang".to_owned(), nonce: None };
        let [site_id, person_id, page] = [0, 1, 2].map(|index| import::thing_id(id, 0, index));
        let said = Imported {
            approver: None,
            author: AccountId(person_id),
            change: Change::Created,
            import: id,
            line: 0,
        };
        let shown = shown(SiteId(site_id), self.body, Some(&said));
        let all = vec![
            Draft::internal(SiteId(site_id), site::Event::Opened(site)),
            Draft::internal(AccountId(person_id), account::Event::Opened(person))
                .with_private(canonical::to_bytes(&private)),
            Draft::internal(ContentId(page), content::Event::Published(shown)),
        ];
        self.imported_command(all, id, 0, opened)
    }

    /// Drafts as the entries of one line's command.
    pub fn imported_command(
        &self,
        all: Vec<Draft>,
        id: ImportId,
        line: u64,
        opened: u64,
    ) -> Vec<Draft> {
        let mut info = self.scribe.info(import::LINE_COMMAND, id.into(), Hash::ZERO);
        (info.key, info.of) = (import::key(id, line), u32::try_from(all.len()).expect("few"));
        let all = (0..).zip(all).map(|(index, draft)| {
            info.index = index;
            Draft {
                provenance: Provenance::Imported,
                actor: Some(self.scribe.actor(self.administrator)),
                command: Some(info.clone()),
                cause: Some(opened),
                occurred_at: Some(before()),
                ..draft
            }
        });
        all.collect()
    }

    /// The second line of the open import, as an entry of the page its first line brought.
    pub fn line(&self, event: content::Event) -> Draft {
        self.line_of(self.imported, event)
    }

    pub fn line_of(&self, content: ContentId, event: content::Event) -> Draft {
        let all = vec![Draft::internal(content, event)];
        let mut all = self.imported_command(all, self.import, 1, self.opened);
        all.remove(0)
    }

    /// What the second line says besides.
    pub fn said(&self, change: Change) -> Imported {
        let (author, import) = (self.nobody, self.import);
        Imported { approver: Some(self.editor), author, change, import, line: 1 }
    }

    /// A page brought by the second line itself.
    pub fn brought(&self) -> ContentId {
        ContentId(import::thing_id(self.import, 1, 0))
    }

    /// Something that is not on the ledger.
    pub fn unknown(&self) -> Uuid {
        import::thing_id(self.import, 77, 7)
    }

    /// What this command would write.
    pub fn by(&self, by: AccountId, stream: impl Into<Stream>, command: &Command) -> Draft {
        self.scribe.commanded(by, stream, command, None)
    }

    pub fn draft(&self, by: AccountId, _: ContentId) -> (AccountId, Command) {
        let draft = command::DraftContent {
            body: self.body,
            bytes: 6,
            column: Some(self.column),
            path: "a.html".to_owned(),
            site: self.site,
            title: None,
        };
        (by, Command::DraftContent(draft))
    }

    pub fn pass(&self, by: AccountId, _: ContentId) -> (AccountId, Command) {
        let (body, level, site) = (self.body, Word::of("final"), self.site);
        (
            by,
            Command::PassReview(command::PassReview {
                body,
                gates: Sorted::default(),
                level,
                opinion: None,
                site,
            }),
        )
    }

    pub fn publish(&self, by: AccountId, _: ContentId) -> (AccountId, Command) {
        let (body, path) = (self.body, "a.html".to_owned());
        let publish =
            command::PublishContent { body, bytes: 6, path, site: self.site, title: None };
        (by, Command::PublishContent(publish))
    }

    pub fn withdraw(&self, by: AccountId, _: ContentId) -> (AccountId, Command) {
        let reason = "过期".to_owned();
        (by, Command::WithdrawContent(command::WithdrawContent { reason, site: self.site }))
    }

    /// A draft of somebody's for a piece of content, by one of the four above.
    pub fn step(
        &self,
        step: fn(&Town, AccountId, ContentId) -> (AccountId, Command),
        by: AccountId,
        content: ContentId,
    ) -> Draft {
        let (by, command) = step(self, by, content);
        self.by(by, content, &command)
    }
}

/// Facts of a version that is shown.
pub fn shown(site: SiteId, body: Hash, said: Option<&Imported>) -> content::Shown {
    content::Shown {
        approver: said.and_then(|said| said.approver),
        author: said.map(|said| said.author),
        body,
        bytes: 6,
        change: said.map(|said| said.change),
        import: said.map(|said| said.import),
        line: said.map(|said| said.line),
        site,
    }
}

/// Facts of a page that is moved or withdrawn.
pub fn changed(site: SiteId, said: Option<&Imported>) -> content::Changed {
    content::Changed {
        approver: said.and_then(|said| said.approver),
        author: said.map(|said| said.author),
        change: said.map(|said| said.change),
        import: said.map(|said| said.import),
        line: said.map(|said| said.line),
        site,
    }
}

/// The same draft with another event.
pub fn saying(mut draft: Draft, event: impl Into<Event>) -> Draft {
    draft.event = event.into();
    draft
}
