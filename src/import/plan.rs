//! From a line to its entries: which content a path means, whose account a name means.

use std::collections::HashMap;

use annals_events::account::{self, Access, Duty, Person};
use annals_events::attributes::Attributes;
use annals_events::content::{self, Change, Changed, PageText, Reason, Shown};
use annals_events::entry::Actor;
use annals_events::id::{AccountId, ContentId, ImportId, SiteId, Stream};
use annals_events::import::{self, HistoryLine};
use annals_events::text::PublicName;
use annals_events::{Event, Hash, canonical, site};
use annals_projections::ledger::Import;

use super::history::Known;
use crate::app::App;
use crate::error::Failure;
use crate::ledger::{Draft, about};

/// What the importer remembers: names and paths are private, so no fold knows them.
pub struct Boards {
    site_name: PublicName,
    persons: HashMap<String, AccountId>,
    paths: HashMap<String, ContentId>,
    digests: HashMap<ContentId, Hash>,
}

/// The entries of a line.
pub struct Planned {
    /// In order.
    pub drafts: Vec<Draft>,
    /// The body that may still be an upload.
    pub upload: Option<Hash>,
}

/// What is the same in every content entry of a line.
struct Said<'a> {
    import: ImportId,
    line: &'a HistoryLine,
    text: &'a str,
    author: AccountId,
    approver: Option<AccountId>,
    site: SiteId,
}

impl Boards {
    /// From what the import has written so far.
    pub async fn load(
        app: &App,
        site_name: PublicName,
        import: &Import,
        id: ImportId,
    ) -> Result<Boards, Failure> {
        let store = app.store();
        let size = app.ledger().catch_up().await?;
        let mut boards = Boards {
            site_name,
            persons: HashMap::new(),
            paths: HashMap::new(),
            digests: HashMap::new(),
        };
        let follower = app.ledger().follower();
        let names = about::names(store, follower).await?;
        boards.persons = names.of_import(id).map(|(n, account)| (n.to_owned(), account)).collect();
        for entry in about::entries_about(store, follower, import.site.into(), size).await? {
            let ours = entry.event.imported().is_some_and(|line| line.import == id);
            let text = entry.private.filter(|_| ours).and_then(|bytes| import::line_text(&bytes));
            if let (Event::Content(_), Some(text)) = (&entry.event, text) {
                let line = HistoryLine::read(&text).map_err(Failure::fault)?;
                boards.note(ContentId(entry.header.stream.id), &line);
            }
        }
        Ok(boards)
    }

    /// What a line changes: the same for lines read back and lines planned.
    fn note(&mut self, content: ContentId, line: &HistoryLine) {
        if let Some(from) = &line.from {
            self.paths.remove(from);
        }
        match line.change {
            Change::Removed => {
                self.paths.remove(&line.path);
            }
            _ => {
                self.paths.insert(line.path.clone(), content);
            }
        }
        if let Some(digest) = line.sha256 {
            self.digests.insert(content, digest);
        }
    }

