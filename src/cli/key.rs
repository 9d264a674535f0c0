//! `annals key show`, `annals key rotate`: the ledger's keys.

use std::path::PathBuf;
use std::sync::Arc;

use annals_events::Hash;
use annals_events::hash::hex;
use annals_events::keys::SecretKey;
use annals_events::note::NoteKey;
use clap::{Args, Subcommand};
use serde_json::json;

use super::reading::Reading;
use super::{Common, Writing, actor, people, term};
use crate::app::App;
use crate::clock::SystemClock;
use crate::error::{Exit, Failure};
use crate::ledger::keys::{KeyFiles, read_key, write_key};
use crate::ledger::{Follower, Receipt, WriteError, snapshot};
use crate::store::SharedStore;

/// See [`super::Command::Key`].
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// The keys in force, as verifiers and other tools take them.
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// A new log key in place of the old one: an act of two persons, signed by the root.
    Rotate {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        writing: Writing,
        /// Who proposes.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Who confirms: another person of another duty.
        #[arg(long, value_name = "NAME")]
        confirmed_by: String,
        /// The root key's file.
        #[arg(long, value_name = "FILE")]
        root_key: PathBuf,
    },
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Show { common } => show(&common).await,
        Action::Rotate { common, writing, by, confirmed_by, root_key } => {
            rotate(&common, &writing, [&by, &confirmed_by], root_key).await
        }
    }
}

async fn show(common: &Common) -> Result<Exit, Failure> {
    let reading = Reading::open(common).await?;
    let outcome = show_keys(common, &reading.store).await;
    reading.end(outcome).await
}

async fn show_keys(common: &Common, store: &SharedStore) -> Result<Exit, Failure> {
    let serving = snapshot::load_or_warn(store).await?;
    let follower = Follower::new(store.clone(), serving);
    follower.catch_up(store.head().await?.size).await?;
    let serving = follower.serving().await;
    let ring = &serving.ring;
    let logs: Vec<String> =
        ring.active_log_keys().map(|key| NoteKey::log(ring.origin(), key).vkey()).collect();
    let roots: Vec<String> = ring.roots().iter().map(|root| hex(&root.bytes())).collect();
    let cosigner = ring.cosigner().map(|key| NoteKey::cosigner(ring.cosigner_name(), key).vkey());
    let object = json!({
        "origin": ring.origin(),
        "genesis": ring.genesis().to_string(),
        "pinned": true,
        "roots": roots,
        "threshold": ring.threshold(),
        "logs": logs,
        "cosigner": cosigner,
        "epoch": serving.chain.epoch(),
    });
    let text = format!(
        "origin:    {}\ngenesis:   {}\nroots:     {} (threshold {})\nlog key:   {}\n\
         cosigner:  {}\nepoch:     {}",
        ring.origin(),
        ring.genesis(),
        roots.join(" "),
        ring.threshold(),
        logs.join(" "),
        cosigner.unwrap_or_default(),
        serving.chain.epoch()
    );
    term::answer(common.json, &object, &text);
    Ok(Exit::Done)
}

async fn rotate(
    common: &Common,
    writing: &Writing,
    [by, confirmed_by]: [&str; 2],
    root_key: PathBuf,
) -> Result<Exit, Failure> {
    let (home, _) = common.home()?;
    let root = read_key(&root_key).map_err(|e| Failure::input(format!("--root-key: {e}")))?;
    // Two rotations at once would exchange each other's files: held until all are in their place.
    let _lock = home.lock()?;
    let clock = Arc::new(SystemClock::new());
    let app = App::open_locked(&home, clock, writing.allow_owner).await?;
    let files = KeyFiles::new(home.folder());
    let rotated = rotate_in(&app, &files, [by, confirmed_by], root).await;
    let Rotated { receipt, key, retired } = match rotated {
        Ok(rotated) => rotated,
        Err(error) => {
            // What the rotation said matters more than what the stop says.
            if let Err(also) = app.stop().await {
                term::say(&format!("annals: {also}"));
            }
            return Err(error);
        }
    };
    // Until the file is in its place, both keys sign: the checkpoint is good under either.
    let checkpoint = app.stop_with_log_key(&key).await?;
    files.promote_log().map_err(fault)?;
    let object = json!({
        "position": receipt.last,
        "retired": retired.to_string(),
        "key": key.public().fingerprint().to_string(),
        "checkpoint": checkpoint.note,
    });
    let text = format!(
        "entry {}: log key {} took the place of {}",
        receipt.last,
        key.public().fingerprint(),
        retired
    );
    term::answer(common.json, &object, &text);
    Ok(Exit::Done)
}

struct Rotated {
    receipt: Receipt,
    key: Arc<SecretKey>,
    retired: Hash,
}

async fn rotate_in(
    app: &App,
    files: &KeyFiles,
    [by, confirmed_by]: [&str; 2],
    root: SecretKey,
) -> Result<Rotated, Failure> {
    let names = people::names(app).await?;
    let proposer = actor(app, &names, "--by", by).await?;
    let confirmer = actor(app, &names, "--confirmed-by", confirmed_by).await?;
    let input = |e: std::io::Error| Failure::input(e.to_string());
    let old = read_key(&files.log_path()).map_err(input)?;
    if app.root_is_unknown(&root).await {
        return Err(Failure::input("--root-key: not a root of this ledger"));
    }
    // The new key is on disk before the ledger knows it: a crash in between loses nothing.
    let next = files.next_log_path();
    if next.exists() {
        let public = read_key(&next).map_err(input)?.public();
        let serving = app.ledger().follower().serving().await;
        if serving.ring.active_log_keys().any(|key| key == public) {
            let path = next.display();
            return Err(Failure::fault(format!("{path}: in force; opening puts it in its place")));
        }
        // Keys are not deleted.
        let aside = format!("log.key.unused-{}", &public.fingerprint().to_string()[..16]);
        std::fs::rename(&next, next.with_file_name(aside)).map_err(fault)?;
    }
    write_key(&next, &SecretKey::generate().map_err(|e| Failure::fault(e.to_string()))?)
        .map_err(fault)?;
    let key = Arc::new(read_key(&next).map_err(fault)?);
    let retired = old.public().fingerprint();
    let rotated = app.rotate_log_key(proposer, confirmer, vec![root], key.clone(), retired).await;
    match rotated {
        Ok(receipt) => Ok(Rotated { receipt, key, retired }),
        Err(error) => {
            // A refusal wrote nothing; after anything else the entry may be there.
            if matches!(error, WriteError::Refused(_)) {
                std::fs::remove_file(&next).map_err(fault)?;
            }
            Err(error.into())
        }
    }
}

fn fault(error: std::io::Error) -> Failure {
    Failure::fault(error.to_string())
}
