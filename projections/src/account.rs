//! 账号 — who can act, for whom, as what.

use std::collections::HashMap;

use annals_events::Event;
use annals_events::account::{Access, Duty, Event as AccountEvent};
use annals_events::id::{AccountId, OrganisationId};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 账号 — the state of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whether anybody can act under it.
    pub access: Access,
    /// What it is there for.
    pub duty: Duty,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Position of its opening: the grant it acts under.
    pub opened: u64,
}

/// All accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accounts {
    accounts: HashMap<AccountId, Account>,
}

impl Accounts {
    /// One account.
    pub fn get(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// How many were ever opened.
    pub fn count(&self) -> usize {
        self.accounts.len()
    }
}

impl Fold for Accounts {
    map_fold!(Accounts, accounts, "account", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Account(AccountEvent::Opened(opened)) = event else { return };
        self.accounts.insert(
            AccountId(frame.stream.id),
            Account {
                access: opened.access,
                duty: opened.duty,
                organisation: opened.organisation,
                opened: frame.position,
            },
        );
    }
}
