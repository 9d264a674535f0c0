//! What can be checked of one entry alone, on any thread: bytes, digests, forms, signatures.

use annals_events::entry::{self, FACTS_BYTES_MAX, PRIVATE_BYTES_MAX, Provenance};
use annals_events::import::{self, HistoryLine};
use annals_events::keys::{self, PublicKey};
use annals_events::{Event, Hash, Header, PayloadError, RawEntry, canonical, command};
use annals_projections::chain::Breach;

/// Order of the checks for one position (`events/README.md` section 4).
pub fn rank(what: &str) -> u8 {
    const ORDER: [&str; 21] = [
        "line",
        "header",
        "position",
        "origin",
        "link",
        "genesis",
        "epoch",
        "time",
        "version",
        "about",
        "facts",
        "private",
        "key",
        "signature",
        "command",
        "actor_signature",
        "body",
        "state",
        "row",
        "index",
        "head",
    ];
    ORDER.iter().position(|word| *word == what).unwrap_or(ORDER.len()) as u8
}

/// An entry with all that its own bytes tell.
pub struct Prepared {
    /// The bytes.
    pub raw: RawEntry,
    /// Line in the export.
    pub line: Option<u64>,
    /// Key fingerprint the export claims.
    pub claimed_key: Option<Hash>,
    /// The leaf.
    pub leaf: Hash,
    /// The parsed header; `None` if it is none.
    pub header: Option<Header>,
    /// The parsed event; `None` if type or schema is unknown or the facts are broken.
    pub event: Option<Event>,
    /// The body that the facts name, with the length they state, where they do.
    pub body: Option<(Hash, Option<u64>)>,
    /// The first thing wrong with the parts.
    pub breach: Option<Breach>,
    /// Whether the command kept was compared with the entry.
    pub command_compared: bool,
    /// The line of an import that a content entry keeps.
    pub history: Option<HistoryLine>,
}

/// Check everything that needs no other entry and no key.
pub fn prepare(
    raw: RawEntry,
    line: Option<u64>,
    claimed_key: Option<Hash>,
    extra: Option<Breach>,
) -> Prepared {
    let leaf = entry::leaf(&raw.header);
    let mut prepared = Prepared {
        raw,
        line,
        claimed_key,
        leaf,
        header: None,
        event: None,
        body: None,
        breach: extra,
        command_compared: false,
        history: None,
    };
    match Header::parse(&prepared.raw.header) {
        Err(error) => note(&mut prepared.breach, Breach::new("header", error.to_string())),
        Ok(header) => {
            if let Err(breach) = prepare_parts(&mut prepared, &header) {
                note(&mut prepared.breach, breach);
            }
            prepared.header = Some(header);
        }
    }
    prepared
}

/// Keep the breach that comes first in the order of checks.
pub fn note(kept: &mut Option<Breach>, breach: Breach) {
    if kept.as_ref().is_none_or(|before| rank(breach.what) < rank(before.what)) {
        *kept = Some(breach);
    }
}

fn prepare_parts(prepared: &mut Prepared, header: &Header) -> Result<(), Breach> {
    let facts = &prepared.raw.facts;
    if entry::facts_digest(&facts.salt, &facts.bytes) != header.facts_digest {
        return Err(Breach::new("facts", "the facts do not hash to the header's digest"));
    }
    let most = entry::facts_bytes_max(&header.kind).max(FACTS_BYTES_MAX);
    if facts.bytes.len() > most {
        return Err(Breach::new("facts", format!("longer than {most} bytes")));
    }
    prepared.event = match Event::read(&header.kind, header.schema, &facts.bytes) {
        Ok(event) => Some(event),
        Err(PayloadError::Unknown { .. }) => {
            let checked = canonical::check_object(&facts.bytes);
            checked.map_err(|error| Breach::new("facts", error.to_string()))?;
            None
        }
        Err(error) => return Err(Breach::new("facts", error.to_string())),
    };
    prepared.body = named_body(&header.kind, prepared.event.as_ref(), &facts.bytes);
    prepare_private(&prepared.raw, header, prepared.event.as_ref())?;
    if let (Some(Event::Content(_)), Some(part), Provenance::Imported) =
        (&prepared.event, &prepared.raw.private, header.provenance)
    {
        let text = import::line_text(&part.bytes);
        prepared.history = text.and_then(|text| HistoryLine::read(&text).ok());
    }
    let is_given = matches!(header.provenance, Provenance::Commanded | Provenance::Reported);
    if let (Some(info), true) = (&header.command, is_given) {
        prepared.command_compared = compare_command(prepared, header, info)
            .map_err(|detail| Breach::new("command", detail))?;
    }
    Ok(())
}

fn compare_command(
    prepared: &Prepared,
    header: &Header,
    info: &entry::CommandInfo,
) -> Result<bool, &'static str> {
    let private = prepared.raw.private.as_ref().map(|part| part.bytes.as_slice());
    let Some(event) = &prepared.event else {
        // What it fixes in its entry nobody knows here; that it is the one signed for, is known.
        let parts = [private, Some(&prepared.raw.facts.bytes)];
        let kept = parts.into_iter().flatten().find_map(command::Text::kept);
        return match kept {
            Some(text) if text.digest() != info.digest => {
                Err("the command's digest differs from the header's")
            }
            kept => Ok(kept.is_some()),
        };
    };
    if info.stream != header.stream {
        return Err("written to another stream than the command names");
    }
    let compared = command::check(header, event, private)?;
    if compared { Ok(true) } else { Err("a commanded entry keeps its command") }
}

