//! The entry: a header that is hashed and signed, and two parts beside it that the header commits
//! to. Byte by byte in `README.md` of this crate.

use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::hash::{Bytes, Hash};
use crate::id::{AccountId, CommandKey, EntryId, Number, OrganisationId, Stream, Subject, words};
use crate::keys::{Algorithm, BadSignature, PublicKey, SecretKey};
use crate::merkle;
use crate::time::Time;

/// Largest header.
pub const HEADER_BYTES_MAX: usize = 4_096;
/// Length of most headers.
const HEADER_BYTES: usize = 1_536;
/// Largest facts (a rulebook's text may be larger, see [`facts_bytes_max`]).
pub const FACTS_BYTES_MAX: usize = 65_536;
/// Largest private part.
pub const PRIVATE_BYTES_MAX: usize = 262_144;
/// Most subjects an entry is about.
pub const ABOUT_MAX: usize = 16;
/// Most clauses an entry cites.
pub const CLAUSES_MAX: usize = 32;
/// Most entries of one command.
pub const COMMAND_ENTRIES_MAX: u32 = 64;

/// Largest facts of a type: 1 MiB where a whole rulebook stands in them, else 64 KiB.
pub fn facts_bytes_max(kind: &str) -> usize {
    if kind == "platform.profile_adopted" { 1 << 20 } else { FACTS_BYTES_MAX }
}

words! {
    /// 来源 — how the entry came to be known.
    Provenance {
        /// 平台执行 — the platform did it on a command.
        Commanded = "commanded",
        /// 事后上报 — somebody reports what happened elsewhere.
        Reported = "reported",
        /// 历史导入 — taken over from an older system.
        Imported = "imported",
        /// 账本自身 — the ledger's own doing.
        Internal = "internal",
    }
}

words! {
    /// 认证方式 — how the service knew who was acting.
    Authentication {
        /// At the machine's own command line: the operator's word.
        Local = "local",
        /// An API token.
        Token = "token",
        /// A session of the console.
        Session = "session",
        /// A client certificate.
        Certificate = "certificate",
        /// The actor's own signature over the command.
        Key = "key",
    }
}

/// 行为人 — who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// How it was known.
    pub authenticated: Authentication,
    /// Position of the grant acted under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Number>,
    /// The organisation acted for, where not his own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<OrganisationId>,
    /// His organisation.
    pub organisation: OrganisationId,
}

/// 命令 — the command an entry comes from; equal in all its entries but for `index`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandInfo {
    /// SHA-256("annals/command-body/v1\n" || nonce || command).
    pub digest: Hash,
    /// 0-based place among the command's entries.
    pub index: u32,
    /// When the client says it was made.
    pub issued_at: Time,
    /// Idempotency key, unique for ever.
    pub key: CommandKey,
    /// Name of the command.
    pub name: String,
    /// How many entries the command has.
    pub of: u32,
    /// Leaf of that stream's newest entry the actor was shown; zero for a stream seen empty.
    pub seen: Hash,
    /// The stream it was aimed at.
    pub stream: Stream,
}

/// 涉及编号 — the entry is number `number` (from 0) about `subject`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Dense per subject.
    pub number: Number,
    /// The subject.
    pub subject: Subject,
}

/// 行为人签名 — over [`crate::command::Statement`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorSignature {
    /// Which algorithm.
    pub algorithm: Algorithm,
    /// Fingerprint of the actor's key.
    pub key: Hash,
    /// The signature.
    pub value: Bytes<64>,
}

