//! Strategies: any JSON of the narrowed kind, any event, command, private part and header.

use annals_events::account::{self, Access, Duty, Person};
use annals_events::attributes::Attributes;
use annals_events::canonical::{INTEGER_MAX, Json};
use annals_events::column::Title;
use annals_events::command::{self, Command};
use annals_events::content::{self, Change, Opinion, PageText, Reason};
use annals_events::event::CommandText;
use annals_events::hash::Bytes;
use annals_events::id::{Stream, Thing};
use annals_events::keys::{Algorithm, Endorsement, IntroducedKey, Role};
use annals_events::ledger::{
    self, Act, FoldDigest, Genesis, HeadFound, ImportFormat, Purpose, Suite,
};
use annals_events::sorted::Sorted;
use annals_events::text::Word;
use annals_events::text::{BuildName, PublicName};
use annals_events::{Event, Hash, Time, column, platform, site};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

/// Any string, with a taste for what must be escaped.
pub fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        2 => (0u8..0x20).prop_map(char::from),
        1 => prop_oneof![Just('"'), Just('\\'), Just('/'), Just('\u{7f}'), Just('六')],
    ];
    vec(character, 0..12).prop_map(|all| all.into_iter().collect())
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..20u64, 0..=INTEGER_MAX as u64, Just(INTEGER_MAX as u64)]
}

pub fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn id<T: std::fmt::Debug>(wrap: fn(Uuid) -> T) -> impl Strategy<Value = T> {
    any::<[u8; 16]>().prop_map(move |bytes| wrap(Uuid::from_bytes(bytes)))
}

pub fn time() -> impl Strategy<Value = Time> {
    let micros = -62_135_596_800_000_000i64..=253_402_300_799_999_999;
    micros.prop_map(|micros| Time::from_micros(micros).expect("in range"))
}

pub fn signature() -> impl Strategy<Value = Bytes<64>> {
    vec(any::<u8>(), 64).prop_map(|bytes| Bytes(bytes.try_into().expect("64 bytes")))
}

/// Any JSON value of the narrowed kind.
pub fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::Bool),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Json::Integer),
        (-3i64..100).prop_map(Json::Integer),
        text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::List),
            btree_map("[ -!#-\\[\\]-~]{0,6}", inner, 0..5).prop_map(Json::Object),
        ]
    })
}

/// Any object of the narrowed kind.
pub fn object() -> impl Strategy<Value = Json> {
    btree_map("[ -!#-\\[\\]-~]{0,6}", json(), 0..5).prop_map(Json::Object)
}

fn name() -> impl Strategy<Value = PublicName> {
    "[a-z六安\"\\\\]{1,12}".prop_map(|text| PublicName::new(text).expect("a name"))
}

fn build() -> impl Strategy<Value = BuildName> {
    "[a-z0-9.+-]{1,20}".prop_map(|text| BuildName::new(text).expect("a build"))
}

fn introduced() -> impl Strategy<Value = IntroducedKey> {
    let role =
        prop_oneof![Just(Role::Root), Just(Role::Log), Just(Role::Entry), Just(Role::Cosigner)];
    let endorsement = (hash(), signature()).prop_map(|(key, value)| Endorsement { key, value });
    (vec(endorsement, 0..3), signature(), hash(), role).prop_map(
        |(endorsements, possession, public, role)| IntroducedKey {
            algorithm: Algorithm::Ed25519,
            endorsements,
            possession,
            public: Bytes(public.0),
            role,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![Just(Act::OpenImport), Just(Act::CloseImport), Just(Act::RotateKey)]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Created),
        Just(Change::Updated),
        Just(Change::Renamed),
        Just(Change::Removed)
    ]
}

fn duty() -> impl Strategy<Value = Duty> {
    prop_oneof![Just(Duty::Administrator), Just(Duty::Approver), Just(Duty::InformationOfficer)]
}

fn level() -> impl Strategy<Value = Word> {
    prop_oneof![Just(Word::of("initial")), Just(Word::of("second")), Just(Word::of("final"))]
}

