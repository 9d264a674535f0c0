//! 采用前审查 — whether a profile says only what can be judged: every type, attribute, value, role
//! and form it uses is known, and every rule can be reached.

use std::collections::{BTreeMap, BTreeSet};

use annals_events::Event;
use annals_events::account::Duty;
use annals_events::profile::{Profile, When};
use annals_events::text::{AttributeName, TypeName, Word};

use super::SEMANTICS;

/// Why a profile cannot be adopted: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{clause}: {why}")]
pub struct Unfit {
    /// The clause of the rule, or the part of the profile.
    pub clause: String,
    /// What is wrong with it.
    pub why: String,
}

/// Members of facts that rules may ask for, and of what kind their words are.
const MEMBERS: &[(&str, &str)] = &[
    ("reason", "reason"),
    ("role", "role"),
    ("duty", "role"),
    ("level", "level"),
    ("to", "post"),
    ("post", "post"),
    ("authority", "authority"),
    ("ground", "ground"),
    ("evidence", "evidence"),
];
/// Things whose attributes can be asked for from others, with the word they are declared under.
const OTHERS: &[(&str, &str)] = &[
    ("site", "site"),
    ("organisation", "organisation"),
    ("provider", "organisation"),
    ("column", "column"),
    ("account", "account"),
    ("actor", "account"),
];

struct Check<'a> {
    attributes: BTreeMap<(&'a str, &'a str), &'a [Word]>,
    terms: BTreeSet<(&'a str, &'a str)>,
    types: BTreeSet<&'static str>,
    wrong: Vec<Unfit>,
}

/// Everything that is wrong with a profile; nothing, if it can be adopted.
pub fn check(profile: &Profile) -> Vec<Unfit> {
    let attributes = profile.attributes.iter();
    let terms = profile.terms.iter().map(|term| (term.kind.as_str(), term.word.as_str()));
    let mut check = Check {
        attributes: attributes.map(|a| ((a.of.as_str(), a.name.as_str()), &a.values[..])).collect(),
        terms: terms.collect(),
        types: Event::types().collect(),
        wrong: Vec::new(),
    };
    if profile.semantics != SEMANTICS {
        check.wrong("semantics", format!("version {} is not known here", profile.semantics));
    }
    for (kind, rule) in profile.rules() {
        if !rule.covers.contains(rule.clause) {
            check.wrong(rule.clause.as_str(), format!("{kind}: its clause is not among `covers`"));
        }
    }
    check.routes(profile);
    check.permissions(profile);
    check.values(profile);
    check.times(profile);
    check.records(profile);
    check.wrong
}

impl<'a> Check<'a> {
    fn wrong(&mut self, clause: &str, why: impl Into<String>) {
        self.wrong.push(Unfit { clause: clause.to_owned(), why: why.into() });
    }

    fn words(&mut self, clause: &str, kind: &str, words: &[Word]) {
        for word in words {
            let is_duty = kind == "role" && Duty::from_word(word.as_str()).is_some();
            if !is_duty && !self.terms.contains(&(kind, word.as_str())) {
                self.wrong(clause, format!("{word} is no {kind} that the profile names"));
            }
        }
    }

    fn types(&mut self, clause: &str, types: &[TypeName], among: &[&str]) {
        if types.is_empty() {
            self.wrong(clause, "it names no type of entry, so it never applies");
        }
        for name in types {
            let allowed = among.is_empty() || among.contains(&name.as_str());
            if !self.types.contains(name.as_str()) || !allowed {
                self.wrong(clause, format!("{name} is no type of entry that it can be about"));
            }
        }
    }

    fn one_of(&mut self, clause: &str, word: &str, among: &[&str]) {
        if !among.contains(&word) {
            self.wrong(clause, format!("{word} is none of {}", among.join(", ")));
        }
    }

    /// Names and values of a selection, for entries of these types or things of this word.
    fn when(&mut self, clause: &str, when: &When, things: &[&str]) {
        for (name, values) in when {
            if values.is_empty() {
                self.wrong(clause, format!("{name}: no value, so it never applies"));
            }
            self.value(clause, name, values, things);
        }
    }

