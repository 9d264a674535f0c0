//! What values look like: JSON Schema 2020-12, and the same as a check that names the member.
//!
//! Schemas of commands are made from the table of commands itself. The names of its types are
//! mapped here; a type without a row fails a test, not a caller.

use std::collections::BTreeMap;

use annals_events::account::Duty;
use annals_events::attributes::ATTRIBUTES_MAX;
use annals_events::canonical::Json;
use annals_events::command::{Command, DEEDS, DeedKind, Described, Reporting};
use annals_events::fields::Field;
use annals_events::id::{Stream, parse_uuid};
use annals_events::ledger::Act;
use annals_events::text::{Clause, Day, NAME_CHARS_MAX, PublicName, TEXT_BYTES_MAX, Word};
use annals_events::{Hash, Time};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

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
const TYPES: &[(&str, Form)] = &[
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

/// Commands that are not given over HTTP, and how they are.
const ELSEWHERE: &[(&str, &str)] = &[
    ("rotate_key", "the roots sign it: use `annals key rotate` on the ledger's host"),
    ("open_import", "an import is run by `annals import history` on the ledger's host"),
    ("close_import", "an import is run by `annals import history` on the ledger's host"),
];

/// The words of a closed list, as its own reader tells them.
fn words<T: DeserializeOwned>() -> Vec<String> {
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

/// A member of a command.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name on the wire.
    pub name: String,
    /// What it looks like.
    pub form: Form,
    /// Whether it must be there.
    pub is_required: bool,
    /// What it means.
    pub doc: String,
}

/// A command as callers see it.
#[derive(Clone, Debug)]
pub struct CommandForm {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub doc: String,
    /// Its members.
    pub members: Vec<Member>,
}

/// The command of this name.
pub fn described(name: &str) -> Option<CommandForm> {
    let plain = Command::TABLE.iter().find(|described| described.name == name);
    plain.map(of_table).or_else(|| DeedKind::of(name).map(of_deed))
}

fn of_table(described: &'static Described) -> CommandForm {
    let (doc, members) = (comment(described.notes), members(described));
    CommandForm { name: described.name, doc, members }
}

fn of_deed(kind: &'static DeedKind) -> CommandForm {
    let member = |name: &str, form, is_required, doc: &str| Member {
        name: name.to_owned(),
        form,
        is_required,
        doc: doc.to_owned(),
    };
    let says = "opinion, reason, description, question or answer";
    let mut members =
        vec![member("facts", Form::Facts(kind.fields), true, "the facts of the entry it writes")];
    members.push(member("note", Form::Text, false, says));
    if kind.reporting != Reporting::Never {
        let says = "when it happened, where that is not now";
        members.push(member("occurred_at", Form::Time, false, says));
    }
    let doc = match kind.reporting {
        Reporting::Never => format!("does what {} says", kind.writes),
        _ => format!("reports what {} says", kind.writes),
    };
    CommandForm { name: kind.name, doc, members }
}

/// The members of facts.
fn facts(fields: &[Field]) -> Vec<Member> {
    let member = |field: &Field| Member {
        name: field.name.to_owned(),
        form: form_of(&plain(field.form).0).unwrap_or(Form::Any),
        is_required: field.is_required(),
        doc: field.says.trim().to_owned(),
    };
    fields.iter().map(member).collect()
}

/// Why a command is not given over HTTP, if it is not.
pub fn elsewhere(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(known, _)| *known == name).map(|(_, why)| *why)
}

/// Names of all commands that are given over HTTP.
pub fn names() -> Vec<String> {
    let plain = Command::TABLE.iter().map(|described| described.name);
    let all = plain.chain(DEEDS.iter().map(|kind| kind.name));
    all.filter(|name| elsewhere(name).is_none()).map(str::to_owned).collect()
}

/// The comment among attributes.
pub fn comment(notes: &[&str]) -> String {
    let lines = notes.iter().filter(|note| note.trim_start().starts_with("doc"));
    let quoted = lines.filter_map(|note| {
        let (begin, end) = (note.find('"')?, note.rfind('"')?);
        Some(note.get(begin + 1..end)?.trim().to_owned())
    });
    quoted.collect::<Vec<String>>().join(" ")
}

/// The name of a type as `TYPES` has it, and whether it may be left out.
fn plain(kind: &str) -> (String, bool) {
    let kind: String = kind.chars().filter(|c| !c.is_whitespace()).collect();
    match kind.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
        Some(inner) => (inner.to_owned(), true),
        None => (kind, false),
    }
}

