//! What a terminal sees, and what becomes of answers that nobody can take.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{ends, program};
use crate::harness::{Kind, Place, annals_verify_path, code, text};

/// A command under a terminal that python3 opens; it echoes all that the terminal is shown.
const TERMINAL: &str = "import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

fn on_a_terminal(arguments: &[&str]) -> Output {
    Command::new("python3")
        .args(["-c", TERMINAL, env!("CARGO_BIN_EXE_annals")])
        .args(arguments)
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("python3 runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_shown_a_bar_and_a_pipe_is_not() {
    let place = Place::new(Kind::Sqlite).await;
    let data = place.path().display().to_string();
    let out = place.path().join("out.ndjson").display().to_string();
    for call in [&["verify", "--data", &data][..], &["export", "--data", &data, "--out", &out]] {
        let shown = on_a_terminal(call);
        let said = text(&shown.stdout);
        assert_eq!(code(&shown), 0, "{said}");
        // As many as were founded, drawn to the end, then wiped for the answer.
        assert!(said.contains("entries ") && said.contains('█') && said.contains("4/4"), "{said}");
        let (_, answer) = said.rsplit_once("\u{1b}[2K").expect("a line is wiped");
        assert!(answer.starts_with("SOUND") || answer.starts_with("4 entries in"), "{said}");
        let piped = program(call);
        assert_eq!((code(&piped), text(&piped.stderr)), (0, String::new()));
        assert!(!text(&piped.stdout).contains('█'));
    }
}

/// Standard output that takes nothing.
fn to_a_full_disk(program: &Path, arguments: &[&str]) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    command.spawn().expect("it starts").wait_with_output().expect("it ends")
}

/// A reader that went away before anything was said.
fn to_a_closed_pipe(program: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    drop(child.stdout.take());
    child.wait_with_output().expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_5_and_one_that_nobody_reads_is_not() {
    let place = Place::new(Kind::Sqlite).await;
    let data = place.path().display().to_string();
    let export = place.export().display().to_string();
    let genesis = place.genesis().to_string();
    let (annals, verifier) = (Path::new(env!("CARGO_BIN_EXE_annals")), annals_verify_path());
    let rows = [
        (annals, &["verify", "--data", &data][..], "the answer could not be written"),
        (annals, &["verify", "--data", &data, "--json"], "the answer could not be written"),
        (annals, &["rebuild", "--data", &data], "the answer could not be written"),
        (&verifier, &[&export, "--genesis", &genesis], "sound, but not told"),
        (&verifier, &[&export, "--genesis", &genesis, "--json"], "sound, but not told"),
    ];
    for (program, arguments, word) in rows {
        ends(&to_a_full_disk(program, arguments), 5, word);
        let output = to_a_closed_pipe(program, arguments);
        assert_eq!((code(&output), text(&output.stderr)), (0, String::new()), "{arguments:?}");
    }
}
