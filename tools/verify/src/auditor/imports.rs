//! 导入的上下文 — what the lines of an import fix between entries: which page a path means, whose
//! account a name is, and which entries a line therefore writes.
//!
//! An entry compared with its own line alone could still be about another page, in another
//! person's name, or not all that its line says: the line knows paths and names, the facts know
//! ids. What differs was written against the rules; nothing was altered since.

use std::collections::HashMap;

use annals_events::content::{self, Change, Imported};
use annals_events::entry::Provenance;
use annals_events::id::{AccountId, ContentId, ImportId};
use annals_events::import::{self, HistoryLine};
use annals_events::ledger::Event as LedgerEvent;
use annals_events::{Event, Hash, Header, Time, account, site};

/// A rule that was broken: its id, and the sentence.
type Broken = (&'static str, &'static str);

const PAGE: Broken = ("import_page", "it is about another page than its line");
const PERSON: Broken = ("import_person", "author or approver is somebody else than in its line");
const TWICE: Broken = ("import_person", "a person of the import has an account already");
const ENTRIES: Broken =
    ("import_entries", "the entries of a line are not those that it and the lines before write");

/// Every import that is open.
#[derive(Default)]
pub(super) struct Imports {
    open: HashMap<ImportId, Import>,
    /// Plain digest of what the lines of imports last let each page show.
    shown: HashMap<ContentId, Hash>,
}

#[derive(Default)]
struct Import {
    persons: HashMap<String, AccountId>,
    paths: HashMap<String, ContentId>,
    line: Entries,
}

/// What the line whose entries come now has written so far.
#[derive(Default)]
struct Entries {
    /// Names of the accounts opened; `None` where one keeps no name.
    persons: Vec<Option<String>>,
    /// When what came before the content happened.
    times: Vec<Option<Time>>,
    /// The page, and the types of its entries to come; known from the first of them on.
    page: Option<(ContentId, Vec<&'static str>)>,
}

impl Imports {
    /// The plain digest of what an import's line last let this page show.
    pub(super) fn shown(&self, page: ContentId) -> Option<Hash> {
        self.shown.get(&page).copied()
    }

    /// Hold an entry of an import against the lines before it.
    pub(super) fn check(
        &mut self,
        header: &Header,
        event: &Event,
        private: Option<&[u8]>,
        line: Option<&HistoryLine>,
    ) -> Result<(), Broken> {
        let of_stream = ImportId(header.stream.id);
        match event {
            Event::Ledger(LedgerEvent::ImportOpened(_)) => {
                self.open.insert(of_stream, Import::default());
            }
            Event::Ledger(LedgerEvent::ImportClosed(_)) => {
                self.open.remove(&of_stream);
            }
            _ if header.provenance == Provenance::Imported => {
                let checked = self.check_line(header, event, private, line);
                if let (Event::Content(content), Some(sha256)) =
                    (event, line.and_then(|line| line.sha256))
                    && shows(content)
                {
                    self.shown.insert(ContentId(header.stream.id), sha256);
                }
                return checked;
            }
            _ => {}
        }
        Ok(())
    }

    fn check_line(
        &mut self,
        header: &Header,
        event: &Event,
        private: Option<&[u8]>,
        line: Option<&HistoryLine>,
    ) -> Result<(), Broken> {
        let said = event.imported();
        let id = match event {
            Event::Account(account::Event::Opened(opened)) => opened.import,
            Event::Site(site::Event::Opened(opened)) => opened.import,
            _ => said.as_ref().map(|said| said.import),
        };
        let import = id.and_then(|id| self.open.get_mut(&id));
        let (Some(import), Some(command)) = (import, &header.command) else { return Ok(()) };
        if command.index == 0 {
            import.line = Entries::default();
        }
        let checked = match (event, said, line) {
            (Event::Content(event), Some(said), Some(line)) => {
                import.content(header, event, &said, (line, &self.shown))
            }
            (Event::Account(_), ..) => import.person(header, private),
            _ => import.line.before(header),
        };
        let ends = command.index + 1 == command.of;
        let whole = !ends || import.line.is_whole();
        checked.and(whole.then_some(()).ok_or(ENTRIES))
    }
}

fn shows(event: &content::Event) -> bool {
    matches!(event, content::Event::Published(_) | content::Event::Corrected(_))
}

impl Import {
    /// An account is opened for a person whom no line named before.
    fn person(&mut self, header: &Header, private: Option<&[u8]>) -> Result<(), Broken> {
        let kept = private.and_then(|text| serde_json::from_slice::<account::Person>(text).ok());
        let name = kept.map(|person| person.name);
        self.line.persons.push(name.clone());
        let account = AccountId(header.stream.id);
        let is_known = name.is_some_and(|name| self.persons.insert(name, account).is_some());
        (!is_known).then_some(()).ok_or(TWICE).and(self.line.before(header))
    }