    fn value(&mut self, clause: &str, name: &AttributeName, values: &[Word], things: &[&str]) {
        let text = name.as_str();
        if matches!(text, "urgent" | "person") {
            let known: &[&str] =
                if text == "urgent" { &["yes", "no"] } else { &["named", "missing"] };
            values.iter().for_each(|value| self.one_of(clause, value.as_str(), known));
            return;
        }
        if let Some((_, kind)) = MEMBERS.iter().find(|(member, _)| *member == text) {
            return self.words(clause, kind, values);
        }
        let of: Vec<(&str, &str)> = match text.split_once('.') {
            Some((other, attribute)) => {
                let other = OTHERS.iter().find(|(word, _)| *word == other);
                other.map(|(_, declared)| (*declared, attribute)).into_iter().collect()
            }
            None => things.iter().map(|thing| (*thing, text)).collect(),
        };
        let declared: Vec<&[Word]> =
            of.iter().filter_map(|key| self.attributes.get(key).copied()).collect();
        if declared.len() < of.len() || of.is_empty() {
            self.wrong(clause, format!("{name} is no attribute that the profile declares there"));
        }
        for value in values {
            if !declared.iter().all(|known| known.contains(value)) {
                self.wrong(clause, format!("{name}: {value} is no value that it declares"));
            }
        }
    }

    fn routes(&mut self, profile: &Profile) {
        for route in &profile.routes {
            let clause = route.clause.as_str();
            let contents = ["content.published", "content.corrected"];
            let messages = ["message.answered", "message.published"];
            let is_message = route.on.iter().any(|name| messages.contains(&name.as_str()));
            self.types(clause, &route.on, if is_message { &messages } else { &contents });
            self.when(clause, &route.when, &[if is_message { "message" } else { "content" }]);
            self.words(clause, "role", &route.publishers);
            self.words(clause, "evidence", &route.evidence);
            let mut levels: BTreeSet<&str> = BTreeSet::from(["author", "publisher"]);
            for step in &route.steps {
                self.words(clause, "level", std::slice::from_ref(&step.level));
                self.words(clause, "gate", &step.gates);
                self.words(clause, "role", &step.roles);
                if step.roles.is_empty() {
                    self.wrong(clause, format!("{}: no role, so nobody can pass it", step.level));
                }
                if !levels.insert(step.level.as_str()) {
                    self.wrong(clause, format!("{}: two steps of one name", step.level));
                }
            }
            for word in route.distinct.iter().flatten() {
                if !levels.contains(word.as_str()) {
                    self.wrong(clause, format!("{word} is no step whose person could differ"));
                }
            }
            if route.steps.is_empty() && route.evidence.is_empty() && route.publishers.is_empty() {
                self.wrong(clause, "a route without a step");
            }
        }
    }

    fn permissions(&mut self, profile: &Profile) {
        for rule in &profile.permissions {
            let clause = rule.clause.as_str();
            if rule.never_together.is_empty() {
                self.types(clause, &rule.on, &[]);
            }
            self.when(clause, &rule.when, &things_of(&rule.on));
            self.words(clause, "role", &rule.roles);
            self.words(clause, "role", &rule.never_together);
        }
        for rule in &profile.preconditions {
            let clause = rule.clause.as_str();
            self.types(clause, &rule.on, &[]);
            self.when(clause, &rule.when, &things_of(&rule.on));
            self.words(clause, "evidence", &rule.evidence);
            self.one_of(clause, rule.of.as_str(), &["stream", "site", "organisation", "actor"]);
            self.when(clause, &rule.with, &[]);
            for name in &rule.after {
                if !name.as_str().starts_with("incident.") || !self.types.contains(name.as_str()) {
                    self.wrong(clause, format!("{name}: only entries of incidents can be `after`"));
                }
            }
            if rule.evidence.is_empty() && rule.after.is_empty() {
                self.wrong(clause, "it asks for nothing");
            }
            let on_incident = rule.on.iter().all(|name| name.as_str().starts_with("incident."));
            if !rule.after.is_empty() && !on_incident {
                self.wrong(clause, "`after` is for entries of incidents only");
            }
        }
    }

