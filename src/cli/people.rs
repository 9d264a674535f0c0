//! Names into accounts: a name resolves through a board, `account/<uuid>` is accepted too.

use annals_events::id::{AccountId, Subject, SubjectKind};
use annals_projections::boards::names::Names;

use crate::app::App;
use crate::error::Failure;
use crate::ledger::about;

/// Everybody's account by name, as committed.
pub async fn names(app: &App) -> Result<Names, Failure> {
    app.ledger().catch_up().await?;
    Ok(about::names(app.store(), app.ledger().follower()).await?)
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
