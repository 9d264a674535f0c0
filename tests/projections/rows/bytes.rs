//! How fields become bytes, and what of an entry is looked at.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::events::unhex;

/// A number: seven bits a byte, the lowest first, the high bit where more follow.
pub fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
    out
}

/// An instant: microseconds since 1970, doubled, or doubled less one where negative.
pub fn instant(value: &Value) -> Vec<u8> {
    let at = chrono::DateTime::parse_from_rfc3339(text(value)).expect("an instant");
    let micros = at.timestamp_micros();
    number(if micros < 0 { (micros.unsigned_abs() << 1) - 1 } else { micros.unsigned_abs() << 1 })
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A string: its length, its bytes.
pub fn string(value: &Value) -> Vec<u8> {
    [number(text(value).len() as u64), text(value).as_bytes().to_vec()].concat()
}

pub fn uuid(text: &str) -> Vec<u8> {
    unhex(&text.replace('-', ""))
}

pub fn id(value: &Value) -> Vec<u8> {
    uuid(text(value))
}

pub fn hash(value: &Value) -> Vec<u8> {
    unhex(text(value))
}

/// 0, or 1 and the value.
pub fn maybe(value: Option<Vec<u8>>) -> Vec<u8> {
    value.map_or(vec![0], |value| [vec![1], value].concat())
}

/// The place of a word in its list.
pub fn word(value: &str, list: &str) -> Vec<u8> {
    let at = list.split(' ').position(|word| word == value);
    number(at.unwrap_or_else(|| panic!("{value} is none of {list}")) as u64)
}

pub const THINGS: &str = "site column domain_name content message new_media account duty \
                          inspection rectification work_order incident assessment platform ledger";
pub const DUTIES: &str = "administrator auditor editor reviewer approver information_officer";
pub const ACTS: &str = "open_import close_import rotate_key adopt_profile";

/// A thing, as a stream's row begins.
pub fn word_of(thing: &str) -> Vec<u8> {
    word(thing, THINGS)
}

/// `<thing>/<uuid>`.
pub fn stream(value: &Value) -> Vec<u8> {
    let (thing, id) = text(value).split_once('/').expect("a stream");
    [word(thing, THINGS), uuid(id)].concat()
}

pub fn decimal(value: &Value) -> u64 {
    text(value).parse().expect("a number")
}

/// A list: how many, then each.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [number(items.len() as u64), items.concat()].concat()
}

/// The strings of a member that may be missing.
pub fn strings(value: Option<&Value>) -> Vec<u8> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    list(&items.map(string).collect::<Vec<_>>())
}

/// Name and value of each, in the order of their names.
pub fn attributes(facts: &Value) -> Vec<u8> {
    let all: BTreeMap<&String, &Value> =
        facts.get("attributes").and_then(Value::as_object).into_iter().flatten().collect();
    let pair = |(name, value): (&String, &Value)| {
        [number(name.len() as u64), name.as_bytes().to_vec(), string(value)].concat()
    };
    list(&all.into_iter().map(pair).collect::<Vec<_>>())
}

pub fn count(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// When an entry counts as having happened.
pub fn effective(header: &Value) -> Vec<u8> {
    instant(header.get("occurred_at").unwrap_or(&header["recorded_at"]))
}

pub fn actor(header: &Value) -> Option<Vec<u8>> {
    header.get("actor").map(|actor| id(&actor["account"]))
}

/// What every entry has.
pub struct At<'a> {
    pub own: Vec<u8>,
    pub position: u64,
    pub header: &'a Value,
    pub facts: &'a Value,
}

impl At<'_> {
    pub fn fact(&self, name: &str) -> Option<&Value> {
        self.facts.get(name)
    }

    /// A review that somebody passed.
    pub fn pass(&self) -> Option<Pass> {
        let level = text(&self.facts["level"]).to_owned();
        let rest = [strings(self.fact("gates")), string(&self.facts["level"])];
        let row = [actor(self.header)?, rest.concat(), number(self.position)].concat();
        Some(Pass { level, row })
    }
}

#[derive(Clone)]
pub struct Pass {
    pub level: String,
    pub row: Vec<u8>,
}

pub fn passes(all: &[Pass]) -> Vec<u8> {
    list(&all.iter().map(|pass| pass.row.clone()).collect::<Vec<_>>())
}
