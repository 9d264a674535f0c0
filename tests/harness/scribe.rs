//! Writes entries as the service does, but in memory and from given values where the service
//! takes random ones: the same calls give the same bytes on every machine, for ever.

use std::collections::BTreeMap;

use annals_events::command::{Command, Text};
use annals_events::entry::{
    self, About, Actor, ActorSignature, Authentication, CommandInfo, Header, Part, Provenance,
    RawEntry,
};
use annals_events::id::{AccountId, CommandKey, EntryId, LedgerId, Number, Stream, Subject};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{
    EpochStarted, Event as LedgerEvent, Genesis, HeadFound, KeyRotated, Purpose, Suite,
};
use annals_events::text::BuildName;
use annals_events::{Event, Hash, SCHEMA, Time};
use annals_projections::chain::Chain;
use annals_projections::judge::{self, Findings, View};
use annals_projections::keys::KeyRing;
use annals_projections::{Cited, ENGINE, Frame, State};
use uuid::Uuid;

/// Name of the program in genesis and epochs: fixed, as these bytes are.
pub const BUILD: &str = "annals-0.1.0";
/// Time of the first entry.
const BEGIN: &str = "2026-11-24T13:18:57.000000Z";

/// What an entry is to say.
#[derive(Clone, Debug)]
pub struct Draft {
    pub stream: Stream,
    pub event: Event,
    pub private: Option<Vec<u8>>,
    pub provenance: Provenance,
    pub actor: Option<Actor>,
    pub actor_signature: Option<ActorSignature>,
    pub command: Option<CommandInfo>,
    pub cause: Option<u64>,
    pub occurred_at: Option<Time>,
    pub rulebook: Option<u64>,
    /// Other subjects than those the entry is about.
    pub about: Option<Vec<Subject>>,
    /// Other clauses than those its rulebook finds in it.
    pub clauses: Option<Vec<String>>,
}

impl Draft {
    /// The ledger's own doing.
    pub fn internal(stream: impl Into<Stream>, event: impl Into<Event>) -> Draft {
        Draft {
            stream: stream.into(),
            event: event.into(),
            private: None,
            provenance: Provenance::Internal,
            actor: None,
            actor_signature: None,
            command: None,
            cause: None,
            occurred_at: None,
            rulebook: None,
            about: None,
            clauses: None,
        }
    }

    pub fn with_private(mut self, bytes: Vec<u8>) -> Draft {
        self.private = Some(bytes);
        self
    }
}

/// A written entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub header: Header,
    pub event: Event,
    pub raw: RawEntry,
    pub leaf: Hash,
    pub findings: Findings,
}

/// A body with its salt.
#[derive(Clone, Debug)]
pub struct Body {
    pub salt: [u8; 32],
    pub bytes: Vec<u8>,
}

/// See the module.
pub struct Scribe {
    pub origin: String,
    pub chain: Chain,
    pub ring: KeyRing,
    pub state: State,
    pub entries: Vec<Entry>,
    pub bodies: BTreeMap<Hash, Body>,
    pub now: Time,
    pub ledger: LedgerId,
    pub(super) log: SecretKey,
    entry_key: SecretKey,
    epoch: u64,
    named: u64,
    /// Version of the rules as code that its epochs name.
    pub engine: u32,
}

/// A key of the story: its seed is the SHA-256 of its name.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Hash::of(&[b"annals test key\n", name.as_bytes()]).0)
}

/// 32 bytes that stand for random ones.
fn given(what: &str, number: u64) -> Hash {
    Hash::of(&[b"annals test\n", what.as_bytes(), b"\n", &number.to_be_bytes()])
}

