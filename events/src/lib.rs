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
pub mod fields;
pub mod sorted;
pub mod text;

pub mod attributes;
pub mod evidence;
pub mod profile;

pub mod account;
pub mod column;
pub mod content;
pub mod incident;
pub mod ledger;
pub mod message;
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
    /// 留言
    Message(message::Event),
    /// 安全事件
    Incident(incident::Event),
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
    Message message;
    Incident incident;
}

/// Schema version of every type so far.
pub const SCHEMA: u32 = 1;

impl Event {
    /// The body the facts name.
    pub fn body(&self) -> Option<id::BodyId> {
        match self {
            Event::Content(event) => event.body(),
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

    /// The record of evidence, where it is one.
    pub fn evidence(&self) -> Option<&evidence::EvidenceRecorded> {
        match self {
            Event::Platform(platform::Event::EvidenceRecorded(record))
            | Event::Account(account::Event::EvidenceRecorded(record))
            | Event::Site(site::Event::EvidenceRecorded(record))
            | Event::Content(content::Event::EvidenceRecorded(record))
            | Event::Message(message::Event::EvidenceRecorded(record))
            | Event::Incident(incident::Event::EvidenceRecorded(record)) => Some(record),
            _ => None,
        }
    }

    /// The site the facts name.
    pub fn site(&self) -> Option<id::SiteId> {
        if let Some(record) = self.evidence() {
            return record.site;
        }
        match self {
            Event::Content(event) => event.site(),
            Event::Message(event) => event.site(),
            Event::Incident(event) => event.site(),
            Event::Column(column::Event::Opened(opened)) => Some(opened.site),
            Event::Column(column::Event::Closed(closed)) => Some(closed.site),
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
            Event::Ledger(_) | Event::Column(_) | Event::Incident(_) => {}
            Event::Platform(event) => {
                about.push(Subject::new(SubjectKind::Organisation, stream.id));
                about.extend(event.concerns());
            }
            Event::Account(event) => {
                about.push(AccountId(stream.id).into());
                about.extend(event.concerns());
            }
            Event::Site(event) => {
                about.push(Subject::new(SubjectKind::Site, stream.id));
                if let site::Event::Opened(opened) = event {
                    about.push(opened.organisation.into());
                }
            }
            Event::Content(event) => about.extend(event.concerns()),
            Event::Message(message::Event::Assigned(assigned)) => {
                about.push(assigned.organisation.into());
            }
            Event::Message(_) => {}
        }
        about.sort_unstable();
        about.dedup();
        about
    }
}

/// The subject a stream is, where it is one: an organisation, an account or a site.
pub fn subject_of(stream: Stream) -> Option<Subject> {
    let kind = match stream.thing {
        id::Thing::Platform => SubjectKind::Organisation,
        id::Thing::Account => SubjectKind::Account,
        id::Thing::Site => SubjectKind::Site,
        _ => return None,
    };
    Some(Subject::new(kind, stream.id))
}
