//! `annals-bench`: what the machine can do, what others make of it, what Annals makes of it, in
//! one table; and a load for tests that kill.

mod audit;
mod cold;
mod desk;
mod figures;
mod history;
mod limits;
mod load;
mod ours;
mod peer_postgres;
mod peer_sqlite;
mod report;
mod sample;
mod table;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tikv_jemallocator::Jemalloc;

/// As `annals` itself.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// What any part of a run may fail with: a sentence.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Measure Annals beside what limits it.
#[derive(Parser)]
#[command(name = "annals-bench", version)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Give commands to a founded ledger until stopped, a receipt a line.
    Load(load::Arguments),
    /// Limits, peers and ours in one table; what runs when nothing else is asked for.
    Table(table::Arguments),
    /// Open a ledger's state and say what it took; `table` runs it in a process of its own.
    Cold(cold::Arguments),
}

/// On standard output.
fn say(text: &str) -> Result<(), Failed> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (annals::cli::runtime(), arguments.what) {
        (Err(error), _) => Err(error.into()),
        (Ok(runtime), Some(What::Load(load))) => runtime.block_on(load::run(load)),
        (Ok(runtime), Some(What::Cold(cold))) => runtime.block_on(cold::run(cold)),
        (Ok(runtime), Some(What::Table(table))) => runtime.block_on(table::run(table)),
        (Ok(runtime), None) => runtime.block_on(table::run(table::Arguments::default())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("annals-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
