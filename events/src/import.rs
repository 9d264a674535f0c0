//! 导入 — how a line of an older system's history becomes entries, and what the line fixes in them.

use serde::Deserialize;
use uuid::Uuid;

use crate::canonical::INTEGER_MAX;
use crate::content::{self, Change};
use crate::event::PayloadError;
use crate::hash::Hash;
use crate::id::{CommandKey, ImportId};
use crate::object::Object;
use crate::text::{PATH_BYTES_MAX, TEXT_BYTES_MAX, is_hidden};
use crate::time::Time;

/// Name of the command each line is.
pub const LINE_COMMAND: &str = "import_line";
/// Longest line.
pub const LINE_BYTES_MAX: usize = 65_536;
/// Objects and lists in each other, the line itself the first: what any reader of JSON reads.
pub const LINE_NESTING_MAX: usize = 64;

/// One line of a history, as any CMS can write it; unknown members are kept in the line's text
/// and otherwise ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HistoryLine {
    /// The line's number, from 0, dense.
    pub seq: u64,
    /// When it went live: RFC 3339, with offset.
    pub at: String,
    /// Who wrote it.
    pub author: String,
    /// Who let it go live after review; null or absent where nobody did.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// What happened.
    pub change: Change,
    /// The page.
    pub path: String,
    /// The path before; with `renamed` only.
    #[serde(default)]
    pub from: Option<String>,
    /// The page's title, where it states one.
    #[serde(default)]
    pub title: Option<String>,
    /// SHA-256 of the body as it went live; not with `removed`.
    #[serde(default)]
    pub sha256: Option<Hash>,
    /// Length of the body; not with `removed`.
    #[serde(default)]
    pub bytes: Option<u64>,
}

impl HistoryLine {
    /// Read and check a line; the error names the member.
    pub fn read(text: &str) -> Result<HistoryLine, String> {
        if text.len() > LINE_BYTES_MAX {
            return Err(format!("the line is longer than {LINE_BYTES_MAX} bytes"));
        }
        if nesting(text) > LINE_NESTING_MAX {
            return Err(format!("the line is nested more than {LINE_NESTING_MAX} deep"));
        }
        let Object(line): Object<HistoryLine> =
            serde_json::from_str(text).map_err(|e| e.to_string())?;
        line.check()?;
        Ok(line)
    }

    /// When it went live.
    pub fn at(&self) -> Option<Time> {
        Time::from_rfc3339(&self.at)
    }

    fn check(&self) -> Result<(), String> {
        if self.at().is_none() {
            return Err("at: not an RFC 3339 instant".to_owned());
        }
        let names = [("author", Some(&self.author)), ("approved_by", self.approved_by.as_ref())];
        for (member, name) in names {
            if name.is_some_and(|n| n.is_empty() || n.len() > 512 || n.chars().any(is_hidden)) {
                return Err(format!("{member}: not 1 to 512 bytes of visible characters"));
            }
        }
        for (member, path) in [("path", Some(&self.path)), ("from", self.from.as_ref())] {
            if path.is_some_and(|p| p.is_empty() || p.len() > PATH_BYTES_MAX) {
                return Err(format!("{member}: not 1 to {PATH_BYTES_MAX} bytes"));
            }
        }
        if self.title.as_ref().is_some_and(|t| t.len() > TEXT_BYTES_MAX) {
            return Err(format!("title: longer than {TEXT_BYTES_MAX} bytes"));
        }
        if (self.change == Change::Renamed) != self.from.is_some() {
            return Err("from: with renamed, and only there".to_owned());
        }
        let body = self.change != Change::Removed;
        if body != self.sha256.is_some() || body != self.bytes.is_some() {
            return Err("sha256 and bytes: with every change but removed".to_owned());
        }
        if self.bytes.is_some_and(|bytes| bytes > INTEGER_MAX as u64) {
            return Err("bytes: beyond 2^53 - 1".to_owned());
        }
        Ok(())
    }
}

