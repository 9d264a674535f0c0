//! Canonical JSON held to another implementation of RFC 8785.

use annals_events::canonical::{self, DEPTH_MAX, INTEGER_MAX, Json, check_object};
use annals_events::command::Command;
use annals_events::{Event, PayloadError};
use proptest::prelude::*;
use serde_json::Value;

use super::arbitrary::{Private, command, event, json, object, private};

/// The narrowed kind, judged without our code: parsed and spelled again by others, then the few
/// narrowings one by one.
fn others_accept(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return false };
    value.is_object()
        && narrowed(&value, 0)
        && serde_json_canonicalizer::to_vec(&value).is_ok_and(|spelled| spelled == bytes)
}

fn narrowed(value: &Value, depth: usize) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => {
            number.as_i64().is_some_and(|n| (-INTEGER_MAX..=INTEGER_MAX).contains(&n))
        }
        Value::Array(items) => {
            depth < DEPTH_MAX && items.iter().all(|item| narrowed(item, depth + 1))
        }
        Value::Object(members) => {
            let plain = |name: &String| {
                name.bytes().all(|b| (0x20..0x80).contains(&b) && b != b'"' && b != b'\\')
            };
            let good = |(name, item)| plain(name) && narrowed(item, depth + 1);
            depth < DEPTH_MAX && members.iter().all(good)
        }
    }
}

/// One byte changed, added or taken out; or a piece said twice.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Add(usize, u8),
    Drop(usize),
    Twice(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = prop_oneof![
        2 => any::<u8>(),
        3 => proptest::sample::select(b"{}[]\",:\\-0123456789truefalsnbu.eE \n".to_vec()),
    ];
    prop_oneof![
        (any::<usize>(), byte.clone()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<usize>(), byte).prop_map(|(at, byte)| Change::Add(at, byte)),
        any::<usize>().prop_map(Change::Drop),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Change::Twice(a, b)),
    ]
}

