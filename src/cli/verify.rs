//! `annals verify`: the auditor's library over the live store.

use annals_events::entry;
use annals_verify::{Bad, Options, Policy, Report, Verdict};
use clap::Args;

use super::reading::NO_ANCHOR;
use super::{Common, term};
use crate::app::open_store;
use crate::config::{Home, Pinned};
use crate::error::{Exit, Failure, UNSOUND};
use crate::ledger::anchor::{Anchor, Anchored, FileAnchor};
use crate::ledger::scan::scan;
use crate::store::{SharedStore, StoreError};

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
    let (home, pinned) = arguments.common.home()?;
    let store = open_store(&home).await.map_err(not_even_read)?;
    let verified = verify(&arguments, &home, &pinned, &store).await;
    store.close().await;
    verified.map_err(not_even_read)
}

async fn verify(
    arguments: &Arguments,
    home: &Home,
    pinned: &Pinned,
    store: &SharedStore,
) -> Result<Exit, Failure> {
    let policy = Policy { genesis: Some(pinned.genesis), ..Policy::default() };
    let options = Options { batch: !arguments.strict, no_fold: false };
    // Read before the entries: what it holds was committed by then.
    let anchored = FileAnchor::new(&home.anchor_path()).get().await;
    let bar = term::bar("entries");
    let scanned = scan(store, policy, options, &term::moving(&bar)).await;
    bar.finish_and_clear();
    let mut report = scanned?;
    match anchored {
        Ok(Some(anchored)) => compare(&mut report, store, &anchored).await?,
        // Without it nobody can tell whether the newest entries are missing: whoever cuts the
        // store takes the anchor along.
        Ok(None) => incomplete(&mut report, "this host's anchor is missing".to_owned()),
        Err(error) => incomplete(&mut report, error.to_string()),
    }
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

fn incomplete(report: &mut Report, why: String) {
    report.notes.push(format!("not compared with the anchor: {why}: {NO_ANCHOR}"));
    let gap = "what is here holds, but without the anchor the newest entries may be missing";
    report.lower(Verdict::Incomplete, gap, "not compared with this host's anchor");
}

/// Where there is nothing left to audit, this command cannot be what it advises.
fn not_even_read(failure: Failure) -> Failure {
    match failure.exit {
        Exit::Refused => Failure::refused(format!(
            "{}: too little can be read to name an entry: keep it as it is, and compare with an \
             export or a backup",
            failure.sentence.trim_end_matches(UNSOUND)
        )),
        _ => failure,
    }
}

/// What was acknowledged must be there, whatever the database says of its own end.
async fn compare(
    report: &mut Report,
    store: &SharedStore,
    anchored: &Anchored,
) -> Result<(), StoreError> {
    if report.first_bad.is_some() {
        return Ok(());
    }
    let last = anchored.size.saturating_sub(1);
    let (position, what, detail) = if anchored.size > report.size {
        let detail = format!("this host's anchor holds {} entries", anchored.size);
        (report.size, "truncated", detail)
    } else {
        let rows = store.read_at(&[last]).await?;
        if rows.iter().any(|row| entry::leaf(&row.header) == anchored.leaf) {
            return Ok(());
        }
        (last, "head", "the entry is not the one in this host's anchor".to_owned())
    };
    report.fail(Bad { position, line: None, what, detail });
    Ok(())
}
