//! `annals init`: genesis, keys (0600), the first two accounts, of different duties.

use std::sync::Arc;

use annals_events::account::Duty;
use annals_events::entry::origin_is_good;
use annals_events::keys::SecretKey;
use annals_events::ledger::Purpose;
use annals_events::text::{PublicName, is_hidden};
use clap::Args;
use serde_json::json;

use super::{Common, Writing, term};
use crate::app::{self, App};
use crate::clock::{Clock, SystemClock};
use crate::config::{Home, Pinned};
use crate::error::{Exit, Failure};
use crate::ledger::Parts;
use crate::ledger::anchor::{Anchor, FileAnchor};
use crate::ledger::found::{Beginning, FIRST_ENTRIES, Founded, anchor_first, found, founded_by};
use crate::ledger::keys::{KeyFiles, write_key};
use crate::ledger::seal::SealKeys;
use crate::store::{self, StoredCheckpoint};

/// `annals init`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    writing: Writing,
    /// The ledger's name for ever, e.g. ledger.example.gov.cn/2026: a-z 0-9 . - _ /
    #[arg(long)]
    origin: String,
    /// Name of the first administrator.
    #[arg(long, value_name = "NAME")]
    administrator: String,
    /// Name of the first auditor, another person.
    #[arg(long, value_name = "NAME")]
    auditor: String,
    /// Public name of the organisation that runs the platform; the origin if not given.
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
}

/// What the genesis of a new ledger says.
pub struct New<'a> {
    /// Its name.
    pub origin: &'a str,
    /// The administrator's name.
    pub administrator: &'a str,
    /// The auditor's name.
    pub auditor: &'a str,
    /// Public name of the organisation.
    pub organisation: &'a str,
    /// What it is for.
    pub purpose: Purpose,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let home = arguments.common.new_home()?;
    let new = New {
        origin: &arguments.origin,
        administrator: &arguments.administrator,
        auditor: &arguments.auditor,
        organisation: arguments.organisation.as_deref().unwrap_or(&arguments.origin),
        purpose: Purpose::Production,
    };
    let clock = Arc::new(SystemClock::new());
    let (founded, checkpoint) = init(&home, &new, clock, arguments.writing.allow_owner).await?;
    let root = KeyFiles::new(home.folder()).root_path();
    let [administrator, auditor] = founded.accounts;
    let object = json!({
        "genesis": founded.genesis.to_string(),
        "origin": new.origin,
        "ledger": founded.ledger.to_string(),
        "organisation": founded.organisation.to_string(),
        "administrator": format!("account/{administrator}"),
        "auditor": format!("account/{auditor}"),
        "root_key": root.display().to_string(),
        "checkpoint": checkpoint.note,
    });
    let text = format!(
        "founded {}\ngenesis leaf, to be pinned by every verifier:\n  {}\nroot key: {}\n  \
         Whoever holds it can introduce a log key. Move it to a medium that is kept offline; \
         this host needs it only for `annals key rotate`.",
        new.origin,
        founded.genesis,
        root.display()
    );
    term::answer(arguments.common.json, &object, &text);
    Ok(Exit::Done)
}

fn check(new: &New<'_>) -> Result<PublicName, Failure> {
    if !origin_is_good(new.origin) {
        return Err(Failure::input(
            "--origin: 1 to 128 of a-z 0-9 . - _ / and no slash at either end",
        ));
    }
    for (option, name) in [("--administrator", new.administrator), ("--auditor", new.auditor)] {
        let good = (1..=512).contains(&name.len()) && name.trim() == name;
        if !good || name.chars().any(is_hidden) {
            return Err(Failure::input(format!(
                "{option}: 1 to 512 bytes of visible characters and no white space at the ends"
            )));
        }
    }
    if new.administrator == new.auditor {
        return Err(Failure::input("--auditor: must be another person than the administrator"));
    }
    PublicName::new(new.organisation)
        .map_err(|why| Failure::input(format!("--organisation: {why}")))
}

