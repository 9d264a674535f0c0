//! A ledger written by hand with keys the test knows: what an operator could write, or a thief.

use annals::ledger::Serving;
use annals::ledger::build::{self, Built, Frame};
use annals::ledger::decider::Draft;
use annals::ledger::random::Random;
use annals_events::account::{Access, Duty, Event as AccountEvent, Opened, Person};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Text};
use annals_events::entry::{self, Actor, Authentication, CommandInfo, Provenance};
use annals_events::hash::hex;
use annals_events::id::{
    AccountId, CommandKey, ContentId, LedgerId, Number, OrganisationId, SiteId, Stream,
};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{
    EpochStarted, Event as LedgerEvent, Genesis, HeadFound, Purpose, Suite,
};
use annals_events::note::{Checkpoint, cosign, sign_log};
use annals_events::platform::{Event as PlatformEvent, OrganisationRegistered};
use annals_events::sorted::Sorted;
use annals_events::text::Word;
use annals_events::text::{BuildName, PublicName};
use annals_events::{Event, Hash, Time, canonical};
use annals_projections::ENGINE;
use data_encoding::BASE64;
use serde_json::json;
use uuid::Uuid;

const ORIGIN: &str = "ledger.example.gov.cn/forged";

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Hash::of(&[name.as_bytes()]).0)
}

fn uuid(name: &str) -> Uuid {
    let hash = Hash::of(&[name.as_bytes()]).0;
    uuid::Builder::from_random_bytes(hash[..16].try_into().expect("16 bytes")).into_uuid()
}

/// An entry with its signature, and the body to follow it.
#[derive(Clone)]
pub struct Signed {
    pub built: Built,
    pub signature: [u8; 64],
    pub key: Hash,
    body: Option<(Hash, [u8; 32], Vec<u8>)>,
}

/// See the module.
#[derive(Clone)]
pub struct Forge {
    pub serving: Serving,
    pub entries: Vec<Signed>,
    epoch: u64,
    /// Roots over the first entries, by their number.
    roots: Vec<Hash>,
}

impl Forge {
    /// Genesis, organisation, persons, a site; epoch 0.
    pub fn new() -> Forge {
        let mut forge = Forge {
            serving: Serving::default(),
            entries: Vec::new(),
            epoch: 0,
            roots: vec![annals_events::merkle::empty_root()],
        };
        let organisation = OrganisationId(uuid("organisation"));
        forge.internal(LedgerId(uuid("ledger")), forge.genesis_event().into(), None);
        let name = PublicName::new("示例市人民政府办公室").expect("a name");
        let registered =
            OrganisationRegistered { attributes: Attributes::default(), name, parent: None };
        let event = PlatformEvent::OrganisationRegistered(registered);
        forge.internal(organisation, event.into(), None);
        for (name, duty) in [("administrator", Duty::Administrator), ("editor", Duty::Editor)] {
            let opened = Opened {
                access: Access::Usable,
                attributes: Attributes::default(),
                duty,
                import: None,
                line: None,
                organisation,
                person: None,
            };
            let person = Person { command: None, name: name.to_owned(), nonce: None };
            let private = Some(canonical::to_bytes(&person));
            forge.internal(AccountId(uuid(name)), AccountEvent::Opened(opened).into(), private);
        }
        let name = "reviewer".to_owned();
        let open = command::OpenAccount {
            attributes: Attributes::default(),
            duty: Duty::Reviewer,
            name,
            organisation,
            person: None,
        };
        let account = AccountId(uuid("reviewer"));
        forge.command("administrator", account, Command::OpenAccount(open), None);
        let name = PublicName::new("示例市人民政府网").expect("a name");
        let open = Command::OpenSite(command::OpenSite {
            attributes: Attributes::default(),
            name,
            organisation,
        });
        forge.command("administrator", SiteId(uuid("site")), open, None);
        forge
    }