fn of_ledger() -> impl Strategy<Value = ledger::Event> {
    use ledger::Event as E;
    let fold = (hash(), text(), any::<u32>());
    let fold = fold.prop_map(|(digest, fold, version)| FoldDigest { digest, fold, version });
    prop_oneof![
        (build(), any::<u32>(), vec(introduced(), 0..4), any::<u32>()).prop_map(
            |(build, engine, keys, threshold)| E::Genesis(Genesis {
                build,
                engine,
                keys,
                purpose: Purpose::Demo,
                suite: Suite::International,
                threshold,
            })
        ),
        (build(), any::<u32>(), hash(), number(), introduced()).prop_map(
            |(build, engine, leaf, size, key)| {
                let head = HeadFound { leaf, size };
                E::EpochStarted(ledger::EpochStarted { build, engine, head, key })
            }
        ),
        (text(), introduced(), hash(), hash()).prop_map(|(command, key, nonce, retired)| {
            E::KeyRotated(ledger::KeyRotated { command, key, nonce, retired })
        }),
        (act(), text(), hash(), hash()).prop_map(|(act, command, digest, nonce)| {
            E::ActProposed(ledger::ActProposed { act, command, digest, nonce })
        }),
        (vec(fold, 0..4), number())
            .prop_map(|(folds, size)| E::StateSealed(ledger::StateSealed { folds, size })),
        (time(), number(), id(annals_events::id::SiteId), hash()).prop_map(
            |(cut_over, lines, site, source)| {
                let format = ImportFormat::History;
                E::ImportOpened(ledger::ImportOpened { cut_over, format, lines, site, source })
            }
        ),
        (number(), hash()).prop_map(|(lines, source)| {
            E::ImportClosed(ledger::ImportClosed { lines, source })
        }),
    ]
}

fn of_content() -> impl Strategy<Value = content::Event> {
    use annals_events::id::{AccountId, ColumnId, ImportId, SiteId};
    use content::Event as E;
    let line = (
        option::of(id(AccountId)),
        option::of(id(AccountId)),
        option::of(change()),
        option::of(id(ImportId)),
        option::of(number()),
        id(SiteId),
    );
    let changed = line.prop_map(|(approver, author, change, import, line, site)| {
        content::Changed { approver, author, change, import, line, site }
    });
    let changed = changed.boxed();
    let shown = (changed.clone(), hash(), number()).prop_map(|(c, body, bytes)| content::Shown {
        approver: c.approver,
        author: c.author,
        body,
        bytes,
        change: c.change,
        import: c.import,
        line: c.line,
        site: c.site,
    });
    let shown = shown.boxed();
    prop_oneof![
        (hash(), number(), option::of(id(ColumnId)), id(SiteId)).prop_map(
            |(body, bytes, column, site)| E::Drafted(content::Drafted {
                body,
                bytes,
                column,
                site
            })
        ),
        (hash(), level(), id(SiteId)).prop_map(|(body, level, site)| {
            E::ReviewPassed(content::ReviewPassed { body, gates: Sorted::default(), level, site })
        }),
        shown.clone().prop_map(E::Published),
        shown.prop_map(E::Corrected),
        changed.clone().prop_map(E::Moved),
        changed.prop_map(E::Withdrawn),
    ]
}

/// Any event.
pub fn event() -> impl Strategy<Value = Event> {
    use annals_events::id::{ImportId, OrganisationId, SiteId};
    let access = prop_oneof![Just(Access::Usable), Just(Access::Unusable)];
    let brought = || (option::of(id(ImportId)), option::of(number()), id(OrganisationId));
    prop_oneof![
        4 => of_ledger().prop_map(Event::from),
        1 => (name(), option::of(id(OrganisationId))).prop_map(|(name, parent)| {
            let attributes = Attributes::default();
            let facts = platform::OrganisationRegistered { attributes, name, parent };
            platform::Event::OrganisationRegistered(facts).into()
        }),
        1 => (access, duty(), brought()).prop_map(
            |(access, duty, (import, line, organisation))| {
                let facts = account::Opened {
                    access,
                    attributes: Attributes::default(),
                    duty,
                    import,
                    line,
                    organisation,
                    person: None,
                };
                account::Event::Opened(facts).into()
            }
        ),
        1 => (name(), brought()).prop_map(|(name, (import, line, organisation))| {
            let attributes = Attributes::default();
            let facts = site::Opened { attributes, import, line, name, organisation };
            site::Event::Opened(facts).into()
        }),
        1 => id(SiteId).prop_map(|site| {
            let attributes = Attributes::default();
            column::Event::Opened(column::Opened { attributes, site }).into()
        }),
        4 => of_content().prop_map(Event::from),
    ]
}

/// A private part: some type that has this form, and its value.
#[derive(Clone, Debug)]
pub enum Private {
    Command(CommandText),
    Person(Person),
    Title(Title),
    Page(PageText),
    Opinion(Opinion),
    Reason(Reason),
}

