//! What a command writes: the one function behind the service and the verifier.

use super::{Command, Text};
use crate::account::{Access, Opened as AccountOpened, Person};
use crate::canonical;
use crate::column::{Opened as ColumnOpened, Title};
use crate::content::{self, Changed, Drafted, Opinion, PageText, Reason, Shown};
use crate::entry::{Header, Provenance};
use crate::event::CommandText;
use crate::id::Thing;
use crate::ledger::{ActProposed, ImportClosed, ImportFormat, ImportOpened};
use crate::platform::{OrganisationRegistered, ProfileAdopted};
use crate::site::Opened as SiteOpened;
use crate::time::Time;
use crate::{Event, account, column, ledger, platform, site};

/// What a command writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The event.
    pub event: Event,
    /// The private part's bytes.
    pub private: Option<Vec<u8>>,
    /// How it is known: what the platform does, or what somebody reports.
    pub provenance: Provenance,
    /// When it happened, where that is another time than now.
    pub occurred_at: Option<Time>,
}

impl From<(Event, Option<Vec<u8>>)> for Written {
    fn from((event, private): (Event, Option<Vec<u8>>)) -> Written {
        Written { event, private, provenance: Provenance::Commanded, occurred_at: None }
    }
}

impl Written {
    /// Event and private part.
    pub fn parts(self) -> (Event, Option<Vec<u8>>) {
        (self.event, self.private)
    }
}

type Parts = (Event, Option<Vec<u8>>);

impl Command {
    /// The one entry this command writes; `None` for `rotate_key`, which needs the roots.
    pub fn written(&self, text: &Text) -> Option<Written> {
        let parts = match self {
            Command::RegisterOrganisation(_)
            | Command::OpenAccount(_)
            | Command::OpenSite(_)
            | Command::OpenColumn(_) => self.written_things(text),
            Command::AdoptProfile(_)
            | Command::ProposeAct(_)
            | Command::OpenImport(_)
            | Command::CloseImport(_) => self.written_ledger(text),
            Command::RotateKey(_) => return None,
            Command::Deed(deed) => return Some(deed.written(text)),
            _ => self.written_content(text),
        };
        Some(parts.into())
    }

    fn written_things(&self, text: &Text) -> Parts {
        let Text { command, nonce } = text.clone();
        let plain = canonical::to_bytes(&CommandText { command: command.clone(), nonce });
        match self {
            Command::RegisterOrganisation(c) => {
                let facts = OrganisationRegistered {
                    attributes: c.attributes.clone(),
                    name: c.name.clone(),
                    parent: c.parent,
                };
                (platform::Event::OrganisationRegistered(facts).into(), Some(plain))
            }
            Command::OpenAccount(c) => {
                let facts = AccountOpened {
                    access: Access::Usable,
                    attributes: c.attributes.clone(),
                    duty: c.duty,
                    import: None,
                    line: None,
                    organisation: c.organisation,
                    person: c.person,
                };
                let person =
                    Person { command: Some(command), name: c.name.clone(), nonce: Some(nonce) };
                (account::Event::Opened(facts).into(), Some(canonical::to_bytes(&person)))
            }
            Command::OpenSite(c) => {
                let facts = SiteOpened {
                    attributes: c.attributes.clone(),
                    import: None,
                    line: None,
                    name: c.name.clone(),
                    organisation: c.organisation,
                };
                (site::Event::Opened(facts).into(), Some(plain))
            }
            Command::OpenColumn(c) => {
                let title = Title { command, nonce, title: c.title.clone() };
                let facts = ColumnOpened { attributes: c.attributes.clone(), site: c.site };
                (column::Event::Opened(facts).into(), Some(canonical::to_bytes(&title)))
            }
            _ => unreachable!("called for these only"),
        }
    }

    fn written_ledger(&self, text: &Text) -> Parts {
        let Text { command, nonce } = text.clone();
        match self {
            Command::ProposeAct(c) => {
                let facts = ActProposed { act: c.act, command, digest: c.digest, nonce };
                match c.act.thing() {
                    Thing::Platform => (platform::Event::ActProposed(facts).into(), None),
                    _ => (ledger::Event::ActProposed(facts).into(), None),
                }
            }
            Command::AdoptProfile(_) => {
                let facts = ProfileAdopted { command, nonce };
                (platform::Event::ProfileAdopted(facts).into(), None)
            }
            Command::OpenImport(c) => {
                let facts = ImportOpened {
                    cut_over: c.cut_over,
                    format: ImportFormat::History,
                    lines: c.lines,
                    site: c.site,
                    source: c.source,
                };
                let private = canonical::to_bytes(&CommandText { command, nonce });
                (ledger::Event::ImportOpened(facts).into(), Some(private))
            }
            Command::CloseImport(c) => {
                let facts = ImportClosed { lines: c.lines, source: c.source };
                let private = canonical::to_bytes(&CommandText { command, nonce });
                (ledger::Event::ImportClosed(facts).into(), Some(private))
            }
            _ => unreachable!("called for these only"),
        }
    }

