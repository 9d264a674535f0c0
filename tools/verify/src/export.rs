//! Reading an export: lines become items, bytes are counted and hashed on the way.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{SyncSender, sync_channel};

use annals_events::canonical::INTEGER_MAX;
use annals_events::hash::Bytes;
use annals_events::id::Number;
use annals_events::ledger::FoldDigest;
use annals_events::object::Object;
use annals_events::{Hash, Part, RawEntry};
use annals_projections::chain::Breach;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, de};
use sha2::{Digest, Sha256};

use crate::auditor::{Auditor, End, Item, Options, Policy, RawBody, Source};
use crate::check::Placed;
use crate::report::Report;

/// Longest line read: a body of 64 MiB in base64, and its id and salt.
const LINE_BYTES_MAX: u64 = 90 * 1024 * 1024;
/// Items and bytes handed on together.
const CHUNK_ITEMS: usize = 2_048;
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstLine {
    annals_export: u32,
    origin: String,
    #[serde(deserialize_with = "int")]
    size: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureMember {
    key: Hash,
    value: Bytes<64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    header: String,
    signature: Object<SignatureMember>,
    facts: String,
    facts_salt: Hash,
    #[serde(deserialize_with = "required")]
    private: Option<String>,
    #[serde(deserialize_with = "required")]
    private_salt: Option<Hash>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyLine {
    body: Hash,
    salt: Hash,
    base64: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: Object<EndMember>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndMember {
    #[serde(deserialize_with = "int")]
    size: u64,
    head: Hash,
    #[serde(deserialize_with = "int")]
    lines: u64,
    sha256: Hash,
    checkpoint: String,
    state: Vec<Object<FoldDigest>>,
}

/// `null` is written, never left out.
fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(d)
}

/// No integer of the format is larger.
fn int<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let int = u64::deserialize(d)?;
    if int > INTEGER_MAX as u64 {
        return Err(de::Error::custom("an integer beyond 2^53 - 1"));
    }
    Ok(int)
}

/// What the reading thread found at the end.
struct Ending {
    end: Option<End>,
    trailing: Option<Placed>,
}

/// Audit an export from any reader. Lines are read and parsed on a thread of their own.
pub fn audit_export(
    input: impl BufRead + Send,
    policy: Policy,
    options: Options,
) -> io::Result<Report> {
    let mut reader = Lines { input, sha: Sha256::new(), number: 0, buffer: Vec::new() };
    let first = match reader.next()? {
        Some(line) => read_object::<FirstLine>(line),
        None => Err("it is empty".to_owned()),
    };
    let first = match first {
        Ok(first) if first.size == 0 => {
            return Ok(Report::unusable("an export has at least one entry"));
        }
        Ok(first) if !annals_events::entry::origin_is_good(&first.origin) => {
            return Ok(Report::unusable("the first line is not an export's: a bad origin"));
        }
        Ok(first) if first.annals_export == 1 => first,
        Ok(first) => {
            let version = first.annals_export;
            return Ok(Report::unusable(format!("export version {version} is not known here")));
        }
        Err(detail) => {
            return Ok(Report::unusable(format!("the first line is not an export's: {detail}")));
        }
    };
    let mut auditor = Auditor::new(Source::Export, policy, options);
    let (sender, receiver) = sync_channel::<Vec<Item>>(2);
    let ending = std::thread::scope(|scope| {
        let reading = scope.spawn(move || read_items(reader, &first, &sender));
        for items in receiver {
            auditor.chunk(items);
            if auditor.is_done() {
                break;
            }
        }
        reading.join().unwrap_or_else(|_| Err(io::Error::other("the reading thread broke off")))
    })?;
    Ok(auditor.finish(ending.end, ending.trailing))
}

fn read_items<R: BufRead>(
    mut reader: Lines<R>,
    first: &FirstLine,
    sender: &SyncSender<Vec<Item>>,
) -> io::Result<Ending> {
    let mut chunk = Chunk { items: Vec::new(), bytes: 0, sender };
    let mut entries = 0;
    let mut ending = Ending { end: None, trailing: None };
    loop {
        let before = reader.sha.clone();
        let number = reader.number + 1;
        let Some(line) = reader.next()? else { break };
        let length = line.len();
        if entries == first.size && !is_body(line) && read_body(line, number).is_err() {
            ending = read_end(line, number, &before, first, entries);
            break;
        }
        let item = match read_item(line, number) {
            Ok(Item::Entry { raw, line, key, .. }) => {
                let extra = (entries == 0).then(|| origin_differs(&raw, first)).flatten();
                entries += 1;
                Item::Entry { raw, line, key, extra }
            }
            Ok(item) => item,
            Err(_) if read_object::<EndLine>(line).is_ok() => {
                ending = read_end(line, number, &before, first, entries);
                break;
            }
            Err(detail) => Item::Broken { line: number, detail },
        };
        let broken = matches!(item, Item::Broken { .. });
        if !chunk.push(item, length) || broken {
            break;
        }
    }
    if ending.end.is_some() && ending.trailing.is_none() && reader.next()?.is_some() {
        let breach = Breach::new("trailing", "something follows the end line");
        ending.trailing = Some(Placed { position: entries, line: Some(reader.number), breach });
    }
    chunk.send();
    Ok(ending)
}

fn read_object<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    let object: Result<Object<T>, _> = serde_json::from_slice(line);
    object.map(|object| object.0).map_err(|error| error.to_string())
}