    /// The entries of a line, in order: what it needs first, then what it says.
    pub fn plan(
        &mut self,
        id: ImportId,
        import: &Import,
        line: &HistoryLine,
        text: &str,
        body: Option<Known>,
        actor: &Actor,
    ) -> Result<Planned, Failure> {
        let mut drafts = Vec::new();
        if line.seq == 0 && import.site == SiteId(import::thing_id(id, 0, 0)) {
            drafts.push(self.open_site(id, import.site, actor));
        }
        let author = self.person(id, line, &line.author, actor, &mut drafts);
        let approver =
            line.approved_by.as_ref().map(|name| self.person(id, line, name, actor, &mut drafts));
        let said = Said { import: id, line, text, author, approver, site: import.site };
        let known = match line.change {
            Change::Created => None,
            Change::Updated | Change::Removed => self.paths.get(&line.path).copied(),
            Change::Renamed => line.from.as_ref().and_then(|from| self.paths.get(from)).copied(),
        };
        let index = u32::try_from(drafts.len()).unwrap_or(u32::MAX);
        let content = known.unwrap_or(ContentId(import::thing_id(id, line.seq, index)));
        let stream = Stream::from(content);
        let missing = || Failure::fault(format!("line {}: its body is not at hand", line.seq));
        match (line.change, known) {
            (Change::Removed, _) => drafts.push(said.withdrawn(stream)),
            (_, None) => drafts.push(said.shown(stream, body.ok_or_else(missing)?, false)),
            (Change::Renamed, Some(content)) => {
                drafts.push(said.moved(stream));
                if self.digests.get(&content).copied() != line.sha256 {
                    drafts.push(said.shown(stream, body.ok_or_else(missing)?, true));
                }
            }
            (_, Some(_)) => drafts.push(said.shown(stream, body.ok_or_else(missing)?, true)),
        }
        self.note(content, line);
        let upload = body.filter(|body| body.is_upload).map(|body| body.id);
        Ok(Planned { drafts, upload })
    }

    fn open_site(&self, id: ImportId, site: SiteId, actor: &Actor) -> Draft {
        let event = site::Event::Opened(site::Opened {
            attributes: Attributes::default(),
            import: Some(id),
            line: Some(0),
            name: self.site_name.clone(),
            organisation: actor.organisation,
        });
        Draft::new(site.into(), event.into(), None)
    }

    fn person(
        &mut self,
        id: ImportId,
        line: &HistoryLine,
        name: &str,
        actor: &Actor,
        drafts: &mut Vec<Draft>,
    ) -> AccountId {
        if let Some(account) = self.persons.get(name) {
            return *account;
        }
        let index = u32::try_from(drafts.len()).unwrap_or(u32::MAX);
        let account = AccountId(import::thing_id(id, line.seq, index));
        let event = account::Event::Opened(account::Opened {
            access: Access::Unusable,
            attributes: Attributes::default(),
            duty: Duty::Editor,
            import: Some(id),
            line: Some(line.seq),
            organisation: actor.organisation,
            person: None,
        });
        let person = Person { command: None, name: name.to_owned(), nonce: None };
        let private = Some(canonical::to_bytes(&person));
        drafts.push(Draft::new(account.into(), event.into(), private));
        self.persons.insert(name.to_owned(), account);
        account
    }
}

impl Said<'_> {
    fn changed(&self) -> Changed {
        Changed {
            approver: self.approver,
            author: Some(self.author),
            change: Some(self.line.change),
            import: Some(self.import),
            line: Some(self.line.seq),
            site: self.site,
        }
    }

    fn page_text(&self) -> Vec<u8> {
        canonical::to_bytes(&PageText {
            command: None,
            from: self.line.from.clone(),
            line: Some(self.text.to_owned()),
            nonce: None,
            path: self.line.path.clone(),
            title: self.line.title.clone(),
        })
    }

    fn shown(&self, stream: Stream, body: Known, corrects: bool) -> Draft {
        let Changed { approver, author, change, import, line, site } = self.changed();
        let bytes = self.line.bytes.unwrap_or_default();
        let shown = Shown { approver, author, body: body.id, bytes, change, import, line, site };
        let event = if corrects {
            content::Event::Corrected(shown)
        } else {
            content::Event::Published(shown)
        };
        Draft::new(stream, event.into(), Some(self.page_text()))
    }

    fn moved(&self, stream: Stream) -> Draft {
        let event = content::Event::Moved(self.changed());
        Draft::new(stream, event.into(), Some(self.page_text()))
    }

    fn withdrawn(&self, stream: Stream) -> Draft {
        let private = canonical::to_bytes(&Reason {
            command: None,
            line: Some(self.text.to_owned()),
            nonce: None,
            path: Some(self.line.path.clone()),
            reason: None,
        });
        let event = content::Event::Withdrawn(self.changed());
        Draft::new(stream, event.into(), Some(private))
    }
}
