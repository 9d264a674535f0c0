//! An export as lines, each with what it holds; and every way here to spoil them.

use std::ops::Range;

use annals_events::Hash;
use serde_json::Value;

use super::Rng;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot {
    First,
    Entry(u64),
    /// The body that this entry names.
    Body(u64),
    End,
}

/// What a verifier must say; tampered: where first, and the word where there is no choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    Unusable,
    At(u64, Option<&'static str>),
}

/// A spoiled export: what was done, what came of it, what must be said.
pub struct Case {
    pub name: String,
    pub bytes: Vec<u8>,
    pub expected: Expected,
}
/// A sound export, taken apart.
pub struct Lines {
    pub lines: Vec<Vec<u8>>,
    pub spots: Vec<Spot>,
    pub size: u64,
}

impl Lines {
    pub fn of(export: &[u8]) -> Lines {
        let text = export.strip_suffix(b"\n").expect("a last newline");
        let lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let mut size = 0;
        let spots = lines.iter().enumerate().map(|(at, line)| {
            if at == 0 {
                Spot::First
            } else if line.starts_with(b"{\"body\":") {
                Spot::Body(size - 1)
            } else if line.starts_with(b"{\"end\":") {
                Spot::End
            } else {
                size += 1;
                Spot::Entry(size - 1)
            }
        });
        let spots = spots.collect();
        Lines { lines, spots, size }
    }

    pub fn bytes(lines: &[Vec<u8>]) -> Vec<u8> {
        lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect()
    }

    /// A byte of this line is changed, or the line is missing.
    pub fn position(&self, at: usize) -> u64 {
        match self.spots[at] {
            Spot::Entry(p) | Spot::Body(p) => p,
            Spot::First | Spot::End => self.size,
        }
    }

    pub fn all(&self, wanted: fn(Spot) -> bool) -> Vec<usize> {
        (0..self.lines.len()).filter(|at| wanted(self.spots[*at])).collect()
    }

    pub fn entries(&self) -> Vec<usize> {
        self.all(|spot| matches!(spot, Spot::Entry(_)))
    }

    pub fn bodies(&self) -> Vec<usize> {
        self.all(|spot| matches!(spot, Spot::Body(_)))
    }

    /// With one line replaced; half the time the end line is made to fit.
    fn with(&self, at: usize, line: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
        let mut lines = self.lines.clone();
        lines[at] = line;
        if rng.next().is_multiple_of(2) && self.spots[at] != Spot::End {
            reseal(&mut lines);
        }
        Lines::bytes(&lines)
    }
}

/// Make number of lines and digest in the end line fit what stands before it.
pub fn reseal(lines: &mut [Vec<u8>]) {
    let Some((end, before)) = lines.split_last_mut() else { return };
    let Ok(mut value) = serde_json::from_slice::<Value>(end) else { return };
    value["end"]["lines"] = before.len().into();
    value["end"]["sha256"] = Hash::of(&[&Lines::bytes(before)]).to_string().into();
    *end = value.to_string().into_bytes();
}

/// Where the value of a member of the line itself stands, without its quotes. Names inside the
/// strings of a line have a backslash before their quotes.
pub fn value_of(line: &[u8], member: &str) -> Option<Range<usize>> {
    let title = format!("\"{member}\":");
    let start = line.windows(title.len()).position(|found| found == title.as_bytes())?;
    let start = start + title.len();
    if line[start] != b'"' {
        let length = line[start..].iter().position(|byte| b",}".contains(byte))?;
        return Some(start..start + length);
    }
    let mut at = start + 1;
    while line[at] != b'"' {
        at += if line[at] == b'\\' { 2 } else { 1 };
    }
    Some(start + 1..at)
}

fn flip(line: &[u8], range: Range<usize>, rng: &mut Rng) -> Vec<u8> {
    let mut line = line.to_vec();
    line[rng.below(range)] ^= 1 + rng.below(0..255) as u8;
    line
}

