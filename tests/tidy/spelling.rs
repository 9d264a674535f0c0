//! Names: British spelling, one meaning a word, events that say what happened.
//!
//! Only names that we define are looked at; what other crates call their things is theirs.

use super::Finding;
use super::source::Source;
use super::tree::{File, Tree};

/// Beginnings of American words and what stands here instead. `serialize` is serde's word.
const AMERICAN: &[(&str, &str)] = &[
    ("organiz", "organis"),
    ("authoriz", "authoris"),
    ("recogniz", "recognis"),
    ("summariz", "summaris"),
    ("normaliz", "normalis"),
    ("canonicaliz", "canonicalis"),
    ("finaliz", "finalis"),
    ("initializ", "initialis"),
    ("standardiz", "standardis"),
    ("categoriz", "categoris"),
    ("synchroniz", "synchronis"),
    ("optimiz", "optimis"),
    ("analyz", "analys"),
    ("behavior", "behaviour"),
    ("color", "colour"),
    ("favor", "favour"),
    ("honor", "honour"),
    ("center", "centre"),
    ("defense", "defence"),
    ("canceled", "cancelled"),
    ("canceling", "cancelling"),
    ("labeled", "labelled"),
    ("fulfillment", "fulfilment"),
];

/// Words that have another meaning here or none, in names of types and modules.
const TYPE_WORDS: &[(&str, &str)] = &[
    ("record", "entry (or row)"),
    ("records", "entries (or rows)"),
    ("projector", "follower"),
    ("subscription", "follower"),
    ("aggregate", "the name of the thing"),
    ("user", "account, or person"),
    ("reprint", "repost"),
    ("util", "what it does"),
    ("utils", "what it does"),
    ("helper", "what it does"),
    ("helpers", "what it does"),
    ("misc", "what it does"),
    ("manager", "what it does"),
];

/// Words that no name contains, with what to write.
const ANY_WORDS: &[(&str, &str)] = &[
    ("workorder", "work_order"),
    ("mgr", "what it does"),
    ("msg", "detail, or entry"),
    ("cnt", "count"),
    ("cfg", "config"),
    ("usr", "account"),
    ("pwd", "password"),
    ("idx", "index"),
];

/// A name that a file defines.
struct Defined<'a> {
    line: usize,
    name: &'a str,
    is_type: bool,
    /// The enum, where the name is one of its variants.
    variant_of: Option<&'a str>,
}

/// Names are spelled the British way.
pub fn spelling(tree: &Tree) -> Vec<Finding> {
    each_name(tree, |file, defined| {
        let words = split(defined.name);
        let (american, british) =
            AMERICAN.iter().find(|(begin, _)| words.iter().any(|word| word.starts_with(begin)))?;
        let Defined { line, name, .. } = defined;
        Some(format!("{}:{line}: {name}: write {british}, not {american}", file.path))
    })
}

/// A word means one thing: see "Words" in CONTRIBUTING.md.
pub fn one_meaning(tree: &Tree) -> Vec<Finding> {
    each_name(tree, |file, defined| {
        let words = split(defined.name);
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        let type_words = if defined.is_type { TYPE_WORDS } else { &[] };
        let mut banned = type_words.iter().chain(ANY_WORDS).copied();
        let (word, instead) = banned.find(|(word, _)| has(word)).or_else(|| {
            let alone = |at: usize| {
                words[at] == "domain"
                    && words.get(at + 1).is_none_or(|next| !next.starts_with("name"))
            };
            (0..words.len()).any(alone).then_some(("domain", "domain_name, or rules, or context"))
        })?;
        let Defined { line, name, .. } = defined;
        Some(format!("{}:{line}: {name}: instead of {word} write {instead}", file.path))
    })
}

/// Events say what changed; what a fold can compute is no event.
pub fn event_names(tree: &Tree) -> Vec<Finding> {
    each_name(tree, |file, defined| {
        if !file.is_under("events/src") || !defined.variant_of?.ends_with("Event") {
            return None;
        }
        let last = split(defined.name).pop()?;
        let Defined { line, name, .. } = defined;
        match last.as_str() {
            "updated" => Some(format!("{}:{line}: {name}: say what changed", file.path)),
            // An incident is detected by somebody; that is an act.
            "detected" if file.name() != "incident.rs" => {
                Some(format!("{}:{line}: {name}: let a board compute it", file.path))
            }
            _ => None,
        }
    })
}

