//! `annals rebuild`: fold everything again from the first entry, compare the digests, make the
//! investigator's index anew.

use clap::Args;
use serde_json::json;

use super::reading::Reading;
use super::{Common, term};
use crate::error::{Exit, Failure};
use crate::ledger::{Follower, Serving, index, snapshot};
use crate::store::SharedStore;

/// See [`super::Command::Rebuild`].
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let reading = Reading::open(&arguments.common).await?;
    let outcome = rebuild(&arguments, &reading.store).await;
    reading.end(outcome).await
}

async fn rebuild(arguments: &Arguments, store: &SharedStore) -> Result<Exit, Failure> {
    let head = store.head().await?;
    let size = head.size;
    let kept = snapshot::load_or_warn(store).await?;
    let from = kept.chain.size();
    let continued = Follower::new(store.clone(), kept);
    continued.catch_up(size).await?;
    let anew = Follower::new(store.clone(), Serving::default());
    anew.catch_up(size).await?;
    let (continued, anew) = (continued.serving().await, anew.serving().await);
    let (old, new) = (continued.state.digests(), anew.state.digests());
    let same = old == new
        && continued.chain.head() == anew.chain.head()
        && continued.chain.root() == anew.chain.root()
        && (anew.chain.size(), anew.chain.head().0) == (size, head.leaf);
    // What is derived may be made anew from entries that hold, and from no others.
    if same {
        index::refill(store, size).await?;
    }
    let object = json!({
        "size": anew.chain.size(),
        "from_snapshot_at": from,
        "same": same,
        "head": anew.chain.head().to_string(),
        "root": anew.chain.root().to_string(),
        "state": new,
    });
    let mut text = format!("{} entries folded again, continued from {from}\n", anew.chain.size());
    for fold in &new {
        let other = old.iter().find(|other| other.fold == fold.fold);
        let word = if other == Some(fold) { "same" } else { "DIFFERS" };
        text.push_str(&format!("{:9} {} {word}\n", fold.fold, fold.digest));
    }
    if anew.chain.size() != size || anew.chain.head().0 != head.leaf {
        text.push_str("the head row DIFFERS: run `annals verify`\n");
    }
    term::answer(arguments.common.json, &object, &text);
    Ok(if same { Exit::Done } else { Exit::Refused })
}
