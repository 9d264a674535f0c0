//! Instants as they stand in entries: UTC, microseconds, always 27 bytes.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 时刻 — an instant, `2026-11-24T13:18:57.123456Z` in JSON, years 0001 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time {
    micros: i64,
}

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
const MICROS_MIN: i64 = -62_135_596_800_000_000;
const MICROS_MAX: i64 = 253_402_300_799_999_999;

impl Time {
    /// Length on the wire.
    pub const LEN: usize = 27;

    /// From microseconds since 1970; `None` outside the years 0001 to 9999.
    pub fn from_micros(micros: i64) -> Option<Time> {
        (MICROS_MIN..=MICROS_MAX).contains(&micros).then_some(Time { micros })
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.micros
    }

    /// Parse exactly the 27 bytes of the wire form.
    pub fn parse(text: &str) -> Option<Time> {
        let b = text.as_bytes();
        if b.len() != Self::LEN || b[10] != b'T' || b[26] != b'Z' {
            return None;
        }
        if b[4] != b'-' || b[7] != b'-' || b[13] != b':' || b[16] != b':' || b[19] != b'.' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            b[range]
                .iter()
                .try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
        };
        let date = NaiveDate::from_ymd_opt(
            i32::try_from(number(0..4)?).ok()?,
            number(5..7)?,
            number(8..10)?,
        )?;
        let micro = number(20..26)?;
        let at =
            date.and_hms_micro_opt(number(11..13)?, number(14..16)?, number(17..19)?, micro)?;
        Time::from_micros(at.and_utc().timestamp_micros())
    }

    /// Parse any RFC 3339 instant (offset allowed, no leap second), cut to microseconds.
    pub fn from_rfc3339(text: &str) -> Option<Time> {
        // Chrono takes the sign U+2212 for a minus, the RFC does not.
        let at = DateTime::parse_from_rfc3339(text).ok().filter(|_| text.is_ascii())?;
        if at.nanosecond() >= 1_000_000_000 {
            return None;
        }
        Time::from_micros(at.timestamp_micros())
    }

    /// As chrono's instant.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros).expect("years 0001 to 9999 fit chrono")
    }

    /// The UTC day, `2026-11-24`.
    pub fn day(self) -> String {
        let at = self.to_chrono();
        format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
    }

    /// Append the 27 bytes.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text());
    }

    /// The 27 bytes.
    fn text(self) -> [u8; Time::LEN] {
        let at = self.to_chrono();
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        for (value, place) in [
            (at.year() as u32, 0..4),
            (at.month(), 5..7),
            (at.day(), 8..10),
            (at.hour(), 11..13),
            (at.minute(), 14..16),
            (at.second(), 17..19),
            (at.nanosecond() / 1_000, 20..26),
        ] {
            let mut rest = value;
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        text
    }
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("digits and punctuation")
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text_of(&self.text()))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(text_of(&self.text()))
        } else {
            serializer.serialize_i64(self.micros)
        }
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an instant of 27 bytes, e.g. 2026-11-24T13:18:57.123456Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        Time::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(TimeVisitor)
        } else {
            let micros = i64::deserialize(deserializer)?;
            Time::from_micros(micros).ok_or_else(|| de::Error::custom("year out of range"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_has_one_spelling() {
        let text = "2014-03-02T03:52:45.000000Z";
        assert_eq!(Time::parse(text).unwrap().to_string(), text);
        assert_eq!(Time::from_rfc3339("2014-03-01T22:52:45-05:00").unwrap().to_string(), text);
        for wrong in [
            "2014-03-02T03:52:45Z",
            "2014-03-02t03:52:45.000000Z",
            "2014-02-30T03:52:45.000000Z",
            "2014-03-02T03:52:60.000000Z",
            "0000-03-02T03:52:45.000000Z",
            "2014-03-02T03:52:45.000000z",
            "+014-03-02T03:52:45.000000Z",
        ] {
            assert_eq!(Time::parse(wrong), None, "{wrong}");
        }
        for wrong in [
            "2014-03-02T03:52:45",
            "2014-03-02T03:52:60Z",
            "2014-03-02T03:52:45\u{2212}08:00",
            "\u{ff12}014-03-02T03:52:45Z",
        ] {
            assert_eq!(Time::from_rfc3339(wrong), None, "{wrong}");
        }
        for edge in ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"] {
            assert_eq!(Time::parse(edge).unwrap().to_string(), edge);
        }
    }
}
