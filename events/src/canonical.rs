//! The one way JSON becomes bytes: RFC 8785, narrowed to what has a single meaning everywhere.
//!
//! Narrower than the RFC: integers only, within +-(2^53 - 1); no `null` (what is absent is left
//! out); member names ASCII; depth at most [`DEPTH_MAX`]. Within that, RFC 8785 is: members sorted
//! by name, no white space, the shortest escape.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Deepest nesting of objects and lists.
pub const DEPTH_MAX: usize = 16;
/// Largest magnitude of an integer: 2^53 - 1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Why some bytes are not canonical JSON, or not JSON we take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {reason}")]
pub struct NotCanonical {
    /// 0-based offset of the first byte that breaks the rule.
    pub offset: usize,
    /// The rule.
    pub reason: &'static str,
}

/// A JSON value of the narrowed kind, members in canonical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number within +-(2^53 - 1).
    Integer(i64),
    /// A string of Unicode scalar values.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Read JSON from outside: any order and white space, but no repeated member, no `null`, no
    /// fraction or exponent, no integer beyond 2^53 - 1, no lone surrogate, no name that is not
    /// ASCII or needs an escape, nothing deeper than [`DEPTH_MAX`].
    pub fn read(text: &[u8]) -> Result<Json, String> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = Seed { depth: 0 }.deserialize(&mut reader).map_err(|e| e.to_string())?;
        reader.end().map_err(|e| e.to_string())?;
        Ok(value)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Canonical bytes of a value whose fields are declared in the order of their names.
///
/// Every payload type of this crate is; a test holds each to RFC 8785 by another implementation.
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    to_bytes_of_about(value, BYTES)
}

/// Room for most parts.
const BYTES: usize = 512;

/// The same for what is known to be about so long, so that the bytes are not moved as they grow.
pub fn to_bytes_of_about<T: Serialize>(value: &T, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    serde_json::to_writer(&mut bytes, value)
        .expect("payload types have string keys and no failing serialiser");
    bytes
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Integer(value) => serializer.serialize_i64(*value),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(items) => serializer.collect_seq(items),
            Json::Object(members) => serializer.collect_map(members),
        }
    }
}

struct Seed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a whole number within 2^53 - 1, true, false, a list or an object")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        if (-INTEGER_MAX..=INTEGER_MAX).contains(&value) {
            Ok(Json::Integer(value))
        } else {
            Err(E::custom("an integer beyond 2^53 - 1"))
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        let value = i64::try_from(value).map_err(|_| E::custom("an integer beyond 2^53 - 1"))?;
        self.visit_i64(value)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let depth = deeper(self.depth)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed { depth })? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let depth = deeper(self.depth)?;
        let mut members = BTreeMap::new();
        while let Some(name) = access.next_key::<String>()? {
            if !name_is_plain(&name) {
                return Err(de::Error::custom("a member name that is not plain ASCII"));
            }
            if members.contains_key(&name) {
                return Err(de::Error::custom(format_args!("member {name:?} is repeated")));
            }
            let value = access.next_value_seed(Seed { depth })?;
            members.insert(name, value);
        }
        Ok(Json::Object(members))
    }
}

/// A member name is ASCII and needs no escape.
fn name_is_plain(name: &str) -> bool {
    name.bytes().all(|b| (0x20..0x80).contains(&b) && b != b'"' && b != b'\\')
}

fn deeper<E: de::Error>(depth: usize) -> Result<usize, E> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(E::custom("nested too deep")) }
}

