//! 形式 — what single values look like: JSON Schema 2020-12, and the same as a check.

use annals_events::account::Duty;
use annals_events::attributes::ATTRIBUTES_MAX;
use annals_events::canonical::Json;
use annals_events::fields::Field;
use annals_events::id::{Stream, parse_uuid};
use annals_events::ledger::Act;
use annals_events::text::{Clause, Day, NAME_CHARS_MAX, PublicName, TEXT_BYTES_MAX, Word};
use annals_events::{Hash, Time};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schema::{check_members, facts, object};

/// Forms of values, in commands and in parameters.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A UUID in lower case with hyphens.
    Uuid,
    /// 64 lower-case hex digits.
    Hash,
    /// So many bytes as lower-case hex.
    Hex(usize),
    /// A whole number that every reader of JSON can hold.
    Integer,
    /// `true` or `false`.
    Flag,
    /// Free text, not empty.
    Text,
    /// A public name.
    Name,
    /// Visible ASCII.
    Word,
    /// An instant as entries write it.
    Time,
    /// Any RFC 3339 instant.
    Instant,
    /// `<thing>/<uuid>`.
    Stream,
    /// `<kind>/<uuid>`, or a UUID alone.
    Subject,
    /// One of a closed list.
    Words(fn() -> Vec<String>),
    /// A word of a profile's vocabulary.
    Term,
    /// A day, `2026-11-24`.
    Day,
    /// The id of an article or rule.
    Clause,
    /// Words by words.
    Attributes,
    /// A list without repetition, of at most so many.
    List(&'static Form, usize),
    /// The facts of a type.
    Facts(&'static [Field]),
    /// Whatever the type behind it takes.
    Any,
}

/// Types of the table of commands. `Option<...>` is not named: the member is then not required.
pub(super) const TYPES: &[(&str, Form)] = &[
    ("Act", Form::Words(words::<Act>)),
    ("Attributes", Form::Attributes),
    ("BodyId", Form::Hash),
    ("Box<Profile>", Form::Any),
    ("Bytes<32>", Form::Hex(32)),
    ("Clause", Form::Clause),
    ("ColumnId", Form::Uuid),
    ("ContentId", Form::Uuid),
    ("Day", Form::Day),
    ("Duty", Form::Words(words::<Duty>)),
    ("Hash", Form::Hash),
    ("OrganisationId", Form::Uuid),
    ("PersonId", Form::Uuid),
    ("PublicName", Form::Name),
    ("SiteId", Form::Uuid),
    ("Sorted<Day,366>", Form::List(&Form::Day, 366)),
    ("Sorted<Hash,32>", Form::List(&Form::Hash, 32)),
    ("Sorted<Word,16>", Form::List(&Form::Term, 16)),
    ("Sorted<Word,32>", Form::List(&Form::Term, 32)),
    ("Stream", Form::Stream),
    ("String", Form::Text),
    ("Time", Form::Time),
    ("Word", Form::Term),
    ("bool", Form::Flag),
    ("u32", Form::Integer),
    ("u64", Form::Integer),
];

/// The words of a closed list, as its own reader tells them.
pub(super) fn words<T: DeserializeOwned>() -> Vec<String> {
    let told = serde_json::from_str::<T>("\"\"").err().map(|error| error.to_string());
    let told = told.unwrap_or_default();
    let expected = told.split_once("expected").map_or("", |(_, rest)| rest);
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

impl Form {
    /// As a schema.
    pub fn schema(self) -> Value {
        match self {
            Form::Uuid => json!({ "type": "string", "pattern": UUID }),
            Form::Hash => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
            Form::Hex(bytes) => {
                json!({ "type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", 2 * bytes) })
            }
            Form::Integer => {
                json!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 })
            }
            Form::Flag => json!({ "type": "boolean" }),
            Form::Text => json!({ "type": "string", "minLength": 1, "maxLength": TEXT_BYTES_MAX }),
            Form::Name => json!({ "type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX }),
            Form::Word => json!({ "type": "string", "pattern": "^[!-~]{1,128}$" }),
            Form::Time => json!({
                "type": "string",
                "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
            }),
            Form::Instant => json!({ "type": "string", "format": "date-time" }),
            Form::Stream => {
                json!({ "type": "string", "pattern": format!("^[a-z_]+/{}", &UUID[1..]) })
            }
            Form::Subject => {
                json!({ "type": "string", "pattern": format!("^([a-z]+/)?{}", &UUID[1..]) })
            }
            Form::Words(words) => json!({ "type": "string", "enum": words() }),
            Form::Term => json!({ "type": "string", "pattern": TERM }),
            Form::Day => json!({ "type": "string", "format": "date" }),
            Form::Clause => json!({ "type": "string", "pattern": "^[A-Za-z0-9.:_-]{1,48}$" }),
            Form::Attributes => json!({
                "type": "object",
                "maxProperties": ATTRIBUTES_MAX,
                "propertyNames": { "pattern": TERM },
                "additionalProperties": { "type": "string", "pattern": TERM },
            }),
            Form::List(item, most) => json!({
                "type": "array", "items": item.schema(), "maxItems": most, "uniqueItems": true,
            }),
            Form::Facts(fields) => object(&facts(fields)),
            Form::Any => json!({}),
        }
    }

    /// Whether a value has this form.
    pub fn holds(self, value: &Json) -> bool {
        let text = |good: &dyn Fn(&str) -> bool| value.text().is_some_and(good);
        let hex = |bytes: usize| {
            let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            text(&|text| text.len() == 2 * bytes && text.bytes().all(digit))
        };
        match self {
            Form::Uuid => text(&|text| parse_uuid(text).is_some()),
            Form::Hash => text(&|text| Hash::from_hex(text).is_some()),
            Form::Hex(bytes) => hex(bytes),
            Form::Integer => matches!(value, Json::Integer(number) if *number >= 0),
            Form::Flag => matches!(value, Json::Bool(_)),
            Form::Text => text(&|text| (1..=TEXT_BYTES_MAX).contains(&text.len())),
            Form::Name => text(&|text| PublicName::new(text).is_ok()),
            Form::Word => text(&|text| {
                (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
            }),
            Form::Time => text(&|text| Time::parse(text).is_some()),
            Form::Instant => text(&|text| Time::from_rfc3339(text).is_some()),
            Form::Stream => text(&|text| text.parse::<Stream>().is_ok()),
            Form::Subject => {
                text(&|text| parse_uuid(text.rsplit('/').next().unwrap_or_default()).is_some())
            }
            Form::Words(words) => text(&|text| words().iter().any(|word| word == text)),
            Form::Term => text(&|text| Word::new(text).is_ok()),
            Form::Day => text(&|text| Day::new(text).is_ok()),
            Form::Clause => text(&|text| Clause::new(text).is_ok()),
            Form::Attributes => match value {
                Json::Object(pairs) => pairs.iter().all(|(name, value)| {
                    Word::new(name.as_str()).is_ok() && Form::Term.holds(value)
                }),
                _ => false,
            },
            Form::List(item, most) => match value {
                Json::List(items) => {
                    items.len() <= most && items.iter().all(|value| item.holds(value))
                }
                _ => false,
            },
            Form::Facts(fields) => check_members(&facts(fields), value).is_ok(),
            Form::Any => true,
        }
    }
}

const TERM: &str = "^[a-z][a-z0-9_]{0,47}$";
const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