/// The header: its canonical bytes are the leaf's input. Fields in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Sorted by subject, distinct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Vec<About>>,
    /// Absent when internal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Where the actor signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_signature: Option<ActorSignature>,
    /// Position of the entry that led to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Number>,
    /// Clauses with a finding, exemption or refusal; sorted, distinct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clauses: Option<Vec<String>>,
    /// Absent when internal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandInfo>,
    /// Ties the entries of one story together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<EntryId>,
    /// The writer's epoch, whose entry key signs.
    pub epoch: Number,
    /// SHA-256("annals/facts/v1\n" || salt || facts).
    pub facts_digest: Hash,
    /// UUIDv7.
    pub id: EntryId,
    /// When it happened, where that is not `recorded_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Time>,
    /// The ledger.
    pub origin: String,
    /// 0-based place in the ledger.
    pub position: Number,
    /// Leaf of the entry before; zero for the first.
    pub prev: Hash,
    /// SHA-256("annals/private/v1\n" || salt || private); absent where there is no private part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_digest: Option<Hash>,
    /// How it came to be known.
    pub provenance: Provenance,
    /// When the writer decided it.
    pub recorded_at: Time,
    /// Position of the adoption it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rulebook: Option<Number>,
    /// Version of the type's schema.
    pub schema: u32,
    /// The stream it belongs to.
    pub stream: Stream,
    /// `<thing>.<past participle>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Version of the header: 1.
    pub v: u32,
    /// 0-based place in the stream.
    pub version: Number,
}

/// Why bytes are not a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Longer than [`HEADER_BYTES_MAX`].
    #[error("the header is longer than {HEADER_BYTES_MAX} bytes")]
    TooLong,
    /// Not the JSON of a header: a member is missing, unknown, repeated or of the wrong form.
    #[error("not a header: {0}")]
    Form(String),
    /// Does not re-encode to itself.
    #[error("the header is not in canonical form")]
    NotCanonical,
    /// Members that do not go together.
    #[error("{0}")]
    Rule(&'static str),
}

impl Header {
    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes_of_about(self, HEADER_BYTES)
    }

    /// Read exactly the canonical bytes of a well-formed header.
    pub fn parse(bytes: &[u8]) -> Result<Header, HeaderError> {
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(HeaderError::TooLong);
        }
        if !bytes.is_ascii() {
            return Err(HeaderError::Form("a byte that is not ASCII".to_owned()));
        }
        let header: Header =
            serde_json::from_slice(bytes).map_err(|e| HeaderError::Form(e.to_string()))?;
        if header.to_bytes() != bytes {
            return Err(HeaderError::NotCanonical);
        }
        header.check().map_err(HeaderError::Rule)?;
        Ok(header)
    }

    /// When it counts as having happened: `occurred_at`, else `recorded_at`.
    pub fn effective_at(&self) -> Time {
        self.occurred_at.unwrap_or(self.recorded_at)
    }

    /// The subjects with their numbers.
    pub fn about(&self) -> &[About] {
        self.about.as_deref().unwrap_or_default()
    }

    /// The rules of form between members (README section "Header").
    pub fn check(&self) -> Result<(), &'static str> {
        if self.v != 1 {
            return Err("v is not 1");
        }
        if !origin_is_good(&self.origin) {
            return Err("origin is not 1 to 128 of a-z 0-9 . - _ /");
        }
        if self.schema == 0 {
            return Err("schema starts at 1");
        }
        let thing = self.kind.split_once('.').filter(|(_, rest)| word_is_good(rest, 48));
        if thing.is_none_or(|(thing, _)| thing != self.stream.thing.word()) {
            return Err("type is not <thing of the stream>.<word>");
        }
        if self.id.0.get_version_num() != 7 {
            return Err("id is not a UUIDv7");
        }
        if self.cause.is_some_and(|cause| cause >= self.position) {
            return Err("cause is not an earlier position");
        }
        self.check_lists()?;
        self.check_origin_of_entry()
    }

    fn check_lists(&self) -> Result<(), &'static str> {
        if let Some(about) = &self.about {
            let sorted = about.windows(2).all(|w| w[0].subject < w[1].subject);
            if about.is_empty() || about.len() > ABOUT_MAX || !sorted {
                return Err("about is not 1 to 16 sorted distinct subjects");
            }
        }
        if let Some(clauses) = &self.clauses {
            let sorted = clauses.windows(2).all(|w| w[0] < w[1]);
            if clauses.is_empty() || clauses.len() > CLAUSES_MAX || !sorted {
                return Err("clauses is not 1 to 32 sorted distinct ids");
            }
            if !clauses.iter().all(|clause| clause_is_good(clause)) {
                return Err("a clause is not 1 to 48 of A-Z a-z 0-9 . : _ -");
            }
            if self.rulebook.is_none() {
                return Err("clauses without a rulebook");
            }
        }
        Ok(())
    }

    fn check_origin_of_entry(&self) -> Result<(), &'static str> {
        if self.provenance == Provenance::Internal {
            let alone = self.actor.is_none()
                && self.command.is_none()
                && self.rulebook.is_none()
                && self.actor_signature.is_none();
            return if alone {
                Ok(())
            } else {
                Err("an internal entry has no actor, command, rulebook or actor signature")
            };
        }
        let (Some(actor), Some(command)) = (&self.actor, &self.command) else {
            return Err("an entry that is not internal has an actor and a command");
        };
        if actor.authority.is_some_and(|grant| grant >= self.position) {
            return Err("authority is not an earlier position");
        }
        if actor.authenticated == Authentication::Key && self.actor_signature.is_none() {
            return Err("authenticated by key without an actor signature");
        }
        if !word_is_good(&command.name, 48) {
            return Err("a command's name is 1 to 48 of a-z and _");
        }
        if command.index >= command.of || command.of > COMMAND_ENTRIES_MAX {
            return Err("index is not below of, or of is above 64");
        }
        Ok(())
    }
}

