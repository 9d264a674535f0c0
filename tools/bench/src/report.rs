//! The table.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use crate::figures::{Figures, Where};

use Where::{Machine, Postgres, Sqlite};

/// What is told of a figure, and in which unit.
struct Row(&'static str, &'static str, Unit);

#[derive(Clone, Copy)]
enum Unit {
    /// So many a second.
    Rate,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Seconds.
    Seconds,
    /// A whole number.
    Count,
}

const LIMITS: &[Row] = &[
    Row("fdatasync of 4 KiB appended, p50", "append_p50", Unit::Millis),
    Row("fdatasync of 4 KiB appended, p99", "append_p99", Unit::Millis),
    Row("fdatasync of 4 KiB overwritten, p50", "overwrite_p50", Unit::Millis),
    Row("fdatasync of 4 KiB overwritten, p99", "overwrite_p99", Unit::Millis),
    Row("appends of 4 KiB made durable one by one", "append_rate", Unit::Rate),
    Row("in memory, 2 threads: hash, form, strict", "memory_strict", Unit::Rate),
    Row("in memory, 2 threads: hash, form, batch", "memory_batch", Unit::Rate),
    Row("read and parse, 1 task", "read_parse", Unit::Rate),
];

const PEERS: &[Row] = &[
    Row("pgbench, single-row INSERT, 1 client", "pgbench_1", Unit::Rate),
    Row("pgbench, single-row INSERT, 64 clients", "pgbench_64", Unit::Rate),
    Row("a transaction a command, ordered", "one_each", Unit::Rate),
    Row("unsigned bulk INSERT of 1,000 rows", "unsigned_bulk", Unit::Rate),
];

const OURS: &[Row] = &[
    Row("1 caller", "one_caller", Unit::Rate),
    Row("1 caller, p50", "one_p50", Unit::Millis),
    Row("1 caller, p99", "one_p99", Unit::Millis),
    Row("64 callers", "callers_64", Unit::Rate),
    Row("64 callers, p99", "callers_64_p99", Unit::Millis),
    Row("64 callers, our processor time a command", "callers_64_cpu", Unit::Micros),
    Row("256 callers", "callers_256", Unit::Rate),
    Row("bulk: 1 caller, 1,024 under way", "bulk", Unit::Rate),
    Row("bulk, our processor time a command", "bulk_cpu", Unit::Micros),
    Row("import of the real history", "history", Unit::Seconds),
    Row("  its lines", "history_lines", Unit::Count),
    Row("entries for all below", "entries", Unit::Count),
    Row("clean stop: checkpoint, index, snapshot", "clean_stop", Unit::Seconds),
    Row("cold start from the snapshot", "cold_snapshot", Unit::Seconds),
    Row("cold start without, all verified", "cold_anew", Unit::Seconds),
    Row("live scan (batch)", "live_scan", Unit::Rate),
    Row("read, parse, judge and fold, 1 task", "refold", Unit::Rate),
    Row("export", "export", Unit::Rate),
    Row("verify the export, strict", "verify_strict", Unit::Rate),
    Row("verify the export, batch", "verify_batch", Unit::Rate),
    Row("bytes on disk an entry", "disk_entry", Unit::Count),
    Row("bytes in memory an entry (page of one draft)", "memory_entry", Unit::Count),
    Row("bytes in memory a page (real history)", "memory_page", Unit::Count),
];

/// A ratio with what it must reach.
struct Ratio {
    what: &'static str,
    value: Option<f64>,
    target: Target,
    aim: Option<f64>,
}

enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// The whole text.
pub fn table(
    figures: &Figures,
    (header, facts, private): (usize, usize, usize),
    took: Duration,
) -> String {
    let mut text = String::new();
    let mut line = |content: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", content.trim_end());
    };
    line(format!("Machine: {}", machine()));
    line(format!("Commit:  {}", commit()));
    line(format!(
        "Entry:   header {header}, facts {facts}, private {private} bytes, and 64 of signature, \
         96 of salts and leaf"
    ));
    line("Medians of rounds that were interleaved; a second unless it says otherwise.".to_owned());
    for (title, rows) in [("LIMITS", LIMITS), ("PEERS", PEERS), ("OURS", OURS)] {
        line(String::new());
        line(format!("{title:46}{:>12}{:>12}{:>12}", "machine", "SQLite", "PostgreSQL"));
        for Row(what, name, unit) in rows {
            let cells = [Machine, Sqlite, Postgres].map(|place| {
                let value = figures.median(place, name);
                format!("{:>12}", value.map_or(String::new(), |value| shown(value, *unit)))
            });
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                line(format!("{what:46}{}", cells.concat()));
            }
        }
    }
    line(String::new());
    line(format!("{:58}{:>8}{:>10}{:>6}", "RATIOS", "is", "target", ""));
    for Ratio { what, value, target, aim } in ratios(figures) {
        let Some(value) = value else { continue };
        let (met, wanted) = match target {
            Target::AtLeast(least) => (value >= least, format!(">= {least}")),
            Target::AtMost(most) => (value <= most, format!("<= {most}")),
        };
        let word = if met { "met" } else { "NOT MET" };
        let aim = aim.map_or(String::new(), |aim| format!(" (aim {aim})"));
        line(format!("{what:58}{value:>8.2}{wanted:>10}  {word}{aim}"));
    }
    line(String::new());
    line(format!("The run took {} s.", took.as_secs()));
    text
}