fn form_of(kind: &str) -> Option<Form> {
    TYPES.iter().find(|(known, _)| *known == kind).map(|(_, form)| *form)
}

fn members(described: &Described) -> Vec<Member> {
    let member = |(name, kind, notes): &(&str, &str, &[&str])| {
        let (kind, is_optional) = plain(kind);
        // Whatever its reader fills in may be left out as well.
        let is_filled =
            notes.iter().any(|note| note.starts_with("serde") && note.contains("default"));
        Member {
            name: name.trim_start_matches("r#").to_owned(),
            form: form_of(&kind).unwrap_or(Form::Any),
            is_required: !is_optional && !is_filled,
            doc: comment(notes),
        }
    };
    described.fields.iter().map(member).collect()
}

/// The schema of a command, without the draft's name.
pub fn of_command(command: &CommandForm) -> Value {
    let mut schema = object(&command.members);
    schema["title"] = json!(command.name);
    schema["description"] = json!(command.doc);
    schema
}

fn object(members: &[Member]) -> Value {
    let properties: BTreeMap<&str, Value> = members
        .iter()
        .map(|member| {
            let mut schema = member.form.schema();
            schema["description"] = json!(member.doc);
            (member.name.as_str(), schema)
        })
        .collect();
    let required: Vec<&str> =
        members.iter().filter(|m| m.is_required).map(|m| m.name.as_str()).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The first member that is not as the schema says: its name, and what is wrong. What a caller
/// named otherwise is not repeated.
pub fn check(command: &CommandForm, given: &Json) -> Result<(), (String, &'static str)> {
    check_members(&command.members, given)
}

fn check_members(members: &[Member], given: &Json) -> Result<(), (String, &'static str)> {
    let Json::Object(given) = given else {
        return Err((String::new(), "not an object"));
    };
    for member in members {
        match given.get(&member.name) {
            None if member.is_required => return Err((member.name.clone(), "is missing")),
            Some(value) if !member.form.holds(value) => return Err(wrong(member, value)),
            _ => {}
        }
    }
    if given.keys().any(|name| !members.iter().any(|member| member.name == *name)) {
        return Err((String::new(), "has a member that this command does not have"));
    }
    Ok(())
}

/// Of facts, the member that is wrong.
fn wrong(member: &Member, value: &Json) -> (String, &'static str) {
    if let Form::Facts(fields) = member.form
        && let Err((inner, why)) = check_members(&facts(fields), value)
        && !inner.is_empty()
    {
        return (format!("{}.{inner}", member.name), why);
    }
    (member.name.clone(), "has another form than the schema says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_table_has_a_form() {
        for described in Command::TABLE {
            for (name, kind, notes) in described.fields {
                let is_mapped = form_of(&plain(kind).0).is_some();
                assert!(is_mapped, "{}.{name}: give {kind} a row in TYPES", described.name);
                assert!(!comment(notes).is_empty(), "{}.{name}: no comment", described.name);
            }
            assert!(!comment(described.notes).is_empty(), "{}: no comment", described.name);
        }
        for (kind, field) in
            DEEDS.iter().flat_map(|kind| kind.fields.iter().map(move |f| (kind, f)))
        {
            let is_mapped = form_of(&plain(field.form).0).is_some();
            assert!(is_mapped, "{}.{}: give {} a row in TYPES", kind.name, field.name, field.form);
        }
        assert!(ELSEWHERE.iter().all(|(name, _)| described(name).is_some()));
    }

    #[test]
    fn a_closed_list_is_told_by_its_reader() {
        for word in words::<Duty>() {
            assert_eq!(Duty::from_word(&word).map(Duty::word), Some(word.as_str()));
        }
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        let open = described("open_column").expect("a command");
        let site = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (text, said) in [
            (format!(r#"{{"site":"{site}","title":"要闻"}}"#), None),
            (format!(r#"{{"site":"{site}"}}"#), Some("title")),
            (format!(r#"{{"site":"{site}","title":""}}"#), Some("title")),
            (format!(r#"{{"site":"{site}x","title":"a"}}"#), Some("site")),
            (format!(r#"{{"site":"{site}","title":"a","secret":1}}"#), Some("")),
            ("[]".to_owned(), Some("")),
        ] {
            let json = Json::read(text.as_bytes()).expect("JSON");
            let found = check(&open, &json).err().map(|(name, _)| name);
            assert_eq!(found.as_deref(), said, "{text}");
        }
    }
}
