//! 史册 — what may be written, how it is hashed, how it is signed.
//!
//! The only code an auditor must trust: no IO, no clock. `README.md` beside this crate specifies
//! every byte; a second implementation needs nothing else. The tour, in reading order:

pub mod hash;
pub mod id;
pub mod time;

pub mod canonical;
pub mod entry;
pub mod keys;
pub mod merkle;
pub mod note;
pub mod object;

pub mod event;
pub mod text;

pub mod account;
pub mod column;
pub mod content;
pub mod ledger;
pub mod platform;
pub mod site;

pub mod command;
pub mod import;

pub use entry::{Header, Part, RawEntry};
pub use event::PayloadError;
pub use hash::Hash;
pub use time::Time;

use entry::Actor;
use id::{AccountId, Stream, Subject, SubjectKind};

/// 事件 — what happened: one variant per thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// 账本
    Ledger(ledger::Event),
    /// 平台
    Platform(platform::Event),
    /// 账号
    Account(account::Event),
    /// 网站
    Site(site::Event),
    /// 栏目
    Column(column::Event),
    /// 信息
    Content(content::Event),
}

macro_rules! things {
    ($($variant:ident $module:ident;)*) => {
        impl Event {
            /// Every type on the wire.
            pub fn types() -> impl Iterator<Item = &'static str> {
                [$($module::Event::TYPES,)*].into_iter().flatten().copied()
            }

            /// The type on the wire.
            pub fn kind(&self) -> &'static str {
                match self { $(Event::$variant(event) => event.kind(),)* }
            }

            /// Canonical facts.
            pub fn facts(&self) -> Vec<u8> {
                match self { $(Event::$variant(event) => event.facts(),)* }
            }

            /// Read the facts of an entry of this type and schema version.
            pub fn read(kind: &str, schema: u32, facts: &[u8]) -> Result<Event, PayloadError> {
                if schema == SCHEMA {
                    $(if let Some(read) = $module::Event::read(kind, facts) {
                        return read.map(Event::$variant);
                    })*
                }
                Err(PayloadError::Unknown { event: kind.to_owned(), schema })
            }

            /// Check the form of a private part of this type and schema version.
            pub fn check_private(
                kind: &str,
                schema: u32,
                private: &[u8],
            ) -> Result<(), PayloadError> {
                if schema == SCHEMA {
                    $(if let Some(checked) = $module::Event::check_private(kind, private) {
                        return checked;
                    })*
                }
                Err(PayloadError::Unknown { event: kind.to_owned(), schema })
            }
        }

        $(impl From<$module::Event> for Event {
            fn from(event: $module::Event) -> Event {
                Event::$variant(event)
            }
        })*
    };
}

things! {
    Ledger ledger;
    Platform platform;
    Account account;
    Site site;
    Column column;
    Content content;
}

/// Schema version of every type so far.
pub const SCHEMA: u32 = 1;

impl Event {
    /// The bodies the facts name.
    pub fn body(&self) -> Option<id::BodyId> {
        match self {
            Event::Content(
                content::Event::Published(content::Shown { body, .. })
                | content::Event::Corrected(content::Shown { body, .. })
                | content::Event::Drafted(content::Drafted { body, .. })
                | content::Event::ReviewPassed(content::ReviewPassed { body, .. }),
            ) => Some(*body),
            _ => None,
        }
    }

    /// What an import said, where one did.
    pub fn imported(&self) -> Option<content::Imported> {
        match self {
            Event::Content(event) => event.imported(),
            _ => None,
        }
    }

    /// The site the facts name.
    pub fn site(&self) -> Option<id::SiteId> {
        match self {
            Event::Content(event) => Some(event.site()),
            Event::Column(column::Event::Opened(opened)) => Some(opened.site),
            Event::Ledger(ledger::Event::ImportOpened(opened)) => Some(opened.site),
            _ => None,
        }
    }

    /// What an entry of this event is about: a function of facts, stream and actor
    /// alone. Sorted, each once.
    pub fn about(&self, stream: Stream, actor: Option<&Actor>) -> Vec<Subject> {
        let mut about = Vec::with_capacity(4);
        if let Some(actor) = actor {
            about.push(actor.account.into());
            about.push(actor.organisation.into());
            about.extend(actor.on_behalf_of.map(Subject::from));
        }
        about.extend(self.site().map(Subject::from));
        match self {
            Event::Ledger(_) | Event::Column(_) => {}
            Event::Platform(platform::Event::OrganisationRegistered(registered)) => {
                about.push(Subject::new(SubjectKind::Organisation, stream.id));
                about.extend(registered.parent.map(Subject::from));
            }
            Event::Account(account::Event::Opened(opened)) => {
                about.push(AccountId(stream.id).into());
                about.push(opened.organisation.into());
            }
            Event::Site(site::Event::Opened(opened)) => {
                about.push(Subject::new(SubjectKind::Site, stream.id));
                about.push(opened.organisation.into());
            }
            Event::Content(event) => {
                let imported = event.imported();
                about.extend(imported.as_ref().map(|i| Subject::from(i.author)));
                about.extend(imported.and_then(|i| i.approver).map(Subject::from));
            }
        }
        about.sort_unstable();
        about.dedup();
        about
    }
}

impl content::Event {
    /// The site every content event names.
    pub fn site(&self) -> id::SiteId {
        match self {
            Self::Drafted(drafted) => drafted.site,
            Self::ReviewPassed(passed) => passed.site,
            Self::Published(shown) | Self::Corrected(shown) => shown.site,
            Self::Moved(changed) | Self::Withdrawn(changed) => changed.site,
        }
    }

    /// What an import said, where one did.
    pub fn imported(&self) -> Option<content::Imported> {
        match self {
            Self::Drafted(_) | Self::ReviewPassed(_) => None,
            Self::Published(shown) | Self::Corrected(shown) => shown.imported(),
            Self::Moved(changed) | Self::Withdrawn(changed) => changed.imported(),
        }
    }
}
