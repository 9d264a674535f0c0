//! Every changed byte and every misplaced line of an export is found, and the first one named.

use std::io::Cursor;

use annals_verify::{Options, Policy, Report, Verdict, audit_export};

use super::lines::{Case, Expected, Lines, flipped, framed, misspelt, moved};
use super::{Rng, found, large, small};
use crate::harness::{Kind, annals_verify, code, json};

/// The verdict on these bytes.
pub fn audit(bytes: &[u8], genesis: annals_events::Hash, batch: bool) -> Report {
    let policy = Policy { genesis: Some(genesis), ..Policy::default() };
    let options = Options { batch, no_fold: false };
    audit_export(Cursor::new(bytes), policy, options).expect("bytes can be read")
}

/// Every kind of attack on this export.
pub fn cases(export: &Lines, times: usize, rng: &mut Rng) -> Vec<Case> {
    let mut cases = flipped(export, times, rng);
    cases.extend(framed(export, times, rng));
    cases.extend(moved(export, times, rng));
    cases.extend(misspelt(export, times.div_ceil(5), rng));
    cases
}

/// `None` where the report says what is expected.
fn complaint(case: &Case, report: &Report) -> Option<String> {
    let bad = report.first_bad.as_ref();
    let good = match case.expected {
        Expected::Unusable => report.verdict == Verdict::Unusable,
        Expected::At(position, what) => {
            report.verdict == Verdict::Tampered
                && bad.is_some_and(|bad| bad.position == position)
                && what.is_none_or(|what| bad.is_some_and(|bad| bad.what == what))
        }
    };
    let line = format!("{}: expected {:?}, {:?}", case.name, case.expected, found(report));
    (!good).then_some(line)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_byte_or_line_of_an_export_is_found_at_its_entry() {
    let mut rng = Rng::new();
    for (original, times) in [(large(Kind::Sqlite), 10), (small(), 10)] {
        let export = Lines::of(&original.export);
        let genesis = original.genesis();
        assert_eq!(audit(&Lines::bytes(&export.lines), genesis, false).verdict, Verdict::Sound);
        let cases = cases(&export, times, &mut rng);
        assert!(cases.len() >= 200, "{}", cases.len());
        let reports =
            cases.iter().map(|case| audit(&case.bytes, genesis, rng.next().is_multiple_of(2)));
        let wrong: Vec<String> = cases
            .iter()
            .zip(reports)
            .filter_map(|(case, report)| complaint(case, &report))
            .collect();
        let seed = rng.seed;
        let (count, of) = (wrong.len(), cases.len());
        assert!(wrong.is_empty(), "ANNALS_SEED={seed}, {count} of {of}:\n{}", wrong.join("\n"));
    }
}

/// The programs say what the library says.
#[test]
fn the_verifier_ends_with_the_code_of_its_verdict() {
    let mut rng = Rng::new();
    let export = Lines::of(&small().export);
    let genesis = small().genesis().to_string();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("export");
    let cases = cases(&export, 1, &mut rng);
    let seed = rng.seed;
    for case in (0..20).map(|_| rng.pick(&cases)) {
        std::fs::write(&path, &case.bytes).expect("written");
        let path = path.display().to_string();
        let output = annals_verify(&[&path, "--genesis", &genesis, "--json"]);
        let told = json(&output);
        let position = told["first_bad"]["position"].as_u64();
        let expected = match case.expected {
            Expected::Unusable => (3, None),
            Expected::At(position, _) => (1, Some(position)),
        };
        assert_eq!((code(&output), position), expected, "{seed} {}: {told}", case.name);
    }
}

/// Whoever writes the end line states what he likes there; the answer stays short and the same.
#[test]
fn many_folds_in_any_order_and_too_long_a_note_are_told_shortly() {
    let export = Lines::of(&small().export);
    let at = export.lines.len() - 1;
    let mut end: serde_json::Value = serde_json::from_slice(&export.lines[at]).expect("JSON");
    let asked = |end: &serde_json::Value| {
        let mut lines = export.lines.clone();
        lines[at] = end.to_string().into_bytes();
        audit(&Lines::bytes(&lines), small().genesis(), false)
    };
    let state = end["end"]["state"].as_array_mut().expect("folds");
    state.reverse();
    let digest = state[0]["digest"].clone();
    let odd = |number| serde_json::json!({"digest": digest, "fold": number, "version": 1});
    let long = "x".repeat(100_000);
    let names = (0..300).map(|number| format!("\u{202e}\u{1b}[31m{number}")).chain([long]);
    state.extend(names.map(odd));
    let report = asked(&end);
    assert_eq!(report.verdict, Verdict::Sound, "{:?}", report.first_bad);
    assert!(report.notes.len() <= 101 + 5, "{}", report.notes.len());
    let shown = report.to_text();
    assert!(shown.len() < 100_000 && !shown.contains('\u{1b}'), "{}", shown.len());
    let state = end["end"]["state"].as_array_mut().expect("folds");
    state.truncate(1);
    state[0]["digest"] = annals_events::Hash::ZERO.to_string().into();
    assert_eq!(found(&asked(&end)), ("tampered", Some((export.size, "state"))));
    // At most 64 lines of signatures, and 65,536 bytes.
    let note = end["end"]["checkpoint"].as_str().expect("a note").to_owned();
    let last = note.lines().last().expect("a line").to_owned();
    end["end"]["state"] = serde_json::json!([]);
    let foreign = last.replacen("cosigner", "others", 1);
    for (lines, expected) in [(62, "sound"), (63, "tampered"), (2_000, "tampered")] {
        let more = format!("{note}{}", format!("{foreign}\n").repeat(lines));
        end["end"]["checkpoint"] = more.into();
        assert_eq!(found(&asked(&end)).0, expected, "{lines}");
    }
}

/// Of what nobody signed in the end line, the format asks nothing: a line of the note under a key
/// that is not the ledger's is no line, a fold of another name or version is not compared.
#[test]
fn what_nobody_signed_at_the_end_is_worth_nothing_and_the_answer_says_so() {
    let export = Lines::of(&small().export);
    let at = export.lines.len() - 1;
    let end = String::from_utf8(export.lines[at].clone()).expect("UTF-8");
    let whole = audit(&Lines::bytes(&export.lines), small().genesis(), false);
    assert!(whole.checkpoint_time.is_some());
    for (from, to) in [
        ("test/cosigner", "test/cosigned"),
        ("\"fold\":\"", "\"fold\":\"x"),
        ("\"version\":1", "\"version\":2"),
    ] {
        let mut lines = export.lines.clone();
        lines[at] = end.replacen(from, to, 1).into_bytes();
        assert!(lines != export.lines, "{from}");
        let report = audit(&Lines::bytes(&lines), small().genesis(), false);
        assert_eq!(report.verdict, Verdict::Sound, "{from}: {report:?}");
        let shown = report.checkpoint_time.is_none() || report.notes.len() > whole.notes.len();
        assert!(shown, "{from}: {report:?}");
    }
}
