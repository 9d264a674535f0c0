//! 命令行 — one file per command; `--json` puts one object on standard output, of a failure too;
//! everything else goes to standard error.

mod demo;
mod export;
pub mod files;
mod import;
pub mod init;
mod key;
mod migrate;
mod out;
mod people;
mod reading;
mod rebuild;
mod rulebook;
mod serve;
mod site;
mod term;
mod token;
mod verify;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use annals_events::id::AccountId;
use annals_projections::boards::names::Names;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::config::{Home, Pinned};
use crate::error::{Exit, Failure};
use crate::ledger::{Refusal, WriteError};
use crate::store;

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
    /// One JSON object on standard output; of a failure {"exit":N,"error":"SENTENCE"}.
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

impl Common {
    /// Where a ledger is, and the genesis pinned there.
    fn home(&self) -> Result<(Home, Pinned), Failure> {
        let home = self.new_home()?;
        let pinned = home.pinned().map_err(|e| Failure::input(format!("no ledger here: {e}")))?;
        Ok((home, pinned))
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
    /// The rulebooks as shipped, and their adoption.
    Rulebook(rulebook::Arguments),
    /// The ledger over HTTP.
    Serve(serve::Arguments),
    /// API tokens: who may call the service.
    Token(token::Arguments),
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
    let refusal = Refusal::of_structure("actor_unusable", detail);
    Err(WriteError::Refused(refusal).into())
}

/// Whether a failure is told as an object too, even one to understand the call.
fn json_wanted() -> bool {
    std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json")
}

/// Tell of a failure where a program reads; people have read it on standard error.
fn tell_failure(exit: Exit, sentence: &str) {
    if json_wanted() {
        term::answer(true, &json!({ "exit": exit as u8, "error": sentence }), "");
    }
}

/// The call was not understood, or asked for help.
fn not_parsed(error: &clap::Error) -> Exit {
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    let said = error.to_string();
    let first = said.lines().next().unwrap_or_default();
    tell_failure(Exit::Input, first.trim_start_matches("error: "));
    Exit::Input
}

/// Parse the command line, run, answer with the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(not_parsed(&error) as u8),
    };
    start_log(matches!(cli.command, Command::Serve(_)));
    let outcome = match runtime() {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(Failure::fault(error.to_string())),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        term::say(&format!("annals: {failure}"));
        tell_failure(failure.exit, &failure.sentence);
        failure.exit
    });
    if let Some(why) = term::lost() {
        term::say(&format!("annals: the answer could not be written: {why}"));
        return ExitCode::from(Exit::Fault as u8);
    }
    ExitCode::from(exit as u8)
}

/// Diagnostics on standard error: a service tells of every request, one object a line where no
/// person watches; other commands only of what is wrong.
fn start_log(is_service: bool) {
    let level = if is_service { LevelFilter::INFO } else { LevelFilter::WARN };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .with_env_var("ANNALS_LOG")
        .from_env_lossy();
    let is_terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .with_env_filter(filter);
    if is_service && !is_terminal { log.json().flatten_event(true).init() } else { log.init() }
}

/// What everything runs on.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A store's answers come from other threads; a batch waits for them behind its callers.
        .global_queue_interval(3)
        .build()
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
        Command::Rulebook(arguments) => rulebook::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Token(arguments) => token::run(arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
    }
}
