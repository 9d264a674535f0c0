//! 账号 — who can act, for whom, as what, in which roles.

use std::collections::HashMap;

use annals_events::Event;
use annals_events::account::{Access, Duty, Event as AccountEvent};
use annals_events::attributes::Attributes;
use annals_events::id::{AccountId, OrganisationId, PersonId, Stream};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, map_fold};

/// 账号状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// 正常
    Open,
    /// 停用
    Suspended,
    /// 注销
    Cancelled,
}

/// 授权 — a role for a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: String,
    /// A site, a column, or an organisation with all below it.
    pub scope: Stream,
    /// Position of the entry.
    pub position: u64,
}

/// 账号 — the state of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whether anybody can act under it.
    pub access: Access,
    /// What its holder is, in a profile's words.
    pub attributes: Attributes,
    /// What it is there for.
    pub duty: Duty,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Position of its opening: the grant it acts under.
    pub opened: u64,
    /// Whose certificate.
    pub person: Option<PersonId>,
    /// Roles granted and not revoked, in the order of their entries.
    pub roles: Vec<Grant>,
    /// Whether it may act now.
    pub standing: Standing,
}

impl Account {
    /// As it is opened.
    pub fn opened(opened: &annals_events::account::Opened, position: u64) -> Account {
        Account {
            access: opened.access,
            attributes: opened.attributes.clone(),
            duty: opened.duty,
            organisation: opened.organisation,
            opened: position,
            person: opened.person,
            roles: Vec::new(),
            standing: Standing::Open,
        }
    }

    /// Every role with its scope: the duty's for its own organisation, and those granted.
    pub fn held(&self) -> impl Iterator<Item = (&str, Stream)> {
        let own = (self.duty.word(), Stream::from(self.organisation));
        let granted = self.roles.iter().map(|grant| (grant.role.as_str(), grant.scope));
        std::iter::once(own).chain(granted).filter(|_| self.standing == Standing::Open)
    }
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

    /// All accounts, in no order.
    pub fn all(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.iter().map(|(id, account)| (*id, account))
    }

    /// The person behind an account; an account of nobody known is a person of its own.
    pub fn person(&self, id: AccountId) -> PersonId {
        self.get(id).and_then(|account| account.person).unwrap_or(PersonId(id.0))
    }

    /// Every account of the person behind this one, itself among them.
    pub fn of_person(&self, id: AccountId) -> Vec<AccountId> {
        let Some(person) = self.get(id).and_then(|account| account.person) else {
            return vec![id];
        };
        let same = self.all().filter(|(_, account)| account.person == Some(person));
        let mut all: Vec<AccountId> = same.map(|(id, _)| id).collect();
        all.sort_unstable();
        all
    }
}

impl Fold for Accounts {
    map_fold!(Accounts, accounts, "account", 2);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Account(event) = event else { return };
        let id = AccountId(frame.stream.id);
        if let AccountEvent::Opened(opened) = event {
            self.accounts.insert(id, Account::opened(opened, frame.position));
            return;
        }
        let Some(account) = self.accounts.get_mut(&id) else { return };
        match event {
            AccountEvent::RoleGranted(granted) => account.roles.push(Grant {
                role: granted.role.as_str().to_owned(),
                scope: granted.scope,
                position: frame.position,
            }),
            AccountEvent::RoleRevoked(revoked) => {
                let same = |grant: &Grant| {
                    grant.role == revoked.role.as_str() && grant.scope == revoked.scope
                };
                account.roles.retain(|grant| !same(grant));
            }
            AccountEvent::Suspended(_) => account.standing = Standing::Suspended,
            AccountEvent::Resumed(_) => account.standing = Standing::Open,
            AccountEvent::Cancelled(_) => account.standing = Standing::Cancelled,
            AccountEvent::Opened(_)
            | AccountEvent::Applied(_)
            | AccountEvent::EvidenceRecorded(_) => {}
        }
    }
}
