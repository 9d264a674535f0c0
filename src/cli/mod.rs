//! 命令行 — one file per command; `--json` puts one object on standard output, everything else
//! goes to standard error.

mod demo;
mod export;
pub mod files;
mod import;
pub mod init;
mod key;
mod migrate;
mod people;
mod rebuild;
mod site;
mod term;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use annals_events::id::AccountId;
use annals_projections::boards::names::Names;
use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::config::Home;
use crate::error::{Exit, Failure};
use crate::ledger::anchor::{Anchor, FileAnchor};
use crate::ledger::{Refusal, WriteError, hold_against};
use crate::store::{self, SharedStore};

/// 史册 — an audit-grade ledger for government web platforms.
///
/// Exit codes: 0 done, 1 refused or unsound, 2 incomplete, 3 usage or bad input, 4 against the
/// rulebook, 5 fault, 6 another writer holds the ledger.
#[derive(Parser)]
#[command(name = "annals", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the ledger is and how to answer.
#[derive(Args, Clone)]
pub struct Common {
    /// Folder of keys, anchor, lock, pinned genesis and (embedded) the SQLite file.
    #[arg(long, value_name = "DIR", default_value = "./annals-data", global = true)]
    data: PathBuf,
    /// PostgreSQL instead of the SQLite file: postgres://...
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// One JSON object on standard output.
    #[arg(long, global = true)]
    json: bool,
}

/// What only the commands that write entries take.
#[derive(Args, Clone)]
pub struct Writing {
    /// Write though this connection owns the tables (demo and tests).
    #[arg(long)]
    allow_owner: bool,
}

/// Nobody is told of a store that forgot what this host acknowledged. Where no anchor is, this host
/// acknowledged nothing.
async fn acknowledged(home: &Home, store: &SharedStore) -> Result<(), Failure> {
    let anchored = FileAnchor::new(&home.anchor_path()).get().await;
    let anchored = anchored.map_err(|error| Failure::refused(error.to_string()))?;
    match anchored {
        Some(anchored) => Ok(hold_against(store, &anchored, &store.head().await?).await?),
        None => Ok(()),
    }
}

impl Common {
    /// Where a ledger is.
    fn home(&self) -> Result<Home, Failure> {
        let home = self.new_home()?;
        home.pinned().map_err(|e| Failure::input(format!("no ledger here: {e}")))?;
        Ok(home)
    }

    /// Where there may be none yet.
    fn new_home(&self) -> Result<Home, Failure> {
        if let Some(url) = &self.database
            && !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
        {
            return Err(Failure::input("--database: not a postgres:// URL"));
        }
        if let Some(url) = &self.database {
            store::check_url(url).map_err(|why| Failure::input(format!("--database: {why}")))?;
        }
        Ok(Home::new(&self.data, self.database.clone()))
    }
}

#[derive(Subcommand)]
enum Command {
    /// Found a ledger: genesis, keys, the first two accounts.
    Init(init::Arguments),
    /// Bring the database's schema up to this program (as its owner).
    Migrate(migrate::Arguments),
    /// Show or change the ledger's keys.
    Key(key::Arguments),
    /// Take over the history of an older system.
    Import(import::Arguments),
    /// A site as of any moment.
    Site(site::Arguments),
    /// Everything up to the newest checkpoint, for a stranger to verify.
    Export(export::Arguments),
    /// Audit the live store: every entry, every derived column and index.
    Verify(verify::Arguments),
    /// Fold everything again and compare the digests.
    Rebuild(rebuild::Arguments),
    /// A guided tour: record, refuse, export, verify, tamper, find.
    Demo(demo::Arguments),
}

/// The account an option names; somebody must be able to act under it.
async fn actor(app: &App, names: &Names, option: &str, name: &str) -> Result<AccountId, Failure> {
    let account = people::resolve(names, option, name)?;
    if app.may_act(account).await {
        return Ok(account);
    }
    let detail = format!("{option}: nobody can act under this account");
    let refusal = Refusal { clause: "annals:actor_unusable".to_owned(), detail };
    Err(WriteError::Refused(refusal).into())
}

/// Parse the command line, run, answer with the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let usage = error.use_stderr();
            let _ = error.print();
            return ExitCode::from(if usage { Exit::Input } else { Exit::Done } as u8);
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::builder()
                .with_default_directive(tracing::level_filters::LevelFilter::WARN.into())
                .with_env_var("ANNALS_LOG")
                .from_env_lossy(),
        )
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(Failure::fault(error.to_string())),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        term::say(&format!("annals: {failure}"));
        failure.exit
    });
    if let Some(why) = term::lost() {
        term::say(&format!("annals: the answer could not be written: {why}"));
        return ExitCode::from(Exit::Fault as u8);
    }
    ExitCode::from(exit as u8)
}

async fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments).await,
        Command::Migrate(arguments) => migrate::run(arguments).await,
        Command::Key(arguments) => key::run(arguments).await,
        Command::Import(arguments) => import::run(arguments).await,
        Command::Site(arguments) => site::run(arguments).await,
        Command::Export(arguments) => export::run(arguments).await,
        Command::Verify(arguments) => verify::run(arguments).await,
        Command::Rebuild(arguments) => rebuild::run(arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
    }
}
