//! A real website's eleven years: everything comes in, in order, and what a rule would have
//! refused is flagged as often as it happened.

use std::collections::BTreeMap;
use std::fs;

use annals_events::content::Event as ContentEvent;
use annals_events::{Event, Time};
use serde_json::{Value, json};

use super::{audit, entries, imported, lines_kept, real_history, size};
use crate::harness::{BOTH, Place, annals_verify, json as json_of};

/// What the file itself says about approval, counted here and nowhere else.
fn flags_of(lines: &[Value]) -> (BTreeMap<&str, u64>, BTreeMap<&str, u64>) {
    let (mut flags, mut without) = (BTreeMap::new(), BTreeMap::new());
    let mut seen = std::collections::HashSet::new();
    for line in lines {
        let path = line["path"].as_str().expect("a path");
        let change = line["change"].as_str().expect("a change");
        if line["approved_by"].is_null() {
            *flags.entry("approver_absent").or_default() += 1;
            *without.entry(change).or_default() += 1;
        } else if line["approved_by"] == line["author"] {
            *flags.entry("approver_is_author").or_default() += 1;
        }
        if let Some(from) = line["from"].as_str()
            && !seen.remove(from)
        {
            *flags.entry("moved_from_unknown").or_default() += 1;
        }
        if change == "removed" {
            seen.remove(path);
        } else {
            seen.insert(path);
        }
    }
    (flags, without)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_real_history_comes_in_and_none_of_it_is_dropped() {
    let Some(files) = real_history() else { return };
    let text = fs::read_to_string(&files.changes).expect("the changes");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (flags, without) = flags_of(&lines);
    assert_eq!(json!(without), json!({"updated":479,"created":124,"removed":26,"renamed":5}));
    for kind in BOTH {
        let place = Place::new(kind).await;
        let first = imported(&place, &files, &[]);
        for (member, value) in [
            ("lines", 7_926),
            ("appended", 7_926),
            ("already", 0),
            ("bodies", 6_253),
            ("bodies_unnamed", 0),
            ("live_pages", 582),
        ] {
            assert_eq!(first[member], value, "{kind:?}: {member}");
        }
        assert_eq!(first["flags"], json!(flags), "{kind:?}");
        let counted =
            json!({"approver_absent":634,"approver_is_author":3451,"moved_from_unknown":2});
        assert_eq!(first["flags"], counted, "{kind:?}");
        let all = entries(&place).await;
        assert_eq!(first["last"], all.len() - 2, "{kind:?}: the seal of the state follows");
        let kept = lines_kept(&all);
        assert_eq!(kept.len(), lines.len());
        for (kept, line) in kept.iter().zip(text.lines()) {
            assert_eq!(kept, line, "{kind:?}");
        }
        check_entries(&all, &lines);
        let before = size(&place).await;
        let second = imported(&place, &files, &[]);
        assert_eq!((&second["appended"], &second["already"]), (&json!(0), &json!(7_926)));
        for member in ["lines", "bodies", "live_pages", "flags", "first", "last"] {
            assert_eq!(second[member], first[member], "{kind:?}: {member}");
        }
        assert_eq!(size(&place).await, before, "{kind:?}: a second run writes nothing");
        let report = audit(&place);
        assert_eq!(report["flags"], first["flags"], "{kind:?}");
        let (export, genesis) = (place.export().display().to_string(), place.genesis());
        let output = annals_verify(&[&export, "--genesis", &genesis.to_string(), "--json"]);
        let report = json_of(&output);
        assert_eq!((&report["verdict"], &report["flags"]), (&json!("sound"), &first["flags"]));
    }
}

/// Type, time, persons' number and length follow from each line.
fn check_entries(all: &[super::Entry], lines: &[Value]) {
    let mut changes: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for entry in all {
        let Event::Content(event) = &entry.event else { continue };
        let imported = event.imported().expect("every piece of content is imported");
        let line = &lines[usize::try_from(imported.line).expect("it fits")];
        let at = Time::from_rfc3339(line["at"].as_str().expect("a time"));
        assert_eq!(entry.header.occurred_at, at);
        assert_eq!(imported.approver.is_none(), line["approved_by"].is_null());
        let same = line["approved_by"] == line["author"];
        assert_eq!(imported.approver == Some(imported.author), same, "line {}", imported.line);
        if let ContentEvent::Published(shown) | ContentEvent::Corrected(shown) = event {
            assert_eq!(line["bytes"], shown.bytes);
        }
        changes.entry(imported.line).or_default().push(&entry.header.kind);
    }
    for (number, line) in (0..).zip(lines) {
        let kinds = &changes[&number][..];
        let expected: &[&[&str]] = match line["change"].as_str().expect("a change") {
            "created" => &[&["content.published"]],
            "updated" => &[&["content.corrected"]],
            "removed" => &[&["content.withdrawn"]],
            _ if [5_674, 5_965].contains(&number) => &[&["content.published"]],
            _ => &[&["content.moved"], &["content.moved", "content.corrected"]],
        };
        assert!(expected.contains(&kinds), "line {number}: {kinds:?}");
    }
}
