//! What must not be left lying about, and what the project does not speak of.

use super::Finding;
use super::tree::{File, Tree};

/// Notes to oneself, by word.
const NOTES: &[&str] = &["TODO", "FIXME", "XXX"];

/// Macros that do not ship.
const MACROS: &[&str] = &["dbg!", "todo!", "unimplemented!"];

/// The project speaks of itself: not of the machine it was written on, nor of where packages are
/// fetched, nor of who or what typed it. In two halves, so that this page passes its own check.
const ELSEWHERE: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("index.", "crates.io"),
    ("static.", "crates.io"),
    ("py", "pi.org"),
    ("files.python", "hosted.org"),
    ("registry.", "npmjs.org"),
    ("proxy.", "golang.org"),
    ("deb.", "debian.org"),
    ("cla", "ude"),
    ("anth", "ropic"),
    ("open", "ai"),
    ("chat", "gpt"),
    ("copi", "lot"),
    ("ll", "m"),
    ("language ", "model"),
    ("system ", "prompt"),
    ("context ", "window"),
    ("session ", "budget"),
    ("token ", "budget"),
    ("helper ", "agent"),
    ("sub", "agent"),
    ("ai-", "generated"),
    ("co-authored", "-by"),
];

/// Nothing unfinished ships, and no test is switched off.
pub fn leftovers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| !file.is_foreign()) {
        let path = &file.path;
        if is_program(file) && !file.is_test() {
            for (line, text) in numbered(&file.text) {
                for note in NOTES.iter().filter(|note| has_word(text, note)) {
                    findings.push(format!("{path}:{line}: {note}: do it, or delete the note"));
                }
            }
        }
        let Some(source) = &file.source else { continue };
        for (line, code) in numbered(&source.code) {
            if code.contains("#[ignore") {
                findings.push(format!("{path}:{line}: ignored test: run it or delete it"));
            }
        }
        if file.is_test() {
            continue;
        }
        for (line, code) in numbered(&source.shipped) {
            for name in MACROS.iter().filter(|name| has_word(code, name)) {
                findings.push(format!("{path}:{line}: {name}: finish it"));
            }
            if code.contains(".unwrap()") {
                findings.push(format!("{path}:{line}: unwrap: use ? or expect(\"why it holds\")"));
            }
        }
    }
    findings
}

/// No page or program mentions what is not of the project.
pub fn outside_world(tree: &Tree) -> Vec<Finding> {
    let banned: Vec<String> = ELSEWHERE.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| !file.is_foreign()) {
        for (line, text) in numbered(&file.text) {
            let text = text.to_lowercase();
            for word in banned.iter().filter(|word| has_word(&text, word)) {
                findings.push(format!("{}:{line}: {word} is not ours: reword", file.path));
            }
        }
    }
    findings
}

/// The console works without any other host.
pub fn console_hosts(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.is_under("src/console") && !file.is_foreign()) {
        let names_host = |text: &str| {
            let text = text.replace("http://www.w3.org/", "");
            ["http://", "https://", "\"//", "url(//"].iter().any(|begin| text.contains(begin))
        };
        let lines: Vec<usize> = match &file.source {
            Some(source) => {
                let literals = source.literals.iter().filter(|l| names_host(&l.text));
                literals.map(|literal| literal.line).collect()
            }
            None => numbered(&file.text).filter(|(_, t)| names_host(t)).map(|(n, _)| n).collect(),
        };
        for line in lines {
            findings.push(format!("{}:{line}: names a host: ship the file instead", file.path));
        }
    }
    findings
}

fn is_program(file: &File) -> bool {
    file.has_extension(&["rs", "sql", "py", "sh", "html", "css", "js", "toml", "yml"])
        || file.text.starts_with("#!")
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Whether `word` occurs and is not part of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let starts = is_part(word.chars().next());
    let ends = is_part(word.chars().next_back());
    text.match_indices(word).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !(starts && is_part(before) || ends && is_part(after))
    })
}

#[cfg(test)]
mod tests {
    use super::super::said;
    use super::{console_hosts, leftovers, outside_world};

    #[test]
    fn nothing_unfinished_ships() {
        let bad = [
            (
                "src/a.rs",
                "// TODO: later, not TODOS\nfn a() { dbg!(b.unwrap()); }\n\
                 #[cfg(test)]\nmod t { fn c() { d.unwrap(); } }\n",
            ),
            ("migrations/sqlite/1_a.sql", "-- FIXME\n"),
            ("tests/a.rs", "// TODO\n#[test]\n#[ignore]\nfn a() { b.unwrap(); }\n"),
        ];
        assert_eq!(
            said(leftovers, &bad),
            "migrations/sqlite/1_a.sql:1: FIXME: do it, or delete the note\n\
             src/a.rs:1: TODO: do it, or delete the note\n\
             src/a.rs:2: dbg!: finish it\n\
             src/a.rs:2: unwrap: use ? or expect(\"why it holds\")\n\
             tests/a.rs:3: ignored test: run it or delete it"
        );
    }

    #[test]
    fn the_project_speaks_of_itself() {
        let folder = ["see /wo", "rk/a\n"].concat();
        let host = ["fetched from Static.", "crates.io\nOpenAPI and allmost\n"].concat();
        let bad = [("README.md", &*folder), ("src/a.rs", &*host)];
        let expected = [
            ["README.md:1: /wo", "rk/ is not ours: reword\n"].concat(),
            ["src/a.rs:1: static.", "crates.io is not ours: reword"].concat(),
        ];
        assert_eq!(said(outside_world, &bad), expected.concat());
    }

    #[test]
    fn the_console_names_no_host() {
        let bad = [
            (
                "src/console/a.html",
                "<script src=\"//x.cn/a.js\">\n<svg xmlns=\"http://www.w3.org/2000/svg\">",
            ),
            ("src/console/mod.rs", "// https://a.cn\nconst A: &str = \"https://a.cn\";\n"),
        ];
        assert_eq!(
            said(console_hosts, &bad),
            "src/console/a.html:1: names a host: ship the file instead\n\
             src/console/mod.rs:2: names a host: ship the file instead"
        );
    }
}