/// Check, in one pass and without building anything, that `bytes` are one canonical JSON object.
pub fn check_object(bytes: &[u8]) -> Result<(), NotCanonical> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(NotCanonical { offset: 0, reason: "not UTF-8" });
    }
    let mut scan = Scan { bytes, at: 0 };
    if scan.peek() != Some(b'{') {
        return scan.fail("not an object");
    }
    scan.value(0)?;
    if scan.at == bytes.len() { Ok(()) } else { scan.fail("bytes after the value") }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn fail<T>(&self, reason: &'static str) -> Result<T, NotCanonical> {
        Err(NotCanonical { offset: self.at, reason })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8, reason: &'static str) -> Result<(), NotCanonical> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        self.fail(reason)
    }

    fn value(&mut self, depth: usize) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'{') if depth < DEPTH_MAX => self.object(depth + 1),
            Some(b'[') if depth < DEPTH_MAX => self.list(depth + 1),
            Some(b'{' | b'[') => self.fail("nested too deep"),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            _ => self.fail("not a value"),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), NotCanonical> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.fail("not a value")
    }

    fn integer(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let spelled = &self.bytes[digits..self.at];
        let zero_led = spelled.first() == Some(&b'0') && (spelled.len() > 1 || digits > start);
        if spelled.is_empty() || spelled.len() > 16 || zero_led {
            return self.fail("not a canonical integer");
        }
        let value = spelled.iter().fold(0i64, |n, d| n * 10 + i64::from(d - b'0'));
        if value > INTEGER_MAX { self.fail("an integer beyond 2^53 - 1") } else { Ok(()) }
    }

    /// The raw bytes between the quotes.
    fn string(&mut self) -> Result<&'a [u8], NotCanonical> {
        self.take(b'"', "not a string")?;
        let start = self.at;
        loop {
            match self.peek() {
                None => return self.fail("an unfinished string"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.bytes[start..self.at - 1]);
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return self.fail("a raw control character"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), NotCanonical> {
        let rest = &self.bytes[self.at + 1..];
        match rest.first() {
            Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') if rest.len() >= 5 && rest[1..4] == *b"000" || is_u001(rest) => {
                let digit = rest[4];
                let short = rest[3] == b'0' && matches!(digit, b'8' | b'9' | b'a' | b'c' | b'd');
                if short || !matches!(digit, b'0'..=b'9' | b'a'..=b'f') {
                    return self.fail("not the shortest escape");
                }
                self.at += 6;
                Ok(())
            }
            _ => self.fail("not the shortest escape"),
        }
    }

    fn list(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(());
            }
            self.take(b',', "neither , nor ]")?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut last: Option<&[u8]> = None;
        loop {
            let name = self.string()?;
            if name.iter().any(|b| !b.is_ascii() || *b == b'\\') {
                return self.fail("a member name that is not plain ASCII");
            }
            if last.is_some_and(|last| last >= name) {
                return self.fail("members out of order or repeated");
            }
            last = Some(name);
            self.take(b':', "no : after a name")?;
            self.value(depth)?;
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(());
            }
            self.take(b',', "neither , nor }")?;
        }
    }
}

fn is_u001(rest: &[u8]) -> bool {
    rest.len() >= 5 && rest[1..4] == *b"001"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_canonical_has_one_spelling() {
        for good in [
            r#"{}"#,
            r#"{"a":[1,-2,{"b":"\u001f\n\"\\/"}],"b":true}"#,
            r#"{"n":9007199254740991,"t":"六安"}"#,
            r#"{"":0}"#,
        ] {
            assert_eq!(check_object(good.as_bytes()), Ok(()), "{good}");
            assert_eq!(Json::read(good.as_bytes()).unwrap().to_bytes(), good.as_bytes());
        }
        for bad in [
            r#"[]"#,
            r#"{ }"#,
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e3}"#,
            r#"{"a":-0}"#,
            r#"{"a":01}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":"\u000a"}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\u001F"}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\u{0}\"}",
            r#"{"é":1}"#,
            r#"{"a":1}x"#,
            r#"{"a":1,}"#,
        ] {
            assert!(check_object(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(17), "]".repeat(17));
        assert!(check_object(deep.as_bytes()).is_err());
        assert!(Json::read(deep.as_bytes()).is_err());
        assert!(Json::read(br#"{"a":1,"a":1}"#).is_err());
        assert!(Json::read(br#"{"a":1e3}"#).is_err());
        assert!(Json::read(br#"{"a":"\ud800"}"#).is_err());
    }
}