    fn genesis_event(&self) -> LedgerEvent {
        let statement = |role, key: &SecretKey| KeyStatement {
            role,
            origin: ORIGIN,
            genesis: Hash::ZERO,
            epoch: 0,
            position: 0,
            prev: Hash::ZERO,
            public: key.public().bytes(),
        };
        let introduce = |role, name: &str, superior: Option<&str>| {
            let (key, superior) = (key(name), superior.map(key));
            let superiors: Vec<&SecretKey> = superior.iter().collect();
            IntroducedKey::new(&statement(role, &key), &key, &superiors)
        };
        LedgerEvent::Genesis(Genesis {
            build: BuildName::new("forge").expect("a name"),
            engine: ENGINE,
            keys: vec![
                introduce(Role::Root, "root", None),
                introduce(Role::Log, "log", Some("root")),
                introduce(Role::Cosigner, "cosigner", Some("log")),
                introduce(Role::Entry, "entry 0", Some("log")),
            ],
            purpose: Purpose::Test,
            suite: Suite::International,
            threshold: 1,
        })
    }

    /// The next epoch, with a key of its own.
    pub fn start_epoch(&mut self) {
        self.epoch += 1;
        let (chain, key, log) = (&self.serving.chain, self.entry_key(), key("log"));
        let statement = KeyStatement {
            role: Role::Entry,
            origin: ORIGIN,
            genesis: self.genesis(),
            epoch: self.epoch,
            position: chain.size(),
            prev: chain.head(),
            public: key.public().bytes(),
        };
        let started = EpochStarted {
            build: BuildName::new("forge").expect("a name"),
            engine: ENGINE,
            head: HeadFound { leaf: chain.head(), size: chain.size() },
            key: IntroducedKey::new(&statement, &key, &[&log]),
        };
        let event = LedgerEvent::EpochStarted(started);
        self.internal(LedgerId(uuid("ledger")), event.into(), None);
    }

    pub fn genesis(&self) -> Hash {
        self.entries[0].built.leaf
    }

    /// The key of the epoch written in.
    pub fn entry_key(&self) -> SecretKey {
        key(&format!("entry {}", self.epoch))
    }

    fn internal(&mut self, stream: impl Into<Stream>, event: Event, private: Option<Vec<u8>>) {
        let draft = Draft::new(stream.into(), event, private);
        self.write(Provenance::Internal, None, None, draft, None);
    }

    fn write(
        &mut self,
        provenance: Provenance,
        actor: Option<&Actor>,
        command: Option<&CommandInfo>,
        draft: Draft,
        body: Option<(Hash, [u8; 32], Vec<u8>)>,
    ) {
        let now = 1_790_000_000_000_000 + 1_000 * self.entries.len() as i64;
        let frame = Frame {
            origin: ORIGIN,
            epoch: self.epoch,
            now: Time::from_micros(now).expect("a time"),
            provenance,
            actor,
            actor_signature: None,
            command,
            cause: None,
            occurred_at: None,
        };
        let built = build::build(&self.serving.chain, &[], &frame, &mut Random::new(), draft)
            .expect("an entry");
        if let Event::Ledger(event) = &built.event {
            self.serving.ring.introduce(&built.header, built.leaf, event).expect("good keys");
        }
        self.serving.fold(&built.header, built.leaf, &built.event);
        self.roots.push(self.serving.chain.root());
        let key = self.entry_key();
        let signature = entry::sign(&key, ORIGIN, &built.leaf);
        let key = key.public().fingerprint();
        self.entries.push(Signed { built, signature, key, body });
    }

    /// A command, whether the rules allow it or not.
    pub fn command(
        &mut self,
        account: &str,
        stream: impl Into<Stream>,
        command: Command,
        body: Option<(Hash, [u8; 32], Vec<u8>)>,
    ) {
        let (stream, account) = (stream.into(), AccountId(uuid(account)));
        let text = Text {
            command: String::from_utf8(command.to_bytes()).expect("UTF-8"),
            nonce: Hash::of(&[b"nonce", &self.serving.chain.size().to_be_bytes()]),
        };
        let opened = self.serving.state.accounts.get(account).expect("an account").opened;
        let actor = Actor {
            account,
            authenticated: Authentication::Local,
            authority: Some(Number(opened)),
            on_behalf_of: None,
            organisation: OrganisationId(uuid("organisation")),
        };
        let info = CommandInfo {
            digest: text.digest(),
            index: 0,
            issued_at: Time::from_micros(1_790_000_000_000_000).expect("a time"),
            key: CommandKey(uuid(&format!("command {}", self.entries.len()))),
            name: command.name().to_owned(),
            of: 1,
            seen: self.serving.chain.tip(stream).map_or(Hash::ZERO, |tip| tip.leaf),
            stream,
        };
        let (event, private) = command.written(&text).expect("a plain command").parts();
        let draft = Draft::new(stream, event, private);
        self.write(Provenance::Commanded, Some(&actor), Some(&info), draft, body);
    }

