//! `annals migrate`: the schema, as the database's owner.

use clap::Args;
use serde_json::json;

use super::{Common, term};
use crate::error::{Exit, Failure};
use crate::store;

/// See [`super::Command::Migrate`].
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let home = arguments.common.home()?;
    if home.is_embedded() {
        home.create().map_err(|e| Failure::input(format!("{}: {e}", home.folder().display())))?;
        let _lock = home.lock()?;
        store::migrate(&home.database()).await?;
    } else {
        store::migrate(&home.database()).await?;
    }
    term::answer(arguments.common.json, &json!({ "migrated": true }), "the schema is up to date");
    Ok(Exit::Done)
}
