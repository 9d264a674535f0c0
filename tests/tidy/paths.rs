//! The paths that Rust code names, groups taken apart.

use std::iter::Peekable;
use std::str::Chars;

/// Whether `path` ends in, or passes through, the `wanted` segments.
pub fn names_path(path: &str, wanted: &str) -> bool {
    format!("::{path}::").contains(&format!("::{wanted}::"))
}

/// All paths in code: `use a::{b, c::d as e}` gives `a::b` and `a::c::d`, with their lines.
pub fn flat_paths(code: &str) -> Vec<(usize, String)> {
    let mut walk = Walk::default();
    let mut line = 1;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' || (c == '*' && walk.is_open()) {
            walk.path.push(c);
        } else if c == ':' && chars.peek() == Some(&':') && !walk.is_open() {
            chars.next();
            walk.path += "::";
        } else if c == '{' {
            walk.open_group(line);
        } else if !(c.is_whitespace() && (walk.is_open() || colons_follow(&chars))) {
            walk.take(line);
            if c == '}' {
                walk.prefixes.pop();
            }
        }
        line += usize::from(c == '\n');
    }
    walk.take(line);
    walk.found
}

#[derive(Default)]
struct Walk {
    /// What stands before each open brace, to be put before the paths inside.
    prefixes: Vec<String>,
    /// The path being read.
    path: String,
    /// Whether the last word was `as`: the next one is a new name, no path.
    after_as: bool,
    found: Vec<(usize, String)>,
}

impl Walk {
    /// The path goes on: after `::` there may be white space, a group or a star.
    fn is_open(&self) -> bool {
        self.path.ends_with("::")
    }

    fn open_group(&mut self, line: usize) {
        if self.is_open() {
            let prefix = self.whole();
            self.prefixes.push(prefix);
            self.path.clear();
        } else {
            self.take(line);
            self.prefixes.push(String::new());
        }
    }

    fn take(&mut self, line: usize) {
        if self.path.is_empty() {
            return;
        }
        let whole = self.whole();
        let is_as = self.path == "as";
        if whole.contains("::") && !is_as && !self.after_as {
            self.found.push((line, whole));
        }
        self.after_as = is_as;
        self.path.clear();
    }

    fn whole(&self) -> String {
        format!("{}{}", self.prefixes.last().map_or("", String::as_str), self.path)
    }
}

fn colons_follow(chars: &Peekable<Chars<'_>>) -> bool {
    let mut ahead = chars.clone();
    while ahead.next_if(|c| c.is_whitespace()).is_some() {}
    ahead.next() == Some(':') && ahead.next() == Some(':')
}

#[test]
fn groups_of_paths_are_taken_apart() {
    let code =
        "use crate::{a, b::{c, d as e}};\nfn f() { crate ::g::h(); std::\n  fs::read() }\nj::k{}";
    let expected = [
        (1, "crate::a"),
        (1, "crate::b::c"),
        (1, "crate::b::d"),
        (2, "crate::g::h"),
        (3, "std::fs::read"),
        (4, "j::k"),
    ];
    assert_eq!(flat_paths(code), expected.map(|(line, path)| (line, path.to_owned())));
    assert!(names_path("std::fs::read", "std::fs") && !names_path("std::fsx", "std::fs"));
}
