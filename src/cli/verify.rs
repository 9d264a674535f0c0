//! `annals verify`: the auditor's library over the live store.

use annals_verify::{Options, Policy, Verdict};
use clap::Args;

use super::{Common, term};
use crate::error::{Exit, Failure};
use crate::ledger::scan::scan;
use crate::store;

/// See [`super::Command::Verify`].
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Check every entry signature strictly; without it, in batches.
    #[arg(long)]
    strict: bool,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let home = arguments.common.home()?;
    let pinned = home.pinned().map_err(|e| Failure::input(format!("no ledger here: {e}")))?;
    let store = store::open(&home.database()).await?;
    let policy = Policy { genesis: Some(pinned.genesis), ..Policy::default() };
    let options = Options { batch: !arguments.strict, no_fold: false };
    let bar = term::bar("entries");
    let scanned = scan(&store, policy, options, &term::moving(&bar)).await;
    bar.finish_and_clear();
    let mut report = scanned?;
    report.notes.push("the genesis pinned is this host's own record of it".to_owned());
    report.notes.extend(store.excess_rights().await?.map(|why| format!("rights: {why}")));
    term::answer(arguments.common.json, &report.to_json(), &report.to_text());
    Ok(match report.verdict {
        Verdict::Sound => Exit::Done,
        Verdict::Tampered => Exit::Refused,
        Verdict::Incomplete => Exit::Incomplete,
        Verdict::Unusable => Exit::Input,
        Verdict::AgainstTheRulebook => Exit::AgainstTheRulebook,
    })
}