fn changed(bytes: &[u8], change: &Change) -> Vec<u8> {
    let (mut out, length) = (bytes.to_vec(), bytes.len());
    match *change {
        Change::Set(at, byte) => out[at % length] = byte,
        Change::Add(at, byte) => out.insert(at % (length + 1), byte),
        Change::Drop(at) => drop(out.remove(at % length)),
        Change::Twice(a, b) => {
            let (from, to) = ((a % length).min(b % length), (a % length).max(b % length));
            let piece = bytes[from..to].to_vec();
            out.splice(to..to, piece);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn json_is_spelled_as_rfc_8785_says(value in json()) {
        let bytes = value.to_bytes();
        let other = serde_json_canonicalizer::to_vec(&value).expect("canonical");
        prop_assert_eq!(&bytes, &other);
        prop_assert_eq!(Json::read(&bytes), Ok(value));
    }

    #[test]
    fn exactly_the_canonical_objects_are_accepted(
        value in object(),
        changes in proptest::collection::vec(change(), 0..3),
    ) {
        let good = value.to_bytes();
        prop_assert_eq!(check_object(&good), Ok(()));
        prop_assert!(others_accept(&good));
        let mut bytes = good;
        for change in &changes {
            if !bytes.is_empty() {
                bytes = changed(&bytes, change);
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(check_object(&bytes).is_ok(), others_accept(&bytes), "{}", text);
    }

    #[test]
    fn any_spelling_is_read_and_spelled_in_the_one_way(value in object()) {
        let pretty = serde_json::to_vec_pretty(&value).expect("JSON");
        prop_assert_eq!(Json::read(&pretty), Ok(value.clone()));
        prop_assert_eq!(check_object(&value.to_bytes()), Ok(()));
    }

    #[test]
    fn facts_of_every_type_are_canonical(event in event()) {
        let facts = event.facts();
        prop_assert_eq!(check_object(&facts), Ok(()));
        prop_assert!(others_accept(&facts));
        prop_assert_eq!(Event::read(event.kind(), 1, &facts), Ok(event));
    }

    #[test]
    fn changed_facts_are_refused_or_say_something_else(event in event(), change in change()) {
        let facts = event.facts();
        let bad = changed(&facts, &change);
        if let Ok(other) = Event::read(event.kind(), 1, &bad) {
            prop_assert!(others_accept(&bad), "{}", String::from_utf8_lossy(&bad));
            prop_assert_eq!(bad == facts, other == event);
        }
    }

    #[test]
    fn private_parts_of_every_form_are_canonical(private in private()) {
        let (kind, bytes, other) = match &private {
            Private::Command(part) => ("site.opened", canonical::to_bytes(part), jcs(part)),
            Private::Person(part) => ("account.opened", canonical::to_bytes(part), jcs(part)),
            Private::Title(part) => ("column.opened", canonical::to_bytes(part), jcs(part)),
            Private::Page(part) => ("content.moved", canonical::to_bytes(part), jcs(part)),
            Private::Opinion(part) => {
                ("content.review_passed", canonical::to_bytes(part), jcs(part))
            }
            Private::Reason(part) => ("content.withdrawn", canonical::to_bytes(part), jcs(part)),
        };
        prop_assert_eq!(&bytes, &other);
        prop_assert_eq!(check_object(&bytes), Ok(()));
        prop_assert_eq!(Event::check_private(kind, 1, &bytes), Ok(()));
    }

    #[test]
    fn commands_are_canonical_and_read_in_any_spelling(command in command()) {
        let bytes = command.to_bytes();
        prop_assert!(others_accept(&bytes));
        let value: Value = serde_json::from_slice(&bytes).expect("JSON");
        let pretty = serde_json::to_vec_pretty(&value).expect("JSON");
        prop_assert_eq!(Command::read(command.name(), &pretty), Ok(command));
    }
}

fn jcs<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("canonical")
}

#[test]
fn an_integer_beyond_2_to_the_53_is_in_no_part() {
    let hash = "0".repeat(64);
    for (number, good) in
        [("9007199254740991", true), ("9007199254740992", false), ("18446744073709551615", false)]
    {
        let facts = format!("{{\"lines\":{number},\"source\":\"{hash}\"}}");
        assert_eq!(check_object(facts.as_bytes()).is_ok(), good, "{number}");
        let read = Event::read("ledger.import_closed", 1, facts.as_bytes());
        assert_eq!(read.is_ok(), good, "{number}: {read:?}");
        if !good {
            let refused = matches!(read, Err(PayloadError::NotCanonical { .. }));
            assert!(refused, "{number}: {read:?}");
        }
    }
}

#[test]
fn a_member_name_that_needs_an_escape_is_read_by_nobody() {
    for name in [r#"\""#, r"\\", r"\n", r"\u0001", "é"] {
        let text = format!("{{\"{name}\":1}}");
        assert!(check_object(text.as_bytes()).is_err(), "{name}");
        assert!(Json::read(text.as_bytes()).is_err(), "{name}");
    }
}

/// Every escape there could be, and every raw byte, each alone in a string.
#[test]
fn of_each_escape_exactly_the_shortest_is_accepted() {
    let mut accepted = 0;
    let short = (0..0x80u8).map(|byte| format!("\\{}", char::from(byte)));
    let raw = (0..0x80u8).map(|byte| char::from(byte).to_string());
    let lower = (0..0x800u16).map(|code| format!("\\u{code:04x}"));
    let upper = (0..0x100u16).map(|code| format!("\\u{code:04X}"));
    let wide = [0xd800, 0xdc00, 0xdfff, 0xe000, 0xffff].map(|code| format!("\\u{code:04x}"));
    for text in short.chain(raw).chain(lower).chain(upper).chain(wide) {
        let text = format!("{{\"a\":\"{text}\"}}");
        let good = check_object(text.as_bytes()).is_ok();
        assert_eq!(good, others_accept(text.as_bytes()), "{text}");
        accepted += usize::from(good);
    }
    // 7 short ones, 94 raw ones, and 27 control characters in either case where they are digits.
    assert!((130..170).contains(&accepted), "{accepted}");
}

#[test]
fn nesting_ends_at_the_same_depth_for_reader_and_checker() {
    for depth in 1..40usize {
        let text = format!("{}\"a\":1{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
        let good = depth <= DEPTH_MAX;
        assert_eq!(check_object(text.as_bytes()).is_ok(), good, "{depth}");
        assert_eq!(Json::read(text.as_bytes()).is_ok(), good, "{depth}");
        assert_eq!(others_accept(text.as_bytes()), good, "{depth}");
    }
}
