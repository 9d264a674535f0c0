//! Paths of pages into names of files that cannot leave their folder nor hide.

use std::collections::{HashMap, HashSet};

use annals_events::text::is_hidden;

/// Longest part of a file's name.
const PART_BYTES_MAX: usize = 255;
/// Longest name with all its parts: file systems take 4,096 bytes with the folder in front.
const NAME_BYTES_MAX: usize = 2_048;

/// Names that differ in case only are one name on some file systems.
fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Percent-encode what is unsafe in a path: `%`, `\`, control and hidden characters, empty parts,
/// `.` and `..`, names reserved elsewhere, parts that are too long. A path too long as a whole
/// becomes its digest.
pub fn encode_path(path: &str) -> String {
    // `sha256sum -c` would read standard input.
    if path == "-" {
        return "%2D".to_owned();
    }
    let parts: Vec<String> = path.split('/').map(encode_part).collect();
    let name = parts.join("/");
    if name.len() > NAME_BYTES_MAX { shorten(path, "") } else { name }
}

fn encode_part(part: &str) -> String {
    if part.is_empty() {
        return "%2F".to_owned();
    }
    let all = part == "." || part == ".." || is_reserved(part);
    let mut out = String::with_capacity(part.len());
    for (at, c) in part.char_indices() {
        let last = at + c.len_utf8() == part.len();
        let trailing = last && matches!(c, '.' | ' ');
        let unsafe_here = matches!(c, '%' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        if (all && (at == 0 || c == '.')) || trailing || unsafe_here || is_hidden(c) {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    if out.len() > PART_BYTES_MAX { shorten(part, &out) } else { out }
}

/// Too long for a file system: its beginning and its digest.
fn shorten(part: &str, encoded: &str) -> String {
    let digest = annals_events::Hash::of(&[part.as_bytes()]).to_string();
    with_suffix(encoded, &format!("%7E{digest}"))
}

/// A part and what tells it from others, within the bytes a part may have.
fn with_suffix(part: &str, suffix: &str) -> String {
    let end = part.floor_char_boundary(PART_BYTES_MAX - suffix.len());
    // A cut must not leave half of an escape behind.
    let whole = match part[..end].rfind('%') {
        Some(at) if end < part.len() && end - at < 3 => at,
        _ => end,
    };
    format!("{}{suffix}", &part[..whole])
}

fn is_reserved(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |name: &str| {
        stem.strip_prefix(name)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Names given out so far: none twice, none that differs in case only, none that is a folder of
/// another.
#[derive(Default)]
pub struct FileNames {
    files: HashSet<String>,
    folders: HashSet<String>,
    /// The number that was free when a name collided last, by the folded name and whether it was
    /// to be a file: no name is ever given back, so no lower one is free again.
    numbers: HashMap<(String, bool), u64>,
}

impl FileNames {
    /// The name, or the name with a number at each part where it would collide: a file cannot
    /// stand where a folder does, nor the other way round.
    pub fn free(&mut self, name: &str) -> String {
        let parts: Vec<&str> = name.split('/').collect();
        let mut out = String::with_capacity(name.len());
        for (index, part) in parts.iter().enumerate() {
            let is_file = index + 1 == parts.len();
            let mut candidate = format!("{out}{part}");
            if self.is_taken(&fold(&candidate), is_file) {
                let collided = (fold(&candidate), is_file);
                let mut number = self.numbers.get(&collided).copied().unwrap_or(2);
                loop {
                    candidate = format!("{out}{}", with_suffix(part, &format!("%7E{number}")));
                    if !self.is_taken(&fold(&candidate), is_file) {
                        break;
                    }
                    number += 1;
                }
                self.numbers.insert(collided, number);
            }
            if is_file {
                self.files.insert(fold(&candidate));
                return candidate;
            }
            self.folders.insert(fold(&candidate));
            out = format!("{candidate}/");
        }
        out
    }

    fn is_taken(&self, folded: &str, is_file: bool) -> bool {
        self.files.contains(folded) || is_file && self.folders.contains(folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free_all(paths: &[&str]) -> Vec<String> {
        let mut names = FileNames::default();
        paths.iter().map(|path| names.free(&encode_path(path))).collect()
    }

    #[test]
    fn unsafe_parts_are_encoded() {
        let long = "长".repeat(100);
        for (path, name) in [
            ("about/team.html", "about/team.html"),
            ("政务/要闻.html", "政务/要闻.html"),
            ("../etc/passwd", "%2E%2E/etc/passwd"),
            ("a/../b", "a/%2E%2E/b"),
            ("./a", "%2E/a"),
            ("/etc/passwd", "%2F/etc/passwd"),
            ("a//b", "a/%2F/b"),
            ("a/", "a/%2F"),
            ("a\\..\\b", "a%5C..%5Cb"),
            ("100%", "100%25"),
            ("CON", "%43ON"),
            ("con.tar.gz", "%63on%2Etar%2Egz"),
            ("LPT1/x", "%4CPT1/x"),
            ("COM", "COM"),
            ("a.", "a%2E"),
            ("a ", "a%20"),
            (" ", "%20"),
            ("-", "%2D"),
            ("a:b*c?d\"e<f>g|h", "a%3Ab%2Ac%3Fd%22e%3Cf%3Eg%7Ch"),
            ("a\nb\0c", "a%0Ab%00c"),
            ("a\u{202e}b\u{200b}", "a%E2%80%AEb%E2%80%8B"),
        ] {
            assert_eq!(encode_path(path), name);
        }
        let name = encode_path(&long);
        assert!(name.len() <= PART_BYTES_MAX && name.starts_with("长长"), "{name}");
        assert_ne!(encode_path(&format!("{long}甲")), encode_path(&format!("{long}乙")));
    }

    #[test]
    fn a_path_too_long_as_a_whole_becomes_its_digest() {
        let deep = "a/".repeat(2_047);
        let hidden = "\u{202e}".repeat(1_365);
        let names =
            [encode_path(&deep), encode_path(&hidden), encode_path(&deep.replace('a', "b"))];
        for name in &names {
            assert!(name.len() <= NAME_BYTES_MAX, "{name}");
        }
        assert_ne!(names[0], names[2]);
    }

    #[test]
    fn a_cut_never_leaves_half_of_an_escape() {
        for before in 0..8 {
            let name = encode_path(&format!("{}{}", "x".repeat(before), "\u{1}".repeat(120)));
            let (escapes, _) = name.trim_start_matches('x').rsplit_once("%7E").expect("a digest");
            assert!(escapes.len().is_multiple_of(3), "{name}");
            assert_eq!(escapes, "%01".repeat(escapes.len() / 3));
        }
    }

    #[test]
    fn names_that_collide_are_numbered() {
        assert_eq!(free_all(&["a", "A", "a"]), ["a", "A%7E2", "a%7E3"]);
        assert_eq!(free_all(&["a", "a/b", "a/c"]), ["a", "a%7E2/b", "a%7E2/c"]);
        assert_eq!(free_all(&["a/b/c", "A/B", "A"]), ["a/b/c", "A/B%7E2", "A%7E2"]);
        assert_eq!(free_all(&["x/y", "x/y/z/w"]), ["x/y", "x/y%7E2/z/w"]);
        assert_eq!(free_all(&["Ärger", "ärger"]), ["Ärger", "ärger%7E2"]);
    }

    /// Each name is probed a few times, not once for each name before it.
    #[test]
    fn as_many_variants_of_one_name_as_there_are_get_one_name_each() {
        let letters = "abcdefghijklmno";
        let variant = |bits: usize| -> String {
            let upper = |(at, c): (usize, char)| {
                if bits >> at & 1 == 1 { c.to_ascii_uppercase() } else { c }
            };
            letters.chars().enumerate().map(upper).collect()
        };
        let mut names = FileNames::default();
        for bits in 0..1 << letters.len() {
            let name = variant(bits);
            let number = bits + 1;
            let numbered = format!("{name}%7E{number}");
            assert_eq!(names.free(&name), if number == 1 { name } else { numbered });
        }
        assert_eq!(names.free("abcdefghijklmno/page"), "abcdefghijklmno%7E32769/page");
    }

    #[test]
    fn a_numbered_name_is_no_longer_than_a_part_may_be() {
        let long = "n".repeat(255);
        for name in free_all(&[&long, &long.to_uppercase(), &format!("{long}/x")]) {
            assert!(name.split('/').all(|part| part.len() <= PART_BYTES_MAX), "{name}");
        }
    }
}
