//! 命令 — wishes of actors: what is signed, what is digested, and what each fixes in its entries.
//!
//! For every command but two the entries follow from the command, its stream and nothing else;
//! the service and the verifier use the same function, so an entry that says something else than
//! its command is found. The two: a line of an import ([`crate::import`]), and `rotate_key`, whose
//! entry adds the roots' signatures.

mod deed;
mod kept;
mod statement;
mod written;

pub use deed::{DEEDS, Deed, DeedKind, Reporting};
pub use kept::{Target, Text};
pub use statement::{Statement, verify_actor};
pub use written::{Written, check};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::account::Duty;
use crate::attributes::Attributes;
use crate::canonical::{self, Json};
use crate::hash::{Bytes, Hash};
use crate::id::{BodyId, ColumnId, OrganisationId, PersonId, SiteId, Thing};
use crate::ledger::Act;
use crate::profile::Profile;
use crate::sorted::Sorted;
use crate::text::{PATH_BYTES_MAX, PublicName, TEXT_BYTES_MAX, Word};
use crate::time::Time;

/// Longest command but one.
pub const COMMAND_BYTES_MAX: usize = 131_072;

/// Longest command of a name: one that carries a whole rulebook may be longer.
pub fn command_bytes_max(name: &str) -> usize {
    if name == "adopt_profile" { 786_432 } else { COMMAND_BYTES_MAX }
}

/// SHA-256("annals/command-body/v1\n" || nonce || command).
pub fn digest(nonce: &Hash, command: &[u8]) -> Hash {
    Hash::of(&[b"annals/command-body/v1\n", &nonce.0, command])
}

/// A command as the table has it, for schemas; attributes are as the compiler writes them.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The name on the wire.
    pub name: &'static str,
    /// Its attributes, comments among them.
    pub notes: &'static [&'static str],
    /// Its members: name, type, attributes.
    pub fields: &'static [(&'static str, &'static str, &'static [&'static str])],
}

macro_rules! commands {
    ($(
        $(#[$doc:meta])* $name:ident = $word:literal {
            $($(#[$fdoc:meta])* $field:ident: $ty:ty,)*
        }
    )*) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty,)* })*

        /// A command as the table knows it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command {
            $($(#[$doc])* $name($name),)*
            /// One of the table [`DEEDS`]: it writes the facts it gives.
            Deed(Deed),
        }

        impl Command {
            /// The names on the wire.
            pub fn names() -> impl Iterator<Item = &'static str> {
                [$($word),*].into_iter().chain(DEEDS.iter().map(|kind| kind.name))
            }
            /// Every command as the table above has it.
            pub const TABLE: &[Described] = &[$(Described {
                name: $word,
                notes: &[$(stringify!($doc)),*],
                fields: &[$((
                    stringify!($field), stringify!($ty), &[$(stringify!($fdoc)),*]
                ),)*],
            },)*];

            /// The name on the wire.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Command::$name(_) => $word,)*
                    Command::Deed(deed) => deed.kind.name,
                }
            }

            /// Canonical bytes: what is digested and kept.
            pub fn to_bytes(&self) -> Vec<u8> {
                match self {
                    $(Command::$name(command) => canonical::to_bytes(command),)*
                    Command::Deed(deed) => deed.to_bytes(),
                }
            }

            fn parse(name: &str, text: &[u8]) -> Result<Command, String> {
                let command = match name {
                    $($word => parse(text).map(Command::$name),)*
                    _ => Deed::parse(name, text).map(Command::Deed),
                }?;
                command.check().map_err(str::to_owned)?;
                Ok(command)
            }
        }
    };
}

impl Command {
    /// Read a command from outside: any order of members, otherwise strictly.
    pub fn read(name: &str, text: &[u8]) -> Result<Command, String> {
        check_length(name, text)?;
        Command::parse(name, &Json::read(text)?.to_bytes())
    }