/// How deep objects and lists stand in each other, if the text is JSON.
fn nesting(text: &str) -> usize {
    let (mut depth, mut most) = (0usize, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                most = most.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// Idempotency key of line `line`: UUIDv8 of SHA-256("annals/import-key/v1\n" || import || line).
pub fn key(import: ImportId, line: u64) -> CommandKey {
    CommandKey(uuid8("annals/import-key/v1\n", import, &[line]))
}

/// Id of a thing that entry `index` of line `line` brings: UUIDv8 of
/// SHA-256("annals/import-id/v1\n" || import || line || index).
pub fn thing_id(import: ImportId, line: u64, index: u32) -> Uuid {
    uuid8("annals/import-id/v1\n", import, &[line, u64::from(index)])
}

/// Nonce of the digest of line `line`: SHA-256("annals/import-nonce/v1\n" || secret || line).
pub fn nonce(secret: &Hash, line: u64) -> Hash {
    Hash::of(&[b"annals/import-nonce/v1\n", &secret.0, &line.to_be_bytes()])
}

fn uuid8(title: &str, import: ImportId, numbers: &[u64]) -> Uuid {
    let mut text = title.as_bytes().to_vec();
    text.extend_from_slice(import.0.as_bytes());
    for number in numbers {
        text.extend_from_slice(&number.to_be_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&Hash::of(&[&text]).0[..16]);
    uuid::Builder::from_custom_bytes(id).into_uuid()
}

/// The line's text in the private part of a content entry.
pub fn line_text(private: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Line {
        line: Option<String>,
    }
    serde_json::from_slice::<Line>(private).ok()?.line
}

/// Does a content entry say what its line says? Compared: type against change, time, path, former
/// path, title, length, whether there was an approver. Persons and bodies are named by ids, which
/// the line does not know.
pub fn check_content(
    event: &content::Event,
    private: &[u8],
    occurred_at: Option<Time>,
    line: &HistoryLine,
) -> Result<(), &'static str> {
    let imported = event.imported().ok_or("an imported entry names import, line and author")?;
    if imported.change != line.change || imported.line != line.seq {
        return Err("change or line differs from the line");
    }
    if imported.approver.is_some() != line.approved_by.is_some() {
        return Err("the approver differs from the line");
    }
    if occurred_at != line.at() {
        return Err("occurred_at differs from the line");
    }
    if !type_fits(event, line.change) {
        return Err("the type does not fit the change");
    }
    if let content::Event::Withdrawn(_) = event {
        let text = read::<content::Reason>(event.kind(), private)?;
        let same = text.path.as_deref() == Some(line.path.as_str()) && text.reason.is_none();
        return same.then_some(()).ok_or("the path differs from the line");
    }
    let text = read::<content::PageText>(event.kind(), private)?;
    if text.path != line.path || text.title != line.title || text.from != line.from {
        return Err("path, from or title differs from the line");
    }
    match event {
        content::Event::Published(shown) | content::Event::Corrected(shown) => {
            (Some(shown.bytes) == line.bytes).then_some(()).ok_or("bytes differs from the line")
        }
        _ => Ok(()),
    }
}

fn type_fits(event: &content::Event, change: Change) -> bool {
    use content::Event::{Corrected, Moved, Published, Withdrawn};
    matches!(
        (event, change),
        (Published(_), Change::Created | Change::Renamed | Change::Updated)
            | (Corrected(_), Change::Updated | Change::Renamed)
            | (Moved(_), Change::Renamed)
            | (Withdrawn(_), Change::Removed)
    )
}

fn read<T: serde::Serialize + serde::de::DeserializeOwned>(
    kind: &str,
    private: &[u8],
) -> Result<T, &'static str> {
    crate::event::read_exact(kind, "private", private)
        .map_err(|_: PayloadError| "the private part is not of its type")
}

#[cfg(test)]
mod tests {
    use super::HistoryLine;

    /// As `tests/other/self_test.py` has them: whatever one reader takes the other must.
    #[test]
    fn a_line_is_read_whatever_its_other_members_are() {
        let line = |more: &str| {
            let sha256 = "a".repeat(64);
            format!(
                "{{\"seq\":0,\"at\":\"2020-01-01T00:00:00Z\",\"author\":\"x\",\
                 \"change\":\"created\",\"path\":\"p\",\"sha256\":\"{sha256}\",\"bytes\":3{more}}}"
            )
        };
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for more in [
            String::new(),
            ",\"z\":-0".to_owned(),
            format!(",\"z\":{}", "9".repeat(5_000)),
            format!(",\"z\":{}", nested(63)),
            ",\"z\":\"\\ud800\"".to_owned(),
            ",\"z\":1e999999".to_owned(),
            format!(",\"z\":\"\\\"{}\"", "[".repeat(99)),
        ] {
            assert!(HistoryLine::read(&line(&more)).is_ok(), "{more}");
        }
        for more in [
            format!(",\"z\":[{}]", nested(63)),
            format!(",\"z\":{}", nested(5_000)),
            ",\"\\ud800\":1".to_owned(),
            ",\"z\":NaN".to_owned(),
            ",\"z\":\"\u{1}\"".to_owned(),
            ",\"seq\":0".to_owned(),
        ] {
            assert!(HistoryLine::read(&line(&more)).is_err(), "{more}");
        }
        let long = format!("\"seq\":{}", "9".repeat(5_000));
        for (was, now) in [
            ("\"seq\":0", "\"seq\":-0"),
            ("\"seq\":0", &long),
            (":3", ":-0"),
            (":3", ":3.0"),
            ("00Z", "00\u{2212}08:00"),
            ("00Z", "00+24:00"),
        ] {
            assert!(HistoryLine::read(&line("").replace(was, now)).is_err(), "{now}");
        }
    }
}