/// One byte of each member of entry and body lines, `times` each; and anywhere in such lines.
pub fn flipped(export: &Lines, times: usize, rng: &mut Rng) -> Vec<Case> {
    const ENTRY: [&str; 7] =
        ["header", "key", "value", "facts", "facts_salt", "private", "private_salt"];
    const BODY: [&str; 3] = ["body", "salt", "base64"];
    let mut cases = Vec::new();
    let mut put = |at: usize, member: &str, line: Vec<u8>, rng: &mut Rng| {
        cases.push(Case {
            name: format!("a byte of {member} of {:?}", export.spots[at]),
            bytes: export.with(at, line, rng),
            expected: Expected::At(export.position(at), None),
        });
    };
    for (members, lines) in [(&ENTRY[..], export.entries()), (&BODY[..], export.bodies())] {
        for member in members {
            for _ in 0..times {
                let (at, range) = loop {
                    let at = *rng.pick(&lines);
                    let line = &export.lines[at];
                    let range = value_of(line, member).expect("a member");
                    if !line[range.clone()].starts_with(b"null") {
                        break (at, range);
                    }
                };
                let line = flip(&export.lines[at], range, rng);
                put(at, member, line, rng);
            }
        }
        for _ in 0..2 * times {
            let at = *rng.pick(&lines);
            let line = flip(&export.lines[at], 0..export.lines[at].len(), rng);
            put(at, "anything", line, rng);
        }
    }
    cases
}

/// The first line and the end line, byte by byte of their members.
pub fn framed(export: &Lines, times: usize, rng: &mut Rng) -> Vec<Case> {
    let mut cases = Vec::new();
    let first = &export.lines[0];
    for _ in 0..2 * times {
        let line = flip(first, 0..first.len(), rng);
        let read = serde_json::from_slice::<Value>(&line).ok();
        let size = read.as_ref().and_then(|read| read["size"].as_u64());
        let origin = read.as_ref().and_then(|read| read["origin"].as_str().map(str::to_owned));
        let same = serde_json::from_slice::<Value>(first).expect("JSON");
        let expected = match (read, size, origin) {
            (Some(read), Some(size), Some(origin))
                if read["annals_export"] == 1
                    && size > 0
                    && annals_events::entry::origin_is_good(&origin)
                    && read.as_object().is_some_and(|members| members.len() == 3) =>
            {
                if *origin != same["origin"] {
                    Expected::At(0, Some("origin"))
                } else {
                    Expected::At(size.min(export.size), None)
                }
            }
            _ => Expected::Unusable,
        };
        let name = format!("first line {}", String::from_utf8_lossy(&line));
        cases.push(Case { name, bytes: export.with(0, line, rng), expected });
    }
    let at = export.lines.len() - 1;
    let end = &export.lines[at];
    for (member, what) in [
        ("size", Some("end")),
        ("head", Some("end")),
        ("lines", Some("end")),
        ("sha256", Some("end")),
        ("checkpoint", None),
        ("digest", None),
    ] {
        for _ in 0..times {
            let mut range = value_of(end, member).expect("a member");
            if member == "checkpoint" {
                // What follows is the cosigner's line; see below.
                let text = &end[range.clone()];
                let lines = "\u{2014} ledger.example.gov.cn/test/cosigner".as_bytes();
                let cut = text.windows(lines.len()).position(|found| found == lines);
                range.end = range.start + cut.expect("a cosigner") - 2;
            }
            cases.push(Case {
                name: format!("a byte of {member} of the end line"),
                bytes: export.with(at, flip(end, range, rng), rng),
                expected: Expected::At(export.size, what),
            });
        }
    }
    cases
}

