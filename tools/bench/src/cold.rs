//! `annals-bench cold`: open a ledger's state in a process of its own, and say how long it took
//! and what it holds in memory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use annals::config::Home;
use annals::ledger::{Follower, Serving, snapshot};
use annals::store;
use clap::Args;
use serde_json::{Value, json};

use crate::Failed;
use crate::figures::{Figures, Where};

/// See [`super::What::Cold`].
#[derive(Args)]
pub struct Arguments {
    /// Folder of a founded ledger.
    #[arg(long, value_name = "DIR", default_value = "./annals-data")]
    data: PathBuf,
    /// PostgreSQL instead of the SQLite file: postgres://...
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Fold from the first entry on.
    #[arg(long)]
    no_snapshot: bool,
}

/// Run it; one JSON object on standard output.
pub async fn run(arguments: Arguments) -> Result<(), Failed> {
    let home = Home::new(&arguments.data, arguments.database);
    let before = resident()?;
    let begun = Instant::now();
    let store = store::open(&home.database()).await?;
    let serving =
        if arguments.no_snapshot { Serving::default() } else { snapshot::load(&store).await?.0 };
    let from = serving.chain.size();
    let size = store.head().await?.size;
    let follower = Follower::new(store, serving);
    follower.catch_up(size).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let grown = resident()?.saturating_sub(before);
    let (streams, _) = follower.serving().await.chain.counts();
    let object = json!({
        "seconds": seconds, "bytes": grown, "from": from, "size": size, "streams": streams,
    });
    crate::say(&format!("{object}\n"))
}

/// Resident memory of this process.
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no VmRSS in /proc/self/status")?.trim().parse::<u64>()? * 1_024)
}

/// Have this program do it in a process of its own, with the snapshot and without.
pub fn measure(kind: Where, home: &Home, figures: &mut Figures) -> Result<(), Failed> {
    let anew = child(home, true)?;
    figures.add(kind, "cold_anew", number(&anew, "seconds"));
    figures.add(kind, "memory_entry", number(&anew, "bytes") / number(&anew, "size"));
    let snapshot = child(home, false)?;
    if number(&snapshot, "from") == 0.0 {
        return Err("there is no snapshot to start from".into());
    }
    figures.add(kind, "cold_snapshot", number(&snapshot, "seconds"));
    Ok(())
}

/// Memory of a ledger of pages with a history, for each page.
pub fn measure_pages(kind: Where, home: &Home, figures: &mut Figures) -> Result<(), Failed> {
    let anew = child(home, true)?;
    figures.add(kind, "memory_page", number(&anew, "bytes") / number(&anew, "streams"));
    Ok(())
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_default()
}

fn child(home: &Home, no_snapshot: bool) -> Result<Value, Failed> {
    let program: &Path = &std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg("cold").arg("--data").arg(home.folder());
    if !home.is_embedded() {
        command.arg("--database").arg(home.database());
    }
    if no_snapshot {
        command.arg("--no-snapshot");
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