fn is_body(line: &[u8]) -> bool {
    line.starts_with(b"{\"body\":")
}

/// An entry or a body; members may come in any order, so the beginning tells nothing for sure.
fn read_item(line: &[u8], number: u64) -> Result<Item, String> {
    if is_body(line) {
        return read_body(line, number);
    }
    read_entry(line, number).or_else(|detail| read_body(line, number).map_err(|_| detail))
}

fn origin_differs(raw: &RawEntry, first: &FirstLine) -> Option<Breach> {
    let header = annals_events::Header::parse(&raw.header).ok()?;
    (header.origin != first.origin)
        .then(|| Breach::new("origin", format!("the first line says {}", first.origin)))
}

fn read_entry(line: &[u8], number: u64) -> Result<Item, String> {
    let line: EntryLine = read_object(line)?;
    let private = match (line.private, line.private_salt) {
        (Some(text), Some(salt)) => Some(Part { salt: salt.0, bytes: text.into_bytes() }),
        (None, None) => None,
        _ => return Err("private and private_salt go together".to_owned()),
    };
    let raw = RawEntry {
        header: line.header.into_bytes(),
        signature: line.signature.0.value.0,
        facts: Part { salt: line.facts_salt.0, bytes: line.facts.into_bytes() },
        private,
    };
    Ok(Item::Entry { raw, line: Some(number), key: Some(line.signature.0.key), extra: None })
}

fn read_body(line: &[u8], number: u64) -> Result<Item, String> {
    let line: BodyLine = read_object(line)?;
    let bytes = BASE64.decode(line.base64.as_bytes()).map_err(|e| e.to_string())?;
    let body = RawBody { id: line.body, salt: line.salt.0, bytes };
    Ok(Item::Body { body, line: Some(number) })
}

fn read_end(line: &[u8], number: u64, before: &Sha256, first: &FirstLine, entries: u64) -> Ending {
    let placed = |what, detail: String| {
        let breach = Breach::new(what, detail);
        Some(Placed { position: entries, line: Some(number), breach })
    };
    let bad = |detail| placed("end", detail);
    let end = match read_object::<EndLine>(line) {
        Ok(line) => line.end.0,
        Err(detail) => {
            // Where a body is awaited, a line nobody can read is not its absence.
            let what = if read_entry(line, number).is_ok() { "end" } else { "line" };
            return Ending { end: None, trailing: placed(what, detail) };
        }
    };
    let sha256 = Hash(before.clone().finalize().into());
    let wrong = if end.size != first.size {
        bad(format!("size {}, the first line says {}", Number(end.size), Number(first.size)))
    } else if end.lines != number - 1 {
        bad(format!("lines {}, counted {}", Number(end.lines), Number(number - 1)))
    } else if end.sha256 != sha256 {
        bad(format!("the bytes before the end line hash to {sha256}"))
    } else {
        None
    };
    let end = End {
        size: end.size,
        head: end.head,
        checkpoint: Some(end.checkpoint),
        state: end.state.into_iter().map(|fold| fold.0).collect(),
        line: Some(number),
    };
    Ending { end: Some(end), trailing: wrong }
}

struct Chunk<'a> {
    items: Vec<Item>,
    bytes: usize,
    sender: &'a SyncSender<Vec<Item>>,
}

impl Chunk<'_> {
    /// `false` when nobody listens any more.
    fn push(&mut self, item: Item, bytes: usize) -> bool {
        self.items.push(item);
        self.bytes += bytes;
        if self.items.len() >= CHUNK_ITEMS || self.bytes >= CHUNK_BYTES {
            return self.send();
        }
        true
    }

    fn send(&mut self) -> bool {
        self.bytes = 0;
        self.sender.send(std::mem::take(&mut self.items)).is_ok()
    }
}

struct Lines<R> {
    input: R,
    sha: Sha256,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its newline. A last line without one is answered with a byte that
    /// no line may hold, so that it cannot be read as one.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.clear();
        let read = self.input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.sha.update(&self.buffer);
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if read as u64 == LINE_BYTES_MAX {
            return Err(io::Error::other("a line is longer than 90 MiB"));
        } else {
            self.buffer.push(0);
        }
        Ok(Some(&self.buffer))
    }
}
