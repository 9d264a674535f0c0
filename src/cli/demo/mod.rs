//! `annals demo`: a guided tour. Found, record, refuse, export, verify, tamper, find, look back.

mod forge;
mod look;
mod play;
mod tell;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annals_events::ledger::Purpose;
use annals_verify::{Options, Policy, Report, Verdict, audit_export};
use clap::Args;
use serde_json::{Value, json};

use super::init::{New, init};
use super::out;
use crate::app::App;
use crate::clock::ScriptedClock;
use crate::config::Home;
use crate::error::{Exit, Failure};
use crate::ledger::export::export;
use crate::ledger::found::Founded;
use crate::ledger::scan::scan;
use crate::ledger::{Follower, Serving};
use crate::store::{self, SharedStore, StoredCheckpoint};
use look::Found;
use play::Played;
use tell::{Teller, quoted};

/// See [`super::Command::Demo`].
#[derive(Args)]
pub struct Arguments {
    /// Keep everything in this folder, absent or empty; without it, nothing is kept.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// One JSON object on standard output instead of the tour; of a failure
    /// {"exit":N,"error":"SENTENCE"}.
    #[arg(long)]
    json: bool,
}

/// What the two forged copies were found to be.
struct Forged {
    position: u64,
    export: Report,
    store: Report,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let kept = arguments.dir.as_deref();
    let temporary = match kept {
        Some(folder) => out::check_absent_or_empty("--dir", folder).map(|()| None)?,
        None => Some(tempfile::tempdir().map_err(|e| Failure::fault(e.to_string()))?),
    };
    let folder = temporary.as_ref().map_or_else(|| kept.unwrap_or(Path::new(".")), |t| t.path());
    let home = Home::new(folder, None);
    let mut teller = Teller::new(arguments.json);
    teller.title();
    let (founded, clock) = found(&home, &mut teller).await?;
    let (played, checkpoint) = play(&home, &founded, clock, &mut teller).await?;
    let forged_store = forge::forge_store(&home, &played.published)?;
    let store = store::open(&home.database()).await?;
    let sound = export_and_verify(&store, &home, &founded, &checkpoint, &mut teller).await?;
    let forged = tamper(&home, &founded, &played, &forged_store, &mut teller).await?;
    let looked = look::back(&store, played.entries).await?;
    look::tell(&looked, &mut teller);
    store.close().await;
    put_history(folder)?;
    let next = next(kept, &founded);
    teller.next(&next, kept.is_some());
    let object = object(&founded, &played, (&sound, &forged), &looked, (kept, &next), &teller);
    teller.end(&object);
    Ok(if teller.unmet().is_empty() { Exit::Done } else { Exit::Refused })
}

async fn found(home: &Home, teller: &mut Teller) -> Result<(Founded, Arc<ScriptedClock>), Failure> {
    let clock = Arc::new(ScriptedClock::at(annals_demo::founded_at()));
    let new = New {
        origin: annals_demo::ORIGIN,
        administrator: annals_demo::Role::Administrator.name(),
        auditor: annals_demo::Role::Auditor.name(),
        organisation: annals_demo::ORGANISATION,
        purpose: Purpose::Demo,
    };
    let (founded, _) = init(home, &new, clock.clone(), false).await?;
    teller.founded(&founded);
    Ok((founded, clock))
}

async fn play(
    home: &Home,
    founded: &Founded,
    clock: Arc<ScriptedClock>,
    teller: &mut Teller,
) -> Result<(Played, StoredCheckpoint), Failure> {
    let app = App::open_with(home, clock.clone(), false).await?;
    let played = play::play(&app, &clock, founded, teller).await;
    // Stopped before the file is copied: only then is everything in it.
    let stopped = app.stop().await;
    Ok((played?, stopped?))
}

async fn export_and_verify(
    store: &SharedStore,
    home: &Home,
    founded: &Founded,
    checkpoint: &StoredCheckpoint,
    teller: &mut Teller,
) -> Result<Report, Failure> {
    teller.checkpoint(checkpoint);
    let path = forge::export_path(home);
    let file = fs::File::create_new(&path)
        .map_err(|e| Failure::fault(format!("{}: {e}", path.display())))?;
    let follower = Follower::new(store.clone(), Serving::default());
    let out = std::io::BufWriter::new(file);
    let exported = export(store, &follower, checkpoint, out, &|_, _| {}).await?;
    teller.exported(&exported, &path);
    let report = audit(&path, founded)?;
    teller.sound(&report);
    teller.expect(report.verdict == Verdict::Sound, "the export is sound");
    Ok(report)
}

/// The library that `annals-verify` is made of, on a file.
fn audit(path: &Path, founded: &Founded) -> Result<Report, Failure> {
    let fault = |e: std::io::Error| Failure::fault(format!("{}: {e}", path.display()));
    let file = fs::File::open(path).map_err(fault)?;
    let options = Options { batch: false, no_fold: false };
    let audited = || audit_export(std::io::BufReader::new(file), policy(founded), options);
    tokio::task::block_in_place(audited).map_err(fault)
}