    /// Read a command as it is kept: in canonical form and no other.
    pub fn read_exact(name: &str, text: &[u8]) -> Result<Command, String> {
        check_length(name, text)?;
        canonical::check_object(text).map_err(|error| error.to_string())?;
        let command = Command::parse(name, text)?;
        if command.to_bytes() == text {
            Ok(command)
        } else {
            Err("not in canonical form".to_owned())
        }
    }
}

fn check_length(name: &str, text: &[u8]) -> Result<(), String> {
    let most = command_bytes_max(name);
    if text.len() <= most { Ok(()) } else { Err(format!("a command has at most {most} bytes")) }
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

commands! {
    /// 登记组织 — stream `platform/<new id>`.
    RegisterOrganisation = "register_organisation" {
        /// What it is in a profile's words.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// Its public name.
        name: PublicName,
        /// The organisation above it.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<OrganisationId>,
    }
    /// 采用规则 — stream `platform/<organisation>`; an act of two persons.
    AdoptProfile = "adopt_profile" {
        /// From when on it is in force.
        effective_from: Time,
        /// The whole rulebook.
        profile: Box<Profile>,
    }
    /// 开通账号 — stream `account/<new id>`.
    OpenAccount = "open_account" {
        /// What its holder is in a profile's words.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// What it is there for.
        duty: Duty,
        /// The person's name.
        name: String,
        /// Whose account.
        organisation: OrganisationId,
        /// Whose certificate.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<PersonId>,
    }
    /// 开办网站 — stream `site/<new id>`.
    OpenSite = "open_site" {
        /// What it is in a profile's words.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// Its public name.
        name: PublicName,
        /// Who answers for it.
        organisation: OrganisationId,
    }
    /// 设立栏目 — stream `column/<new id>`.
    OpenColumn = "open_column" {
        /// What it is in a profile's words.
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
        /// The site.
        site: SiteId,
        /// What it is called.
        title: String,
    }
    /// 起草 — stream `content/<new or known id>`.
    DraftContent = "draft_content" {
        /// The version.
        body: BodyId,
        /// Its length.
        bytes: u64,
        /// Where it is to stand.
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<ColumnId>,
        /// The page's path.
        path: String,
        /// The site.
        site: SiteId,
        /// The page's title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    }
    /// 审核通过 — stream `content/<id>`.
    PassReview = "pass_review" {
        /// The version seen.
        body: BodyId,
        /// The checks it passed.
        #[serde(default, skip_serializing_if = "Sorted::is_empty")]
        gates: Sorted<Word, 16>,
        /// Which review.
        level: Word,
        /// 审核意见
        #[serde(skip_serializing_if = "Option::is_none")]
        opinion: Option<String>,
        /// The site.
        site: SiteId,
    }
    /// 发布 — stream `content/<id>`; the version is named, so that it is the one meant.
    PublishContent = "publish_content" {
        /// The version.
        body: BodyId,
        /// Its length.
        bytes: u64,
        /// The page's path.
        path: String,
        /// The site.
        site: SiteId,
        /// The page's title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    }
    /// 更正 — stream `content/<id>`: a later reviewed version takes the place of the shown one.
    CorrectContent = "correct_content" {
        /// The version.
        body: BodyId,
        /// Its length.
        bytes: u64,
        /// The page's path.
        path: String,
        /// The site.
        site: SiteId,
        /// The page's title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    }
    /// 移动 — stream `content/<id>`.
    MoveContent = "move_content" {
        /// The path before.
        from: String,
        /// The path from now on.
        path: String,
        /// The site.
        site: SiteId,
    }
    /// 撤回 — stream `content/<id>`.
    WithdrawContent = "withdraw_content" {
        /// 撤回原因
        reason: String,
        /// The site.
        site: SiteId,
    }
    /// 提议双人操作 — stream of the act's own command.
    ProposeAct = "propose_act" {
        /// Which act.
        act: Act,
        /// Digest of the command the other person will give.
        digest: Hash,
    }
    /// 开启导入 — stream `ledger/<new import id>`; an act of two persons.
    OpenImport = "open_import" {
        /// Every line happened before this.
        cut_over: Time,
        /// How many lines.
        lines: u64,
        /// Random; the nonces of the lines come from it.
        secret: Hash,
        /// The site.
        site: SiteId,
        /// SHA-256 of the whole source file.
        source: Hash,
    }
    /// 关闭导入 — stream `ledger/<import id>`; an act of two persons.
    CloseImport = "close_import" {
        /// How many lines.
        lines: u64,
        /// SHA-256 of the whole source file.
        source: Hash,
    }
    /// 更换账本密钥 — stream `ledger/<ledger id>`; an act of two persons.
    RotateKey = "rotate_key" {
        /// The new log key.
        public: Bytes<32>,
        /// Fingerprint of the log key it replaces.
        retired: Hash,
    }
}

impl Command {
    /// Whether its stream may be of this thing.
    pub fn is_for(&self, thing: Thing) -> bool {
        match self {
            Command::RegisterOrganisation(_) | Command::AdoptProfile(_) => thing == Thing::Platform,
            Command::OpenAccount(_) => thing == Thing::Account,
            Command::OpenSite(_) => thing == Thing::Site,
            Command::OpenColumn(_) => thing == Thing::Column,
            Command::DraftContent(_)
            | Command::PassReview(_)
            | Command::PublishContent(_)
            | Command::CorrectContent(_)
            | Command::MoveContent(_)
            | Command::WithdrawContent(_) => thing == Thing::Content,
            Command::ProposeAct(c) => thing == c.act.thing(),
            Command::OpenImport(_) | Command::CloseImport(_) | Command::RotateKey(_) => {
                thing == Thing::Ledger
            }
            Command::Deed(deed) => thing == deed.kind.thing(),
        }
    }

    /// Whether its stream must be new or known.
    pub fn target(&self) -> Target {
        match self {
            Command::RegisterOrganisation(_) | Command::OpenColumn(_) => Target::New,
            // An application or a record may stand before.
            Command::OpenAccount(_)
            | Command::OpenSite(_)
            | Command::DraftContent(_)
            | Command::ProposeAct(_) => Target::Either,
            Command::Deed(deed) => deed.kind.target,
            _ => Target::Known,
        }
    }

    /// Bounds of free text; the error names the member.
    pub fn check(&self) -> Result<(), &'static str> {
        let (path, texts): (Option<&str>, Vec<&str>) = match self {
            Command::OpenAccount(c) => (None, vec![&c.name]),
            Command::OpenColumn(c) => (None, vec![&c.title]),
            Command::DraftContent(c) => (Some(&c.path), c.title.iter().map(|t| &**t).collect()),
            Command::PublishContent(c) => (Some(&c.path), c.title.iter().map(|t| &**t).collect()),
            Command::CorrectContent(c) => (Some(&c.path), c.title.iter().map(|t| &**t).collect()),
            Command::MoveContent(c) if c.from.len() > PATH_BYTES_MAX => {
                return Err("from: longer than 4096 bytes");
            }
            Command::MoveContent(c) => (Some(&c.path), vec![]),
            Command::PassReview(c) => (None, c.opinion.iter().map(|t| &**t).collect()),
            Command::WithdrawContent(c) => (None, vec![&c.reason]),
            Command::Deed(c) => (None, c.note.iter().map(|t| &**t).collect()),
            _ => (None, vec![]),
        };
        if path.is_some_and(|p| p.is_empty() || p.len() > PATH_BYTES_MAX) {
            return Err("path: not 1 to 4096 bytes");
        }
        if texts.iter().any(|t| t.is_empty() || t.len() > TEXT_BYTES_MAX) {
            return Err("name, title, opinion, reason or note: not 1 to 16384 bytes");
        }
        Ok(())
    }
}
