//! Paths of pages into names of files that cannot leave their folder nor hide.

use std::collections::HashSet;

use annals_events::text::is_hidden;

/// Longest part of a file's name.
const PART_BYTES_MAX: usize = 255;

/// Names that differ in case only are one name on some file systems.
fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Percent-encode what is unsafe in a path: `%`, `\`, control and hidden characters, empty parts,
/// `.` and `..`, names reserved elsewhere, parts that are too long.
pub fn encode_path(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encode_part).collect();
    parts.join("/")
}

fn encode_part(part: &str) -> String {
    if part.is_empty() {
        return "%2F".to_owned();
    }
    let all = part == "." || part == ".." || is_reserved(part);
    let mut out = String::with_capacity(part.len());
    for (at, c) in part.char_indices() {
        let last = at + c.len_utf8() == part.len();
        let trailing = last && matches!(c, '.' | ' ') && part.len() > 1;
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
    let most = PART_BYTES_MAX - digest.len() - 3;
    let mut end = most;
    while !encoded.is_char_boundary(end) {
        end -= 1;
    }
    // A cut must not leave half of an escape behind.
    let begin = encoded[..end].trim_end_matches(|c: char| c.is_ascii_hexdigit());
    let begin = begin.trim_end_matches('%');
    format!("{begin}%7E{digest}")
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
}

impl FileNames {
    /// The name, or the name with a number where it would collide.
    pub fn free(&mut self, name: &str) -> String {
        let mut candidate = name.to_owned();
        let mut number = 1;
        while self.is_taken(&candidate) {
            number += 1;
            candidate = format!("{name}%7E{number}");
        }
        let folded = fold(&candidate);
        for (at, _) in folded.match_indices('/') {
            self.folders.insert(folded[..at].to_owned());
        }
        self.files.insert(folded);
        candidate
    }

    fn is_taken(&self, name: &str) -> bool {
        let folded = fold(name);
        let mut parents = folded.match_indices('/').map(|(at, _)| &folded[..at]);
        self.files.contains(&folded)
            || self.folders.contains(&folded)
            || parents.any(|parent| self.files.contains(parent))
    }
}
