//! 姓名 — which account is whose: names are private, so they are looked up here, not in a fold.

use std::collections::BTreeMap;

use annals_events::account::{Duty, Event as AccountEvent, Person};
use annals_events::id::{AccountId, ImportId, OrganisationId};
use annals_events::{Event, Header};

/// One person's account as the board shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The account.
    pub account: AccountId,
    /// What it is there for.
    pub duty: Duty,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Position of its opening.
    pub opened: u64,
    /// The import that brought it.
    pub import: Option<ImportId>,
}

/// Accounts by the name they were opened under.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: BTreeMap<String, Vec<Named>>,
}

impl Names {
    /// Take one more entry.
    pub fn apply(&mut self, header: &Header, event: &Event, private: Option<&[u8]>) {
        let Event::Account(AccountEvent::Opened(opened)) = event else { return };
        let person = private.and_then(|bytes| serde_json::from_slice::<Person>(bytes).ok());
        let Some(person) = person else { return };
        self.names.entry(person.name).or_default().push(Named {
            account: AccountId(header.stream.id),
            duty: opened.duty,
            organisation: opened.organisation,
            opened: header.position.0,
            import: opened.import,
        });
    }

    /// Accounts opened under exactly this name, in the order of their opening.
    pub fn find(&self, name: &str) -> &[Named] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// The account of this id.
    pub fn account(&self, id: AccountId) -> Option<&Named> {
        self.names.values().flatten().find(|named| named.account == id)
    }

    /// Name and account of everybody an import brought.
    pub fn of_import(&self, import: ImportId) -> impl Iterator<Item = (&str, AccountId)> {
        self.names.iter().flat_map(move |(name, all)| {
            let brought = all.iter().filter(move |named| named.import == Some(import));
            brought.map(|named| (name.as_str(), named.account))
        })
    }
}