pub fn private() -> impl Strategy<Value = Private> {
    let maybe = || option::of(text());
    prop_oneof![
        (text(), hash())
            .prop_map(|(command, nonce)| Private::Command(CommandText { command, nonce })),
        (maybe(), text(), option::of(hash()))
            .prop_map(|(command, name, nonce)| Private::Person(Person { command, name, nonce })),
        (text(), hash(), text()).prop_map(|(command, nonce, title)| Private::Title(Title {
            command,
            nonce,
            title
        })),
        (maybe(), maybe(), maybe(), option::of(hash()), text(), maybe()).prop_map(
            |(command, from, line, nonce, path, title)| {
                Private::Page(PageText { command, from, line, nonce, path, title })
            }
        ),
        (text(), hash(), maybe()).prop_map(|(command, nonce, opinion)| {
            Private::Opinion(Opinion { command, nonce, opinion })
        }),
        (maybe(), maybe(), option::of(hash()), maybe(), maybe()).prop_map(
            |(command, line, nonce, path, reason)| {
                Private::Reason(Reason { command, line, nonce, path, reason })
            }
        ),
    ]
}

/// A command that brings an organisation, an account, a site or a column.
fn opening() -> impl Strategy<Value = Command> {
    use annals_events::id::{OrganisationId, SiteId};
    let words = || text().prop_filter("not empty", |text| !text.is_empty());
    prop_oneof![
        (name(), option::of(id(OrganisationId))).prop_map(|(name, parent)| {
            Command::RegisterOrganisation(command::RegisterOrganisation {
                attributes: Attributes::default(),
                name,
                parent,
            })
        }),
        (duty(), words(), id(OrganisationId)).prop_map(|(duty, name, organisation)| {
            Command::OpenAccount(command::OpenAccount {
                attributes: Attributes::default(),
                duty,
                name,
                organisation,
                person: None,
            })
        }),
        (name(), id(OrganisationId)).prop_map(|(name, organisation)| {
            Command::OpenSite(command::OpenSite {
                attributes: Attributes::default(),
                name,
                organisation,
            })
        }),
        (id(SiteId), words()).prop_map(|(site, title)| Command::OpenColumn(command::OpenColumn {
            attributes: Attributes::default(),
            site,
            title
        })),
    ]
}

/// A command with any text in it.
pub fn command() -> impl Strategy<Value = Command> {
    use annals_events::id::{ColumnId, SiteId};
    let words = || text().prop_filter("not empty", |text| !text.is_empty());
    let shown = || (hash(), number(), words(), id(SiteId), option::of(words()));
    prop_oneof![
        opening(),
        (shown(), option::of(id(ColumnId))).prop_map(
            |((body, bytes, path, site, title), column)| {
                let draft = command::DraftContent { body, bytes, column, path, site, title };
                Command::DraftContent(draft)
            }
        ),
        (hash(), level(), option::of(words()), id(SiteId)).prop_map(
            |(body, level, opinion, site)| {
                Command::PassReview(command::PassReview {
                    body,
                    gates: Sorted::default(),
                    level,
                    opinion,
                    site,
                })
            }
        ),
        shown().prop_map(|(body, bytes, path, site, title)| {
            Command::PublishContent(command::PublishContent { body, bytes, path, site, title })
        }),
        shown().prop_map(|(body, bytes, path, site, title)| {
            Command::CorrectContent(command::CorrectContent { body, bytes, path, site, title })
        }),
        (words(), words(), id(SiteId)).prop_map(|(from, path, site)| {
            Command::MoveContent(command::MoveContent { from, path, site })
        }),
        (words(), id(SiteId)).prop_map(|(reason, site)| {
            Command::WithdrawContent(command::WithdrawContent { reason, site })
        }),
        (act(), hash())
            .prop_map(|(act, digest)| { Command::ProposeAct(command::ProposeAct { act, digest }) }),
        (time(), number(), hash(), id(SiteId), hash()).prop_map(
            |(cut_over, lines, secret, site, source)| {
                let open = command::OpenImport { cut_over, lines, secret, site, source };
                Command::OpenImport(open)
            }
        ),
        (number(), hash()).prop_map(|(lines, source)| {
            Command::CloseImport(command::CloseImport { lines, source })
        }),
        (hash(), hash()).prop_map(|(public, retired)| {
            Command::RotateKey(command::RotateKey { public: Bytes(public.0), retired })
        }),
    ]
}

/// Any stream.
pub fn stream() -> impl Strategy<Value = Stream> {
    let things = [Thing::Content, Thing::DomainName, Thing::Ledger, Thing::Platform];
    (proptest::sample::select(things.to_vec()), id(|id| id))
        .prop_map(|(thing, id)| Stream::new(thing, id))
}