/// An origin is 1 to 128 of `a-z 0-9 . - _ /`, and neither starts nor ends with a slash.
pub fn origin_is_good(origin: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"./-_".contains(&b);
    (1..=128).contains(&origin.len())
        && origin.bytes().all(plain)
        && !origin.starts_with('/')
        && !origin.ends_with('/')
}

fn word_is_good(word: &str, most: usize) -> bool {
    (1..=most).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Whether a clause can be cited.
pub fn clause_is_good(clause: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".:_-".contains(&b);
    (1..=48).contains(&clause.len()) && clause.bytes().all(plain)
}

/// The leaf: RFC 6962's leaf hash of the header bytes, and the chain link.
pub fn leaf(header: &[u8]) -> Hash {
    merkle::leaf_hash(header)
}

/// Digest of a facts part.
pub fn facts_digest(salt: &[u8; 32], bytes: &[u8]) -> Hash {
    Hash::of(&[b"annals/facts/v1\n", salt, bytes])
}

/// Digest of a private part.
pub fn private_digest(salt: &[u8; 32], bytes: &[u8]) -> Hash {
    Hash::of(&[b"annals/private/v1\n", salt, bytes])
}

/// Id of a body.
pub fn body_id(salt: &[u8; 32], bytes: &[u8]) -> Hash {
    Hash::of(&[b"annals/body/v1\n", salt, bytes])
}

/// What an entry key signs.
pub fn signed_text(origin: &str, leaf: &Hash) -> Vec<u8> {
    let mut text = Vec::with_capacity(50 + origin.len());
    text.extend_from_slice(b"annals/entry/v1\n");
    text.extend_from_slice(origin.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(&leaf.0);
    text
}

/// Sign a leaf as the entry key of its epoch.
pub fn sign(key: &SecretKey, origin: &str, leaf: &Hash) -> [u8; 64] {
    key.sign(&signed_text(origin, leaf))
}

/// Verify an entry signature strictly.
pub fn verify(
    key: &PublicKey,
    origin: &str,
    leaf: &Hash,
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    key.verify_strict(&signed_text(origin, leaf), signature)
}

/// A payload part with the salt its digest was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// 32 random bytes, kept beside the part and nowhere else.
    pub salt: [u8; 32],
    /// Canonical bytes.
    pub bytes: Vec<u8>,
}

/// An entry as it is kept, carried and checked: bytes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// Exact header bytes.
    pub header: Vec<u8>,
    /// Entry signature.
    pub signature: [u8; 64],
    /// Facts.
    pub facts: Part,
    /// Private part; `None` where there is none or it is not at hand.
    pub private: Option<Part>,
}
