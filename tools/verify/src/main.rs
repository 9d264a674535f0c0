//! `annals-verify`: audit an export offline. No network, no clock, no database.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::process::ExitCode;

use annals_events::hash::hex_to_array;
use annals_events::keys::PublicKey;
use annals_events::{Hash, note};
use annals_verify::{Options, Policy, Report, audit_export};
use clap::Parser;

/// Audit a ledger's export: every hash, link, signature, key, number, rule and fold.
///
/// Exit codes: 0 sound, 1 tampered, 2 not fully shown, 3 unusable input or usage, 4 intact but
/// written against the rulebook, 5 the report could not be written.
#[derive(Parser)]
#[command(name = "annals-verify", version)]
struct Arguments {
    /// The export, or - for standard input.
    file: String,
    /// Leaf of the genesis entry, from a source you trust: 64 hex digits.
    #[arg(long, value_name = "LEAF")]
    genesis: Option<String>,
    /// A checkpoint you kept (a signed note); may be repeated.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<String>,
    /// Public key of an actor whose signatures to check: 64 hex digits; may be repeated.
    #[arg(long, value_name = "HEX")]
    actor_key: Vec<String>,
    /// Check entry signatures in batches: faster, accepts crafted signatures strict refuses.
    #[arg(long)]
    batch: bool,
    /// Neither fold nor judge: constant memory but for stream heads.
    #[arg(long)]
    no_fold: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            let _ = error.print();
            return ExitCode::from(if usage { 3 } else { 0 });
        }
    };
    let report = audit(&arguments).unwrap_or_else(Report::unusable);
    let text = if arguments.json { format!("{}\n", report.to_json()) } else { report.to_text() };
    match answer(&text) {
        Ok(()) => ExitCode::from(report.verdict.exit_code()),
        Err(error) => {
            let word = report.verdict.word();
            let _ = writeln!(io::stderr(), "annals-verify: {word}, but not told: {error}");
            ExitCode::from(5)
        }
    }
}

/// A report that is lost must not look like one that was given; a closed pipe is the reader's
/// choice.
fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

fn audit(arguments: &Arguments) -> Result<Report, String> {
    let mut policy = Policy::default();
    if let Some(genesis) = &arguments.genesis {
        let leaf = Hash::from_hex(genesis).ok_or("--genesis: not 64 lower-case hex digits")?;
        policy.genesis = Some(leaf);
    }
    for path in &arguments.checkpoint {
        let text = std::fs::read_to_string(path).map_err(|e| format!("--checkpoint: {e}"))?;
        note::Note::parse(&text).map_err(|e| format!("--checkpoint {path}: {e}"))?;
        policy.checkpoints.push(text);
    }
    for key in &arguments.actor_key {
        let bytes = hex_to_array(key).ok_or("--actor-key: not 64 lower-case hex digits")?;
        let key = PublicKey::from_bytes(bytes).map_err(|e| format!("--actor-key: {e}"))?;
        policy.actor_keys.push(key);
    }
    let options = Options { batch: arguments.batch, no_fold: arguments.no_fold };
    let report = if arguments.file == "-" {
        audit_export(BufReader::with_capacity(1 << 20, io::stdin()), policy, options)
    } else {
        let file = File::open(&arguments.file).map_err(|e| format!("{}: {e}", arguments.file))?;
        audit_export(BufReader::with_capacity(1 << 20, file), policy, options)
    };
    report.map_err(|error| format!("the input broke off: {error}"))
}