fn each_name(tree: &Tree, judge: impl Fn(&File, &Defined<'_>) -> Option<Finding>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.rust().filter(|(file, _)| !file.is_test()) {
        findings.extend(defined(source).iter().filter_map(|defined| judge(file, defined)));
    }
    findings
}

/// Items, bindings, fields and variants outside test modules.
fn defined(source: &Source) -> Vec<Defined<'_>> {
    const TYPES: &[&str] = &["struct", "enum", "trait", "type", "mod"];
    const OTHERS: &[&str] = &["fn", "const", "static", "let", "mut"];
    let mut found = Vec::new();
    let mut in_enum: Option<(&str, usize)> = None;
    let mut depth = 0;
    for (index, text) in source.shipped.lines().enumerate() {
        let line = index + 1;
        let trimmed = text.trim_start();
        let words: Vec<&str> =
            trimmed.split(|c: char| !is_word(c)).filter(|w| !w.is_empty()).collect();
        for pair in words.windows(2) {
            let (is_type, name) = (TYPES.contains(&pair[0]), pair[1]);
            // `let Name { .. } =` takes apart a type; it defines no name of that spelling.
            let takes_apart = pair[0] == "let" && name.starts_with(char::is_uppercase);
            if is_type || (OTHERS.contains(&pair[0]) && !takes_apart) {
                found.push(Defined { line, name, is_type, variant_of: None });
            }
            if pair[0] == "enum" && in_enum.is_none() {
                in_enum = Some((name, depth));
            }
        }
        let first = trimmed.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        let name = &first[..first.find(|c: char| !is_word(c)).unwrap_or(first.len())];
        let after = first[name.len()..].trim_start();
        let is_field = after.starts_with(':') && !after.starts_with("::");
        let of = in_enum.filter(|(_, outer)| depth == outer + 1).map(|(name, _)| name);
        if !name.is_empty() && (is_field || of.is_some()) {
            found.push(Defined { line, name, is_type: false, variant_of: of });
        }
        let opened = text.matches('{').count();
        depth = (depth + opened).saturating_sub(text.matches('}').count());
        if in_enum.is_some_and(|(_, outer)| depth <= outer && text.contains('}')) {
            in_enum = None;
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `WorkOrder` and `work_order` are the words `work` and `order`.
fn split(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::super::said;
    use super::{event_names, one_meaning, spelling};

    #[test]
    fn names_are_british() {
        let bad = [
            (
                "src/a.rs",
                "use x::Color;\npub struct OrganizationName {\n    pub color: Color,\n}\n\
                 fn serialize() { let Color { a } = normalize(); let center = 1; }\n",
            ),
            ("tests/a.rs", "fn color() {}\n"),
        ];
        assert_eq!(
            said(spelling, &bad),
            "src/a.rs:2: OrganizationName: write organis, not organiz\n\
             src/a.rs:3: color: write colour, not color\n\
             src/a.rs:5: center: write centre, not center"
        );
    }

    #[test]
    fn a_word_means_one_thing() {
        let bad = [(
            "src/a.rs",
            "struct AuditRecord;\nfn record_entry() {}\nmod utils;\nconst LEAF_DOMAIN: u8 = 0;\n\
             enum A {\n    DomainName(u8),\n    FindingRecorded,\n    UserMsg,\n}\n",
        )];
        assert_eq!(
            said(one_meaning, &bad),
            "src/a.rs:1: AuditRecord: instead of record write entry (or row)\n\
             src/a.rs:3: utils: instead of utils write what it does\n\
             src/a.rs:4: LEAF_DOMAIN: instead of domain write domain_name, or rules, or context\n\
             src/a.rs:8: UserMsg: instead of msg write detail, or entry"
        );
    }

    #[test]
    fn an_event_says_what_happened() {
        let bad = [
            (
                "events/src/site.rs",
                "pub enum Event {\n    Opened { facts: F },\n    AddressUpdated,\n    \
                 OverdueDetected(A),\n}\nenum Change {\n    Updated,\n}\n",
            ),
            ("events/src/incident.rs", "pub enum Event {\n    Detected,\n}\n"),
        ];
        assert_eq!(
            said(event_names, &bad),
            "events/src/site.rs:3: AddressUpdated: say what changed\n\
             events/src/site.rs:4: OverdueDetected: let a board compute it"
        );
    }
}
