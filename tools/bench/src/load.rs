//! `annals-bench load`: commands from many callers at once, each receipt printed before its
//! caller's next command, so that whoever kills this process knows what was acknowledged.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use annals::app::{App, Given};
use annals::config::Home;
use annals::ledger::{Receipt, WriteError};
use annals_events::entry;
use annals_events::id::CommandKey;
use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;

use crate::Failed;
use crate::desk::Desk;

/// How long a caller waits before it repeats a command that was not acknowledged.
const AGAIN: Duration = Duration::from_millis(20);
/// How often it repeats before it gives up.
const REPEATS: u32 = 500;

/// See [`super::What::Load`].
#[derive(Args)]
pub struct Arguments {
    /// Folder of a founded ledger.
    #[arg(long, value_name = "DIR", default_value = "./annals-data")]
    data: PathBuf,
    /// PostgreSQL instead of the SQLite file: postgres://...
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How many callers at once.
    #[arg(long, value_name = "N", default_value_t = 8)]
    callers: usize,
    /// Where receipts go, a line of JSON each: a file (appended to), or - for standard output.
    #[arg(long, value_name = "FILE")]
    receipts: Option<PathBuf>,
    /// Stop after so long; without it, at a signal that kills.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
}

type Receipts = Arc<Mutex<Box<dyn Write + Send>>>;

/// Run it.
pub async fn run(arguments: Arguments) -> Result<(), Failed> {
    let receipts: Box<dyn Write + Send> = match &arguments.receipts {
        None => Box::new(io::sink()),
        Some(path) if path.as_os_str() == "-" => Box::new(io::stdout()),
        Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
    };
    let receipts: Receipts = Arc::new(Mutex::new(receipts));
    let home = Home::new(&arguments.data, arguments.database);
    let app = Arc::new(App::open(&home, false).await?);
    let desk = Desk::open(&app).await?;
    let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let count = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..arguments.callers {
        let call = (app.clone(), desk.clone(), receipts.clone(), count.clone());
        callers.spawn(caller(call, end));
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    let app = Arc::into_inner(app).ok_or("a caller is still there")?;
    app.stop().await?;
    eprintln!("{} commands acknowledged", count.load(Ordering::Relaxed));
    Ok(())
}

async fn caller(
    (app, desk, receipts, count): (Arc<App>, Desk, Receipts, Arc<AtomicU64>),
    end: Option<Instant>,
) -> Result<(), Failed> {
    while end.is_none_or(|end| Instant::now() < end) {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let given = desk.draft(number);
        let key = given.key;
        let receipt = give(&app, &given).await?;
        let line = line(key, &receipt)?;
        let mut out = receipts.lock().map_err(|_| "another caller broke off")?;
        out.write_all(line.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// Give it until it is acknowledged: the same key, so that it is written once.
async fn give(app: &App, given: &Given) -> Result<Receipt, WriteError> {
    let mut repeats = 0;
    loop {
        match app.give(again(given)).await {
            Err(WriteError::Retryable(_)) if repeats < REPEATS => {
                repeats += 1;
                tokio::time::sleep(AGAIN).await;
            }
            answer => return answer,
        }
    }
}

fn again(given: &Given) -> Given {
    let mut again = Given::local(given.account, given.stream, given.command.clone());
    again.key = given.key;
    again.seen = given.seen;
    again
}

fn line(key: CommandKey, receipt: &Receipt) -> Result<String, Failed> {
    let last = receipt.entries.last().ok_or("a receipt without entries")?;
    let object = json!({
        "key": key.to_string(),
        "first": receipt.first,
        "last": receipt.last,
        "leaf": entry::leaf(&last.header).to_string(),
    });
    Ok(format!("{object}\n"))
}
