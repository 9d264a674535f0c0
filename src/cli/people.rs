//! Names into accounts: a name resolves through a board, `account/<uuid>` is accepted too.

use annals_events::id::{AccountId, Subject, SubjectKind};
use annals_events::{Event, Header};
use annals_projections::boards::names::Names;

use crate::error::Failure;
use crate::ledger::index;
use crate::store::SharedStore;
use crate::store::index::Kind;

/// Everybody's account by name, as committed.
pub async fn names(store: &SharedStore) -> Result<Names, Failure> {
    let size = store.head().await?.size;
    let opened = index::find(store, Kind::Type, "account.opened", size).await?;
    let mut names = Names::default();
    for page in opened.chunks(1_000) {
        for row in store.read_at(page).await? {
            let header = Header::parse(&row.header).map_err(|e| Failure::fault(e.to_string()))?;
            let event = Event::read(&header.kind, header.schema, &row.facts);
            let event = event.map_err(|e| Failure::fault(e.to_string()))?;
            names.apply(&header, &event, row.private.as_ref().map(|(_, bytes)| &bytes[..]));
        }
    }
    Ok(names)
}

/// The one account meant; two of one name must be told apart by their ids.
pub fn resolve(names: &Names, option: &str, name: &str) -> Result<AccountId, Failure> {
    if let Ok(Subject { kind: SubjectKind::Account, id }) = name.parse() {
        let known = names.account(AccountId(id));
        return known
            .map(|named| named.account)
            .ok_or_else(|| Failure::input(format!("{option}: no such account")));
    }
    match names.find(name) {
        [one] => Ok(one.account),
        [] => Err(Failure::input(format!("{option}: nobody has an account under this name"))),
        several => {
            let ids: Vec<String> =
                several.iter().map(|named| format!("account/{}", named.account)).collect();
            let ids = ids.join(" ");
            Err(Failure::input(format!("{option}: several accounts have this name: {ids}")))
        }
    }
}