/// Lines dropped, swapped, repeated, inserted; bytes cut off or added.
pub fn moved(export: &Lines, times: usize, rng: &mut Rng) -> Vec<Case> {
    let count = export.lines.len();
    let mut cases = Vec::new();
    let mut put = |name: String, mut lines: Vec<Vec<u8>>, position, what, rng: &mut Rng| {
        if rng.next().is_multiple_of(2) {
            reseal(&mut lines);
        }
        let expected = Expected::At(position, what);
        cases.push(Case { name, bytes: Lines::bytes(&lines), expected });
    };
    let mut some: Vec<usize> = vec![1, count - 2, count - 3];
    some.extend((0..2 * times).map(|_| rng.below(1..count - 1)));
    some.push(*rng.pick(&export.bodies()));
    for at in some {
        let (spot, position) = (export.spots[at], export.position(at));
        let mut lines = export.lines.clone();
        lines.remove(at);
        let what = if matches!(spot, Spot::Body(_)) { Some("body") } else { None };
        put(format!("{spot:?} dropped"), lines, position, what, rng);
        let mut lines = export.lines.clone();
        lines.insert(at, lines[at].clone());
        let awaited =
            matches!(spot, Spot::Entry(_)) && matches!(export.spots[at + 1], Spot::Body(_));
        let again = if awaited { position } else { position + 1 };
        put(format!("{spot:?} repeated"), lines, again, None, rng);
        let other = rng.below(1..count);
        let (one, two) = (at.min(other), at.max(other));
        if one != two {
            let mut lines = export.lines.clone();
            lines.swap(one, two);
            let name = format!("{:?} and {:?} swapped", export.spots[one], export.spots[two]);
            put(name, lines, export.position(one), None, rng);
        }
        for extra in [&b""[..], b"{}", b"null", b"\xff", b"[[[[[[[["] {
            let mut lines = export.lines.clone();
            lines.insert(at, extra.to_vec());
            put(format!("{extra:?} before {spot:?}"), lines, position, Some("line"), rng);
        }
    }
    let mut lines = export.lines.clone();
    lines.insert(1, lines[0].clone());
    put("the first line repeated".to_owned(), lines, 0, Some("line"), rng);
    cases.extend(cut(export, times, rng));
    cases
}

fn cut(export: &Lines, times: usize, rng: &mut Rng) -> Vec<Case> {
    let whole = Lines::bytes(&export.lines);
    let n = export.size;
    let mut cases = Vec::new();
    let mut put = |name: String, bytes: Vec<u8>, expected| {
        cases.push(Case { name, bytes, expected });
    };
    let at = |what| Expected::At(n, Some(what));
    let end = export.lines.last().expect("an end line");
    put("no end line".into(), whole[..whole.len() - end.len() - 1].to_vec(), at("truncated"));
    put("no last newline".into(), whole[..whole.len() - 1].to_vec(), at("end"));
    for extra in [&b"\n"[..], b" ", b"x", &[end, &b"\n"[..]].concat()] {
        put("something after the end".into(), [&whole, extra].concat(), at("trailing"));
    }
    let mut without = export.lines.clone();
    without.remove(0);
    put("no first line".into(), Lines::bytes(&without), Expected::Unusable);
    put("nothing".into(), Vec::new(), Expected::Unusable);
    for _ in 0..3 * times {
        let length = rng.below(1..whole.len());
        let bytes = whole[..length].to_vec();
        let line = bytes.iter().filter(|byte| **byte == b'\n').count();
        let inside = bytes.last() != Some(&b'\n');
        let read = export.entries().iter().filter(|at| **at < line).count() as u64;
        let expected = match export.spots[line] {
            Spot::First => Expected::Unusable,
            Spot::End if inside => at("end"),
            _ if inside => Expected::At(export.position(line), Some("line")),
            _ => Expected::At(read, Some("truncated")),
        };
        put(format!("cut off at byte {length}"), bytes, expected);
    }
    for _ in 0..times {
        // Cut between two lines, with the old end line or one made to fit.
        let keep = rng.below(1..export.lines.len() - 1);
        let mut lines = export.lines[..keep].to_vec();
        let read = export.entries().iter().filter(|at| **at < keep).count() as u64;
        put(format!("{keep} lines"), Lines::bytes(&lines), Expected::At(read, Some("truncated")));
        lines.push(end.clone());
        reseal(&mut lines);
        let awaited = matches!(export.spots[keep], Spot::Body(_));
        let position = if awaited { read - 1 } else { read };
        let what = if awaited { "body" } else { "end" };
        let name = format!("{keep} lines and an end line");
        put(name, Lines::bytes(&lines), Expected::At(position, Some(what)));
    }
    cases
}