    fn values(&mut self, profile: &Profile) {
        for rule in &profile.shapes {
            let clause = rule.clause.as_str();
            self.types(clause, &rule.on, &[]);
            let things = things_of(&rule.on);
            self.when(clause, &rule.when, &things);
            if rule.within.is_some() {
                self.one_of(clause, rule.field.as_str(), &["planned_end"]);
            } else {
                self.value(clause, &rule.field, &rule.one_of, &things);
                self.value(clause, &rule.field, &rule.never, &things);
            }
            let says = rule.required || rule.within.is_some();
            if !says && rule.one_of.is_empty() && rule.never.is_empty() {
                self.wrong(clause, "it demands nothing of the value");
            }
        }
        for rule in &profile.quotas {
            let clause = rule.clause.as_str();
            self.types(clause, &rule.on, &[]);
            self.when(clause, &rule.when, &things_of(&rule.on));
            self.one_of(clause, rule.counts.as_str(), &["site_offlines", "organisation_sites"]);
        }
        for rule in &profile.spans {
            let clause = rule.clause.as_str();
            self.when(clause, &rule.when, &["site"]);
            self.one_of(clause, rule.of.as_str(), &["site_offline", "site_shut_down"]);
            if let Some(becomes) = &rule.becomes {
                self.one_of(clause, becomes.as_str(), &["site_offline"]);
            }
        }
    }

    fn times(&mut self, profile: &Profile) {
        for rule in &profile.deadlines {
            let clause = rule.clause.as_str();
            self.types(clause, std::slice::from_ref(&rule.from), &[]);
            self.types(clause, &rule.met_by, &[]);
            if !rule.waived_by.is_empty() {
                self.types(clause, &rule.waived_by, &[]);
            }
            self.when(clause, &rule.when, &things_of(std::slice::from_ref(&rule.from)));
            self.when(clause, &rule.with, &things_of(&rule.met_by));
            if rule.within.is_some() && rule.until.is_some() {
                self.wrong(clause, "a deadline has either `within` or `until`, or neither");
            }
            if let Some(until) = &rule.until {
                self.one_of(clause, until.as_str(), &["by"]);
                self.one_of(clause, rule.from.as_str(), &["message.reply_promised"]);
            }
        }
        for rule in &profile.freshness {
            self.when(rule.clause.as_str(), &rule.when, &["column"]);
            self.one_of(rule.clause.as_str(), rule.of.as_str(), &["column"]);
        }
        for rule in &profile.retentions {
            let clause = rule.clause.as_str();
            self.types(clause, &rule.on, &["incident.archive_purged"]);
            self.one_of(clause, rule.from.as_str(), &["incident.closed"]);
        }
    }

    fn records(&mut self, profile: &Profile) {
        for rule in &profile.duties {
            let clause = rule.clause.as_str();
            self.one_of(clause, rule.of.as_str(), &["site", "organisation"]);
            self.when(clause, &rule.when, &[rule.of.as_str()]);
            self.words(clause, "evidence", std::slice::from_ref(&rule.evidence));
        }
        for rule in &profile.evidence {
            let clause = rule.clause.as_str();
            let things = ["organisation", "account", "site", "content", "message", "incident"];
            self.one_of(clause, rule.of.as_str(), &things);
            self.words(clause, "evidence", std::slice::from_ref(&rule.kind));
            self.words(clause, "part", &rule.parts);
        }
    }
}

/// The words that attributes of these entries' things are declared under.
fn things_of(types: &[TypeName]) -> Vec<&str> {
    let thing = |name: &TypeName| {
        let thing = name.as_str().split_once('.').map_or("", |(thing, _)| thing);
        if thing == "platform" { "organisation".to_owned() } else { thing.to_owned() }
    };
    let things: BTreeSet<String> = types.iter().map(thing).collect();
    const KNOWN: [&str; 7] =
        ["content", "site", "organisation", "column", "account", "message", "incident"];
    KNOWN.into_iter().filter(|known| things.contains(*known)).collect()
}