fn ratios(figures: &Figures) -> Vec<Ratio> {
    let least = |what, over, under, target, aim| Ratio {
        what,
        value: figures.ratio(over, under),
        target: Target::AtLeast(target),
        aim,
    };
    let mut all = vec![
        least(
            "PostgreSQL: 64 callers / pgbench single-row INSERT",
            (Postgres, "callers_64"),
            (Postgres, "pgbench_64"),
            1.3,
            Some(2.0),
        ),
        least(
            "PostgreSQL: 64 callers / a transaction a command",
            (Postgres, "callers_64"),
            (Postgres, "one_each"),
            10.0,
            None,
        ),
        least(
            "PostgreSQL: bulk / unsigned bulk INSERT",
            (Postgres, "bulk"),
            (Postgres, "unsigned_bulk"),
            0.5,
            Some(0.8),
        ),
        least(
            "SQLite: 64 callers / unsigned bulk INSERT",
            (Sqlite, "callers_64"),
            (Sqlite, "unsigned_bulk"),
            0.6,
            None,
        ),
        least(
            "SQLite: bulk / unsigned bulk INSERT",
            (Sqlite, "bulk"),
            (Sqlite, "unsigned_bulk"),
            0.5,
            Some(0.8),
        ),
    ];
    for (mode, file, memory) in [
        ("verify an export, strict / the same in memory", "verify_strict", "memory_strict"),
        ("verify an export, batch / the same in memory", "verify_batch", "memory_batch"),
    ] {
        all.push(least(mode, (Sqlite, file), (Machine, memory), 0.6, Some(0.8)));
    }
    per_store(figures, &mut all);
    all
}

fn per_store(figures: &Figures, all: &mut Vec<Ratio>) {
    for (kind, p99, refold, history) in [
        (
            Sqlite,
            "SQLite: 1 caller, p99 / (3 x fdatasync p99 + 1 ms)",
            "SQLite: refold / read and parse",
            "SQLite: import of the real history, seconds",
        ),
        (
            Postgres,
            "PostgreSQL: 1 caller, p99 / (3 x fdatasync p99 + 1 ms)",
            "PostgreSQL: refold / read and parse",
            "PostgreSQL: import of the real history, seconds",
        ),
    ] {
        let allowed = figures.median(Machine, "append_p99").map(|p99| 3.0 * p99 + 1.0);
        let value = figures.median(kind, "one_p99").zip(allowed).map(|(p99, most)| p99 / most);
        all.push(Ratio { what: p99, value, target: Target::AtMost(1.0), aim: None });
        let value_of = figures.ratio((kind, "refold"), (kind, "read_parse"));
        all.push(Ratio { what: refold, value: value_of, target: Target::AtLeast(0.6), aim: None });
        let value = figures.median(kind, "history");
        all.push(Ratio { what: history, value, target: Target::AtMost(60.0), aim: None });
    }
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Rate | Unit::Count => grouped(value),
        Unit::Millis => format!("{value:.2} ms"),
        Unit::Micros => format!("{value:.0} us"),
        Unit::Seconds => format!("{value:.1} s"),
    }
}

/// 12,345.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo");
    let kilobytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = kilobytes.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok());
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{}, {cores} cores, {} GB, Linux {}",
        model.unwrap_or("unknown processor"),
        kilobytes.unwrap_or_default() / 1_000_000,
        kernel.trim()
    )
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let clean = git(&["status", "--porcelain"]).is_some_and(|changes| changes.is_empty());
    if clean { commit } else { format!("{commit} and changes not committed") }
}