fn uuid7(at: Time, what: &str, number: u64) -> Uuid {
    let millis = u64::try_from(at.micros() / 1_000).expect("after 1970");
    let mut random = [0; 10];
    random.copy_from_slice(&given(what, number).0[..10]);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

impl Scribe {
    /// A ledger of nothing but its genesis.
    pub fn found(origin: &str) -> Scribe {
        Scribe::found_by(origin, ENGINE)
    }

    /// The same, written by this version of the rules as code.
    pub fn found_by(origin: &str, engine: u32) -> Scribe {
        Scribe::found_at(origin, engine, BEGIN)
    }

    /// The same, begun at another instant.
    pub fn found_at(origin: &str, engine: u32, begin: &str) -> Scribe {
        let now = Time::parse(begin).expect("an instant");
        let mut scribe = Scribe {
            origin: origin.to_owned(),
            chain: Chain::new(),
            ring: KeyRing::default(),
            state: State::default(),
            entries: Vec::new(),
            bodies: BTreeMap::new(),
            now,
            ledger: LedgerId(uuid7(now, "ledger", 0)),
            log: key("log"),
            entry_key: key("entry 0"),
            epoch: 0,
            named: 0,
            engine,
        };
        let (root, log, cosigner) = (key("root"), key("log"), key("cosigner"));
        let genesis = Genesis {
            build: BuildName::new(BUILD).expect("a build"),
            engine,
            keys: vec![
                scribe.introduce(Role::Root, &root, &[]),
                scribe.introduce(Role::Log, &log, &[&root]),
                scribe.introduce(Role::Cosigner, &cosigner, &[&log]),
                scribe.introduce(Role::Entry, &scribe.entry_key, &[&log]),
            ],
            purpose: Purpose::Test,
            suite: Suite::International,
            threshold: 1,
        };
        let draft = Draft::internal(scribe.ledger, LedgerEvent::Genesis(genesis));
        scribe.write(&draft);
        scribe
    }

    pub fn genesis(&self) -> Hash {
        self.ring.genesis()
    }

    /// The next id, as good as a fresh one.
    pub fn id(&mut self) -> Uuid {
        self.named += 1;
        uuid7(self.now, "id", self.named)
    }

    /// Keep a body; answers its id.
    pub fn body(&mut self, text: &str) -> Hash {
        let salt = given("body", self.bodies.len() as u64).0;
        let id = entry::body_id(&salt, text.as_bytes());
        self.bodies.insert(id, Body { salt, bytes: text.as_bytes().to_vec() });
        id
    }

    /// The next entry begins a new epoch with a key of its own.
    pub fn start_epoch(&mut self) {
        self.epoch += 1;
        self.entry_key = key(&format!("entry {}", self.epoch));
        let introduced = self.introduce(Role::Entry, &self.entry_key, &[&self.log]);
        let started = EpochStarted {
            build: BuildName::new(BUILD).expect("a build"),
            engine: self.engine,
            head: HeadFound { leaf: self.chain.head(), size: self.chain.size() },
            key: introduced,
        };
        let draft = Draft::internal(self.ledger, LedgerEvent::EpochStarted(started));
        self.write(&draft);
    }

    fn introduce(&self, role: Role, key: &SecretKey, superiors: &[&SecretKey]) -> IntroducedKey {
        let statement = KeyStatement {
            role,
            origin: &self.origin,
            genesis: self.ring.genesis(),
            epoch: self.epoch,
            position: self.chain.size(),
            prev: self.chain.head(),
            public: key.public().bytes(),
        };
        IntroducedKey::new(&statement, key, superiors)
    }

    /// An account as it acts.
    pub fn actor(&self, account: AccountId) -> Actor {
        let known = self.state.accounts.get(account).expect("the account is open");
        Actor {
            account,
            authenticated: Authentication::Local,
            authority: Some(Number(known.opened)),
            on_behalf_of: None,
            organisation: known.organisation,
        }
    }

    /// The envelope of a command that is given now.
    pub fn info(&self, name: &str, stream: Stream, digest: Hash) -> CommandInfo {
        CommandInfo {
            digest,
            index: 0,
            issued_at: self.now,
            key: CommandKey(uuid7(self.now, "command", self.chain.size())),
            name: name.to_owned(),
            of: 1,
            seen: self.chain.tip(stream).map_or(Hash::ZERO, |tip| tip.leaf),
            stream,
        }
    }

    /// A command's text with the nonce it has when it is given now.
    pub fn text(&self, command: &Command) -> Text {
        let command = String::from_utf8(command.to_bytes()).expect("JSON is UTF-8");
        Text { command, nonce: given("nonce", self.chain.size()) }
    }

    /// What a command given now would write.
    pub fn commanded(
        &self,
        by: AccountId,
        stream: impl Into<Stream>,
        command: &Command,
        cause: Option<u64>,
    ) -> Draft {
        let (stream, text) = (stream.into(), self.text(command));
        let written = command.written(&text).expect("not a rotation");
        Draft {
            private: written.private,
            provenance: written.provenance,
            occurred_at: written.occurred_at,
            actor: Some(self.actor(by)),
            command: Some(self.info(command.name(), stream, text.digest())),
            cause,
            ..Draft::internal(stream, written.event)
        }
    }

    /// What a rotation to `new` would write; the log key itself stays with the scribe.
    pub fn rotation(&self, by: AccountId, text: &Text, new: &SecretKey, cause: u64) -> Draft {
        let introduced = self.introduce(Role::Log, new, &[&key("root")]);
        let event = LedgerEvent::KeyRotated(KeyRotated {
            command: text.command.clone(),
            key: introduced,
            nonce: text.nonce,
            retired: self.log.public().fingerprint(),
        });
        Draft {
            provenance: Provenance::Commanded,
            actor: Some(self.actor(by)),
            command: Some(self.info("rotate_key", self.ledger.into(), text.digest())),
            cause: Some(cause),
            ..Draft::internal(self.ledger, event)
        }
    }

    /// From now on this log key endorses and signs checkpoints.
    pub fn use_log_key(&mut self, key: SecretKey) {
        self.log = key;
    }

    /// The header a draft has if it is the next entry.
    fn header(&self, draft: &Draft, facts: &Part, private: Option<&Part>) -> Header {
        let subjects = match &draft.about {
            Some(about) => about.clone(),
            None => draft.event.about(draft.stream, draft.actor.as_ref()).into_iter().collect(),
        };
        let numbered = |subject| About { number: Number(self.chain.next_number(subject)), subject };
        let about: Vec<About> = subjects.into_iter().map(numbered).collect();
        let position = self.chain.size();
        Header {
            about: (!about.is_empty()).then_some(about),
            actor: draft.actor.clone(),
            actor_signature: draft.actor_signature.clone(),
            cause: draft.cause.map(Number),
            clauses: None,
            command: draft.command.clone(),
            correlation: None,
            epoch: Number(self.epoch),
            facts_digest: entry::facts_digest(&facts.salt, &facts.bytes),
            id: EntryId(uuid7(self.now, "entry", position)),
            occurred_at: draft.occurred_at,
            origin: self.origin.clone(),
            position: Number(position),
            prev: self.chain.head(),
            private_digest: private.map(|p| entry::private_digest(&p.salt, &p.bytes)),
            provenance: draft.provenance,
            recorded_at: self.now,
            rulebook: draft.rulebook.map(Number),
            schema: SCHEMA,
            stream: draft.stream,
            kind: draft.event.kind().to_owned(),
            v: 1,
            version: Number(self.chain.tip(draft.stream).map_or(0, |tip| tip.version + 1)),
        }
    }

    fn parts(&self, draft: &Draft) -> (Header, Part, Option<Part>) {
        let position = self.chain.size();
        let facts = Part { salt: given("facts", position).0, bytes: draft.event.facts() };
        let salt = given("private", position).0;
        let private = draft.private.clone().map(|bytes| Part { salt, bytes });
        let mut header = self.header(draft, &facts, private.as_ref());
        let undecided = Frame { cited: None, ..Frame::of(&header) };
        let judged = judge::judge(View::of(&self.state), &undecided, &draft.event);
        header.rulebook = header.rulebook.or(judged.rulebook.map(Number));
        let clauses = draft.clauses.clone().unwrap_or(judged.clauses);
        header.clauses = (!clauses.is_empty()).then_some(clauses);
        (header, facts, private)
    }

    /// What the rules say of a draft if it were the next entry.
    pub fn judge(&self, draft: &Draft) -> Findings {
        let (header, ..) = self.parts(draft);
        judge::judge(View::of(&self.state), &Frame::of(&header), &draft.event).findings
    }

    /// Write it, whatever the rules say; one second passes. Answers its position.
    pub fn write(&mut self, draft: &Draft) -> u64 {
        let (header, facts, private) = self.parts(draft);
        let bytes = header.to_bytes();
        assert_eq!(Header::parse(&bytes).as_ref(), Ok(&header));
        self.chain.check(&header).expect("the chain holds");
        let leaf = entry::leaf(&bytes);
        if let Event::Ledger(event) = &draft.event {
            self.ring.introduce(&header, leaf, event).expect("the keys are good");
        }
        let signature = entry::sign(&self.entry_key, &self.origin, &leaf);
        let raw = RawEntry { header: bytes, signature, facts, private };
        let frame = Frame::of(&header);
        let findings = judge::judge(View::of(&self.state), &frame, &draft.event).findings;
        self.state.apply(&frame, &draft.event);
        self.chain.push(&header, leaf);
        self.now = Time::from_micros(self.now.micros() + 1_000_000).expect("in range");
        self.entries.push(Entry { header, event: draft.event.clone(), raw, leaf, findings });
        self.chain.size() - 1
    }

    /// Give a command and write it; answers the position.
    pub fn give(&mut self, by: AccountId, stream: impl Into<Stream>, command: &Command) -> u64 {
        let draft = self.commanded(by, stream, command, None);
        self.write(&draft)
    }

    /// What the rules say of a draft that cites exactly this rulebook and these clauses.
    pub fn judge_citing(
        &self,
        draft: &Draft,
        rulebook: Option<u64>,
        clauses: &[String],
    ) -> Findings {
        let (header, ..) = self.parts(draft);
        let frame = Frame { cited: Some(Cited { rulebook, clauses }), ..Frame::of(&header) };
        judge::judge(View::of(&self.state), &frame, &draft.event).findings
    }
}
