//! `annals rebuild`: fold everything again from the first entry and compare the digests.

use clap::Args;
use serde_json::json;

use super::{Common, term};
use crate::error::{Exit, Failure};
use crate::ledger::{Follower, Serving, snapshot};
use crate::store;

/// See [`super::Command::Rebuild`].
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let home = arguments.common.home()?;
    let store = store::open(&home.database()).await?;
    let size = store.head().await?.size;
    let (kept, said) = snapshot::load(&store).await?;
    said.iter().for_each(|sentence| term::say(sentence));
    let from = kept.chain.size();
    let continued = Follower::new(store.clone(), kept);
    continued.catch_up(size).await?;
    let anew = Follower::new(store, Serving::default());
    anew.catch_up(size).await?;
    let (continued, anew) = (continued.serving().await, anew.serving().await);
    let (old, new) = (continued.state.digests(), anew.state.digests());
    let same = old == new
        && continued.chain.head() == anew.chain.head()
        && continued.chain.root() == anew.chain.root();
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
    term::answer(arguments.common.json, &object, &text);
    Ok(if same { Exit::Done } else { Exit::Refused })
}
