//! The few kinds of text that facts may hold: public names and the name of a build.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Most characters of a public name.
pub const NAME_CHARS_MAX: usize = 200;
/// Most bytes of a path.
pub const PATH_BYTES_MAX: usize = 4_096;
/// Most bytes of a title, a person's name, a reason or an opinion.
pub const TEXT_BYTES_MAX: usize = 16_384;

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $good:path, $wrong:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Take the text if it is one; else the sentence that says what is wrong.
            pub fn new(text: impl Into<String>) -> Result<Self, &'static str> {
                let text = text.into();
                if $good(&text) { Ok(Self(text)) } else { Err($wrong) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

checked_text! {
    /// 公开名称 — of an organisation, a site or an official account: 1 to 200 characters, no
    /// control or invisible ones, no white space at either end.
    PublicName, name_is_good,
    "a public name has 1 to 200 visible characters and no white space at its ends"
}

checked_text! {
    /// The program that wrote: 1 to 64 of `a-z 0-9 . + -`.
    BuildName, build_is_good, "a build's name is 1 to 64 of a-z 0-9 . + -"
}

checked_text! {
    /// 词 — of a profile's vocabulary (a role, a level, a gate, a value): 1 to 48 of `a-z 0-9 _`,
    /// a letter first.
    Word, word_is_good, "a word is 1 to 48 of a-z 0-9 _, a letter first"
}

checked_text! {
    /// 条款 — the id of an article or of a rule: 1 to 48 of `A-Z a-z 0-9 . : _ -`.
    Clause, crate::entry::clause_is_good, "a clause is 1 to 48 of A-Z a-z 0-9 . : _ -"
}

checked_text! {
    /// 属性名 — a word, or a thing's word and an attribute's with a dot between: `site.kind`.
    AttributeName, attribute_is_good, "an attribute is a word, or two with a dot between"
}

checked_text! {
    /// 类型名 — of an entry: `content.published`.
    TypeName, type_is_good, "a type is two words with a dot between"
}

checked_text! {
    /// 日 — a day in China, `2026-11-24`.
    Day, day_is_good, "a day is YYYY-MM-DD"
}

impl Word {
    /// The word; it must be one.
    pub fn of(word: &str) -> Word {
        Word::new(word).expect("a word of the code")
    }
}

impl Day {
    /// Year, month, day.
    pub fn to_chrono(&self) -> chrono::NaiveDate {
        chrono::NaiveDate::parse_from_str(self.as_str(), "%Y-%m-%d").expect("checked when read")
    }
}

fn word_is_good(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=48).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(plain)
}

fn attribute_is_good(name: &str) -> bool {
    match name.split_once('.') {
        Some((thing, name)) => word_is_good(thing) && word_is_good(name),
        None => word_is_good(name),
    }
}

fn type_is_good(name: &str) -> bool {
    name.split_once('.').is_some_and(|(thing, word)| word_is_good(thing) && word_is_good(word))
}

fn day_is_good(day: &str) -> bool {
    let form =
        |(at, b): (usize, u8)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() };
    day.len() == 10
        && day.bytes().enumerate().all(form)
        && chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok()
        && !day.starts_with("0000")
}

fn name_is_good(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(is_hidden)
}

fn build_is_good(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".+-".contains(&b);
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// Control, zero-width and bidirectional characters: they make a text look like another.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
