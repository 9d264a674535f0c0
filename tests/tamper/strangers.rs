//! A second verifier, in Python, written from the format's page alone, agrees with ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use annals_events::Hash;
use annals_events::hash::hex;
use annals_events::keys::PublicKey;
use annals_verify::{Options, Policy, audit_export};

use super::export::{audit, cases};
use super::forge::Forge;
use super::lines::{Case, Lines};
use super::{Rng, small};
use crate::harness::{code, json, text};

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other").join(name)
}

fn python(arguments: &[&str]) -> Output {
    Command::new("python3").arg("-B").args(arguments).output().expect("python3 runs")
}

#[test]
fn the_second_verifier_passes_its_own_tests() {
    let output = python(&[&program("self_test.py").display().to_string()]);
    assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
}

/// Exit code, position, word: of ours (4 counts as 0, the other judges little), of the other.
pub type Told = (i32, Option<u64>, Option<String>);

pub struct Question {
    pub name: String,
    pub bytes: Vec<u8>,
    pub genesis: Option<Hash>,
    pub checkpoints: Vec<String>,
    pub actors: Vec<PublicKey>,
}

pub fn ours(question: &Question) -> Told {
    let policy = Policy {
        genesis: question.genesis,
        checkpoints: question.checkpoints.clone(),
        actor_keys: question.actors.clone(),
    };
    let report = audit_export(&question.bytes[..], policy, Options::default());
    let report = report.expect("bytes can be read");
    let code = match report.verdict.exit_code() {
        4 => 0,
        code => i32::from(code),
    };
    let bad = report.first_bad;
    (code, bad.as_ref().map(|bad| bad.position), bad.map(|bad| bad.what.to_owned()))
}

pub fn theirs(question: &Question, folder: &Path, number: usize) -> Told {
    let export = folder.join(format!("export {number}"));
    std::fs::write(&export, &question.bytes).expect("written");
    let mut arguments = vec![program("verify.py").display().to_string()];
    arguments.push(export.display().to_string());
    if let Some(genesis) = question.genesis {
        arguments.extend(["--genesis".to_owned(), genesis.to_string()]);
    }
    for (at, checkpoint) in question.checkpoints.iter().enumerate() {
        let path = folder.join(format!("checkpoint {number} {at}"));
        std::fs::write(&path, checkpoint).expect("written");
        arguments.extend(["--checkpoint".to_owned(), path.display().to_string()]);
    }
    for key in &question.actors {
        arguments.extend(["--actor-key".to_owned(), hex(&key.bytes())]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = python(&arguments);
    let bad = &json(&output)["first_bad"];
    (code(&output), bad["position"].as_u64(), bad["what"].as_str().map(str::to_owned))
}

/// Ask both, two at a time; answers where they differ.
pub fn differences(questions: &[Question]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let half = |odd: usize| {
        let chosen = questions.iter().enumerate().filter(|(number, _)| number % 2 == odd);
        let differing = chosen.filter_map(|(number, question)| {
            let (ours, mut theirs) = (ours(question), theirs(question, folder.path(), number));
            theirs.0 %= 4;
            let line = format!("{}: {ours:?}, the other {theirs:?}", question.name);
            // Folds are not the other's business, as it says itself.
            let folds = ours.2.as_deref() == Some("state") && theirs == (0, None, None);
            (ours != theirs && !folds).then_some(line)
        });
        differing.collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut all = half(0);
        all.extend(other.join().expect("a thread"));
        all
    })
}

#[test]
fn both_verifiers_agree_on_what_is_wrong_with_an_export_and_where() {
    let mut rng = Rng::new();
    let genesis = small().genesis();
    let export = Lines::of(&small().export);
    let ask = |name: &str, bytes: &[u8], genesis| Question {
        name: name.to_owned(),
        bytes: bytes.to_vec(),
        genesis,
        checkpoints: Vec::new(),
        actors: Vec::new(),
    };
    let mut questions = vec![
        ask("sound", &small().export, Some(genesis)),
        ask("not pinned", &small().export, None),
        ask("pinned to another", &small().export, Some(Hash([1; 32]))),
    ];
    let all = cases(&export, 3, &mut rng);
    assert!(all.len() > 90, "{}", all.len());
    // Spread over every kind of attack.
    let step = all.len().div_ceil(90);
    for Case { name, bytes, .. } in all.iter().step_by(step) {
        questions.push(ask(name, bytes, Some(genesis)));
    }
    let differing = differences(&questions);
    let seed = rng.seed;
    assert!(differing.is_empty(), "ANNALS_SEED={seed}:\n{}", differing.join("\n"));
}

#[test]
fn both_verifiers_agree_on_forks_stolen_keys_and_checkpoints() {
    let mut forge = Forge::new();
    for page in 0..4 {
        if page == 2 {
            forge.start_epoch();
        }
        forge.page(&format!("page {page}"), "正文", true);
    }
    let size = forge.entries.len();
    let whole = forge.export(&forge.note(size));
    let mut forked = forge.until(size - 3);
    forked.page("another", "从未发布", true);
    let mut unreviewed = forge.clone();
    unreviewed.page("unreviewed", "未经审核", false);
    let mut stolen = forge.clone();
    stolen.entries[size - 2].signature = forge.entries[3].signature;
    let other = Forge::new();
    let broken = forge.note(size).replacen("cosigner", "cosigner\u{2014}", 1);
    let ask = |name: &str, bytes: Vec<u8>, checkpoints: &[String]| Question {
        name: name.to_owned(),
        bytes,
        genesis: Some(forge.genesis()),
        checkpoints: checkpoints.to_vec(),
        actors: Vec::new(),
    };
    let older = forge.until(size - 5);
    let questions = [
        ask("sound", whole.clone(), &[forge.note(3), forge.note(size)]),
        ask("a fork", forked.export(&forge.note(size)), &[]),
        ask("a fork, known", forked.export(&forge.note(size)), &[forge.note(4), forge.note(6)]),
        ask("a signed fork", forked.export(&forked.note(size)), &[forge.note(size)]),
        ask("cut back", older.export(&older.note(size - 5)), &[]),
        ask("cut back, known", older.export(&older.note(size - 5)), &[forge.note(size)]),
        ask("a checkpoint of another size", forge.export(&forge.note(size - 1)), &[]),
        ask("a checkpoint of another ledger", whole.clone(), &[other.note(3)]),
        ask("a broken checkpoint", forge.export(&broken), &[]),
        ask("no checkpoint", forge.export(""), &[]),
        ask("an unsigned one", whole.clone(), &[forge.note(3).replacen("\n3\n", "\n4\n", 1)]),
        ask("against the rules", unreviewed.export(&unreviewed.note(size + 2)), &[]),
        ask("a stolen signature", stolen.export(&forge.note(size)), &[]),
    ];
    assert_eq!(audit(&whole, forge.genesis(), false).size, size as u64);
    let differing = differences(&questions);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