/// Members repeated, missing, unknown, empty or of another kind, in the line and in the header.
pub fn misspelt(export: &Lines, times: usize, rng: &mut Rng) -> Vec<Case> {
    let mut cases = Vec::new();
    let lines = [export.entries(), export.bodies(), vec![export.lines.len() - 1]].concat();
    for _ in 0..times {
        for (from, to) in [
            ("}", ",\"x\":1}"),
            ("}", ",\"salt\":null}"),
            ("{\"", "{\"x\":[],\""),
            ("{\"", "{{\"\""),
            ("\":\"", "\":null,\"x\":\""),
            ("\":\"", "\":[\""),
            (":", "::"),
            ("\"", "'"),
        ] {
            let at = *rng.pick(&lines);
            let line = String::from_utf8(export.lines[at].clone()).expect("UTF-8");
            let line = if from == "}" {
                format!("{}{to}", line.strip_suffix('}').expect("an object"))
            } else {
                line.replacen(from, to, 1)
            };
            let what = if export.spots[at] == Spot::End { "end" } else { "line" };
            cases.push(Case {
                name: format!("{from} is {to} in {:?}", export.spots[at]),
                bytes: export.with(at, line.into_bytes(), rng),
                expected: Expected::At(export.position(at), Some(what)),
            });
        }
        let at = *rng.pick(&export.entries());
        let member = *rng.pick(&["header", "facts", "facts_salt", "private", "private_salt"]);
        let line: Value = serde_json::from_slice(&export.lines[at]).expect("JSON");
        for (how, value) in [("missing", None), ("null", Some(Value::Null))] {
            let mut line = line.as_object().expect("an object").clone();
            match value {
                Some(null) if line[member] != null => line.insert(member.to_owned(), null),
                Some(_) => continue,
                None => line.remove(member),
            };
            cases.push(Case {
                name: format!("{member} {how} in {:?}", export.spots[at]),
                bytes: export.with(at, Value::from(line).to_string().into_bytes(), rng),
                expected: Expected::At(export.position(at), Some("line")),
            });
        }
        for change in HEADER {
            let at = *rng.pick(&export.entries());
            let mut line: Value = serde_json::from_slice(&export.lines[at]).expect("JSON");
            let header = line["header"].as_str().expect("a header");
            let changed = header.replacen(change.0, change.1, 1);
            assert_ne!(header, changed);
            line["header"] = changed.into();
            cases.push(Case {
                name: format!(
                    "{} is {} in the header of {:?}",
                    change.0, change.1, export.spots[at]
                ),
                bytes: export.with(at, line.to_string().into_bytes(), rng),
                expected: Expected::At(export.position(at), Some("header")),
            });
        }
    }
    cases
}

/// Changes inside the header's own text: each leaves JSON that says something else, or no header.
const HEADER: &[(&str, &str)] = &[
    ("\"v\":1", "\"v\":1,\"v\":1"),
    ("\"v\":1", "\"v\":1,\"w\":1"),
    ("\"v\":1", "\"v\":2"),
    ("\"v\":1", "\"v\": 1"),
    ("\"v\":1", "\"v\":1.0"),
    ("\"v\":1,", ""),
    ("\"schema\":1", "\"schema\":0"),
    ("\"epoch\":\"", "\"epoch\":\"0"),
    ("{\"", "{\"\":0,\""),
    ("\"type\":\"", "\"type\":\"x"),
    ("\"origin\":\"l", "\"origin\":\"L"),
    ("\"origin\":\"l", "\"origin\":\"\u{6cd5}"),
    ("\"origin\":\"l", "\"origin\":\"\\u006c"),
    ("\"id\":\"0", "\"id\":\"g"),
    ("\"recorded_at\":\"2", "\"recorded_at\":\"+2"),
];
