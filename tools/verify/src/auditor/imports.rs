//! 导入的上下文 — what the lines of an import fix between entries: which page a path means, and whose
//! account a name is.
//!
//! An entry compared with its own line alone could still be about another page, or in another
//! person's name: the line knows paths and names, the facts know ids. What differs was written
//! against the rules; nothing was altered since.

use std::collections::HashMap;

use annals_events::account::{self, Person};
use annals_events::content::Change;
use annals_events::id::{AccountId, ContentId, ImportId};
use annals_events::import::{self, HistoryLine};
use annals_events::ledger::Event as LedgerEvent;
use annals_events::{Event, Header};

/// A rule that was broken: its id, and the sentence.
type Broken = (&'static str, &'static str);

const PAGE: Broken = ("import_page", "it is about another page than its line");
const PERSON: Broken = ("import_person", "author or approver is somebody else than in its line");
const TWICE: Broken = ("import_person", "a person of the import has an account already");

/// Every import that is open.
#[derive(Default)]
pub(super) struct Imports {
    open: HashMap<ImportId, Import>,
}

#[derive(Default)]
struct Import {
    persons: HashMap<String, AccountId>,
    paths: HashMap<String, ContentId>,
    /// The line whose entries come now, and the page they are about.
    line: Option<(u64, ContentId)>,
}

impl Imports {
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
                Ok(())
            }
            Event::Ledger(LedgerEvent::ImportClosed(_)) => {
                self.open.remove(&of_stream);
                Ok(())
            }
            Event::Account(account::Event::Opened(opened)) => {
                let import = opened.import.and_then(|id| self.open.get_mut(&id));
                let person = private.and_then(|text| serde_json::from_slice::<Person>(text).ok());
                let (Some(import), Some(person)) = (import, person) else { return Ok(()) };
                let account = AccountId(header.stream.id);
                match import.persons.insert(person.name, account) {
                    None => Ok(()),
                    Some(_) => Err(TWICE),
                }
            }
            Event::Content(event) => {
                let imported = event.imported();
                let import = imported.as_ref().and_then(|of| self.open.get_mut(&of.import));
                let (Some(of), Some(import), Some(line)) = (imported, import, line) else {
                    return Ok(());
                };
                import.page(header, of.import, line)?;
                import.persons(of.author, of.approver, line)
            }
            _ => Ok(()),
        }
    }
}

impl Import {
    /// The entry must be about the page that the line's path means.
    fn page(&mut self, header: &Header, id: ImportId, line: &HistoryLine) -> Result<(), Broken> {
        let content = ContentId(header.stream.id);
        if let Some((_, known)) = self.line.filter(|(seq, _)| *seq == line.seq) {
            return (known == content).then_some(()).ok_or(PAGE);
        }
        self.line = Some((line.seq, content));
        let known = match line.change {
            Change::Created => None,
            Change::Updated | Change::Removed => self.paths.get(&line.path),
            Change::Renamed => line.from.as_ref().and_then(|from| self.paths.get(from)),
        };
        let index = header.command.as_ref().map_or(0, |command| command.index);
        let new = ContentId(import::thing_id(id, line.seq, index));
        if content != known.copied().unwrap_or(new) {
            return Err(PAGE);
        }
        if let Some(from) = &line.from {
            self.paths.remove(from);
        }
        if line.change == Change::Removed {
            self.paths.remove(&line.path);
        } else {
            self.paths.insert(line.path.clone(), content);
        }
        Ok(())
    }

    fn persons(
        &self,
        author: AccountId,
        approver: Option<AccountId>,
        line: &HistoryLine,
    ) -> Result<(), Broken> {
        let of = |name: &String| self.persons.get(name).copied();
        let same = of(&line.author) == Some(author)
            && line.approved_by.as_ref().map(of).unwrap_or_default() == approver;
        same.then_some(()).ok_or(PERSON)
    }
}
