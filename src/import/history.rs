//! The two files of a history, read with bounds: changes (kept in memory), bodies (streamed).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use annals_events::import::HistoryLine;
use annals_events::object::Object;
use annals_events::{Hash, Time, entry};
use data_encoding::BASE64;
use serde::Deserialize;

use crate::app::random;
use crate::error::Failure;
use crate::store::{Body, SharedStore};

/// Largest file of changes.
const CHANGES_BYTES_MAX: u64 = 2 << 30;
/// Longest line of a file of bodies: 64 MiB as base64.
const BODY_LINE_MAX: u64 = 90 << 20;
/// Bytes of bodies handed on together.
const PAGE_BYTES: usize = 16 << 20;

/// Where a body of the history is known to be.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its id.
    pub id: Hash,
    /// Its length, where the bytes were seen.
    pub length: Option<u64>,
    /// Whether it is still an upload.
    pub is_upload: bool,
}

/// The changes of a history, checked line by line.
pub struct History {
    text: String,
    lines: Vec<(std::ops::Range<usize>, HistoryLine)>,
    source: Hash,
    known: BTreeMap<Hash, Known>,
}

impl History {
    /// Read and check every line before anything is written.
    pub fn read(path: &Path) -> Result<History, Failure> {
        let name = path.display();
        let named = |detail: String| Failure::input(format!("--changes {name}: {detail}"));
        let file = File::open(path).map_err(|e| named(e.to_string()))?;
        let mut bytes = Vec::new();
        let read = file.take(CHANGES_BYTES_MAX).read_to_end(&mut bytes);
        let read = read.map_err(|e| named(e.to_string()))?;
        if read as u64 == CHANGES_BYTES_MAX {
            return Err(named("larger than 2 GiB".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count();
            named(format!("line {line}: not UTF-8"))
        })?;
        let source = Hash::of(&[text.as_bytes()]);
        let mut lines = Vec::new();
        let mut start = 0;
        for piece in text.split_inclusive('\n') {
            let number = lines.len() as u64;
            let wrong = |detail: String| named(at_line(number, &detail));
            let line = piece.strip_suffix('\n').unwrap_or(piece);
            let parsed = HistoryLine::read(line).map_err(&wrong)?;
            if parsed.seq != number {
                return Err(wrong(format!("seq is {}, lines count from 0", parsed.seq)));
            }
            lines.push((start..start + line.len(), parsed));
            start += piece.len();
        }
        if lines.is_empty() {
            return Err(named("no lines".to_owned()));
        }
        Ok(History { text, lines, source, known: BTreeMap::new() })
    }

    /// Number of lines.
    pub fn len(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Never: an empty file is refused.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// SHA-256 of the whole file.
    pub fn source(&self) -> Hash {
        self.source
    }

    /// The exact text of a line.
    pub fn text(&self, line: u64) -> Option<&str> {
        self.line(line).map(|(text, _)| text)
    }

    /// A line, as text and parsed.
    pub fn line(&self, line: u64) -> Option<(&str, &HistoryLine)> {
        let (range, parsed) = self.lines.get(usize::try_from(line).ok()?)?;
        Some((&self.text[range.clone()], parsed))
    }

    /// Every line must have happened before this.
    pub fn check_times(&self, cut_over: Time) -> Result<(), Failure> {
        let late = |line: &HistoryLine| line.at().is_none_or(|at| at >= cut_over);
        match self.lines.iter().position(|(_, line)| late(line)) {
            Some(line) => {
                Err(Failure::input(format!("line {line}: at: not before the cut-over {cut_over}")))
            }
            None => Ok(()),
        }
    }

    /// Plain digests that any line names.
    pub fn digests(&self) -> BTreeSet<Hash> {
        self.lines.iter().filter_map(|(_, line)| line.sha256).collect()
    }

    /// A body that is evidence already.
    pub fn know(&mut self, digest: Hash, id: Hash) {
        self.known.insert(digest, Known { id, length: None, is_upload: false });
    }

    /// Bodies that lines `from..end` name and whose length nobody has seen, with their digests.
    pub fn unmeasured(&self, from: u64, end: u64) -> BTreeSet<([u8; 32], Hash)> {
        let digests = self.span(from, end).filter_map(|(_, line)| line.sha256);
        let named = digests.filter_map(|digest| Some((self.known.get(&digest)?, digest)));
        let unseen = named.filter(|(known, _)| known.length.is_none());
        unseen.map(|(known, digest)| (known.id.0, digest)).collect()
    }

    /// The body of this digest has this length.
    pub fn measure(&mut self, digest: Hash, length: u64) {
        if let Some(known) = self.known.get_mut(&digest) {
            known.length = Some(length);
        }
    }

    /// The body of this digest is not at hand after all.
    pub fn forget(&mut self, digest: Hash) {
        self.known.remove(&digest);
    }

    /// Where a body is.
    pub fn body(&self, digest: Hash) -> Option<Known> {
        self.known.get(&digest).copied()
    }

    /// Digests that lines `from..end` name and nobody has.
    pub fn unknown(&self, from: u64, end: u64) -> BTreeSet<Hash> {
        let named = self.span(from, end).filter_map(|(_, line)| line.sha256);
        named.filter(|digest| !self.known.contains_key(digest)).collect()
    }

    fn span(&self, from: u64, end: u64) -> impl Iterator<Item = (u64, &HistoryLine)> {
        let lines = (0u64..).zip(self.lines.iter().map(|(_, line)| line));
        lines.filter(move |(number, _)| (from..end).contains(number))
    }

    /// Every body of lines `from..end` must be at hand and as long as its line says.
    pub fn check_lengths(&self, from: u64, end: u64) -> Result<(), Failure> {
        for (number, line) in self.span(from, end) {
            let Some(digest) = line.sha256 else { continue };
            let Some(known) = self.known.get(&digest) else {
                let sentence = format!("line {number}: body {digest} was not supplied");
                return Err(Failure::input(sentence));
            };
            if known.length.is_some_and(|length| Some(length) != line.bytes) {
                let sentence = format!("line {number}: bytes: not the body's length");
                return Err(Failure::input(sentence));
            }
        }
        Ok(())
    }

    /// Upload bodies, each under a fresh salt.
    pub async fn upload(
        &mut self,
        store: &SharedStore,
        page: Vec<PlainBody>,
    ) -> Result<(), Failure> {
        let mut uploads = Vec::with_capacity(page.len());
        for body in page {
            let salt = random()?.0;
            let id = entry::body_id(&salt, &body.bytes);
            let length = Some(body.bytes.len() as u64);
            self.known.insert(body.sha256, Known { id, length, is_upload: true });
            uploads.push(Body { id: id.0, salt, bytes: body.bytes });
        }
        if !uploads.is_empty() {
            store.put_uploads(&uploads).await?;
        }
        Ok(())
    }
}

/// A body as the file brings it, its digest checked.
pub struct PlainBody {
    /// SHA-256 of the bytes.
    pub sha256: Hash,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyLine {
    sha256: Hash,
    body: Option<String>,
    base64: Option<String>,
}

/// A line's number and what is wrong with it. The parser was given this line alone: where it says
/// that it stopped would be a second number of a line.
fn at_line(number: u64, detail: &str) -> String {
    let told = match detail.rsplit_once(" at line ") {
        Some((told, place)) if place.contains(" column ") => told,
        _ => detail,
    };
    format!("line {number}: {told}")
}

/// A file of bodies: one JSON object a line, zstd where the name ends so.
pub struct Bodies {
    name: String,
    input: Box<dyn BufRead + Send>,
    /// Lines read; nothing but a message counts them, so they count from 1 as an editor does.
    line: u64,
}

impl Bodies {
    /// Open it.
    pub fn open(path: &Path) -> Result<Bodies, Failure> {
        let name = format!("--bodies {}", path.display());
        let named = |e: std::io::Error| Failure::input(format!("{name}: {e}"));
        let file = File::open(path).map_err(named)?;
        let input: Box<dyn BufRead + Send> = if path.extension().is_some_and(|e| e == "zst") {
            let named = |e: std::io::Error| Failure::input(format!("{name}: {e}"));
            Box::new(BufReader::new(zstd::Decoder::new(file).map_err(named)?))
        } else {
            Box::new(BufReader::new(file))
        };
        Ok(Bodies { name, input, line: 0 })
    }

    /// The next bodies, some MiB at a time; `None` at the end.
    pub fn next_page(&mut self) -> Result<Option<Vec<PlainBody>>, Failure> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        while bytes < PAGE_BYTES {
            match self.next()? {
                Some(body) => {
                    bytes += body.bytes.len();
                    page.push(body);
                }
                None => break,
            }
        }
        Ok((!page.is_empty()).then_some(page))
    }

    fn next(&mut self) -> Result<Option<PlainBody>, Failure> {
        let mut line = Vec::new();
        self.line += 1;
        let number = self.line;
        let wrong =
            |detail: String| Failure::input(format!("{}: {}", self.name, at_line(number, &detail)));
        let read = self.input.by_ref().take(BODY_LINE_MAX).read_until(b'\n', &mut line);
        let read = read.map_err(|e| wrong(e.to_string()))?;
        if read == 0 {
            return Ok(None);
        }
        if read as u64 == BODY_LINE_MAX {
            return Err(wrong("longer than 90 MiB".to_owned()));
        }
        let parsed: Object<BodyLine> =
            serde_json::from_slice(&line).map_err(|e| wrong(e.to_string()))?;
        let parsed = parsed.0;
        let bytes = match (parsed.body, parsed.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => {
                BASE64.decode(text.as_bytes()).map_err(|e| wrong(format!("base64: {e}")))?
            }
            _ => return Err(wrong("either body or base64".to_owned())),
        };
        if Hash::of(&[&bytes]) != parsed.sha256 {
            return Err(wrong("sha256: not the digest of the body".to_owned()));
        }
        Ok(Some(PlainBody { sha256: parsed.sha256, bytes }))
    }
}