    /// A page is drafted, passed (or not) and published.
    pub fn page(&mut self, page: &str, text: &str, reviewed: bool) {
        let content = ContentId(uuid(page));
        let salt = Hash::of(&[page.as_bytes()]).0;
        let body = entry::body_id(&salt, text.as_bytes());
        let (site, bytes, path) = (SiteId(uuid("site")), text.len() as u64, page.to_owned());
        let title = None;
        let draft = command::DraftContent { body, bytes, column: None, path, site, title };
        let kept = Some((body, salt, text.as_bytes().to_vec()));
        self.command("editor", content, Command::DraftContent(draft), kept);
        if reviewed {
            let level = Word::of("final");
            let pass =
                command::PassReview { body, gates: Sorted::default(), level, opinion: None, site };
            self.command("reviewer", content, Command::PassReview(pass), None);
        }
        let (path, title) = (page.to_owned(), None);
        let publish = command::PublishContent { body, bytes, path, site, title };
        self.command("reviewer", content, Command::PublishContent(publish), None);
    }

    /// The same ledger when it had this many entries.
    pub fn until(&self, size: usize) -> Forge {
        let mut serving = Serving::default();
        for Signed { built, .. } in &self.entries[..size] {
            let Built { header, leaf, facts, .. } = built;
            let event = Event::read(&header.kind, header.schema, &facts.bytes).expect("an event");
            if let Event::Ledger(event) = &event {
                serving.ring.introduce(header, *leaf, event).expect("good keys");
            }
            serving.fold(header, *leaf, &event);
        }
        let epoch = serving.chain.epoch();
        let (entries, roots) = (self.entries[..size].to_vec(), self.roots[..=size].to_vec());
        Forge { serving, entries, epoch, roots }
    }

    /// A genuine checkpoint of that size.
    pub fn note(&self, size: usize) -> String {
        let root = self.roots[size];
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: size as u64, root };
        let mut note = checkpoint.to_note();
        sign_log(&mut note, ORIGIN, &key("log"));
        cosign(&mut note, &self.serving.ring.cosigner_name(), &key("cosigner"), 1_790_000_000);
        note.to_text()
    }

    /// Everything, under this checkpoint.
    pub fn export(&self, checkpoint: &str) -> Vec<u8> {
        let size = self.entries.len();
        let mut lines = vec![json!({"annals_export": 1, "origin": ORIGIN, "size": size})];
        for Signed { built, signature, key, body } in &self.entries {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
            lines.push(json!({
                "header": text(&built.header_bytes),
                "signature": {"key": key.to_string(), "value": hex(signature)},
                "facts": text(&built.facts.bytes),
                "facts_salt": hex(&built.facts.salt),
                "private": built.private.as_ref().map(|part| text(&part.bytes)),
                "private_salt": built.private.as_ref().map(|part| hex(&part.salt)),
            }));
            lines.extend(body.as_ref().map(|(id, salt, bytes)| {
                let base64 = BASE64.encode(bytes);
                json!({"body": id.to_string(), "salt": hex(salt), "base64": base64})
            }));
        }
        let mut out: Vec<u8> = Vec::new();
        for line in &lines {
            // A body line is told by how it begins.
            let text = match line.get("body") {
                Some(id) => format!(
                    "{{\"body\":{id},\"salt\":{},\"base64\":{}}}\n",
                    line["salt"], line["base64"]
                ),
                None => format!("{line}\n"),
            };
            out.extend(text.bytes());
        }
        let end = json!({"end": {
            "size": size,
            "head": self.serving.chain.head().to_string(),
            "lines": lines.len(),
            "sha256": Hash::of(&[&out]).to_string(),
            "checkpoint": checkpoint,
            "state": self.serving.state.digests(),
        }});
        out.extend(format!("{end}\n").bytes());
        out
    }
}
