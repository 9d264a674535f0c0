//! Private parts and bodies can go: what was decided, folded, chained and proved stays.

use annals_events::merkle::{inclusion, verify_inclusion};
use annals_events::{Event, RawEntry};
use annals_projections::boards::names::Names;
use proptest::collection::vec;
use proptest::prelude::*;

use super::Folded;
use super::lives::{live, step};
use crate::events::story::everything;
use crate::harness::scribe::Scribe;

/// What is left when every private part with its salt is gone; bodies are not in it at all.
fn stripped(scribe: &Scribe) -> Vec<RawEntry> {
    let without = |raw: &RawEntry| RawEntry { private: None, ..raw.clone() };
    scribe.entries.iter().map(|entry| without(&entry.raw)).collect()
}

fn fold(entries: &[RawEntry]) -> Folded {
    let mut folded = Folded::new();
    entries.iter().for_each(|raw| folded.take(raw));
    folded
}

fn hold(scribe: &Scribe) {
    let folded = fold(&stripped(scribe));
    assert_eq!(folded.state.digests(), scribe.state.digests());
    assert_eq!(folded.state, scribe.state);
    assert_eq!(folded.chain, scribe.chain);
    assert_eq!(folded.chain.root(), scribe.chain.root());
    for (found, entry) in folded.findings.iter().zip(&scribe.entries) {
        assert_eq!(found, &entry.findings, "{}", entry.header.position);
    }
    let (size, root) = (scribe.chain.size(), scribe.chain.root());
    for (index, entry) in scribe.entries.iter().enumerate() {
        let proof = inclusion(&folded.leaves, index).expect("a proof");
        assert!(verify_inclusion(index as u64, size, &entry.leaf, &proof, &root));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn without_private_parts_nothing_is_decided_or_proved_otherwise(
        steps in vec(step(), 0..40),
    ) {
        hold(&live(&steps));
    }
}

#[test]
fn the_whole_story_holds_without_its_private_parts() {
    let scribe = everything();
    let private = scribe.entries.iter().filter(|entry| entry.raw.private.is_some()).count();
    assert!(private > 10 && !scribe.bodies.is_empty());
    hold(&scribe);
}

/// What private parts are for, and what is gone with them: names, on a board.
#[test]
fn only_boards_know_less_without_private_parts() {
    let scribe = everything();
    let (mut with, mut without) = (Names::default(), Names::default());
    for entry in &scribe.entries {
        let private = entry.raw.private.as_ref().map(|part| part.bytes.as_slice());
        with.apply(&entry.header, &entry.event, private);
        without.apply(&entry.header, &entry.event, None);
    }
    assert_eq!(with.find("王编辑").len(), 1);
    assert_eq!(without.find("王编辑").len(), 0);
}

/// No word of a private part or a body stands in what stays.
#[test]
fn what_stays_holds_no_word_of_what_went() {
    let scribe = everything();
    let stays: String = stripped(&scribe)
        .iter()
        .flat_map(|raw| [&raw.header, &raw.facts.bytes])
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    for word in [
        "张建国",
        "王编辑",
        "wang",
        "news/1.html",
        "内容过期",
        "同意发布",
        "公告",
        "钱编辑",
        "说明",
        "旧闻",
        "notice/1.html",
        "安全检查",
        "请问何时供暖",
    ] {
        assert!(!stays.contains(word), "{word}");
    }
    let rows: Vec<u8> = scribe.state.rows().into_iter().flat_map(|all| all.2.concat()).collect();
    for word in ["王编辑", "说明", "供暖"] {
        assert!(!String::from_utf8_lossy(&rows).contains(word), "{word}");
    }
    assert_eq!(scribe.entries.iter().filter_map(|e| Event::body(&e.event)).count(), 14);
}