    fn written_content(&self, text: &Text) -> Parts {
        let Text { command, nonce } = text.clone();
        let page = |path: &str, title: &Option<String>, from: Option<String>| {
            canonical::to_bytes(&PageText {
                command: Some(command.clone()),
                from,
                line: None,
                nonce: Some(nonce),
                path: path.to_owned(),
                title: title.clone(),
            })
        };
        let shown = |body, bytes, site| Shown {
            approver: None,
            author: None,
            body,
            bytes,
            change: None,
            import: None,
            line: None,
            site,
        };
        let changed = |site| Changed {
            approver: None,
            author: None,
            change: None,
            import: None,
            line: None,
            site,
        };
        let (event, private) = match self {
            Command::DraftContent(c) => {
                let facts =
                    Drafted { body: c.body, bytes: c.bytes, column: c.column, site: c.site };
                (content::Event::Drafted(facts), page(&c.path, &c.title, None))
            }
            Command::PassReview(c) => {
                let facts = content::ReviewPassed {
                    body: c.body,
                    gates: c.gates.clone(),
                    level: c.level.clone(),
                    site: c.site,
                };
                let opinion = Opinion { command, nonce, opinion: c.opinion.clone() };
                (content::Event::ReviewPassed(facts), canonical::to_bytes(&opinion))
            }
            Command::PublishContent(c) => {
                let facts = shown(c.body, c.bytes, c.site);
                (content::Event::Published(facts), page(&c.path, &c.title, None))
            }
            Command::CorrectContent(c) => {
                let facts = shown(c.body, c.bytes, c.site);
                (content::Event::Corrected(facts), page(&c.path, &c.title, None))
            }
            Command::MoveContent(c) => {
                let private = page(&c.path, &None, Some(c.from.clone()));
                (content::Event::Moved(changed(c.site)), private)
            }
            Command::WithdrawContent(c) => {
                let reason = Reason {
                    command: Some(command),
                    line: None,
                    nonce: Some(nonce),
                    path: None,
                    reason: Some(c.reason.clone()),
                };
                (content::Event::Withdrawn(changed(c.site)), canonical::to_bytes(&reason))
            }
            _ => unreachable!("called for commands on content only"),
        };
        (event.into(), Some(private))
    }
}

/// Does a commanded entry say what its command says? `Ok(false)` where the command's text is not
/// at hand (its part was removed or left out).
pub fn check(header: &Header, event: &Event, private: Option<&[u8]>) -> Result<bool, &'static str> {
    let (provenance, occurred_at) = (header.provenance, header.occurred_at);
    let Some(info) = &header.command else { return Err("the entry names no command") };
    let Some(text) = Text::of(event, private) else {
        return if private.is_some() { Err("the entry keeps no command") } else { Ok(false) };
    };
    if text.digest() != info.digest {
        return Err("the command's digest differs from the header's");
    }
    let command = Command::read_exact(&info.name, text.command.as_bytes())
        .map_err(|_| "the command kept is not one of this name in canonical form")?;
    if info.of != 1 {
        return Err("a command of this name writes one entry");
    }
    if let (Command::RotateKey(c), Event::Ledger(ledger::Event::KeyRotated(rotated))) =
        (&command, event)
    {
        let same = rotated.key.public == c.public && rotated.retired == c.retired;
        return if same { Ok(true) } else { Err("the keys differ from the command's") };
    }
    let written = command.written(&text).ok_or("the command does not write this type")?;
    if &written.event != event {
        return Err("the facts differ from what the command writes");
    }
    if written.private.as_deref() != private {
        return Err("the private part differs from what the command writes");
    }
    if (written.provenance, written.occurred_at) != (provenance, occurred_at) {
        return Err("provenance or time differ from what the command writes");
    }
    Ok(true)
}
