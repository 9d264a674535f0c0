//! What commands look like: JSON Schema 2020-12, and the same as a check that names the member.
//!
//! Schemas are made from the table of commands itself. The names of its types are mapped in
//! `form`; a type without a row fails a test, not a caller.

use std::collections::BTreeMap;

use annals_events::canonical::Json;
use annals_events::command::{Command, DEEDS, DeedKind, Described, Reporting};
use annals_events::fields::Field;
use serde_json::{Value, json};

pub use super::form::Form;
use super::form::TYPES;

/// Commands that are not given over HTTP, and how they are.
const ELSEWHERE: &[(&str, &str)] = &[
    ("rotate_key", "the roots sign it: use `annals key rotate` on the ledger's host"),
    ("open_import", "an import is run by `annals import history` on the ledger's host"),
    ("close_import", "an import is run by `annals import history` on the ledger's host"),
];

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
pub(super) fn facts(fields: &[Field]) -> Vec<Member> {
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

pub(super) fn object(members: &[Member]) -> Value {
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

pub(super) fn check_members(
    members: &[Member],
    given: &Json,
) -> Result<(), (String, &'static str)> {
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
    use annals_events::account::Duty;

    use super::super::form::words;
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
