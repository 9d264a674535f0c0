//! Typed ids, one append-only list, and the two names built from them: stream and subject.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::hash::Hash;

/// Parse a UUID as we write it: 36 bytes, lower case, hyphens.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    let well_formed = text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase());
    let id = if well_formed { Uuid::try_parse(text).ok()? } else { return None };
    (text.as_bytes()[8] == b'-').then_some(id)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    let mut buffer = Uuid::encode_buffer();
                    serializer.serialize_str(self.0.hyphenated().encode_lower(&mut buffer))
                } else {
                    self.0.as_bytes().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(UuidVisitor).map($name)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(|b| $name(Uuid::from_bytes(b)))
                }
            }
        }
    )*};
}

struct UuidVisitor;

impl Visitor<'_> for UuidVisitor {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID in lower case with hyphens")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        parse_uuid(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

ids! {
    /// 账本 — a ledger.
    LedgerId;
    /// 导入 — one import of a history.
    ImportId;
    /// 组织 — an organisation.
    OrganisationId;
    /// 账号 — a platform account of one person.
    AccountId;
    /// 网站 — a site.
    SiteId;
    /// 栏目 — a column of a site.
    ColumnId;
    /// 信息 — a piece of content.
    ContentId;
    /// 命令 — a command; its idempotency key, unique for ever.
    CommandKey;
    /// 事件编号 — an entry's own id (UUIDv7).
    EntryId;
    /// 自然人 — one person behind any number of accounts: of a certificate, never of a name.
    PersonId;
    /// 留言 — a message of a citizen.
    MessageId;
    /// 安全事件 — an incident.
    IncidentId;
}

/// 正文 — SHA-256("annals/body/v1\n" || salt || bytes) of a page text, image or attachment.
pub type BodyId = Hash;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// Back from the wire.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// 事物 — the closed list of things whose entries form streams.
    Thing {
        /// 网站
        Site = "site",
        /// 栏目
        Column = "column",
        /// 域名
        DomainName = "domain_name",
        /// 信息
        Content = "content",
        /// 留言
        Message = "message",
        /// 政务新媒体
        NewMedia = "new_media",
        /// 账号
        Account = "account",
        /// 值班
        Duty = "duty",
        /// 检查
        Inspection = "inspection",
        /// 整改
        Rectification = "rectification",
        /// 工单
        WorkOrder = "work_order",
        /// 安全事件
        Incident = "incident",
        /// 考核
        Assessment = "assessment",
        /// 平台
        Platform = "platform",
        /// 账本
        Ledger = "ledger",
    }
}

words! {
    /// 涉及对象的种类 — what an entry can be about; numbered densely per subject.
    SubjectKind {
        /// 账号
        Account = "account",
        /// 案卷
        Case = "case",
        /// 组织
        Organisation = "organisation",
        /// 网站
        Site = "site",
    }
}

/// The longest word there is, a slash, a UUID.
const NAMED_BYTES: usize = 13 + 1 + 36;

/// `<word>/<uuid>`, without an allocation: every header is written with half a dozen of them.
fn named<'a>(word: &str, id: &Uuid, buffer: &'a mut [u8; NAMED_BYTES]) -> &'a str {
    let length = word.len() + 1 + 36;
    buffer[..word.len()].copy_from_slice(word.as_bytes());
    buffer[word.len()] = b'/';
    id.hyphenated().encode_lower(&mut buffer[word.len() + 1..length]);
    std::str::from_utf8(&buffer[..length]).expect("words and digits are ASCII")
}

macro_rules! named_id {
    ($(#[$doc:meta])* $name:ident, $kind:ident, $field:ident, $expect:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// What kind of thing.
            pub $field: $kind,
            /// Which one.
            pub id: Uuid,
        }

        impl $name {
            /// From its parts.
            pub const fn new($field: $kind, id: Uuid) -> Self {
                Self { $field, id }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}/{}", self.$field.word(), self.id.hyphenated())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let (word, id) = text.split_once('/').ok_or($expect)?;
                let $field = $kind::from_word(word).ok_or($expect)?;
                let id = parse_uuid(id).ok_or($expect)?;
                Ok(Self { $field, id })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    let mut buffer = [0; NAMED_BYTES];
                    serializer.serialize_str(named(self.$field.word(), &self.id, &mut buffer))
                } else {
                    (self.$field, self.id.as_bytes()).serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    let (kind, id) = <($kind, [u8; 16])>::deserialize(deserializer)?;
                    Ok(Self::new(kind, Uuid::from_bytes(id)))
                }
            }
        }
    };
}

named_id! {
    /// 流 — the entries of one thing, `<thing>/<uuid>`.
    Stream, Thing, thing, "a stream is <thing>/<uuid> with a known thing"
}

named_id! {
    /// 涉及对象 — `site/…`, `organisation/…`, `account/…` or `case/…`.
    Subject, SubjectKind, kind, "a subject is site, organisation, account or case, then /<uuid>"
}

macro_rules! stream_of {
    ($($id:ident => $thing:ident;)*) => {$(
        impl From<$id> for Stream {
            fn from(id: $id) -> Stream {
                Stream::new(Thing::$thing, id.0)
            }
        }
    )*};
}

stream_of! {
    LedgerId => Ledger;
    ImportId => Ledger;
    OrganisationId => Platform;
    AccountId => Account;
    SiteId => Site;
    ColumnId => Column;
    ContentId => Content;
    MessageId => Message;
    IncidentId => Incident;
}

macro_rules! subject_of {
    ($($id:ident => $kind:ident;)*) => {$(
        impl From<$id> for Subject {
            fn from(id: $id) -> Subject {
                Subject::new(SubjectKind::$kind, id.0)
            }
        }
    )*};
}

subject_of! {
    OrganisationId => Organisation;
    AccountId => Account;
    SiteId => Site;
}

/// A whole number that stands in JSON as a decimal string: no sign, no leading zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Number(pub u64);

impl Number {
    /// Parse as written on the wire.
    pub fn parse(text: &str) -> Option<Number> {
        let canonical = text == "0" || !text.starts_with('0');
        let digits = canonical && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse().ok().map(Number) } else { None }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Decimal digits; a `u64` has at most twenty.
fn digits(value: u64, buffer: &mut [u8; 20]) -> &str {
    let (mut rest, mut at) = (value, buffer.len());
    while at == buffer.len() || rest > 0 {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    std::str::from_utf8(&buffer[at..]).expect("digits are ASCII")
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let mut buffer = [b'0'; 20];
            serializer.serialize_str(digits(self.0, &mut buffer))
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Number);
        }
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Number::parse(&text)
            .ok_or_else(|| de::Error::custom("a number is a decimal string without leading zero"))
    }
}
