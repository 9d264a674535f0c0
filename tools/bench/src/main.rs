//! `annals-bench`: what the machine can do, what others make of it, what Annals makes of it, in
//! one table; and a load for tests that kill.

mod desk;
mod load;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match (runtime, arguments.what) {
        (Err(error), _) => Err(error.into()),
        (Ok(runtime), Some(What::Load(load))) => runtime.block_on(load::run(load)),
        (Ok(_), None) => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("annals-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