fn prepare_private(raw: &RawEntry, header: &Header, event: Option<&Event>) -> Result<(), Breach> {
    let breach = |detail: String| Err(Breach::new("private", detail));
    let (part, digest) = match (&raw.private, &header.private_digest) {
        (None, None) => return Ok(()),
        (Some(part), Some(digest)) => (part, digest),
        (None, Some(_)) => return breach("the private part is missing".to_owned()),
        (Some(_), None) => return breach("a private part that the header knows not".to_owned()),
    };
    if entry::private_digest(&part.salt, &part.bytes) != *digest {
        return breach("the private part does not hash to the header's digest".to_owned());
    }
    if part.bytes.len() > PRIVATE_BYTES_MAX {
        return breach(format!("longer than {PRIVATE_BYTES_MAX} bytes"));
    }
    let checked = if event.is_some() {
        Event::check_private(&header.kind, header.schema, &part.bytes).map_err(|e| e.to_string())
    } else {
        canonical::check_object(&part.bytes).map_err(|e| e.to_string())
    };
    checked.or_else(breach)
}

/// The body that facts name, and its length where they state it. Content of a newer type or schema
/// brings its body as the known ones do, in the members `body` and `bytes`.
pub fn named_body(kind: &str, event: Option<&Event>, facts: &[u8]) -> Option<(Hash, Option<u64>)> {
    match event {
        Some(Event::Content(event)) => Some((event.body()?, event.bytes())),
        None if kind.starts_with("content.") => {
            let facts: serde_json::Value = serde_json::from_slice(facts).ok()?;
            let body = Hash::from_hex(facts["body"].as_str()?)?;
            Some((body, facts["bytes"].as_u64()))
        }
        _ => None,
    }
}

/// What the keys decide, once the entries before have said which they are.
pub struct Resolved {
    /// Position.
    pub position: u64,
    /// Line in the export.
    pub line: Option<u64>,
    /// Leaf.
    pub leaf: Hash,
    /// Entry signature.
    pub signature: [u8; 64],
    /// Entry key of its epoch; `None` where an entry that cannot be read here brought it.
    pub key: Option<PublicKey>,
    /// Header, where an actor signed or an import line is to be compared.
    pub header: Option<Header>,
    /// Actor's key the policy knows.
    pub actor_key: Option<PublicKey>,
    /// Import line to compare: secret, event, private part.
    pub line_check: Option<(Hash, Event, Vec<u8>)>,
}

/// A breach with its place.
pub struct Placed {
    /// Position.
    pub position: u64,
    /// Line in the export.
    pub line: Option<u64>,
    /// The breach.
    pub breach: Breach,
}

/// How many signatures are checked together.
const BATCH: usize = 512;

/// Check what needs keys; entries in order, answers the first breach.
pub fn check_resolved(
    all: &[Resolved],
    origin: &str,
    genesis: Hash,
    batch: bool,
) -> Option<Placed> {
    use rayon::prelude::*;
    let size = if batch { BATCH } else { 32 };
    all.par_chunks(size)
        .map(|chunk| check_chunk(chunk, origin, genesis, batch))
        .find_first(Option::is_some)
        .flatten()
}

fn check_chunk(chunk: &[Resolved], origin: &str, genesis: Hash, batch: bool) -> Option<Placed> {
    let good = batch && batch_is_good(chunk, origin);
    chunk.iter().find_map(|entry| {
        let breach = check_one(entry, origin, genesis, good)?;
        Some(Placed { position: entry.position, line: entry.line, breach })
    })
}

fn batch_is_good(chunk: &[Resolved], origin: &str) -> bool {
    let Some(keys) = chunk.iter().map(|entry| entry.key).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let texts: Vec<Vec<u8>> =
        chunk.iter().map(|entry| entry::signed_text(origin, &entry.leaf)).collect();
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let signatures: Vec<[u8; 64]> = chunk.iter().map(|entry| entry.signature).collect();
    keys::verify_batch(&texts, &signatures, &keys)
}

fn check_one(
    entry: &Resolved,
    origin: &str,
    genesis: Hash,
    signature_is_good: bool,
) -> Option<Breach> {
    if let (Some(key), false) = (&entry.key, signature_is_good) {
        let checked = entry::verify(key, origin, &entry.leaf, &entry.signature);
        if let Err(error) = checked {
            return Some(Breach::new("signature", error.to_string()));
        }
    }
    let header = entry.header.as_ref()?;
    if let Some((secret, event, private)) = &entry.line_check
        && let Err(detail) = check_line(header, *secret, event, private)
    {
        return Some(Breach::new("command", detail));
    }
    let key = entry.actor_key.as_ref()?;
    let checked = command::verify_actor(header, genesis, key);
    checked.err().map(|error| Breach::new("actor_signature", error.to_string()))
}

fn check_line(
    header: &Header,
    secret: Hash,
    event: &Event,
    private: &[u8],
) -> Result<(), &'static str> {
    let Event::Content(event) = event else { return Ok(()) };
    let (Some(info), Some(imported)) = (&header.command, event.imported()) else {
        return Ok(());
    };
    let text = import::line_text(private).ok_or("an imported entry keeps its line")?;
    let nonce = import::nonce(&secret, imported.line);
    if command::digest(&nonce, text.as_bytes()) != info.digest {
        return Err("the line does not hash to the command's digest");
    }
    let line = HistoryLine::read(&text).map_err(|_| "the line kept is not one of a history")?;
    import::check_content(event, private, header.occurred_at, &line)
}