fn policy(founded: &Founded) -> Policy {
    Policy { genesis: Some(founded.genesis), ..Policy::default() }
}

async fn tamper(
    home: &Home,
    founded: &Founded,
    played: &Played,
    forged_store: &Path,
    teller: &mut Teller,
) -> Result<Forged, Failure> {
    let position = played.published.position;
    let path = forge::forge_export(home, &played.published)?;
    let export = audit(&path, founded)?;
    let store = store::open(&forged_store.display().to_string()).await?;
    let options = Options { batch: false, no_fold: false };
    let scanned = scan(&store, policy(founded), options, &|_, _| {}).await?;
    store.close().await;
    teller.forged(position, &export, &scanned);
    for (what, report) in [("export", &export), ("database", &scanned)] {
        let found = report.first_bad.as_ref().map(|bad| bad.position);
        let held = report.verdict == Verdict::Tampered && found == Some(position);
        teller.expect(held, &format!("the forged {what} is found out at entry {position}"));
    }
    Ok(Forged { position, export, store: scanned })
}

fn put_history(folder: &Path) -> Result<(), Failure> {
    let history = annals_demo::history();
    let put = |name: &str, text: &str| {
        let path = folder.join("history").join(name);
        fs::write(&path, text).map_err(|e| Failure::fault(format!("{}: {e}", path.display())))
    };
    fs::create_dir(folder.join("history")).map_err(|e| Failure::fault(e.to_string()))?;
    put("changes.jsonl", &history.changes)?;
    put("bodies.jsonl", &history.bodies)
}

/// A command to try and the exit code it must end with.
struct Next {
    command: String,
    exit: u8,
}

/// What to try on the folder of the demo, in this order.
fn next(kept: Option<&Path>, founded: &Founded) -> Vec<Next> {
    let plain = kept.unwrap_or(Path::new("qinghe")).display().to_string();
    let dir = quoted(&plain);
    let file = |name: &str| quoted(&format!("{plain}/{name}"));
    let (proposer, confirmer) =
        (annals_demo::Role::Administrator.name(), annals_demo::Role::Auditor.name());
    let mut commands = vec![
        (format!("annals verify --data {dir}"), 0),
        (
            format!(
                "annals import history --data {dir} --site 青河旧站 --changes {} --bodies {} \
                 --opened-by {proposer} --closed-by {confirmer}",
                file("history/changes.jsonl"),
                file("history/bodies.jsonl"),
            ),
            0,
        ),
        (format!("annals export --data {dir} --out {}", file("again.ndjson")), 0),
        (format!("annals-verify {} --genesis {}", file("again.ndjson"), genesis(kept, founded)), 0),
        (
            format!(
                "sqlite3 {} \"DROP TRIGGER body_kept_update; UPDATE body SET bytes = \
                 CAST(replace(CAST(bytes AS TEXT), '5个工作日', '1个工作日') AS BLOB)\"",
                file("annals.db")
            ),
            0,
        ),
        (format!("annals verify --data {dir}"), 1),
    ];
    if kept.is_none() {
        commands.insert(0, (format!("annals demo --dir {dir}"), 0));
    }
    commands.into_iter().map(|(command, exit)| Next { command, exit }).collect()
}

/// The value to pin; another demo will have another one.
fn genesis(kept: Option<&Path>, founded: &Founded) -> String {
    match kept {
        Some(_) => founded.genesis.to_string(),
        None => "$(grep -oE '[0-9a-f]{64}' qinghe/genesis.json)".to_owned(),
    }
}

fn object(
    founded: &Founded,
    played: &Played,
    (sound, forged): (&Report, &Forged),
    looked: &Found,
    (kept, next): (Option<&Path>, &[Next]),
    teller: &Teller,
) -> Value {
    let bad = |report: &Report| report.first_bad.as_ref().map(|bad| bad.position);
    let refusals: Vec<Value> = played
        .refusals
        .iter()
        .map(|refused| {
            json!({
                "at": refused.at.to_string(),
                "who": refused.role.english(),
                "clause": refused.clause,
            })
        })
        .collect();
    let next: Vec<Value> =
        next.iter().map(|n| json!({ "command": n.command, "exit": n.exit })).collect();
    json!({
        "genesis": founded.genesis.to_string(),
        "entries": played.entries,
        "refusals": refusals,
        "verdicts": {
            "export": sound.verdict.word(),
            "forged_export": forged.export.verdict.word(),
            "forged_store": forged.store.verdict.word(),
        },
        "first_bad": {
            "expected": forged.position,
            "export": bad(&forged.export),
            "store": bad(&forged.store),
        },
        "correction": { "before": looked.before.line, "after": looked.after.line },
        "passed_by": { "before": looked.before.passed_by, "after": looked.after.passed_by },
        "dir": kept.map(|folder| folder.display().to_string()),
        "next": next,
        "unmet": teller.unmet(),
    })
}
