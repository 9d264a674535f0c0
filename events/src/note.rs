//! Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint,
//! tlog-cosignature).

use data_encoding::BASE64;

use crate::hash::{Hash, hex};
use crate::keys::{PublicKey, SecretKey};

/// Largest note read.
pub const NOTE_BYTES_MAX: usize = 65_536;
/// Most signature lines read in one note.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// Key type of an Ed25519 note signature.
const TYPE_ED25519: u8 = 0x01;
/// Key type of an Ed25519 cosignature/v1.
const TYPE_COSIGNATURE: u8 = 0x04;

/// Why a note is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The form of the note is broken.
    #[error("not a signed note: {0}")]
    Form(&'static str),
    /// The text is not a checkpoint.
    #[error("not a checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A known key's signature does not verify.
    #[error("a signature line under {0} does not verify")]
    Signature(String),
}

/// One signature line: name, and key id with signature as decoded from base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// Key name.
    pub name: String,
    /// First four bytes of the key's hash.
    pub key_id: [u8; 4],
    /// What follows the key id.
    pub blob: Vec<u8>,
}

/// A note: text that ends in a newline, and its signature lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The signed text, including its final newline.
    pub text: String,
    /// Signature lines in order.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Parse; base64 strictly (padded, no stray trailing bits).
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Form("too long"));
        }
        if note.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(NoteError::Form("a control character"));
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Form("no signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form("no final newline"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == NOTE_SIGNATURES_MAX {
                return Err(NoteError::Form("too many signatures"));
            }
            signatures.push(parse_line(line)?);
        }
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// The note's own text form.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for line in &self.signatures {
            let blob = [&line.key_id[..], &line.blob].concat();
            out.push_str(&format!("\u{2014} {} {}\n", line.name, BASE64.encode(&blob)));
        }
        out
    }
}

fn parse_line(line: &str) -> Result<SignatureLine, NoteError> {
    let rest = line.strip_prefix("\u{2014} ").ok_or(NoteError::Form("a line without a dash"))?;
    let (name, blob) = rest.split_once(' ').ok_or(NoteError::Form("a line without a name"))?;
    if !name_is_good(name) {
        return Err(NoteError::Form("a bad key name"));
    }
    let bytes = BASE64.decode(blob.as_bytes()).map_err(|_| NoteError::Form("bad base64"))?;
    if bytes.len() < 5 {
        return Err(NoteError::Form("a signature too short"));
    }
    let key_id = [bytes[0], bytes[1], bytes[2], bytes[3]];
    Ok(SignatureLine { name: name.to_owned(), key_id, blob: bytes[4..].to_vec() })
}

/// A key name has no space and no plus and is not empty.
pub fn name_is_good(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.contains(char::is_whitespace)
}

fn key_id(name: &str, kind: u8, public: &PublicKey) -> [u8; 4] {
    let hash = Hash::of(&[name.as_bytes(), &[b'\n', kind], &public.bytes()]);
    [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
}

/// A note key: whoever holds it signs under this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    /// Key name.
    pub name: String,
    /// Public key.
    pub public: PublicKey,
    kind: u8,
}

impl NoteKey {
    /// A log's key, which signs the note text.
    pub fn log(name: impl Into<String>, public: PublicKey) -> NoteKey {
        NoteKey { name: name.into(), public, kind: TYPE_ED25519 }
    }

    /// A cosigner's key, which signs text and time.
    pub fn cosigner(name: impl Into<String>, public: PublicKey) -> NoteKey {
        NoteKey { name: name.into(), public, kind: TYPE_COSIGNATURE }
    }

    /// The four bytes that name the key inside a note.
    pub fn key_id(&self) -> [u8; 4] {
        key_id(&self.name, self.kind, &self.public)
    }

    /// The verifier key text other tools take.
    pub fn vkey(&self) -> String {
        let key = [&[self.kind][..], &self.public.bytes()].concat();
        format!("{}+{}+{}", self.name, hex(&self.key_id()), BASE64.encode(&key))
    }

    fn is_of(&self, line: &SignatureLine) -> bool {
        line.name == self.name && line.key_id == self.key_id()
    }

    /// Look for this key's line: `None` if there is none, an error if it does not verify,
    /// the time for a cosigner (0 for a log).
    pub fn verify(&self, note: &Note) -> Result<Option<u64>, NoteError> {
        let mut found = None;
        for line in note.signatures.iter().filter(|line| self.is_of(line)) {
            let bad = || NoteError::Signature(self.name.clone());
            let (time, signature) = if self.kind == TYPE_COSIGNATURE {
                let (time, signature) = line.blob.split_first_chunk::<8>().ok_or_else(bad)?;
                (u64::from_be_bytes(*time), signature)
            } else {
                (0, &line.blob[..])
            };
            let signature: [u8; 64] = signature.try_into().map_err(|_| bad())?;
            let text = signed_text(self.kind, time, &note.text);
            self.public.verify_strict(&text, &signature).map_err(|_| bad())?;
            found = Some(time);
        }
        Ok(found)
    }
}

fn signed_text(kind: u8, time: u64, text: &str) -> Vec<u8> {
    if kind == TYPE_COSIGNATURE {
        format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
    } else {
        text.as_bytes().to_vec()
    }
}

/// Add a log's line to a note.
pub fn sign_log(note: &mut Note, name: &str, key: &SecretKey) {
    sign(note, name, key, TYPE_ED25519, 0);
}

/// Add a cosigner's line with its time (Unix seconds, above 0) to a note.
pub fn cosign(note: &mut Note, name: &str, key: &SecretKey, time: u64) {
    sign(note, name, key, TYPE_COSIGNATURE, time);
}

fn sign(note: &mut Note, name: &str, key: &SecretKey, kind: u8, time: u64) {
    let signature = key.sign(&signed_text(kind, time, &note.text));
    let mut blob = Vec::with_capacity(72);
    if kind == TYPE_COSIGNATURE {
        blob.extend_from_slice(&time.to_be_bytes());
    }
    blob.extend_from_slice(&signature);
    let key_id = key_id(name, kind, &key.public());
    note.signatures.push(SignatureLine { name: name.to_owned(), key_id, blob });
}

/// 检查点 — the head of a tree: what a note signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Hash,
}

impl Checkpoint {
    /// The three lines.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root.0))
    }

    /// Parse the three lines; extension lines are refused.
    pub fn parse(text: &str) -> Result<Checkpoint, NoteError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines[..] else {
            return Err(NoteError::Checkpoint("not three lines"));
        };
        if !name_is_good(origin) {
            return Err(NoteError::Checkpoint("a bad origin"));
        }
        let size = crate::id::Number::parse(size).ok_or(NoteError::Checkpoint("a bad size"))?.0;
        let root = BASE64
            .decode(root.as_bytes())
            .ok()
            .and_then(|b| b.try_into().ok())
            .ok_or(NoteError::Checkpoint("a bad root"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root: Hash(root) })
    }

    /// An unsigned note over this checkpoint.
    pub fn to_note(&self) -> Note {
        Note { text: self.to_text(), signatures: Vec::new() }
    }
}
