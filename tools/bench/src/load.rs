//! `annals-bench load`: commands from many callers at once, each receipt printed before its
//! caller's next command, so that whoever kills this process knows what was acknowledged.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use annals::app::{self, App, Given};
use annals::clock::SystemClock;
use annals::config::Home;
use annals::ledger::{Parts, Receipt, WriteError};
use annals_events::command::Command;
use annals_events::entry;
use annals_events::id::CommandKey;
use clap::Args;
use serde_json::{Value, json};
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
    /// Every other caller uploads a body of its own for each draft.
    #[arg(long)]
    bodies: bool,
    /// How long a lease in PostgreSQL lasts, so that whoever comes after a kill need not wait long.
    #[arg(long, value_name = "SECONDS")]
    lease: Option<f64>,
    /// Stop after so long; without it, at a signal that kills.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
}

/// What all callers share.
struct Shared {
    app: App,
    desk: Desk,
    receipts: Mutex<Box<dyn Write + Send>>,
    count: AtomicU64,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<(), Failed> {
    let receipts: Box<dyn Write + Send> = match &arguments.receipts {
        None => Box::new(io::sink()),
        Some(path) if path.as_os_str() == "-" => Box::new(io::stdout()),
        Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
    };
    let home = Home::new(&arguments.data, arguments.database);
    let app = match arguments.lease.filter(|_| !home.is_embedded()) {
        Some(seconds) => {
            let parts = app::parts(&home, Arc::new(SystemClock::new()), false, false).await?;
            App::start(Parts { lease: Duration::from_secs_f64(seconds), ..parts }, None).await?
        }
        None => App::open(&home, false).await?,
    };
    let desk = sit_down(&app).await?;
    let (receipts, count) = (Mutex::new(receipts), AtomicU64::new(0));
    let shared = Arc::new(Shared { app, desk, receipts, count });
    let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let mut callers = JoinSet::new();
    for number in 0..arguments.callers {
        callers.spawn(caller(shared.clone(), arguments.bodies && number % 2 == 1, end));
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    let shared = Arc::into_inner(shared).ok_or("a caller is still there")?;
    shared.app.stop().await?;
    eprintln!("{} commands acknowledged", shared.count.into_inner());
    Ok(())
}

/// Whoever was killed may still hold the ledger.
async fn sit_down(app: &App) -> Result<Desk, Failed> {
    let mut repeats = 0;
    loop {
        match Desk::open(app).await {
            Err(error) if repeats < REPEATS && is_held(error.as_ref()) => {
                repeats += 1;
                tokio::time::sleep(AGAIN).await;
            }
            opened => return opened,
        }
    }
}

fn is_held(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(WriteError::NotLeader { .. }))
}

async fn caller(shared: Arc<Shared>, own_bodies: bool, end: Option<Instant>) -> Result<(), Failed> {
    while end.is_none_or(|end| Instant::now() < end) {
        let number = shared.count.fetch_add(1, Ordering::Relaxed);
        let mut given = shared.desk.draft(number);
        if let (true, Command::DraftContent(draft)) = (own_bodies, &mut given.command) {
            let text = format!("<p>{}</p>", given.key);
            draft.bytes = text.len() as u64;
            draft.body = shared.app.upload(text.into_bytes()).await?;
        }
        let receipt = give(&shared, &given).await?;
        print(&shared, &line(given.key, &receipt)?)?;
    }
    Ok(())
}

fn print(shared: &Shared, line: &Value) -> Result<(), Failed> {
    let mut out = shared.receipts.lock().map_err(|_| "another caller broke off")?;
    out.write_all(format!("{line}\n").as_bytes())?;
    Ok(out.flush()?)
}

/// Give it until it is acknowledged: the same key, so that it is written once.
async fn give(shared: &Shared, given: &Given) -> Result<Receipt, Failed> {
    let mut repeats = 0;
    loop {
        match shared.app.give(again(given)).await {
            Err(WriteError::NotLeader { holder, .. }) if repeats < REPEATS => {
                print(shared, &json!({ "refused": holder }))?;
            }
            Err(WriteError::Retryable(_)) if repeats < REPEATS => {}
            answer => return Ok(answer?),
        }
        repeats += 1;
        tokio::time::sleep(AGAIN).await;
    }
}

fn again(given: &Given) -> Given {
    let mut again = Given::local(given.account, given.stream, given.command.clone());
    again.key = given.key;
    again.seen = given.seen;
    again
}

fn line(key: CommandKey, receipt: &Receipt) -> Result<Value, Failed> {
    let last = receipt.entries.last().ok_or("a receipt without entries")?;
    Ok(json!({
        "key": key.to_string(),
        "first": receipt.first,
        "last": receipt.last,
        "leaf": entry::leaf(&last.header).to_string(),
    }))
}
