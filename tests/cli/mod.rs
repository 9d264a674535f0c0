//! The program as its users meet it: arguments, answers, exit codes, files left behind.

mod exits;
mod export;
mod forger;
mod founding;
mod keys;
mod paths;
mod reading;
mod rights;
mod rulebook;
mod secrets;
mod terminal;
mod unsound;

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::harness::{code, run, text};

/// Run `annals` on no particular ledger.
pub fn program(arguments: &[&str]) -> Output {
    let all: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    run(Path::new(env!("CARGO_BIN_EXE_annals")), &all)
}

/// It must end with this code, saying this, with nothing on standard output but the failure's
/// object, where one was asked for.
pub fn ends(output: &Output, exit: i32, word: &str) {
    let said = text(&output.stderr);
    assert_eq!(code(output), exit, "`{word}`: {said}");
    assert!(said.contains(word), "`{word}` is not in: {said}");
    if !output.stdout.is_empty() {
        is_failure(output, exit);
    }
}

/// The one object of a failure: its exit code, and the sentence that standard error has too.
pub fn is_failure(output: &Output, exit: i32) {
    let (told, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((told.matches('\n').count(), told.ends_with('\n')), (1, true), "{told}");
    let value: Value = serde_json::from_str(&told).expect("JSON");
    let sentence = value["error"].as_str().expect("a sentence");
    assert_eq!(value, json!({ "exit": exit, "error": sentence }), "{said}");
    assert!(!sentence.is_empty() && said.contains(sentence), "`{sentence}` is not in: {said}");
}

/// Exactly one JSON object, on one line, and nothing on standard error.
pub fn one_object(output: &Output) -> Value {
    assert_eq!(code(output), 0, "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert_eq!((said.matches('\n').count(), said.ends_with('\n')), (1, true), "{said}");
    assert_eq!(text(&output.stderr), "");
    let value: Value = serde_json::from_str(&said).expect("JSON");
    assert!(value.is_object(), "{value}");
    value
}
