//! Query strings, read strictly: nothing unknown, nothing twice, nothing half understood.

use std::collections::BTreeMap;
use std::str::FromStr;

use annals_events::id::{Number, Subject, SubjectKind, parse_uuid};
use annals_events::{Hash, Time};
use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;

use super::limits;
use super::problem::Problem;
use super::route::{Param, Place};

/// Parameters by their names.
#[derive(Debug, Default)]
pub struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Read a query string against the parameters a route has.
    pub fn read(text: &str, params: &'static [Param]) -> Result<Query, Problem> {
        let mut found = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).unwrap_or_default();
            let known = params.iter().find(|p| p.place == Place::Query && p.name == name);
            let Some(param) = known else {
                // Whatever stands there may have been meant for another place: not repeated
                // unless it looks like a name.
                let is_name = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase());
                let field = if is_name { name.as_str() } else { "query" };
                return Err(Problem::field(field, "there is no such parameter here"));
            };
            let value = decode(value)
                .ok_or_else(|| Problem::field(param.name, "not percent-encoded UTF-8"))?;
            if found.insert(param.name, value).is_some() {
                return Err(Problem::field(param.name, "given twice"));
            }
        }
        Ok(Query(found))
    }

    /// A parameter as it stands.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn parsed<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| Problem::field(name, format!("not {wanted}")))
    }

    /// A position or a size.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.parsed(name, "a whole number from 0 to 2^53 - 1", number)
    }

    /// An instant.
    pub fn time(&self, name: &str) -> Result<Option<Time>, Problem> {
        self.parsed(name, "an RFC 3339 instant", Time::from_rfc3339)
    }

    /// A word or name of a header: visible ASCII.
    pub fn word(&self, name: &str) -> Result<Option<String>, Problem> {
        let is_word = |text: &str| {
            (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        self.parsed(name, "1 to 128 visible ASCII characters", |text| {
            is_word(text).then(|| text.to_owned())
        })
    }

    /// Anything that parses.
    pub fn of<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Problem> {
        self.parsed(name, wanted, |text| text.parse().ok())
    }

    /// A subject of one kind, as `<kind>/<uuid>` or by its UUID alone.
    pub fn subject(&self, name: &str, kind: SubjectKind) -> Result<Option<Subject>, Problem> {
        let wanted = format!("{}/<uuid> or a UUID", kind.word());
        self.parsed(name, &wanted, |text| subject(text, kind))
    }

    /// How many on a page.
    pub fn limit(&self) -> Result<Option<u64>, Problem> {
        let wanted = format!("a whole number from 1 to {}", limits::PAGE_MAX);
        self.parsed("limit", &wanted, |text| {
            number(text).filter(|limit| (1..=limits::PAGE_MAX).contains(limit))
        })
    }

    /// Behind which position to go on: a cursor of an earlier answer, or a position.
    pub fn after(&self) -> Result<Option<u64>, Problem> {
        self.parsed("after", "a position, or `next` of an earlier answer", |text| {
            number(text).or_else(|| cursor(text).and_then(|text| number(&text)))
        })
    }

    /// Behind which text to go on.
    pub fn after_text(&self) -> Result<Option<String>, Problem> {
        self.parsed("after", "`next` of an earlier answer", cursor)
    }
}

/// A whole number that every reader of JSON can hold.
pub fn number(text: &str) -> Option<u64> {
    const MOST: u64 = (1 << 53) - 1;
    Number::parse(text).map(|number| number.0).filter(|number| *number <= MOST)
}

/// `<kind>/<uuid>` or a UUID.
pub fn subject(text: &str, kind: SubjectKind) -> Option<Subject> {
    let id: Uuid = match text.split_once('/') {
        Some((word, id)) if word == kind.word() => parse_uuid(id)?,
        Some(_) => return None,
        None => parse_uuid(text)?,
    };
    Some(Subject::new(kind, id))
}

/// A cursor says where an answer ended, in a form that nobody takes for a promise.
pub fn to_cursor(text: &str) -> String {
    BASE64URL_NOPAD.encode(format!("c1:{text}").as_bytes())
}

fn cursor(text: &str) -> Option<String> {
    let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    text.strip_prefix("c1:").map(str::to_owned)
}

/// A leaf in a header or a member.
pub fn hash(text: &str) -> Option<Hash> {
    Hash::from_hex(text)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::schema::Form;

    const PARAMS: &[Param] = &[
        Param::query("after", Form::Word, ""),
        Param::query("limit", Form::Word, ""),
        Param::query("path", Form::Word, ""),
        Param::header("known", Form::Word, ""),
    ];

    fn read(text: &str) -> Result<Query, String> {
        Query::read(text, PARAMS).map_err(|problem| problem.to_json()["field"].to_string())
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, field) in [
            ("other=1", "\"other\""),
            ("known=1", "\"known\""),
            ("annals_secretsecretsecret=1", "\"query\""),
            ("limit=1&limit=1", "\"limit\""),
            ("path=%E6%94", "\"path\""),
            ("path=%zz", "\"path\""),
            ("path=%4", "\"path\""),
        ] {
            assert_eq!(read(text).expect_err(text), field);
        }
        let query = read("&path=a%2Fb+c%E6%94%BF&").expect("good");
        assert_eq!(query.text("path"), Some("a/b c政"));
        for bad in ["limit=0", "limit=1001", "limit=01", "limit=", "limit=-1", "limit=1.0"] {
            read(bad).expect("readable").limit().expect_err(bad);
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for (text, after) in [("after=12", 12), (&format!("after={}", to_cursor("7")), 7)] {
            assert_eq!(read(text).expect("good").after().expect("good"), Some(after));
        }
        for bad in ["after=x", "after=9007199254740992", "after=YzE6eA"] {
            read(bad).expect("readable").after().expect_err(bad);
        }
    }
}