/// Keys of a founding that was broken off: nobody but their owner deletes keys.
fn check_no_keys(files: &KeyFiles) -> Result<(), Failure> {
    let paths = [files.root_path(), files.log_path(), files.cosigner_path()];
    match paths.iter().find(|path| path.exists()) {
        Some(path) => Err(Failure::input(format!(
            "{}: a key lies here already: no ledger was founded with it, move it away",
            path.display()
        ))),
        None => Ok(()),
    }
}

/// Finish a founding that broke off after its first batch; anything else here is a ledger.
async fn finish(
    home: &Home,
    pinned: &Pinned,
    clock: Arc<dyn Clock>,
    as_owner: bool,
) -> Result<(Founded, StoredCheckpoint), Failure> {
    let here = |what: &str| Failure::input(format!("{}: {what}", home.folder().display()));
    let anchor = FileAnchor::new(&home.anchor_path());
    let anchored = anchor.get().await.map_err(|e| Failure::fault(e.to_string()))?;
    let lock = home.lock()?;
    let store = app::open_store(home).await?;
    if store.head().await?.size == 0 {
        return Err(here("a founding broke off before its first entry: remove the folder"));
    }
    let rows = store.read(0, FIRST_ENTRIES as u32 + 1).await?;
    let founded = founded_by(&rows).filter(|founded| founded.genesis == pinned.genesis);
    let Some(founded) = founded.filter(|_| anchored.is_none()) else {
        return Err(here("there is a ledger here already"));
    };
    anchor_first(&anchor, &rows).await?;
    store.close().await;
    drop(lock);
    let app = App::open_with(home, clock, as_owner).await?;
    Ok((founded, app.stop().await?))
}

/// Found a ledger in an empty home.
pub async fn init(
    home: &Home,
    new: &New<'_>,
    clock: Arc<dyn Clock>,
    as_owner: bool,
) -> Result<(Founded, StoredCheckpoint), Failure> {
    let organisation = check(new)?;
    if let Ok(pinned) = home.pinned() {
        return finish(home, &pinned, clock, as_owner).await;
    }
    home.create().map_err(|e| Failure::input(format!("{}: {e}", home.folder().display())))?;
    let lock = home.lock()?;
    if home.is_embedded() {
        store::migrate(&home.database()).await.map_err(|e| app::of_store(home, e))?;
    }
    let store = app::open_store(home).await?;
    app::check_rights(&store, as_owner).await?;
    if store.head().await?.size > 0 {
        return Err(Failure::input("the database holds a ledger already"));
    }
    let files = KeyFiles::new(home.folder());
    check_no_keys(&files)?;
    let fault = |error: std::io::Error| Failure::fault(error.to_string());
    let make = || SecretKey::generate().map_err(|e| Failure::fault(e.to_string()));
    let (root, log, cosigner) = (make()?, make()?, make()?);
    write_key(&files.root_path(), &root).map_err(fault)?;
    write_key(&files.log_path(), &log).map_err(fault)?;
    write_key(&files.cosigner_path(), &cosigner).map_err(fault)?;
    let parts = Parts {
        store,
        anchor: Arc::new(FileAnchor::new(&home.anchor_path())),
        clock: clock.clone(),
        keys: SealKeys { logs: vec![log], cosigner },
        genesis: annals_events::Hash::ZERO,
        lease: app::LEASE,
        force: false,
    };
    let beginning = Beginning {
        origin: new.origin,
        purpose: new.purpose,
        organisation,
        persons: [(new.administrator, Duty::Administrator), (new.auditor, Duty::Auditor)],
        root: &root,
    };
    let origin = new.origin.to_owned();
    let pin = |founded: &Founded| home.pin(&Pinned { genesis: founded.genesis, origin });
    let founded = found(&parts, &beginning, pin).await?;
    parts.store.close().await;
    drop(lock);
    let app = App::open_with(home, clock, as_owner).await?;
    Ok((founded, app.stop().await?))
}
