//! `annals migrate`: the schema, as the database's owner.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::{Common, term};
use crate::app;
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
    let home = arguments.common.new_home()?;
    // Whoever mistyped --data would be left with an empty database and no word about it.
    if home.is_embedded() && !Path::new(&home.database()).exists() {
        return Err(Failure::input(format!(
            "--data {}: there is no database here; `annals init` makes one",
            home.folder().display()
        )));
    }
    let _lock = if home.is_embedded() { Some(home.lock()?) } else { None };
    store::migrate(&home.database()).await.map_err(|error| app::of_store(&home, error))?;
    term::answer(arguments.common.json, &json!({ "migrated": true }), "the schema is up to date");
    Ok(Exit::Done)
}