    /// The entry must be of the page that the line's path means, and the next that it writes.
    fn content(
        &mut self,
        header: &Header,
        event: &content::Event,
        said: &Imported,
        (line, shown): (&HistoryLine, &HashMap<ContentId, Hash>),
    ) -> Result<(), Broken> {
        let content = ContentId(header.stream.id);
        let mut is_brought = true;
        let (page, mut to_come) = match self.line.page.take() {
            Some(begun) => begun,
            None => {
                is_brought = self.has_brought(line);
                self.begin(header, said.import, (line, shown))
            }
        };
        let is_next = !to_come.is_empty() && to_come.remove(0) == event.kind();
        self.line.page = Some((page, to_come));
        if content != page {
            return Err(PAGE);
        }
        self.check_persons(said, line)?;
        (is_next && is_brought).then_some(()).ok_or(ENTRIES)
    }

    /// The page a line is about, and the types of what it writes of it.
    fn begin(
        &mut self,
        header: &Header,
        id: ImportId,
        (line, shown): (&HistoryLine, &HashMap<ContentId, Hash>),
    ) -> (ContentId, Vec<&'static str>) {
        let known = match line.change {
            Change::Created => None,
            Change::Updated | Change::Removed => self.paths.get(&line.path).copied(),
            Change::Renamed => line.from.as_ref().and_then(|from| self.paths.get(from)).copied(),
        };
        let to_come = match (line.change, known) {
            (Change::Removed, _) => vec!["content.withdrawn"],
            (_, None) => vec!["content.published"],
            (Change::Renamed, Some(page)) if shown.get(&page).copied() == line.sha256 => {
                vec!["content.moved"]
            }
            (Change::Renamed, Some(_)) => vec!["content.moved", "content.corrected"],
            (_, Some(_)) => vec!["content.corrected"],
        };
        if let Some(from) = &line.from {
            self.paths.remove(from);
        }
        if line.change == Change::Removed {
            self.paths.remove(&line.path);
        } else {
            self.paths.insert(line.path.clone(), ContentId(header.stream.id));
        }
        let index = header.command.as_ref().map_or(0, |command| command.index);
        let new = ContentId(import::thing_id(id, line.seq, index));
        (known.unwrap_or(new), to_come)
    }

    /// Whether before its content the line opened accounts for exactly those whom it names first,
    /// the author before the approver, and all of it happened when it says.
    fn has_brought(&self, line: &HistoryLine) -> bool {
        let opened = &self.line.persons;
        let mut due: Vec<Option<&String>> = Vec::new();
        for name in [Some(&line.author), line.approved_by.as_ref()] {
            let is_new = |name: &&String| {
                let is_opened_now = opened.iter().any(|opened| opened.as_ref() == Some(*name));
                is_opened_now || !self.persons.contains_key(*name)
            };
            if let Some(name) = name.filter(is_new)
                && !due.contains(&Some(name))
            {
                due.push(Some(name));
            }
        }
        opened.iter().map(Option::as_ref).eq(due)
            && self.line.times.iter().all(|at| *at == line.at())
    }

    fn check_persons(&self, said: &Imported, line: &HistoryLine) -> Result<(), Broken> {
        let of = |name: &String| self.persons.get(name).copied();
        let same = of(&line.author) == Some(said.author)
            && line.approved_by.as_ref().map(of).unwrap_or_default() == said.approver;
        same.then_some(()).ok_or(PERSON)
    }
}

impl Entries {
    /// Sites and accounts come before the content.
    fn before(&mut self, header: &Header) -> Result<(), Broken> {
        self.times.push(header.occurred_at);
        self.page.is_none().then_some(()).ok_or(ENTRIES)
    }

    fn is_whole(&self) -> bool {
        self.page.as_ref().is_some_and(|(_, to_come)| to_come.is_empty())
    }
}
